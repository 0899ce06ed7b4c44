#!/usr/bin/env bash
# Compares what Weir computes for 1,000 models of its catalogue with litellm's own calculator, to the nano-dollar.
# WEIR_BIN names the binary; without it one is built. Arguments go to compare.py (--models, --rounds, --seed).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${WEIR_BIN:-}" ]; then
  (cd "$root" && cargo build --locked -p weir --bins)
  WEIR_BIN=$root/target/debug/weir
fi

# Made once, and again when one of its lists changes.
venv=$root/.venv/prices
if ! cat "$here/requirements.txt" "$here/calculator.txt" | cmp -s - "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/calculator.txt"
  cat "$here/requirements.txt" "$here/calculator.txt" >"$venv/installed.txt"
fi

exec "$venv/bin/python" "$here/compare.py" "$WEIR_BIN" "$@"
