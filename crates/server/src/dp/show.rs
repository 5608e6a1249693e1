//! Answers and ledgers as people and programs read them.

use ::deident::dp::{
    Answer, Cost, Delta, Entry, Ledger, Mechanism, MechanismName, Noisy, Release, State,
};
use serde_json::json;

use super::Question;
use crate::deident::Format;
use crate::show::say;

/// A number with no more places than it needs.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A figure with its interval.
pub(super) fn figure(noisy: &Noisy) -> String {
    format!("{} [{}, {}]", number(noisy.value), number(noisy.low), number(noisy.high))
}

/// The name of a mechanism.
pub(super) fn mechanism(found: &Mechanism) -> &'static str {
    match found.name {
        MechanismName::DiscreteLaplace => "离散拉普拉斯 discrete Laplace",
        MechanismName::DiscreteGaussian => "离散高斯 discrete Gaussian",
        MechanismName::Exponential => "指数机制 exponential mechanism",
    }
}

/// What a cost amounts to as (ε, δ), where it is no ε by itself.
pub(super) fn in_epsilon(cost: Cost) -> Option<String> {
    let Cost::Concentrated { .. } = cost else { return None };
    // 10⁻⁶ and what was spent of δ.
    let delta = Delta::from_quintillionths(1_000_000_000_000);
    let Cost::Approximate { epsilon, .. } = cost.approximate(delta)? else { return None };
    Some(format!("ε ≤ {}, δ = {delta}", number(epsilon.as_f64())))
}

/// How far from the figure without noise an answer lies at most with probability 0.95.
fn half_widths(answer: &Answer) -> Vec<(&'static str, &'static str, f64)> {
    let half = |found: &Noisy| (found.high - found.low) / 2.0;
    match answer {
        Answer::Figure { figure } => vec![("结果", "answer", half(figure))],
        // The mean's own interval follows from the rows.
        Answer::Mean { sum, count, .. } => {
            vec![("和", "sum", half(sum)), ("行数", "count", half(count))]
        }
        Answer::Quantile { rank_error, .. } => vec![("排序", "rank", *rank_error)],
        Answer::Histogram { counts, threshold } => {
            let each = counts.first().map(|category| ("每类", "each", half(&category.count)));
            let least = threshold.map(|least| ("至少多少才示", "least that is shown", least));
            each.into_iter().chain(least).collect()
        }
    }
}

/// Shows what a question would cost, and how much noise its answer would have.
pub(super) fn preview(
    question: &Question<'_>,
    of_nobody: &Release,
    remaining: Cost,
    format: Format,
) {
    let widths = half_widths(&of_nobody.answer);
    if format == Format::Json {
        let away: serde_json::Map<String, serde_json::Value> =
            widths.iter().map(|(_, en, width)| ((*en).to_owned(), json!(width))).collect();
        let found = json!({
            "dry_run": true, "query": of_nobody.query, "cost": of_nobody.cost,
            "remaining": remaining, "mechanisms": of_nobody.mechanisms, "half_widths": away,
        });
        say(&found.to_string());
        return;
    }
    say(&format!("问题 asked        {}", question.words));
    for (zh, en, width) in widths {
        say(&format!("  {zh} {en}：± {}（95 %）", number(width)));
    }
    noise(of_nobody);
    say(&format!("会花费 would cost {}，之后剩余 then remains {remaining}", of_nobody.cost));
    say("试算：没有读表，没有花费 a trial: nothing was read or spent");
}

/// Where the noise of an answer comes from.
fn noise(release: &Release) {
    for used in &release.mechanisms {
        say(&format!("噪声 noise        {}，尺度 scale {}", mechanism(used), number(used.scale)));
        say(&format!(
            "  一人至多改变 one person changes at most {}：{}",
            number(used.sensitivity),
            used.derivation
        ));
    }
}

/// Shows an answer.
pub(super) fn answer(
    question: &Question<'_>,
    release: &Release,
    remaining: Option<Cost>,
    format: Format,
) {
    if format == Format::Json {
        let mut found = json!(release);
        if let Some(found) = found.as_object_mut() {
            found.insert("remaining".to_owned(), json!(remaining));
            found.insert("part".to_owned(), json!(question.part));
        }
        say(&found.to_string());
        return;
    }
    say(&format!("问题 asked        {}", question.words));
    match &release.answer {
        Answer::Figure { figure: found } => say(&format!("结果 answer       {}", figure(found))),
        Answer::Mean { mean, sum, count } => {
            say(&format!("均值 mean         {}", figure(mean)));
            say(&format!("  与中点之差的和 sum of distances from the middle  {}", figure(sum)));
            say(&format!("  行数 count                                       {}", figure(count)));
        }
        Answer::Quantile { value, rank_error } => {
            say(&format!("分位数 quantile   {}", number(*value)));
            say(&format!("  排序误差 rank error  {} 行 rows (95 %)", number(*rank_error)));
        }
        Answer::Histogram { counts, threshold } => {
            for category in counts {
                say(&format!("  {}  {}", category.category, figure(&category.count)));
            }
            if let Some(least) = threshold {
                let least = number(*least);
                say(&format!("低于 {least} 的类别不示 categories below {least} are not shown"));
            }
        }
    }
    noise(release);
    let spent = in_epsilon(release.cost).map_or_else(String::new, |also| format!("（{also}）"));
    say(&format!("花费 cost         {}{spent}，第 {} 笔 entry", release.cost, release.entry));
    if let Some(remaining) = remaining {
        say(&format!("剩余 remaining    {remaining}"));
    }
    say(
        "区间（95 %）只含噪声，不含截断、丢弃的行和抽样误差。The interval (95 %) holds the noise only, not what clamping, dropped rows and sampling do.",
    );
}

/// How far an entry has come, in words.
pub(super) fn state(entry: &Entry) -> &'static str {
    match entry.state {
        State::Reserved => "已预留 reserved",
        State::Answered => "已答复 answered",
        State::Failed => "失败，照计 failed, costs all the same",
        State::Withdrawn => "已退还 withdrawn",
    }
}

/// Shows a ledger.
pub(super) fn ledger(ledger: &Ledger, format: Format) {
    if format == Format::Json {
        let found = json!({
            "dataset": ledger.dataset(), "budget": ledger.budget(), "spent": ledger.spent(),
            "remaining": ledger.remaining(), "entries": ledger.entries(),
        });
        say(&found.to_string());
        return;
    }
    say(&format!("数据集 dataset    {}", ledger.dataset()));
    for (label, cost) in [
        ("预算 budget      ", ledger.budget()),
        ("已用 spent       ", ledger.spent()),
        ("剩余 remaining   ", ledger.remaining()),
    ] {
        let also = in_epsilon(cost).map_or_else(String::new, |also| format!("（{also}）"));
        say(&format!("{label} {cost}{also}"));
    }
    for entry in ledger.entries() {
        let part = entry
            .part
            .as_ref()
            .map_or_else(String::new, |part| format!("，部分 part {}={}", part.by, part.part));
        let Entry { number, at, what, cost, .. } = entry;
        say(&format!("  {number:>4}  {at}  {cost}  {}  {what}{part}", state(entry)));
    }
    if ledger.entries().is_empty() {
        say("尚未花费 nothing was spent yet: fenhe dp count FILE --ledger LEDGER …");
    }
}
