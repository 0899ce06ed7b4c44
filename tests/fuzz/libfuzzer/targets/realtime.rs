//! Hands libFuzzer's inputs to `weir_fuzz::realtime`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::realtime::check(data));
