//! Which of Anthropic's beta features a caller may switch on: `anthropic-beta` is passed on by allow-list, and only to
//! a provider that speaks Anthropic's dialect.
//!
//! Not on the list is what reaches beyond the one call: files, skills and batches live in the account that all
//! callers share, and MCP connectors let the provider call addresses of the caller's choice.
//! Source: <https://docs.anthropic.com/en/api/beta-headers>.

use http::HeaderMap;
use http::header::HeaderValue;

/// The header.
pub(super) const HEADER: &str = "anthropic-beta";

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
#[derive(Default)]
pub(super) struct Betas {
    /// The header for the provider, if any feature is allowed.
    pub(super) header: Option<HeaderValue>,
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
    Betas { header, dropped }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
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
}
