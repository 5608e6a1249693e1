"""The instruments on the command line: `fenhe scan`, `deident`, `risk` and `dp`, as scripts use them."""

import csv
import io
import json
import os
import random
import sqlite3
import subprocess

from cases import residents
from client import check, run

BINARY, OUT, SHARED = os.environ["FENHE_BINARY"], os.environ["OUT"], os.environ["FENHE_SHARED"]
KINDS = {"姓名": "person_name", "身份证号": "citizen_id", "手机号": "mobile"}
LEVELS = {"sex": 0, "age": 3, "race": 0, "marital-status": 2, "education": 2, "native-country": 1,
          "workclass": 1, "occupation": 2, "salary-class": 0}


def main():
    survey = write("survey.csv", residents(2000))
    scan(survey)
    told = [small_table(), large_table(), spilled(), reports(survey), plan(), noise(), database(), *bad_input()]
    if SHARED:
        told.append(reference())
    print("; ".join(told))


def scan(survey):
    found = answer("scan", survey, "--format", "json")
    kinds = {column["name"]: column["kind"] for column in found["columns"]}
    for column, kind in KINDS.items():
        check(kinds[column] == kind, f"{column} was found to be {kinds[column]}")
    for column in ("性别", "满意度"):
        check(kinds[column] is None or kinds[column] not in KINDS.values(), f"{column} is {kinds[column]}")
    check({"rows", "bytes", "cpu_ms"} <= set(found), f"the answer has only {sorted(found)}")
    note = write("note.csv", "编号,说明\n1,请联系王丽，电话13912345678\n2,无\n".encode())
    spans = answer("scan", note, "--spans", "--format", "json")["spans"]
    phone = next(span for span in spans if span["kind"] == "mobile")
    text = "请联系王丽，电话13912345678"
    check((phone["row"], phone["column"]) == (0, "说明"), f"the number was found at {phone}")
    check(text[phone["start"] : phone["end"]] == "13912345678", f"the span is {phone}")


def small_table():
    """Ten rows whose risk can be counted by hand: classes of 4, 3, 2 and 1 rows."""
    rows = ["男,30"] * 4 + ["女,30"] * 3 + ["男,40"] * 2 + ["女,50"]
    table = write("ten.csv", ("性别,年龄\n" + "\n".join(rows) + "\n").encode())
    risk = answer("risk", table, "--quasi", "性别,年龄", "--format", "json")
    seen = (risk["rows"], risk["classes"], risk["sample_uniqueness"], risk["prosecutor_max"], risk["marketer"])
    check(seen == (10, 4, 0.1, 1.0, 0.4), f"the risk of ten rows is {seen}")
    folder = os.path.join(OUT, "hierarchies")
    os.makedirs(folder, exist_ok=True)
    write("hierarchies/性别.csv", "男;*\n女;*\n".encode())
    write("hierarchies/年龄.csv", "30;30-39;*\n40;40-59;*\n50;40-59;*\n".encode())
    out = os.path.join(OUT, "released.csv")
    options = ["--quasi", "性别,年龄", "--hierarchies", folder, "--k", "3", "--suppression", "0.3"]
    done = answer("deident", table, *options, "--out", out, "--format", "json")
    with open(out, encoding="utf-8-sig", newline="") as file:
        released = list(csv.reader(io.StringIO(file.read())))[1:]
    sizes = {}
    for row in released:
        sizes[tuple(row)] = sizes.get(tuple(row), 0) + 1
    check(min(sizes.values()) >= 3, f"a class of the written file has {min(sizes.values())} rows")
    check(len(released) + done["suppressed"] == 10, f"{len(released)} rows and {done['suppressed']} suppressed")
    check((done["classes"], done["min_class"]) == (len(sizes), min(sizes.values())), f"the report says {done}")
    return f"{len(sizes)} classes of at least {min(sizes.values())} written"


def large_table():
    """A table of several megabytes whose cells run over lines, read piece by piece."""
    rows = "".join(f'{n},"甲\n乙 {n % 7}",{"男" if n % 2 else "女"}\r\n' for n in range(200_000))
    text = "编号,地址,性别\r\n" + rows
    for name, encoding in (("large.csv", "utf-8"), ("large-gbk.csv", "gb18030"), ("large-16.csv", "utf-16")):
        table = write(name, text.encode(encoding))
        risk = answer("risk", table, "--quasi", "地址,性别", "--format", "json")
        seen = (risk["rows"], risk["classes"], risk["min_class"])
        check(seen == (200_000, 14, 14_285), f"{name}: rows, classes and the smallest class are {seen}")
    return "200,000 rows of three encodings read in pieces"


def spilled():
    """More distinct tuples than the memory that is allowed: the answers stay, and no file does."""
    values = [(n * 7919 % 97, n * 104729 % 89, n * 1299709 % 83) for n in range(120_000)]
    table = write("wide.csv", ("甲,乙,丙\n" + "".join(f"{a},{b},{c}\n" for a, b, c in values)).encode())
    folder, scratch = os.path.join(OUT, "wide-hierarchies"), os.path.join(OUT, "scratch")
    for path in (folder, scratch):
        os.makedirs(path, exist_ok=True)
    for name, most in (("甲", 97), ("乙", 89), ("丙", 83)):
        lines = "".join(f"{n};{n // 10} tens;{n // 50} fifties;*\n" for n in range(most))
        write(f"wide-hierarchies/{name}.csv", lines.encode())
    bound = ["--memory", "1MiB", "--temporary", scratch]
    for quasi in ("甲,乙,丙", "甲,乙"):
        risk = ["risk", table, "--quasi", quasi, "--sampling-fraction", "0.1", "--sensitive", "丙", "--format", "json"]
        check(answer(*risk) == answer(*risk, *bound), f"the risk by {quasi} of a table on disk is another")
    out = [os.path.join(OUT, name) for name in ("wide-1.csv", "wide-2.csv")]
    search = ["deident", table, "--quasi", "甲,乙,丙", "--hierarchies", folder, "--k", "3", "--suppression", "0.1",
              "--format", "json"]
    one, two = answer(*search, "--out", out[0]), answer(*search, "--out", out[1], *bound)
    for found in (one, two):
        found.pop("load_ms"), found.pop("search_cpu_ms")
        for key in ("score", "granularity"):
            found[key] = round(found[key], 9)
    check(one == two and one["optimal"], f"the search of a table on disk finds {two}, not {one}")
    with open(out[0], "rb") as first, open(out[1], "rb") as second:
        check(first.read() == second.read(), "the release of a table on disk is another")
    check("--recoding local" in refused(2, *search, "--recoding", "local", *bound), "what cannot be done on disk is named")
    refused(2, *risk, "--memory", "1MiB", "--temporary", os.path.join(OUT, "nowhere"))
    check(os.listdir(scratch) == [], f"files are left: {os.listdir(scratch)}")
    return f"{len(set(values)):,} tuples counted and searched within 1 MiB"


def reports(survey):
    """What was found, done and measured, for people; models and attacks on the way."""
    folder, table = os.path.join(OUT, "hierarchies"), os.path.join(OUT, "ten.csv")
    options = ["--quasi", "性别,年龄", "--hierarchies", folder, "--k", "2", "--suppression", "0.3"]
    out, page = os.path.join(OUT, "mapped.csv"), os.path.join(OUT, "report.html")
    mapped = answer("deident", table, *options, "--model", "k-map:3", "--population", table, "--out", out,
                    "--report", page, "--format", "json")
    check(mapped["min_class"] >= 3, f"k-map with the table as population: {mapped}")
    measured = answer("risk", out, "--original", table, "--quasi", "性别,年龄", "--hierarchies", folder,
                      "--sensitive", "年龄", "--attack", "--report", os.path.join(OUT, "risk.html"), "--format", "json")
    check(measured["inference"][0]["success"] == 1.0, f"what is in the class is known: {measured['inference']}")
    check(len(measured["attacks"]) == 2, f"the attacks: {measured['attacks']}")
    answer("scan", survey, "--report", os.path.join(OUT, "scan.html"), "--format", "json")
    for name in ("report.html", "risk.html", "scan.html"):
        with open(os.path.join(OUT, name), encoding="utf-8") as file:
            html = file.read()
        check("没有说明的" in html and "<script" not in html and "http" not in html, f"{name} is not a report that stands alone")
    refused(2, "deident", table, *options, "--model", "k-map:3")
    refused(2, "deident", table, *options, "--model", "magic:3")
    people = write("people.csv", ("姓名,年龄\n" + "".join(f"某{n},{n % 90}\n" for n in range(500))).encode())
    refused(1, "risk", people, "--original", people, "--quasi", "姓名,年龄", "--attack", "--threshold", "0.05")
    return "three reports, a model of the population, and an attack that finds people"


def plan():
    """A plan does to each column what it says; keys are read from a file of one's own."""
    rows = "".join(f"1380013{n:04},{20 + n % 40},{'男' if n % 2 else '女'}\n" for n in range(1000))
    table = write("plan.csv", ("手机,年龄,性别\n" + rows).encode())
    columns = {"手机": 'transform = "pseudonym"\nkey = "project"', "性别": 'transform = "keep"',
               "年龄": 'transform = "generalize"\nspec = { interval = { widths = [10] } }\nlevel = 1'}
    text = "k = 5\n" + "".join(f'[[column]]\nname = "{name}"\n{what}\n' for name, what in columns.items())
    steps, keys, out = write("plan.toml", text.encode()), write("keys.toml", f'project = "{"a7" * 32}"'.encode()), os.path.join(OUT, "planned.csv")
    os.chmod(keys, 0o644)
    check("chmod" in refused(2, "deident", table, "--plan", steps, "--keys", keys, "--out", out), "keys that others may read")
    os.chmod(keys, 0o600)
    done = answer("deident", table, "--plan", steps, "--keys", keys, "--out", out, "--format", "json")
    check((done["rows"], done["released"]) == (1000, 1000), f"the plan gives {done}")
    again = answer("deident", table, "--plan", steps, "--keys", keys, "--out", out + ".2", "--format", "json")
    with open(out, encoding="utf-8") as one, open(out + ".2", encoding="utf-8") as two:
        released, second = one.read(), two.read()
    check(released == second and again == done, "the same key gives the same pseudonyms")
    check("1380013" not in released and "20-29" in released, f"the result begins {released[:200]}")
    check("project" in refused(2, "deident", table, "--plan", steps), "a key that is not there is named")
    other = write("other.csv", "手机,年龄\n1,2\n".encode())
    check("性别" in refused(2, "deident", other, "--plan", steps, "--keys", keys), "a plan for other columns names them")
    slip = write("slip.toml", text.replace("pseudonym", "pseudonim").encode())
    check("line" in refused(2, "deident", table, "--plan", slip, "--keys", keys), "a slip of the pen is named with its line")
    return "a plan with a key carried out"


def noise():
    """Answers with noise are paid from a ledger, which says no when it is empty."""
    table = write("people.csv", ("性别,年龄\n" + "".join(f"{'男' if n % 2 else '女'},{n % 90}\n" for n in range(9000))).encode())
    ledger = os.path.join(OUT, "ledger.json")
    if os.path.exists(ledger):
        os.remove(ledger)
    answer("dp", "budget", "--ledger", ledger, "--dataset", "people", "--epsilon", "1", "--format", "json")
    asked = [table, "--ledger", ledger, "--one-row-one-person"]
    count = answer("dp", "count", *asked, "--where", "性别=女", "--epsilon", "0.5", "--format", "json")
    figure = count["answer"]["figure"]
    check(abs(figure["value"] - 4500) <= 80 and figure["low"] < figure["value"] < figure["high"], f"the count is {figure}")
    mean = answer("dp", "mean", *asked, "--column", "年龄", "--clamp", "0", "110", "--step", "1", "--epsilon", "0.5", "--format", "json")
    check(abs(mean["answer"]["mean"]["value"] - 44.5) < 3, f"the mean is {mean['answer']}")
    said = refused(1, "dp", "count", *asked, "--epsilon", "0.001")
    check("0.001" in said and "ε = 0;" in said, f"what is asked and left is not said: {said}")
    check("--clamp" in refused(2, "dp", "sum", *asked, "--column", "年龄", "--epsilon", "0.1"), "bounds are asked for")
    spent = answer("dp", "ledger", "--ledger", ledger, "--format", "json")
    check((spent["remaining"]["epsilon"], len(spent["entries"])) == ("0", 2), f"the ledger says {spent}")
    return "two answers with noise, and no third"


def database():
    """A table of a database that another program made, and a folder, are tables as files are."""
    path, dice = os.path.join(OUT, "city.db"), random.Random(7)
    if os.path.exists(path):
        os.remove(path)
    with sqlite3.connect(path) as base:
        base.execute('CREATE TABLE "人口" (电话 TEXT, 性别 TEXT, 年龄 INTEGER)')
        base.executemany('INSERT INTO "人口" VALUES (?, ?, ?)',
                         [(f"139{dice.randrange(10**8):08}", "男" if n % 2 else "女", 20 + n % 3) for n in range(30_000)])
    address = f"sqlite:{path}?table=人口"
    risk = answer("risk", address, "--quasi", "性别,年龄", "--format", "json")
    check((risk["rows"], risk["classes"], risk["min_class"]) == (30_000, 6, 5000), f"the risk is {risk}")
    found = answer("scan", address, "--format", "json")
    check([column["kind"] for column in found["columns"]][:1] == ["mobile"], f"the columns are {found['columns']}")
    folder = os.path.join(OUT, "folder")
    os.makedirs(folder, exist_ok=True)
    write("folder/a.csv", "性别,年龄\n男,20\n".encode())
    write("folder/b.csv", "年龄;性别\n20;男\n".encode())
    risk = answer("risk", folder, "--quasi", "性别,年龄", "--format", "json")
    check((risk["rows"], risk["min_class"]) == (2, 2), f"the risk of a folder is {risk}")
    refused(2, "risk", f"sqlite:{path}?table=没有", "--quasi", "性别")
    return "30,000 rows of a database"


def bad_input():
    """One sentence that names the place and the remedy; 2 for bad input, 1 for a promise that fails."""
    folder, table = os.path.join(OUT, "hierarchies"), os.path.join(OUT, "ten.csv")
    options = ["--quasi", "性别,年龄", "--hierarchies", folder]
    refused(2, "scan", os.path.join(OUT, "nothing.csv"))
    refused(2, "scan", write("empty.csv", b""))
    refused(2, "risk", table, "--quasi", "没有的列")
    refused(1, "deident", table, *options, "--k", "11")
    write("hierarchies/年龄.csv", "30;30-39;*\n40;40-59;*\n".encode())
    said = refused(2, "deident", table, *options, "--k", "2")
    check("50" in said, f"the missing leaf is not named: {said}")
    return ["five kinds of bad input refused"]


def reference():
    """The published optimum of the Adult table, and local recoding beside it."""
    folder = os.path.join(SHARED, "deident", "adult")
    table = os.path.join(folder, "adult.csv")
    options = ["--quasi", ",".join(LEVELS), "--hierarchies", folder, "--k", "5", "--format", "json"]
    best = answer("deident", table, *options, "--suppression", "0.02", "--metric", "loss")
    seen = (best["levels"], best["suppressed"], best["classes"], best["optimal"])
    check(seen == (LEVELS, 506, 222, True), f"the optimum of Adult is {seen}")
    check(abs(best["score"] - 0.3574824899) < 1e-9, f"its score is {best['score']}")
    local = answer("deident", table, *options, "--recoding", "local")
    check(local["granularity"] >= 0.94 and local["min_class"] >= 5, f"local recoding: {local['granularity']}")
    return f"Adult's optimum, and granularity {local['granularity']:.3f} by local recoding"


def answer(*arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"fenhe {' '.join(arguments)}: {done.returncode}: {done.stderr[-1000:]}")
    return json.loads(done.stdout)


def refused(status, *arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120)
    check(done.returncode == status, f"fenhe {' '.join(arguments)}: {done.returncode}, not {status}: {done.stderr}")
    check(len(done.stderr.strip().splitlines()) == 1, f"not one sentence: {done.stderr}")
    return done.stderr


def write(name, data):
    path = os.path.join(OUT, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


run(main)
