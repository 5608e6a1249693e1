"""Harvests an OAI-PMH repository with Sickle; prints what it met as JSON."""

import json
import sys

from lxml import etree
from sickle import Sickle
from sickle.oaiexceptions import BadArgument, CannotDisseminateFormat, IdDoesNotExist, NoRecordsMatch

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def main(address):
    repository = Sickle(address)
    identity = repository.Identify()
    assert identity.deletedRecord == "persistent" and identity.granularity == "YYYY-MM-DDThh:mm:ssZ"
    prefixes = {form.metadataPrefix for form in repository.ListMetadataFormats()}
    assert prefixes == {"oai_dc", "dcat_ap"}, prefixes
    sets = {one.setSpec for one in repository.ListSets()}
    identifiers = [header.identifier for header in repository.ListIdentifiers(metadataPrefix="oai_dc")]
    assert len(set(identifiers)) == len(identifiers), "a record came twice"
    live, deleted, in_sets = 0, 0, 0
    for record in repository.ListRecords(metadataPrefix="oai_dc"):
        if record.deleted:
            deleted += 1
            continue
        live += 1
        assert record.metadata["title"] and record.metadata["identifier"], record.header.identifier
        assert set(record.header.setSpecs) <= sets
    for one in sorted(sets):
        try:
            in_sets += sum(1 for _ in repository.ListIdentifiers(metadataPrefix="oai_dc", set=one))
        except NoRecordsMatch:
            pass
    rdf = 0
    for record in repository.ListRecords(metadataPrefix="dcat_ap", ignore_deleted=True):
        tree = etree.fromstring(record.raw)
        rdf += len(tree.findall(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"))
    first = repository.GetRecord(identifier=identifiers[0], metadataPrefix="oai_dc")
    assert first.header.identifier == identifiers[0]
    stamp = first.header.datestamp
    assert identifiers[0] in {
        header.identifier for header in repository.ListIdentifiers(**{"metadataPrefix": "oai_dc", "from": stamp, "until": stamp})
    }
    expect(IdDoesNotExist, lambda: repository.GetRecord(identifier="oai:x:y", metadataPrefix="oai_dc"))
    expect(CannotDisseminateFormat, lambda: repository.ListRecords(metadataPrefix="marc"))
    expect(BadArgument, lambda: repository.ListRecords(**{"metadataPrefix": "oai_dc", "from": "yesterday"}))
    print(json.dumps({"identifiers": len(identifiers), "live": live, "deleted": deleted, "sets": in_sets, "rdf": rdf}))


def expect(error, act):
    try:
        act()
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


main(sys.argv[1])
