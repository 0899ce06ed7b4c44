//! Finds the REST route of a request by host, path template and method.
//!
//! Built when the snapshot is compiled; a look-up allocates nothing and costs the same for one route
//! as for a hundred thousand.

use std::collections::HashMap;
use std::sync::Arc;

use crate::snapshot::Route;
use crate::spec::Method;

/// Parameters of the template, in the order in which they stand there.
pub type Parameters<'p> = Vec<&'p str>;

/// What a look-up found.
#[derive(Debug)]
pub enum Match<'r, 'p> {
    /// A route, and the values of its template's parameters in order.
    Found(&'r Arc<Route>, Parameters<'p>),
    /// The path is known, the method is not: 405 with these methods.
    MethodNotAllowed(Vec<Method>),
    /// Nothing here: 404.
    NotFound,
}

/// Why a route could not be added.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The template is malformed.
    #[error("{0}")]
    Template(String),
    /// Another route answers the same.
    #[error("clashes with Route/{0}: both answer {1} {2}; change the path, the methods or the service's hosts")]
    Clash(String, String, String),
}

/// All REST routes.
#[derive(Debug, Default)]
pub struct Router {
    exact: HashMap<String, PathTable>,
    /// By suffix with its leading dot, the longest first.
    wildcard: Vec<(String, PathTable)>,
    any: PathTable,
    by_id: HashMap<String, Arc<Route>>,
}

/// The paths of one host. Templates that end in `{*rest}` have a tree of their own, asked second: a
/// template that names each segment always goes before one that takes whatever follows.
#[derive(Debug, Default)]
struct PathTable {
    whole: PathTree,
    rest: PathTree,
}

#[derive(Debug, Default)]
struct PathTree {
    tree: matchit::Router<usize>,
    leaves: Vec<Leaf>,
    by_pattern: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Leaf {
    by_method: [Option<Arc<Route>>; Method::ALL.len()],
}

impl Router {
    /// Adds a route for one host (`None` for every host; `*.example.com` for all below).
    ///
    /// # Errors
    /// When the template is malformed or another route answers the same.
    pub fn insert(&mut self, host: Option<&str>, methods: &[Method], route: &Arc<Route>) -> Result<(), RouterError> {
        let table = match host {
            None => &mut self.any,
            Some(host) => match host.strip_prefix('*') {
                None => self.exact.entry(host.to_owned()).or_default(),
                Some(suffix) => {
                    let at = self.wildcard.partition_point(|(s, _)| {
                        s.len() > suffix.len() || (s.len() == suffix.len() && s.as_str() < suffix)
                    });
                    if self.wildcard.get(at).is_none_or(|(s, _)| s != suffix) {
                        self.wildcard.insert(at, (suffix.to_owned(), PathTable::default()));
                    }
                    &mut self.wildcard[at].1
                }
            },
        };
        table.insert(methods, route)?;
        self.by_id.insert(route.id.clone(), Arc::clone(route));
        Ok(())
    }

    /// The route with this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Arc<Route>> {
        self.by_id.get(id)
    }

    /// Finds the route of a request. `host` is lower-case and without port; `path` is normalised.
    #[must_use]
    pub fn find<'p>(&self, host: &str, path: &'p str, method: Option<Method>) -> Match<'_, 'p> {
        let mut allowed: Vec<Method> = Vec::new();
        for tree in self.tables(host).flat_map(|table| [&table.whole, &table.rest]) {
            match tree.find(path, method) {
                Match::NotFound => {}
                Match::MethodNotAllowed(methods) => allowed.extend(methods),
                found @ Match::Found(..) => return found,
            }
        }
        if allowed.is_empty() {
            return Match::NotFound;
        }
        allowed.sort_unstable();
        allowed.dedup();
        Match::MethodNotAllowed(allowed)
    }

    /// The tables to ask, the most specific host first.
    fn tables(&self, host: &str) -> impl Iterator<Item = &PathTable> {
        let exact = self.exact.get(host);
        let wildcard =
            self.wildcard.iter().find(|(suffix, _)| host.len() > suffix.len() && host.ends_with(suffix.as_str()));
        exact.into_iter().chain(wildcard.map(|(_, table)| table)).chain(std::iter::once(&self.any))
    }
}

impl PathTable {
    fn insert(&mut self, methods: &[Method], route: &Arc<Route>) -> Result<(), RouterError> {
        let (pattern, _) = compile_template(&route.template).map_err(RouterError::Template)?;
        let tree = if pattern.contains("{*") { &mut self.rest } else { &mut self.whole };
        tree.insert(pattern, methods, route)
    }
}

impl PathTree {
    fn insert(&mut self, pattern: String, methods: &[Method], route: &Arc<Route>) -> Result<(), RouterError> {
        let index = match self.by_pattern.get(&pattern) {
            Some(&index) => index,
            None => {
                let index = self.leaves.len();
                self.tree
                    .insert(pattern.clone(), index)
                    .map_err(|e| RouterError::Template(format!("the path cannot stand beside the others: {e}")))?;
                self.leaves.push(Leaf::default());
                self.by_pattern.insert(pattern, index);
                index
            }
        };
        let methods = if methods.is_empty() { &Method::ALL[..] } else { methods };
        for &method in methods {
            let slot = &mut self.leaves[index].by_method[method as usize];
            if let Some(other) = slot {
                return Err(RouterError::Clash(other.id.clone(), method.as_str().to_owned(), route.template.clone()));
            }
            *slot = Some(Arc::clone(route));
        }
        Ok(())
    }

    fn find<'p>(&self, path: &'p str, method: Option<Method>) -> Match<'_, 'p> {
        let Ok(found) = self.tree.at(path) else { return Match::NotFound };
        let leaf = &self.leaves[*found.value];
        if let Some(route) = method.and_then(|m| leaf.by_method[m as usize].as_ref()) {
            return Match::Found(route, found.params.iter().map(|(_, value)| value).collect());
        }
        Match::MethodNotAllowed(Method::ALL.into_iter().filter(|&m| leaf.by_method[m as usize].is_some()).collect())
    }
}

/// Checks a template and gives the tree's pattern (parameters named by position, so that templates
/// which differ only in parameter names share a leaf) and the parameter names in order.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn compile_template(template: &str) -> Result<(String, Vec<String>), String> {
    if !template.starts_with('/') {
        return Err(format!("{template:?} must begin with '/', such as /orders/{{id}}"));
    }
    let mut pattern = String::with_capacity(template.len());
    let mut names: Vec<String> = Vec::new();
    let segments: Vec<&str> = template[1..].split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        pattern.push('/');
        let Some(inner) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            check_literal(segment, index + 1 == segments.len())?;
            pattern.push_str(segment);
            continue;
        };
        let (star, name) = inner.strip_prefix('*').map_or(("", inner), |name| ("*", name));
        if !star.is_empty() && index + 1 != segments.len() {
            return Err(format!("{{*{name}}} takes all that follows, so it must come last"));
        }
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(format!("{{{inner}}}: a parameter's name has only letters, digits and '_'"));
        }
        if names.iter().any(|n| n == name) {
            return Err(format!("the parameter {name:?} stands twice"));
        }
        names.push(name.to_owned());
        pattern.push_str(&format!("{{{star}p{index}}}"));
    }
    Ok((pattern, names))
}

fn check_literal(segment: &str, last: bool) -> Result<(), String> {
    if segment.is_empty() && !last {
        return Err("two '/' follow each other".to_owned());
    }
    if matches!(segment, "." | "..") {
        return Err(format!("{segment:?} is not a path segment"));
    }
    if let Some(bad) = segment.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(*c))) {
        return Err(format!(
            "{bad:?} cannot stand in a path; a parameter is a whole segment such as {{id}}, anything else is percent-encoded"
        ));
    }
    if segment.contains('*') {
        return Err("'*' stands only inside a trailing {*rest}".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
