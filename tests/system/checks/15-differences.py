"""Row-level differences of two releases: what DuckDB finds on 100,000 rows, by key and without, as JSON, CSV and page."""

import csv
import io
import os
import random
import urllib.parse

import duckdb

from cases import add_version, opened, published
from client import Client, check, people, run

ROWS = 100_000


def tables(seed=20261130):
    """Two versions of a table of companies: some gone, some new, some changed, some the same but in another order."""
    dice = random.Random(seed)
    industries = ["采矿业", "制造业", "建筑业", "批发和零售业"]
    old = [[f"Q{n:06d}", industries[n % 4], str(2015 + n % 10), str((n * 7919) % 100_003)] for n in range(ROWS)]
    new = [list(row) for row in old if dice.random() > 0.01]
    for row in new:
        if dice.random() < 0.02:
            row[3] = str(int(row[3]) + dice.randint(1, 9))
        if dice.random() < 0.005:
            row[1] = dice.choice(industries)
    new += [[f"R{n:06d}", industries[n % 4], "2026", str(n)] for n in range(700)]
    dice.shuffle(new)
    return old, new


def as_csv(rows):
    return "\r\n".join([",".join(("企业编号", "行业", "年份", "产值")), *(",".join(row) for row in rows)]).encode()


def main():
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    old, new = tables()
    asset = published(clerk, clerk_in_browser, head, admin, "企业名录（版本差异测试）", as_csv(old))
    first = opened(clerk, clerk_in_browser, reviewer, asset)
    path = f"/api/v1/datasets/{asset}/differences"
    site = Client()
    site.expect(404, "GET", path)
    opened(clerk, clerk_in_browser, reviewer, asset, add_version(clerk, asset, as_csv(new)))
    duck = loaded(old, new)
    counts = by_key(site, path, duck)
    by_rows(site, path, duck)
    refused(site, path)
    page(site, asset, counts)
    reviewer.expect(204, "POST", f"/api/v1/releases/{first}/suspension", {"reason": "系统测试：暂停发布"})
    site.expect(404, "GET", path)
    print(f"{ROWS} rows against {len(new)}: {counts['added']} added, {counts['removed']} removed, {counts['changed']} changed, as DuckDB has them")


def loaded(old, new):
    duck = duckdb.connect()
    for name, rows in (("old", old), ("new", new)):
        file = os.path.join(os.environ["OUT"], f"{name}.csv")
        with open(file, "wb") as target:
            target.write(as_csv(rows))
        types = {"企业编号": "VARCHAR", "行业": "VARCHAR", "年份": "BIGINT", "产值": "BIGINT"}
        duck.execute(f"create table {name} as select * from read_csv('{file}', header=true, columns={types})")
    return duck


def asked(path, **query):
    return f"{path}?{urllib.parse.urlencode(query)}"


def by_key(site, path, duck):
    one = lambda sql: duck.execute(sql).fetchone()[0]
    joined = 'old o full join new n on o."企业编号" = n."企业编号"'
    expected = {
        "added": one(f'select count(*) from {joined} where o."企业编号" is null'),
        "removed": one(f'select count(*) from {joined} where n."企业编号" is null'),
        "columns": {
            name: one(f'select count(*) from old o join new n on o."企业编号" = n."企业编号" where o."{name}" is distinct from n."{name}"')
            for name in ("行业", "产值")
        },
    }
    found = site.get(asked(path, key="企业编号", limit=1000)).json
    counts = found["counts"]
    for name in expected:
        check(counts[name] == expected[name], f"{name}: {counts[name]}, not {expected[name]}")
    check(counts["same"] + counts["changed"] + counts["removed"] == ROWS, f"the counts do not add up: {counts}")
    check(found["from"]["number"] == 1 and found["to"]["number"] == 2, "not the newest two versions")
    seen = list(found["differences"])
    while found["next_offset"] is not None:
        found = site.get(asked(path, key="企业编号", limit=1000, offset=found["next_offset"])).json
        seen += found["differences"]
    check(len(seen) == found["total"] == counts["added"] + counts["removed"] + counts["changed"], f"{len(seen)} on all pages")
    for kind, sql in {
        "removed": 'select o.* from old o anti join new n on o."企业编号" = n."企业编号"',
        "added": 'select n.* from new n anti join old o on o."企业编号" = n."企业编号"',
        "changed": 'select n.* from new n join old o on o."企业编号" = n."企业编号" where o is distinct from n',
    }.items():
        rows = sorted(tuple((one.get("after") or one["before"]).values()) for one in seen if one["kind"] == kind)
        check(rows == sorted(duck.execute(sql).fetchall()), f"{kind}: other rows than DuckDB's")
    for one in seen:
        if one["kind"] == "changed":
            really = [name for name in one["before"] if one["before"][name] != one["after"][name]]
            check(one["columns"] == really, f"{one} says that {one['columns']} changed")
    file = list(csv.DictReader(io.StringIO(site.get(asked(path, key="企业编号", format="csv")).text)))
    lines = counts["added"] + counts["removed"] + 2 * counts["changed"]
    check(len(file) == lines, f"the CSV file has {len(file)} lines, not {lines}")
    pairs = [row for row in file if row["_change"] in ("before", "after")]
    check(all(a["企业编号"] == b["企业编号"] for a, b in zip(pairs[::2], pairs[1::2])), "before and after are not side by side")
    back = site.get(asked(path, key="企业编号", **{"from": 2, "to": 1})).json["counts"]
    check((back["added"], back["removed"], back["changed"]) == (counts["removed"], counts["added"], counts["changed"]), "backwards it is not the same")
    return counts


def by_rows(site, path, duck):
    one = lambda sql: duck.execute(sql).fetchone()[0]
    found = site.get(path).json["counts"]
    added = one("select count(*) from (select * from new except all select * from old)")
    removed = one("select count(*) from (select * from old except all select * from new)")
    check((found["added"], found["removed"], found["changed"]) == (added, removed, 0), f"whole rows: {found}, not {added}, {removed}")


def refused(site, path):
    for query, status, words in [
        ({"key": "行业"}, 400, "is no key"),
        ({"key": "没有"}, 400, "no column"),
        ({"from": 2, "to": 2}, 422, "same version"),
        ({"from": 9}, 404, ""),
        ({"format": "xml"}, 400, "format"),
        ({"limit": 0}, 400, "limit"),
    ]:
        answer = site.call("GET", asked(path, **query))
        check(answer.status == status and words in answer.json["detail"], f"{query}: {answer.status} {answer.body[:300]}")


def page(site, asset, counts):
    accept = {"Accept": "text/html"}
    for prefix, words in (("", "改动"), ("/en", "changed")):
        shown = site.get(f"{prefix}/dataset/{asset}/differences", headers=accept).page
        check(f"{counts['changed']:,}" in shown and words in shown and "<ins>" in shown, "the page shows no changes")
        check("format=csv" in shown and "offset=50" in shown, "the page leads neither to the file nor on")
        check(f"{prefix}/dataset/{asset}/differences?from=1" in site.get(f"{prefix}/dataset/{asset}", headers=accept).page, "no link from the versions")
        wrong = site.call("GET", f"{prefix}/dataset/{asset}/differences?key=%E8%A1%8C%E4%B8%9A", headers=accept)
        check(wrong.status == 400 and "govuk-error-summary" in wrong.page, f"a wrong key on the page: {wrong.status}")


run(main)
