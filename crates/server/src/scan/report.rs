//! The HTML report of `fenhe scan`: what was found, column by column.

use detect::Role;
use vocabulary::Bilingual;

use super::{Report, Scan, kind_of};
use crate::report::{Report as Page, Section, percent};

/// The report for people: what was found, column by column, with the evidence.
pub(super) fn report(reports: &[Report], scan: &Scan) -> Page {
    let count = |role: Role| {
        let findings = reports.iter().flat_map(|report| &report.findings);
        findings.filter(|finding| finding.role == role).count()
    };
    let (direct, quasi, sensitive) =
        (count(Role::Direct), count(Role::Quasi), count(Role::Sensitive));
    let verdict = Bilingual::new(
        format!("找到 {direct} 个直接标识符字段、{quasi} 个准标识符字段、{sensitive} 个敏感字段。"),
        format!(
            "{direct} columns are direct identifiers, {quasi} quasi-identifiers, {sensitive} sensitive."
        ),
    );
    let title = ("个人信息扫描报告", "Report on personal data");
    let good = if direct > 0 { Some(false) } else { None };
    let mut page = Page::new(title, scan.path.shown().display().to_string(), verdict, good);
    page.fact("文件", "files", reports.len().to_string());
    page.fact("行数", "rows", reports.iter().map(|report| report.rows).sum::<u64>().to_string());
    for report in reports {
        page.add(findings(report));
    }
    page.add(
        Section::new("没有说明的", "What this does not say").text(
            "扫描按取值、校验位与列名判断，不知道的写法与图片中的内容不会被找到。没有找到不等于没有。",
            "The scan judges by values, check digits and names of columns. Forms that it does not know, and what stands in pictures, are not found. Nothing found is not nothing there.",
        ),
    );
    page
}

/// What was found in one file.
fn findings(report: &Report) -> Section {
    let rows = report.findings.iter().map(|finding| {
        let role = finding.role.label();
        vec![
            finding.name.clone(),
            kind_of(finding),
            format!("{} {}", role.zh, role.en),
            finding.level.as_str().to_owned(),
            percent(finding.hit_rate),
            finding.examples.first().cloned().unwrap_or_default(),
            format!("{} {}", finding.reason.zh, finding.reason.en),
        ]
    });
    let head = [
        ("字段", "column"),
        ("类别", "kind"),
        ("角色", "role"),
        ("级别", "level"),
        ("命中", "hits"),
        ("示例（已遮盖）", "example, masked"),
        ("依据", "evidence"),
    ];
    let section = Section::new(&report.file, "").table(&head, rows.collect());
    let rejected = &report.rejected;
    if rejected.rows == 0 {
        return section;
    }
    section.text(
        format!("{} 行不合表格，已按文本检查，命中 {} 处。", rejected.rows, rejected.finds),
        format!(
            "{} rows do not fit the table and were searched as text: {} finds.",
            rejected.rows, rejected.finds
        ),
    )
}
