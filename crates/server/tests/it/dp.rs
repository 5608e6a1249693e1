//! `fenhe dp`: answers with noise, and the ledger that pays.

use serde_json::json;

use crate::{Folder, answer, fenhe, is_report, refused, told};

/// Four thousand people of ages 0 to 99, half of them men; 40 are 0, 40 are 1, ….
fn people(folder: &Folder) -> String {
    let mut text = "证号,性别,年龄,区县\n".to_owned();
    for n in 0..4000 {
        let (sex, county) = (if n % 2 == 0 { "男" } else { "女" }, 140_105 + n % 4);
        text += &format!("{n},{sex},{},{county}\n", n % 100);
    }
    folder.write("people.csv", &text)
}

/// A ledger; gives its path.
fn budget(folder: &Folder, price: &[&str]) -> String {
    let ledger = folder.shown("ledger.json");
    let made =
        answer(&[&["dp", "budget", "--ledger", &ledger, "--dataset", "人口"], price].concat());
    assert_eq!(made["dataset"], "人口");
    ledger
}

const EACH: &str = "--one-row-one-person";

#[test]
fn answers_are_close_and_their_costs_add_up_in_the_ledger() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "10"]));
    let ask = |what: &str, more: &[&str]| {
        let every = ["dp", what, &file, "--ledger", &ledger, EACH];
        answer(&[&every[..], more].concat())
    };
    let women = ask("count", &["--where", "性别=女", "--where", "年龄>=50", "--epsilon", "1"]);
    let value = women["answer"]["figure"]["value"].as_f64().unwrap();
    // Scale 1: beyond 40 once in 10¹⁷ runs.
    assert!((value - 1000.0).abs() <= 40.0, "{women}");
    assert_eq!(women["cost"], json!({ "measure": "pure", "epsilon": "1" }));
    assert_eq!(women["remaining"]["epsilon"], "9");
    let within = ["--column", "年龄", "--clamp", "0", "110", "--step", "1", "--epsilon", "2"];
    let mean = ask("mean", &within)["answer"]["mean"]["value"].as_f64().unwrap();
    assert!((mean - 49.5).abs() < 2.0, "{mean}");
    let sum = ask("sum", &within)["answer"]["figure"]["value"].as_f64().unwrap();
    assert!((sum - 198_000.0).abs() < 4000.0, "{sum}");
    let median = ask("quantile", &[&within[..], &["--quantile", "0.5"]].concat());
    let value = median["answer"]["value"].as_f64().unwrap();
    assert!((value - 49.5).abs() < 6.0, "{median}");
    let by_sex = ["--by", "性别", "--categories", "男,女,其他", "--epsilon", "1"];
    let sexes = ask("histogram", &by_sex);
    let counts = sexes["answer"]["counts"].as_array().unwrap();
    assert_eq!(counts.len(), 3, "{sexes}");
    assert!((counts[0]["count"]["value"].as_f64().unwrap() - 2000.0).abs() <= 40.0);
    let ages = ask("histogram", &["--by", "年龄", "--edges", "18,65", "--epsilon", "1"]);
    let named: Vec<_> = ages["answer"]["counts"].as_array().unwrap().iter().collect();
    assert_eq!(named[1]["category"], "[18, 65)");
    let listed = answer(&["dp", "ledger", "--ledger", &ledger]);
    assert_eq!(
        (&listed["spent"]["epsilon"], &listed["remaining"]["epsilon"]),
        (&json!("9"), &json!("1"))
    );
    let entries = listed["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 6);
    assert!(entries.iter().all(|entry| entry["state"] == "answered"), "{listed}");
}

#[test]
fn what_the_budget_does_not_allow_is_refused_and_costs_nothing() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "0.3"]));
    let count = ["dp", "count", &file, "--ledger", &ledger, EACH, "--epsilon"];
    for _ in 0..3 {
        answer(&[&count[..], &["0.1"]].concat());
    }
    let before = folder.read("ledger.json");
    let said = refused(1, &[&count[..], &["0.1"]].concat());
    assert!(said.contains("ε = 0.1") && said.contains("remains ε = 0"), "{said}");
    assert_eq!(folder.read("ledger.json"), before);
    let said = refused(2, &["dp", "count", &file, "--ledger", &ledger, EACH, "--rho", "0.1"]);
    assert!(said.contains("cannot pay"), "{said}");
    let said =
        refused(2, &["dp", "budget", "--ledger", &ledger, "--dataset", "x", "--epsilon", "9"]);
    assert!(said.contains("there already"), "{said}");
    assert_eq!(folder.read("ledger.json"), before);
}

#[test]
fn a_trial_says_what_an_answer_would_cost_and_reads_and_spends_nothing() {
    let folder = Folder::new();
    let ledger = budget(&folder, &["--epsilon", "1"]);
    let before = folder.read("ledger.json");
    let nowhere = folder.shown("nowhere.csv");
    let every =
        ["dp", "count", &nowhere, "--ledger", &ledger, EACH, "--epsilon", "0.5", "--dry-run"];
    let found = answer(&every);
    // The worked example of the handbook.
    assert_eq!(found["half_widths"]["answer"], 6.0, "{found}");
    assert_eq!(found["remaining"]["epsilon"], "0.5");
    assert!(told(&every).contains("± 6"));
    let most = ["dp", "count", &nowhere, "--ledger", &ledger, EACH, "--epsilon", "2", "--dry-run"];
    assert!(refused(1, &most).contains("remains ε = 1"));
    assert_eq!(folder.read("ledger.json"), before);
}

#[test]
fn an_answer_that_cannot_be_written_has_been_paid_and_is_told_of() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "1"]));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fenhe"));
    command.args(["dp", "count", &file, "--ledger", &ledger, EACH, "--epsilon", "0.5"]);
    let done = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let done = done.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert_eq!(answer(&["dp", "ledger", "--ledger", &ledger])["spent"]["epsilon"], "0.5");
}

#[test]
fn what_must_be_known_from_outside_is_asked_for() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "1"]));
    let before = folder.read("ledger.json");
    let price = ["--epsilon", "0.1"];
    let ask = |what: &str, more: &[&str]| {
        refused(2, &[&["dp", what, &file, "--ledger", &ledger], more].concat())
    };
    for (said, remedy) in [
        (ask("count", &price), "--one-row-one-person"),
        (ask("count", &["--person", "证号", "--epsilon", "0.1"]), "--most-rows"),
        (ask("count", &[EACH]), "--epsilon"),
        (ask("sum", &[&price[..], &[EACH, "--column", "年龄"]].concat()), "--clamp"),
        (ask("mean", &[EACH, "--column", "年龄", "--clamp", "0", "9", "--epsilon", "1"]), "--step"),
        (ask("histogram", &[&price[..], &[EACH, "--by", "性别"]].concat()), "--categories"),
        (ask("count", &[EACH, "--epsilon", "0,1"]), "0,1"),
        (ask("count", &[&price[..], &[EACH, "--where", "年龄"]].concat()), "年龄>=18"),
        (ask("count", &[&price[..], &[EACH, "--where", "岁=1"]].concat()), "证号"),
        (
            ask(
                "sum",
                &[EACH, "--column", "年龄", "--clamp", "9", "0", "--step", "1", "--epsilon", "1"],
            ),
            "lower",
        ),
    ] {
        assert!(said.contains(remedy), "`{remedy}` is not in: {said}");
    }
    let json = folder.write("people.json", "[{\"年龄\": 1}, {\"年龄\": 2}]");
    let every = ["dp", "count", &json, "--ledger", &ledger, EACH, "--epsilon", "0.1"];
    assert!(refused(2, &every).contains("Parquet"));
    let bad = folder.write("bad.csv", "a,b\n1,2\n1,2,3\n");
    let said = refused(2, &["dp", "count", &bad, "--ledger", &ledger, EACH, "--epsilon", "0.1"]);
    assert!(said.contains("line 3"), "{said}");
    assert_eq!(folder.read("ledger.json"), before, "a question that is not answered costs nothing");
}

#[test]
fn a_person_with_many_rows_counts_as_often_as_is_stated() {
    let folder = Folder::new();
    let mut text = "人,费用\n".to_owned();
    for n in 0..20_000 {
        // One person has half of the rows; ten thousand have one each.
        let person = if n % 2 == 0 { 0 } else { n };
        text += &format!("p{person},10\n");
    }
    text += ",10\n";
    let file = folder.write("visits.csv", &text);
    let ledger = budget(&folder, &["--rho", "5", "--delta", "0.000001"]);
    let found = answer(&[
        "dp",
        "sum",
        &file,
        "--ledger",
        &ledger,
        "--person",
        "人",
        "--most-rows",
        "2",
        "--column",
        "费用",
        "--clamp",
        "-5",
        "100",
        "--step",
        "0.5",
        "--rho",
        "2",
    ]);
    let sum = found["answer"]["figure"]["value"].as_f64().unwrap();
    // 10,002 rows of 10; σ = 2 · 100 / √4 = 100.
    assert!((sum - 100_020.0).abs() < 1000.0, "{found}");
    assert_eq!(found["mechanisms"][0]["name"], "discrete_gaussian");
    assert_eq!(found["mechanisms"][0]["sensitivity"], 200.0);
}

#[test]
fn parts_that_share_no_person_cost_as_much_as_the_dearest() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "1"]));
    for county in ["140105", "140106", "140107", "140108"] {
        let part = format!("区县={county}");
        let every = ["dp", "count", &file, "--ledger", &ledger, EACH, "--part", &part];
        let found = answer(&[&every[..], &["--epsilon", "1"]].concat());
        assert!((found["answer"]["figure"]["value"].as_f64().unwrap() - 1000.0).abs() <= 40.0);
    }
    assert_eq!(answer(&["dp", "ledger", "--ledger", &ledger])["spent"]["epsilon"], "1");
    let all = ["dp", "count", &file, "--ledger", &ledger, EACH, "--epsilon", "0.1"];
    refused(1, &all);
}

#[test]
fn categories_that_are_not_listed_are_shown_only_where_they_are_frequent() {
    let folder = Folder::new();
    let mut text = "病种\n".to_owned();
    text += &"流感\n".repeat(500);
    text += "罕见病\n";
    let file = folder.write("cases.csv", &text);
    let ledger = budget(&folder, &["--epsilon", "1", "--delta", "0.000001"]);
    let every = ["dp", "histogram", &file, "--ledger", &ledger, EACH, "--by", "病种"];
    let found = answer(&[&every[..], &["--epsilon", "1", "--delta", "0.000001"]].concat());
    let counts = found["answer"]["counts"].as_array().unwrap();
    assert_eq!(counts.len(), 1, "{found}");
    assert_eq!(counts[0]["category"], "流感");
    assert!(found["answer"]["threshold"].as_f64().unwrap() > 10.0);
}

#[test]
fn people_read_the_answer_its_noise_and_what_it_does_not_say() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--rho", "1", "--delta", "0.000001"]));
    let (page, book) = (folder.shown("answer.html"), folder.shown("ledger.html"));
    let every = ["dp", "histogram", &file, "--ledger", &ledger, EACH, "--by", "性别"];
    let said =
        told(&[&every[..], &["--categories", "男,女", "--rho", "0.5", "--report", &page]].concat());
    for text in ["离散高斯", "一行一人", "ρ = 0.5", "剩余", "只含噪声"] {
        assert!(said.contains(text), "`{text}` is not in: {said}");
    }
    let said = told(&["dp", "ledger", "--ledger", &ledger, "--report", &book]);
    assert!(said.contains("直方图 histogram：性别") && said.contains("ε ≤"), "{said}");
    is_report(&folder.read("answer.html"));
    is_report(&folder.read("ledger.html"));
    assert!(
        folder.read("answer.html").contains("[") && folder.read("ledger.html").contains("性别")
    );
    let help = told(&["dp", "--help"]);
    assert!(help.contains("例 Example") && help.contains("budget"), "{help}");
}

#[test]
fn several_who_ask_at_once_never_spend_more_than_there_is() {
    let folder = Folder::new();
    let (file, ledger) = (people(&folder), budget(&folder, &["--epsilon", "0.5"]));
    let every = ["dp", "count", &file, "--ledger", &ledger, EACH, "--epsilon", "0.1"];
    let answered: usize = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| (0..3).filter(|_| fenhe(&every).status.success()).count()))
            .collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).sum()
    });
    assert_eq!(answered, 5);
    let listed = answer(&["dp", "ledger", "--ledger", &ledger]);
    assert_eq!(listed["remaining"]["epsilon"], "0");
    assert_eq!(listed["entries"].as_array().unwrap().len(), 5);
}
