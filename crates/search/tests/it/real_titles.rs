//! Real dataset descriptions of six portals.

use std::path::PathBuf;

use search::{Catalogue, Document, Facet, Query};

/// The catalogs of the shared data folder, or `None` and one line that says so.
fn real_documents() -> Option<Vec<Document>> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let folder = root.join("catalogs");
    if !folder.exists() {
        println!("left out: {} is not here (set FENHE_SHARED_DATA)", folder.display());
        return None;
    }
    let mut documents = Vec::new();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "json")) {
        let text = std::fs::read_to_string(file).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        for row in json.as_array().into_iter().flatten() {
            let text = |names: &[&str]| {
                names.iter().find_map(|name| row[*name].as_str()).unwrap_or_default().to_owned()
            };
            documents.push(Document {
                id: format!("real-{}", documents.len()),
                title_zh: text(&["标题", "资源名称", "数据集名称"]),
                description: text(&["描述", "数据摘要", "资源描述", "摘要"]),
                body_name: text(&["来源部门", "数据提供方", "所属单位", "数源单位"]),
                theme: text(&["重点领域", "主题名称", "所属主题", "数据领域"]),
                ..Document::default()
            });
        }
    }
    Some(documents)
}

fn is_han(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

fn total(catalogue: &Catalogue, text: &str) -> usize {
    let query = Query { text: Some(text.into()), limit: 0, ..Query::default() };
    let hits = catalogue.query(&query).unwrap();
    if hits.relaxed { 0 } else { hits.total }
}

fn holds(document: &Document, text: &str) -> bool {
    [&document.title_zh, &document.description, &document.body_name]
        .iter()
        .any(|field| field.contains(text))
}

#[test]
fn real_titles_are_found_by_the_words_inside() {
    let Some(documents) = real_documents() else { return };
    assert_eq!(documents.len(), 11_301);
    let catalogue = Catalogue::in_memory().unwrap();
    catalogue.replace(&documents).unwrap();
    assert_eq!(catalogue.len(), documents.len());

    // Common words are found exactly where they stand.
    for word in ["企业", "信用", "交通", "医疗", "教育", "公交", "许可", "学校", "食品", "消防"]
    {
        let standing = documents.iter().filter(|document| holds(document, word)).count();
        assert!(standing > 10, "{word}");
        assert_eq!(total(&catalogue, word), standing, "{word}");
    }

    // Any two neighboring characters of a title find at least all documents that have them.
    let mut asked = 0;
    for document in documents.iter().step_by(60) {
        let chars: Vec<char> = document.title_zh.chars().collect();
        let pairs: Vec<&[char]> =
            chars.windows(2).filter(|pair| pair.iter().all(|c| is_han(*c))).collect();
        let Some(pair) = pairs.get(pairs.len() / 2) else { continue };
        let word: String = pair.iter().collect();
        let standing = documents.iter().filter(|document| holds(document, &word)).count();
        assert!(total(&catalogue, &word) >= standing, "{word} of {}", document.title_zh);
        asked += 1;
    }
    assert!(asked > 150, "{asked}");

    // A whole title puts a document with that title first.
    for document in documents.iter().step_by(200).filter(|d| d.title_zh.chars().count() < 200) {
        let query = Query { text: Some(document.title_zh.clone()), limit: 1, ..Query::default() };
        let hits = catalogue.query(&query).unwrap();
        assert_eq!(hits.hits[0].title_zh.text.trim(), document.title_zh.trim());
    }

    // Facets add up.
    let query = Query::default();
    let hits = catalogue.query(&query).unwrap();
    assert_eq!(hits.total, documents.len());
    let kinds: u64 = hits.facets[&Facet::HasData].iter().map(|(_, count)| count).sum();
    assert_eq!(kinds, 11_301);
}
