//! What the instruments read: a folder as one table, and a table of a database.

use serde_json::json;
use store::Store;

use crate::{Folder, answer, fenhe, refused};

#[test]
fn the_files_of_a_folder_are_one_table_whatever_their_kind_and_order() {
    let folder = Folder::new();
    folder.write("all/a.csv", "性别,年龄\n男,20\n女,30\n");
    folder.write("all/b.csv", "年龄;性别\n20;男\n30;女\n");
    folder.write(
        "all/deep/c.json",
        "[{\"性别\": \"男\", \"年龄\": 20}, {\"性别\": \"女\", \"年龄\": 30}]",
    );
    folder.write("levels/性别.csv", "男;*\n女;*\n");
    folder.write("levels/年龄.csv", "20;20-39;*\n30;20-39;*\n");
    let (all, levels) = (folder.shown("all"), folder.shown("levels"));
    let risk = answer(&["risk", &all, "--quasi", "性别,年龄"]);
    let seen = (&risk["rows"], &risk["classes"], &risk["min_class"]);
    assert_eq!(seen, (&json!(6), &json!(2), &json!(3)), "{risk}");
    let out = folder.shown("out.csv");
    let every = ["deident", &all, "--quasi", "性别,年龄", "--hierarchies", &levels, "--k", "3"];
    let found = answer(&[&every[..], &["--out", &out]].concat());
    assert_eq!((&found["rows"], &found["suppressed"]), (&json!(6), &json!(0)));
    assert_eq!(folder.read("out.csv").matches("男,20").count(), 3);
    let plan = folder.write(
        "plan.toml",
        "[[column]]\nname = \"性别\"\ntransform = \"keep\"\n\
         [[column]]\nname = \"年龄\"\ntransform = \"round\"\nbase = 50\n",
    );
    answer(&["deident", &all, "--plan", &plan, "--out", &out]);
    assert_eq!(folder.read("out.csv").matches("女,50").count(), 3, "{}", folder.read("out.csv"));
    let scanned = answer(&["scan", &all]);
    assert_eq!(scanned["files"].as_array().unwrap().len(), 3);
}

#[test]
fn a_file_of_a_folder_with_other_columns_is_named_with_the_difference() {
    let folder = Folder::new();
    folder.write("all/a.csv", "性别,年龄\n男,20\n");
    let odd = folder.write("all/b.csv", "性别,年\n男,20\n");
    let all = folder.shown("all");
    let said = refused(2, &["risk", &all, "--quasi", "性别"]);
    assert!(said.contains(&odd) && said.contains("年龄"), "{said}");
    folder.write("all/b.csv", "性别,年龄,多\n男,20,1\n");
    let said = refused(2, &["risk", &all, "--quasi", "性别"]);
    assert!(said.contains("多"), "{said}");
    std::fs::create_dir(folder.path("none")).unwrap();
    assert!(refused(2, &["risk", &folder.shown("none"), "--quasi", "a"]).contains("folder"));
    folder.write("levels/性别.csv", "女;*\n");
    folder.write("all/b.csv", "性别,年龄\n女,20\n");
    let every =
        ["deident", &all, "--quasi", "性别", "--hierarchies", &folder.shown("levels"), "--k", "1"];
    let said = refused(2, &every);
    assert!(said.contains("a.csv, line 2") && said.contains("男"), "{said}");
}

/// Makes a table of people of whom five thousand are alike, more than are fetched at once.
async fn fill(address: &str, schema: &str) {
    let store = Store::open(address).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    if !schema.is_empty() {
        tx.execute(&format!("CREATE SCHEMA {schema}"), Vec::new()).await.unwrap();
    }
    let table = if schema.is_empty() { "people".to_owned() } else { format!("{schema}.people") };
    let columns = "\"证号\" TEXT, \"性别\" TEXT, age INTEGER, paid DOUBLE PRECISION, born DATE";
    tx.execute(&format!("CREATE TABLE {table} ({columns})"), Vec::new()).await.unwrap();
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)";
    let rows = format!(
        "{numbers} INSERT INTO {table} SELECT '13800138000', '男', 20 + i % 2, 1.5, '2001-02-03' FROM n",
        numbers = numbers
    );
    // PostgreSQL wants the list before INSERT's SELECT, SQLite takes both.
    tx.execute(&rows, Vec::new()).await.unwrap();
    tx.execute(&format!("INSERT INTO {table} VALUES (NULL, '女', 40, NULL, NULL)"), Vec::new())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

/// Every instrument on one table of a database.
fn every_instrument(folder: &Folder, address: &str) {
    let risk = answer(&["risk", address, "--quasi", "性别,age"]);
    assert_eq!(
        (&risk["rows"], &risk["classes"], &risk["min_class"]),
        (&json!(5001), &json!(3), &json!(1))
    );
    let scanned = answer(&["scan", address]);
    assert_eq!(scanned["rows"], 5001);
    assert_eq!(scanned["columns"][0]["kind"], "mobile", "{scanned}");
    folder.write("levels/性别.csv", "男;*\n女;*\n");
    folder.write("levels/age.csv", "20;20-39;*\n21;20-39;*\n40;40-59;*\n");
    let (levels, out) = (folder.shown("levels"), folder.shown("out.csv"));
    let every = ["deident", address, "--quasi", "性别,age", "--hierarchies", &levels, "--k", "5"];
    let found = answer(&[&every[..], &["--suppression", "0.01", "--out", &out]].concat());
    assert_eq!((&found["suppressed"], &found["min_class"]), (&json!(1), &json!(2500)), "{found}");
    assert_eq!(folder.read("out.csv").lines().count(), 5001);
    let mapping = folder.shown("mapping.json");
    answer(&[&every[..], &["--suppression", "0.01", "--mapping-out", &mapping]].concat());
    let again = answer(&["deident", address, "--mapping", &mapping, "--out", &out]);
    assert_eq!(again["released"], 5000, "{again}");
    assert_eq!(folder.read("out.csv").lines().count(), 5001);
    let plan = folder.write(
        "plan.toml",
        "k = 5\nsample = { fraction = 0.5, key = \"k\" }\n\
         [[column]]\nname = \"证号\"\ntransform = \"remove\"\n\
         [[column]]\nname = \"性别\"\ntransform = \"generalize\"\nlevel = 0\nspec = \"flat\"\n\
         [[column]]\nname = \"age\"\ntransform = \"round\"\nbase = 10\n\
         [[column]]\nname = \"paid\"\ntransform = \"keep\"\n\
         [[column]]\nname = \"born\"\ntransform = \"remove\"\n",
    );
    let keys = folder.write("keys.toml", &format!("k = \"{}\"\n", "a7".repeat(32)));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&keys, private).unwrap();
    let done = answer(&["deident", address, "--plan", &plan, "--keys", &keys, "--out", &out]);
    let released = done["released"].as_u64().unwrap();
    assert!((2300..2700).contains(&released), "{done}");
    assert_eq!(folder.read("out.csv").matches("男,20,1.5").count() as u64, released);
    let ledger = folder.shown("ledger.json");
    answer(&["dp", "budget", "--ledger", &ledger, "--dataset", "人口", "--epsilon", "1"]);
    let count = ["dp", "count", address, "--ledger", &ledger, "--one-row-one-person"];
    let count = answer(&[&count[..], &["--where", "age<=21", "--epsilon", "1"]].concat());
    let value = count["answer"]["figure"]["value"].as_f64().unwrap();
    assert!((value - 5000.0).abs() <= 40.0, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_sqlite_is_read_by_every_instrument_and_not_changed() {
    let folder = Folder::new();
    let path = folder.shown("city.db");
    fill(&format!("sqlite://{path}"), "").await;
    let before = std::fs::read(folder.path("city.db")).unwrap();
    every_instrument(&folder, &format!("sqlite:{path}?table=people"));
    assert_eq!(std::fs::read(folder.path("city.db")).unwrap(), before);
    let said = refused(2, &["risk", &format!("sqlite:{path}?table=nobody"), "--quasi", "a"]);
    assert!(said.contains("`nobody`"), "{said}");
    let said = refused(2, &["risk", &format!("sqlite:{path}"), "--quasi", "a"]);
    assert!(said.contains("?table="), "{said}");
    let said = refused(2, &["risk", "sqlite:/nowhere/x.db?table=a", "--quasi", "a"]);
    assert!(said.contains("cannot be opened"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_postgresql_is_read_by_every_instrument_and_no_password_is_shown() {
    let folder = Folder::new();
    let address = testkit::postgres::Postgres::shared().database().await;
    fill(&address, "city").await;
    let sign = if address.contains('?') { '&' } else { '?' };
    every_instrument(&folder, &format!("{address}{sign}table=city.people"));
    let said = refused(2, &["risk", &format!("{address}{sign}table=city.nobody"), "--quasi", "a"]);
    assert!(said.contains("`city.nobody`"), "{said}");
    let page = folder.shown("risk.html");
    let secret = "postgres://li:geheim@127.0.0.1:1/city?table=people";
    for arguments in [
        &["risk", secret, "--quasi", "a"][..],
        &["scan", secret],
        &["risk", secret, "--quasi", "a", "--report", &page],
    ] {
        let done = fenhe(arguments);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(!said.contains("geheim") && said.contains("127.0.0.1:1"), "{said}");
    }
    let misspelt = "postgres://li@127.0.0.1:1/city?passwd=geheim&table=people";
    let said = refused(2, &["risk", misspelt, "--quasi", "a"]);
    assert!(said.contains("not known") && !said.contains("geheim"), "{said}");
}
