//! The ids under which an application knows what it keeps at a provider. Such an id holds where the thing lies (provider,
//! key, and the vendor's own id), sealed so that this installation alone reads it, and for this application alone: any
//! node opens it, after any restart, and nobody else's is worth anything. The same thing always has the same id.
//!
//! `file-abc` becomes `file-wrid…`: the vendor's prefix stays, for what looks at it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use weir_domain::sealing::SealingKey;

/// Begins what stands behind the vendor's prefix.
pub const MARK: &str = "wrid";
/// The longest prefix of a vendor's, its separator included: `msgbatch_`, `upload_`, `file-`.
pub(super) const MAX_PREFIX: usize = 16;
/// The longest id that is opened.
pub const MAX_ID: usize = 1_024;
/// Stands in the id of a response where others say when they were made.
const RESPONSE: &str = "r";

/// A thing that an application keeps at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The provider.
    pub provider: String,
    /// The name of the provider's key in whose account it lies; empty where there is none.
    pub key: String,
    /// Whether it is a response, or an item of one; else a file, an upload, or a batch.
    pub is_response: bool,
    /// When the batch was made that it is, or that it holds results of, in seconds since 1970 UTC; 0 for anything else.
    pub made: u64,
    /// The vendor's id of the batch whose results it holds; else empty.
    pub results_of: String,
    /// The vendor's id.
    pub id: String,
}

impl Held {
    /// Whether the vendor's id can stand in a path and in a query as it is. A vendor may take its ids from its callers,
    /// and no caller chooses what is asked for with the provider's key.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'~');
        self.id.bytes().all(plain) && !matches!(&*self.id, "" | "." | "..")
    }
}

/// What stands before the part of an id that nobody reads. Nothing stands before the mark itself: what follows it may
/// look like the end of a prefix.
fn prefix(id: &str) -> &str {
    if id.starts_with(MARK) {
        return "";
    }
    let end = id.bytes().position(|byte| !byte.is_ascii_lowercase()).filter(|end| (1..MAX_PREFIX).contains(end));
    match end {
        Some(end) if matches!(id.as_bytes().get(end), Some(b'-' | b'_')) => id.get(..=end).unwrap_or_default(),
        _ => "",
    }
}

/// A field that another follows. Whatever a vendor calls its batches, no byte in it is one that ends it; all but
/// control characters stays as it is.
fn written(field: &str) -> String {
    field.replace('\u{1}', "\u{1}1").replace('\0', "\u{1}0")
}

/// What [`written`] was made of.
fn read(field: &str) -> String {
    field.replace("\u{1}0", "\0").replace("\u{1}1", "\u{1}")
}

/// The id under which `application` knows it.
#[must_use]
pub fn seal(key: &SealingKey, application: &str, held: &Held) -> String {
    let made = if held.is_response { RESPONSE.to_owned() } else { held.made.to_string() };
    let prefix = prefix(&held.id);
    let rest = held.id.get(prefix.len()..).unwrap_or_default();
    let [provider, name, batch] = [&held.provider, &held.key, &held.results_of].map(|field| written(field));
    let text = [&*provider, &name, &made, &batch, rest].join("\0");
    let sealed = key.seal(&bound_to(application, prefix), text.as_bytes());
    format!("{prefix}{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// Whether it may be an id that was given here.
#[must_use]
pub fn is_sealed(id: &str) -> bool {
    id.get(prefix(id).len()..).is_some_and(|rest| rest.starts_with(MARK))
}

/// What an id stands for, if it was sealed for `application`.
#[must_use]
pub fn open(key: &SealingKey, application: &str, id: &str) -> Option<Held> {
    let prefix = prefix(id);
    let sealed = id.get(prefix.len()..)?.strip_prefix(MARK).filter(|_| id.len() <= MAX_ID)?;
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let text = key.open(&bound_to(application, prefix), &sealed)?;
    let mut fields = std::str::from_utf8(&text).ok()?.splitn(5, '\0');
    let mut next = || fields.next();
    let (provider, key, made, results_of) = (read(next()?), read(next()?), next()?, read(next()?));
    let is_response = made == RESPONSE;
    let made = if is_response { 0 } else { made.parse().ok()? };
    let id = format!("{prefix}{}", next()?);
    Some(Held { provider, key, is_response, made, results_of, id })
}

/// What an id is good for, beside what it holds.
fn bound_to<'a>(application: &'a str, prefix: &'a str) -> [&'a str; 3] {
    ["object", application, prefix]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str) -> Held {
        Held {
            provider: "openai".into(),
            key: "main".into(),
            is_response: false,
            made: 1_711_471_533,
            results_of: "batch_9".into(),
            id: id.into(),
        }
    }

    #[test]
    fn an_id_is_opened_by_its_own_application_alone_and_says_where_the_thing_lies() {
        let key = SealingKey::new([7; 32]);
        for (id, begin) in [
            ("file-6F2ksmvXxt4VdoqmHRw6kL", "file-wrid"),
            ("msgbatch_01HkcTjaV5uDC8jWR4ZsDV8d", "msgbatch_wrid"),
            ("12", "wrid"),
            ("Upper-1", "wrid"),
            ("päd", "wrid"),
            ("file-", "file-wrid"),
        ] {
            let sealed = seal(&key, "web", &held(id));
            assert!(sealed.starts_with(begin) && sealed.len() < 140, "{sealed}");
            assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{sealed}");
            assert_eq!(sealed, seal(&key, "web", &held(id)));
            assert_eq!(open(&key, "web", &sealed), Some(held(id)));
            assert_eq!(open(&key, "other", &sealed), None);
            assert_eq!(open(&SealingKey::new([8; 32]), "web", &sealed), None);
            assert_eq!(open(&key, "web", id), None, "the vendor's own id is nobody's");
        }
    }

    /// What stands behind the mark is as good as drawn by chance, and may begin as a vendor's prefix does.
    #[test]
    fn an_id_without_a_prefix_is_opened_whatever_its_tag_looks_like() {
        let key = SealingKey::new([7; 32]);
        let mut like_a_prefix = 0;
        for id in (0..400).map(|number| number.to_string()).chain(["wrid".into(), "wrid-1".into(), "wridge_2".into()]) {
            let sealed = seal(&key, "web", &held(&id));
            let behind = sealed.trim_start_matches(|c: char| c.is_ascii_lowercase());
            like_a_prefix += usize::from(behind.starts_with(['-', '_']));
            assert_eq!(open(&key, "web", &sealed), Some(held(&id)), "{sealed}");
        }
        assert!(like_a_prefix > 3, "{like_a_prefix}");
    }

    #[test]
    fn a_response_is_no_file_and_a_file_no_response() {
        let key = SealingKey::new([7; 32]);
        let id = "resp_68af4030baa48193b0b43b4c2a176a1a";
        let plain = Held { made: 0, results_of: String::new(), ..held(id) };
        let response = Held { is_response: true, ..plain.clone() };
        let sealed = seal(&key, "web", &response);
        assert!(sealed.starts_with("resp_wrid") && sealed.len() < 120, "{sealed}");
        assert_eq!(open(&key, "web", &sealed), Some(response));
        assert_ne!(seal(&key, "web", &plain), sealed);
        assert!(is_sealed(&sealed) && !is_sealed(id) && is_sealed("wridAA"));
    }

    #[test]
    fn what_a_vendor_calls_its_batches_does_not_get_into_the_id() {
        let key = SealingKey::new([7; 32]);
        for text in ["\0", "a\0b", "\u{1}", "\u{1}0", "\0\u{1}1\u{1}\u{1}0", "batch_\0\0"] {
            let odd = Held { results_of: text.into(), provider: text.into(), key: text.into(), ..held(text) };
            assert_eq!(open(&key, "web", &seal(&key, "web", &odd)), Some(odd), "{text:?}");
        }
    }

    /// Its holder may post it where others read it, and a vendor's own id is all that some of its calls ask for.
    #[test]
    fn an_id_shows_nothing_of_what_it_holds() {
        let sealed = seal(&SealingKey::new([7; 32]), "web", &held("file-6F2ksmvXxt4VdoqmHRw6kL"));
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed.strip_prefix("file-wrid").unwrap()).unwrap();
        for part in ["openai", "main", "batch_9", "6F2ks"] {
            assert!(!bytes.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
        }
    }

    #[test]
    fn an_id_that_would_lead_elsewhere_is_not_plain() {
        let plain = |id: &str| held(id).is_plain();
        assert!(["resp_68af", "file-6F2k.v1", "a:b~c", "12"].into_iter().all(plain));
        for id in ["", ".", "..", "../files", "a/b", "a?b", "a#b", "a&b=c", "a%2e", "a b", "päd", "a\\b"] {
            assert!(!plain(id), "{id}");
        }
    }

    #[test]
    fn no_part_of_an_id_can_be_changed() {
        let key = SealingKey::new([7; 32]);
        let sealed = seal(&key, "web", &held("file-abc"));
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(open(&key, "web", &forged), None, "{forged}");
        }
        assert_eq!(open(&key, "web", &sealed.replace("file-", "batch_")), None);
        assert_eq!(open(&key, "web", "file-wrid"), None);
        assert_eq!(open(&key, "web", &format!("file-wrid{}", "A".repeat(5_000))), None);
    }
}
