//! Hands libFuzzer's inputs to `weir_fuzz::frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::frames::check(data));
