//! `fenhe deident --plan` and `--mapping`: groups, drawn rows, and what was found applied
//! to new rows.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::{Folder, answer, is_report, refused, told};

/// Two counties; in one a firm has nearly all of the sales, and one trade has two firms.
const FIRMS: &str = "区县,行业,销售额\n\
    甲,零售,10\n甲,零售,20\n甲,零售,30\n甲,零售,40\n\
    甲,制造,10000\n甲,制造,10\n甲,制造,10\n甲,制造,10\n\
    乙,零售,50\n乙,零售,60\n乙,零售,70\n乙,零售,80\n\
    乙,制造,90\n乙,制造,95\n";

const KEPT: &str = "[[column]]\nname = \"区县\"\ntransform = \"keep\"\n\
    [[column]]\nname = \"行业\"\ntransform = \"keep\"\n\
    [[column]]\nname = \"销售额\"\ntransform = \"keep\"\n";

#[test]
fn a_table_of_groups_shows_no_small_and_no_dominated_cell() {
    let folder = Folder::new();
    let file = folder.write("firms.csv", FIRMS);
    let settings = "[aggregate]\nby = [\"区县\", \"行业\"]\nmeasures = [\"销售额\"]\n\
                    min_rows = 3\ndominance_percent = 10\n";
    let plan = folder.write("plan.toml", &format!("{KEPT}{settings}"));
    let (out, page) = (folder.shown("groups.csv"), folder.shown("groups.html"));
    let every = ["deident", &file, "--plan", &plan, "--out", &out, "--report", &page];
    let found = answer(&every);
    let aggregate = &found["aggregate"];
    assert_eq!(aggregate["groups"], 4);
    assert_eq!((&aggregate["small"], &aggregate["dominated"]), (&json!(1), &json!(1)), "{found}");
    let table = folder.read("groups.csv");
    assert!(table.contains("甲,零售,4,100"), "{table}");
    let line = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    assert_eq!(line("甲,制造"), "甲,制造,,,,primary");
    assert_eq!(line("乙,制造"), "乙,制造,,,,primary");
    is_report(&folder.read("groups.html"));
    let said = told(&every);
    assert!(said.contains("一家独大不示") && said.contains("分组 groups"), "{said}");
}

#[test]
fn a_synthetic_table_is_labelled_in_every_row_and_has_no_rare_value() {
    let folder = Folder::new();
    let mut text = "性别,病种\n".to_owned();
    for n in 0..400 {
        text += if n % 2 == 0 { "男,流感\n" } else { "女,胃炎\n" };
    }
    text += "男,罕见病\n";
    let file = folder.write("cases.csv", &text);
    let keys = folder.write("keys.toml", &format!("draw = \"{}\"\n", "5a".repeat(32)));
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let plan = folder.write(
        "plan.toml",
        "[[column]]\nname = \"性别\"\ntransform = \"keep\"\n\
         [[column]]\nname = \"病种\"\ntransform = \"keep\"\n\
         [synthetic]\nkey = \"draw\"\ncolumns = [\"性别\", \"病种\"]\nmin_rows = 5\nrows = 1000\n",
    );
    let (out, page) = (folder.shown("drawn.csv"), folder.shown("drawn.html"));
    let every = ["deident", &file, "--plan", &plan, "--keys", &keys, "--out", &out];
    let found = answer(&[&every[..], &["--report", &page]].concat());
    assert_eq!(found["synthetic"]["rows"], 1000);
    let table = folder.read("drawn.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("性别,病种,fenhe.synthetic"));
    let rows: Vec<&str> = lines.collect();
    assert_eq!(rows.len(), 1000);
    assert!(rows.iter().all(|row| row.ends_with(",true")), "{}", rows[0]);
    assert!(!table.contains("罕见病"));
    // The two columns depend on each other wholly.
    assert!(rows.iter().all(|row| row.starts_with("男,流感") || row.starts_with("女,胃炎")));
    is_report(&folder.read("drawn.html"));
    assert!(folder.read("drawn.html").contains("合成不等于匿名"));
    assert!(told(&every).contains("合成不等于匿名"));
}

#[test]
fn a_plan_that_makes_two_things_or_misnames_one_is_refused_with_its_place() {
    let folder = Folder::new();
    let file = folder.write("firms.csv", FIRMS);
    let both = "[aggregate]\nby = []\nmin_rows = 3\n\
                [synthetic]\nkey = \"k\"\ncolumns = [\"区县\"]\nmin_rows = 3\n";
    let plan = folder.write("both.toml", &format!("{KEPT}{both}"));
    assert!(refused(2, &["deident", &file, "--plan", &plan]).contains("not both"));
    let plan = folder.write("slip.toml", &format!("{KEPT}[aggregate]\nby = []\nmin_row = 3\n"));
    let said = refused(2, &["deident", &file, "--plan", &plan]);
    assert!(said.contains("line") && said.contains("min_row"), "{said}");
    let plan = folder.write("one.toml", &format!("{KEPT}[aggregate]\nby = []\nmin_rows = 1\n"));
    let said = refused(2, &["deident", &file, "--plan", &plan]);
    assert!(said.contains("min_rows") && said.contains("at least 2"), "{said}");
}

/// Ten men and ten women of each of the ages 20 and 31, whose numbers begin with 0.
fn people(folder: &Folder, name: &str, rows: usize) -> String {
    let mut text = "编号,性别,年龄\n".to_owned();
    for n in 0..rows {
        let (sex, age) =
            (if n % 2 == 0 { "男" } else { "女" }, if n % 4 < 2 { "020" } else { "031" });
        text += &format!("{n:03},{sex},{age}\n");
    }
    folder.write(name, &text)
}

#[test]
fn what_a_search_found_is_exported_and_applied_to_new_rows() {
    let folder = Folder::new();
    let file = people(&folder, "people.csv", 40);
    folder.write("levels/性别.csv", "男;*\n女;*\n");
    folder.write("levels/年龄.csv", "020;20-39;*\n031;20-39;*\n045;40-59;*\n");
    let (levels, mapping) = (folder.shown("levels"), folder.shown("mapping.json"));
    let out = folder.shown("out.csv");
    let search = ["deident", &file, "--quasi", "性别,年龄", "--hierarchies", &levels, "--k", "15"];
    answer(&[&search[..], &["--mapping-out", &mapping, "--out", &out]].concat());
    let first = folder.read("out.csv");
    let mode = std::fs::metadata(&mapping).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a mapping holds original values");
    let again = folder.shown("again.csv");
    let rest = ["--mapping", &mapping, "--out", &again];
    let apply = |file: &str| answer(&[&["deident", file], &rest[..]].concat());
    let told = apply(&file);
    assert_eq!((&told["rows"], &told["released"]), (&json!(40), &json!(40)));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let same = lines(&folder.read("again.csv")) == lines(&first);
    assert!(same, "the same rows get the same forms");
    // A value that the hierarchy knows, and a class that was not released.
    let new = folder.write("new.csv", "编号,性别,年龄\n1,男,020\n2,女,031\n");
    let found = apply(&new);
    assert_eq!(found["released"], 2, "{found}");
    assert_eq!(folder.read("again.csv").lines().count(), 3);
    // A value that was not seen is named, and nothing is written.
    let odd = folder.write("odd.csv", "编号,性别,年龄\n1,男,020\n2,女,099\n");
    let said = refused(2, &[&["deident", &odd], &rest[..]].concat());
    assert!(said.contains("0**") && said.contains("第 2 行") && said.contains("年龄"), "{said}");
    let local = [&search[..], &["--recoding", "local", "--mapping-out", &mapping]].concat();
    assert!(refused(2, &local).contains("local recoding"));
    let broken = folder.write("broken.json", "{\n \"cells\": 1\n}");
    let said = refused(2, &["deident", &file, "--mapping", &broken]);
    assert!(said.contains("line 2"), "{said}");
}

#[test]
fn the_mapping_of_a_plan_keeps_its_keys_and_shows_unseen_values_masked() {
    let folder = Folder::new();
    let file = people(&folder, "people.csv", 40);
    let keys = folder.write("keys.toml", &format!("k = \"{}\"\n", "a7".repeat(32)));
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let plan = folder.write(
        "plan.toml",
        "k = 5\non_unseen = \"suppress\"\n\
         [[column]]\nname = \"编号\"\ntransform = \"pseudonym\"\nkey = \"k\"\n\
         [[column]]\nname = \"性别\"\ntransform = \"generalize\"\nlevel = 0\n\
         spec = { table = [[\"男\", \"*\"], [\"女\", \"*\"]] }\n\
         [[column]]\nname = \"年龄\"\ntransform = \"keep\"\n",
    );
    let (mapping, out) = (folder.shown("mapping.json"), folder.shown("out.csv"));
    let every = ["deident", &file, "--plan", &plan, "--keys", &keys, "--out", &out];
    answer(&[&every[..], &["--mapping-out", &mapping]].concat());
    let first = folder.read("out.csv");
    assert!(!folder.read("mapping.json").contains("a7a7"), "no key is in a mapping");
    let again = folder.shown("again.csv");
    let new = folder.write("new.csv", "编号,性别,年龄\n000,男,020\n001,未知,031\n");
    let apply = ["deident", &new, "--mapping", &mapping, "--keys", &keys, "--out", &again];
    let found = answer(&apply);
    assert_eq!((&found["released"], &found["suppressed"]), (&json!(1), &json!(1)));
    assert_eq!(found["unseen"][0]["values"], json!(["未*"]));
    assert_eq!(folder.read("again.csv").lines().nth(1), first.lines().nth(1));
    let page = folder.shown("again.html");
    let said = told(&[&apply[..], &["--report", &page]].concat());
    for shown in [said, folder.read("again.html")] {
        assert!(shown.contains("未*") && !shown.contains("未知"), "{shown}");
    }
}
