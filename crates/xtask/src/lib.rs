//! The rules of the house that a compiler does not know.
//!
//! - a header on every Rust file, and at most 600 code lines in it;
//! - no module named after nothing: utils, common, helpers, misc, core, types, manager;
//! - manifests obey the arrows of ARCHITECTURE.md;
//! - SQL only in `table.rs` (and in the crate `store`);
//! - each migration says in its first line what it is for;
//! - what a comment cites as its `Basis:` is an instrument, and an article, that `law` knows;
//! - every invariant that a header names is the name of a test;
//! - ARCHITECTURE.md names only crates that exist, and all of them;
//! - no path of a machine in what is committed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Most code lines of a file.
const MOST_LINES: usize = 600;

/// Names that say nothing.
const BANNED: [&str; 7] = ["utils", "common", "helpers", "misc", "core", "types", "manager"];

/// For each crate, the crates of ours that it may depend on.
const ARROWS: [(&str, &[&str]); 13] = [
    ("vocabulary", &[]),
    ("law", &["vocabulary"]),
    ("detect", &["vocabulary"]),
    ("deident", &["vocabulary"]),
    ("quality", &["vocabulary"]),
    ("ingest", &["vocabulary"]),
    ("store", &["vocabulary", "law"]),
    ("trust", &["store", "law", "vocabulary"]),
    ("lake", &["vocabulary"]),
    ("lake-delta", &["lake", "vocabulary"]),
    ("search", &["vocabulary"]),
    (
        "platform",
        &[
            "trust",
            "store",
            "law",
            "vocabulary",
            "detect",
            "deident",
            "quality",
            "lake",
            "search",
            "ingest",
        ],
    ),
    (
        "web",
        &[
            "platform",
            "trust",
            "store",
            "law",
            "vocabulary",
            "detect",
            "deident",
            "quality",
            "lake",
            "search",
            "ingest",
        ],
    ),
];

/// Everything that breaks a rule, a sentence each.
pub fn tidy(root: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    collect(&root.join("crates"), &mut files);
    for file in &files {
        let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let Ok(text) = fs::read_to_string(file) else { continue };
        check_file(&shown, file, &text, &mut problems);
    }
    check_invariants(root, &files, &mut problems);
    check_bases(root, &files, &mut problems);
    check_arrows(root, &mut problems);
    check_migrations(root, &mut problems);
    check_architecture(root, &mut problems);
    problems
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

fn check_file(shown: &str, file: &Path, text: &str, problems: &mut Vec<String>) {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if !lines.next().is_some_and(|line| line.starts_with("//!")) {
        problems.push(format!("{shown}: no header that says what it is"));
    }
    let code =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let count = code.count();
    if count > MOST_LINES {
        problems.push(format!(
            "{shown}: {count} code lines, at most {MOST_LINES}; which rooms are in it?"
        ));
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if BANNED.contains(&stem) {
        problems.push(format!("{shown}: `{stem}` says nothing; name it after what it knows"));
    }
    let is_source = shown.contains("/src/");
    let is_store = shown.starts_with("crates/store/") || shown.starts_with("crates/testkit/");
    let is_engine = shown.starts_with("crates/lake");
    if is_source
        && !is_store
        && !is_engine
        && stem != "table"
        && !shown.starts_with("crates/xtask/")
    {
        for (number, line) in (1_usize..).zip(text.lines()) {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            if ["INSERT INTO ", "DELETE FROM ", "\"SELECT ", "\"UPDATE "]
                .iter()
                .any(|sql| code.contains(sql))
            {
                problems.push(format!("{shown}:{number}: SQL stands in table.rs only"));
            }
        }
    }
}

/// A name listed in a header below the word `Invariants` is the name of a test.
fn check_invariants(root: &Path, files: &[PathBuf], problems: &mut Vec<String>) {
    let mut named = Vec::new();
    let mut functions = BTreeSet::new();
    for file in files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let shown = file.strip_prefix(root).unwrap_or(file).display().to_string();
        let mut listed = false;
        for line in text.lines().map(str::trim) {
            if let Some((_, rest)) = line.split_once("fn ") {
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                functions.insert(name);
            }
            let Some(header) = line.strip_prefix("//!") else { continue };
            listed |= header.trim_start().starts_with("Invariants");
            let name = header.trim().strip_prefix("- `").and_then(|rest| rest.split_once('`'));
            if let (true, Some((name, _))) = (listed, name) {
                named.push((shown.clone(), name.to_owned()));
            }
        }
    }
    for (shown, name) in named {
        if !functions.contains(&name) {
            problems.push(format!("{shown}: no test is called after the invariant `{name}`"));
        }
    }
}

/// Comments of code, policies and migrations cite what `law` knows.
fn check_bases(root: &Path, files: &[PathBuf], problems: &mut Vec<String>) {
    let mut all = files.to_vec();
    for (folder, extension) in [("policies", "cedar"), ("migrations", "sql")] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        let paths = entries.flatten().map(|entry| entry.path());
        all.extend(paths.filter(|path| path.extension().is_some_and(|found| found == extension)));
    }
    for file in all {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        for (number, line) in (1_usize..).zip(text.lines()) {
            let line = line.trim_start();
            if !(line.starts_with("//") || line.starts_with("--")) || line.contains("`Basis:") {
                continue;
            }
            let Some((_, citations)) = line.split_once("Basis: ") else { continue };
            for citation in unknown_citations(citations) {
                problems.push(format!("{shown}:{number}: `law` knows no `{citation}`"));
            }
        }
    }
}

/// The citations of a line that `law` cannot resolve. Remarks in brackets, behind a
/// dash, or in another script are none.
fn unknown_citations(line: &str) -> Vec<String> {
    let line = line.split(" — ").next().unwrap_or_default();
    let mut bare = String::new();
    let mut depth = 0_u32;
    for c in line.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    let mut unknown = Vec::new();
    let mut instrument = "";
    for piece in bare.split([',', ';', '、', '；']).map(|piece| piece.trim().trim_end_matches('.'))
    {
        let is_citation =
            piece.starts_with("GB/T") || piece.chars().next().is_some_and(|c| !c.is_ascii());
        if !is_citation {
            continue;
        }
        let text = if piece.starts_with('第') {
            format!("{instrument} {piece}")
        } else {
            piece.to_owned()
        };
        if law::resolve(&text).is_none() {
            unknown.push(piece.to_owned());
        }
        if !piece.starts_with('第') {
            instrument = piece.split(" 第").next().unwrap_or_default();
        }
    }
    unknown
}

fn check_arrows(root: &Path, problems: &mut Vec<String>) {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in ARROWS {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        let Ok(parsed) = text.parse::<toml::Table>() else {
            problems.push(format!("crates/{name}/Cargo.toml: cannot be read"));
            continue;
        };
        let Some(dependencies) = parsed.get("dependencies").and_then(|value| value.as_table())
        else {
            continue;
        };
        for dependency in dependencies.keys() {
            if ours.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                problems.push(format!("crates/{name}: may not depend on `{dependency}`"));
            }
        }
        if name != "web" && dependencies.contains_key("axum") {
            problems.push(format!("crates/{name}: only web names axum"));
        }
        if name != "lake-delta" && dependencies.contains_key("datafusion") {
            problems.push(format!("crates/{name}: only lake-delta names datafusion"));
        }
    }
}

fn check_migrations(root: &Path, problems: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(root.join("migrations")) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        if !text.starts_with("-- ") {
            problems.push(format!("migrations/{name}: its first line does not say what it is for"));
        }
    }
}

fn check_architecture(root: &Path, problems: &mut Vec<String>) {
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    let Ok(entries) = fs::read_dir(root.join("crates")) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("Cargo.toml").exists() && !text.contains(&format!("`{name}`")) {
            problems.push(format!("ARCHITECTURE.md: does not name the crate `{name}`"));
        }
    }
}
