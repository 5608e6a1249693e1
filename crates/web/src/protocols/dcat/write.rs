//! Graphs as Turtle, RDF/XML and JSON-LD.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::graph::{Graph, Node, PREFIXES, Term, expand};

/// The syntaxes that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Turtle.
    Turtle,
    /// RDF/XML.
    RdfXml,
    /// JSON-LD, expanded values under a context of prefixes.
    JsonLd,
}

impl Syntax {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Turtle, Self::RdfXml, Self::JsonLd];

    /// The ending of addresses.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Turtle => "ttl",
            Self::RdfXml => "rdf",
            Self::JsonLd => "jsonld",
        }
    }

    /// The media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Turtle => "text/turtle; charset=utf-8",
            Self::RdfXml => "application/rdf+xml; charset=utf-8",
            Self::JsonLd => "application/ld+json; charset=utf-8",
        }
    }
}

/// The graph as text.
pub(crate) fn write(graph: &Graph, syntax: Syntax) -> String {
    match syntax {
        Syntax::Turtle => turtle(graph),
        Syntax::RdfXml => rdf_xml(graph),
        Syntax::JsonLd => json_ld(graph),
    }
}

fn turtle(graph: &Graph) -> String {
    let mut text = turtle_prefixes();
    text.push_str(&turtle_nodes(graph));
    text
}

/// The head of a Turtle document.
pub(super) fn turtle_prefixes() -> String {
    let mut text = String::new();
    for (prefix, iri) in PREFIXES {
        let _written = writeln!(text, "@prefix {prefix}: <{iri}> .");
    }
    text
}

/// The nodes of a graph, for a document that has its prefixes already.
pub(super) fn turtle_nodes(graph: &Graph) -> String {
    let mut text = String::new();
    for node in &graph.nodes {
        let _written = write!(text, "\n{}", turtle_term(&node.subject));
        let mut mark = "";
        for (name, value) in &node.properties {
            let _written = write!(text, "{mark}\n    {name} {}", turtle_term(value));
            mark = " ;";
        }
        text.push_str(" .\n");
    }
    text
}

fn turtle_term(term: &Term) -> String {
    match term {
        Term::Iri(iri) => format!("<{}>", safe_iri(iri)),
        Term::Text(text, language) => format!("{}@{language}", turtle_string(text)),
        Term::Typed(text, kind) => format!("{}^^{kind}", turtle_string(text)),
        Term::Plain(text) => turtle_string(text),
        Term::Blank(number) => format!("_:b{number}"),
    }
}

fn turtle_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _written = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An IRI without characters that end or break it.
fn safe_iri(iri: &str) -> String {
    let mut out = String::with_capacity(iri.len());
    for c in iri.chars() {
        if c.is_control() || c.is_whitespace() || "<>\"{}|^`\\".contains(c) {
            for byte in c.to_string().bytes() {
                let _written = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A graph as N-Triples: one statement a line, with nothing shortened.
pub(super) fn n_triples(graph: &Graph) -> String {
    let mut text = String::new();
    for node in &graph.nodes {
        let subject = n_triples_term(&node.subject);
        for (name, value) in &node.properties {
            let property = expand(name);
            let _written = writeln!(text, "{subject} <{property}> {} .", n_triples_term(value));
        }
    }
    text
}

fn n_triples_term(term: &Term) -> String {
    match term {
        Term::Typed(text, kind) => format!("{}^^<{}>", turtle_string(text), expand(kind)),
        other => turtle_term(other),
    }
}

fn rdf_xml(graph: &Graph) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", rdf_xml_element(graph))
}

/// A graph as an element, for an XML document around it.
pub(crate) fn rdf_xml_element(graph: &Graph) -> String {
    let mut text = String::from("<rdf:RDF");
    for (prefix, iri) in PREFIXES {
        let _written = write!(text, "\n    xmlns:{prefix}=\"{iri}\"");
    }
    text.push_str(">\n");
    for node in &graph.nodes {
        let about = match &node.subject {
            Term::Blank(number) => format!("rdf:nodeID=\"b{number}\""),
            Term::Iri(iri) => format!("rdf:about=\"{}\"", xml(&safe_iri(iri))),
            Term::Text(..) | Term::Typed(..) | Term::Plain(_) => continue,
        };
        let _written = writeln!(text, "  <rdf:Description {about}>");
        for (name, value) in &node.properties {
            let _written = writeln!(text, "    {}", rdf_property(name, value));
        }
        text.push_str("  </rdf:Description>\n");
    }
    text.push_str("</rdf:RDF>\n");
    text
}

fn rdf_property(name: &str, value: &Term) -> String {
    match value {
        Term::Iri(iri) => format!("<{name} rdf:resource=\"{}\"/>", xml(&safe_iri(iri))),
        Term::Blank(number) => format!("<{name} rdf:nodeID=\"b{number}\"/>"),
        Term::Text(text, language) => {
            format!("<{name} xml:lang=\"{language}\">{}</{name}>", xml(text))
        }
        Term::Typed(text, kind) => {
            format!("<{name} rdf:datatype=\"{}\">{}</{name}>", expand(kind), xml(text))
        }
        Term::Plain(text) => format!("<{name}>{}</{name}>", xml(text)),
    }
}

/// Text that may stand in XML.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            // XML 1.0 has no other control characters, not even escaped.
            c if c.is_control() => out.push('\u{FFFD}'),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

fn json_ld(graph: &Graph) -> String {
    let context: Map<String, Value> =
        PREFIXES.iter().map(|(prefix, iri)| ((*prefix).to_owned(), json!(iri))).collect();
    let nodes: Vec<Value> = graph.nodes.iter().map(json_node).collect();
    json!({ "@context": context, "@graph": nodes }).to_string()
}

fn json_node(node: &Node) -> Value {
    let mut object = Map::new();
    object.insert("@id".to_owned(), json!(json_id(&node.subject)));
    for (name, value) in &node.properties {
        let (key, value) = match (*name, value) {
            ("rdf:type", Term::Iri(iri)) => ("@type", json!(iri)),
            (name, Term::Iri(iri)) => (name, json!({ "@id": safe_iri(iri) })),
            (name, Term::Blank(_)) => (name, json!({ "@id": json_id(value) })),
            (name, Term::Text(text, language)) => {
                (name, json!({ "@value": text, "@language": language }))
            }
            (name, Term::Typed(text, kind)) => (name, json!({ "@value": text, "@type": kind })),
            (name, Term::Plain(text)) => (name, json!(text)),
        };
        match object.get_mut(key) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = json!([first.clone(), value]),
            None => {
                object.insert(key.to_owned(), value);
            }
        }
    }
    Value::Object(object)
}

fn json_id(term: &Term) -> String {
    match term {
        Term::Blank(number) => format!("_:b{number}"),
        Term::Iri(iri) => safe_iri(iri),
        Term::Text(text, _) | Term::Typed(text, _) | Term::Plain(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_inside_its_literal() {
        let mut graph = Graph::default();
        let text = "a\"b\\c\n<script>&\u{1}";
        graph.node(
            "https://x/<y> z",
            "dcat:Dataset",
            vec![("dct:title", Term::Text(text.to_owned(), "zh"))],
        );
        assert!(turtle(&graph).contains(r#""a\"b\\c\n<script>&\u0001"@zh"#));
        assert!(turtle(&graph).contains("<https://x/%3Cy%3E%20z>"));
        assert!(n_triples(&graph).contains(r#"title> "a\"b\\c\n<script>&\u0001"@zh ."#));
        assert!(rdf_xml(&graph).contains("a&quot;b\\c\n&lt;script&gt;&amp;\u{FFFD}"));
        let parsed: Value = serde_json::from_str(&json_ld(&graph)).unwrap();
        assert_eq!(parsed["@graph"][0]["dct:title"]["@value"], json!(text));
    }
}
