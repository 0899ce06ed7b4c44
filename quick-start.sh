#!/usr/bin/env bash
# From nothing to a metered call: gets Weir, starts it in the background, calls a model, says what to do next.
#
#   ./quick-start.sh             start (again: starts what is missing, and nothing twice)
#   ./quick-start.sh stop        stop the server, keep its data
#   ./quick-start.sh status      say whether it runs, and where
#   ./quick-start.sh logs [-f]   show its log
#   ./quick-start.sh uninstall   stop it and remove its data
#
# In a checkout it builds; elsewhere it fetches the archive at WEIR_RELEASE_URL and verifies its SHA-256
# (WEIR_RELEASE_SHA256, or the file beside it with .sha256). WEIR_BIN names a binary that is there already.
# Vendor keys are taken from OPENAI_API_KEY, ANTHROPIC_API_KEY and GEMINI_API_KEY, models of a local Ollama
# are found; without any of them the built-in demo provider answers.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]:-.}")" && pwd)
checkout=
if [ -f "$here/Cargo.toml" ] && [ -f "$here/src/main.rs" ]; then checkout=$here; fi

data=${WEIR_DATA_DIR:-${checkout:-$PWD}/weir-data}
gateway_listen=${WEIR_GATEWAY_LISTEN:-127.0.0.1:8080}
admin_listen=${WEIR_ADMIN_LISTEN:-127.0.0.1:8081}
ops_listen=${WEIR_OPS_LISTEN:-127.0.0.1:8082}
ollama=${OLLAMA_HOST:-http://127.0.0.1:11434}
case "$ollama" in *://*) ;; *) ollama=http://$ollama ;; esac

pid_file=$data/weir.pid
env_file=$data/quick-start.env
log_file=$data/weir.log
ready_file=$data/listening.json

# What this run made, so that a failure can take it back.
made_data=
started_pid=

# === telling ===

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
else
  bold='' green='' dim='' plain=''
fi
step() { printf '%s✓%s %s\n' "$green" "$plain" "$*"; }
doing() { printf '%s… %s%s\n' "$dim" "$*" "$plain"; }
fail() {
  printf 'quick-start: %s\n' "$*" >&2
  exit 1
}

# Whatever goes wrong, nothing half-done stays: what this run started or made goes again.
clean_up() {
  local code=$?
  trap - EXIT
  if [ "$code" -ne 0 ]; then
    if [ -n "$started_pid" ]; then end_process "$started_pid" || true; rm -f "$pid_file"; fi
    if [ -n "$made_data" ]; then rm -rf "$data"; fi
  fi
  if [ -n "${scratch:-}" ]; then rm -rf "$scratch"; fi
  exit "$code"
}

# === the process ===

# The pid of our server, if it runs: the file may be stale, and its number may belong to another program by now.
running() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- ' run --data-dir' || return 1
  fi
  printf '%s' "$pid"
}

# Asks a process to end, and waits until its requests have ended too.
end_process() {
  local pid=$1 waited
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((waited = 0; waited < 750; waited++)); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  printf 'quick-start: process %s does not end; look at %s\n' "$pid" "$log_file" >&2
  return 1
}

port_is_free() {
  ! (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null
}

# === finding what is needed ===

check_tools() {
  local tool
  for tool in curl sed grep awk mktemp sha256sum nohup; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing; install it and run this again."
  done
  if [ -n "${WEIR_BIN:-}" ]; then
    [ -x "$WEIR_BIN" ] || fail "WEIR_BIN=$WEIR_BIN is not a program."
  elif [ -n "$checkout" ] && [ -z "${WEIR_RELEASE_URL:-}" ]; then
    "$checkout/.ci/install" rust portal || fail "the tools named above are needed to build Weir."
  else
    for tool in tar gzip; do
      command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing; install it and run this again."
    done
    [ -n "${WEIR_RELEASE_URL:-}" ] ||
      fail "this is not a checkout of Weir: set WEIR_RELEASE_URL to the address of a release archive (.tar.gz)."
  fi
}

# need_space MEGABYTES DIRECTORY WHAT
need_space() {
  local free
  free=$(df -Pk "$2" | awk 'NR == 2 {print int($4 / 1024)}')
  [ "$free" -ge "$1" ] || fail "$3 needs $1 MB, but only $free MB are free at $2."
}

check_data_directory() {
  if [ ! -d "$data" ]; then
    mkdir -p "$data" 2>/dev/null || fail "cannot make $data; set WEIR_DATA_DIR to a directory that you may write to."
    made_data=1
    chmod 700 "$data"
  fi
  [ -w "$data" ] || fail "$data cannot be written to; set WEIR_DATA_DIR to a directory that you may write to."
  need_space 200 "$data" "the data of Weir"
}

check_ports() {
  local name address
  for name in WEIR_GATEWAY_LISTEN WEIR_ADMIN_LISTEN WEIR_OPS_LISTEN; do
    case "$name" in
      WEIR_GATEWAY_LISTEN) address=$gateway_listen ;;
      WEIR_ADMIN_LISTEN) address=$admin_listen ;;
      *) address=$ops_listen ;;
    esac
    port_is_free "$address" ||
      fail "$address is in use by another program; end it, or set $name to a free address such as 127.0.0.1:18080."
  done
}

# === getting the binary ===

elapsed() { printf '%d min %02d s' $((SECONDS / 60)) $((SECONDS % 60)); }

# Shows the progress of a command that writes to a log: on a terminal as it goes, else a line now and then.
# On failure the end of the log says why.
watch_progress() {
  local what=$1 log=$2 pid=$3 told=0 crates
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    crates=$(grep -c '^ *Compiling' "$log" || true)
    if [ -t 1 ]; then
      printf '\r%s… %s: %s of %s crates, %s%s ' "$dim" "$what" "$crates" "$crates_total" "$(elapsed)" "$plain"
    elif [ $((SECONDS - told)) -ge 30 ]; then
      doing "$what: $crates of $crates_total crates, $(elapsed)"
      told=$SECONDS
    fi
  done
  if [ -t 1 ]; then printf '\r\e[K'; fi
  wait "$pid"
}

build() {
  local log=$scratch/build.log
  binary=$checkout/target/quick/weir
  need_space 3000 "$checkout" "building Weir"
  doing "building the portal"
  "$checkout/.ci/portal" >"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "the portal could not be built; the lines above say why."; }
  step "portal built ($(elapsed))"
  crates_total=$(cd "$checkout" && cargo tree --locked -q -e normal,build --prefix none -p weir 2>/dev/null |
    awk '{print $1, $2}' | sort -u | wc -l)
  (cd "$checkout" && exec cargo build --profile quick --locked -p weir) >"$log" 2>&1 &
  watch_progress "building Weir" "$log" $! || { tail -n 30 "$log" >&2; fail "Weir could not be built; the lines above say why."; }
  step "Weir built ($(elapsed))"
}

fetch() {
  local url=$WEIR_RELEASE_URL archive=$scratch/weir.tar.gz expected found
  case "$url" in *.tar.gz | *.tgz) ;; *) url=${url%/}/weir-linux-$(uname -m).tar.gz ;; esac
  doing "fetching $url"
  curl -fsSL --retry 2 --connect-timeout 10 -o "$archive" "$url" || fail "cannot fetch $url; check WEIR_RELEASE_URL and the network."
  if [ -n "${WEIR_RELEASE_SHA256:-}" ]; then
    expected=$WEIR_RELEASE_SHA256
  else
    expected=$(curl -fsSL --retry 2 --connect-timeout 10 "$url.sha256" | awk 'NR == 1 {print $1}') ||
      fail "cannot fetch $url.sha256, which the archive is verified with; or set WEIR_RELEASE_SHA256."
  fi
  found=$(sha256sum "$archive" | awk '{print $1}')
  [ "$found" = "$expected" ] || fail "the archive is not what was published: its SHA-256 is $found, expected was ${expected:-nothing}."
  mkdir "$scratch/archive"
  tar -xzf "$archive" -C "$scratch/archive" --no-same-owner || fail "the archive at $url cannot be unpacked."
  found=$(find "$scratch/archive" -type f -name weir | head -n 1)
  [ -n "$found" ] || fail "the archive at $url holds no program named weir."
  mkdir -p "$data/bin"
  binary=$data/bin/weir
  if ! cmp -s "$found" "$binary"; then
    chmod 755 "$found"
    mv -f "$found" "$binary"
  fi
  "$binary" version >/dev/null 2>&1 || fail "the program in the archive does not run on this machine ($(uname -sm))."
  step "$("$binary" version) fetched, SHA-256 verified"
}

get_binary() {
  if [ -n "${WEIR_BIN:-}" ]; then
    binary=$(cd "$(dirname "$WEIR_BIN")" && pwd)/$(basename "$WEIR_BIN")
    step "$("$binary" version) ($binary)"
  elif [ -n "$checkout" ] && [ -z "${WEIR_RELEASE_URL:-}" ]; then
    build
  else
    fetch
  fi
}

# === starting ===

start_server() {
  local pid waited
  if pid=$(running); then
    if [ ! "$binary" -nt "$pid_file" ]; then
      step "running already (process $pid)"
      return
    fi
    doing "restarting with the new build"
    end_process "$pid" || fail "the old server does not end."
    rm -f "$pid_file"
  fi
  check_ports
  : >"$ready_file"
  nohup "$binary" run --data-dir "$data" --gateway-listen "$gateway_listen" --admin-listen "$admin_listen" \
    --ops-listen "$ops_listen" </dev/null >"$ready_file" 2>>"$log_file" &
  started_pid=$!
  printf '%s\n' "$started_pid" >"$pid_file"
  for ((waited = 0; waited < 600; waited++)); do
    if grep -q '"event":"listening"' "$ready_file"; then
      step "running (process $started_pid)"
      return
    fi
    if ! kill -0 "$started_pid" 2>/dev/null; then
      tail -n 5 "$log_file" >&2
      fail "Weir did not start; the lines above say why."
    fi
    sleep 0.1
  done
  fail "Weir did not answer within a minute; look at $log_file."
}

# listening NAME -> ip:port, as the server said it
listening() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$ready_file" | head -n 1
}

# An address to call: a server that listens on every interface is called on the loopback one.
address() {
  local at
  at=$(listening "$1")
  case "$at" in 0.0.0.0:*) at=127.0.0.1:${at##*:} ;; "[::]:"*) at="[::1]:${at##*:}" ;; esac
  printf 'http://%s' "$at"
}

# === configuring ===

# The first model of a local Ollama, or nothing.
ollama_model() {
  curl -fsS --max-time 2 "$ollama/api/tags" 2>/dev/null |
    sed -n 's/.*"models":\[{"name":"\([^"]*\)".*/\1/p' | head -n 1
}

# A secret as a YAML string: single quotes, doubled inside.
quoted() { printf "'%s'" "${1//\'/\'\'}"; }

# provider ID NAME PROTOCOL BASE_URL KEY
provider() {
  printf -- '---\nkind: Provider\nid: %s\nspec:\n  name: %s\n  protocol: %s\n  base_url: %s\n' "$1" "$2" "$3" "$4"
  if [ -n "$5" ]; then printf '  keys:\n    - {id: quick-start, secret: %s}\n' "$(quoted "$5")"; fi
}

# Sets `providers` (ids), `targets` and `documents` from what this machine offers.
find_providers() {
  local local_model
  providers='' targets='' documents=''
  add() {
    providers="${providers:+$providers,}$1"
    targets+=$(printf '\n    - {provider: %s, model: %s, priority: %d}' "$1" "$(quoted "$2")" "$3")
  }
  if [ -n "${OPENAI_API_KEY:-}" ]; then
    add openai gpt-4o-mini 0
    documents+=$(provider openai OpenAI openai "${OPENAI_BASE_URL:-https://api.openai.com/v1}" "$OPENAI_API_KEY")$'\n'
    # An address that somebody gave may be a proxy or a server of their own network.
    if [ -n "${OPENAI_BASE_URL:-}" ]; then documents+=$'  allow_private_address: true\n'; fi
  fi
  if [ -n "${ANTHROPIC_API_KEY:-}" ]; then
    add anthropic claude-haiku-4-5 1
    documents+=$(provider anthropic Anthropic anthropic https://api.anthropic.com/v1 "$ANTHROPIC_API_KEY")$'\n'
  fi
  if [ -n "${GEMINI_API_KEY:-}" ]; then
    add gemini gemini-2.5-flash 2
    documents+=$(provider gemini 'Google Gemini' openai https://generativelanguage.googleapis.com/v1beta/openai "$GEMINI_API_KEY")$'\n'
  fi
  local_model=$(ollama_model) || true
  if [ -n "$local_model" ]; then
    add ollama "$local_model" 3
    documents+=$(provider ollama Ollama openai "$ollama/v1" '')$'\n  allow_private_address: true\n'
  fi
  if [ -z "$providers" ]; then add demo demo-small 0; fi
}

# The documents go through a pipe: keys are sealed by the server and never lie on the disk in the clear.
configure() {
  local known key
  find_providers
  known=$(sed -n 's/^# providers: //p' "$env_file" 2>/dev/null || true)
  if [ "$known" = "$providers" ] && load_env && key_works; then
    step "configured already (provider: $providers)"
    return
  fi
  WEIR_ADMIN_URL=$(address admin)
  WEIR_ADMIN_TOKEN=$(cat "$data/admin-token") || fail "the server left no admin token in $data."
  WEIR_GATEWAY_URL=$(address gateway)
  export WEIR_ADMIN_URL WEIR_ADMIN_TOKEN WEIR_GATEWAY_URL
  export WEIR_MODEL=chat
  "$binary" apply - >/dev/null <<YAML || fail "the configuration was refused; the lines above say why."
$documents
---
kind: ModelRoute
id: chat
spec:
  description: Made by quick-start.sh
  targets:$targets
---
kind: Application
id: quick-start
spec:
  name: Quick start
  models: ["*"]
  services: ["*"]
YAML
  # The key of an earlier run is kept while it works: programs may use it.
  if ! { load_key && key_works; }; then
    key=$("$binary" key create quick-start --name quick-start.sh 2>/dev/null) || fail "no API key could be made."
    export WEIR_API_KEY=$key
  fi
  write_env
  if [ "$providers" = demo ]; then
    step "provider: the built-in demo (set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY and run this again)"
  else
    step "provider: $providers"
  fi
}

load_key() {
  WEIR_API_KEY=$(sed -n 's/^WEIR_API_KEY=//p' "$env_file" 2>/dev/null) && [ -n "$WEIR_API_KEY" ] && export WEIR_API_KEY
}

load_env() {
  [ -f "$env_file" ] || return 1
  set -a
  # shellcheck disable=SC1090  # written by write_env, below
  . "$env_file"
  set +a
  [ "$WEIR_GATEWAY_URL" = "$(address gateway)" ] && [ "$WEIR_ADMIN_URL" = "$(address admin)" ]
}

key_works() {
  [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 -H @- "$WEIR_GATEWAY_URL/v1/models" \
    <<<"authorization: Bearer $WEIR_API_KEY")" = 200 ]
}

write_env() {
  {
    printf '# Written by quick-start.sh. Load it with: set -a; . %s; set +a\n# providers: %s\n' "$env_file" "$providers"
    printf 'WEIR_GATEWAY_URL=%s\nWEIR_ADMIN_URL=%s\nWEIR_API_KEY=%s\nWEIR_ADMIN_TOKEN=%s\nWEIR_MODEL=%s\n' \
      "$WEIR_GATEWAY_URL" "$WEIR_ADMIN_URL" "$WEIR_API_KEY" "$WEIR_ADMIN_TOKEN" "$WEIR_MODEL"
  } >"$env_file.new"
  chmod 600 "$env_file.new"
  mv -f "$env_file.new" "$env_file"
}

# === the end of it ===

first_call() {
  local prompt='Say hello to somebody who has just started an API gateway, in one sentence.'
  printf '\n%sA first call through the gateway%s (model %s)\n> %s\n' "$bold" "$plain" "$WEIR_MODEL" "$prompt"
  "$binary" call "$prompt" 2>&1 ||
    fail "the call did not work out. If a vendor refused its key, mend or unset it and run this again; without any key the built-in demo answers."
}

tell() {
  local portal me=./quick-start.sh
  portal=$(cat "$data/setup-link" 2>/dev/null) || portal="$WEIR_ADMIN_URL/"
  [ -n "$checkout" ] && [ "$PWD" = "$checkout" ] || me="${BASH_SOURCE[0]:-quick-start.sh}"
  cat <<TEXT

${bold}Portal${plain}   $portal
${bold}Gateway${plain}  $WEIR_GATEWAY_URL   (OpenAI and Anthropic SDKs work unchanged with this base URL)
${bold}Keys${plain}     $env_file

${bold}Try it${plain}
  set -a; . $env_file; set +a
  curl "\$WEIR_GATEWAY_URL/v1/chat/completions" \\
    -H "Authorization: Bearer \$WEIR_API_KEY" -H "content-type: application/json" \\
    -d '{"model": "$WEIR_MODEL", "messages": [{"role": "user", "content": "Hello"}]}'

${dim}$me stop | status | logs | uninstall${plain}
TEXT
}

start() {
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  check_tools
  scratch=$(mktemp -d)
  # Before anything takes time: nobody wants to learn after a build that a port is taken.
  running >/dev/null || check_ports
  check_data_directory
  get_binary
  # What is made from here on is for its owner alone; what was built is for everybody.
  umask 077
  start_server
  configure
  first_call
  tell
}

stop() {
  local pid
  if ! pid=$(running); then
    echo "Weir is not running."
    rm -f "$pid_file"
    return
  fi
  end_process "$pid" || exit 1
  rm -f "$pid_file" "$ready_file"
  step "stopped; its data stay in $data"
}

status() {
  local pid
  if ! pid=$(running); then
    echo "Weir is not running. Start it with quick-start.sh."
    exit 3
  fi
  printf 'Weir runs (process %s).\n  gateway  %s\n  portal   %s/\n  metrics  %s/metrics\n  data     %s\n' \
    "$pid" "$(address gateway)" "$(address admin)" "$(address ops)" "$data"
}

logs() {
  [ -f "$log_file" ] || fail "there is no log at $log_file; Weir was not started from here."
  if [ "${1:-}" = -f ]; then exec tail -n 200 -f "$log_file"; fi
  tail -n 200 "$log_file"
}

uninstall() {
  local pid
  if pid=$(running); then end_process "$pid" || exit 1; fi
  if [ ! -d "$data" ]; then
    echo "Nothing to remove: $data is not there."
    return
  fi
  # Only a directory that Weir made is removed, whatever WEIR_DATA_DIR says.
  if [ ! -f "$log_file" ] && [ ! -f "$env_file" ] && [ ! -d "$data/bin" ]; then
    fail "$data does not look like the data of Weir; remove it yourself if you mean it."
  fi
  rm -rf "$data"
  step "removed $data"
}

usage() {
  # Through a pipe (curl … | bash) there is no file to read it from.
  if [ ! -f "${BASH_SOURCE[0]:-}" ]; then echo "quick-start.sh [start | stop | status | logs [-f] | uninstall]"; return; fi
  sed -n '2,/^set -euo/{/^set -euo/d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}"
}

case "${1:-start}" in
  start) start ;;
  stop) stop ;;
  status) status ;;
  logs) logs "${2:-}" ;;
  uninstall) uninstall ;;
  help | -h | --help) usage ;;
  *) fail "$1 is not known; use start, stop, status, logs or uninstall." ;;
esac
