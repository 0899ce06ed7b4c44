//! What is asked for at the paths of files, uploads and batches.

use http::Method;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Something new is made, from a body that is passed on as it comes. The path below the provider's address.
    Make {
        path: String,
        /// Whether it costs what nobody knows yet.
        batch: bool,
    },
    /// A batch is made of a file that lies in an account: the body says in which.
    BatchOfFile,
    /// Everything in the account.
    List,
    /// Something about one thing.
    One(One),
}

/// Something about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct One {
    /// What stands before its id in the path, and behind it.
    pub(super) around: [String; 2],
    /// Its id, as the caller knows it.
    pub(super) id: String,
    /// What the answer holds.
    pub(super) contents: Contents,
}

/// What the answer about one thing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// An object that describes it.
    Object,
    /// The contents of a file.
    File,
    /// The results of a batch.
    Results,
}

/// Why nothing is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unserved {
    /// There is nothing at the path.
    Path,
    /// The path answers another method.
    Method(&'static str),
}

/// A kind of things.
struct Kind {
    at: &'static str,
    make: bool,
    list: bool,
    /// The methods at a thing itself.
    own: &'static [Method],
    /// What there is below a thing, and by which method.
    below: &'static [(&'static str, Method)],
}

const KINDS: [Kind; 4] = [
    Kind {
        at: "/messages/batches",
        make: true,
        list: true,
        own: &[Method::GET, Method::DELETE],
        below: &[("cancel", Method::POST), (RESULTS, Method::GET)],
    },
    Kind {
        at: "/files",
        make: true,
        list: true,
        own: &[Method::GET, Method::DELETE],
        below: &[(CONTENT, Method::GET)],
    },
    Kind { at: "/batches", make: true, list: true, own: &[Method::GET], below: &[("cancel", Method::POST)] },
    Kind {
        at: "/uploads",
        make: true,
        list: false,
        own: &[],
        below: &[("parts", Method::POST), ("complete", Method::POST), ("cancel", Method::POST)],
    },
];
/// What a file holds.
const CONTENT: &str = "content";
/// What came of the requests of a batch of Anthropic's.
const RESULTS: &str = "results";

/// What is asked for at a path below `/v1`.
pub(super) fn ask(method: &Method, path: &str) -> Result<Ask, Unserved> {
    let (kind, rest) = KINDS
        .iter()
        .find_map(|kind| Some((kind, path.strip_prefix(kind.at)?)))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
        .ok_or(Unserved::Path)?;
    if rest.is_empty() {
        return match *method {
            Method::POST if kind.at == "/batches" => Ok(Ask::BatchOfFile),
            Method::POST if kind.make => Ok(Ask::Make { path: path.to_owned(), batch: kind.at.ends_with("batches") }),
            Method::GET if kind.list => Ok(Ask::List),
            _ => Err(Unserved::Method(if kind.list { "GET, POST" } else { "POST" })),
        };
    }
    let (id, below) =
        rest.get(1..).unwrap_or_default().split_once('/').unwrap_or((rest.get(1..).unwrap_or_default(), ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(Unserved::Path);
    }
    let one = |below: &str| One {
        around: [format!("{}/", kind.at), if below.is_empty() { String::new() } else { format!("/{below}") }],
        id: id.to_owned(),
        contents: match below {
            CONTENT => Contents::File,
            RESULTS => Contents::Results,
            _ => Contents::Object,
        },
    };
    if below.is_empty() {
        let served = kind.own.contains(method);
        let right = if kind.own.len() == 2 { "GET, DELETE" } else { "GET" };
        return match (served, kind.own) {
            (true, _) => Ok(Ask::One(one(""))),
            (false, []) => Err(Unserved::Path),
            (false, _) => Err(Unserved::Method(right)),
        };
    }
    let (name, right) = kind.below.iter().find(|(name, _)| *name == below).ok_or(Unserved::Path)?;
    match *right == *method {
        true => Ok(Ask::One(one(name))),
        false => Err(Unserved::Method(if *right == Method::GET { "GET" } else { "POST" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods_say_what_is_asked_for() {
        let make = |path: &str, batch| Ok(Ask::Make { path: path.into(), batch });
        let one = |before: &str, id: &str, behind: &str, contents| {
            Ok(Ask::One(One { around: [before.into(), behind.into()], id: id.into(), contents }))
        };
        for (method, path, expected) in [
            (Method::POST, "/files", make("/files", false)),
            (Method::POST, "/uploads", make("/uploads", false)),
            (Method::POST, "/messages/batches", make("/messages/batches", true)),
            (Method::POST, "/batches", Ok(Ask::BatchOfFile)),
            (Method::GET, "/batches", Ok(Ask::List)),
            (Method::GET, "/uploads", Err(Unserved::Method("POST"))),
            (Method::PUT, "/files", Err(Unserved::Method("GET, POST"))),
            (Method::GET, "/files/file-1", one("/files/", "file-1", "", Contents::Object)),
            (Method::DELETE, "/files/file-1", one("/files/", "file-1", "", Contents::Object)),
            (Method::GET, "/files/file-1/content", one("/files/", "file-1", "/content", Contents::File)),
            (Method::POST, "/files/file-1/content", Err(Unserved::Method("GET"))),
            (Method::POST, "/batches/b_1/cancel", one("/batches/", "b_1", "/cancel", Contents::Object)),
            (Method::DELETE, "/batches/b_1", Err(Unserved::Method("GET"))),
            (Method::GET, "/messages/batches/b/results", one("/messages/batches/", "b", "/results", Contents::Results)),
            (Method::DELETE, "/messages/batches/b", one("/messages/batches/", "b", "", Contents::Object)),
            (Method::POST, "/uploads/u/parts", one("/uploads/", "u", "/parts", Contents::Object)),
            (Method::GET, "/uploads/u", Err(Unserved::Path)),
            (Method::GET, "/files/a/b/c", Err(Unserved::Path)),
            (Method::GET, "/files/%2e%2e", Err(Unserved::Path)),
            (Method::GET, "/files/", Err(Unserved::Path)),
            (Method::GET, "/filesystem", Err(Unserved::Path)),
        ] {
            assert_eq!(ask(&method, path), expected, "{method} {path}");
        }
    }
}
