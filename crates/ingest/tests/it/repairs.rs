//! Sheets as people make them for people: merged headers and cells, units and footnote
//! marks inside the cells of numbers.

use ingest::{Proposal, Repair};
use rust_xlsxwriter::{Format, Workbook};

use crate::spool::{Loaded, OneFile};

/// A statistical table with everything at once.
fn yearbook() -> OneFile {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let plain = Format::new();
    sheet.merge_range(0, 0, 0, 4, "表 3-1  主要指标", &plain).unwrap();
    sheet.merge_range(1, 0, 2, 0, "地区", &plain).unwrap();
    sheet.merge_range(1, 1, 2, 1, "县区", &plain).unwrap();
    sheet.merge_range(1, 2, 1, 3, "2020年", &plain).unwrap();
    sheet.write_string(1, 4, "2021年").unwrap();
    for (column, text) in [(2, "人口"), (3, "产值"), (4, "产值")] {
        sheet.write_string(2, column, text).unwrap();
    }
    sheet.merge_range(3, 0, 5, 0, "太原市", &plain).unwrap();
    sheet.merge_range(6, 0, 7, 0, "大同市", &plain).unwrap();
    let rows = [
        ("小店区", "109.4万人", "1,234.5亿元", "1300"),
        ("迎泽区", "60.2万人", "801.0亿元", "822①"),
        ("杏花岭区", "65.5万人", "—", "790"),
        ("平城区", "98.0万人", "612.3亿元", "640.5"),
        ("云冈区", "41.7万人", "355亿元", "371"),
    ];
    for (row, (county, people, before, after)) in (3..).zip(rows) {
        for (column, text) in [(1, county), (2, people), (3, before), (4, after)] {
            sheet.write_string(row, column, text).unwrap();
        }
    }
    sheet.merge_range(8, 0, 8, 4, "注：①为快报数。", &plain).unwrap();
    OneFile::new("t.xlsx", book.save_to_buffer().unwrap())
}

fn loaded(repairs: &[Repair]) -> Loaded {
    let mut file = yearbook();
    file.hint.repairs = repairs.to_vec();
    file.load().unwrap()
}

fn kinds(found: &[Proposal]) -> Vec<Repair> {
    found.iter().map(|proposal| proposal.repair).collect()
}

#[test]
fn nothing_is_repaired_unless_it_is_agreed_to() {
    let loaded = loaded(&[]);
    assert_eq!(kinds(&loaded.summary.proposals), Repair::ALL);
    assert_eq!(loaded.summary.repaired, []);
    assert_eq!(loaded.kinds(), ["Text"; 5]);
    assert_eq!(loaded.column(2)[1], "109.4万人");
    // What would be done is shown, cell by cell.
    let [header, cells, units, marks] = loaded.summary.proposals.as_slice() else { panic!() };
    let shown = |proposal: &Proposal, at: usize| {
        let example = &proposal.examples[at];
        (example.line, example.column.clone(), example.before.clone(), example.after.clone())
    };
    assert_eq!(shown(header, 0), (2, "列3".into(), "2020年".into(), "2020年_人口".into()));
    assert_eq!(shown(header, 1), (2, "列4".into(), String::new(), "2020年_产值".into()));
    assert_eq!(shown(cells, 0), (5, "地区".into(), String::new(), "太原市".into()));
    assert_eq!(cells.cells, 3);
    assert_eq!(
        shown(units, 0),
        (4, "2020年_人口（万人）".into(), "109.4万人".into(), "109.4".into())
    );
    assert_eq!(shown(marks, 0), (5, "2021年_产值".into(), "822①".into(), "822".into()));
}

#[test]
fn what_is_agreed_to_makes_a_table_for_machines() {
    let loaded = loaded(&Repair::ALL);
    assert_eq!(kinds(&loaded.summary.repaired), Repair::ALL);
    assert_eq!(loaded.summary.proposals, []);
    assert_eq!(
        loaded.names(),
        ["地区", "县区", "2020年_人口（万人）", "2020年_产值（亿元）", "2021年_产值"]
    );
    assert_eq!(loaded.kinds(), ["Text", "Text", "Float64", "Float64", "Float64"]);
    assert_eq!(loaded.column(0), ["太原市", "太原市", "太原市", "大同市", "大同市"]);
    assert_eq!(loaded.column(2), ["109.4", "60.2", "65.5", "98.0", "41.7"]);
    assert_eq!(loaded.column(3), ["1234.5", "801.0", "∅", "612.3", "355.0"]);
    assert_eq!(loaded.column(4), ["1300.0", "822.0", "790.0", "640.5", "371.0"]);
    // The remark below is set aside as it was before.
    assert_eq!((loaded.summary.rows, loaded.rejects.len()), (5, 1));
}

#[test]
fn each_repair_is_made_for_itself() {
    let units = loaded(&[Repair::Units]);
    assert_eq!(kinds(&units.summary.repaired), [Repair::Units]);
    assert_eq!(
        kinds(&units.summary.proposals),
        [Repair::HeaderRows, Repair::MergedCells, Repair::Marks]
    );
    let cells = loaded(&[Repair::MergedCells, Repair::HeaderRows]);
    assert_eq!(cells.column(0)[4], "大同市");
    assert_eq!(cells.column(2)[0], "109.4万人");
}

/// A sheet of texts.
fn sheet(rows: &[&[&str]], merged: &[[u32; 4]]) -> OneFile {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, texts) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*texts) {
            if !text.is_empty() {
                sheet.write_string(row, column, *text).unwrap();
            }
        }
    }
    for [top, left, bottom, right] in merged {
        let row = rows.get(*top as usize).unwrap();
        let text = row.get(*left as usize).unwrap();
        let (left, right) = (u16::try_from(*left).unwrap(), u16::try_from(*right).unwrap());
        sheet.merge_range(*top, left, *bottom, right, text, &Format::new()).unwrap();
    }
    OneFile::new("t.xlsx", book.save_to_buffer().unwrap())
}

#[test]
fn a_row_with_numbers_is_no_part_of_a_header() {
    // `地区` stands over two columns, and the data begin right below.
    let file = sheet(
        &[
            &["地区", "", "人口"],
            &["太原市", "小店区", "109"],
            &["太原市", "迎泽区", "60"],
            &["大同市", "平城区", "98"],
        ],
        &[[0, 0, 0, 1]],
    );
    assert!(!kinds(&file.load().unwrap().summary.proposals).contains(&Repair::HeaderRows));
    // Data that begin with a merged cell, and no header at all.
    let rows: &[&[&str]] = &[&["太原市", "1", "2"], &["", "3", "4"], &["大同市", "5", "6"]];
    let loaded = sheet(rows, &[[0, 0, 1, 0]]).load().unwrap();
    assert_eq!(kinds(&loaded.summary.proposals), [Repair::MergedCells]);
    assert_eq!(loaded.summary.rows, 3);
    // Who says that there is none is believed.
    let mut file =
        sheet(&[&["甲", "", "乙"], &["丙", "丁", "戊"], &["己", "庚", "辛"]], &[[0, 0, 0, 1]]);
    file.hint.header = Some(false);
    assert_eq!(file.load().unwrap().summary.proposals, []);
}

#[test]
fn a_number_that_nobody_can_tell_the_unit_of_is_not_given_one() {
    let column = |name: &'static str, values: [&'static str; 4]| {
        let mut rows: Vec<Vec<&str>> = vec![vec!["项目", name]];
        rows.extend(values.iter().map(|value| vec!["甲", *value]));
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        kinds(&sheet(&rows, &[]).load().unwrap().summary.proposals)
    };
    assert_eq!(column("投资", ["5万元", "6万元", "7万元", "—"]), [Repair::Units]);
    for (name, values) in [
        ("投资（亿元）", ["5万元", "6万元", "7万元", "8万元"]),
        ("投资", ["5万元", "6万元", "7万元", "80000"]),
        ("投资", ["5万元", "6万元", "7万元", "8元"]),
        ("电话", ["8号", "7654321(12)", "6543210", "5432109"]),
        ("楼", ["3#", "5#", "7", "8"]),
        ("人数", ["12（3）", "45", "50", "61"]),
    ] {
        assert_eq!(column(name, values), [], "{name} {values:?}");
    }
}

#[test]
fn what_turns_up_behind_the_sample_without_its_unit_is_set_aside() {
    let mut rows: Vec<Vec<String>> = vec![vec!["编号".into(), "投资".into()]];
    rows.extend((1..=5_000).map(|row| vec![format!("P{row}"), format!("{row}万元")]));
    rows.push(vec!["P5001".into(), "602000".into()]);
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let mut file = sheet(&rows, &[]);
    file.hint.repairs = vec![Repair::Units];
    let loaded = file.load().unwrap();
    assert_eq!((loaded.summary.rows, loaded.rejects.len()), (5_000, 1));
    assert_eq!((loaded.rejects[0].line, loaded.rejects[0].value.as_str()), (5_002, "602000"));
    assert_eq!(loaded.kinds(), ["Text", "Int64"]);
}

#[test]
fn amounts_and_remarks_that_are_merged_are_not_multiplied() {
    let file = sheet(
        &[
            &["项目", "县区", "投资"],
            &["学校", "小店区", "1000"],
            &["学校", "迎泽区", ""],
            &["医院", "平城区", "700"],
            &["注：投资为计划数", "", ""],
        ],
        &[[1, 2, 2, 2], [4, 0, 4, 1]],
    );
    assert_eq!(file.load().unwrap().summary.proposals, []);
}

#[test]
fn a_plain_sheet_has_nothing_to_repair() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["名称", "年份", "代码", "版本"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    for row in 1..9_u32 {
        sheet.write_string(row, 0, format!("项目{row}")).unwrap();
        sheet.write_string(row, 1, format!("202{row}年")).unwrap();
        sheet.write_string(row, 2, format!("{row}A")).unwrap();
        sheet.write_string(row, 3, format!("1.{row}.0")).unwrap();
    }
    let loaded = OneFile::new("t.xlsx", book.save_to_buffer().unwrap()).load().unwrap();
    assert_eq!(loaded.summary.proposals, []);
    assert_eq!(loaded.summary.rows, 8);
}
