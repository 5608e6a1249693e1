"""The API against its own description, which spectral finds no error in: whatever is sent, no answer is a server
error (schemathesis).

Twice: with made-up identifiers, and with those of things that exist, so that the code behind is reached.
"""

import os
import re
import subprocess

from cases import entry, residents, start_run
from client import Client, Session, body_of, check, run, upload

TOOLS, OUT = os.environ["FENHE_TOOLS"], os.environ["OUT"]
# What a prefix of a path names.
NAMED = ["assets", "uploads", "jobs", "gate-runs", "datasets", "releases", "receipts"]


def main():
    # A clerk whose drafts no other check looks at.
    person = Session("market.clerk")
    clerk = person.token()
    document = Client().get("/api/v1/openapi.json").json
    check(document["openapi"].startswith("3.1"), f"the description is OpenAPI {document['openapi']}")
    lint()
    cases = fuzz("made-up", clerk.token, "")
    identifiers = things(clerk, person)
    settings = [
        f'[[operations]]\ninclude-path-regex = "^/api/v1/{kind}/[{{]id"\n'
        f'parameters = {{ "path.id" = "{identifiers[kind]}" }}\n'
        for kind in NAMED
    ]
    cases += fuzz("real", clerk.token, "\n".join(settings))
    print(f"{cases} test cases without a server error")


def lint():
    """Spectral's rules for OpenAPI: no error."""
    folder = os.path.join(OUT, "spectral")
    os.makedirs(folder, exist_ok=True)
    ruleset, document = os.path.join(folder, "ruleset.yaml"), os.path.join(folder, "openapi.json")
    with open(ruleset, "w") as file:
        file.write('extends: ["spectral:oas"]\n')
    with open(document, "wb") as file:
        file.write(Client().get("/api/v1/openapi.json").body)
    spectral = os.path.join(TOOLS, "npm/node_modules/.bin/spectral")
    arguments = [spectral, "lint", document, "--ruleset", ruleset, "--fail-severity", "error"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    errors = [line for line in done.stdout.splitlines() if " error " in line]
    check(done.returncode == 0, f"spectral: {errors[:20]} {done.stdout[-300:]} {done.stderr[-500:]}")


def things(clerk, person):
    """One of each kind that this clerk may see: an asset with a version and a gate run, an open upload …"""
    new = {"body": body_of(person), "entry": entry("接口随机测试（系统测试）")}
    asset = clerk.expect(201, "POST", "/api/v1/assets", new).json
    done = upload(clerk, asset["id"], "survey.csv", residents(300))
    check(clerk.wait_for_job(done["job_id"]) == "done", "the file was not read")
    begin = {"file_name": "later.csv", "bytes": 1000}
    begun = clerk.expect(201, "POST", f"/api/v1/assets/{asset['id']}/uploads", begin).json
    gate_run = start_run(clerk, asset["id"])
    dataset = Client().get("/api/v1/datasets?kind=dataset").json["datasets"][0]["id"]
    release = Client().get(f"/api/v1/datasets/{dataset}").json["release"]["id"]
    found = [asset["id"], begun["upload_id"], done["job_id"], gate_run["id"], dataset, release, asset["receipt"]]
    return dict(zip(NAMED, found))


def fuzz(name, token, settings):
    """Runs schemathesis; gives the number of test cases."""
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "schemathesis.toml"), "w") as file:
        file.write(settings)
    # One worker: parsing Python in two threads at once fails at times in Python 3.11.
    arguments = [
        os.path.join(TOOLS, "schemathesis/bin/st"), "run", f"{Client().base}/api/v1/openapi.json",
        "-H", f"Authorization: Bearer {token}",
        "--phases", "examples,coverage,fuzzing", "--checks", "not_a_server_error",
        "--max-examples", "10", "--seed", "20261201", "--workers", "1", "--continue-on-failure",
        "--suppress-health-check", "all", "--request-timeout", "60", "--no-shrink", "--warnings", "off",
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks"}
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=280, cwd=folder, env=environment)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    with open(os.path.join(folder, "report.txt"), "w") as file:
        file.write(said + done.stderr)
    check(done.returncode == 0, f"schemathesis with {name} identifiers: {done.returncode}: {said[-6000:]} {done.stderr[-1000:]}")
    tested = re.search(r"(\d+) generated", said)
    check(tested, f"schemathesis tested nothing: {said[-2000:]}")
    return int(tested[1])


run(main)
