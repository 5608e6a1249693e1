"""The catalogue as linked data: valid by the shapes of DCAT-AP 3, and the same graph in every syntax."""

import os

import pyshacl
import rdflib
from rdflib.compare import isomorphic

from client import Client, check, run

SHAPES = os.path.join(os.environ["FENHE_SHARED"] or "/nowhere", "dcat/dcat-ap-3.0.1/shapes.ttl")
SYNTAXES = {"ttl": "turtle", "rdf": "xml", "jsonld": "json-ld"}


def main():
    site = Client()
    graph = same_graph(site, "/catalog", "?page=1")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    datasets = sorted(graph.subjects(rdflib.RDF.type, dcat.Dataset))
    check(datasets, "the catalogue has no dataset")
    own = next(str(node) for node in datasets if f"{site.base}/dataset/" in str(node))
    one = same_graph(site, own.removeprefix(site.base).split("#")[0], "")
    shapes = validate(graph, "the catalogue") and validate(one, "the dataset")
    note = "valid by pyshacl" if shapes else "not validated: the shapes are not on this machine"
    print(f"{len(datasets)} datasets, {len(graph)} triples, the same in 3 syntaxes, {note}")


def same_graph(site, path, query):
    """Reads a page in each syntax."""
    graphs = {}
    for ending, syntax in SYNTAXES.items():
        answer = site.get(f"{path}.{ending}{query}")
        graphs[ending] = rdflib.Graph().parse(data=answer.body, format=syntax, publicID=answer.url)
    sizes = {ending: len(graph) for ending, graph in graphs.items()}
    check(len(set(sizes.values())) == 1, f"the syntaxes differ in triples: {sizes}")
    for ending in ("rdf", "jsonld"):
        # A page links to itself and its neighbors in its own syntax.
        same = without_pages(graphs["ttl"], "ttl"), without_pages(graphs[ending], ending)
        check(isomorphic(*same), f"{path}.{ending} says other things than {path}.ttl: {difference(*same)}")
    return graphs["ttl"]


def without_pages(graph, ending):
    """The graph with the ending of our own pages cut off."""
    plain = rdflib.Graph()

    def cut(node):
        is_page = isinstance(node, rdflib.URIRef) and f"/catalog.{ending}" in node
        return rdflib.URIRef(node.replace(f"/catalog.{ending}", "/catalog")) if is_page else node

    for triple in graph:
        plain.add(tuple(cut(node) for node in triple))
    return plain


def difference(one, other):
    return [" ".join(node.n3() for node in triple) for triple in list(one - other)[:3] + list(other - one)[:3]]


def validate(graph, what):
    """Validates by the official shapes, where they are; false where they are not."""
    if not os.path.exists(SHAPES):
        return False
    conforms, _, text = pyshacl.validate(graph, shacl_graph=rdflib.Graph().parse(SHAPES))
    check(conforms, f"{what} does not follow DCAT-AP 3: {text[:4000]}")
    return True


run(main)
