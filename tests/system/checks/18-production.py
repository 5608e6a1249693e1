"""The demo with PostgreSQL and a bucket in place of the data folder, as several servers would share them.

The bucket is SeaweedFS's, from PyPI. Rows and downloads come out of it, a second start finds them, `fsck`
looks at every file, and a store that takes no notice of conditional writes (rclone's) is refused.
"""

import csv
import io
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from client import Client, Failed, check, run, sha256
from own_server import BINARY, OUT, Server, command, settle

PROGRAMS = os.path.dirname(os.environ["FENHE_PYTHON"])
DATA, BUCKET, CARELESS = (os.path.join(OUT, name) for name in ("data", "bucket", "careless"))
KEY, SECRET = "fenhe", "buckets"
IDENTITIES = """{"identities": [{"name": "fenhe", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],
  "actions": ["Admin", "Read", "Write", "List"]}]}""" % (KEY, SECRET)


def main():
    for folder in (DATA, BUCKET, CARELESS):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
    processes = []
    server = None
    try:
        settle(DATA)
        os.environ["FENHE_LAKE"] = "s3://lake/demo"
        refused = careless(processes)
        check(refused.returncode != 0, "a store that ignores conditional writes was taken")
        check("ignores conditional writes" in refused.stderr, f"it was refused otherwise: {refused.stderr[-600:]}")
        shutil.rmtree(DATA)
        endpoint(seaweed(processes))
        os.environ["FENHE_DATABASE"] = postgres(processes)
        command("demo", "--small", "--load-only")
        check(not os.path.exists(os.path.join(DATA, "lake")), "tables lie in the data folder")
        check(not os.path.exists(os.path.join(DATA, "fenhe.db")), "a database lies in the data folder")
        server = Server()
        site = Client(server.url)
        rows = read_all(site)
        command("log", "verify", server.url)
        server.stop()
        server = Server()
        check(read_all(Client(server.url)) == rows, "after another start the rows are others")
        server.stop()
        server = None
        said = command("fsck")
        check("WRONG" not in said, said)
    finally:
        if server:
            server.kill()
        for process in reversed(processes):
            process.terminate()
            process.wait(30)
        for folder in (DATA, BUCKET, CARELESS):
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(rows)} datasets in PostgreSQL and a bucket, {sum(rows.values())} rows as their certificates say")


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def endpoint(port):
    """The configuration file for a bucket at this port; `fenhe.toml` of the folder that we work in."""
    options = {
        "aws_endpoint": f"http://127.0.0.1:{port}",
        "aws_allow_http": "true",
        "aws_region": "us-east-1",
        "aws_access_key_id": KEY,
        "aws_secret_access_key": SECRET,
    }
    lines = ["[lake_options]", *(f'{name} = "{value}"' for name, value in options.items())]
    pathlib.Path("fenhe.toml").write_text("\n".join(lines) + "\n")


def start(processes, arguments, port=None, **options):
    log = open(os.path.join(OUT, f"{os.path.basename(arguments[0])}.log"), "ab")
    process = subprocess.Popen(arguments, stdout=log, stderr=log, **options)
    processes.append(process)
    until = time.monotonic() + 60
    while port and time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            time.sleep(0.1)
    check(not port, f"{arguments[0]} does not start; see its log")
    return process


def careless(processes):
    """What a start says with a store that replaces what it should not."""
    (port,) = free_ports(1)
    os.makedirs(os.path.join(CARELESS, "lake"))
    rclone = [os.path.join(PROGRAMS, "rclone"), "serve", "s3", "--config", "/dev/null", "--vfs-cache-mode", "off"]
    start(processes, [*rclone, "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}", CARELESS], port)
    endpoint(port)
    return subprocess.run([BINARY, "demo", "--small", "--load-only"], capture_output=True, text=True, timeout=120)


def seaweed(processes):
    identities = os.path.join(OUT, "identities.json")
    pathlib.Path(identities).write_text(IDENTITIES)
    ports = free_ports(8)
    names = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
    weed = [os.path.join(PROGRAMS, "weed"), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={BUCKET}", "-s3"]
    weed += ["-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={identities}"]
    weed += ["-volume.max=100", "-master.volumeSizeLimitMB=64"]
    start(processes, weed + [f"-{name}={port}" for name, port in zip(names, ports)], ports[6])
    return ports[6]


def postgres(processes):
    """A private PostgreSQL; gives the address of its database."""
    programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    folder = tempfile.mkdtemp(prefix="fenhe-pg-", dir="/tmp")
    as_other = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_other = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]
    (port,) = free_ports(1)
    data = os.path.join(folder, "data")
    make = [str(programs / "initdb"), f"--pgdata={data}", "--username=fenhe", "--auth=trust", "--encoding=UTF8"]
    done = subprocess.run([*as_other, *make, "--locale=C"], capture_output=True, text=True, timeout=120, cwd="/")
    check(done.returncode == 0, f"initdb: {done.stderr}")
    serve = [str(programs / "postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=127.0.0.1", "-p", str(port)]
    start(processes, [*as_other, *serve], port, cwd="/")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "fenhe", "fenhe"]
        if subprocess.run(create, capture_output=True, timeout=30).returncode == 0:
            return f"postgres://fenhe@127.0.0.1:{port}/fenhe"
        time.sleep(0.2)
    raise Failed("PostgreSQL makes no database")


def read_all(site):
    """Downloads every open dataset, compares it with its certificate; gives rows by dataset."""
    rows = {}
    for found in site.get("/api/v1/datasets?limit=100").json["datasets"]:
        if not found["has_data"]:
            continue
        path = f"/api/v1/datasets/{found['id']}"
        release = site.get(path).json["release"]
        table = site.get(f"{path}/download/csv").body
        check(sha256(table) == release["csv_sha256"], f"{found['title']}: the download is not what was certified")
        rows[found["id"]] = len(list(csv.reader(io.StringIO(table.decode())))) - 1
        check(rows[found["id"]] == release["rows"], f"{found['title']}: {rows[found['id']]} rows")
    check(rows, "there is no open dataset")
    return rows


os.chdir(OUT)
run(main)
