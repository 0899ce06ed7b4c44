//! Hands libFuzzer's inputs to `weir_fuzz::stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::stream::check(data));
