//! Which members of JSON are taken out by where they stand: by name, or by pointer.

use std::collections::HashSet;

/// Names and pointers.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In lower case.
    members: HashSet<String>,
    pointers: Vec<Vec<Token>>,
}

/// What says that a value is taken out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    /// A member's name, in lower case.
    Member(String),
    /// The number of a pointer.
    Pointer(usize),
}

impl Rule {
    /// What its marks say.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Pointer(_) => "pointer",
        }
    }
}

/// One token of a pointer.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Any,
    One(String),
}

impl Places {
    /// What is wrong goes into `wrong`, with its field.
    pub(super) fn new(members: &[String], pointers: &[String], wrong: &mut Vec<(String, String)>) -> Self {
        let members = members.iter().map(|name| name.to_lowercase()).collect();
        let mut all = Vec::new();
        for (index, pointer) in pointers.iter().enumerate() {
            match tokens(pointer) {
                Ok(tokens) => all.push(tokens),
                Err(problem) => wrong.push((format!("pointers[{index}]"), problem)),
            }
        }
        Self { members, pointers: all }
    }

    /// Whether nothing is taken out by its place.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.pointers.is_empty()
    }

    /// All pointers.
    pub(super) fn pointers(&self) -> impl Iterator<Item = Rule> {
        (0..self.pointers.len()).map(Rule::Pointer)
    }

    /// What says that the value at a path is taken out, if anything does. Positions in lists stand in a path as numbers;
    /// `named`: the last step is the name of a member.
    pub(super) fn say(&self, path: &[String], named: bool) -> Option<Rule> {
        let last = path.last().filter(|_| named && !self.members.is_empty());
        if let Some(name) = last.map(|name| name.to_lowercase()).filter(|name| self.members.contains(name)) {
            return Some(Rule::Member(name));
        }
        let fits = |pointer: &Vec<Token>| {
            pointer.len() == path.len()
                && pointer.iter().zip(path).all(|(token, step)| match token {
                    Token::Any => true,
                    Token::One(name) => name == step,
                })
        };
        self.pointers.iter().position(fits).map(Rule::Pointer)
    }
}

fn tokens(pointer: &str) -> Result<Vec<Token>, String> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(format!("{pointer:?} is no JSON pointer to a member; write one such as /messages/*/content"));
    };
    rest.split('/').map(token).collect()
}

/// RFC 6901 section 4: `~1` is a slash, `~0` a tilde.
fn token(text: &str) -> Result<Token, String> {
    if text == "*" {
        return Ok(Token::Any);
    }
    let bare = text.replace("~0", "").replace("~1", "");
    if bare.contains('~') {
        return Err("a ~ in a JSON pointer must be followed by 0 (a tilde) or 1 (a slash)".to_owned());
    }
    Ok(Token::One(text.replace("~1", "/").replace("~0", "~")))
}
