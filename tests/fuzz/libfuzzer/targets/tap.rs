//! Hands libFuzzer's inputs to `weir_fuzz::tap`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::tap::check(data));
