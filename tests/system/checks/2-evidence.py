"""The log and the certificates, verified by programs that the project did not write.

`fenhe log verify` first; then Go's own verifier of its checksum database on a copy of the log that was
taken over HTTP; then each certificate by joserfc with the published keys.
"""

import html
import os
import re
import shutil
import subprocess
import warnings

from joserfc import jws
from joserfc.jwk import KeySet

from client import Client, check, run

# RFC 9864 calls EdDSA by its curve; RFC 8037's name is what most programs read.
warnings.filterwarnings("ignore", message="EdDSA is deprecated")
ROOT, OUT = os.environ["FENHE_ROOT"], os.environ["OUT"]


def main():
    site = Client()
    # As the home page says it, so that who copies the line gets an answer.
    shown = re.findall(r"fenhe\s+log\s+verify\s+(http[^\s<&\"]+)", html.unescape(site.get("/").text))
    check(shown, "the home page does not say how to verify the log")
    said = command([os.environ["FENHE_BINARY"], "log", "verify", shown[0]])
    check("GOOD" in said and "NOT GOOD" not in said, f"fenhe log verify says: {said}")
    vkey = site.get("/log/key").text.strip()
    size = mirror(site, os.path.join(OUT, "copy"))
    go = go_verifies(os.path.join(OUT, "copy"), vkey, size)
    print(f"log of {size} entries good by fenhe{go}; {certificates(site)} certificates good by joserfc")


def command(arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, **options)
    check(done.returncode == 0, f"{arguments[0]} {arguments[1]}: {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout


def mirror(site, folder):
    """Copies the log as C2SP tlog-tiles lays it out; gives its size."""
    shutil.rmtree(folder, ignore_errors=True)
    note = site.get("/log/checkpoint").body
    save(folder, "checkpoint", note)
    size = int(note.split(b"\n")[1])
    check(size > 0, "the log is empty")
    level, count = 0, size
    while count > 0:
        for number in range(-(-count // 256)):
            width = min(256, count - number * 256)
            copy(site, folder, f"tile/{level}/{name(number)}", width)
            if level == 0:
                copy(site, folder, f"tile/entries/{name(number)}", width)
        level, count = level + 1, count // 256
    return size


def name(number):
    """The number of a tile as a path: 1234067 is x001/x234/067."""
    parts = [f"{number % 1000:03d}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03d}")
    return "/".join(parts)


def copy(site, folder, path, width):
    path = path if width == 256 else f"{path}.p/{width}"
    save(folder, path, site.get(f"/log/{path}").body)


def save(folder, path, data):
    target = os.path.join(folder, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(data)


def go_verifies(folder, vkey, size):
    """Walks the copy with golang.org/x/mod/sumdb, where Go is installed."""
    if not shutil.which("go"):
        return " (Go is not installed: left out)"
    # Debian has the package as source under /usr/share/gocode; nothing is downloaded.
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    walker = os.path.join(ROOT, "crates/trust/tests/go/walk.go")
    said = command(["go", "run", walker, folder, vkey], env=environment)
    check(said.startswith(f"OK {size} "), f"Go says: {said}")
    return " and by Go"


def certificates(site):
    """Checks the signature of every current release's certificate."""
    keys = KeySet.import_key_set(site.get("/api/v1/keys").json)
    found = site.get("/api/v1/datasets?kind=dataset&per_page=100").json["datasets"]
    good = 0
    for summary in found:
        dataset = site.get(f"/api/v1/datasets/{summary['id']}").json
        for release in dataset["releases"]:
            text = site.get(f"/api/v1/releases/{release['id']}/certificate").text
            signed = jws.deserialize_compact(text, keys, algorithms=["EdDSA", "Ed25519"])
            check(release["csv_sha256"].encode() in signed.payload, "a certificate is of another file")
            forged = text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB")
            try:
                jws.deserialize_compact(forged, keys, algorithms=["EdDSA", "Ed25519"])
            except Exception:
                good += 1
            else:
                check(False, "a forged signature is good")
    check(good > 0, "the demo has no release")
    return good


run(main)
