#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (60 by default), or the targets named as arguments. A crash fails the run and
# leaves its input in tests/fuzz/artifacts; put it into tests/fuzz/corpus/TARGET, which is replayed first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz
# The sanitizer flags are unstable options of the compiler; there is but one, the stable toolchain.
export RUSTC_BOOTSTRAP=1 RUST_BACKTRACE=0
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd targets && ls -- *.rs | sed 's/\.rs$//')
for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "work/$target"
  seeds=("corpus/$target")
  # Recorded streams and answers are where the fuzzer starts from.
  case $target in stream | answer) seeds+=(../../llm/fixtures/openai ../../llm/fixtures/anthropic) ;; esac
  echo "=== $target"
  cargo fuzz run --fuzz-dir . --sanitizer none "$target" "work/$target" "${seeds[@]}" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 2>&1 | tail -n 30
done
