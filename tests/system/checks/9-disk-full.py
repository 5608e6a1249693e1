"""A disk that fills up while a file is sent and while it is read. A server of this check's own, on a small disk.

What was acknowledged stays, nothing half is seen, the answer says why, and once there is space the upload
goes on where it stopped.
"""

import ctypes
import ctypes.util
import os
import subprocess

from client import Session, check, run, send_piece
from own_server import OUT, PASSWORD, Server, add_clerk, command, register, settle

DISK = os.path.join(OUT, "disk")
FILLER = os.path.join(DISK, "filler")
MEGABYTES = 120
PIECE = 4 << 20
ROWS = 400_000


def main():
    mount()
    settle(os.path.join(DISK, "data"))
    server = None
    try:
        add_clerk()
        server = Server()
        clerk = Session("tester", server.url, PASSWORD).token()
        asset = register(clerk, "满盘（系统测试）")
        data = table()
        begun = clerk.expect(
            201, "POST", f"/api/v1/assets/{asset}/uploads", {"file_name": "rows.csv", "bytes": len(data)}
        )
        path = f"/api/v1/uploads/{begun.json['upload_id']}"
        offset = send_piece(clerk, path, 0, data[:PIECE])
        fill(leave=1 << 20)
        answer = patch(clerk, path, offset, data[offset : offset + PIECE])
        check(answer.status == 507, f"a piece that the disk cannot hold: {answer.status}, not 507: {answer.text[:500]}")
        check(answer.json["type"] == "storage_full", f"the answer names {answer.json['type']}")
        seen = clerk.call("HEAD", path)
        check(int(seen.headers["Upload-Offset"]) == offset, "the refused piece moved the upload")
        os.remove(FILLER)
        while offset < len(data):
            offset = send_piece(clerk, path, offset, data[offset : offset + PIECE])
        # Now the file is here, and there is no room for its table.
        fill(leave=1 << 20)
        done = clerk.expect(202, "POST", f"{path}/completion").json
        state = clerk.wait_for_job(done["job_id"], 120)
        check(state == "failed", f"reading without space: the job is {state}")
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
        check((seen["state"], seen["rows"]) == ("failed", None), f"a failed version: {seen['state']}, {seen['rows']}")
        check(seen["problem"]["zh"] and seen["problem"]["en"], "the failed version does not say what to do")
        os.remove(FILLER)
        begun = clerk.expect(
            201, "POST", f"/api/v1/assets/{asset}/uploads", {"file_name": "rows.csv", "bytes": len(data)}
        )
        path = f"/api/v1/uploads/{begun.json['upload_id']}"
        offset = 0
        while offset < len(data):
            offset = send_piece(clerk, path, offset, data[offset : offset + PIECE])
        done = clerk.expect(202, "POST", f"{path}/completion").json
        check(clerk.wait_for_job(done["job_id"], 120) == "done", "the file was not read once there was space")
        seen = clerk.get(f"/api/v1/assets/{asset}/versions/2").json
        check((seen["state"], seen["rows"]) == ("stored", ROWS), f"{seen['state']}, {seen['rows']} rows")
        server.stop()
        server = None
        command("fsck")
    finally:
        if server:
            server.kill()
        subprocess.run(["umount", DISK], check=False)
    print(f"a disk of {MEGABYTES} MB filled up twice; nothing that was acknowledged is lost")


def mount():
    """A file system of its own, so small that it can be filled."""
    os.makedirs(DISK, exist_ok=True)
    subprocess.run(["umount", DISK], check=False, stderr=subprocess.DEVNULL)
    if os.geteuid() != 0:
        own_namespace()
    options = f"size={MEGABYTES}m"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", DISK], capture_output=True, text=True)
    check(done.returncode == 0, f"no small disk could be mounted: {done.stderr}")


def own_namespace():
    """Leaves to a user without rights what mounting needs: a name space in which it is root."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    new_user, new_mounts = 0x10000000, 0x00020000
    check(libc.unshare(new_user | new_mounts) == 0, "this system lets only root mount a small disk")
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{file}", "w") as target:
            target.write(text)


def table():
    lines = [f"{i},{i * 7919 % 1000003},{i * 104729 % 1299709}\n" for i in range(ROWS)]
    return ("编号,甲,乙\n" + "".join(lines)).encode()


def fill(leave):
    """Fills the disk but for `leave` bytes."""
    found = os.statvfs(DISK)
    with open(FILLER, "wb") as target:
        target.truncate(0)
        rest = found.f_bavail * found.f_frsize - leave
        block = b"\0" * (1 << 20)
        while rest > 0:
            target.write(block[:rest])
            rest -= len(block)


def patch(client, path, offset, piece):
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.call("PATCH", path, piece, headers=headers)


run(main)
