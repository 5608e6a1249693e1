//! The HTML report of `fenhe risk`: each figure with its arithmetic.

use ::deident::Counted;
use ::deident::attack::{AttackReport, Risk as AttackRisk, Success};
use ::deident::risk::{self, Combination, ModalGuess, PopulationUniques};
use vocabulary::Bilingual;

use super::{MeasureError, Measured, Risk, WIDEST};
use crate::report::{Bar, Report, Section, class_sizes, percent};

/// The report for people.
pub(super) fn report(
    arguments: &Risk,
    measured: &Measured,
    tuples: &Counted,
    before: Option<&Counted>,
) -> Result<Report, MeasureError> {
    let failed = |source| MeasureError::Risk { path: arguments.file.clone(), source };
    let classes = &measured.classes;
    let alone = classes.of_size(1);
    let verdict = Bilingual::new(
        format!(
            "按所列准标识符，{} 行中有 {alone} 行（{}）独自成类，可被单独挑出；最小等价类 {} 行。",
            classes.rows(),
            percent(measured.uniqueness),
            classes.min().unwrap_or(0),
        ),
        format!(
            "By the listed quasi-identifiers {alone} of {} rows ({}) are alone and can be singled out; \
             the smallest class has {} rows.",
            classes.rows(),
            percent(measured.uniqueness),
            classes.min().unwrap_or(0),
        ),
    );
    let subject = arguments.file.display().to_string();
    let good = if alone > 0 { Some(false) } else { None };
    let mut report = Report::new(("风险度量报告", "Report on risk"), subject, verdict, good);
    report.fact("行数", "rows", classes.rows().to_string());
    report.fact("等价类", "classes", classes.classes().to_string());
    report.fact("最大风险", "highest risk", format!("{:.4}", measured.prosecutor));
    report.fact("平均风险", "mean risk", format!("{:.4}", measured.marketer));
    report.add(class_sizes(before.map(Counted::class_sizes).as_ref(), classes));
    report.add(arithmetic(measured));
    if !measured.guesses.is_empty() {
        report.add(inference(&measured.guesses));
    }
    if !measured.attacks.is_empty() {
        report.add(tried(&measured.attacks));
    }
    report.add(match tuples {
        Counted::Whole(tuples) => singled_out(&risk::combinations(tuples, WIDEST).map_err(failed)?),
        Counted::Spilled(_) => not_combined(),
    });
    report.add(
        Section::new("没有说明的", "What this does not say").text(
            "没有考察与其他数据的关联。任何没有列出的列，对某个人都可能是准标识符。",
            "Linking with other data was not examined. Every column that is not listed is a quasi-identifier for someone.",
        ),
    );
    Ok(report)
}

/// Each figure with its formula.
fn arithmetic(measured: &Measured) -> Section {
    let classes = &measured.classes;
    let mut rows = vec![
        vec![
            "最大风险 prosecutor".to_owned(),
            format!("1 / {}", classes.min().unwrap_or(0)),
            format!("{:.4}", measured.prosecutor),
        ],
        vec![
            "平均风险 marketer".to_owned(),
            format!("{} / {}", classes.classes(), classes.rows()),
            format!("{:.4}", measured.marketer),
        ],
        vec![
            "唯一记录比例 sample uniqueness".to_owned(),
            format!("{} / {}", classes.of_size(1), classes.rows()),
            format!("{:.4}", measured.uniqueness),
        ],
    ];
    for (threshold, share) in &measured.at_risk {
        rows.push(vec![
            format!("风险高于 {threshold} 的记录 records above {threshold}"),
            format!("1 / 类 class > {threshold}"),
            format!("{share:.4}"),
        ]);
    }
    if let Some(theta) = measured.theta {
        rows.push(vec![
            "唯一匹配正确的概率 a unique match is right, θ".to_owned(),
            "f·n1 / (f·n1 + 2(1 − f)·n2)".to_owned(),
            format!("{theta:.4}"),
        ]);
    }
    if let Some((low, high)) = measured.population.as_ref().and_then(PopulationUniques::interval) {
        rows.push(vec![
            "总体中唯一的记录 unique in the population".to_owned(),
            "三个估计量的区间 interval over three estimators".to_owned(),
            format!("{low:.0} – {high:.0}"),
        ]);
    }
    let section = Section::new("度量与算式", "Measures with their arithmetic")
        .table(&[("度量", "measure"), ("算式", "arithmetic"), ("值", "value")], rows);
    if measured.theta.is_some() {
        return section;
    }
    section.text(
        "没有给出抽样比例，因此没有估计总体；给出 --sampling-fraction 即可。",
        "No share of the population was given, so nothing is said of the population; give --sampling-fraction.",
    )
}

/// What the class of a row tells of the sensitive columns.
fn inference(guesses: &[ModalGuess]) -> Section {
    let row = |guess: &ModalGuess| {
        vec![
            guess.column.clone(),
            format!("{} / {} = {:.4}", guess.right, guess.rows, guess.success),
            format!("{} / {} = {:.4}", guess.right_by_table, guess.rows, guess.baseline),
            format!("{:.4}", guess.gain),
            guess.nearly_certain_rows.to_string(),
        ]
    };
    let head = [
        ("敏感列", "sensitive column"),
        ("按类猜对", "right by class"),
        ("按全表猜对", "right by table"),
        ("增益", "gain"),
        ("九成以上相同的类中的行", "rows in classes nine tenths alike"),
    ];
    Section::new("能猜出什么", "What can be guessed")
        .text(
            "知道某人属于哪一类后，猜该类最常见的值；与不知道时相比多猜对多少。",
            "Whoever knows the class of a person guesses its most frequent value: how much more often is that right than without knowing it?",
        )
        .table(&head, guesses.iter().map(row).collect())
}

/// The attacks that were tried.
fn tried(attacks: &[AttackReport]) -> Section {
    let row = |attack: &AttackReport| {
        let interval =
            |risk: &AttackRisk| format!("{:.4} [{:.4}, {:.4}]", risk.value, risk.low, risk.high);
        let counted = |success: &Success| {
            let control = success.control.map_or_else(String::new, |rate| {
                format!("；对照 control {} / {}", rate.successes, rate.trials)
            });
            format!("{} / {}{control}", success.table.successes, success.table.trials)
        };
        vec![
            attack.attack.clone(),
            counted(&attack.release),
            interval(&attack.release.risk),
            interval(&attack.no_person.risk),
            format!("{:.4}", attack.upper()),
        ]
    };
    let head = [
        ("攻击", "attack"),
        ("成功", "successes"),
        ("风险及 95 % 区间", "risk with its 95 % interval"),
        ("无人基线", "with no person left"),
        ("各次中的最高上限", "highest upper end of the runs"),
    ];
    Section::new("试行的攻击", "Attacks that were tried")
        .text(
            "用发布表找出只有一人符合的条件，再到原表中检验；对照表中的人不在原表里，对他们也成立的不算发布的过错。判断以区间上限为准。",
            "Conditions that one person alone meets are found in the release and tried on the original. What holds for people of the control, who are not in it, is no fault of the release. The upper end of the interval decides.",
        )
        .table(&head, attacks.iter().map(row).collect())
}

/// Combinations of columns need all tuples at once.
fn not_combined() -> Section {
    Section::new("哪些列的组合能挑出一个人", "Which columns single a person out").text(
        "没有计算：元组超出 --memory，已放到磁盘上；允许更多内存即可。",
        "Not computed: the tuples exceed --memory and lie on disk; allow more memory.",
    )
}

/// Which columns single records out.
fn singled_out(found: &[Combination]) -> Section {
    /// Combinations that are shown.
    const SHOWN: usize = 15;
    let section = Section::new("哪些列的组合能挑出一个人", "Which columns single a person out");
    let singling = || found.iter().filter(|combination| combination.uniqueness > 0.0);
    if singling().next().is_none() {
        return section.text(
            "至多三列的任何组合都没有独自成类的记录。",
            "No record is alone in any combination of up to three columns.",
        );
    }
    let bars = singling().take(SHOWN).map(|combination| {
        let key = if combination.minimal_key { " · 每行唯一 a key" } else { "" };
        let shown = format!("{}{key}", percent(combination.uniqueness));
        Bar::new(combination.columns.join(" + "), combination.uniqueness, shown)
    });
    section.bars(
        "各组合中独自成类的记录比例（至多三列）",
        "share of the records that are alone in each combination of up to three columns",
        bars.collect(),
    )
}
