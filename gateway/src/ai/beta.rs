//! What a caller who speaks Anthropic's dialect may say beside the body, to a provider that speaks it too: the version
//! of the API, and beta features by allow-list.
//!
//! Not on the list is what reaches beyond the one call: files, skills and batches live in the account that all
//! callers share, and MCP connectors let the provider call addresses of the caller's choice.
//! Source: <https://docs.anthropic.com/en/api/beta-headers>.

use http::HeaderMap;
use http::header::HeaderValue;

/// The header of beta features.
pub(super) const HEADER: &str = "anthropic-beta";
/// The header of the version: <https://docs.anthropic.com/en/api/versioning>.
pub(super) const VERSION: &str = "anthropic-version";

/// What the names of allowed features begin with; the rest is a date.
const ALLOWED: [&str; 15] = [
    "advanced-tool-use-",
    "claude-code-",
    "computer-use-",
    "context-1m-",
    "context-management-",
    "effort-",
    "extended-cache-ttl-",
    "fine-grained-tool-streaming-",
    "interleaved-thinking-",
    "max-tokens-3-5-sonnet-",
    "output-128k-",
    "pdfs-",
    "prompt-caching-",
    "structured-outputs-",
    "token-efficient-tools-",
];

/// Features asked for.
#[derive(Clone, Default)]
pub(super) struct Betas {
    /// The version, if the caller names one that can be one: a date.
    pub(super) version: Option<HeaderValue>,
    /// The header for the provider, if any feature is allowed.
    pub(super) header: Option<HeaderValue>,
    /// The same features one by one, for a provider that takes them in the body.
    pub(super) allowed: Vec<String>,
    /// Features that are not passed on, as they are reported to the caller: `anthropic-beta.files-api-2025-04-14`.
    pub(super) dropped: Vec<String>,
}

/// Sorts what the caller asks for.
pub(super) fn read(headers: &HeaderMap) -> Betas {
    let values = headers.get_all(HEADER);
    let names = values.iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim);
    let mut allowed = Vec::new();
    let mut dropped = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if ALLOWED.iter().any(|prefix| name.starts_with(prefix)) {
            allowed.push(name);
        } else {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.');
            let shown = if plain && name.len() <= 64 { name } else { "unreadable" };
            dropped.push(format!("{HEADER}.{shown}"));
        }
    }
    let header = (!allowed.is_empty()).then(|| allowed.join(",")).and_then(|text| HeaderValue::from_str(&text).ok());
    let version = headers.get(VERSION).filter(|version| is_date(version.as_bytes())).cloned();
    Betas { version, header, allowed: allowed.into_iter().map(str::to_owned).collect(), dropped }
}

fn is_date(text: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_features_pass_and_the_others_are_reported() {
        let mut headers = HeaderMap::new();
        headers.append(HEADER, "context-1m-2025-08-07, files-api-2025-04-14".parse().unwrap());
        headers.append(HEADER, "effort-2025-11-24,a b".parse().unwrap());
        let betas = read(&headers);
        assert_eq!(betas.header.unwrap(), "context-1m-2025-08-07,effort-2025-11-24");
        assert_eq!(betas.dropped, ["anthropic-beta.files-api-2025-04-14", "anthropic-beta.unreadable"]);
        assert!(read(&HeaderMap::new()).header.is_none());
    }

    #[test]
    fn a_version_is_a_date() {
        for (text, passes) in [("2023-06-01", true), ("2026-10-21", true), ("latest", false), ("2023-06-01x", false)] {
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(VERSION), text.parse().unwrap())]);
            assert_eq!(read(&headers).version.is_some(), passes, "{text}");
        }
    }
}
