#!/usr/bin/env bash
# Ingestion of TPC-H lineitem (12 million rows, CSV): to a durable Delta table with a profile, as an upload is
# read, beside DuckDB's `COPY … TO parquet`. The same file, in turns, sums of the answers compared first.
#
#   bench-ingest.sh [SCALE] [ROUNDS]      SCALE: 2 is 12 million rows and 1.5 GB; ROUNDS: 3
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
scale=${1:-2} rounds=${2:-3}
cache=$here/.cache
target=${CARGO_TARGET_DIR:-$here/target}
python=$cache/python/bin/python
[ -x "$python" ] || { echo "DuckDB is not installed: make tools" >&2; exit 1; }

cd "$here"
cargo build --quiet --release -p lake-delta --example load
cargo build --quiet --release -p ingest --example lineitem
file=$cache/lineitem-$scale.csv
[ -f "$file" ] || "$target/release/examples/lineitem" "$file" "$scale"
work=$(mktemp -d "$cache/bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cat "$file" >/dev/null # both read it from memory

# Runs a command and prints "wall seconds, CPU seconds, MB of memory".
measured() {
  local name=$1
  shift
  "$python" - "$name" "$@" <<'PY'
import os, resource, subprocess, sys, time
name, command = sys.argv[1], sys.argv[2:]
began = time.monotonic()
done = subprocess.run(command, capture_output=True, text=True)
wall = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode:
    sys.exit(f"{name}: {done.stdout} {done.stderr}")
print(f"{name}\t{wall:.2f}\t{used.ru_utime + used.ru_stime:.2f}\t{used.ru_maxrss / 1024:.0f}")
PY
}

copy="COPY (SELECT * FROM read_csv('$file')) TO '$work/duckdb.parquet' (FORMAT parquet)"
totals="count(*), sum(l_orderkey), sum(l_quantity), sum(l_extendedprice), min(l_shipdate), max(l_shipdate), sum(length(l_comment))"
for round in $(seq "$rounds"); do
  rm -rf "$work/lake" "$work/duckdb.parquet"
  measured fenhe "$target/release/examples/load" "$file" "$work/lake" >>"$work/figures"
  measured duckdb "$python" -c "import duckdb; duckdb.sql(\"\"\"$copy\"\"\")" >>"$work/figures"
  sync
done
"$python" - "$work" "$totals" <<'PY'
import glob, math, os, statistics, sys, duckdb
work, totals = sys.argv[1:]
packages = os.path.dirname(os.path.dirname(duckdb.__file__))
extension = glob.glob(f"{packages}/duckdb_ext*/**/delta.duckdb_extension", recursive=True)
if not extension:
    sys.exit("the DuckDB extension `delta` is not installed: make tools")
duckdb.sql(f"LOAD '{extension[0]}'")
ours = duckdb.sql(f"SELECT {totals} FROM delta_scan('{work}/lake/bench/load')").fetchone()
theirs = duckdb.sql(f"SELECT {totals} FROM '{work}/duckdb.parquet'").fetchone()
def same(a, b):
    # A sum of 12 million doubles depends on its order in the last digits.
    return math.isclose(a, b, rel_tol=1e-12) if isinstance(a, float) else a == b
if not all(map(same, ours, theirs)):
    sys.exit(f"the answers differ:\n{ours}\n{theirs}")
figures = {}
for line in open(f"{work}/figures"):
    name, *numbers = line.split("\t")
    figures.setdefault(name, []).append([float(n) for n in numbers])
median = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in figures.items()}
print(f"{ours[0]} rows, the same sums; medians of {len(figures['fenhe'])} rounds in turn")
for name, (wall, cpu, memory) in median.items():
    print(f"{name:8} {wall:7.2f} s  {cpu:7.2f} CPU s  {memory:6.0f} MB")
ratio = [a / b for a, b in zip(median["fenhe"], median["duckdb"])]
print(f"ratio    {ratio[0]:7.2f}    {ratio[1]:7.2f}        {ratio[2]:6.2f}")
PY
