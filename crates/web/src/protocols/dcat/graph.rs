//! A small RDF graph: subjects with typed values, in the order of writing.

use std::collections::HashSet;

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// An absolute IRI.
    Iri(String),
    /// Text in a language.
    Text(String, &'static str),
    /// A literal with a datatype: the prefixed name of the type, e.g. `xsd:dateTime`.
    Typed(String, &'static str),
    /// Text without a language.
    Plain(String),
    /// A blank node of this graph.
    Blank(usize),
}

/// A node with its properties.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The subject.
    pub(crate) subject: Term,
    /// Prefixed property names with their values.
    pub(crate) properties: Vec<(&'static str, Term)>,
}

/// The nodes of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    /// In the order of writing; a subject stands once.
    pub(crate) nodes: Vec<Node>,
    blanks: usize,
    known: HashSet<String>,
}

/// The prefixes that property names and types use.
pub(crate) const PREFIXES: [(&str, &str); 13] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("hydra", "http://www.w3.org/ns/hydra/core#"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

impl Graph {
    /// An empty graph whose blank nodes are numbered from here on, for graphs that are
    /// written one after the other into one document.
    pub(crate) fn numbered_from(blanks: usize) -> Self {
        Self { blanks, ..Self::default() }
    }

    /// Where the numbers of the next graph begin.
    pub(crate) fn next_blank(&self) -> usize {
        self.blanks
    }

    /// A node that has an IRI and a type; a node that is there already is left as it is.
    pub(crate) fn node(
        &mut self,
        iri: &str,
        kind: &'static str,
        properties: Vec<(&'static str, Term)>,
    ) -> Term {
        let subject = Term::Iri(iri.to_owned());
        if self.known.insert(iri.to_owned()) {
            self.push(subject.clone(), kind, properties);
        }
        subject
    }

    /// A statement about a node of another graph of the same document.
    pub(crate) fn say(&mut self, iri: &str, property: &'static str, value: Term) {
        let properties = vec![(property, value)];
        self.nodes.push(Node { subject: Term::Iri(iri.to_owned()), properties });
    }

    /// A node without an IRI.
    pub(crate) fn blank(
        &mut self,
        kind: &'static str,
        properties: Vec<(&'static str, Term)>,
    ) -> Term {
        let subject = Term::Blank(self.blanks);
        self.blanks += 1;
        self.push(subject.clone(), kind, properties);
        subject
    }

    fn push(&mut self, subject: Term, kind: &'static str, mut given: Vec<(&'static str, Term)>) {
        let mut properties = vec![("rdf:type", Term::Iri(expand(kind)))];
        properties.append(&mut given);
        properties.retain(|(_, value)| !is_empty(value));
        self.nodes.push(Node { subject, properties });
    }
}

/// A value that says nothing is left out.
fn is_empty(term: &Term) -> bool {
    match term {
        Term::Iri(text) | Term::Text(text, _) | Term::Typed(text, _) | Term::Plain(text) => {
            text.trim().is_empty()
        }
        Term::Blank(_) => false,
    }
}

/// The IRI of a prefixed name.
pub(crate) fn expand(name: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    PREFIXES
        .iter()
        .find(|(known, _)| *known == prefix)
        .map_or_else(|| name.to_owned(), |(_, iri)| format!("{iri}{local}"))
}
