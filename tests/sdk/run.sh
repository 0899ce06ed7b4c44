#!/usr/bin/env bash
# Runs the vendors' official SDKs, Python and Node, against the real binary in front of the fake vendors.
# WEIR_BIN names the binary; weir-fakes lies beside it. Without it both are built.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

if [ -z "${WEIR_BIN:-}" ]; then
  (cd "$root" && cargo build --locked -p weir -p weir-harness --bins)
  WEIR_BIN=$root/target/debug/weir
fi
fakes=$(dirname "$WEIR_BIN")/weir-fakes
[ -x "$fakes" ] || { echo "sdk: $fakes is missing: run cargo build -p weir-harness --bins" >&2; exit 1; }

# Both environments are made once, and again when their list of packages changes.
venv=$root/.venv
if ! cmp -s "$here/python/requirements.txt" "$venv/requirements.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
  cp "$here/python/requirements.txt" "$venv/requirements.txt"
fi
if ! cmp -s "$here/node/package-lock.json" "$here/node/node_modules/.installed"; then
  npm --prefix "$here/node" ci --no-audit --no-fund --loglevel=error
  cp "$here/node/package-lock.json" "$here/node/node_modules/.installed"
fi

exec "$venv/bin/python" "$here/stand.py" --weir "$WEIR_BIN" --fakes "$fakes" \
  -- "$venv/bin/python" -m pytest -q -p no:cacheprovider --timeout=60 "$here/python" \
  -- node --test --test-reporter=spec --test-timeout=60000 "$here/node/openai.test.mjs" "$here/node/anthropic.test.mjs"
