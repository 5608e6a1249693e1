"""Read-only SQL: answers as DuckDB gives them, in every format; hostile statements end politely and harm nobody."""

import http.client
import io
import json
import os
import socket
import threading
import time
import urllib.parse

import duckdb
import pyarrow
import pyarrow.parquet

from cases import opened, published
from client import Client, check, people, run

ROWS = 60_000
LIMIT_SECONDS = 10


def table():
    """Enterprises that do not exist: no persons, so nothing has to be changed."""
    lines = ["企业编号,行业,年份,产值"]
    industries = ["采矿业", "制造业", "建筑业", "批发和零售业"]
    for number in range(ROWS):
        lines.append(f"Q{number:06d},{industries[number % 4]},{2015 + number % 10},{(number * 7919) % 100_003}")
    return "\r\n".join(lines).encode()


def main():
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    asset = published(clerk, clerk_in_browser, head, admin, "企业产值（查询测试）", table())
    release = opened(clerk, clerk_in_browser, reviewer, asset)
    site = Client()
    listed(site, asset)
    same_as_duckdb(site, asset)
    formats(site, asset)
    refused(site, asset)
    waits = hostile(site, asset)
    apart(site, asset)
    unread(site, asset)
    crowded(site, asset)
    page(site, asset)
    suspended(site, reviewer, asset, release)
    print(f"{ROWS} rows; an honest reader waited at most {max(waits) * 1000:.0f} ms beside hostile statements")


def address(statement, **more):
    return "/api/v1/sql?" + urllib.parse.urlencode({"sql": statement, **more})


def listed(site, asset):
    names, after = {}, ""
    while after is not None:
        found = site.get(f"/api/v1/sql/tables?per_page=3&after={after}").json
        names.update((one["name"], one) for one in found["tables"])
        after = found.get("next")
    mine = names[asset]
    check([c["name"] for c in mine["columns"]] == ["企业编号", "行业", "年份", "产值"], f"columns: {mine['columns']}")
    check(mine["columns"][3]["type"] == "bigint" and mine["rows"] == ROWS, f"the table is {mine}")
    open_ones = {one["id"] for one in site.get("/api/v1/datasets?kind=dataset&per_page=100").json["datasets"]}
    check(set(names) == open_ones, f"tables and open datasets differ: {set(names) ^ open_ones}")


def same_as_duckdb(site, asset):
    file = os.path.join(os.environ["OUT"], "rows.parquet")
    with open(file, "wb") as target:
        target.write(site.get(f"/api/v1/datasets/{asset}/download/parquet").body)
    for statement in [
        'select "行业", count(*) n, sum("产值") s, min("企业编号") a from T group by "行业" order by 1',
        'select "年份", round(avg("产值"), 6) m from T where "产值" > 50000 group by 1 order by 1',
        'with t as (select "行业", "年份", max("产值") m from T group by 1, 2) select a."行业", a."年份", a.m - b.m d '
        'from t a join t b on a."行业" = b."行业" and a."年份" = b."年份" + 1 order by 1, 2',
        'select "企业编号" || \'-\' || "年份" k, row_number() over (partition by "行业" order by "产值" desc, "企业编号") p '
        'from T order by 2, 1 limit 50',
        'select count(distinct "企业编号") c, count(*) filter (where "行业" like \'%业\') f from T where "企业编号" in '
        '(select "企业编号" from T where "产值" between 10 and 2000)',
        'select "企业编号" from T where "产值" < 3 union all select "行业" from T where "产值" < 1 order by 1',
    ]:
        answer = site.get(address(statement.replace(" T", f' "{asset}"'))).json
        expected = duckdb.sql(statement.replace(" T", f" '{file}'")).fetchall()
        found = [tuple(row.values()) for row in answer["rows"]]
        check(found == expected, f"{statement}: {found[:3]}, not {expected[:3]}")
        check(answer["cost"]["rows_scanned"] >= ROWS and answer["cost"]["bytes_scanned"] > 1000, f"{answer['cost']}")
        check(answer["cut"] is None and answer["row_count"] == len(expected), f"{statement}: {answer['cut']}")
        check(answer["sources"][0]["dataset"] == asset, "the source is not named")


def formats(site, asset):
    statement = f'select * from "{asset}" order by "企业编号"'
    cut = site.get(address(statement, limit=10)).json
    check(cut["cut"]["by"] == "rows" and len(cut["rows"]) == 10, f"cut: {cut['cut']}")
    check("前 10 行" in cut["cut"]["zh"] and "first 10 rows" in cut["cut"]["en"], "the cut is not explained")
    short = site.get(address(statement, limit=10, format="csv"))
    check(short.headers["Query-Cut"] == "rows" and "rows_scanned=" in short.headers["Query-Cost"], "no cost in the head")
    check(len(short.body.splitlines()) == 11, "the CSV answer has other rows")
    file = pyarrow.parquet.ParquetFile(io.BytesIO(site.get(address(statement, limit=100_000, format="parquet")).body))
    parquet = file.read()
    check(parquet.num_rows == ROWS, f"{parquet.num_rows} rows of Parquet")
    check(file.metadata.metadata[b"query-cut"] == b"none", f"Parquet says {file.metadata.metadata}")
    accept = {"Accept": "application/vnd.apache.arrow.stream"}
    arrow = pyarrow.ipc.open_stream(site.get(address(statement, limit=100_000), headers=accept).body).read_all()
    check(arrow.equals(parquet.replace_schema_metadata(None)), "Arrow and Parquet differ")
    lines = site.get(address(statement, limit=100_000, format="ndjson")).body.splitlines()
    check(len(lines) == ROWS and json.loads(lines[7])["企业编号"] == "Q000007", "NDJSON has other rows")
    posted = site.expect(200, "POST", "/api/v1/sql", {"sql": statement, "limit": 3, "format": "json"}).json
    check(posted["rows"] == cut["rows"][:3], "by POST the answer is another")
    empty = site.get(address(f'select * from "{asset}" where "年份" = 1', format="csv"))
    check(empty.text.strip().endswith("企业编号,行业,年份,产值"), f"an empty answer is {empty.text!r}")
    check("rows_scanned" in trailers(site, address(statement, limit=100_000, format="csv")), "no cost in the trailers")


def trailers(site, path):
    """What stands behind the last chunk, read from the wire; Python's client drops it."""
    host = urllib.parse.urlsplit(site.base)
    line = http.client.HTTPConnection(host.hostname, host.port, timeout=30)
    line.request("GET", path, headers={"TE": "trailers", "Connection": "close"})
    wire = line.sock.makefile("rb").read()
    line.close()
    check(b"query-cost" in wire.split(b"\r\n\r\n")[0].lower(), "the trailers are not announced")
    return wire[-300:].decode(errors="replace")


def refused(site, asset):
    """What is no query of open tables is refused with a sentence in both languages."""
    for statement in [
        "", "select", "drop table x", f'delete from "{asset}"', f"insert into \"{asset}\" values ('a')",
        "create external table x stored as csv location '/etc/passwd'", "copy (select 1) to '/tmp/x.csv'",
        "set datafusion.execution.batch_size = 1", "show tables", f'explain analyze select * from "{asset}"',
        "select * from information_schema.tables", "select * from '/etc/passwd'", "values (1)",
        "select * from generate_series(1, 1000000000000)", "select range(1000000000000)", "select repeat('x', 1000000000)",
        "with recursive r(i) as (select 1 union all select i + 1 from r) select count(*) from r",
        "select " + "(" * 10_000 + "1" + ")" * 10_000, "select 1; select 2", 'select * from "0190-no-such-table"',
        f'select "没有" from "{asset}"', f'select * from "{asset}" where "行业" like "行业"',
    ]:
        answer = site.call("POST", "/api/v1/sql", {"sql": statement})
        check(answer.status == 400, f"{statement[:80]!r}: {answer.status} {answer.body[:300]}")
        detail = answer.json["detail"]
        check(" / " in detail and any("一" <= sign <= "鿿" for sign in detail), f"not in two languages: {detail}")


def hostile(site, asset):
    """Statements that want everything end within their limits, and an honest reader is answered meanwhile."""
    t = f'"{asset}"'
    text = '"企业编号"'
    doubled = f"with a0 as (select {text} n from {t})"
    for step in range(1, 30):
        doubled += f", a{step} as (select n || n as n from a{step - 1})"
    statements = [
        f'select count(*) from {t} a, {t} b, {t} c where a."产值" + b."产值" + c."产值" = 1',
        f'select * from {t} a, {t} b, {t} c order by a."产值" * b."产值" desc, c.{text}',
        f'select count(*) from {t} a join {t} b on a."年份" % 2 = b."年份" % 2 and a."产值" + b."产值" = -1',
        f"select count(*) from {t} a, {t} b where regexp_like(a.{text} || b.{text}, '(.*)(.*)(.*)(.*)(.*)x$')",
        f"{doubled} select max(length(n)) from a29",
        f'select approx_distinct(a.{text} || b.{text}) from {t} a, {t} b',
        f'select a."产值", count(distinct b.{text}) from {t} a, {t} b group by 1',
    ]
    waits, over, wrong = [], threading.Event(), []

    def honest():
        while not over.is_set():
            began = time.monotonic()
            answer = Client().call("GET", f"/api/v1/datasets/{asset}/rows?limit=10")
            waits.append(time.monotonic() - began)
            if answer.status != 200 or len(answer.json["rows"]) != 10:
                wrong.append(answer.status)
            time.sleep(0.02)

    reader = threading.Thread(target=honest)
    reader.start()
    try:
        pairs = [statements[place : place + 2] for place in range(0, len(statements), 2)]
        for pair in pairs:
            ends = [threading.Thread(target=ends_politely, args=(site, one, wrong)) for one in pair]
            for end in ends:
                end.start()
            for end in ends:
                end.join()
    finally:
        over.set()
        reader.join()
    check(not wrong, f"beside hostile statements: {wrong}")
    check(len(waits) > 100, f"the honest reader was answered {len(waits)} times")
    return waits


def ends_politely(site, statement, wrong):
    began = time.monotonic()
    answer = site.call("POST", "/api/v1/sql", {"sql": statement})
    took = time.monotonic() - began
    if answer.status != 503 or answer.json["type"] != "limit" or " / " not in answer.json["detail"]:
        wrong.append(f"{statement[:80]}: {answer.status} {answer.body[:200]}")
    if took > LIMIT_SECONDS + 5:
        wrong.append(f"{statement[:80]}: {took:.1f} s")


def apart(site, asset):
    """A parser or a planner that no engine bounds ends with its process, and the next statement is answered."""
    t = f'"{asset}"'
    nested = f'select "产值" as x from {t}'
    for _ in range(16):
        nested = f"select x + x + x + x as x from ({nested}) t"
    columns = ", ".join(f'a."{name}" as "{name}{copy}"' for copy in range(3) for name in ["企业编号", "行业", "产值"])
    patterns = " or ".join(f"regexp_like(\"企业编号\", '(\\pL{{30}}){{8}}{number}')" for number in range(75))
    wrong = []
    for statement in [
        "select " + "abs(" * 35 + "1" + ")" * 35,
        f"select x from ({nested}) t where x > 0",
        f'select count(*) from (select {columns}, sum(a."产值" + b."产值") over () as s from {t} a, {t} b) t where s > 0',
        f"select count(*) from {t} where {patterns}",
    ]:
        ends_politely(site, statement, wrong)
        after = site.call("POST", "/api/v1/sql", {"sql": "select 1 as one"})
        check(after.status == 200 and after.json["rows"] == [{"one": 1}], f"after {statement[:60]}: {after.status}")
    check(not wrong, f"statements that no engine bounds: {wrong}")
    for statement, status in [("select now() as t", 200), ("select (1, 2)", 400), ("select 'a' ~ '(\\pL{50}){10}'", 400)]:
        answer = site.call("POST", "/api/v1/sql", {"sql": statement})
        check(answer.status == status, f"{statement}: {answer.status} {answer.body[:200]}")


def unread(site, asset):
    """Who asks and does not read keeps the places of others for a while, and not for ever."""
    host = urllib.parse.urlsplit(site.base)
    body = json.dumps({"sql": f'select a.*, b.* from "{asset}" a, "{asset}" b', "limit": 100_000}).encode()
    head = f"POST /api/v1/sql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    lines = [socket.create_connection((host.hostname, host.port)) for _ in range(2)]
    for line in lines:
        line.sendall(head.encode() + body)
    refused, until = 0, time.monotonic() + 120
    while time.monotonic() < until:
        time.sleep(0.5)
        answer = site.call("POST", "/api/v1/sql", {"sql": "select 1"})
        if answer.status == 200 and refused:
            break
        refused += answer.status == 503
    check(answer.status == 200, f"two readers that do not read keep everyone out: {answer.status}")
    check(refused > 0, "the two readers held no place, so that nothing was shown")
    for line in lines:
        line.close()


def crowded(site, asset):
    """More at once than one client's share: the others are told to come again, and do."""
    slow = f'select count(*) from "{asset}" a, "{asset}" b where a."产值" + b."产值" = -1'
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(Client().call("POST", "/api/v1/sql", {"sql": slow}))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [answer for answer in answers if answer.status == 503 and answer.json["type"] == "unavailable"]
    check(len(busy) >= 3, f"of six at once were told to wait: {[(a.status, a.body[:80]) for a in answers]}")
    check(all(int(answer.headers["Retry-After"]) > 0 for answer in busy), "nobody is told when to come again")
    check(site.get(address("select 1 as x")).json["rows"] == [{"x": 1}], "the places are not free again")


def page(site, asset):
    """The page works without script, in both languages, with mistakes and without rows too."""
    accept = {"Accept": "text/html"}
    query = urllib.parse.urlencode({"sql": f'select "行业", count(*) as n from "{asset}" group by 1 order by 1', "table": asset})
    for prefix, words in (("", "用时"), ("/en", " ms.")):
        start = site.get(f"{prefix}/sql?table={asset}", headers=accept).page
        check(asset in start and f"{prefix}/sql?sql=" in start, "the page has no examples")
        shown = site.get(f"{prefix}/sql?{query}", headers=accept).page
        check("采矿业" in shown and "15000" in shown and words in shown, "the page shows no answer")
        check("format=parquet" in shown and f"{prefix}/dataset/{asset}" in shown, "no links to the files and the source")
        wrong = site.call("GET", f"{prefix}/sql?sql=drop+table+x", headers=accept)
        check(wrong.status == 400 and "govuk-error-summary" in wrong.page, f"a mistake on the page: {wrong.status}")
        none = urllib.parse.urlencode({"sql": f'select * from "{asset}" where "年份" = 1'})
        check("fh-empty" in site.get(f"{prefix}/sql?{none}", headers=accept).page, "an empty answer is not explained")
    check(f"/sql?table={asset}" in site.get(f"/dataset/{asset}", headers=accept).page, "the dataset does not lead to SQL")


def suspended(site, reviewer, asset, release):
    statement = f'select count(*) as n from "{asset}"'
    check(site.get(address(statement)).json["rows"] == [{"n": ROWS}], "the table is not whole")
    reviewer.expect(204, "POST", f"/api/v1/releases/{release}/suspension", {"reason": "系统测试：暂停发布"})
    gone = site.call("GET", address(statement))
    check(gone.status == 400 and asset in gone.json["detail"], f"a suspended release is read: {gone.status} {gone.body[:200]}")
    check(asset not in site.get("/api/v1/sql/tables?per_page=100").text, "a suspended release is still listed")


run(main)
