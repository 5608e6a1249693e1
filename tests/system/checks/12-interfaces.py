"""The interfaces of the catalogue, met by clients and validators that we did not write: ckanapi, Sickle
(OAI-PMH), frictionless, mlcroissant, feedparser, the JSON schema of Project Open Data, rdflib."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as xml

import rdflib

from client import Client, Session, body_of, check, run

TOOLS, OUT = os.environ["FENHE_TOOLS"], os.environ["OUT"]
HARVEST, CROISSANT = os.path.join(TOOLS, "harvest/bin"), os.path.join(TOOLS, "croissant/bin")
CKAN = os.path.join(TOOLS, "ckan/bin")
SCHEMAS = os.path.join(os.environ["FENHE_SHARED"] or "/nowhere", "dcat/us-pod-schema")
# ckanapi starts its workers by its own name.
PATH = os.pathsep.join([HARVEST, os.environ["PATH"]])
QUIET = {**os.environ, "PATH": PATH, "PYTHONWARNINGS": "ignore", "CKANAPI_REQUEST_TIMEOUT": "60"}


def main():
    site = Client()
    facts = [ckan(site), draft(site), dcat(site), oai(site), descriptions(site), documents(site), feeds(site)]
    print("; ".join(facts))


def tool(*command, expected=0, stdin=None):
    """Runs an independent client; gives what it printed."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=300, cwd=OUT, env=QUIET)
    shown = " ".join(command)[:300]
    check(done.returncode == expected, f"{shown}: {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout


def script(name, *arguments, environment=HARVEST):
    """Runs one of the scripts beside this one with the Python of the harvest clients, or of other ones."""
    path = os.path.join(os.path.dirname(__file__), "..", "harvest", name)
    return json.loads(tool(os.path.join(environment, "python"), path, *arguments))


def dcat(site):
    """CKAN harvests the catalogue as it is: every dataset and every file, with what CKAN needs of them."""
    found = script("ckan_dcat.py", f"{site.base}/catalog.ttl", environment=CKAN)
    turtle = site.get("/catalog.ttl").text
    datasets, files = turtle.count("ns/dcat#Dataset>"), turtle.count("ns/dcat#Distribution>")
    check((found["datasets"], found["resources"]) == (datasets, files), f"ckanext-dcat: {found}, not {datasets} and {files}")
    check(files > 20 and not found["without"], f"what CKAN harvests lacks: {found['without'][:5]}")
    return f"ckanext-dcat: {found['datasets']} datasets, {found['resources']} files"


def ckanapi(*arguments, expected=0, stdin=None):
    return tool(os.path.join(HARVEST, "ckanapi"), *arguments, "-r", Client().base, expected=expected, stdin=stdin)


def lines(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def ckan(site):
    """Reads the whole catalogue by every way that clients of CKAN have."""
    status = json.loads(ckanapi("action", "status_show"))
    check(status["site_url"] == site.base, f"status_show: {status}")
    found = lines(ckanapi("search", "datasets"))
    dumped = lines(ckanapi("dump", "datasets", "--all", "-p", "2"))
    listed = json.loads(ckanapi("action", "package_list"))
    ids = sorted(package["id"] for package in found)
    check(len(set(ids)) == len(ids) == len(listed), "search and list differ, or repeat an entry")
    check(ids == sorted(package["id"] for package in dumped), "the dump differs from the search")
    bodies = lines(ckanapi("dump", "organizations", "--all"))
    check(sum(body["package_count"] for body in bodies) == len(ids), "the organizations' counts do not add up")
    harvest(site, ids)
    with_data = [package for package in found if package["resources"]]
    check(with_data, "no package has a resource")
    package = with_data[0]
    ckanapi("dump", "datasets", package["id"], "-D", os.path.join(OUT, "packages"))
    folder = os.path.join(OUT, "packages", package["name"])
    sizes = [os.path.getsize(os.path.join(folder, "data", name)) for name in os.listdir(os.path.join(folder, "data"))]
    check(len(sizes) == len(package["resources"]) and min(sizes) > 0, f"the files of the package: {sizes}")
    rows = datastore(site, package)
    ckanapi("action", "package_show", "id=no-such", expected=1)
    for path, status, kind in [
        ("/api/3/action/package_show?id=no-such", 404, "Not Found Error"),
        ("/api/3/action/datastore_search?resource_id=%s&limit=x" % package["resources"][0]["id"], 409, "Validation Error"),
        ("/api/3/action/datastore_search_sql?sql=select+1", 403, "Authorization Error"),
        ("/api/3/action/user_list", 403, "Authorization Error"),
    ]:
        error = site.expect(status, "GET", path).json
        check(error["success"] is False and error["error"]["__type"] == kind, f"{path}: {error}")
    refused = site.call("POST", "/api/action/package_create", {}, headers={"X-CKAN-API-Key": "wrong"})
    check(refused.json["error"]["__type"] == "Authorization Error", f"a wrong token: {refused.text}")
    return f"ckanapi: {len(ids)} packages by search, list and dump, {rows} rows by datastore_search"


def harvest(site, ids):
    """Pages as harvesters ask for them, all and since a moment."""
    def page(query):
        return site.get(f"/api/3/action/package_search?sort=id+asc&{query}").json["result"]

    seen = []
    while len(seen) < len(ids):
        results = page(f"rows=7&start={len(seen)}")["results"]
        check(results, f"the harvest ends after {len(seen)} of {len(ids)}")
        seen += [package["id"] for package in results]
    check(seen == sorted(ids), "pages by id are not the catalogue in its order")
    newest = max(package["metadata_modified"] for package in page("rows=1000")["results"])
    since = page(f"rows=1000&fq=metadata_modified:[{newest}Z+TO+*]")
    check(1 <= since["count"] <= len(ids), f"since {newest}: {since['count']}")
    check(all(package["metadata_modified"] >= newest for package in since["results"]), "an older entry came too")
    facets = site.call("POST", "/api/action/package_search", {"rows": 0, "facet.field": ["organization", "res_format"]})
    counted = facets.json["result"]["facets"]["organization"]
    check(sum(counted.values()) == len(ids), f"facets do not add up: {counted}")
    some = next(iter(counted))
    filtered = page(f"rows=0&fq=organization:{some}")
    check(filtered["count"] == counted[some], "a facet's count is not that of its filter")


def datastore(site, package):
    """Rows of a resource by pages, in three forms, beside the CSV."""
    resource = next(r for r in package["resources"] if r["datastore_active"])
    path = f"/api/3/action/datastore_search?resource_id={resource['id']}"
    first = site.get(f"{path}&limit=5").json["result"]
    names = [field["id"] for field in first["fields"]]
    check(names[0] == "_id" and [row["_id"] for row in first["records"]] == [1, 2, 3, 4, 5], f"{first}")
    total, seen = first["total"], []
    while len(seen) < total:
        part = site.get(f"{path}&limit=1000&offset={len(seen)}&include_total=false").json["result"]["records"]
        check(part, f"datastore_search ends after {len(seen)} of {total}")
        seen += part
    check([row["_id"] for row in seen] == list(range(1, total + 1)), "rows are missing or out of order")
    column = names[1]
    asked = json.dumps({column: seen[0][column]})
    hits = site.call("POST", "/api/action/datastore_search", {"resource_id": resource["id"], "filters": asked}).json
    check(hits["result"]["total"] == sum(row[column] == seen[0][column] for row in seen), "a filter counts wrongly")
    as_lists = site.get(f"{path}&limit=3&records_format=lists").json["result"]["records"]
    check(as_lists == [[row[name] for name in names] for row in seen[:3]], "lists differ from objects")
    as_csv = site.get(f"{path}&limit=3&records_format=csv").json
    check(len(as_csv["result"]["records"].strip().splitlines()) >= 3, "rows as CSV")
    return total


def draft(site):
    """`ckanapi load` files drafts; the same file twice changes them; nobody else sees them."""
    clerk = Session("clerk")
    token = clerk.token("ckan").token
    new = {
        "name": "ckan-load-test",
        "title": "按 CKAN 接口登记（系统测试）",
        "notes": "合成条目。",
        "owner_org": body_of(clerk).lower(),
        "tags": [{"name": "系统测试"}],
        "groups": [{"name": "public_service"}],
        "resources": [{"url": "https://example.org/a.csv", "format": "CSV"}],
    }
    file = os.path.join(OUT, "load.jsonl")
    for title in (new["title"], "改过的名称"):
        with open(file, "w") as out:
            out.write(json.dumps({**new, "title": title}) + "\n")
        ckanapi("load", "datasets", "-I", file, "-a", token, "-p", "1")
    shown = clerk.call("GET", "/api/3/action/package_show?id=ckan-load-test", headers={"Authorization": token}).json
    package = shown["result"]
    check(package["state"] == "draft" and package["title"] == "改过的名称", f"the draft: {package}")
    site.expect(404, "GET", "/api/3/action/package_show?id=ckan-load-test")
    check(package["id"] not in json.loads(ckanapi("action", "package_list")), "a draft is in the public list")
    with open(file, "w") as out:
        out.write(json.dumps({"name": "a-body", "title": "单位"}) + "\n")
    ckanapi("load", "organizations", "-I", file, "-a", token, "-p", "1", expected=3)
    return "ckanapi load: one draft from two loads"


def oai(site):
    """Sickle lists everything in both formats, by tokens."""
    packages = site.get("/api/3/action/package_search?rows=0").json["result"]["count"]
    seen = script("oai.py", f"{site.base}/oai")
    # An entry whose data were suspended is a deleted record there, and an entry without data in the catalogue.
    most = seen["live"] + seen["deleted"]
    check(seen["live"] <= packages <= most, f"OAI-PMH has {seen}, the catalogue {packages} entries")
    check(seen["identifiers"] == seen["live"] + seen["deleted"], f"{seen}")
    check(seen["rdf"] == seen["live"], f"dcat_ap: {seen}")
    return f"Sickle: {seen['identifiers']} records, {seen['deleted']} of them deleted"


def descriptions(site):
    """frictionless and mlcroissant load every dataset by its description."""
    datasets = site.get("/api/v1/datasets?kind=dataset&per_page=100").json["datasets"]
    for dataset in datasets:
        address = f"{site.base}/dataset/{dataset['id']}"
        tool(os.path.join(HARVEST, "frictionless"), "validate", f"{address}/datapackage.json")
    for dataset in datasets[:3]:
        address = f"{site.base}/dataset/{dataset['id']}"
        tool(os.path.join(CROISSANT, "mlcroissant"), "validate", "--jsonld", f"{address}/croissant.jsonld")
        first = site.get(f"/dataset/{dataset['id']}/croissant.jsonld")
        again = site.call("GET", f"/dataset/{dataset['id']}/croissant.jsonld", headers={"If-None-Match": first.etag})
        check(again.status == 304, "a description that has not changed is sent again")
        page = site.get(f"/dataset/{dataset['id']}", headers={"Accept": "text/html"}).text
        block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
        node = json.loads(block[1])
        check(node["@type"] == "Dataset" and node["distribution"], f"schema.org: {node}")
        table = site.get(f"/api/v1/datasets/{dataset['id']}").json["release"]["rows"]
        triples = rdflib.Graph().parse(data=site.get(f"/api/v1/datasets/{dataset['id']}/download/nt").body, format="nt")
        check(len(set(triples.subjects())) == table, "RDF has another number of rows")
    return f"frictionless: {len(datasets)} packages valid; mlcroissant: 3 valid"


def documents(site):
    """data.json, the dump, the sitemap and robots."""
    data = site.get("/data.json")
    packages = site.get("/api/3/action/package_search?rows=0").json["result"]["count"]
    check(len(data.json["dataset"]) == packages, "data.json has another number of entries")
    note = "data.json not validated: the schema is not on this machine"
    if os.path.isdir(SCHEMAS):
        path = os.path.join(OUT, "data.json")
        with open(path, "wb") as out:
            out.write(data.body)
        wrong = script("pod.py", os.path.join(SCHEMAS, "dataset.json"), path)
        check(not wrong, f"data.json: {wrong[:5]}")
        note = "data.json valid"
    check(site.call("GET", "/data.json", headers={"If-None-Match": data.etag}).status == 304, "data.json is sent again")
    dump = rdflib.Graph().parse(data=site.get("/catalog/dump.nt").body, format="nt")
    turtle = rdflib.Graph().parse(data=site.get("/catalog/dump.ttl").body, format="turtle")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    described = set(dump.subjects(rdflib.RDF.type, dcat.Dataset))
    check(len(described) == packages == len(set(dump.objects(None, dcat.dataset))), f"the dump has {len(described)}")
    check(len(dump) == len(turtle), f"the dumps differ: {len(dump)} and {len(turtle)}")
    robots = site.get("/robots.txt").text
    check(f"Sitemap: {site.base}/sitemap.xml" in robots, robots)
    root = xml.fromstring(site.get("/sitemap.xml").body)
    places = [node.text for node in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    check(sum("/dataset/" in place for place in places) == 2 * packages, "the sitemap lacks datasets")
    for place in places[:20]:
        site.get(place, headers={"Accept": "text/html"})
    return f"{note}; dump: {len(dump)} triples; sitemap: {len(places)} addresses"


def feeds(site):
    code = next(body["name"] for body in lines(ckanapi("dump", "organizations", "--all")) if body["package_count"])
    addresses = ["/feed.atom", "/en/feed.atom", "/feed.atom?q=%E8%A1%8C%E6%94%BF"]
    if not code.startswith("provider-"):
        addresses.append(f"/body/{code.upper()}/feed.atom")
    counts = script("feeds.py", *[site.base + address for address in addresses])
    check(all(count > 0 for count in counts), f"feeds with so many entries: {counts}")
    return f"feedparser: {len(counts)} feeds"


run(main)
