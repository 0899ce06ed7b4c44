//! Reads the error bodies of providers.

use weir_domain::dialect::Dialect;

use super::{ErrorKind, Origin, WireError};

pub(super) fn read(_upstream: Dialect, status: u16, _body: &[u8]) -> WireError {
    WireError {
        status,
        kind: ErrorKind::from_status(status),
        message: format!("the provider answered {status}"),
        param: None,
        code: None,
        origin: Origin::Provider,
    }
}
