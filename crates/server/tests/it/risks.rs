//! `fenhe risk`: attacks, earlier releases, digests and combinations of columns.

use serde_json::{Value, json};

use crate::{Folder, answer, is_report, refused, told};

/// The MD5 digests of the numbers 100 to 103.
const DIGESTS: &str = "编号,摘要,无关\n\
    1,f899139df5e1059396431415e770c6dd,x\n\
    2,38b3eff8baf56627478ec76a704e9b52,x\n\
    3,ec8956637a99787bd197eacd77acce5e,x\n\
    4,6974ce5ac660610b44d9b9fed0ff9548,x\n";

/// Rows that are as good as random and always the same.
fn noise(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

/// People with four columns; half of them are in the table, half are a control.
fn people(folder: &Folder, name: &str, parity: u64, rows: u64) -> String {
    let mut text = "甲,乙,丙,丁\n".to_owned();
    for n in 0..rows {
        let seed = noise(2 * n + parity);
        let (a, b, c) = (seed % 60, seed / 60 % 60, seed / 3600 % 60);
        text += &format!("{a},{b},{c},{}\n", (a + b) % 7);
    }
    folder.write(name, &text)
}

#[test]
fn a_naive_release_is_linked_and_its_secrets_are_inferred_beyond_the_control() {
    let folder = Folder::new();
    let (table, control) =
        (people(&folder, "table.csv", 0, 600), people(&folder, "control.csv", 1, 600));
    let (page, quasi) = (folder.shown("risk.html"), "甲,乙,丙");
    let every = [
        "risk",
        &table,
        "--quasi",
        quasi,
        "--original",
        &table,
        "--control",
        &control,
        "--sensitive",
        "丁",
        "--attack",
        "linking,inference,singling-out",
        "--first",
        "甲,乙",
        "--second",
        "丙,丁",
        "--seeds",
        "7",
    ];
    let found = answer(&[&every[..], &["--report", &page]].concat());
    let attacks = found["attacks"].as_array().unwrap();
    let named = |start: &str| -> &Value {
        let is = |attack: &&Value| attack["attack"].as_str().unwrap().starts_with(start);
        attacks.iter().find(is).unwrap()
    };
    assert_eq!(attacks.len(), 4, "{found}");
    // The released row nearest to a person is the person's own.
    let right = named("inference")["release"]["table"]["share"].as_f64().unwrap();
    assert!(right > 0.95, "{found}");
    assert!(named("inference")["release"]["risk"]["low"].as_f64().unwrap() > 0.5, "{found}");
    assert!(named("linking")["release"]["table"]["successes"].as_u64().unwrap() > 0, "{found}");
    assert_eq!(found["learned"][0]["column"], "丁");
    is_report(&folder.read("risk.html"));
    assert!(told(&every).contains("学得的猜测"));
    let promise = [&every[..], &["--threshold", "0.2"]].concat();
    assert!(refused(1, &promise).contains("above the threshold"));
}

#[test]
fn an_attack_says_what_it_needs() {
    let folder = Folder::new();
    let table = people(&folder, "table.csv", 0, 50);
    let ask = |more: &[&str]| {
        let every = ["risk", &table, "--quasi", "甲,乙", "--original", &table];
        refused(2, &[&every[..], more].concat())
    };
    assert!(ask(&["--attack", "linking"]).contains("--second"));
    assert!(ask(&["--attack", "inference"]).contains("--sensitive"));
    assert!(ask(&["--attack", "downcoding"]).contains("--hierarchies"));
    let every = ["risk", &table, "--quasi", "甲,乙", "--earlier", &table];
    assert!(refused(2, &every).contains("--pseudonym"));
    // As before there were several attacks.
    let every = ["risk", &table, "--quasi", "甲,乙", "--original", &table, "--attack"];
    assert_eq!(answer(&every)["attacks"].as_array().unwrap().len(), 2);
}

#[test]
fn a_local_recoding_is_undone_by_whoever_knows_the_method() {
    let folder = Folder::new();
    let (mut one, mut other) = ("性别,年龄\n".to_owned(), "性别,年龄\n".to_owned());
    for n in 0..200 {
        let row =
            |n: u64| format!("{},{}\n", if n.is_multiple_of(2) { "男" } else { "女" }, 20 + n % 8);
        one += &row(noise(n));
        other += &row(noise(n + 1000));
    }
    let (table, control) = (folder.write("table.csv", &one), folder.write("control.csv", &other));
    folder.write("levels/性别.csv", "男;*\n女;*\n");
    let ages: String = (20..28)
        .map(|age| {
            let (two, four) = (age / 2 * 2, age / 4 * 4);
            format!("{age};{two}-{};{four}-{};*\n", two + 1, four + 3)
        })
        .collect();
    folder.write("levels/年龄.csv", &ages);
    let (levels, out) = (folder.shown("levels"), folder.shown("out.csv"));
    let made = ["deident", &table, "--quasi", "性别,年龄", "--hierarchies", &levels, "--k", "13"];
    answer(&[&made[..], &["--recoding", "local", "--out", &out]].concat());
    let attack = [
        "risk",
        &out,
        "--quasi",
        "性别,年龄",
        "--original",
        &table,
        "--control",
        &control,
        "--hierarchies",
        &levels,
        "--attack",
        "downcoding",
        "--k",
    ];
    let found = answer(&[&attack[..], &["13"]].concat());
    assert!(found["downcoding"]["classes"].as_u64().unwrap() > 0, "{found}");
    let said = refused(2, &[&attack[..], &["60"]].concat());
    assert!(said.contains("not what local recoding with k = 60"), "{said}");
}

#[test]
fn releases_that_are_safe_alone_are_measured_together() {
    let folder = Folder::new();
    let mut rows = Vec::new();
    for (sex, age, disease, count) in [
        ("男", "20", "流感", 3),
        ("男", "22", "胃炎", 2),
        ("女", "20", "肺炎", 2),
        ("女", "22", "流感", 3),
    ] {
        rows.extend(std::iter::repeat_n((sex, age, disease), count));
    }
    rows.push(("男", "23", "流感"));
    rows.push(("女", "21", "流感"));
    let line =
        |n: usize, sex: &str, age: &str, disease: &str| format!("p{n},{sex},{age},{disease}\n");
    type Form = dyn Fn(&(&str, &str, &str)) -> (String, String);
    let table = |name: &str, form: &Form| {
        let mut text = "编号,性别,年龄,病种\n".to_owned();
        for (n, row) in rows.iter().enumerate() {
            let (sex, age) = form(row);
            text += &line(n, &sex, &age, row.2);
        }
        folder.write(name, &text)
    };
    let original = table("table.csv", &|row| (row.0.to_owned(), row.1.to_owned()));
    let by_sex = table("by-sex.csv", &|row| (row.0.to_owned(), "*".to_owned()));
    let by_age = table("by-age.csv", &|row| ("*".to_owned(), row.1.to_owned()));
    folder.write("levels/性别.csv", "男;*\n女;*\n");
    folder.write("levels/年龄.csv", "20;20-21;*\n21;20-21;*\n22;22-23;*\n23;22-23;*\n");
    let (levels, page) = (folder.shown("levels"), folder.shown("risk.html"));
    let every =
        ["risk", &by_sex, "--quasi", "性别,年龄", "--earlier", &by_age, "--sensitive", "病种"];
    let joined = answer(&[&every[..], &["--pseudonym", "编号", "--report", &page]].concat());
    let together = &joined["composition"];
    assert_eq!(joined["composition_by"], "pseudonym");
    assert_eq!(together["single"][0]["min_class"], 6);
    assert_eq!(together["linked_unique_rows"], 2, "{joined}");
    let known = [&every[..], &["--original", &original, "--hierarchies", &levels]].concat();
    let known = answer(&known);
    assert_eq!(known["composition_by"], "original");
    assert_eq!(known["composition"]["linked_unique_rows"], 2, "{known}");
    assert_eq!(known["composition_ambiguous_rows"], 0);
    assert!(known["composition"]["known_rows"].as_u64().unwrap() >= 2, "{known}");
    // 男 22 and 23, 女 20 and 21 are known from both together, none from one alone.
    assert_eq!(known["intersection"]["column"], "病种");
    assert!(known["intersection"]["known_rows"].as_u64().unwrap() >= 2, "{known}");
    is_report(&folder.read("risk.html"));
    assert!(folder.read("risk.html").contains("与早先发布合看"));
}

#[test]
fn a_digest_without_a_key_is_restored_and_breaks_the_promise() {
    let folder = Folder::new();
    let table = folder.write("digests.csv", DIGESTS);
    let every = ["risk", &table, "--quasi", "无关"];
    let found = answer(&[&every[..], &["--digests"]].concat());
    let restored = &found["restored"][0];
    assert_eq!((&restored["column"], &restored["function"]), (&json!("摘要"), &json!("md5")));
    assert_eq!(
        (&restored["restored"], &restored["complete"]),
        (&json!(4), &json!(true)),
        "{found}"
    );
    let said = refused(1, &[&every[..], &["--digests", "摘要", "--threshold", "0.1"]].concat());
    assert!(said.contains("摘要") && said.contains("pseudonyms with a key"), "{said}");
    let nothing = answer(&[&every[..], &["--digests", "摘要", "--domain", "numbers:A:2"]].concat());
    assert_eq!(nothing["restored"][0]["restored"], 0);
    let said = told(&[&every[..], &["--digests", "摘要", "--domain", "numbers:A:2"]].concat());
    assert!(said.contains("未还原不等于安全"), "{said}");
    let names = folder.write("names.csv", "号码\n100\n101\n");
    let some = answer(&[&every[..], &["--digests", "摘要", "--candidates", &names]].concat());
    assert_eq!(some["restored"][0]["restored_rows"], 2, "{some}");
    assert!(
        refused(2, &[&every[..], &["--digests", "--domain", "magic"]].concat()).contains("magic")
    );
}

#[test]
fn a_table_is_graded_by_the_standard_with_its_arithmetic() {
    let folder = Folder::new();
    let rows = |count: usize| format!("性别\n{}{}", "男\n".repeat(count), "女\n".repeat(count));
    let (enough, few) = (folder.write("21.csv", &rows(21)), folder.write("4.csv", &rows(4)));
    let page = folder.shown("risk.html");
    let grade = |file: &str, more: &[&str]| {
        answer(&[&["risk", file, "--quasi", "性别", "--sharing"], more].concat())["gbt42460"].take()
    };
    assert_eq!(grade(&enough, &["public", "--report", &page])["level"], 3);
    let found = grade(&few, &["public"]);
    assert_eq!(
        (&found["level"], &found["r"], &found["required_class"]),
        (&json!(2), &json!(1.0), &json!(21))
    );
    // 1/4 is above 1/5, and below 1/3 where the place is controlled: R = 1/4 · 0.1.
    assert_eq!(grade(&few, &["controlled", "--context", "0.1", "0.05", "0.1"])["level"], 2);
    let inside = grade(&few, &["enclave", "--context", "0.1", "0.05", "0.1"]);
    assert_eq!((&inside["level"], &inside["r"]), (&json!(3), &json!(0.025)));
    is_report(&folder.read("risk.html"));
    assert!(folder.read("risk.html").contains("DR_a"));
    let said = told(&["risk", &few, "--quasi", "性别", "--sharing", "public"]);
    assert!(said.contains("DR_b   1 / 4 = 0.25") && said.contains("每类至少 21 行"), "{said}");
}

#[test]
fn combinations_of_all_columns_that_single_out_are_named() {
    let folder = Folder::new();
    let table = people(&folder, "table.csv", 0, 300);
    let found = answer(&["risk", &table, "--quasi", "丁", "--combinations", "2"]);
    let first = &found["combinations"][0];
    assert_eq!(first["columns"].as_array().unwrap().len(), 2);
    assert!(first["uniqueness"].as_f64().unwrap() > 0.5, "{first}");
    assert!(told(&["risk", &table, "--quasi", "丁", "--combinations", "2"]).contains("甲 + 乙"));
}
