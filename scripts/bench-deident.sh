#!/usr/bin/env bash
# Compares `fenhe deident` and `fenhe risk` with two PyPI packages on the same data: pycanon (measures
# k and l) and anonypy (Mondrian). Answers are compared first; times are printed only when they agree.
# Then makes the answers of anonymeter to attacks on the same data anew, and the crate's test compares
# its own with them (about five minutes).
# Usage: bench-deident.sh FENHE CACHE [DATA]
#   FENHE  the program, CACHE a folder for the Python environment (made when absent),
#   DATA   a folder with adult.csv and adult_hierarchy_<column>.csv; left out, FENHE_SHARED_DATA or the
#          shared data beside the checkout.
set -euo pipefail

if [ $# -lt 2 ]; then
  echo "Usage: bench-deident.sh FENHE CACHE [DATA]" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")/.." && pwd)
fenhe=$1
data=${3:-${FENHE_SHARED_DATA:-$here/../shared/data}/deident/adult}
if [ ! -f "$data/adult.csv" ]; then
  echo "No adult.csv in $data: name the folder as the third argument. Nothing was compared." >&2
  exit 0
fi
mkdir -p "$2"
venv=$(cd "$2" && pwd)/bench-deident
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "pycanon==1.3.6" "anonypy==0.2.1"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quasi=sex,age,race,marital-status,education,native-country,workclass
sensitive=occupation

"$fenhe" deident "$data/adult.csv" --quasi "$quasi" --hierarchies "$data" --k 5 \
  --l "distinct:$sensitive:3" --suppression 0.02 --out "$work/full.csv" --format json > "$work/full.json"
"$fenhe" deident "$data/adult.csv" --quasi "$quasi" --hierarchies "$data" --k 5 \
  --recoding local --keep "$sensitive" --out "$work/local.csv" --format json > "$work/local.json"
for name in full local; do
  "$fenhe" risk "$work/$name.csv" --quasi "$quasi" --format json > "$work/$name-risk.json"
done

"$venv/bin/python" - "$work" "$data" "$quasi" "$sensitive" <<'PYTHON'
import json, sys, time
import pandas
from pycanon import anonymity

work, data, quasi, sensitive = sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4]
wrong, lines = [], []
for name in ("full", "local"):
    said = json.load(open(f"{work}/{name}.json"))
    risk = json.load(open(f"{work}/{name}-risk.json"))
    table = pandas.read_csv(f"{work}/{name}.csv", sep=";", dtype=str, keep_default_na=False)
    started = time.process_time()
    k = anonymity.k_anonymity(table, quasi)
    spent = (time.process_time() - started) * 1e3
    l = anonymity.l_diversity(table, quasi, [sensitive])
    classes = len(table.groupby(quasi, observed=True))
    for what, ours, theirs in (
        ("k", said["min_class"], k),
        ("k of the risk report", risk["min_class"], k),
        ("classes", said["classes"], classes),
        ("rows", said["rows"] - said["suppressed"], len(table)),
    ):
        if ours != theirs:
            wrong.append(f"{name}: {what} is {ours} here and {theirs} with pycanon")
    if name == "full" and l < 3:
        wrong.append(f"full: l is {l} with pycanon, and 3 was asked for")
    lines.append((f"fenhe {name}", said["search_cpu_ms"], said["granularity"], k, spent))
if wrong:
    print("\n".join(wrong), file=sys.stderr)
    sys.exit(1)

# anonypy partitions numbers and categories without hierarchies; its loss is taken as the width of a
# cell: distinct values in it less one, over distinct values of the column less one.
from anonypy import mondrian
table = pandas.read_csv(f"{data}/adult.csv", sep=";")
for column in quasi:
    if column != "age":
        table[column] = table[column].astype("category")
started = time.process_time()
parts = mondrian.Mondrian(table, quasi, sensitive).partition(5, 0, 0.0)
spent = (time.process_time() - started) * 1e3
loss = 0.0
for column in quasi:
    whole = table[column].nunique() - 1
    loss += sum((table[column].loc[part].nunique() - 1) / whole * len(part) for part in parts)
loss /= len(table) * len(quasi)
print(f"{'':14}{'CPU ms':>10}{'granularity':>13}{'k':>4}{'pycanon counts k, CPU ms':>27}")
for name, cpu, granularity, k, counted in lines:
    print(f"{name:14}{cpu:10.0f}{granularity:13.4f}{k:4}{counted:27.0f}")
print(f"{'anonypy':14}{spent:10.0f}{1 - loss:13.4f}{min(map(len, parts)):4}{'(value sets, no hierarchies)':>27}")
PYTHON

attacks=$(cd "$2" && pwd)/bench-attacks
if [ ! -x "$attacks/bin/python" ]; then
  python3 -m venv "$attacks"
  "$attacks/bin/pip" install --quiet --disable-pip-version-check "anonymeter==1.1.0" "pycanon==1.0.1.post2"
fi
"$attacks/bin/python" "$here/scripts/attack_reference.py" "$data/adult.csv" > "$work/attacks.json"
FENHE_ATTACK_REFERENCE="$work/attacks.json" FENHE_SHARED_DATA=$(cd "$data/../.." && pwd) \
  cargo test --quiet --release --manifest-path "$here/Cargo.toml" -p deident --test it anonymeter -- --nocapture
