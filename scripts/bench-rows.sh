#!/usr/bin/env bash
# The row API over HTTP beside datasette and roapi: the demo's residents, the same rows in each, answers
# compared first, then loads in turn with wrk.
#
#   bench-rows.sh [ROUNDS]      ROUNDS: 3
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-3}
cache=$here/.cache
target=${CARGO_TARGET_DIR:-$here/target}
command -v wrk >/dev/null || { echo "wrk is not installed: apt-get install wrk" >&2; exit 1; }
if [ ! -x "$cache/bench/bin/roapi" ]; then
  python3 -m venv "$cache/bench"
  "$cache/bench/bin/pip" install --quiet datasette==0.65.5 sqlite-utils==4.2.1 roapi==0.12.7
fi
cd "$here"
cargo build --quiet --release -p server
work=$(mktemp -d "$cache/bench.XXXXXX")
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export NO_PROXY=127.0.0.1

FENHE_DATA=$work/data FENHE_LISTEN=127.0.0.1:8701 FENHE_LOG=warn FENHE_DEMO_PACKAGES=$here/assets/node_modules \
  env -u FENHE_SHARED_DATA "$target/release/fenhe" demo >"$work/fenhe.log" 2>&1 &
pids+=($!)
until curl -sf http://127.0.0.1:8701/healthz >/dev/null; do sleep 0.5; done
exec "$cache/bench/bin/python" "$here/scripts/bench_rows.py" "$work" "$rounds"
