"""Kill -9 while a large file is read; then fsck, backup and restore. A server of this check's own.

What was acknowledged is there afterwards, what was being read is read again, and nothing half is seen.
"""

import os
import shutil
import subprocess
import time

from client import Client, Failed, Session, check, run, send_piece
from own_server import BINARY, OUT, PASSWORD, Server, add_clerk, command, register, settle

DATA, BACKUP, RESTORED = (os.path.join(OUT, name) for name in ("data", "backup", "restored"))
MEGABYTES = 300
PIECE = 8 << 20


def main():
    for folder in (DATA, BACKUP, RESTORED):
        shutil.rmtree(folder, ignore_errors=True)
    settle(DATA)
    add_clerk()
    server = Server()
    try:
        clerk = Session("tester", server.url, PASSWORD).token()
        asset, path, rows = send(clerk)
        done = clerk.expect(202, "POST", f"{path}/completion").json
        wait_until_running(clerk, done["job_id"])
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
        check(seen["state"] == "reading", f"the version was read before the kill: {seen['state']}")
        check(seen["rows"] is None, "a version that is being read shows rows")
        server.kill()
        server = Server()
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
        check(seen["state"] == "reading" and seen["rows"] is None, f"after the kill: {seen['state']}, {seen['rows']}")
        again = time.monotonic()
        check(clerk.wait_for_job(done["job_id"], 400) == "done", "the file was not read after the kill")
        took = time.monotonic() - again
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
        found = (seen["state"], seen["rows"], seen["rejected"])
        check(found == ("stored", rows, 0), f"afterwards: {found}, not {rows} rows: {seen['problem']}")
        others = clerk.get(f"/api/v1/assets/{asset}/versions").json
        check(len(others) == 1, f"one upload made {len(others)} versions")
        command("backup", BACKUP)
        checkpoint = settled_checkpoint(server.url)
        server.stop()
        command("fsck")
        os.environ["FENHE_DATA"] = RESTORED
        command("restore", BACKUP)
        server = Server()
        check(settled_checkpoint(server.url) == checkpoint, "the restored log has another checkpoint")
        clerk = Session("tester", server.url, PASSWORD)
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
        check((seen["state"], seen["rows"]) == ("stored", rows), "the restored version is another")
        command("log", "verify", server.url)
        server.stop()
        command("fsck")
        refused = subprocess.run([BINARY, "restore", BACKUP], capture_output=True, text=True, timeout=60)
        check(refused.returncode != 0, "a restore over existing data was not refused")
    finally:
        server.kill()
        for folder in (DATA, BACKUP, RESTORED):
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{rows} rows ({MEGABYTES} MB) whole {took:.0f} s after kill -9; fsck, backup, restore agree")


def send(clerk):
    """Registers an asset and sends a file; gives asset, path of the upload, and number of rows."""
    asset = register(clerk, "大文件（系统测试）")
    lines = [
        f"{i:06d},站点{i % 97},{i % 1000 / 10},2026-{i % 12 + 1:02d}-{i % 28 + 1:02d},{'晴阴雨雪'[i % 4]}\n"
        for i in range(20000)
    ]
    block = "".join(lines).encode()
    blocks = (MEGABYTES << 20) // len(block) + 1
    header = "编号,站点,气温,日期,天气\n".encode()
    length = len(header) + blocks * len(block)
    begun = clerk.expect(201, "POST", f"/api/v1/assets/{asset}/uploads", {"file_name": "large.csv", "bytes": length})
    path = f"/api/v1/uploads/{begun.json['upload_id']}"
    offset, waiting = 0, header
    for number in range(blocks):
        waiting += block
        if len(waiting) >= PIECE or number == blocks - 1:
            offset = send_piece(clerk, path, offset, waiting)
            waiting = b""
    check(offset == length, f"{offset} of {length} bytes are stored")
    return asset, path, blocks * len(lines)


def wait_until_running(clerk, job):
    """Waits until the job has told of progress: then it is in the middle of the file."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answer = clerk.get(f"/api/v1/jobs/{job}").json
        if answer["state"] == "running" and (answer["progress"] or {}).get("done"):
            return
        check(answer["state"] in ("queued", "running"), f"the job is {answer['state']} already")
        time.sleep(0.05)
    raise Failed("the job does not begin")


def settled_checkpoint(url):
    """The checkpoint, once everything is sealed."""
    seen = None
    for _ in range(20):
        note = Client(url).get("/log/checkpoint").body
        if note == seen:
            return note
        seen = note
        time.sleep(1.5)
    raise Failed("the log does not settle")


run(main)
