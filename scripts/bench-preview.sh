#!/usr/bin/env bash
# The preview of a large open table over HTTP: TPC-H lineitem (12 million rows) goes through the gate like any
# dataset, then its pages are asked for as a visitor would, each question another one, and groups beside DuckDB.
#
#   bench-preview.sh [SCALE]      SCALE: 2 is 12 million rows and 1.5 GB
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
scale=${1:-2}
cache=$here/.cache
target=${CARGO_TARGET_DIR:-$here/target}
python=$cache/python/bin/python
[ -x "$python" ] || { echo "DuckDB is not installed: make tools" >&2; exit 1; }

cd "$here"
cargo build --quiet --release -p server
file=$cache/lineitem-$scale.csv
if [ ! -f "$file" ]; then
  cargo build --quiet --release -p ingest --example lineitem
  "$target/release/examples/lineitem" "$file" "$scale"
fi
work=$(mktemp -d "$cache/bench.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
export NO_PROXY=127.0.0.1 FENHE_URL=http://127.0.0.1:8711

FENHE_DATA=$work/data FENHE_LISTEN=127.0.0.1:8711 FENHE_LOG=warn FENHE_DEMO_PACKAGES=$here/assets/node_modules \
  env -u FENHE_SHARED_DATA "$target/release/fenhe" demo --small >"$work/fenhe.log" 2>&1 &
server=$!
until curl -sf "$FENHE_URL/healthz" >/dev/null; do sleep 0.5; done
PYTHONPATH=$here/tests/system "$python" "$here/scripts/bench_preview.py" "$file" "$work"
grep VmHWM "/proc/$server/status" | sed 's/VmHWM:/greatest memory of the server:/'
