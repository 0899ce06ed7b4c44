//! Any text as an API key or a hash: read or refused, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_domain::credential::{KeyHash, public_id};

fuzz_target!(|text: &str| {
    if let Some(id) = public_id(text) {
        assert!(text.contains(id));
    }
    if let Some(hash) = KeyHash::from_hex(text) {
        assert_eq!(hash.to_hex(), text);
    }
});
