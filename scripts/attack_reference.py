"""Reference values of anonymeter and pycanon on the Adult table, as JSON.

Usage: attack_reference.py ADULT.CSV > attacks-adult.json

Rows with an even number are the table, the others the control. The release is first the
table itself (only names removed), then a table of independent marginals. Attacks: 500
guesses each, seeds 1 to 5. pycanon measures the table by the columns of `MEASURED`.
"""

import json
import sys
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
from pycanon import anonymity

warnings.filterwarnings("ignore")
SEEDS = [1, 2, 3, 4, 5]
SIDES = (["sex", "age", "race", "marital-status"], ["education", "native-country", "workclass", "occupation"])
KNOWN = ["sex", "age", "race", "marital-status", "education"]
MEASURED = ["sex", "race", "marital-status"]


def told(evaluator, seed):
    results = evaluator.results()
    risk = results.risk()
    return {
        "seed": seed,
        "success": int(results.n_success),
        "control": int(results.n_control),
        "random": int(results.n_baseline),
        "risk": float(risk.value),
        "low": float(risk.ci[0]),
        "high": float(risk.ci[1]),
    }


def attacks(table, control, release):
    found = {}
    for name, mode, columns in (
        ("univariate", "univariate", 1),
        ("multivariate-3", "multivariate", 3),
        ("multivariate-5", "multivariate", 5),
    ):
        runs = []
        for seed in SEEDS:
            evaluator = SinglingOutEvaluator(
                ori=table, syn=release, control=control, n_attacks=500, n_cols=columns,
                max_attempts=100_000, seed=seed,
            )
            runs.append(told(evaluator.evaluate(mode=mode), seed))
        found[name] = runs
    linking, inference = [], []
    for seed in SEEDS:
        np.random.seed(seed)
        evaluator = LinkabilityEvaluator(
            ori=table, syn=release, control=control, aux_cols=SIDES, n_attacks=500, n_neighbors=1
        )
        linking.append(told(evaluator.evaluate(n_jobs=1), seed))
        np.random.seed(seed)
        evaluator = InferenceEvaluator(
            ori=table, syn=release, control=control, aux_cols=KNOWN, secret="occupation", n_attacks=500
        )
        inference.append(told(evaluator.evaluate(n_jobs=1), seed))
    return {**found, "linking": linking, "inference": inference}


def main():
    whole = pd.read_csv(sys.argv[1], sep=";", keep_default_na=False)
    table = whole.iloc[::2].reset_index(drop=True)
    control = whole.iloc[1::2].reset_index(drop=True)
    marginals = pd.DataFrame(
        {
            column: table[column].sample(frac=1, random_state=number).to_numpy()
            for number, column in enumerate(table.columns)
        }
    )
    sensitive = ["occupation"]
    measured = {
        "k": int(anonymity.k_anonymity(table, MEASURED)),
        "l": int(anonymity.l_diversity(table, MEASURED, sensitive)),
        "entropy_l": float(anonymity.entropy_l_diversity(table, MEASURED, sensitive)),
        "t": float(anonymity.t_closeness(table, MEASURED, sensitive)),
        "beta": float(anonymity.basic_beta_likeness(table, MEASURED, sensitive)),
        "enhanced_beta": float(anonymity.enhanced_beta_likeness(table, MEASURED, sensitive)),
        "delta": float(anonymity.delta_disclosure(table, MEASURED, sensitive)),
    }
    print(
        json.dumps(
            {
                "source": "anonymeter and pycanon on adult.csv; scripts/attack_reference.py",
                "versions": {name: version(name) for name in ("anonymeter", "pycanon", "numpy", "pandas")},
                "attacks": 500,
                "naive": attacks(table, control, table),
                "marginals": attacks(table, control, marginals),
                "pycanon": {"quasi": MEASURED, "sensitive": "occupation", **measured},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
