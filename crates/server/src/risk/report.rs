//! The HTML report of `fenhe risk`: each figure with its arithmetic.

use ::deident::Counted;
use ::deident::attack::{AttackReport, Downcoding, Risk as AttackRisk, Success};
use ::deident::risk::{
    self, Combination, Intersection, LearnedGuess, ModalGuess, PopulationUniques, Restoration,
};
use vocabulary::Bilingual;

use super::{MeasureError, Measured, Risk, Together, WIDEST, graded};
use crate::report::{Bar, Report, Section, class_sizes, percent};

/// The report for people.
pub(super) fn report(
    arguments: &Risk,
    measured: &Measured,
    tuples: &Counted,
    before: Option<&Counted>,
) -> Result<Report, MeasureError> {
    let failed = |source| MeasureError::Risk { path: arguments.file.shown().to_owned(), source };
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
    let subject = arguments.file.shown().display().to_string();
    let good = if alone > 0 { Some(false) } else { None };
    let mut report = Report::new(("风险度量报告", "Report on risk"), subject, verdict, good);
    report.fact("行数", "rows", classes.rows().to_string());
    report.fact("等价类", "classes", classes.classes().to_string());
    report.fact("最大风险", "highest risk", format!("{:.4}", measured.prosecutor));
    report.fact("平均风险", "mean risk", format!("{:.4}", measured.marketer));
    report.add(class_sizes(before.map(Counted::class_sizes).as_ref(), classes));
    report.add(arithmetic(measured));
    if let Some(grade) = &measured.grade {
        report.add(graded::section(grade));
    }
    if !measured.guesses.is_empty() {
        report.add(inference(&measured.guesses));
    }
    if !measured.attacks.is_empty() {
        report.add(tried(&measured.attacks));
    }
    if !measured.learned.is_empty() {
        report.add(learned(&measured.learned));
    }
    if let Some(found) = &measured.downcoding {
        report.add(undone(found));
    }
    if let Some(found) = &measured.together {
        report.add(together(found));
    }
    if !measured.restored.is_empty() {
        report.add(restored(&measured.restored));
    }
    if measured.combinations.is_empty() {
        report.add(match tuples {
            Counted::Whole(tuples) => {
                singled_out(&risk::combinations(tuples, WIDEST).map_err(failed)?)
            }
            Counted::Spilled(_) => not_combined(),
        });
    } else {
        report.add(singled_out(&measured.combinations));
    }
    report.add(
        Section::new("没有说明的", "What this does not say").text(
            format!("没有考察与其他数据的关联。任何没有列出的列，对某个人都可能是准标识符。{}", not_tried(measured).0),
            format!("Linking with other data was not examined. Every column that is not listed is a quasi-identifier for someone. {}", not_tried(measured).1),
        ),
    );
    Ok(report)
}

/// What was not tried, so that nobody takes it for passed.
fn not_tried(measured: &Measured) -> (String, String) {
    let all = [
        (measured.attacks.is_empty(), "攻击", "attacks"),
        (measured.downcoding.is_none(), "降码", "downcoding"),
        (measured.together.is_none(), "与早先发布的合看", "composition with earlier releases"),
        (measured.restored.is_empty(), "摘要的还原", "restoring of digests"),
    ];
    let left: Vec<_> = all.into_iter().filter(|(missing, ..)| *missing).collect();
    if left.is_empty() {
        return (String::new(), String::new());
    }
    let zh: Vec<&str> = left.iter().map(|(_, zh, _)| *zh).collect();
    let en: Vec<&str> = left.iter().map(|(_, _, en)| *en).collect();
    (format!("未试：{}。", zh.join("、")), format!("Not tried: {}.", en.join(", ")))
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
            "用发布表猜：只有一人符合的条件（单独识别）、两处所知是否同一人（关联）、敏感值（推断），再到原表中检验。对照表中的人不在原表里，对他们也成立的不算发布的过错。判断以区间上限为准。",
            "With the release it is guessed which condition one person alone meets (singling out), whether two outsiders know the same person (linking), and what a sensitive value is (inference); the guesses are tried on the original. What holds for people of the control, who are not in it, is no fault of the release. The upper end of the interval decides.",
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

/// A guess that was learned from the release.
fn learned(guesses: &[LearnedGuess]) -> Section {
    let row = |guess: &LearnedGuess| {
        vec![
            guess.column.clone(),
            format!(
                "{} / {} = {:.4}",
                guess.table.successes, guess.table.trials, guess.table.share
            ),
            format!(
                "{} / {} = {:.4}",
                guess.control.successes, guess.control.trials, guess.control.share
            ),
            format!("{:.4} [{:.4}, {:.4}]", guess.risk.value, guess.risk.low, guess.risk.high),
        ]
    };
    let head = [
        ("敏感列", "sensitive column"),
        ("表中的人猜对", "right for people of the table"),
        ("对照猜对", "right for the control"),
        ("风险及 95 % 区间", "risk with its 95 % interval"),
    ];
    Section::new("从发布表学得的猜测", "A guess learned from the release")
        .text(
            "朴素贝叶斯从发布表学习，再猜原表与对照表中的人。对照中同样猜对的是常识，不是某人的秘密。",
            "Naive Bayes learns from the release and guesses for people of the original and of the control. What is as right for the control is knowledge of the world, not of a person.",
        )
        .table(&head, guesses.iter().map(row).collect())
}

/// What knowledge of the method gives back of a local recoding.
fn undone(found: &Downcoding) -> Section {
    let rate = |rate: &::deident::attack::Rate| {
        format!("{} / {} = {:.4}", rate.successes, rate.trials, rate.share)
    };
    let rows = vec![
        vec![
            "受攻击的类 classes attacked".to_owned(),
            format!("{} / {}", found.attacked, found.classes),
        ],
        vec!["确定无疑的类 certain".to_owned(), found.certain.to_string()],
        vec!["懂方法者猜对 right, knowing the method".to_owned(), rate(&found.with_method)],
        vec!["不懂方法者猜对 right, not knowing it".to_owned(), rate(&found.without_method)],
        vec!["对照 control".to_owned(), rate(&found.control)],
        vec![
            "风险及 95 % 区间 risk with its 95 % interval".to_owned(),
            format!("{:.4} [{:.4}, {:.4}]", found.risk.value, found.risk.low, found.risk.high),
        ],
    ];
    Section::new("由方法倒推（降码）", "Undone by knowing the method (downcoding)")
        .text(
            "局部重编码降到各行一致为止；懂得这一点的人知道下一层并不全同，小类里所剩的可能不多。",
            "A local recoding goes down until the rows agree; whoever knows that knows that one level below they do not, and in a small class little is left to guess.",
        )
        .table(&[("量", "figure"), ("值", "value")], rows)
}

/// What the releases give away together.
fn together(found: &Together) -> Section {
    let Together { composition, by_pseudonym, ambiguous_rows, intersection } = found;
    let mut rows: Vec<Vec<String>> = composition
        .single
        .iter()
        .map(|single| {
            vec![
                single.name.clone(),
                single.min_class.to_string(),
                single.unique_rows.to_string(),
                single.known_rows.to_string(),
            ]
        })
        .collect();
    rows.push(vec![
        "合看 together".to_owned(),
        composition.linked_min_class.to_string(),
        composition.linked_unique_rows.to_string(),
        composition.known_rows.to_string(),
    ]);
    let head = [
        ("发布", "release"),
        ("最小等价类", "smallest class"),
        ("独自成类的行", "rows alone"),
        ("敏感值已知的行", "rows whose sensitive value is known"),
    ];
    let (zh, en) = if *by_pseudonym {
        (
            "各次发布有同一假名，可逐人相连。",
            "The releases share a pseudonym and are joined person by person.",
        )
    } else {
        (
            "知道某人准标识符者，在每次发布中各找到他的一类，并取敏感值的交集。",
            "Whoever knows a person's quasi-identifiers finds a class in each release and intersects the sensitive values.",
        )
    };
    let section = Section::new("与早先发布合看", "Together with earlier releases")
        .text(zh, en)
        .table(&head, rows);
    let section = match intersection {
        None => section,
        Some(found) => {
            let Intersection { column, rows, known_rows, known_by_one, .. } = found;
            section.text(
                format!("知道准标识符者取各次发布中可能属于此人的全部类，再取交集：{rows} 行中 {known_rows} 行的 {column} 只剩一个值；单凭一次发布为 {known_by_one} 行。"),
                format!("Whoever knows the quasi-identifiers takes every class that may be the person's and intersects: of {rows} rows {known_rows} have one value of {column} left; by one release alone {known_by_one}."),
            )
        }
    };
    if *ambiguous_rows == 0 {
        return section;
    }
    section.text(
        format!("{ambiguous_rows} 行对应几种形式（局部重编码），表中的类只是其余各行的。"),
        format!("{ambiguous_rows} rows have several forms (local recoding): the classes in the table are those of the others."),
    )
}

/// What was had back of digests.
fn restored(found: &[Restoration]) -> Section {
    let row = |found: &Restoration| {
        vec![
            found.column.clone(),
            found.function.map_or_else(|| "—".to_owned(), |function| format!("{function:?}")),
            format!("{} / {}", found.restored, found.values),
            format!("{} / {}", found.restored_rows, found.rows),
            format!("{}{}", found.tried, if found.complete { "" } else { "（未试完 not all）" }),
            found.candidates.clone(),
        ]
    };
    let head = [
        ("列", "column"),
        ("函数", "function"),
        ("还原的值", "values restored"),
        ("还原的行", "rows restored"),
        ("尝试", "tries"),
        ("试过的值", "what was tried"),
    ];
    Section::new("摘要能否还原", "Whether digests can be restored")
        .text(
            "没有密钥的摘要，把所有可能的原值算一遍即可还原。未还原只说明试过的值不对，不说明安全。",
            "A digest without a key is restored by computing it for everything it may be of. That nothing was restored says only that what was tried is not it.",
        )
        .table(&head, found.iter().map(row).collect())
}

/// Which columns single records out.
fn singled_out(found: &[Combination]) -> Section {
    /// Combinations that are shown.
    const SHOWN: usize = 15;
    let section = Section::new("哪些列的组合能挑出一个人", "Which columns single a person out");
    let singling = || found.iter().filter(|combination| combination.uniqueness > 0.0);
    if singling().next().is_none() {
        return section.text(
            "所看的任何列组合中都没有独自成类的记录。",
            "No record is alone in any combination of columns that was looked at.",
        );
    }
    let bars = singling().take(SHOWN).map(|combination| {
        let key = if combination.minimal_key { " · 每行唯一 a key" } else { "" };
        let shown = format!("{}{key}", percent(combination.uniqueness));
        Bar::new(combination.columns.join(" + "), combination.uniqueness, shown)
    });
    section.bars(
        "各列组合中独自成类的记录比例",
        "share of the records that are alone in each combination of columns",
        bars.collect(),
    )
}
