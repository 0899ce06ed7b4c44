//! Answers of scripts, taken apart.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::Value;
use weir_domain::spec::LockMode;

use crate::resource::LeaseId;
use crate::store::sealed::Sealed;
use crate::store::{LeaseView, StoreError};

/// The parts of an answer, in order.
pub(super) struct Reply(std::vec::IntoIter<Value>);

const MALFORMED: StoreError = StoreError::Malformed("an answer of a script");

impl Reply {
    pub(super) fn new(value: Value) -> Self {
        match value {
            Value::Array(parts) => Self(parts.into_iter()),
            one => Self(vec![one].into_iter()),
        }
    }

    pub(super) fn of(parts: Vec<Vec<u8>>) -> Self {
        Self(parts.into_iter().map(Value::BulkString).collect::<Vec<_>>().into_iter())
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        bytes(self.0.next().ok_or(MALFORMED)?).ok_or(MALFORMED)
    }

    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        number(&self.bytes()?).ok_or(MALFORMED)
    }

    /// Nothing where the text is empty.
    pub(super) fn optional_number(&mut self) -> Result<Option<u64>, StoreError> {
        let text = self.bytes()?;
        if text.is_empty() { Ok(None) } else { number(&text).map(Some).ok_or(MALFORMED) }
    }

    pub(super) fn count(&mut self) -> Result<u32, StoreError> {
        u32::try_from(self.number()?).map_err(|_| MALFORMED)
    }

    pub(super) fn status(&mut self) -> Result<u16, StoreError> {
        u16::try_from(self.number()?).map_err(|_| MALFORMED)
    }

    pub(super) fn flag(mut self) -> Result<bool, StoreError> {
        self.number().map(|number| number == 1)
    }

    /// A fingerprint, empty where there is none.
    pub(super) fn fingerprint(&mut self) -> Result<Option<[u8; 32]>, StoreError> {
        let text = self.bytes()?;
        if text.is_empty() {
            return Ok(None);
        }
        unbase64(&text)?.try_into().map(Some).map_err(|_| MALFORMED)
    }

    /// The texts of a list.
    pub(super) fn list(&mut self) -> Result<Vec<Vec<u8>>, StoreError> {
        match self.0.next() {
            Some(list @ Value::Array(_)) => Ok(Self::new(list).rest()),
            _ => Err(MALFORMED),
        }
    }

    /// All texts that are left.
    pub(super) fn rest(self) -> Vec<Vec<u8>> {
        self.0.filter_map(bytes).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn unbase64(text: &[u8]) -> Result<Vec<u8>, StoreError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| MALFORMED)
}

pub(super) fn holder_id(text: &[u8]) -> Result<[u8; 16], StoreError> {
    unbase64(text)?.try_into().map_err(|_| MALFORMED)
}

/// An entry of a holder: `mode|expires|fence|detail`.
pub(super) fn lease(sealed: &Sealed, id: LeaseId, entry: &[u8], now: u64) -> Result<LeaseView, StoreError> {
    let mut parts = entry.splitn(4, |byte| *byte == b'|');
    let mut part = || parts.next().ok_or(MALFORMED);
    let mode = match part()? {
        b"x" => LockMode::Exclusive,
        b"s" => LockMode::Shared,
        _ => return Err(MALFORMED),
    };
    let expires = number(part()?).ok_or(MALFORMED)?;
    let fence = number(part()?).ok_or(MALFORMED)?;
    let holder = sealed.open_holder(&id.resource, &unbase64(part()?)?)?;
    Ok(LeaseView { id, mode, fence, expires_in: Duration::from_micros(expires.saturating_sub(now)), holder })
}
