//! Hands libFuzzer's inputs to `weir_fuzz::error`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::error::check(data));
