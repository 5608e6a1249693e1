"""What the gate says of a release is what anonymeter and pycanon find: of the one that it proposes, and of a naive one."""

import csv
import io
import json
import os
import random
import subprocess

import pypdfium2
from cases import citizen_id, decide, opened, published, start_run
from client import Client, check, people

QUASI, SENSITIVE = ["性别", "年龄", "区划代码"], "年收入"
COUNTIES = ["140105", "140106", "140107", "140108", "140109", "140110"]


def residents(rows, seed):
    """Persons who do not exist, each once."""
    dice, lines = random.Random(seed), [["姓名", "身份证号", *QUASI, SENSITIVE]]
    for number in range(rows):
        age, county = dice.randint(18, 79), dice.choice(COUNTIES)
        birth = f"{2026 - age}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        name = dice.choice("王李张刘赵郭杨武") + dice.choice("明红建丽军敏文静") + dice.choice("国芳海燕")
        lines.append([name, citizen_id(county, birth, number % 1000), dice.choice("男女"), str(age), county, str(dice.randint(18_000, 260_000))])
    return lines


def written(lines):
    return "".join(",".join(line) + "\r\n" for line in lines).encode()


def main():
    clerk_in_browser, head, admin, reviewer = people()
    clerk = clerk_in_browser.token()
    # Those who are not in the release are the control.
    everyone = residents(5_000, 20261201)
    head_line, rows, control = everyone[0], everyone[1:4_501], everyone[4_501:]
    asset = published(clerk, clerk_in_browser, head, admin, "居民收入（攻击检验）", written([head_line, *rows]))

    run = start_run(clerk, asset)
    # Names and numbers are taken out, the rest stays, and no row is left out for it.
    kept = lambda decision: {**decision, "treatment": "remove" if decision["role"] == "direct" else "keep"}
    naive = decide(clerk, run["id"], kept, k=1, l=1)
    check(naive["state"] == "refused", f"a naive release is {naive['state']}")
    told = measured_by_others("naive", rows, control, [line[2:] for line in rows])
    exposed_is_told(naive, told)

    opened(clerk, clerk_in_browser, reviewer, asset)
    run = next(run for run in clerk.get(f"/api/v1/assets/{asset}/gate-runs").json if run["state"] == "approved")
    run = clerk.get(f"/api/v1/gate-runs/{run['id']}").json
    released = list(csv.reader(io.StringIO(Client().get(f"/api/v1/datasets/{asset}/download/csv").body.decode())))
    check(released[0] == [*QUASI, SENSITIVE], f"the release has {released[0]}")
    safe = measured_by_others("proposed", rows, control, released[1:])
    same_figures(run["outcome"], safe)
    on_paper(clerk, naive, "不能放行", rows)
    on_paper(clerk, run, run["outcome"]["digest"]["sha256"], rows)
    check(all(attack["low"] <= 0.05 for attack in safe["attacks"].values()), f"anonymeter attacks what was opened: {safe}")
    print(
        f"proposed: k = {safe['k']}, l = {safe['l']} by pycanon, as the gate says; risk by anonymeter at most "
        f"{max(attack['risk'] for attack in safe['attacks'].values()):.3f}; naive: k = {told['k']}, {told['exposed']} rows "
        f"exposed, incomes inferred with a risk of {told['attacks']['inference']['risk']:.2f}"
    )


def on_paper(clerk, run, words, rows):
    """The report as PDF, read by PDFium: all checks in both languages, and no row of the data."""
    address = f"/api/v1/gate-runs/{run['id']}/report.pdf"
    check(Client().call("GET", address).status == 401, "a stranger reads the report of a run")
    answer = clerk.expect(200, "GET", address)
    check(answer.headers["Content-Type"] == "application/pdf", f"the report is {answer.headers['Content-Type']}")
    document = pypdfium2.PdfDocument(answer.body)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    dense = "".join(text.split())
    check(words in dense, f"the report does not say {words}: {text[:500]}")
    for checked in run["outcome"]["checks"]:
        said = "".join(checked["words"]["zh"].split())
        check(said in dense, f"the report lacks what {checked['kind']} found: {said}")
    check(len(document) >= 2 and len(list(document.get_toc())) == 7, f"{len(document)} pages, {len(list(document.get_toc()))} bookmarks")
    check(not any(name in dense or number in dense for name, number, *_ in rows), "the report shows a person")
    for number, page in enumerate(document):
        page.render(scale=1.5).to_pil().save(os.path.join(os.environ["OUT"], f"report-{run['state']}-{number + 1}.png"))


def measured_by_others(name, rows, control, release):
    """pycanon and anonymeter, in their own environment, on what an attacker has."""
    folder = os.path.join(os.environ["OUT"], name)
    os.makedirs(folder, exist_ok=True)
    for part, lines in [("table", [line[2:] for line in rows]), ("control", [line[2:] for line in control]), ("release", release)]:
        with open(os.path.join(folder, f"{part}.csv"), "wb") as file:
            file.write(written([[*QUASI, SENSITIVE], *lines]))
    python = os.path.join(os.environ["FENHE_TOOLS"], "attack/bin/python")
    script = os.path.join(os.environ["FENHE_ROOT"], "tests/system/attacked.py")
    done = subprocess.run([python, script, folder], capture_output=True, text=True, timeout=400)
    check(done.returncode == 0, f"anonymeter and pycanon: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def exposed_is_told(naive, told):
    """The naive release is refused, with the rows that it would expose, and for the attacks that succeed."""
    check(told["k"] == 1 and told["exposed"] > 4_000, f"pycanon says {told}")
    words = " ".join(refusal["detail"]["en"] for refusal in naive["refusals"])
    required = naive["outcome"]["assessment"]["required_class"]
    check(told["required"] == required, f"a class needs {required}")
    check(f"{told['exposed']} rows are in smaller classes" in words.replace(",", ""), f"{told['exposed']}: {words}")
    inferred = next(fact for fact in naive["outcome"]["attacks"] if fact["kind"] == "inference")
    check(inferred["report"]["release"]["risk"]["low"] > inferred["limit"], f"the gate infers nothing: {inferred}")
    check(told["attacks"]["inference"]["risk"] > inferred["limit"], f"anonymeter infers nothing: {told['attacks']}")
    # Of the few who stand alone, anonymeter counts the guesses that it made; the gate counts all that it tried.
    same_figures(naive["outcome"], told, but=("singling_out_all",))


def same_figures(outcome, found, but=()):
    check(found["k"] == outcome["assessment"]["min_class"], f"k is {found['k']}, not {outcome['assessment']['min_class']}")
    distinct = {fact["column"]: fact["distinct_l"] for fact in outcome["diversity"]}
    check(found["l"] == distinct[SENSITIVE], f"l is {found['l']}, not {distinct}")
    for fact in outcome["attacks"]:
        risk, other = fact["report"]["release"]["risk"], found["attacks"].get(fact["kind"])
        if other is None or fact["kind"] in but:
            continue
        # Both are estimates with an interval: they must not contradict each other.
        agree = risk["low"] <= other["high"] and other["low"] <= risk["high"]
        check(agree, f"{fact['kind']}: the gate {risk}, anonymeter {other}")


main()
