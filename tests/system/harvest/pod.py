"""Validates the datasets of a data.json by the schema of Project Open Data; prints what is wrong as JSON.

The two fields of United States agencies are not asked for."""

import json
import sys

import jsonschema

schema = json.load(open(sys.argv[1]))
schema["required"] = [name for name in schema["required"] if name not in ("bureauCode", "programCode")]
validator = jsonschema.Draft4Validator(schema)
wrong = []
for dataset in json.load(open(sys.argv[2]))["dataset"]:
    for error in validator.iter_errors(dataset):
        wrong.append(f"{dataset.get('identifier')}: {list(error.path)}: {error.message[:200]}")
print(json.dumps(wrong))
