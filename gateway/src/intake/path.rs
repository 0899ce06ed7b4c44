//! Brings a path into the one form that routing, policies and the upstream all see (RFC 3986 section 6.2.2), and
//! refuses what different servers would read differently.

/// Why a path is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathFault {
    /// Does not begin with `/`.
    #[error("the path must begin with '/'")]
    Relative,
    /// `%` without two hexadecimal digits.
    #[error("the path holds a '%' that is not followed by two hexadecimal digits; write a literal percent sign as %25")]
    Escape,
    /// An encoded slash, backslash, NUL or control character, or a raw backslash.
    #[error("the path holds a backslash, a control character, or an encoded slash; servers disagree on what they mean")]
    Ambiguous,
    /// `..` beyond the root, or hidden behind a `;`.
    #[error("the path leaves its root with '..'")]
    Escapes,
    /// Bytes outside ASCII.
    #[error("the path holds bytes outside ASCII; percent-encode them as UTF-8")]
    NotAscii,
}

/// The normalised path, or `None` when it is in normal form already (the common case, which allocates nothing):
/// unreserved characters decoded, escapes in upper case, dot segments and empty segments removed.
pub(crate) fn normalise(path: &str) -> Result<Option<String>, PathFault> {
    if !path.starts_with('/') {
        return Err(PathFault::Relative);
    }
    if is_normal(path.as_bytes()) {
        return Ok(None);
    }
    let mut normal = String::with_capacity(path.len());
    let mut segments = path[1..].split('/').peekable();
    let mut segment = String::new();
    while let Some(raw) = segments.next() {
        let last = segments.peek().is_none();
        decode(raw, &mut segment)?;
        match segment.as_str() {
            ".." => {
                let parent = normal.rfind('/').ok_or(PathFault::Escapes)?;
                normal.truncate(parent);
            }
            "." | "" => {}
            text if text.starts_with("..;") || text.starts_with(".;") => return Err(PathFault::Escapes),
            text => {
                normal.push('/');
                normal.push_str(text);
                continue;
            }
        }
        if last {
            normal.push('/');
        }
    }
    Ok(Some(normal))
}

/// A path in normal form, whether it was or not.
///
/// # Errors
/// Different servers would read it differently.
pub(crate) fn normalised(path: &str) -> Result<String, PathFault> {
    Ok(normalise(path)?.unwrap_or_else(|| path.to_owned()))
}

/// Whether every byte may stand in a path as it is, and no segment is empty or begins with a dot (`.well-known` pays
/// for the slow way and comes out unchanged).
fn is_normal(path: &[u8]) -> bool {
    let mut before = 0;
    for &byte in path {
        let plain = PLAIN[usize::from(byte)] && !(before == b'/' && matches!(byte, b'/' | b'.'));
        if !plain {
            return false;
        }
        before = byte;
    }
    true
}

/// RFC 3986 `pchar` without escapes, and `/`.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";
    let mut index = 0;
    while index < plain.len() {
        table[plain[index] as usize] = true;
        index += 1;
    }
    table
};

fn decode(raw: &str, into: &mut String) -> Result<(), PathFault> {
    into.clear();
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (Some(high), Some(low)) = (hex(bytes.next()), hex(bytes.next())) else {
                    return Err(PathFault::Escape);
                };
                let value = high << 4 | low;
                match value {
                    b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(PathFault::Ambiguous),
                    b'-' | b'.' | b'_' | b'~' => into.push(char::from(value)),
                    _ if value.is_ascii_alphanumeric() => into.push(char::from(value)),
                    _ => escape(value, into),
                }
            }
            b'\\' | 0..=0x20 | 0x7f => return Err(PathFault::Ambiguous),
            0x80.. => return Err(PathFault::NotAscii),
            _ if PLAIN[usize::from(byte)] => into.push(char::from(byte)),
            _ => escape(byte, into),
        }
    }
    Ok(())
}

fn hex(digit: Option<u8>) -> Option<u8> {
    char::from(digit?).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn escape(byte: u8, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    into.push('%');
    into.push(char::from(DIGITS[usize::from(byte >> 4)]));
    into.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_paths_are_left_alone() {
        for path in ["/", "/orders/7", "/v1/chat/completions", "/a/b/", "/a:b@c;v=1/d~e"] {
            assert_eq!(normalise(path), Ok(None), "{path}");
        }
    }

    #[test]
    fn one_resource_has_one_spelling() {
        for (path, normal) in [
            ("/a/%7Ejoe/%41", "/a/~joe/A"),
            ("/a%2fb", ""),
            ("//admin///x", "/admin/x"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("/a//", "/a/"),
            ("/%c3%a9", "/%C3%A9"),
            ("/a%20b", "/a%20b"),
            ("/a[1]|x", "/a%5B1%5D%7Cx"),
            ("/.well-known/x", "/.well-known/x"),
            ("/%252e%252e/x", "/%252e%252e/x"),
            ("/a/..", "/"),
        ] {
            match normalise(path) {
                Ok(Some(found)) => assert_eq!(found, normal, "{path}"),
                other => assert!(normal.is_empty(), "{path}: {other:?}"),
            }
        }
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for path in ["//a/./b/../c%7e", "/a/b/..", "/%25/x", "/a[1]", "/x//"] {
            let once = normalise(path).unwrap().unwrap();
            assert!(normalise(&once).unwrap().is_none_or(|twice| twice == once), "{path} -> {once}");
        }
    }

    #[test]
    fn what_servers_read_differently_is_refused() {
        for (path, fault) in [
            ("x", PathFault::Relative),
            ("*", PathFault::Relative),
            ("/a%2Fb", PathFault::Ambiguous),
            ("/a%5cb", PathFault::Ambiguous),
            ("/a\\b", PathFault::Ambiguous),
            ("/a%00", PathFault::Ambiguous),
            ("/a%0d%0aX", PathFault::Ambiguous),
            ("/a%7f", PathFault::Ambiguous),
            ("/a%", PathFault::Escape),
            ("/a%2", PathFault::Escape),
            ("/a%zz", PathFault::Escape),
            ("/..", PathFault::Escapes),
            ("/a/../../b", PathFault::Escapes),
            ("//admin/..;/x/%2e%2e/y", PathFault::Escapes),
            ("/a/.;/b", PathFault::Escapes),
            ("/%2e%2e;x/b", PathFault::Escapes),
            ("/é", PathFault::NotAscii),
        ] {
            assert_eq!(normalise(path), Err(fault), "{path}");
        }
    }
}
