"""Scores `fenhe scan` and Presidio on the same rows of the shared table.

Presidio gets its own recognizers for e-mail, IP, cards, IBAN, SSN and MAC, and patterns for
the Chinese kinds as its documentation tells users to write them, cell by cell, without a
language model (a blank spaCy pipeline): what it costs then is a lower bound.
"""

import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

NAMES = {
    "CN_ID": "citizen_id", "CN_MOBILE": "mobile", "EMAIL": "email", "CN_BANK_CARD": "bank_card",
    "CN_USCC": "credit_code", "CN_PLATE": "plate", "CN_PASSPORT": "passport",
    "ADDRESS_ZH": "address", "PERSON_ZH": "person_name", "IP": "ip", "MAC": "mac",
    "CREDIT_CARD": "credit_card", "IBAN": "iban", "US_SSN": "ssn",
}
PRESIDIO = {
    "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ip", "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban", "US_SSN": "ssn", "MAC_ADDRESS": "mac",
}
CHINESE = {
    "citizen_id": r"\b\d{17}[\dXx]\b",
    "mobile": r"\b1[3-9]\d{9}\b",
    "bank_card": r"\b62\d{14,17}\b",
    "credit_code": r"\b[0-9A-HJ-NPQRTUWXY]{18}\b",
    "plate": r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-HJ-NP-Z0-9]{5,6}\b",
    "passport": r"\bE[A-Z0-9]\d{7}\b",
}


def presidio():
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as own
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    # The list of domains that came with the package, no network.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())

    class Blank(SpacyNlpEngine):
        def __init__(self):
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

        def load(self):
            pass

    registry = RecognizerRegistry(supported_languages=["en"])
    for name in ("EmailRecognizer", "IpRecognizer", "CreditCardRecognizer", "IbanRecognizer",
                 "UsSsnRecognizer", "MacAddressRecognizer"):
        if hasattr(own, name):
            registry.add_recognizer(getattr(own, name)())
    patterns = dict(CHINESE)
    if not hasattr(own, "MacAddressRecognizer"):
        patterns["mac"] = r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"
    for kind, pattern in patterns.items():
        registry.add_recognizer(PatternRecognizer(
            supported_entity=kind, patterns=[Pattern(kind, pattern, 0.5)], supported_language="en"))
    return AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])


def score(found, truth):
    right = Counter(kind for (_, _, _, kind) in found & truth)
    wrong = Counter(kind for (_, _, _, kind) in found - truth)
    missed = Counter(kind for (_, _, _, kind) in truth - found)
    return right, wrong, missed


def rates(right, wrong, missed, kind):
    found, known = right[kind] + wrong[kind], right[kind] + missed[kind]
    recall = f"{right[kind] / known:6.3f}" if known else "     –"
    precision = f"{right[kind] / found:6.3f}" if found else "     –"
    return f"{recall} {precision}"


def main():
    fenhe, data, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with gzip.open(data / "table.csv.gz", "rt", encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    header, table = table[0], table[1 : rows + 1]
    note = header.index("note")
    truth = set()
    for line in (data / "truth_note_spans.jsonl").read_text(encoding="utf-8").splitlines()[:rows]:
        line = json.loads(line)
        for start, end, kind, _ in line["spans"]:
            truth.add((line["row"], start, end, NAMES[kind]))
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as part:
        csv.writer(part).writerows([header, *table])
        part.flush()
        size = Path(part.name).stat().st_size
        answer = subprocess.run([fenhe, "scan", part.name, "--spans", "--format", "json"],
                                check=True, capture_output=True)
    answer = json.loads(answer.stdout)
    ours = {(s["row"], s["start"], s["end"], s["kind"]) for s in answer["spans"] if s["column"] == "note"}

    engine = presidio()
    theirs = set()
    begun = time.process_time()
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            for hit in engine.analyze(cell, language="en"):
                if column == note:
                    kind = PRESIDIO.get(hit.entity_type, hit.entity_type)
                    theirs.add((row, hit.start, hit.end, kind))
    spent = time.process_time() - begun

    ours, theirs = score(ours, truth), score(theirs, truth)
    print(f"{rows} rows, {size / 1e6:.2f} MB; spans of the column `note`: recall, precision")
    print(f"{'kind':<14} {'fenhe':>13} {'Presidio':>15}")
    for kind in sorted({kind for (_, _, _, kind) in truth}):
        print(f"{kind:<14} {rates(*ours, kind)}   {rates(*theirs, kind)}")
    fast = size / 1e3 / max(answer["cpu_ms"], 0.001)
    print(f"{'MB per CPU s':<14} {fast:13.1f} {size / 1e6 / spent:15.3f}")


if __name__ == "__main__":
    main()
