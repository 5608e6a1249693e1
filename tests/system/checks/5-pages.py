"""Pages are accessible: WCAG 2 AA by axe and HTML CodeSniffer, without an error, in both languages.

What axe marks "needs further review" it could not decide, for example the contrast of a cell that is half
scrolled out of sight. HTML CodeSniffer judges the contrast of every element on the same page, so these are
counted and not held against it.
"""

import json
import os
import re
import subprocess

from client import Client, Session, body_of, check, run

TOOLS, OUT = os.environ["FENHE_TOOLS"], os.environ["OUT"]
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-dev-shm-usage", "--no-proxy-server"]
OPEN = ["/", "/en", "/search?q=山西", "/evidence", "/developers", "/sql", "/en/sql", "/bodies", "/accessibility", "/sign-in",
        "/requests", "/requests/new", "/requests/new?kind=complaint", "/requests/own", "/reuses", "/reuses/new",
        "/topics", "/topics/population", "/en/topics/population"]


def main():
    clerk, reviewer = Session("clerk"), Session("reviewer")
    # The one about persons has the longest page: its certificate tells of risk.
    query = "/api/v1/datasets?kind=dataset&q=" + quoted("常住居民")
    dataset = Client().get(query).json["datasets"][0]["id"]
    pages = OPEN + [f"/dataset/{dataset}", f"/en/dataset/{dataset}", f"/dataset/{dataset}/explore", f"/dataset/{dataset}/rating"]
    undecided = audit("open", pages, None)
    desk = ["/desk", "/desk/assets", "/desk/assets/new", "/desk/account", *pages_of_the_clerk(clerk)]
    undecided += audit("clerk", desk, clerk)
    undecided += audit("reviewer", ["/desk", "/desk/reviews"], reviewer)
    topics = ["/desk/topics", "/desk/topics/new", "/desk/topics/population"]
    undecided += audit("admin", topics, Session("admin"))
    print(f"{len(pages) + len(desk) + len(topics) + 2} pages without an error; axe could not decide {undecided} times")


def pages_of_the_clerk(clerk):
    """An asset, its edit and upload page, a version, and a gate run of each outcome."""
    pages = []
    states = set()
    own = body_of(clerk)
    for asset in clerk.get("/api/v1/assets?limit=200").json["assets"]:
        path = f"/desk/assets/{asset['id']}"
        if asset["state"] not in states and asset["body"] == own:
            # Of drafts one with quarantined rows: its pages show the most.
            versions = clerk.get(f"/api/v1/assets/{asset['id']}/versions").json
            if asset["state"] == "draft":
                if not any(version["rejected"] for version in versions):
                    continue
                pages += [f"{path}/edit", f"{path}/upload", f"{path}/versions/{versions[0]['number']}"]
            states.add(asset["state"])
            pages.append(path)
        # A workbook that can be repaired, where another check left one.
        if "困难群众补助" in asset["entry"]["title"]["zh"]:
            pages.append(f"{path}/versions/1")
        for gate_run in clerk.get(f"/api/v1/assets/{asset['id']}/gate-runs").json:
            outcome = f"run {gate_run['state']}"
            if outcome not in states:
                states.add(outcome)
                pages.append(f"/desk/gate/{gate_run['id']}")
    check("draft" in states, f"the demo shows no draft with quarantined rows: {states}")
    check("run refused" in states, f"the demo shows no refused run: {states}")
    return pages


def audit(name, pages, person):
    """Runs pa11y-ci over the pages, as a person or as anyone; gives how often axe could not decide."""
    for page in pages:
        answer = (person or Client()).call("GET", quoted(page))
        check(answer.status == 200, f"{page}: {answer.status}")
    chrome = {"executablePath": os.environ["CHROMIUM"], "args": BROWSER}
    defaults = {
        "standard": "WCAG2AA",
        "runners": ["axe", "htmlcs"],
        "timeout": 60000,
        "concurrency": 1,
        "chromeLaunchConfig": chrome,
        "headers": {"Cookie": person.headers["Cookie"]} if person else {},
    }
    todo, issues, undecided = pages, {}, 0
    # A page on which the browser itself failed is looked at once more; what a page says counts at once.
    for attempt in ("first", "again"):
        results = look(f"{name}-{attempt}", defaults, todo)
        broken = [page for page, found in results.items() if any("code" not in issue for issue in found)]
        for page, found in results.items():
            issues[page] = [issue for issue in found if not is_undecided(issue)]
            undecided += len(found) - len(issues[page])
        todo = broken
        if not todo:
            break
    wrong = {page: found for page, found in issues.items() if found}
    for page, found in wrong.items():
        for issue in found:
            print(page, json.dumps(issue, ensure_ascii=False)[:600])
    check(not wrong, f"{name}: {len(wrong)} of {len(pages)} pages have errors")
    return undecided


def is_undecided(issue):
    return issue.get("runner") == "axe" and issue.get("runnerExtras", {}).get("needsFurtherReview") is True


def look(name, defaults, pages):
    """Runs pa11y-ci; gives what it found on each page."""
    urls = {Client().base + quoted(page): page for page in pages}
    file = os.path.join(OUT, f"{name}.json")
    with open(file, "w") as target:
        json.dump({"defaults": defaults, "urls": list(urls)}, target)
    program = os.path.join(TOOLS, "npm/node_modules/.bin/pa11y-ci")
    done = subprocess.run([program, "--json", "--config", file], capture_output=True, text=True, timeout=540)
    try:
        results = json.loads(done.stdout)["results"]
    except ValueError:
        check(False, f"pa11y-ci did not report: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    check(set(results) == set(urls), f"{len(results)} of {len(urls)} pages were looked at")
    return {urls[url]: found for url, found in results.items()}


def quoted(path):
    """The path with what is not ASCII in percent signs."""
    return re.sub(r"[^\x00-\x7f]+", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), path)


run(main)
