#!/usr/bin/env bash
# Meets the program as others do: starts the small demo and runs the checks against it from outside.
#
#   run.sh FENHE_BINARY [CHECK…]      CHECK: a number or a file of checks/; left out, all
#
# A check is a script of its own in checks/ and depends on no other. It is given the environment below,
# says what is wrong on standard error, and ends with 0 if all is well.
#   FENHE_URL      address of the demo            FENHE_BINARY   the program
#   FENHE_DATA     its data folder                FENHE_ROOT     the source
#   FENHE_TOOLS    what scripts/tools.sh installed               FENHE_SHARED   shared reference data, or ""
#   OUT            a folder of the check's own, for logs and screenshots
# Logs stay in the folder that is named at the beginning (FENHE_OUT sets it).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
FENHE_ROOT=$(cd "$here/../.." && pwd)
export FENHE_ROOT

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
  echo "Usage: run.sh FENHE_BINARY [CHECK…]; \`make build\` makes the program." >&2
  exit 2
fi
FENHE_BINARY=$(realpath "$1")
shift
FENHE_TOOLS=${FENHE_TOOLS:-$FENHE_ROOT/.cache}
# The tests' own Python; in a checkout of its own the environment beside it.
FENHE_PYTHON=${FENHE_PYTHON:-$FENHE_TOOLS/python/bin/python}
FENHE_SHARED=${FENHE_SHARED_DATA:-$FENHE_ROOT/../shared/data}
[ -d "$FENHE_SHARED" ] || FENHE_SHARED=
if [ ! -x "$FENHE_PYTHON" ] || [ ! -d "$FENHE_TOOLS/npm" ]; then
  echo "The test clients are not in \`$FENHE_TOOLS\`: scripts/tools.sh $FENHE_TOOLS" >&2
  exit 1
fi
chromium=$(command -v chromium || command -v chromium-browser || true)

work=${FENHE_OUT:-$(mktemp -d "${TMPDIR:-/tmp}/fenhe-system.XXXXXX")}
mkdir -p "$work"
export FENHE_BINARY FENHE_TOOLS FENHE_PYTHON FENHE_SHARED FENHE_DATA="$work/data" CHROMIUM="$chromium"
export FENHE_DEMO_PACKAGES="${FENHE_DEMO_PACKAGES:-$FENHE_ROOT/assets/node_modules}"
export PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
export NODE_PATH="$FENHE_TOOLS/npm/node_modules"
# Nothing here goes out: not through a proxy, and not into settings of this machine.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
unset FENHE_DATABASE FENHE_LAKE FENHE_BASE_URL FENHE_LOG_NAME FENHE_CLOCK
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
echo "== logs and screenshots: $work"

# A port that is free now.
free_port() {
  "$FENHE_PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

FENHE_LISTEN=127.0.0.1:$(free_port)
export FENHE_LISTEN FENHE_URL="http://$FENHE_LISTEN"
# The small demo needs no shared data: it is the same on every machine. The checks look at what is off by
# default, too.
env -u FENHE_SHARED_DATA FENHE_LEAVE_OUT_CHANGED=true "$FENHE_BINARY" demo --small >"$work/server.out" 2>"$work/server.err" &
server=$!

# Stops the server as a service manager does; fails if it does not end well within 10 seconds.
stop() {
  kill -TERM "$server" 2>/dev/null
  for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$server" 2>/dev/null
  wait "$server" 2>/dev/null
}
trap stop EXIT
trap 'exit 130' INT TERM

ready() {
  "$FENHE_PYTHON" -c 'import os, urllib.request as r
r.urlopen(os.environ["FENHE_URL"] + "/healthz", timeout=2)' 2>/dev/null
}
began=$SECONDS
until ready; do
  if ! kill -0 "$server" 2>/dev/null || [ $((SECONDS - began)) -gt 300 ]; then
    echo "FAILED the demo does not start:"
    grep -v '"level":"INFO"' "$work/server.err" | tail -n 20 | cut -c -600
    echo "0 passed, 1 failed"
    exit 1
  fi
  sleep 0.3
done
echo "== the demo is ready after $((SECONDS - began)) s at $FENHE_URL"

wanted() {
  [ ${#chosen[@]} -eq 0 ] && return 0
  local choice
  for choice in "${chosen[@]}"; do
    [[ $1 == "$choice" || $1 == "$choice"-* || $1 == "${choice%.*}".* ]] && return 0
  done
  return 1
}

passed=0 failed=0
chosen=("$@")
for check in "$here"/checks/*; do
  name=$(basename "$check")
  wanted "$name" || continue
  export OUT="$work/${name%.*}"
  mkdir -p "$OUT"
  began=$SECONDS
  case "$name" in
    *.py) runner=("$FENHE_PYTHON") ;;
    *.mjs) runner=(node) ;;
    *) runner=(bash) ;;
  esac
  if timeout 600 "${runner[@]}" "$check" >"$OUT/log" 2>&1; then
    # A check may say, in its last line, what it measured or left out.
    echo "ok ${name%.*} ($((SECONDS - began)) s) $(tail -n 1 "$OUT/log")"
    passed=$((passed + 1))
  else
    echo "FAILED ${name%.*} ($((SECONDS - began)) s), $OUT/log ends:"
    tail -n 40 "$OUT/log" | sed 's/^/    /'
    failed=$((failed + 1))
  fi
done

# Whatever the program itself calls an error is one; what clients did wrong are warnings at most.
stop
ended=$?
trap - EXIT
grep -aE '"level":"ERROR"|panicked at' "$work/server.err" >"$work/errors"
errors=$(wc -l <"$work/errors")
if [ "$errors" -gt 0 ] || [ "$ended" -ne 0 ]; then
  echo "FAILED the server ended with $ended and $errors errors in its log, $work/errors ends:"
  tail -n 10 "$work/errors" | cut -c -600 | sed 's/^/    /'
  failed=$((failed + 1))
else
  echo "ok the server logged no error, and ended when it was asked to"
  passed=$((passed + 1))
fi
# Logs and screenshots stay; the data can be made again.
[ "$failed" -eq 0 ] && rm -rf "$FENHE_DATA"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
