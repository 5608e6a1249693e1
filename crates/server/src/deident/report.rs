//! The HTML report of `fenhe deident`: what was done to the table, and what is left of
//! risk and of use.

use ::deident::risk::{self, ClassSizes};
use ::deident::{Counted, FrontierPoint, Model, Problem};
use vocabulary::Bilingual;

use super::{Deident, Found, Kind};
use crate::report::{Point, Report, Section, class_sizes, percent, share};

/// Class sizes that the frontier shows beside the one asked for.
pub(super) const FRONTIER: [u32; 6] = [2, 3, 5, 10, 20, 50];

/// The report of a table whose tuples were counted before and after.
pub(super) fn report(
    arguments: &Deident,
    problem: &Problem,
    found: &Found,
    before: &Counted,
    after: &Counted,
) -> Report {
    let recoding = &found.recoding;
    let dropped = share(recoding.suppressed_rows, recoding.rows);
    let verdict = Bilingual::new(
        format!(
            "结果中任何一组准标识符取值至少对应 {} 行；抑制了 {} 行（{}），保留了 {} 的粒度。",
            recoding.min_class,
            recoding.suppressed_rows,
            percent(dropped),
            percent(recoding.granularity()),
        ),
        format!(
            "In the result at least {} rows share every combination of quasi-identifiers. {} rows \
             ({}) were suppressed, and {} of the detail is left.",
            recoding.min_class,
            recoding.suppressed_rows,
            percent(dropped),
            percent(recoding.granularity()),
        ),
    );
    let subject = arguments.file.shown().display().to_string();
    let title = ("去标识化报告", "De-identification report");
    let mut report = Report::new(title, subject, verdict, Some(true));
    report.fact("行数", "rows", recoding.rows.to_string());
    report.fact("等价类", "classes", recoding.classes.to_string());
    report.fact("最小等价类", "smallest class", recoding.min_class.to_string());
    report.fact("信息损失", "loss", format!("{:.4}", recoding.loss));
    report.add(promise(arguments, problem, found));
    report.add(columns(arguments, found, before, after));
    report.add(class_sizes(Some(&before.class_sizes()), &after.class_sizes()));
    report.add(risks(&before.class_sizes(), &after.class_sizes()));
    if !found.frontier.is_empty() {
        report.add(frontier(arguments, &found.frontier));
    }
    report.add(not_said());
    report
}

/// What was promised, and how sure it is.
fn promise(arguments: &Deident, problem: &Problem, found: &Found) -> Section {
    let mut rows = vec![vec![
        format!("k = {}", problem.k),
        "每组准标识符取值至少 k 行 at least k rows in each class".to_owned(),
    ]];
    for criterion in &problem.criteria {
        let about = match criterion.column.as_str() {
            "" => "整个发布 the whole release",
            column => column,
        };
        rows.push(vec![about.to_owned(), words(&criterion.model)]);
    }
    rows.push(vec![
        format!("抑制上限 limit {}", percent(arguments.suppression)),
        format!("{} / {}", found.recoding.suppressed_rows, found.recoding.rows),
    ]);
    let section = Section::new("承诺", "What is promised")
        .table(&[("模型", "model"), ("含义", "meaning")], rows);
    if found.optimal {
        let gone = format!("{} / {}", found.checked, found.lattice);
        section.text(
            format!("在所选信息损失度量下，这是全部 {} 种层级组合中最优的一种，已经证明（检查了 {gone}）。", found.lattice),
            format!("By the chosen metric this is proved to be the best of all {} combinations of levels ({gone} were checked; the others are excluded by a bound).", found.lattice),
        )
    } else if arguments.recoding == Kind::Local {
        section.text(
            "局部重编码：每个等价类有自己的层级，保留得多，但不证明最优。",
            "Local recoding: each class has levels of its own. It keeps more, and is not proved to be the best.",
        )
    } else {
        section.text(
            format!("没有证明最优；与最优的差距至多 {}。", percent(found.gap)),
            format!(
                "Not proved to be the best; the distance from it is at most {}.",
                percent(found.gap)
            ),
        )
    }
}

/// A model in words.
fn words(model: &Model) -> String {
    match model {
        Model::DistinctL { l } => {
            format!("每个等价类至少 {l} 个不同值 at least {l} values in each class")
        }
        Model::EntropyL { l } => {
            format!("每个等价类的熵至少 ln {l} entropy of each class at least ln {l}")
        }
        Model::RecursiveL { c, l } => {
            format!("递归 ({c}, {l})-多样性 recursive ({c}, {l})-diversity")
        }
        Model::EqualT { t } => {
            format!("与全表分布的距离至多 {t} distance from the whole table at most {t}")
        }
        Model::OrderedT { t } => format!("有序距离至多 {t} ordered distance at most {t}"),
        Model::HierarchicalT { t, .. } => {
            format!("层次距离至多 {t} distance along the hierarchy at most {t}")
        }
        Model::Disclosure { delta } => format!("每个值 |log2(p / q)| < {delta} for every value"),
        Model::Likeness { beta } => format!("增强 β-相似 enhanced β-likeness, β = {beta}"),
        Model::BasicLikeness { beta } => format!("基本 β-相似 basic β-likeness, β = {beta}"),
        Model::DistinctPersons { k } => {
            format!("每个等价类至少 {k} 个不同的人 at least {k} persons in each class")
        }
        Model::KMap { k } => {
            format!(
                "每个等价类在总体中至少 {k} 行 at least {k} rows of the population in each class"
            )
        }
        Model::SampleKMap { k, fraction, confidence, .. } => {
            format!(
                "由 {fraction} 的抽样估计，每个等价类在总体中至少 {k} 行的概率不低于 {confidence} \
                 estimated from a sample of {fraction}: at least {k} rows of the population in \
                 each class with probability {confidence}"
            )
        }
        Model::Presence { min, max } => {
            format!(
                "在表中的概率介于 {min} 与 {max} probability to be in the table from {min} to {max}"
            )
        }
        Model::MaximumRisk { most } => format!("最大风险至多 {most} highest risk at most {most}"),
        Model::AverageRisk { most } => format!("平均风险至多 {most} mean risk at most {most}"),
        Model::RecordsAtRisk { above, most } => {
            format!("风险高于 {above} 的记录至多 {most} records above {above}: at most {most}")
        }
    }
}

/// What happened to each column.
fn columns(arguments: &Deident, found: &Found, before: &Counted, after: &Counted) -> Section {
    let rows = arguments.quasi.iter().zip(&found.levels).map(|(name, level)| {
        let values = |table: &Counted| table.values(name).map_or(0, <[_]>::len);
        let example = |table: &Counted| {
            let most = table.value_rows(name).unwrap_or_default();
            let place = (0..most.len()).max_by_key(|place| most.get(*place)).unwrap_or_default();
            // A value of a few people is theirs, and a report is passed on.
            if most.get(place).is_none_or(|rows| *rows < u64::from(arguments.k())) {
                return "—".to_owned();
            }
            let value = table.values(name).and_then(|values| values.get(place)).cloned();
            value.flatten().unwrap_or_default()
        };
        vec![
            name.clone(),
            level.to_string(),
            format!("{} → {}", values(before), values(after)),
            format!("{} → {}", example(before), example(after)),
        ]
    });
    let head = [
        ("列", "column"),
        ("层级", "level"),
        ("不同值", "different values"),
        ("最常见的值", "most frequent value"),
    ];
    Section::new("各列的变化", "What changed in each column")
        .text(
            "层级 0 为原值，越高越粗。未列出的列没有写出，除非明确保留。",
            "Level 0 are the values themselves, higher ones are coarser. Columns that are not listed were not written, unless they were kept on purpose.",
        )
        .table(&head, rows.collect())
}

/// The figures of risk before and after.
fn risks(before: &ClassSizes, after: &ClassSizes) -> Section {
    let row = |zh_en: &str, measure: &dyn Fn(&ClassSizes) -> Option<f64>| {
        let shown =
            |sizes| measure(sizes).map_or_else(|| "—".to_owned(), |value| format!("{value:.4}"));
        vec![zh_en.to_owned(), shown(before), shown(after)]
    };
    let rows = vec![
        row(
            "最大风险：知道某人在表中者认对他的概率 prosecutor, highest",
            &|s| risk::prosecutor_max(s).ok(),
        ),
        row("平均风险：随意链接时认对的比例 marketer, mean", &|s| {
            risk::marketer(s).ok()
        }),
        row("独自成类的记录 records that are alone", &|s| risk::sample_uniqueness(s).ok()),
        row("风险高于 1/20 的记录 records above 1/20", &|s| {
            risk::records_at_risk(s, 0.05).ok()
        }),
        row("风险高于 1/5 的记录 records above 1/5", &|s| {
            risk::records_at_risk(s, 0.2).ok()
        }),
    ];
    Section::new("重标识风险", "Risk of re-identification")
        .table(&[("度量", "measure"), ("处理前", "before"), ("处理后", "after")], rows)
        .text(
            "公式见 docs/deident.md：最大风险为 1 / 最小等价类，平均风险为类数 / 行数。",
            "Formulas: the highest risk is 1 / smallest class, the mean is classes / rows (docs/deident.md).",
        )
}

/// What another class size would cost.
fn frontier(arguments: &Deident, found: &[FrontierPoint]) -> Section {
    let points = found.iter().map(|point| Point {
        x: point.loss,
        y: point.risk,
        label: format!("k = {}", point.k),
        chosen: point.k == arguments.k(),
    });
    Section::new("风险与用处的取舍", "Risk against use").points(
        ("换一个 k：信息损失与最大风险", "another k: loss and highest risk"),
        (("信息损失", "loss"), ("最大风险", "highest risk")),
        points.collect(),
    )
}

/// What nobody should read into it.
fn not_said() -> Section {
    Section::new("没有说明的", "What this does not say")
        .text(
            "k 只说明身份：同一类的人若敏感值相同，不必认出是谁就知道了他的情况；用 --l 与 --t 约束。",
            "k is about identity alone: where all people of a class share a sensitive value, it is known without knowing who they are. --l and --t limit that.",
        )
        .text(
            "攻击者若知道所列准标识符以外的列，或者手中有同一批人的其他发布，这里的数字不成立。",
            "The figures do not hold for an attacker who knows columns that are not listed, or who has another release about the same people.",
        )
}
