//! Hands libFuzzer's inputs to `weir_fuzz::round_trip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| weir_fuzz::round_trip::check(data));
