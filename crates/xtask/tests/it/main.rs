//! The rules of the house hold.

use std::path::Path;

#[test]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let problems = xtask::tidy(&root);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn an_unknown_article_and_an_invariant_without_a_test_are_found() {
    let folder = std::env::temp_dir().join(format!("tidy-law-{}", std::process::id()));
    let source = folder.join("crates/law/src");
    std::fs::create_dir_all(&source).unwrap();
    let text = "//! A room.\n//!\n//! Basis: 数据安全法 第三十八条, 第九百条 (a remark, with a comma).\n\
                //!\n//! Invariants:\n//! - `nothing_is_lost`\n//! - `all_is_well`\nfn all_is_well() {}\n";
    std::fs::write(source.join("room.rs"), text).unwrap();
    let problems = xtask::tidy(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let of_room: Vec<_> = problems.iter().filter(|problem| problem.contains("room.rs")).collect();
    assert_eq!(of_room.len(), 2, "{of_room:?}");
    assert!(of_room.iter().any(|problem| problem.contains("第九百条")));
    assert!(of_room.iter().any(|problem| problem.contains("`nothing_is_lost`")));
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
