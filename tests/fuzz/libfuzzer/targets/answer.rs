//! Hands libFuzzer's inputs to `weir_fuzz::answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::answer::check(data));
