"""Part of bench-preview.sh: opens a large table through the gate and asks for its pages."""

import itertools
import os
import statistics
import sys
import time
import urllib.parse

import duckdb
from cases import decide, entry, start_run, step
from client import Client, body_of, check, people, run, send_piece

FILE, WORK = sys.argv[1:]
PIECE = 8 << 20
MODES = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"]
COLUMNS = ["l_orderkey", "l_partkey", "l_suppkey", "l_quantity", "l_extendedprice", "l_discount", "l_shipdate", "l_shipmode"]


def main():
    dataset = opened_dataset()
    anyone = Client()
    page = f"/dataset/{dataset}"
    explore = lambda **parts: f"{page}/explore?{urllib.parse.urlencode(parts)}"
    equal = lambda number, column, value: {f"column{number}": column, f"op{number}": "eq", f"value{number}": value}
    both = list(itertools.product(MODES, range(1, 51)))
    questions = {
        "the page of the dataset": [page] * 20,
        "explore, first rows": [f"{page}/explore"] * 20,
        "explore, one condition": [explore(**equal(0, "l_shipmode", mode), **equal(1, "l_quantity", quantity)) for mode, quantity in both[::18]],
        "explore, in order": [explore(order=column, dir=direction) for column in COLUMNS for direction in ("asc", "desc")],
        "explore, a condition and in order": [explore(**equal(0, "l_shipmode", mode), order=column, dir="desc") for mode, column in list(itertools.product(MODES, COLUMNS))[::3]],
        "rows by the API, 100, a condition": [f"/api/v1/datasets/{dataset}/rows?" + urllib.parse.urlencode({"where": f"l_orderkey = {1 + 479_999 * n}", "limit": 100}) for n in range(20)],
    }
    for title, addresses in questions.items():
        took = [timed(lambda: anyone.get(address)) for address in addresses]
        tell(title, took)
    groups_beside_duckdb(anyone, dataset)


def opened_dataset():
    """The file as a dataset that anyone may read; says how long each step took."""
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    title = "订单明细（TPC-H）"
    new = {"body": body_of(clerk_in_browser), "entry": {"title": {"zh": title}}}
    asset = clerk.expect(201, "POST", "/api/v1/assets", new).json["id"]
    path = f"/api/v1/assets/{asset}"
    began = time.monotonic()
    size = os.path.getsize(FILE)
    begun = clerk.expect(201, "POST", f"{path}/uploads", {"file_name": "lineitem.csv", "bytes": size}).json
    sent = 0
    with open(FILE, "rb") as file:
        while piece := file.read(PIECE):
            sent = send_piece(clerk, f"/api/v1/uploads/{begun['upload_id']}", sent, piece)
    print(f"sent {size / 1e9:.2f} GB in {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    done = clerk.expect(202, "POST", f"/api/v1/uploads/{begun['upload_id']}/completion").json
    check(clerk.wait_for_job(done["job_id"], 1200) == "done", "the file was not read")
    version = clerk.get(f"{path}/versions/1").json
    print(f"read {version['rows']} rows in {time.monotonic() - began:.1f} s")
    draft = clerk.get(path)
    complete = {**entry(title), "items": draft.json["entry"]["items"]}
    clerk.expect(200, "PUT", f"{path}/entry", complete, headers={"If-Match": draft.etag})
    submitted = step(clerk, f"{path}/submission", clerk.get(path).json)
    step(admin, f"{path}/publication", step(head, f"{path}/consent", submitted))
    began = time.monotonic()
    run_id = start_run(clerk, asset)["id"]
    inspected = time.monotonic()
    # Orders are of no persons; whoever says so gives the reason.
    plain = lambda d: {**d, "role": "none", "treatment": "keep", "reason": "TPC-H，合成数据 synthetic"}
    passed = decide(clerk, run_id, plain)
    check(passed["state"] == "passed", f"the gate says {passed['state']}: {passed['refusals']}")
    print(f"inspected in {inspected - began:.1f} s, treated and measured in {time.monotonic() - inspected:.1f} s")
    submitted = step(clerk_in_browser, f"/api/v1/gate-runs/{run_id}/submission", passed)
    step(reviewer, f"/api/v1/gate-runs/{run_id}/approval", submitted)
    return asset


def groups_beside_duckdb(anyone, dataset):
    """Each question once, for what was counted is kept; DuckDB reads the release as Parquet."""
    parquet = os.path.join(WORK, "release.parquet")
    with open(parquet, "wb") as file:
        file.write(anyone.get(f"/api/v1/datasets/{dataset}/download/parquet", timeout=600).body)
    pairs = [("l_returnflag", "l_linestatus"), ("l_shipmode", "l_returnflag"), ("l_shipinstruct", "l_shipmode"), ("l_linenumber", "l_linestatus"), ("l_discount", "l_tax"), ("l_quantity", "l_returnflag")]
    ours, theirs = [], []
    for first, second in pairs:
        asked = urllib.parse.urlencode({"by": f"{first},{second}", "measures": "count,sum(l_quantity),avg(l_extendedprice)"})
        answer = []
        ours.append(timed(lambda: answer.append(anyone.get(f"/api/v1/datasets/{dataset}/groups?{asked}").json["groups"])))
        said = f"SELECT {first}, {second}, count(*), sum(l_quantity), avg(l_extendedprice) FROM '{parquet}' GROUP BY ALL"
        rows = []
        theirs.append(timed(lambda: rows.extend(duckdb.sql(said).fetchall())))
        mine = sorted((str(group[first]), str(group[second]), int(group["count"])) for group in answer[0])
        check(mine == sorted((str(row[0]), str(row[1]), row[2]) for row in rows), f"groups by {first}, {second} differ")
    tell("groups by two columns, three measures, first time", ours)
    tell("the same in DuckDB", theirs)


def timed(ask):
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def tell(title, took):
    ms = sorted(1e3 * seconds for seconds in took)
    print(f"{title}: median {statistics.median(ms):.0f} ms, greatest {ms[-1]:.0f} ms ({len(ms)} questions)", flush=True)


run(main)
