//! Hands libFuzzer's inputs to `weir_fuzz::words`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::words::check(data));
