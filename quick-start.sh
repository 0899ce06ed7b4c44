#!/usr/bin/env bash
# From nothing to a metered call: gets Weir, starts it in the background, calls a model, says what to do next.
#
#   ./quick-start.sh             start (again: starts what is missing, and nothing twice)
#   ./quick-start.sh stop        stop the server, keep its data
#   ./quick-start.sh status      say whether it runs, and where
#   ./quick-start.sh logs [-f]   show its log
#   ./quick-start.sh uninstall   stop it and remove its data
#
# It fetches the archive at WEIR_RELEASE_URL and verifies its SHA-256 (WEIR_RELEASE_SHA256, or the file beside it with
# .sha256); without that address it runs what was fetched before, and builds in a checkout. WEIR_BIN names a binary
# that is there already.
# Vendor keys are taken from OPENAI_API_KEY, ANTHROPIC_API_KEY and GEMINI_API_KEY, models of a local Ollama
# are found; without any of them the built-in demo provider answers. A changed key is taken over by the next run.
# OPENAI_BASE_URL and OPENAI_MODEL name another server that speaks OpenAI's dialect, and its model (gpt-4o-mini).
# WEIR_DATA_DIR (./weir-data), WEIR_GATEWAY_LISTEN (127.0.0.1:8080), WEIR_ADMIN_LISTEN (…:8081) and
# WEIR_OPS_LISTEN (…:8082) say where it lies and listens; it stays at its addresses until others are given.

# Read line by line: other shells get as far as this sentence.
if [ -z "${BASH_VERSION:-}" ]; then
  echo 'quick-start: this is a script for bash; run it with: bash quick-start.sh' >&2
  exit 1
fi
set -euo pipefail
unset CDPATH # or cd would print where it went

self=${BASH_SOURCE[0]:-} # empty when it comes through a pipe
if [ -L "$self" ]; then self=$(readlink -f "$self"); fi
here=$(cd "$(dirname "${self:-./}")" && pwd)
checkout=
if [ -f "$here/Cargo.toml" ] && [ -f "$here/src/main.rs" ]; then checkout=$here; fi

ollama=${OLLAMA_HOST:-http://127.0.0.1:11434}
case "$ollama" in
  *://*) ;;
  *:*) ollama=http://$ollama ;;
  *) ollama=http://$ollama:11434 ;;
esac
# What Ollama takes as "every interface" is called on this one.
ollama=${ollama/0.0.0.0/127.0.0.1} ollama=${ollama%/}

# What lies in the data directory by the hands of Weir and of this script; journal/, bodies/ and bin/ beside it.
weir_files=(weir.db weir.db-wal weir.db-shm weir.db-journal master.key admin-token setup-link setup-token lock
  weir.pid weir.log listening.json quick-start.env quick-start.env.new quick-start.lock .made-by-quick-start)
env_head='# Written by quick-start.sh.'
newline=$'\n'

# What this run made, so that a failure can take it back.
made_data=     # the data directory itself
fresh_data=    # or what Weir put into one that was there
foreign=       # which of those names were taken before
started_pid=
worker_pid= # a build or a download
scratch=

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

# A word for a shell to read back, whatever is in it.
shell_word() {
  local word=$1 quote="'" escaped="'\\''"
  case "$word" in
    *[!A-Za-z0-9_./:@%+=,-]*) printf "'%s'" "${word//$quote/$escaped}" ;;
    *) printf '%s' "$word" ;;
  esac
}

# Whatever goes wrong, nothing half-done stays: what this run started or made goes again.
clean_up() {
  local code=$? job
  trap - EXIT
  trap '' INT TERM HUP
  if [ "$code" -ne 0 ]; then
    # Each job leads a process group. The shell knows of one before a variable can: a signal may come in between.
    for job in $(jobs -p); do
      kill -TERM -- "-$job" 2>/dev/null || true
      end_process "$job" || true
    done
    if [ -n "$started_pid" ]; then rm -f "$pid_file"; fi
    if [ -n "$made_data" ]; then rm -rf "$data"; elif [ -n "$fresh_data" ]; then remove_weir_files; fi
  fi
  if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
  exit "$code"
}

on_signals() {
  # shellcheck disable=SC2064  # the command is known now
  trap "$1 130" INT && trap "$1 143" TERM && trap "$1 129" HUP
}

interrupted=
remember() { interrupted=$1; }

# === the data directory ===

# Names it by its one absolute path, however it was spelled: a server is known by it.
find_data() {
  local physical
  data=${WEIR_DATA_DIR:-${checkout:-$PWD}/weir-data}
  case "$data" in *"$newline"*) fail "WEIR_DATA_DIR must be on one line." ;; esac
  case "$data" in /*) ;; *) data=$PWD/$data ;; esac
  if [ -d "$data" ]; then
    physical=$(cd "$data" 2>/dev/null && pwd -P) && [ -r "$data" ] ||
      fail "$(id -un) may not read $data; run this as its owner, or set WEIR_DATA_DIR to another directory."
    data=$physical
  fi
  pid_file=$data/weir.pid env_file=$data/quick-start.env log_file=$data/weir.log
  ready_file=$data/listening.json lock_file=$data/quick-start.lock marker=$data/.made-by-quick-start
}

make_data_directory() {
  local name
  mkdir -p "$(dirname "$data")" 2>/dev/null || true
  # A signal waits until it is known what was made here.
  on_signals remember
  # Not with -p: of two runs at once, one has made it.
  if mkdir -m 700 "$data" 2>/dev/null; then
    made_data=1
    find_data
    printf 'quick-start.sh made this directory; its uninstall removes it whole.\n%s\n' "$data" >"$marker" ||
      fail "$data cannot be written to; is the disk full?"
  fi
  [ -d "$data" ] || fail "cannot make $data; set WEIR_DATA_DIR to a directory that you may write to."
  [ -w "$data" ] || fail "$(id -un) may not write to $data; set WEIR_DATA_DIR to a directory that you may write to."
  for name in "${weir_files[@]}" journal bodies bin; do
    # The lock is of every run, and a directory made here held nothing of others.
    if [ -z "$made_data" ] && [ -e "$data/$name" ] && [ "$name" != quick-start.lock ]; then
      foreign+=$newline$name$newline
    fi
  done
  hold_data
  if [ ! -e "$data/weir.db" ] && [ ! -e "$env_file" ]; then fresh_data=1; fi
  if [ -n "$fresh_data" ] && [ ! -e "$marker" ] && [ -e "$data/bin/weir" ]; then
    fail "$data/bin/weir is there and not from this script; set WEIR_DATA_DIR to a directory for Weir alone."
  fi
  on_signals exit
  [ -z "$interrupted" ] || exit "$interrupted"
  need_space 200 "$data" "the data of Weir"
}

# One run at a time changes a data directory. The system lets go of the lock when the run ends, however it ends.
hold_data() {
  local code=0
  command -v flock >/dev/null 2>&1 || return 0
  { exec 9>>"$lock_file"; } 2>/dev/null || fail "$(id -un) may not write to $data; run this as its owner."
  flock -n 9 || code=$? # more than 1: this file system has no locks, and Weir says so itself where it needs them
  if [ "$code" -eq 1 ] || [ ! -e "$lock_file" ]; then
    made_data='' # whoever holds it goes on with it
    fail "another quick-start.sh is at work on $data; wait until it has ended."
  fi
}

# Removes what Weir and this script write, but nothing that was there before, and no directory with anything else in it.
remove_weir_files() {
  local name
  for name in "${weir_files[@]}"; do
    case "$foreign" in *"$newline$name$newline"*) continue ;; esac
    if [ ! -d "$data/$name" ]; then rm -f "${data:?}/$name"; fi
  done
  for name in journal bodies; do
    case "$foreign" in *"$newline$name$newline"*) continue ;; esac
    if [ ! -L "$data/$name" ]; then rm -f "${data:?}/$name"/{lock,position} "${data:?}/$name"/[0-9]*.journal; fi
    rmdir "${data:?}/$name" 2>/dev/null || true
  done
  case "$foreign" in *"${newline}bin$newline"*) ;; *)
    if [ ! -L "$data/bin" ]; then rm -f "$data"/bin/weir "$data"/bin/weir.new; fi
    rmdir "$data/bin" 2>/dev/null || true ;;
  esac
}

# Whether the directory may be removed with all that is in it: this script made it, where it lies now, and nothing that
# must stay is in it.
is_ours_whole() {
  local keep
  [ -f "$marker" ] && [ "$(sed -n 2p "$marker")" = "$data" ] && [ "$data" != / ] || return 1
  for keep in "${HOME:-/}" "$here"; do
    keep=$(cd "$keep" 2>/dev/null && pwd -P) || continue
    case "$keep/" in "$data"/*) return 1 ;; esac
  done
}

# === the process ===

# A process that has ended but was not waited for (there is no init in many containers) does not count.
alive() {
  kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# The arguments of a process, one a line.
arguments() {
  if [ -r "/proc/$1/cmdline" ]; then
    tr '\0' '\n' <"/proc/$1/cmdline"
  else
    # Without /proc the words run together; where our path stands between its neighbours, they are ours.
    case "$(ps -o args= -p "$1" 2>/dev/null)" in
      *" run --data-dir $data --gateway-listen "*) printf -- '--data-dir\n%s\n' "$data" ;;
    esac
  fi
}

# The pid of our server, if it runs: the file may be stale or torn, and its number may belong to another program by
# now, also to another Weir.
running() {
  local pid=
  { read -r pid <"$pid_file"; } 2>/dev/null || true
  case "$pid" in '' | 0* | *[!0-9]*) return 1 ;; esac
  alive "$pid" || return 1
  case "$newline$(arguments "$pid")$newline" in *"$newline--data-dir$newline$data$newline"*) ;; *) return 1 ;; esac
  printf '%s' "$pid"
}

# Asks a process to end, and waits until its requests have ended too.
end_process() {
  local pid=$1 waited
  kill -TERM "$pid" 2>/dev/null || return 0
  for ((waited = 0; waited < 750; waited++)); do
    alive "$pid" || return 0
    if [ "$waited" -eq 20 ]; then doing "waiting for the requests under way, a minute at most"; fi
    sleep 0.1
  done
  printf 'quick-start: process %s does not end; look at %s\n' "$pid" "$log_file" >&2
  return 1
}

port_is_free() {
  local host=${1%:*} port=${1##*:}
  host=${host#[} host=${host%]}
  # Asking an address of elsewhere may take minutes; the server says itself when it cannot listen there.
  case "$host" in 127.* | 0.0.0.0 | ::1 | ::) ;; *) return 0 ;; esac
  ! (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null
}

# === finding what is needed ===

# A link leads to what was built or named; a file was fetched.
fetched_before() { [ -x "$data/bin/weir" ] && [ ! -L "$data/bin/weir" ]; }

check_tools() {
  local tool
  for tool in curl sed grep awk mktemp sha256sum nohup; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing; install it and run this again."
  done
  if [ -n "${WEIR_BIN:-}" ]; then
    [ -f "$WEIR_BIN" ] && [ -x "$WEIR_BIN" ] || fail "WEIR_BIN=$WEIR_BIN is not a program."
  elif [ -n "${WEIR_RELEASE_URL:-}" ]; then
    for tool in tar gzip find cmp; do
      command -v "$tool" >/dev/null 2>&1 || fail "$tool is missing; install it and run this again."
    done
  elif [ -n "$checkout" ] && ! fetched_before; then
    "$checkout/.ci/install" rust portal || fail "the tools named above are needed to build Weir."
  elif [ ! -x "$data/bin/weir" ]; then
    fail "this is not a checkout of Weir: set WEIR_RELEASE_URL to the address of a release archive (.tar.gz)."
  fi
}

# need_space MEGABYTES DIRECTORY WHAT
need_space() {
  local free
  free=$(df -Pk "$2" 2>/dev/null | awk 'NR == 2 {print int($4 / 1024)}') || return 0
  [ -z "$free" ] || [ "$free" -ge "$1" ] || fail "$3 needs $1 MB, but only $free MB are free at $2."
}

# Where to listen: as the environment says, else where the last run did, as programs know it there.
find_addresses() {
  local gateway='' admin='' ops=''
  read -r gateway admin ops < <(noted listen) || true
  gateway_listen=${WEIR_GATEWAY_LISTEN:-${gateway:-127.0.0.1:8080}}
  admin_listen=${WEIR_ADMIN_LISTEN:-${admin:-127.0.0.1:8081}}
  ops_listen=${WEIR_OPS_LISTEN:-${ops:-127.0.0.1:8082}}
}

check_addresses() {
  local given name address port like seen='' pattern='^(\[[0-9A-Fa-f:.]+\]|([0-9]{1,3}\.){3}[0-9]{1,3}):[0-9]{1,5}$'
  for given in "WEIR_GATEWAY_LISTEN=$gateway_listen" "WEIR_ADMIN_LISTEN=$admin_listen" "WEIR_OPS_LISTEN=$ops_listen"; do
    name=${given%%=*} address=${given#*=} port=${given##*[:=]} like=127.0.0.1:18080
    if ! [[ $port =~ ^[0-9]{1,5}$ ]]; then port=65536; fi
    if ! [[ $address =~ $pattern ]] || [ "$((10#$port))" -gt 65535 ]; then
      if [ "$((10#$port))" -le 65535 ]; then like=127.0.0.1:$port; fi
      fail "$name=$address is not an IP address with a port; write it like $like."
    fi
    case "$seen" in *" $address "*) fail "$name=$address is the address of another listener of Weir; give each its own." ;; esac
    if [ "$((10#$port))" -ne 0 ]; then seen+=" $address "; fi
  done
}

# check_ports ARGUMENTS: those of our running server, whose own ports are not in the way. Sets `moved` when it is to
# listen elsewhere from now on.
check_ports() {
  local name option address
  while read -r name option address; do
    case "$1" in *"$newline$option$newline$address$newline"*) continue ;; esac
    # Running already, and nobody asked for another address: it stays where it is.
    if [ -n "$1" ] && [ -z "${!name:-}" ]; then continue; fi
    moved=1
    port_is_free "$address" ||
      fail "$address is in use by another program; end it, or set $name to a free address such as 127.0.0.1:18080."
  done < <(printf '%s\n' "WEIR_GATEWAY_LISTEN --gateway-listen $gateway_listen" \
    "WEIR_ADMIN_LISTEN --admin-listen $admin_listen" "WEIR_OPS_LISTEN --ops-listen $ops_listen")
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

# Starts something long in a process group of its own, so that an interrupted run is not held up by it, and ends it with
# all that it started.
work_on() {
  set -m
  "$@" </dev/null 9>&- &
  worker_pid=$!
  set +m
}

build() {
  local log=$scratch/build.log
  binary=$checkout/target/quick/weir
  need_space 3000 "$checkout" "building Weir"
  doing "building the portal"
  "$checkout/.ci/portal" >"$log" 2>&1 9>&- ||
    { tail -n 30 "$log" >&2; fail "the portal could not be built; the lines above say why."; }
  step "portal built ($(elapsed))"
  crates_total=$(cd "$checkout" && cargo tree --locked -q -e normal,build --prefix none -p weir 2>/dev/null |
    awk '{print $1, $2}' | sort -u | wc -l) || crates_total='?'
  work_on bash -c 'cd "$1" && exec cargo build --profile quick --locked --target-dir target -p weir' bash "$checkout" >"$log" 2>&1
  watch_progress "building Weir" "$log" "$worker_pid" ||
    { tail -n 30 "$log" >&2; fail "Weir could not be built; the lines above say why."; }
  worker_pid=
  step "Weir built ($(elapsed))"
}

# download URL FILE. One that stands still for half a minute has failed.
download() {
  work_on curl -fsSL --retry 2 --connect-timeout 10 --speed-limit 1 --speed-time 30 -o "$2" "$1"
  wait "$worker_pid" || return
  worker_pid=
}

fetch() {
  local url=$WEIR_RELEASE_URL archive=$scratch/weir.tar.gz path query expected found
  path=${url%%[?#]*} query=${url#"${url%%[?#]*}"}
  while [ "${path%/}" != "$path" ]; do path=${path%/}; done
  case "$path" in *.tar.gz | *.tgz) ;; *) path=$path/weir-linux-$(uname -m).tar.gz ;; esac
  url=$path$query
  doing "fetching $path"
  download "$url" "$archive" || fail "cannot fetch $path; check WEIR_RELEASE_URL and the network."
  if [ -n "${WEIR_RELEASE_SHA256:-}" ]; then
    expected=$WEIR_RELEASE_SHA256
  else
    download "$path.sha256$query" "$archive.sha256" ||
      fail "cannot fetch $path.sha256, which the archive is verified with; or set WEIR_RELEASE_SHA256."
    expected=$(awk 'NR == 1 {print $1}' "$archive.sha256")
  fi
  expected=$(printf '%s' "$expected" | tr 'A-F' 'a-f')
  [[ $expected =~ ^[0-9a-f]{64}$ ]] || fail "${WEIR_RELEASE_SHA256:+WEIR_RELEASE_SHA256=}${WEIR_RELEASE_SHA256:-$path.sha256} is no SHA-256: 64 hexadecimal digits."
  found=$(sha256sum "$archive" | awk '{print $1}')
  [ "$found" = "$expected" ] || fail "the archive is not what was published: its SHA-256 is $found, expected was $expected."
  mkdir "$scratch/archive"
  tar -xzf "$archive" -C "$scratch/archive" --no-same-owner || fail "the archive at $path cannot be unpacked."
  found=$(find "$scratch/archive" -type f -name weir -print -quit)
  [ -n "$found" ] || fail "the archive at $path holds no program named weir."
  binary=$data/bin/weir
  mkdir -p "$data/bin"
  # Whole and able to run before it takes the place of another.
  if [ -L "$binary" ] || ! cmp -s "$found" "$binary"; then
    cp "$found" "$binary.new" && chmod 755 "$binary.new" || fail "cannot write $binary; is the disk full?"
    "$binary.new" version >/dev/null 2>&1 || fail "the program in the archive does not run on this machine ($(uname -sm))."
    mv -f "$binary.new" "$binary"
  fi
  step "$("$binary" version) fetched, SHA-256 verified"
}

get_binary() {
  local version binary_note=''
  if [ -n "${WEIR_BIN:-}" ]; then
    binary=$(cd "$(dirname "$WEIR_BIN")" && pwd)/$(basename "$WEIR_BIN")
  elif [ -n "${WEIR_RELEASE_URL:-}" ]; then
    fetch
    return
  elif [ -n "$checkout" ] && ! fetched_before; then
    build
  else
    binary=$data/bin/weir
  fi
  version=$("$binary" version 2>/dev/null) || fail "$binary does not run on this machine ($(uname -sm))."
  if [ "$binary" != "$data/bin/weir" ]; then
    mkdir -p "$data/bin"
    ln -sf "$binary" "$data/bin/weir"
  fi
  if [ -n "$checkout" ] && [ "$binary" = "$data/bin/weir" ]; then
    binary_note=', fetched before; remove it to build this checkout'
  fi
  step "$version ($binary$binary_note)"
}

# === starting ===

start_server() {
  local pid replaced=
  if pid=$(running); then
    if [ -z "$moved" ] && [ ! "$binary" -nt "$pid_file" ]; then
      wait_for_server "$pid"
      step "running already (process $pid)"
      return
    fi
    if [ -n "$moved" ]; then doing "restarting at its new address"; else doing "restarting with the new build"; fi
    end_process "$pid" || fail "the old server does not end."
    rm -f "$pid_file"
    replaced=1
  fi
  check_ports ''
  : >"$ready_file"
  # In a process group of its own: what interrupts this script's group later must not end the server.
  set -m
  nohup "$binary" run --data-dir "$data" --gateway-listen "$gateway_listen" --admin-listen "$admin_listen" \
    --ops-listen "$ops_listen" </dev/null >"$ready_file" 2>>"$log_file" 9>&- &
  started_pid=$!
  set +m
  printf '%s\n' "$started_pid" >"$pid_file"
  wait_for_server "$started_pid"
  step "running (process $started_pid)"
  # It stands where another stood: whatever fails from here on, those who called that one still have theirs.
  if [ -n "$replaced" ]; then
    disown "$started_pid"
    started_pid=
  fi
}

wait_for_server() {
  local waited
  for ((waited = 0; waited < 600; waited++)); do
    if grep -q '"event":"listening"' "$ready_file" 2>/dev/null; then return; fi
    if ! alive "$1"; then
      tail -n 5 "$log_file" >&2
      fail "Weir did not start; the lines above say why."
    fi
    sleep 0.1
  done
  fail "Weir did not answer within a minute; look at $log_file."
}

# listening NAME -> ip:port, as the server said it
listening() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$ready_file" 2>/dev/null | sed -n 1p || true
}

# An address to call: a server that listens on every interface is called on the loopback one.
address() {
  local at
  at=$(listening "$1")
  case "$at" in 0.0.0.0:*) at=127.0.0.1:${at##*:} ;; "[::]:"*) at="[::1]:${at##*:}" ;; esac
  [ -n "$at" ] || fail "$ready_file does not say where Weir listens; run quick-start.sh stop, then start it again."
  printf 'http://%s' "$at"
}

# === configuring ===

# The first model of a local Ollama that can chat, or nothing.
ollama_model() {
  curl -fsS --noproxy '*' --max-time 2 "$ollama/api/tags" 2>/dev/null | grep -o '"name":"[^"]*"' |
    sed 's/^"name":"//; s/"$//' | grep -v embed | sed -n 1p
}

# Anything as a YAML string: single quotes, doubled inside.
quoted() {
  local quote="'"
  printf "'%s'" "${1//$quote/$quote$quote}"
}

# provider ID NAME PROTOCOL BASE_URL KEY
provider() {
  printf -- '---\nkind: Provider\nid: %s\nspec:\n  name: %s\n  protocol: %s\n  base_url: %s\n' "$1" "$2" "$3" "$(quoted "$4")"
  if [ -n "$5" ]; then printf '  keys:\n    - {id: quick-start, secret: %s}\n' "$(quoted "$5")"; fi
}

# Who points programs at Weir has its key and address in these variables: Weir would call itself.
is_vendor_key() {
  case "$1" in '' | weir_*) return 1 ;; esac
}

# Sets `providers` (ids), `vendors` (their documents) and `callers` (the others) from what this machine offers.
find_providers() {
  local local_model targets=''
  providers='' vendors=''
  add() {
    providers="${providers:+$providers,}$1"
    targets+=$(printf '\n    - {provider: %s, model: %s, priority: %d}' "$1" "$(quoted "$2")" "$3")
  }
  if is_vendor_key "${OPENAI_API_KEY:-}"; then
    add openai "${OPENAI_MODEL:-gpt-4o-mini}" 0
    vendors+=$(provider openai OpenAI openai "${OPENAI_BASE_URL:-https://api.openai.com/v1}" "$OPENAI_API_KEY")$'\n'
    # An address that somebody gave may be a proxy or a server of their own network.
    if [ -n "${OPENAI_BASE_URL:-}" ]; then vendors+=$'  allow_private_address: true\n'; fi
  fi
  if is_vendor_key "${ANTHROPIC_API_KEY:-}"; then
    add anthropic claude-haiku-4-5 1
    vendors+=$(provider anthropic Anthropic anthropic https://api.anthropic.com/v1 "$ANTHROPIC_API_KEY")$'\n'
  fi
  if is_vendor_key "${GEMINI_API_KEY:-}"; then
    add gemini gemini-2.5-flash 2
    vendors+=$(provider gemini 'Google Gemini' openai https://generativelanguage.googleapis.com/v1beta/openai "$GEMINI_API_KEY")$'\n'
  fi
  local_model=$(ollama_model) || true
  if [ -n "$local_model" ]; then
    add ollama "$local_model" 3
    vendors+=$(provider ollama Ollama openai "$ollama/v1" '')$'\n  allow_private_address: true\n'
  fi
  if [ -z "$providers" ]; then add demo demo-small 0; fi
  callers="---
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
  models: ['*']
  services: ['*']
"
}

# noted NAME -> what an earlier run wrote about itself
noted() { sed -n "s/^# $1: //p" "$env_file" 2>/dev/null || true; }

# A fingerprint of text that holds secrets, keyed, so that it tells nothing to who has not the admin token.
fingerprint() { printf '%s\n%s' "$WEIR_ADMIN_TOKEN" "$1" | sha256sum | cut -c 1-32; }

# Applies what this machine offers where that has changed since the run before, and leaves alone what did not: people
# edit routes and applications in the portal.
configure() {
  local documents='' known key works='' told
  find_providers
  WEIR_ADMIN_URL=$(address admin)
  WEIR_GATEWAY_URL=$(address gateway)
  WEIR_ADMIN_TOKEN=$(cat "$data/admin-token") || fail "the server left no admin token in $data."
  export WEIR_ADMIN_URL WEIR_ADMIN_TOKEN WEIR_GATEWAY_URL WEIR_MODEL=chat
  # The key of an earlier run is kept while it works: programs may use it. Where it does not, its database is gone.
  known=$(noted providers)
  if load_key && key_works; then works=1; else known=''; fi
  vendors_mark=$(fingerprint "$vendors") callers_mark=$(fingerprint "$callers")
  answered=$(noted answered)
  if [ "$providers" = demo ] && [ -n "$known" ] && [ "$known" != demo ] && [ "$answered" != no ]; then
    # A shell without vendor keys is no reason to go back to the demo, where the vendor answers.
    providers=$known vendors_mark=$(noted vendors) callers_mark=$(noted callers)
  else
    if [ -z "$works" ] || [ "$vendors_mark" != "$(noted vendors)" ]; then documents+=$vendors; fi
    if [ -z "$works" ] || [ "$callers_mark" != "$(noted callers)" ]; then documents+=$callers; fi
  fi
  told="provider: $providers"
  if [ "$providers" = demo ]; then
    told="provider: the built-in demo (set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY and run this again)"
  fi
  if [ -z "$documents" ]; then
    told="configured already (provider: $providers)"
  else
    # Through a pipe, not a here-document, which may lie in a file: keys are never on the disk in the clear.
    printf '%s' "$documents" | "$binary" apply - >/dev/null || fail "the configuration was refused; the lines above say why."
    if [ -n "$known" ]; then told+=" (updated)"; fi
  fi
  if [ -z "$works" ]; then
    key=$("$binary" key create quick-start --name quick-start.sh 2>"$scratch/key.log") ||
      { cat "$scratch/key.log" >&2; fail "no API key could be made; the lines above say why."; }
    export WEIR_API_KEY=$key
  fi
  write_env
  step "$told"
}

load_key() {
  WEIR_API_KEY=$(sed -n 's/^WEIR_API_KEY=//p' "$env_file" 2>/dev/null) && [ -n "$WEIR_API_KEY" ] && export WEIR_API_KEY
}

key_works() {
  [ "$(printf 'authorization: Bearer %s' "$WEIR_API_KEY" |
    curl -s --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 5 -H @- "$WEIR_GATEWAY_URL/v1/models")" = 200 ]
}

write_env() {
  local name theirs=
  # Whose files lay here before the first start is known only then, and needed by uninstall.
  if [ -n "$fresh_data" ]; then
    for name in "${weir_files[@]}"; do
      case "$foreign" in *"$newline$name$newline"*) theirs+=" $name" ;; esac
    done
  else
    theirs=" $(noted foreign)"
  fi
  {
    printf '%s Load it with: set -a; . %s; set +a\n' "$env_head" "$(shell_word "$env_file")"
    printf '# foreign:%s\n' "$theirs"
    printf '# listen: %s %s %s\n' "$gateway_listen" "$admin_listen" "$ops_listen"
    printf '# providers: %s\n# vendors: %s\n# callers: %s\n# answered: %s\n' \
      "$providers" "$vendors_mark" "$callers_mark" "$answered"
    printf 'WEIR_GATEWAY_URL=%s\nWEIR_ADMIN_URL=%s\nWEIR_API_KEY=%s\nWEIR_ADMIN_TOKEN=%s\nWEIR_MODEL=%s\n' \
      "$WEIR_GATEWAY_URL" "$WEIR_ADMIN_URL" "$WEIR_API_KEY" "$WEIR_ADMIN_TOKEN" "$WEIR_MODEL"
    printf 'WEIR_OPS_URL=%s\n' "$(address ops)"
  } >"$env_file.new" || fail "cannot write $env_file; is the disk full?"
  chmod 600 "$env_file.new"
  mv -f "$env_file.new" "$env_file"
}

# === the end of it ===

first_call() {
  local prompt='Say hello to somebody who has just started an API gateway, in one sentence.'
  printf '\n%sA first call through the gateway%s (model %s)\n> %s\n' "$bold" "$plain" "$WEIR_MODEL" "$prompt"
  if "$binary" call "$prompt" 2>&1; then
    if [ "$answered" != yes ]; then answered=yes && write_env; fi
    return
  fi
  # The run after this one may go back to the demo.
  answered=no && write_env
  fail "the call did not work out. If a vendor refused its key, mend or unset it and run this again; without any key the built-in demo answers."
}

tell() {
  local portal proxy='' me=./quick-start.sh
  portal=$(cat "$data/setup-link" 2>/dev/null) || portal="$WEIR_ADMIN_URL/"
  if [ -z "$self" ]; then
    me='the same through bash -s'
  elif [ "$PWD" != "$here" ] || [ ! -x "$self" ]; then
    me="bash $(shell_word "$self")"
  fi
  # Programs that heed a proxy would ask it for an address of this machine.
  if [ -n "${http_proxy:-}${HTTP_PROXY:-}${all_proxy:-}${ALL_PROXY:-}" ]; then
    proxy=$'\n  export no_proxy="127.0.0.1,localhost,${no_proxy:-}"'
  fi
  cat <<TEXT

${bold}Portal${plain}   $portal
${bold}Gateway${plain}  $WEIR_GATEWAY_URL   (Anthropic's and Google's SDKs take it as base URL, OpenAI's with /v1 behind it)
${bold}Keys${plain}     $env_file
${checkout:+${bold}Next$plain     $checkout/docs/NEXT-STEPS.md$newline}
${bold}Try it${plain}
  set -a; . $(shell_word "$env_file"); set +a
  PATH=\$PATH:$(shell_word "$data/bin")$proxy
  curl "\$WEIR_GATEWAY_URL/v1/chat/completions" \\
    -H "Authorization: Bearer \$WEIR_API_KEY" -H "content-type: application/json" \\
    -d '{"model": "$WEIR_MODEL", "messages": [{"role": "user", "content": "Hello"}]}'
  weir call "What is a weir?"

${dim}$me stop | status | logs | uninstall${plain}
TEXT
}

start() {
  local pid held=''
  trap clean_up EXIT
  on_signals exit
  moved=
  # It calls what it starts over plain HTTP.
  [ -z "${WEIR_GATEWAY_TLS_CERT:-}${WEIR_ADMIN_TLS_CERT:-}" ] ||
    fail "this starts Weir without TLS: unset WEIR_GATEWAY_TLS_CERT and WEIR_ADMIN_TLS_CERT, or start weir run yourself."
  # Before anything takes time: nobody wants to learn after a build that a port is taken.
  find_addresses
  check_addresses
  if pid=$(running); then held=$newline$(arguments "$pid")$newline; fi
  check_ports "$held"
  [ -n "$held" ] || moved=
  check_tools
  scratch=$(mktemp -d) || fail "no temporary directory can be made; set TMPDIR to one that you may write to."
  make_data_directory
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
    echo "Weir is not running from $data."
    rm -f "$pid_file"
    return
  fi
  end_process "$pid" || exit 1
  rm -f "$pid_file" "$ready_file"
  step "stopped; its data stay in $data"
}

status() {
  local pid gateway admin ops
  if ! pid=$(running); then
    echo "Weir is not running from $data. Start it with quick-start.sh."
    exit 3
  fi
  gateway=$(address gateway) admin=$(address admin) ops=$(address ops)
  printf 'Weir runs (process %s).\n  gateway  %s\n  portal   %s/\n  metrics  %s/metrics\n  data     %s\n' \
    "$pid" "$gateway" "$admin" "$ops" "$data"
}

logs() {
  [ -f "$log_file" ] || fail "there is no log at $log_file; Weir was not started from here."
  if [ "${1:-}" = -f ]; then exec tail -n 200 -f "$log_file"; fi
  tail -n 200 "$log_file"
}

# Removes the directory whole only when this script made it; else what Weir wrote there, and says what is left.
uninstall() {
  local pid left name
  if [ ! -d "$data" ]; then
    echo "Nothing to remove: $data is not there."
    return
  fi
  if ! is_ours_whole && ! grep -qF "$env_head" "$env_file" 2>/dev/null; then
    fail "$data does not look like the data of Weir; remove it yourself if you mean it."
  fi
  hold_data
  if pid=$(running); then end_process "$pid" || exit 1; fi
  if command -v flock >/dev/null 2>&1 && [ -f "$data/lock" ] && ! flock -n "$data/lock" true; then
    fail "a Weir that quick-start.sh did not start is running on $data; stop it first."
  fi
  if is_ours_whole; then
    rm -rf "$data"
    step "removed $data"
    return
  fi
  for name in $(noted foreign); do foreign+=$newline$name$newline; done
  remove_weir_files
  if rmdir "$data" 2>/dev/null; then
    step "removed $data"
  else
    left=$(find "$data" -mindepth 1 -maxdepth 1 | wc -l)
    step "removed what Weir wrote to $data; what is not Weir's stays there ($((left)) entries)"
  fi
}

usage() {
  # Through a pipe (curl … | bash) there is no file to read it from.
  if [ -z "$self" ]; then echo "quick-start.sh [start | stop | status | logs [-f] | uninstall]"; return; fi
  sed -n '2,/^$/{/^$/d; s/^# \{0,1\}//; p;}' "$self"
}

case "${1:-start}" in help | -h | --help) usage; exit ;; esac
find_data
case "${1:-start}" in
  start) start ;;
  stop) stop ;;
  status) status ;;
  logs) logs "${2:-}" ;;
  uninstall) uninstall ;;
  *) fail "$1 is not known; use start, stop, status, logs or uninstall." ;;
esac
