"""The whole demo, which `make demo` loads, into a data folder of this check's own: every step of it goes through.

The other checks use the small one. With the shared data, where they are at hand, as `make demo` has them.
"""

import os
import shutil
import subprocess
import time

from client import check, run
from own_server import BINARY, OUT, command, settle

DATA = os.path.join(OUT, "data")


def main():
    shutil.rmtree(DATA, ignore_errors=True)
    settle(DATA)
    if os.environ["FENHE_SHARED"]:
        os.environ["FENHE_SHARED_DATA"] = os.environ["FENHE_SHARED"]
    began = time.monotonic()
    done = subprocess.run([BINARY, "demo", "--load-only"], capture_output=True, text=True, timeout=580)
    took = time.monotonic() - began
    check(done.returncode == 0, f"the demo does not load: {done.returncode}: {done.stderr[-2000:]}")
    command("fsck")
    shutil.rmtree(DATA, ignore_errors=True)
    print(f"loaded in {took:.0f} s")


run(main)
