#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (60 by default), or the targets named as arguments, then keeps what reaches new
# code. A crash fails the run and leaves its input in tests/fuzz/artifacts; put it into tests/fuzz/corpus/TARGET, which
# `cargo test` replays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
all=(request answer error stream frames round_trip tap operations config words sealed batch realtime redaction)
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")
cargo build --quiet --locked -p weir-fuzz
seeder=${CARGO_TARGET_DIR:-../../target}/debug/weir-fuzz

# The sanitizer flags are unstable options of the compiler; there is but one, the stable toolchain.
export RUSTC_BOOTSTRAP=1 RUST_BACKTRACE=0
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "work/$target" "artifacts/$target" "work/kept/$target"
  "$seeder" "$target" "work/seeds/$target"
  run=(cargo fuzz run --fuzz-dir libfuzzer --sanitizer none "$target")
  limits=(-timeout=10 -rss_limit_mb=2048 -max_len=16384 "-artifact_prefix=$PWD/artifacts/$target/")
  echo "=== $target"
  "${run[@]}" "work/$target" "corpus/$target" "work/seeds/$target" -- \
    "${limits[@]}" -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1 2>&1 | tail -n 12
  # FUZZ_KEEP=1: the smallest set of inputs that reaches all that this run has reached, for corpus/.
  if [ -n "${FUZZ_KEEP:-}" ]; then
    "${run[@]}" "work/kept/$target" "corpus/$target" "work/seeds/$target" "work/$target" -- \
      "${limits[@]}" -merge=1 2>&1 | tail -n 2
  fi
done
