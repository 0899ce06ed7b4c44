//! Hands libFuzzer's inputs to `weir_fuzz::request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::request::check(data));
