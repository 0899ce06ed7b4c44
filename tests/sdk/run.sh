#!/usr/bin/env bash
# Runs the vendors' official SDKs, Python and Node, and what is built on them (LangChain, LiteLLM, Vercel AI SDK),
# against the real binary in front of the fake vendors.
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

# Each environment is made once, and again when its list of packages changes. The frameworks have one of their own: they
# want other versions of the SDKs.
environment() { # FOLDER LIST
  cmp -s "$2" "$1/requirements.txt" && return
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
  cp "$2" "$1/requirements.txt"
}
venv=$root/.venv
environment "$venv/sdk" "$here/python/requirements.txt"
environment "$venv/frameworks" "$here/frameworks/requirements.txt"
if ! cmp -s "$here/node/package-lock.json" "$here/node/node_modules/.installed"; then
  npm --prefix "$here/node" ci --no-audit --no-fund --loglevel=error
  cp "$here/node/package-lock.json" "$here/node/node_modules/.installed"
fi

exec "$venv/sdk/bin/python" "$here/stand.py" --weir "$WEIR_BIN" --fakes "$fakes" \
  -- "$venv/sdk/bin/python" -m pytest -q -p no:cacheprovider --timeout=60 "$here/python" \
  -- "$venv/frameworks/bin/python" -m pytest -q -p no:cacheprovider --timeout=60 "$here/frameworks" \
  -- node --test --test-reporter=spec --test-timeout=60000 "$here"/node/*.test.mjs
