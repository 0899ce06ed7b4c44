//! Hands libFuzzer's inputs to `weir_fuzz::operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::operations::check(data));
