//! The path and query that an upstream is asked for.

use http::Uri;
use weir_domain::snapshot::{Piece, Rewrite};

/// The request target for the upstream, or `None` when it is the caller's own. The query is kept as it is; the path is
/// normal already, and parameters are whole segments of it, so what is composed of them is normal too.
pub(crate) fn target(rewrite: &Rewrite, uri: &Uri, parameters: &[&str]) -> Option<String> {
    let mut target = match rewrite {
        Rewrite::Keep => return None,
        Rewrite::Strip(prefix) => {
            let rest = uri.path().strip_prefix(prefix.as_str()).unwrap_or(uri.path());
            if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }
        }
        Rewrite::Compose(pieces) => compose(pieces, parameters),
    };
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    Some(target)
}

fn compose(pieces: &[Piece], parameters: &[&str]) -> String {
    let mut path = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => path.push_str(text),
            // The compiler has checked the index against the template.
            Piece::Parameter(index) => path.push_str(parameters.get(*index).copied().unwrap_or_default()),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(rewrite: &Rewrite, uri: &str, parameters: &[&str]) -> Option<String> {
        target(rewrite, &uri.parse().unwrap(), parameters)
    }

    #[test]
    fn a_kept_path_costs_nothing() {
        assert_eq!(rewritten(&Rewrite::Keep, "/a?b=1", &[]), None);
    }

    #[test]
    fn a_prefix_is_taken_off() {
        let strip = Rewrite::Strip("/shop".into());
        assert_eq!(rewritten(&strip, "/shop/orders/7?x=%2f", &[]).as_deref(), Some("/orders/7?x=%2f"));
        assert_eq!(rewritten(&strip, "/shop", &[]).as_deref(), Some("/"));
        assert_eq!(rewritten(&strip, "/shop?a", &[]).as_deref(), Some("/?a"));
    }

    #[test]
    fn a_path_is_composed_of_parameters() {
        let pieces = vec![
            Piece::Literal("/v2/".into()),
            Piece::Parameter(1),
            Piece::Literal("/of/".into()),
            Piece::Parameter(0),
        ];
        let compose = Rewrite::Compose(pieces);
        assert_eq!(rewritten(&compose, "/a/b?q", &["one", "two/three"]).as_deref(), Some("/v2/two/three/of/one?q"));
    }
}
