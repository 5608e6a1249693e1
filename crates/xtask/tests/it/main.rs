//! The rules of the house hold.

use std::path::Path;

#[test]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let problems = xtask::tidy(&root);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_file_without_a_header_is_found() {
    let folder = std::env::temp_dir().join(format!("tidy-{}", std::process::id()));
    let source = folder.join("crates/law/src");
    std::fs::create_dir_all(&source).unwrap();
    std::fs::write(source.join("utils.rs"), "fn f() {}\n").unwrap();
    let problems = xtask::tidy(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(problems.iter().any(|problem| problem.contains("no header")));
    assert!(problems.iter().any(|problem| problem.contains("says nothing")));
}
