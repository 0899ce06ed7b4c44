//! Hands libFuzzer's inputs to `weir_fuzz::redaction`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::redaction::check(data));
