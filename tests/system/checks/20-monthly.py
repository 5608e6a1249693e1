"""A workbook laid out for people is repaired once a clerk agrees; its table of persons, changed a little, opens again.

The release of the second month leaves the few who changed out: whoever subtracts the two releases finds no small group.
"""

import collections
import csv
import io
import random
import time

import openpyxl

from cases import add_version, decide, entry, start_run, step
from client import Client, body_of, check, people, run, upload

CITIES = {"太原市": ["小店区", "迎泽区"], "大同市": ["平城区", "云冈区"]}
REPAIRS = ["header_rows", "merged_cells", "units", "marks"]
COLUMNS = ["城市", "县区", "个人_性别", "个人_年龄", "补助_金额（元）"]


def persons(seed=20261201):
    """Persons who do not exist: city, county, sex, age, allowance."""
    dice = random.Random(seed)
    places = [(city, county) for city in CITIES for county in CITIES[city]]
    found = [[*places[n % 4], dice.choice("男女"), dice.randint(20, 69), dice.randrange(100, 900, 100)] for n in range(2400)]
    return sorted(found, key=lambda person: places.index(tuple(person[:2])))


def workbook(rows):
    """The table as an office makes it: a title, a header over two rows, merged cities, units, a footnote mark, a remark."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["困难群众补助名册"])
    sheet.append(["城市", "县区", "个人", None, "补助"])
    sheet.append([None, None, "性别", "年龄", "金额"])
    for place, row in enumerate(rows):
        mark = "①" if place % 400 == 7 else ""  # a few of them
        sheet.append([None, row[1], row[2], f"{row[3]}{mark}", f"{row[4]}元"])
    last = 3
    for city in CITIES:
        first, last = last + 1, last + sum(row[0] == city for row in rows)
        sheet.cell(first, 1).value = city
        sheet.merge_cells(start_row=first, end_row=last, start_column=1, end_column=1)
    sheet.append(["注：①为新核定。"])
    for area in ["A1:E1", "A2:A3", "B2:B3", "C2:D2", f"A{last + 1}:E{last + 1}"]:
        sheet.merge_cells(area)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def main():
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    title = "困难群众补助（系统测试）"
    new = {"body": body_of(clerk_in_browser), "entry": {"title": {"zh": title}}}
    asset = clerk.expect(201, "POST", "/api/v1/assets", new).json["id"]
    first_month = persons()
    number = repaired(clerk, clerk_in_browser, asset, first_month)
    path = f"/api/v1/assets/{asset}"
    draft = clerk.get(path)
    check([item["name"] for item in draft.json["entry"]["items"]] == COLUMNS, f"items: {draft.json['entry']['items']}")
    complete = {**entry(title), "items": draft.json["entry"]["items"]}
    clerk.expect(200, "PUT", f"{path}/entry", complete, headers={"If-Match": draft.etag})
    submitted = step(clerk, f"{path}/submission", clerk.get(path).json)
    step(admin, f"{path}/publication", step(head, f"{path}/consent", submitted))
    released(clerk_in_browser, reviewer, measured(clerk, start_run(clerk, asset, number)["id"]))
    before = read(asset)

    # A month later: one moved, two left, one came.
    second_month = [list(person) for person in first_month]
    second_month[5][1] = "迎泽区" if second_month[5][1] == "小店区" else "小店区"
    del second_month[700], second_month[1500]
    second_month.append(["大同市", "云冈区", "女", 30, 200])
    written = io.StringIO()
    csv.writer(written).writerows([COLUMNS, *second_month])
    number = add_version(clerk, asset, written.getvalue().encode())
    gate_run = start_run(clerk, asset, number)["id"]
    refused = measured(clerk, gate_run)
    check(refused["state"] == "refused", f"a version that differs by few persons is {refused['state']}")
    # The page of the refused run offers what helps.
    page = clerk_in_browser.get(f"/desk/gate/{gate_run}")
    check("leave_out_changed" in page.text and "变动少的行不发布，再测一次" in page.page, "the page offers nothing")
    passed = measured(clerk, gate_run, leave_out_changed=True)
    check(passed["state"] == "passed", f"without the few who changed it is {passed['state']}: {passed['refusals']}")
    left_out = passed["outcome"]["left_out"]["rows"]
    released(clerk_in_browser, reviewer, passed)
    after = read(asset)
    required = passed["outcome"]["assessment"]["required_class"]
    nobody_alone(before, after, required)
    print(
        f"{len(REPAIRS)} repairs as agreed, {sum(before.values())} rows; the month after {left_out} rows are left out, "
        f"no difference of fewer than {required} persons"
    )


def repaired(clerk, browser, asset, rows):
    """Uploads the workbook and agrees to everything on the page; gives the number of the version."""
    done = upload(clerk, asset, "名册.xlsx", workbook(rows))
    check(clerk.wait_for_job(done["job_id"]) == "done", "the workbook was not read")
    found = clerk.get(f"/api/v1/assets/{asset}/versions/1").json
    proposed = [one["repair"] for one in found["reading"]["proposals"]]
    check(proposed == REPAIRS, f"proposed: {found['reading']['proposals']}")
    path = f"/desk/assets/{asset}/versions/1"
    page = browser.get(path)
    check("可以修整" in page.page and "补助_金额（元）" in page.page, "the page does not show what can be repaired")
    nothing = browser.form(f"{path}/repairs", page)
    check(nothing.status == 422 and "请至少选择一项还没有做的修整" in nothing.page, f"nothing chosen: {nothing.status}")
    agreed = browser.form(f"{path}/repairs", page, repairs=REPAIRS)
    check(agreed.status == 303 and agreed.headers["Location"].endswith("/versions/2"), f"agreed: {agreed.status}")
    for _ in range(600):
        found = clerk.get(f"/api/v1/assets/{asset}/versions/2").json
        if found["state"] != "reading":
            break
        time.sleep(0.1)
    check(found["state"] == "stored", f"the repaired version is {found['state']}")
    kinds = {column["name"]: column["kind"] for column in found["reading"]["columns"]}
    check(list(kinds) == COLUMNS and kinds["补助_金额（元）"] == "integer", f"columns: {kinds}")
    check((found["rows"], found["rejected"]) == (len(rows), 1), f"{found['rows']} rows, {found['rejected']} set aside")
    return 2


def measured(clerk, gate_run, **settings):
    """Sex and county point at persons and stay, the age in bands, the allowance is the secret."""
    roles = {"城市": "quasi", "县区": "quasi", "个人_性别": "quasi", "个人_年龄": "quasi", "补助_金额（元）": "sensitive"}

    def change(decision):
        role = roles[decision["column"]]
        treatment = "keep" if role == "sensitive" else "generalize"
        pinned = None if role == "sensitive" or decision["column"] == "个人_年龄" else 0
        return {**decision, "role": role, "treatment": treatment, "pinned": pinned, "reason": "系统测试"}

    return decide(clerk, gate_run, change, suppression_limit=0.3, **settings)


def released(browser, reviewer, measured_run):
    check(measured_run["state"] == "passed", f"the run is {measured_run['state']}: {measured_run['refusals']}")
    path = f"/api/v1/gate-runs/{measured_run['id']}"
    step(reviewer, f"{path}/approval", step(browser, f"{path}/submission", measured_run))


def read(asset):
    """What anyone downloads: how often each row stands there."""
    rows = csv.reader(io.StringIO(Client().get(f"/api/v1/datasets/{asset}/download/csv").body.decode()))
    return collections.Counter(tuple(row) for row in list(rows)[1:])


def nobody_alone(before, after, required):
    """Subtracting one release from the other, class by class, gives no small group and none of one allowance."""
    for left in (before - after, after - before):
        classes = collections.defaultdict(collections.Counter)
        for row, count in left.items():
            classes[row[:-1]][row[-1]] += count
        for key, allowances in classes.items():
            rows = sum(allowances.values())
            check(rows >= required and len(allowances) > 1, f"{rows} persons of {key} stand alone: {allowances}")


run(main)
