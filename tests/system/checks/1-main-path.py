"""The main job through the API: from a file with personal data to a suspended release.

A clerk works with an API token; the three who decide are in their browsers' sessions, and so is the
clerk where the step is one that no token can be made for.
"""

import base64
import csv
import http.client
import io
import json
import os
import time
import urllib.parse
import uuid

import duckdb
import openpyxl
import pyarrow.parquet

from cases import CLEAN, decide, entry, residents, start_run, step
from client import Client, Failed, body_of, check, people, run, send_piece, sha256

ROWS = 4000
KEPT = ROWS - 2
MANDATORY = [
    "数据项", "数据格式", "数据更新频率", "共享属性", "共享方式", "使用条件", "数据分类", "数据分级",
    "开放属性", "保密风险评估", "个人信息保护影响评估",
]


def main():
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    data = residents(ROWS)
    asset = register(clerk, body_of(clerk_in_browser))
    version = send(clerk, asset, data)
    check_quarantine(clerk, asset, version)
    edit(clerk, asset)
    three_persons(clerk, clerk_in_browser, head, admin, asset)
    release = through_the_gate(clerk, clerk_in_browser, reviewer, asset)
    rows = check_rows(asset)
    check_downloads(asset, release, rows)
    suspend(reviewer, asset, release)
    print(f"{ROWS} persons in, {len(rows)} rows out, then suspended")


def register(clerk, body):
    """A draft; the same request again is answered from what was kept."""
    new = {"body": body, "entry": {"title": {"zh": "居民满意度调查（系统测试）"}}}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = clerk.expect(201, "POST", "/api/v1/assets", new, headers=key)
    again = clerk.expect(201, "POST", "/api/v1/assets", new, headers=key)
    check(again.body == first.body, "the repeated request was answered otherwise")
    check(again.headers["Idempotency-Replayed"] == "true", "the repeated request was not a replay")
    other = clerk.call("POST", "/api/v1/assets", {**new, "kind": "system"}, headers=key)
    check(other.status == 422, f"another request under the same key: {other.status}")
    Client().expect(401, "POST", "/api/v1/assets", new)
    return first.json["id"]


def send(clerk, asset, data):
    """Three pieces; the second breaks off and is resumed where the server says."""
    begun = clerk.expect(
        201, "POST", f"/api/v1/assets/{asset}/uploads", {"file_name": "survey.csv", "bytes": len(data)}
    ).json
    path = f"/api/v1/uploads/{begun['upload_id']}"
    third = len(data) // 3
    check(send_piece(clerk, path, 0, data[:third]) == third, "the first piece is not stored whole")
    break_off(clerk, path, third, data[third : 2 * third])
    # The server may still be storing what had arrived: the offset settles.
    offset = settled_offset(clerk, path)
    check(third <= offset < 2 * third, f"after a broken piece the offset is {offset}")
    early = clerk.call("POST", f"{path}/completion")
    check(early.status in (409, 422), f"an incomplete upload was completed: {early.status}")
    headers = {"Upload-Offset": str(offset + 7), "Content-Type": "application/offset+octet-stream"}
    gap = clerk.call("PATCH", path, data[offset + 7 : offset + 9], headers=headers)
    check(gap.status in (409, 412, 422), f"a piece that leaves a gap was taken: {gap.status}")
    offset = send_piece(clerk, path, offset, data[offset : 2 * third])
    send_piece(clerk, path, offset, data[offset:])
    done = clerk.expect(202, "POST", f"{path}/completion").json
    check(clerk.wait_for_job(done["job_id"]) == "done", "the file was not read")
    version = clerk.get(f"/api/v1/assets/{asset}/versions/{done['version_number']}").json
    check(version["state"] == "stored", f"the version is {version['state']}: {version['problem']}")
    check(version["sha256"] == sha256(data), "the digest of the file is another")
    check((version["rows"], version["rejected"]) == (KEPT, 2), f"rows: {version['rows']}, {version['rejected']}")
    return version["number"]


def break_off(clerk, path, offset, piece):
    """Announces a piece, sends half of it, and drops the connection."""
    address = urllib.parse.urlsplit(clerk.base)
    line = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    line.putrequest("PATCH", path)
    line.putheader("Authorization", f"Bearer {clerk.token}")
    line.putheader("Content-Type", "application/offset+octet-stream")
    line.putheader("Upload-Offset", str(offset))
    line.putheader("Content-Length", str(len(piece)))
    line.endheaders()
    line.send(piece[: len(piece) // 2])
    line.close()


def eventually(ask, is_good, what, seconds=3):
    """Asks until the answer is good."""
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        if is_good(answer):
            return answer
        check(time.monotonic() < until, f"no {what} after {seconds} s: {answer.status}")
        time.sleep(0.2)


def settled_offset(clerk, path):
    """Where the upload stands, once it has stood there for a moment."""
    seen = None
    for _ in range(50):
        offset = int(clerk.expect(200, "HEAD", path).headers["Upload-Offset"])
        if offset == seen:
            return offset
        seen = offset
        time.sleep(0.3)
    raise Failed("the offset of a broken upload does not settle")


def check_quarantine(clerk, asset, version):
    text = clerk.get(f"/api/v1/assets/{asset}/versions/{version}/quarantine.csv").body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    check([row["line"] for row in rows] == ["778", "1235"], f"quarantined lines: {[r['line'] for r in rows]}")
    check(all(row["reason"] and row["reason_en"] for row in rows), "a quarantined row has no reason")


def edit(clerk, asset):
    """Only who has read the newest revision may write."""
    path = f"/api/v1/assets/{asset}"
    read = clerk.get(path)
    check(len(read.json["entry"]["items"]) == 8, "the items were not read from the file")
    change = {**read.json["entry"], "summary": {"zh": "先存一半。", "en": ""}}
    clerk.expect(428, "PUT", f"{path}/entry", change)
    saved = clerk.expect(200, "PUT", f"{path}/entry", change, headers={"If-Match": read.etag})
    check(saved.etag != read.etag, "the revision did not grow")
    stale = clerk.expect(412, "PUT", f"{path}/entry", change, headers={"If-Match": read.etag})
    check(stale.headers["Content-Type"].startswith("application/problem+json"), "no problem+json")


def three_persons(clerk, clerk_in_browser, head, admin, asset):
    """One notice lists everything; nobody approves what they filed."""
    path = f"/api/v1/assets/{asset}"
    draft = clerk.get(path).json
    empty = {"title": draft["entry"]["title"]}
    clerk.expect(200, "PUT", f"{path}/entry", empty, headers={"If-Match": f'"{draft["revision"]}"'})
    refused = clerk.expect(422, "POST", f"{path}/submission").json
    codes = [refusal["code"] for refusal in refused["refusals"]]
    check(codes == ["R-SH-01"], f"an incomplete entry is refused by {codes}")
    notice, ground = refused["refusals"][0]["detail"]["zh"], refused["refusals"][0]["ground"]["zh"]
    absent = [name for name in MANDATORY if name not in notice]
    check(not absent, f"the notice does not list {absent}: {notice}")
    check(ground, "the refusal cites no ground")
    complete = {**entry("居民满意度调查（系统测试）"), "items": draft["entry"]["items"]}
    now = clerk.get(path)
    clerk.expect(200, "PUT", f"{path}/entry", complete, headers={"If-Match": now.etag})
    submitted = step(clerk, f"{path}/submission", clerk.get(path).json)
    check(submitted["state"] == "unit_review", f"submitted, but {submitted['state']}")
    clerk.expect(403, "POST", f"{path}/consent")
    clerk_in_browser.expect(403, "POST", f"{path}/consent")
    consented = step(head, f"{path}/consent", submitted)
    head.expect(403, "POST", f"{path}/publication")
    clerk_in_browser.expect(403, "POST", f"{path}/publication")
    published = step(admin, f"{path}/publication", consented)
    check(published["state"] == "published", f"published, but {published['state']}")
    # Who took the step has its receipt within two seconds; a stranger does not.
    path = f"/api/v1/receipts/{published['receipt']}"
    receipt = eventually(lambda: admin.call("GET", path), lambda answer: answer.status == 200, "a receipt")
    check(published["receipt"] in receipt.json["entry"] and receipt.json["proof"], "the receipt proves nothing")
    Client().expect(404, "GET", path)


def through_the_gate(clerk, clerk_in_browser, reviewer, asset):
    """Kept identifiers are refused; the proposal passes; another person approves."""
    proposal = start_run(clerk, asset)
    check(proposal["state"] == "confirming", f"after the inspection: {proposal['state']}")
    roles = {decision["column"]: decision["role"] for decision in proposal["decisions"]}
    for column in ("姓名", "身份证号", "手机号"):
        check(roles[column] == "direct", f"{column} was found to be {roles[column]}")
    keep = lambda d: {**d, "treatment": "keep"} if d["role"] == "direct" else d
    refused = decide(clerk, proposal["id"], keep)
    codes = {refusal["code"] for refusal in refused["refusals"]}
    check(refused["state"] == "refused" and "R-OP-02" in codes, f"identifiers kept: {refused['state']}, {codes}")
    check(all(refusal["ground"]["zh"] for refusal in refused["refusals"]), "a refusal cites no ground")
    clerk_in_browser.expect(409, "POST", f"/api/v1/gate-runs/{refused['id']}/submission")
    # What a person hides is still found: the identity number called harmless.
    disguise = lambda d: (
        {**d, "role": "none", "treatment": "keep", "reason": "系统测试"} if d["column"] == "身份证号" else d
    )
    hidden = start_run(clerk, asset)
    hidden = decide(clerk, hidden["id"], disguise)
    check(hidden["state"] == "refused", f"a disguised identity number is {hidden['state']}")
    run_id = start_run(clerk, asset)["id"]
    passed = decide(clerk, run_id)
    check(passed["state"] == "passed", f"the proposal is {passed['state']}: {passed['refusals']}")
    clerk.expect(403, "POST", f"/api/v1/gate-runs/{run_id}/submission")
    submitted = step(clerk_in_browser, f"/api/v1/gate-runs/{run_id}/submission", passed)
    clerk.expect(403, "POST", f"/api/v1/gate-runs/{run_id}/approval")
    clerk_in_browser.expect(403, "POST", f"/api/v1/gate-runs/{run_id}/approval")
    Client().expect(404, "GET", f"/api/v1/datasets/{asset}/rows")
    approved = step(reviewer, f"/api/v1/gate-runs/{run_id}/approval", submitted)
    check(approved["state"] == "approved" and approved["release"], "approved without a release")
    return approved["release"]


def check_rows(asset):
    """Pages add up to the whole, in order; conditions and groups agree with it."""
    anyone = Client()
    path = f"/api/v1/datasets/{asset}"
    columns = list(anyone.get(f"{path}/rows?limit=1").json["rows"][0])
    check(not {"姓名", "身份证号", "手机号"} & set(columns), f"identifiers are open: {columns}")
    order = "满意度 desc"
    rows, cursor = [], None
    while True:
        query = {"order": order, "limit": "997", **({"cursor": cursor} if cursor else {})}
        page = anyone.get(f"{path}/rows?{urllib.parse.urlencode(query)}").json
        rows += page["rows"]
        cursor = page["next_cursor"]
        if not cursor:
            break
        check(len(rows) <= KEPT, "the cursor does not come to an end")
    whole = anyone.get(f"{path}").json["release"]["rows"]
    check(len(rows) == whole <= KEPT, f"pages hold {len(rows)} rows, the release {whole}")
    marks = [row["满意度"] for row in rows]
    check(marks == sorted(marks, reverse=True), "the pages are not in order")
    query = urllib.parse.urlencode({"where": "满意度 >= 4 and 性别 = '女'", "limit": "10000"})
    some = anyone.get(f"{path}/rows?{query}").json["rows"]
    wanted = [row for row in rows if row["满意度"] >= 4 and row["性别"] == "女"]
    check(len(some) == len(wanted) > 0, f"where: {len(some)}, not {len(wanted)} rows")
    query = urllib.parse.urlencode({"by": "满意度", "measures": "count"})
    groups = anyone.get(f"{path}/groups?{query}").json["groups"]
    check(sum(group["count"] for group in groups) == whole, f"groups do not add up: {groups}")
    wrong = anyone.expect(400, "GET", f"{path}/rows?{urllib.parse.urlencode({'where': '没有的列 = 1'})}")
    check(wrong.json["detail"], "a wrong query is not explained")
    return rows


def check_downloads(asset, release, rows):
    """The files of each format hold the same rows; the CSV file is what the certificate names."""
    anyone = Client()
    path = f"/api/v1/datasets/{asset}/download"
    file = anyone.get(f"{path}/csv").body
    jws = anyone.get(f"/api/v1/releases/{release}/certificate").text
    payload = jws.split(".")[1]
    certificate = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    check(sha256(file) in json.dumps(certificate), "the CSV file is not the one of the certificate")
    table = list(csv.reader(io.StringIO(file.decode())))
    check(len(table) - 1 == len(rows), f"the CSV file has {len(table) - 1} rows")
    check(anyone.get(f"{path}/csv?bom=true").body == b"\xef\xbb\xbf" + file, "the byte-order mark is not all that differs")
    sheet = openpyxl.load_workbook(io.BytesIO(anyone.get(f"{path}/xlsx").body)).active
    cells = list(sheet.iter_rows(values_only=True))
    check(len(cells) - 1 == len(rows), f"the workbook has {len(cells) - 1} rows")
    neutral(table, [c for row in sheet.iter_rows() for c in row])
    name = os.path.join(os.environ["OUT"], "rows.parquet")
    with open(name, "wb") as target:
        target.write(anyone.get(f"{path}/parquet").body)
    check(pyarrow.parquet.read_table(name).num_rows == len(rows), "pyarrow counts other rows in the Parquet file")
    counted = duckdb.sql(f"SELECT count(*) FROM read_parquet('{name}')").fetchone()[0]
    check(counted == len(rows), f"duckdb counts {counted} rows in the Parquet file")
    check(len(anyone.get(f"{path}/json").json) == len(rows), "the JSON file has other rows")
    check(len(anyone.get(f"{path}/ndjson").body.splitlines()) == len(rows), "the NDJSON file has other rows")


def neutral(table, cells):
    """No cell of the CSV file or the workbook is a formula; its text is still there."""
    texts = [cell for row in table for cell in row]
    check(any(CLEAN in text for text in texts), "the formula's text is gone from the CSV file")
    check(not any(text.startswith(("=", "+", "@", "\t", "\r")) for text in texts), "a formula is in the CSV file")
    check(all(cell.data_type != "f" for cell in cells), "a formula is in the workbook")
    check(any(CLEAN in str(cell.value) for cell in cells), "the formula's text is gone from the workbook")


def suspend(reviewer, asset, release):
    """A suspended release stops with the next request; that it was made stays in evidence."""
    anyone = Client()
    receipt = anyone.get(f"/api/v1/datasets/{asset}").json["release"]["receipt"]
    reviewer.expect(204, "POST", f"/api/v1/releases/{release}/suspension", {"reason": "系统测试：暂停发布"})
    for path in ("rows", "download/csv", "download/parquet", "groups?by=满意度"):
        path = urllib.parse.quote(path, safe="/?=")
        answer = anyone.call("GET", f"/api/v1/datasets/{asset}/{path}")
        check(answer.status in (403, 404, 409, 410), f"{path} of a suspended release: {answer.status}")
    check(release in anyone.get(f"/api/v1/receipts/{receipt}").text, "the receipt is of another release")
    state = anyone.get(f"/api/v1/datasets/{asset}").json
    check(state["release"] is None, "a suspended release is still current")


run(main)
