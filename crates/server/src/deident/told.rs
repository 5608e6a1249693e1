//! What was done by a plan or a mapping, as people and programs read it.

use ::deident::{Applied, Applier, Plan, UnseenValues};
use serde_json::{Value, json};
use vocabulary::Bilingual;

use super::outcome::{LABEL, Made};
use super::{Deident, Format};
use crate::report::{Bar, Report, Section, percent, share};
use crate::show::say;

/// Says what was done.
pub(super) fn tell(arguments: &Deident, plan: &Plan, applier: &Applier, made: &Made) {
    if arguments.format == Format::Json {
        say(&as_json(plan, applier, made).to_string());
        return;
    }
    let Applied { rows_in, rows_out, suppressed, not_sampled } = applier.applied();
    for (name, transform) in &plan.columns {
        let words = transform.words();
        say(&format!("  {name}：{} {}", words.zh, words.en));
    }
    say(&format!("放行行数 released     {rows_out} / {rows_in}"));
    say(&format!("抑制行数 suppressed   {suppressed}"));
    say(&format!("未抽中 not sampled    {not_sampled}"));
    for count in applier.cells() {
        say(&format!(
            "  {}：{} 格留空，{} 格截到边界 cells emptied, cut to the range",
            count.column, count.emptied, count.limited
        ));
    }
    for unseen in applier.unseen() {
        say(&format!(
            "  {}：{} 行的值不在层次中，已删除 rows whose value the hierarchy does not know are dropped: {}",
            unseen.column,
            unseen.rows,
            named(&unseen)
        ));
    }
    match made {
        Made::Rows => {}
        Made::Groups { settings, groups, suppressed, complementary } => {
            say(&format!("分组 groups           {groups}，按 by {}", settings.by.join(", ")));
            say(&format!(
                "  少于 {} 行不示 of too few rows        {}",
                settings.min_rows, suppressed.small
            ));
            let rule = settings
                .dominance_percent
                .map_or("未用 not used".to_owned(), |p| format!("p = {p} %"));
            say(&format!(
                "  一家独大不示 dominated by one       {}（{rule}）",
                suppressed.dominated
            ));
            say(&format!("  为防推算不示 lest others be worked out {complementary}"));
        }
        Made::Drawn { rows, dependencies, .. } => {
            say(&format!("合成行数 drawn rows   {rows}，每行标明 each labelled {LABEL} = true"));
            for (column, on) in dependencies {
                let on = on.as_deref().unwrap_or("—");
                say(&format!("  {column} 依 drawn given {on}"));
            }
            say(
                "合成不等于匿名：抽中的行可能恰是真人 synthetic is not anonymous: a drawn row can be that of a person",
            );
        }
    }
    if arguments.out.is_none() {
        say("没有写出；给出 --out nothing was written; give --out");
    }
}

/// The values, masked: whoever reads this may not be whoever may read the table.
fn named(unseen: &UnseenValues) -> String {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "（空 null）".to_owned());
    unseen.masked().into_iter().map(shown).collect::<Vec<_>>().join("、")
}

fn as_json(plan: &Plan, applier: &Applier, made: &Made) -> Value {
    let Applied { rows_in, rows_out, suppressed, not_sampled } = applier.applied();
    let columns: Vec<_> = plan
        .columns
        .iter()
        .map(|(name, transform)| {
            json!({ "name": name, "does": transform.words(), "undone": transform.reversibility() })
        })
        .collect();
    let cells: Vec<_> = applier
        .cells()
        .iter()
        .map(|count| {
            json!({ "column": count.column, "emptied": count.emptied, "limited": count.limited })
        })
        .collect();
    let unseen: Vec<_> = applier
        .unseen()
        .iter()
        .map(|unseen| {
            json!({ "column": unseen.column, "rows": unseen.rows, "values": unseen.masked() })
        })
        .collect();
    let mut report = json!({
        "rows": rows_in, "released": rows_out, "suppressed": suppressed,
        "not_sampled": not_sampled, "columns": columns, "cells": cells, "unseen": unseen,
    });
    let (key, found) = match made {
        Made::Rows => return report,
        Made::Groups { settings, groups, suppressed, complementary } => (
            "aggregate",
            json!({
                "by": settings.by, "measures": settings.measures, "groups": groups,
                "min_rows": settings.min_rows, "dominance_percent": settings.dominance_percent,
                "small": suppressed.small, "dominated": suppressed.dominated,
                "complementary": complementary,
            }),
        ),
        Made::Drawn { settings, rows, dependencies } => (
            "synthetic",
            json!({
                "rows": rows, "label": LABEL, "min_rows": settings.min_rows,
                "dependencies": dependencies
                    .iter()
                    .map(|(column, on)| json!({ "column": column, "on": on }))
                    .collect::<Vec<_>>(),
            }),
        ),
    };
    if let Some(report) = report.as_object_mut() {
        report.insert(key.to_owned(), found);
    }
    report
}

/// The report for people.
pub(super) fn report(arguments: &Deident, plan: &Plan, applier: &Applier, made: &Made) -> Report {
    let Applied { rows_in, rows_out, suppressed, not_sampled } = applier.applied();
    let (zh, en) = match made {
        Made::Rows => (
            format!("{rows_in} 行中放行 {rows_out} 行，抑制 {suppressed} 行。"),
            format!("Of {rows_in} rows {rows_out} were released and {suppressed} suppressed."),
        ),
        Made::Groups { settings, groups, .. } => (
            format!("{rows_out} 行汇总为 {groups} 组；少于 {} 行的组不示。", settings.min_rows),
            format!(
                "{rows_out} rows became {groups} groups; groups of fewer than {} rows are not shown.",
                settings.min_rows
            ),
        ),
        Made::Drawn { rows, .. } => (
            format!("由 {rows_out} 行的模型抽出 {rows} 行合成数据，不是原来的行。"),
            format!(
                "{rows} synthetic rows were drawn from a model of {rows_out} rows; they are not those rows."
            ),
        ),
    };
    let subject = arguments.file.shown().display().to_string();
    let title = ("按方案去标识化报告", "Report on a plan carried out");
    let mut report = Report::new(title, subject, Bilingual::new(zh, en), None);
    report.fact("行数", "rows", rows_in.to_string());
    report.fact("放行", "released", format!("{rows_out} · {}", percent(share(rows_out, rows_in))));
    report.fact("抑制", "suppressed", suppressed.to_string());
    report.fact("未抽中", "not sampled", not_sampled.to_string());
    report.add(columns(plan, applier));
    if let Some(section) = made_of(made, rows_out) {
        report.add(section);
    }
    report.add(unsaid(made));
    report
}

fn columns(plan: &Plan, applier: &Applier) -> Section {
    let (cells, unseen) = (applier.cells(), applier.unseen());
    let row = |(name, transform): &(String, ::deident::Transform)| {
        let words = transform.words();
        let undone = match transform.reversibility() {
            ::deident::Reversibility::Irreversible => "不能 no",
            ::deident::Reversibility::WithKey => "持密钥者 with the key",
            ::deident::Reversibility::Plain => "人人（值原样在）by anyone",
        };
        let mut noted = Vec::new();
        if let Some(count) = cells.iter().find(|count| count.column == *name) {
            noted.push(format!("{} 格留空 emptied", count.emptied));
            noted.push(format!("{} 格截到边界 cut", count.limited));
        }
        if let Some(unseen) = unseen.iter().find(|unseen| unseen.column == *name) {
            noted.push(format!(
                "{} 行的值不认得，已删 unknown, dropped: {}",
                unseen.rows,
                named(unseen)
            ));
        }
        let does = format!("{} {}", words.zh, words.en);
        vec![name.clone(), does, undone.to_owned(), noted.join("；")]
    };
    let head = [
        ("列", "column"),
        ("处理", "what was done"),
        ("能否还原", "can it be undone"),
        ("备注", "notes"),
    ];
    let section = Section::new("每列怎样处理", "What was done to each column");
    let classes = format!("等价类至少 {} 行，更小的整类删除。", plan.k);
    let en = format!("A class has at least {} rows; smaller ones were dropped.", plan.k);
    section.table(&head, plan.columns.iter().map(row).collect()).text(classes, en)
}

fn made_of(made: &Made, rows: u64) -> Option<Section> {
    Some(match made {
        Made::Rows => return None,
        Made::Groups { settings, groups, suppressed, complementary } => {
            let hidden = suppressed.small + suppressed.dominated + complementary;
            let bar = |label: &str, count: u64| {
                let shown = format!("{count} · {}", percent(share(count, *groups)));
                Bar::new(label, count as f64, shown)
            };
            Section::new("分组表", "The table of groups")
                .text(
                    format!("按 {} 分组，{rows} 行成 {groups} 组。", settings.by.join("、")),
                    format!("{rows} rows by {} make {groups} groups.", settings.by.join(", ")),
                )
                .bars(
                    "各组为何示出或不示",
                    "why groups are shown or not",
                    vec![
                        bar("示出 shown", groups.saturating_sub(hidden)),
                        bar("行数太少 too few rows", suppressed.small),
                        bar("一家独大 dominated by one", suppressed.dominated),
                        bar("为防推算 lest others be worked out", *complementary),
                    ],
                )
        }
        Made::Drawn { rows, dependencies, settings } => {
            let row = |(column, on): &(String, Option<String>)| {
                vec![column.clone(), on.clone().unwrap_or_else(|| "—".to_owned())]
            };
            Section::new("合成表", "The synthetic table")
                .text(
                    format!("抽出 {rows} 行；少于 {} 行的值从不出现。每行标明 {LABEL} = true。", settings.min_rows),
                    format!(
                        "{rows} rows were drawn; values of fewer than {} rows never appear. Each row is labelled {LABEL} = true.",
                        settings.min_rows
                    ),
                )
                .table(
                    &[("列", "column"), ("依哪一列抽取", "drawn given")],
                    dependencies.iter().map(row).collect(),
                )
        }
    })
}

fn unsaid(made: &Made) -> Section {
    let section = Section::new("没有说明的", "What this does not say");
    match made {
        Made::Rows => section.text(
            "没有度量结果的风险，也没有试行攻击；请对结果运行 fenhe risk。持密钥者能还原的列仍是个人信息。",
            "The risk of the result was not measured and no attack was tried: run fenhe risk on it. What a key undoes stays personal data.",
        ),
        Made::Groups { .. } => section.text(
            "没有考察同一批人的其他汇总表：两表相减可能得出不示的组。",
            "Other tables about the same persons were not looked at: subtracting two tables may give a group that is not shown.",
        ),
        Made::Drawn { .. } => section.text(
            "合成不等于匿名：抽中的行可能恰是真人，且不具差分隐私。三列以上共同的规律没有保留。",
            "Synthetic is not anonymous: a drawn row can be that of a person, and there is no differential privacy. What three columns tell only together is lost.",
        ),
    }
}
