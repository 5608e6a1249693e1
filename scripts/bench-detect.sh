#!/usr/bin/env bash
# Detection beside Presidio, on the same rows, both answers scored against the truth.
#   scripts/bench-detect.sh [FENHE] [ROWS]
# Needs the shared data (FENHE_SHARED_DATA or ../shared/data) and, once, PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
fenhe=${1:-${CARGO_TARGET_DIR:-target}/release/fenhe}
rows=${2:-500}
data=${FENHE_SHARED_DATA:-../shared/data}/detect
venv=.cache/presidio

if [ ! -e "$data/table.csv.gz" ]; then
    echo "bench-detect: no $data/table.csv.gz; set FENHE_SHARED_DATA to the folder with detect/" >&2
    exit 2
fi
if [ ! -x "$fenhe" ]; then
    echo "bench-detect: no program at $fenhe; build it with: cargo build --release -p server" >&2
    exit 2
fi
if [ ! -e "$venv/ready" ]; then
    echo "== installing presidio-analyzer into $venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet presidio-analyzer==2.2.366
    touch "$venv/ready"
fi
exec "$venv/bin/python" scripts/bench_detect.py "$fenhe" "$data" "$rows"
