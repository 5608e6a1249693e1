"""A client of the platform, with nothing but Python's own library.

`Session` is a person in a browser (cookie and anti-forgery token), `Token` a program with an API token.
Both speak the API by `call`; `expect` asserts the status, so that a check reads as a list of steps.
"""

import hashlib
import html
import http.cookiejar
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("FENHE_URL", "")
PASSWORD = "fenhe-yanshi-2026"  # shown on the demo's sign-in page


class Failed(Exception):
    """Something is not as it should be."""


def check(condition, message):
    """Fails with `message` unless `condition` holds."""
    if not condition:
        raise Failed(message)


class Answer:
    """What the server said."""

    def __init__(self, status, headers, body, url):
        self.status, self.headers, self.body, self.url = status, headers, body, url

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    @property
    def page(self):
        """The text of a page, without the escapes of HTML."""
        return html.unescape(self.text)

    @property
    def etag(self):
        return self.headers["ETag"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *_):
        return None


class Client:
    """Anyone, without an account."""

    def __init__(self, base=None):
        self.base = base or URL
        self.cookies = http.cookiejar.CookieJar()
        self.headers = {}
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())

    def call(self, method, path, body=None, headers=None, timeout=120):
        """Sends a request: a dict as JSON, bytes as they are."""
        url = path if path.startswith("http") else self.base + path
        sent = {**self.headers, **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(url, body, sent, method=method)
        try:
            with self.opener.open(request, timeout=timeout) as answer:
                return self._seen(Answer(answer.status, answer.headers, answer.read(), url))
        except urllib.error.HTTPError as error:
            with error:
                return self._seen(Answer(error.code, error.headers, error.read(), url))

    def _seen(self, answer):
        return answer

    def expect(self, status, method, path, body=None, **options):
        """Sends a request whose answer must have this status."""
        answer = self.call(method, path, body, **options)
        if answer.status != status:
            text = answer.body[:1500].decode(errors="replace")
            raise Failed(f"{method} {answer.url}: {answer.status}, not {status}: {text}")
        return answer

    def get(self, path, **options):
        return self.expect(200, "GET", path, **options)

    def wait_for_job(self, job, seconds=180):
        """Waits until a job is over and gives its state."""
        until = time.monotonic() + seconds
        while True:
            state = self.get(f"/api/v1/jobs/{job}").json["state"]
            if state in ("done", "failed", "cancelled"):
                return state
            check(time.monotonic() < until, f"the job {job} is still {state} after {seconds} s")
            time.sleep(0.1)


class Session(Client):
    """A person who has signed in with the form."""

    def __init__(self, login, base=None, password=PASSWORD):
        super().__init__(base)
        self.jar = {}
        form = self.get("/sign-in?next=/desk")
        answer = self.form("/sign-in", form, name=login, password=password, next="/desk")
        check(answer.status == 303, f"{login} could not sign in: {answer.status}")
        check("__Host-fenhe" in self.jar, "signing in gave no session cookie")
        # From now on requests to the API prove that our own page sent them.
        self.headers["X-CSRF-Token"] = csrf_of(self.get("/desk"))

    def _seen(self, answer):
        # Python's own jar does not send Secure cookies to a loopback address; browsers do.
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.jar[name] = value
            check("Secure" in line and "HttpOnly" in line, f"the cookie {name} is not protected: {line}")
        self.headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.jar.items() if v)
        return answer

    def form(self, path, page, **fields):
        """Sends a form, with the anti-forgery token of the page that showed it."""
        pairs = [("csrf", csrf_of(page))]
        for name, value in fields.items():
            pairs += [(name, v) for v in (value if isinstance(value, list) else [value])]
        body = urllib.parse.urlencode(pairs).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.call("POST", path, body, headers=kind)

    def token(self, name="system test"):
        """Makes an API token for everything that tokens can be made for."""
        page = self.get("/desk/account")
        scopes = re.findall(r'name="scope"[^>]*?value="([^"]+)"', page.text)
        scopes += re.findall(r'value="([^"]+)"[^>]*?name="scope"', page.text)
        check(scopes, "the account page offers no scope for tokens")
        made = self.form("/desk/account/tokens", page, name=name, days="30", scope=scopes)
        check(made.status == 200, f"no token was made: {made.status}")
        found = re.findall(r"\bfh_[A-Za-z0-9_-]{20,}", made.text)
        check(found, "the page does not show the new token")
        return Token(html.unescape(found[0]), self.base)


class Token(Client):
    """A program with an API token."""

    def __init__(self, token, base=None):
        super().__init__(base)
        self.token = token
        self.headers["Authorization"] = f"Bearer {token}"


def csrf_of(page):
    """The anti-forgery token of a page."""
    found = re.search(r'name="csrf"[^>]*value="([^"]*)"', page.text)
    check(found, f"no form on {page.url}")
    return html.unescape(found[1])


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def people():
    """The persons of the demo: a clerk, a unit head, a data administrator, a reviewer."""
    return tuple(Session(login) for login in ("clerk", "head", "admin", "reviewer"))


def body_of(person):
    """The credit code of the body that a person works for: the one that their account page names."""
    page = html.unescape(person.get("/desk/account").text)
    for asset in person.get("/api/v1/assets?limit=200").json["assets"]:
        if asset["body"] and asset["provider"] in page:
            return asset["body"]
    raise Failed("the body that the account page names provides no asset")


def upload(clerk, asset, name, data, pieces=1):
    """Sends a file in equal pieces and completes it; gives what completion answers."""
    begun = clerk.expect(201, "POST", f"/api/v1/assets/{asset}/uploads", {"file_name": name, "bytes": len(data)})
    path = f"/api/v1/uploads/{begun.json['upload_id']}"
    size = -(-len(data) // pieces)
    for offset in range(0, len(data), size):
        send_piece(clerk, path, offset, data[offset : offset + size])
    return clerk.expect(202, "POST", f"{path}/completion").json


def send_piece(client, path, offset, piece):
    """Sends a piece; gives how far the file is safely stored."""
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    answer = client.expect(204, "PATCH", path, piece, headers=headers)
    return int(answer.headers["Upload-Offset"])


def run(main):
    """Runs a check: its last line says what was measured. One that is stopped still cleans up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped: it took too long"))
    try:
        main()
    except Failed as failure:
        raise SystemExit(f"not as it should be: {failure}") from failure
