"""Reads the catalogue as CKAN harvests it, with the parser of ckanext-dcat; prints what it met as JSON."""

import json
import sys
import urllib.request

from ckanext.dcat.processors import RDFParser


def main(address):
    found = {"datasets": 0, "resources": 0, "pages": 0, "without": []}
    while address:
        parser = RDFParser(profiles=["euro_dcat_ap_3"])
        request = urllib.request.Request(address, headers={"Accept": "text/turtle"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            parser.parse(answer.read().decode(), _format="turtle")
        found["pages"] += 1
        for dataset in parser.datasets():
            found["datasets"] += 1
            resources = dataset["resources"]
            found["resources"] += len(resources)
            extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
            needed = {**extras, "title": dataset.get("title"), "notes": dataset.get("notes"), "tags": dataset.get("tags")}
            for field in ("title", "notes", "identifier", "issued", "modified", "theme", "publisher_name", "access_rights"):
                if not needed.get(field):
                    found["without"].append(f"{extras.get('uri')}: {field}")
            for resource in resources:
                if not (resource.get("url") and resource.get("format") and resource.get("license")):
                    found["without"].append(f"{resource.get('uri')}: {sorted(key for key in resource if resource[key])}")
        address = parser.next_page()
    print(json.dumps(found))


main(sys.argv[1])
