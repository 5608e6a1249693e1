"""A server of a check's own, with one clerk, for checks that kill it or take its disk away."""

import os
import signal
import socket
import subprocess
import time

from client import Client, Failed, check

BINARY, OUT = os.environ["FENHE_BINARY"], os.environ["OUT"]
BODY = "11140000MB0000000"  # its check character is added
PASSWORD = "a system test 2026"


def settle(data):
    """Has `fenhe` use this data folder and a free port from now on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    os.environ.update(FENHE_LISTEN=listen, FENHE_DATA=data, FENHE_BASE_URL=f"http://{listen}")


class Server:
    """`fenhe serve`, ready."""

    def __init__(self):
        self.url = os.environ["FENHE_BASE_URL"]
        with open(os.path.join(OUT, "server.err"), "ab") as log:
            self.process = subprocess.Popen([BINARY, "serve"], stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if Client(self.url).call("GET", "/healthz", timeout=2).status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise Failed("the server does not start; see server.err")

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        self.process.terminate()
        check(self.process.wait(30) == 0, f"SIGTERM ended the server with {self.process.returncode}")


def command(*arguments, stdin=""):
    done = subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, text=True, timeout=300)
    check(done.returncode == 0, f"fenhe {arguments[0]}: {done.returncode}: {done.stdout} {done.stderr[-2000:]}")
    return done.stdout


def add_clerk():
    body = ["--body", credit_code(BODY), "--body-name", "系统测试局"]
    command("user", "add", "--login", "tester", "--name", "测试", *body, "--role", "clerk", stdin=f"{PASSWORD}\n")


def credit_code(seventeen):
    """Adds the check character of GB 32100."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(letters.index(c) * 3**i for i, c in enumerate(seventeen))
    return seventeen + letters[-total % 31]


def register(clerk, title):
    """Registers an asset of the clerk's body; gives its id."""
    new = {"body": credit_code(BODY), "entry": {"title": {"zh": title}}}
    return clerk.expect(201, "POST", "/api/v1/assets", new).json["id"]
