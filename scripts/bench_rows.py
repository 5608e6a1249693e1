"""Part of bench-rows.sh: loads the same rows into the peers, compares answers, measures in turn."""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

WORK, ROUNDS = sys.argv[1], int(sys.argv[2])
BIN = os.path.dirname(sys.executable)
FENHE, DATASETTE, ROAPI = (f"http://127.0.0.1:{port}" for port in (8701, 8702, 8703))
SECONDS = 5


def main():
    peers = []
    try:
        dataset = next(d["id"] for d in get(f"{FENHE}/api/v1/datasets?{query(q='常住居民', kind='dataset')}")["datasets"])
        file = f"{WORK}/t.csv"
        with open(file, "wb") as target:
            target.write(fetch(f"{FENHE}/api/v1/datasets/{dataset}/download/csv"))
        subprocess.run([f"{BIN}/sqlite-utils", "insert", f"{WORK}/t.db", "t", file, "--csv"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run([f"{BIN}/sqlite-utils", "create-index", f"{WORK}/t.db", "t", "年龄"], check=True)
        with open(f"{WORK}/t.parquet", "wb") as target:
            target.write(fetch(f"{FENHE}/api/v1/datasets/{dataset}/download/parquet"))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        peers.append(subprocess.Popen([f"{BIN}/datasette", "serve", "-i", f"{WORK}/t.db", "-h", "127.0.0.1", "-p", "8702"], **quiet))
        peers.append(subprocess.Popen([f"{BIN}/roapi", "-a", "127.0.0.1:8703", "-p", "127.0.0.1:8704", "--addr-flight-sql", "127.0.0.1:8705", "-t", f"t={WORK}/t.parquet"], **quiet))
        measure(dataset)
    finally:
        for peer in peers:
            peer.terminate()


def measure(dataset):
    rows = f"{FENHE}/api/v1/datasets/{dataset}/rows?"
    questions = {
        "first page of 100 rows": {
            "fenhe": rows + query(limit=100),
            "roapi": f"{ROAPI}/api/tables/t?" + query(limit=100),
            "datasette": f"{DATASETTE}/t/t.json?" + query(_size=100, _shape="objects", _nocount=1, _nofacet=1, _nosuggest=1),
        },
        "100 rows with a condition, in order": {
            "fenhe": rows + query(where="年龄 = '20-39' and 年收入 > 50000", order="年收入 desc", select="性别,年龄,年收入", limit=100),
            "roapi": f"{ROAPI}/api/tables/t?" + query(columns="性别,年龄,年收入", **{"filter[年龄]": "'20-39'", "filter[年收入]gt": "50000"}, sort="-年收入", limit=100),
            "datasette": f"{DATASETTE}/t/t.json?" + query(年龄="20-39", 年收入__gt=50000, _sort_desc="年收入", _col=["性别", "年龄", "年收入"], _size=100, _shape="objects", _nocount=1, _nofacet=1, _nosuggest=1),
        },
    }
    for title, urls in questions.items():
        answers = {name: rows_of(retry(url)) for name, url in urls.items()}
        for name, answer in answers.items():
            if len(answer) != 100 or incomes(answer) != incomes(answers["fenhe"]):
                sys.exit(f"{title}: {name} answers otherwise: {len(answer)} rows, {answer[:2]} beside {answers['fenhe'][:2]}")
        beside(title, urls)
    statement = "select 年龄, 性别, count(*) as count from t group by 年龄, 性别"
    groups = {
        "fenhe": f"{FENHE}/api/v1/datasets/{dataset}/groups?" + query(by="年龄,性别"),
        "roapi": f"{ROAPI}/api/sql",
        "datasette": f"{DATASETTE}/t.json?" + query(sql=statement, _shape="objects"),
    }
    counted = {
        "fenhe": counts(retry(groups["fenhe"])["groups"]),
        "roapi": counts(json.loads(fetch(groups["roapi"], statement.encode()))),
        "datasette": counts(retry(groups["datasette"])["rows"]),
    }
    if len({str(found) for found in counted.values()}) != 1:
        sys.exit(f"the groups differ: {counted}")
    beside("groups by two columns, with counts", groups, {"roapi": statement})
    beside("what the dataset is, for programs", {
        "fenhe": f"{FENHE}/api/3/action/package_show?" + query(id=dataset),
        "roapi": f"{ROAPI}/api/schema",
        "datasette": f"{DATASETTE}/t/t.json?" + query(_size=0, _nocount=1, _nofacet=1, _nosuggest=1),
    })
    beside("the page of the dataset, for people", {"fenhe": f"{FENHE}/dataset/{dataset}", "datasette": f"{DATASETTE}/t/t"})


def beside(title, urls, posted={}):
    """Loads each in turn; `posted` is sent where an address alone is no question."""
    seen = {name: [] for name in urls}
    for _ in range(ROUNDS):
        for name, url in urls.items():
            seen[name].append(load(url, posted.get(name)))
    print(f"\n{title} (2 connections, {SECONDS} s a round, medians of {ROUNDS} rounds in turn)")
    best = {name: statistics.median(rates) for name, rates in seen.items()}
    for name, rate in best.items():
        print(f"  {name:10} {rate:9.0f} answers/s   fenhe is {best['fenhe'] / rate:.1f} x")


def counts(groups):
    return sorted((group["年龄"], group["性别"], int(group["count"])) for group in groups)


def incomes(rows):
    return [None if row.get("年收入") in (None, "") else float(row["年收入"]) for row in rows]


def rows_of(answer):
    return answer if isinstance(answer, list) else answer["rows"]


def load(url, posted=None):
    """Answers a second."""
    script = []
    if posted is not None:
        script = ["-s", f"{WORK}/post.lua"]
        with open(script[1], "w") as file:
            file.write(f'wrk.method = "POST"\nwrk.body = [[{posted}]]\n')
    done = subprocess.run(["wrk", "-t1", "-c2", f"-d{SECONDS}s", *script, url], capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        sys.exit(f"{url}: {done.stdout}")
    return float(next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("Requests/sec")))


def query(**parts):
    return urllib.parse.urlencode(parts, doseq=True)


def fetch(url, posted=None):
    with urllib.request.urlopen(url, posted, timeout=60) as answer:
        return answer.read()


def get(url):
    return json.loads(fetch(url))


def retry(url):
    until = time.monotonic() + 60
    while True:
        try:
            return get(url)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


main()
