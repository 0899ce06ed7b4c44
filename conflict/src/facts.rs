//! What a request has for the template of a resource's key.

use std::borrow::Cow;
use std::net::IpAddr;

use http::HeaderMap;
use serde_json::Value;
use weir_domain::conflict_key::{Piece, Source};

/// A request, as templates see it.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The service.
    pub api: &'a str,
    /// The caller's team and application; `None` on public routes.
    pub caller: Option<(&'a str, &'a str)>,
    /// Where it comes from.
    pub address: Option<IpAddr>,
    /// As it was routed: normalised.
    pub path: &'a str,
    /// The query, percent-encoded.
    pub query: Option<&'a str>,
    /// The values of the route template's parameters, percent-encoded.
    pub parameters: &'a [String],
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The body, where a template asks for it and it is JSON.
    pub body: Option<&'a Value>,
}

impl Source for Facts<'_> {
    fn value(&self, piece: &Piece) -> Option<Cow<'_, str>> {
        match piece {
            Piece::Literal(text) => Some(Cow::Owned(text.clone())),
            Piece::Api => Some(Cow::Borrowed(self.api)),
            Piece::Version => Some(Cow::Borrowed("")),
            Piece::Tenant => Some(Cow::Borrowed(self.caller.map_or("", |(team, _)| team))),
            Piece::Consumer => Some(self.consumer()),
            Piece::Path => Some(Cow::Borrowed(self.path)),
            Piece::Parameter(index) => self.parameters.get(*index).map(|value| Cow::Borrowed(value.as_str())),
            Piece::Query(name) => self.parameter(name),
            Piece::Header(name) => self.header(name),
            Piece::Json(pointer) => match self.body?.pointer(pointer)? {
                Value::String(text) => Some(Cow::Borrowed(text.as_str())),
                Value::Null => None,
                other => Some(Cow::Owned(other.to_string())),
            },
        }
    }
}

impl Facts<'_> {
    /// Who calls: the application, and on public routes the address that the request comes from.
    #[must_use]
    pub fn consumer(&self) -> Cow<'_, str> {
        match (self.caller, self.address) {
            (Some((_, application)), _) => Cow::Borrowed(application),
            (None, Some(address)) => Cow::Owned(address.to_string()),
            (None, None) => Cow::Borrowed(""),
        }
    }

    fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = self.query?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| Cow::Borrowed(value))
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut lines = self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = lines.next()?;
        Some(lines.fold(first, |all, line| Cow::Owned(format!("{all}, {line}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_piece_has_its_value_and_what_is_missing_has_none() {
        let mut headers = HeaderMap::new();
        headers.append("x-tenant", "a".parse().unwrap());
        headers.append("x-tenant", "b".parse().unwrap());
        let body = serde_json::json!({"order": {"id": 7, "note": null, "name": "n"}});
        let parameters = ["42".to_owned()];
        let facts = Facts {
            api: "orders",
            caller: Some(("sales", "web")),
            address: Some(IpAddr::from([192, 0, 2, 1])),
            path: "/orders/42",
            query: Some("a=1&b&a=2"),
            parameters: &parameters,
            headers: &headers,
            body: Some(&body),
        };
        let value = |piece| facts.value(&piece).map(Cow::into_owned);
        for (piece, expected) in [
            (Piece::Tenant, Some("sales")),
            (Piece::Consumer, Some("web")),
            (Piece::Parameter(0), Some("42")),
            (Piece::Parameter(1), None),
            (Piece::Query("a".into()), Some("1")),
            (Piece::Query("b".into()), Some("")),
            (Piece::Query("c".into()), None),
            (Piece::Header("x-tenant".into()), Some("a, b")),
            (Piece::Json("/order/id".into()), Some("7")),
            (Piece::Json("/order/name".into()), Some("n")),
            (Piece::Json("/order/note".into()), None),
            (Piece::Json("/nothing".into()), None),
        ] {
            assert_eq!(value(piece.clone()).as_deref(), expected, "{piece:?}");
        }
        let stranger = Facts { caller: None, ..facts };
        assert_eq!(stranger.consumer(), "192.0.2.1");
        assert_eq!(stranger.value(&Piece::Tenant).as_deref(), Some(""));
    }
}
