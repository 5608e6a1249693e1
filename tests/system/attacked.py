"""pycanon's and anonymeter's figures of a release, as JSON: attacked.py FOLDER

FOLDER has `table.csv` (the persons of the release), `control.csv` (others) and `release.csv`. An attacker who knows a
person knows the values themselves; they are read in the forms that the release has.
"""

import json
import os
import sys
import warnings

import numpy as np
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
from pycanon import anonymity

warnings.filterwarnings("ignore")
QUASI, SENSITIVE = ["性别", "年龄", "区划代码"], "年收入"
REQUIRED, GUESSES, SEED = 21, 500, 7


def read(folder, name):
    frame = pd.read_csv(os.path.join(folder, f"{name}.csv"), dtype=str, keep_default_na=False)
    frame[SENSITIVE] = frame[SENSITIVE].astype(int)
    return frame


def in_forms(value, forms):
    """A value as the release writes it: itself, a band that holds it, a prefix, or nothing."""
    if value in forms:
        return value
    for form in forms:
        low, dash, high = form.partition("-")
        if dash and value.isdigit() and low.isdigit() and high.isdigit() and int(low) <= int(value) <= int(high):
            return form
        if form.rstrip("*") and form != form.rstrip("*") and value.startswith(form.rstrip("*")):
            return form
    return "*"


def told(evaluator):
    risk = evaluator.results().risk()
    return {"risk": float(risk.value), "low": float(risk.ci[0]), "high": float(risk.ci[1])}


def main(folder):
    table, control, release = (read(folder, name) for name in ("table", "control", "release"))
    for column in QUASI:
        forms = sorted(set(release[column]))
        for known in (table, control):
            known[column] = [in_forms(value, set(forms)) for value in known[column]]
    sizes = release.groupby(QUASI)[SENSITIVE].transform("size")
    columns = [column for column in QUASI if release[column].nunique() > 1]
    attacks = {}
    # As in the gate, an attacker knows what is not sensitive.
    for kind, mode, width in [("singling_out_one", "univariate", 1), ("singling_out_all", "multivariate", len(columns))]:
        parts = {"ori": table[columns], "syn": release[columns], "control": control[columns]}
        evaluator = SinglingOutEvaluator(**parts, n_attacks=GUESSES, n_cols=width, max_attempts=50_000, seed=SEED)
        try:
            attacks[kind] = told(evaluator.evaluate(mode=mode))
        except RuntimeError as error:
            # No predicate points at one row of the release: there is nothing to guess.
            attacks[kind] = {"risk": 0.0, "low": 0.0, "high": 0.0, "why": str(error)[:200]}
    np.random.seed(SEED)
    if len(columns) >= 2:
        evaluator = LinkabilityEvaluator(
            ori=table, syn=release, control=control, aux_cols=(columns[:1], columns[1:]), n_attacks=GUESSES, n_neighbors=1
        )
        attacks["linking"] = told(evaluator.evaluate(n_jobs=1))
    evaluator = InferenceEvaluator(
        ori=table, syn=release, control=control, aux_cols=columns, secret=SENSITIVE, regression=True, n_attacks=GUESSES
    )
    attacks["inference"] = told(evaluator.evaluate(n_jobs=1))
    print(json.dumps({
        "k": int(anonymity.k_anonymity(release, QUASI)),
        "l": int(anonymity.l_diversity(release, QUASI, [SENSITIVE])),
        "required": REQUIRED,
        "exposed": int((sizes < REQUIRED).sum()),
        "attacks": attacks,
    }))


main(sys.argv[1])
