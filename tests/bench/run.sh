#!/usr/bin/env bash
# Builds Weir and the bench in the release profile, installs the peers from their packages, measures, prints the table.
# BENCH_PEERS=0 leaves the peers out; further arguments go to weir-bench (--rounds N --seconds N --streams N).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for tool in wrk nginx taskset; do
  command -v "$tool" >/dev/null || { echo "bench: $tool is missing; install it: apt-get install wrk nginx-light util-linux" >&2; exit 1; }
done
[ "$(nproc)" -ge 2 ] || { echo "bench: needs two cores, one for the proxy and one for everything else" >&2; exit 1; }

cargo build --release --locked -p weir -p weir-bench

peers=()
if [ "${BENCH_PEERS:-1}" = 1 ]; then
  packages=$PWD/target/bench-peers
  mkdir -p "$packages"
  [ -x "$packages/venv/bin/litellm" ] || { python3 -m venv "$packages/venv" && "$packages/venv/bin/pip" install -q 'litellm[proxy]==1.106.2'; }
  [ -d "$packages/node_modules/@portkey-ai/gateway" ] || npm --prefix "$packages" install --silent --no-save @portkey-ai/gateway@1.15.2
  peers=(--peers "$packages")
fi

ulimit -n 16384 2>/dev/null || true
target/release/weir-bench run target/release/weir "${peers[@]}" "$@"
