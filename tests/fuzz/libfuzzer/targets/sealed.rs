//! Hands libFuzzer's inputs to `weir_fuzz::sealed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::sealed::check(data));
