//! The HTML reports of `fenhe dp`: an answer with how its noise was made, and a ledger.

use std::path::Path;

use ::deident::dp::{Answer, Cost, Entry, Ledger, Release, State};
use vocabulary::Bilingual;

use super::Question;
use super::show::{figure, in_epsilon, mechanism, number, state};
use crate::report::{Bar, Report, Section};

/// An answer for people.
pub(super) fn of_answer(question: &Question<'_>, release: &Release, ledger: &Ledger) -> Report {
    let subject = format!("{}：{}", release.dataset, question.words);
    let title = ("差分隐私的答复", "A differentially private answer");
    let mut report = Report::new(title, subject, verdict(&release.answer), None);
    report.fact("本次花费", "cost", release.cost.to_string());
    report.fact("剩余", "remaining", ledger.remaining_for(question.part.as_ref()).to_string());
    report.fact("台账第几笔", "entry", release.entry.to_string());
    if let Some(section) = counted(&release.answer) {
        report.add(section);
    }
    report.add(made(release));
    report.add(spent(ledger));
    report.add(unsaid());
    report
}

/// A ledger for people.
pub(super) fn of_ledger(path: &Path, ledger: &Ledger) -> Report {
    let verdict = Bilingual::new(
        format!("预算 {}，已用 {}，剩余 {}。", ledger.budget(), ledger.spent(), ledger.remaining()),
        format!(
            "Of the budget {} there was spent {}, and {} remains.",
            ledger.budget(),
            ledger.spent(),
            ledger.remaining()
        ),
    );
    let subject = format!("{}（{}）", ledger.dataset(), path.display());
    let title = ("隐私预算台账", "Ledger of a privacy budget");
    let mut report = Report::new(title, subject, verdict, None);
    for (zh, en, cost) in [
        ("预算", "budget", ledger.budget()),
        ("已用", "spent", ledger.spent()),
        ("剩余", "remaining", ledger.remaining()),
    ] {
        report.fact(
            zh,
            en,
            in_epsilon(cost).map_or(cost.to_string(), |also| format!("{cost} ({also})")),
        );
    }
    report.add(spent(ledger));
    report.add(unsaid());
    report
}

fn verdict(answer: &Answer) -> Bilingual {
    let (zh, en) = match answer {
        Answer::Figure { figure: found } | Answer::Mean { mean: found, .. } => (
            format!("结果为 {}，方括号内为 95 % 区间。", figure(found)),
            format!("The answer is {}; the brackets hold the 95 % interval.", figure(found)),
        ),
        Answer::Quantile { value, rank_error } => {
            let (value, error) = (number(*value), number(*rank_error));
            (
                format!("分位数为 {value}，排序至多差 {error} 行（95 %）。"),
                format!("The quantile is {value}, at most {error} rows off in rank (95 %)."),
            )
        }
        Answer::Histogram { counts, .. } => (
            format!("共公布 {} 个类别的行数，各带噪声。", counts.len()),
            format!("The counts of {} categories are given, each with noise.", counts.len()),
        ),
    };
    Bilingual::new(zh, en)
}

/// The bars of a histogram.
fn counted(answer: &Answer) -> Option<Section> {
    let Answer::Histogram { counts, threshold } = answer else { return None };
    let bars = counts.iter().map(|category| {
        Bar::new(&category.category, category.count.value, figure(&category.count))
    });
    let section = Section::new("各类别的行数", "Rows of each category").bars(
        "带噪声的行数及 95 % 区间",
        "rows with noise and their 95 % interval",
        bars.collect(),
    );
    let Some(least) = threshold.map(number) else { return Some(section) };
    Some(section.text(
        format!("类别取自表中，带噪声的行数低于 {least} 的不示，以免显露个别人。"),
        format!("The categories are those of the table; below {least} none is shown, lest it show a single person."),
    ))
}

fn made(release: &Release) -> Section {
    let rows = release.mechanisms.iter().map(|used| {
        vec![
            mechanism(used).to_owned(),
            format!("{}：{}", number(used.sensitivity), used.derivation),
            number(used.scale),
            used.cost.to_string(),
        ]
    });
    let head = [
        ("机制", "mechanism"),
        ("一人至多改变 Δ", "one person changes at most Δ"),
        ("尺度", "scale"),
        ("花费", "cost"),
    ];
    Section::new("噪声从何而来", "Where the noise comes from")
        .text(
            "噪声的大小由一人至多能改变多少（Δ）与所花的预算决定，与表中的数值无关。",
            "How much noise there is follows from the most that one person can change (Δ) and from the price, not from the values of the table.",
        )
        .table(&head, rows.collect())
}

fn spent(ledger: &Ledger) -> Section {
    let size = |cost: Cost| match cost {
        Cost::Pure { epsilon } | Cost::Approximate { epsilon, .. } => epsilon.as_f64(),
        Cost::Concentrated { rho, .. } => rho.as_f64(),
    };
    // In the kind of the budget, so that lengths can be compared.
    let alike = |cost: Cost| ledger.budget().nothing().and(cost);
    let charged = |entry: &&Entry| entry.state != State::Withdrawn;
    let mut bars: Vec<Bar> = ledger
        .entries()
        .iter()
        .filter(charged)
        .map(|entry| {
            let label = format!("{}. {}", entry.number, entry.what);
            Bar::new(label, size(alike(entry.cost)), format!("{} · {}", entry.cost, state(entry)))
        })
        .collect();
    let remaining = ledger.remaining();
    bars.push(Bar::new("剩余 remaining", size(remaining), remaining.to_string()));
    Section::new("预算用在哪里", "Where the budget went")
        .text(
            "同一批人的花费相加；互不共人的部分只计最贵的一份。花掉的不能收回。",
            "Costs on the same persons add up; of parts that share no person the dearest counts. What was spent does not come back.",
        )
        .bars("每次提问与剩余", "each question, and what is left", bars)
}

fn unsaid() -> Section {
    Section::new("没有说明的", "What this does not say").text(
        "结果是否正确：区间只含噪声。“一行一人”与“部分互不共人”由提问者保证。保护的是一个人的参与，不是从全体规律推知的事。原表仍是个人信息。",
        "Whether the answer is right: the interval holds the noise only. That a row is a person, and that parts share none, is vouched for by the asker. It hides that one took part, not what follows from the whole. The table itself stays personal data.",
    )
}
