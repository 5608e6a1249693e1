"""What checks file: synthetic persons with a fixed seed, and the description of their table."""

import random

from client import body_of, check, upload

CLEAN = "=cmd|' /C calc'!A0"  # a formula that a spreadsheet would run
COLUMNS = "姓名,身份证号,手机号,性别,年龄,区划代码,满意度,备注"


def citizen_id(division, birth, order):
    """A number with a valid check digit (GB 11643)."""
    digits = f"{division}{birth}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights))
    return digits + "10X98765432"[total % 11]


def residents(rows=4000, seed=20261201):
    """A CSV file of persons who do not exist; two lines of a long one do not fit."""
    dice = random.Random(seed)
    lines = [COLUMNS]
    for number in range(rows):
        family = dice.choice("王李张刘赵郭杨武")
        name = family + dice.choice("明红建丽军敏文静") + dice.choice("国芳海燕")
        age = dice.randint(18, 79)
        county = dice.choice(["140105", "140106", "140107", "140108", "140109", "140110"])
        birth = f"{2026 - age}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        phone = f"154{dice.randrange(10**8):08d}"
        sex = dice.choice("男女")
        note = CLEAN if number % 50 == 0 else dice.choice(["无", "同意", "不便"])
        identity = citizen_id(county, birth, number % 1000)
        lines.append(f"{name},{identity},{phone},{sex},{age},{county},{dice.randint(1, 5)},{note}")
    if rows > 1234:
        lines[777] += ",多出一格"
        lines[1234] = "只有一格"
    return ("\r\n".join(lines) + "\r\n").encode()


def entry(title):
    """A complete description (the nine mandatory fields and the two assessments)."""
    return {
        "title": {"zh": title, "en": "Satisfaction survey (system test)"},
        "summary": {"zh": "合成数据，供系统测试。", "en": "Synthetic data for the system test."},
        "format": "csv",
        "update_cycle": "yearly",
        "sharing": "conditional",
        "sharing_mode": "online_service",
        "sharing_scope": "省级政务部门",
        "sharing_purpose": "统计分析",
        "conditions": "仅开放去标识化的版本。",
        "theme": "public_service",
        "level": "general_2",
        "opening": "unconditional",
        "division": "140100",
        "keywords": ["调查", "系统测试"],
        "contact": {"office": "数据管理处"},
        "secrecy_assessment": "系统测试-001：不涉密",
        "privacy_assessment": "系统测试-002",
    }


def step(person, path, asset_or_run, body=None):
    """Takes a step on what was read, so that it fails if someone else was faster."""
    return person.expect(200, "POST", path, body, headers={"If-Match": f'"{asset_or_run["revision"]}"'}).json


def decide(clerk, run, change=lambda decision: decision, **settings):
    """Confirms the columns of a run as proposed, changed by `change`, and waits for the measuring."""
    read = clerk.get(f"/api/v1/gate-runs/{run}")
    body = {"settings": {**read.json["settings"], **settings}, "decisions": [change(d) for d in read.json["decisions"]]}
    sent = clerk.expect(202, "PUT", f"/api/v1/gate-runs/{run}/columns", body, headers={"If-Match": read.etag})
    check(clerk.wait_for_job(sent.json["job"]) == "done", "the measuring failed")
    return clerk.get(f"/api/v1/gate-runs/{run}").json


def start_run(clerk, asset, version=1, suppression=0.05):
    """Starts a run and waits for the inspection; gives the run."""
    body = {"version": version, "audience": "open", "settings": {"suppression_limit": suppression}}
    run = clerk.expect(202, "POST", f"/api/v1/assets/{asset}/gate-runs", body).json
    check(clerk.wait_for_job(run["job"]) == "done", "the inspection failed")
    return clerk.get(f"/api/v1/gate-runs/{run['id']}").json


def published(clerk, clerk_in_browser, head, admin, title, data):
    """An asset with a first version, described and published; gives its id."""
    new = {"body": body_of(clerk_in_browser), "entry": {"title": {"zh": title}}}
    asset = clerk.expect(201, "POST", "/api/v1/assets", new).json["id"]
    add_version(clerk, asset, data)
    path = f"/api/v1/assets/{asset}"
    draft = clerk.get(path)
    complete = {**entry(title), "items": draft.json["entry"]["items"]}
    clerk.expect(200, "PUT", f"{path}/entry", complete, headers={"If-Match": draft.etag})
    submitted = step(clerk, f"{path}/submission", clerk.get(path).json)
    step(admin, f"{path}/publication", step(head, f"{path}/consent", submitted))
    return asset


def add_version(clerk, asset, data):
    """Uploads a file and waits until it is read; gives the number of the version."""
    done = upload(clerk, asset, "table.csv", data)
    check(clerk.wait_for_job(done["job_id"]) == "done", "the file was not read")
    return done["version_number"]


def opened(clerk, clerk_in_browser, reviewer, asset, version=1):
    """Takes a version through the gate; gives the release."""
    run = start_run(clerk, asset, version)["id"]
    passed = decide(clerk, run)
    check(passed["state"] == "passed", f"the proposal is {passed['state']}: {passed['refusals']}")
    submitted = step(clerk_in_browser, f"/api/v1/gate-runs/{run}/submission", passed)
    return step(reviewer, f"/api/v1/gate-runs/{run}/approval", submitted)["release"]
