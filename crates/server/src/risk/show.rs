//! What was measured, as people and programs read it.

use std::collections::BTreeMap;

use ::deident::Counted;
use ::deident::attack::Downcoding;
use ::deident::risk::{self, Combination, Restoration, SampleMap};
use serde_json::{Value, json};

use super::{Measured, Risk, Together, graded};
use crate::deident::Format;
use crate::show::say;

/// Combinations that are told of.
const TOLD: usize = 20;

/// Shows what was measured.
pub(super) fn show(
    arguments: &Risk,
    measured: &Measured,
    tuples: &Counted,
    before: Option<&Counted>,
) {
    if arguments.format == Format::Json {
        say(&as_json(arguments, measured, tuples, before).to_string());
    } else {
        as_text(arguments, measured, tuples, before);
    }
}

fn as_json(
    arguments: &Risk,
    measured: &Measured,
    tuples: &Counted,
    before: Option<&Counted>,
) -> Value {
    let Measured { classes, population, .. } = measured;
    let mut report = json!({
        "rows": classes.rows(),
        "classes": classes.classes(),
        "min_class": classes.min(),
        "max_class": classes.max(),
        "sample_uniqueness": measured.uniqueness,
        "prosecutor_max": measured.prosecutor,
        "marketer": measured.marketer,
        "at_risk": measured.at_risk,
        "theta": measured.theta,
        "population_uniques": population,
        "sample_map": measured.sample_map,
        "population_uniques_interval":
            population.as_ref().and_then(risk::PopulationUniques::interval),
    });
    let Some(found) = report.as_object_mut() else { return report };
    let mut add = |name: &str, is_there: bool, value: Value| {
        if is_there {
            found.insert(name.to_owned(), value);
        }
    };
    add("gbt42460", measured.grade.is_some(), json!(measured.grade));
    add("inference", !measured.guesses.is_empty(), json!(measured.guesses));
    add("learned", !measured.learned.is_empty(), json!(measured.learned));
    add("attacks", !measured.attacks.is_empty(), json!(measured.attacks));
    add("downcoding", measured.downcoding.is_some(), json!(measured.downcoding));
    if let Some(Together { composition, by_pseudonym, ambiguous_rows, intersection }) =
        &measured.together
    {
        add("intersection", intersection.is_some(), json!(intersection));
        add("composition", true, json!(composition));
        add("composition_by", true, json!(if *by_pseudonym { "pseudonym" } else { "original" }));
        add("composition_ambiguous_rows", true, json!(ambiguous_rows));
    }
    add("restored", arguments.digests.is_some(), json!(measured.restored));
    add("combinations", arguments.combinations.is_some(), json!(measured.combinations));
    if let Some(before) = before {
        add("original", true, original(arguments, measured, tuples, before));
    }
    report
}

fn original(arguments: &Risk, measured: &Measured, tuples: &Counted, before: &Counted) -> Value {
    let distinct = |table: &Counted, column: &String| table.values(column).map(<[_]>::len);
    let columns: BTreeMap<&String, Value> = arguments
        .quasi
        .iter()
        .map(|column| {
            let (was, is) = (distinct(before, column), distinct(tuples, column));
            (column, json!({ "values_before": was, "values_after": is }))
        })
        .collect();
    let sizes = before.class_sizes();
    json!({
        "rows": sizes.rows(),
        "rows_dropped": sizes.rows().saturating_sub(measured.classes.rows()),
        "classes": sizes.classes(),
        "sample_uniqueness": risk::sample_uniqueness(&sizes).ok(),
        "marketer": risk::marketer(&sizes).ok(),
        "columns": columns,
    })
}

fn as_text(arguments: &Risk, measured: &Measured, tuples: &Counted, before: Option<&Counted>) {
    classes(measured);
    if let Some(grade) = &measured.grade {
        graded::show(grade);
    }
    if let Some(before) = before {
        let dropped = before.rows().saturating_sub(tuples.rows());
        say(&format!("去掉的行 rows dropped              {dropped}"));
        for column in &arguments.quasi {
            let count = |table: &Counted| table.values(column).map_or(0, <[_]>::len);
            let (was, is) = (count(before), count(tuples));
            say(&format!("  {column}: {was} → {is} 个不同值 different values"));
        }
    }
    attacks(measured);
    if let Some(found) = &measured.downcoding {
        downcoded(found);
    }
    if let Some(found) = &measured.together {
        together(found);
    }
    if arguments.digests.is_some() && measured.restored.is_empty() {
        say("没有像摘要的列 no column looks like digests");
    }
    measured.restored.iter().for_each(restored);
    if arguments.combinations.is_some() {
        combinations(&measured.combinations);
    }
    if measured.attacks.is_empty() && measured.downcoding.is_none() {
        say(
            "未试攻击：给出 --original 与 --attack no attack was tried: give --original and --attack",
        );
    }
}

fn classes(measured: &Measured) {
    let classes = &measured.classes;
    say(&format!("行数 rows                          {}", classes.rows()));
    say(&format!("等价类 classes                     {}", classes.classes()));
    say(&format!("最小等价类 smallest class          {}", classes.min().unwrap_or(0)));
    say(&format!("唯一记录比例 sample uniqueness     {:.4}", measured.uniqueness));
    say(&format!("最大风险（检察官）prosecutor       {:.4}", measured.prosecutor));
    say(&format!("平均风险（营销者）marketer         {:.4}", measured.marketer));
    for (threshold, share) in &measured.at_risk {
        say(&format!("风险高于 {threshold} 的记录 above {threshold:<9} {share:.4}"));
    }
    match (measured.theta, &measured.population) {
        (Some(theta), Some(population)) => {
            say(&format!("唯一匹配正确的概率 θ               {theta:.4}"));
            let interval = population.interval().map_or_else(
                || "无法估计 no estimate".to_owned(),
                |(low, high)| format!("{low:.0} – {high:.0}"),
            );
            say(&format!("总体中唯一的记录 population uniques {interval}"));
            if let Some(SampleMap { k, negative_binomial, poisson }) = measured.sample_map {
                let (low, high) = (negative_binomial.min(poisson), negative_binomial.max(poisson));
                say(&format!(
                    "总体中不足 {k} 人的记录（偏低）below {k} in the population (too low) {low:.4} – {high:.4}"
                ));
            }
        }
        _ => say("给出 --sampling-fraction 才能估计总体 give it to estimate the population"),
    }
}

fn attacks(measured: &Measured) {
    for guess in &measured.guesses {
        say(&format!(
            "{}：按类猜对 {:.4}，按全表 {:.4} guessed by class, by table; gain {:.4}",
            guess.column, guess.success, guess.baseline, guess.gain
        ));
    }
    for guess in &measured.learned {
        say(&format!(
            "{}：学得的猜测，表中 {:.4}，对照 {:.4} learned guess, table and control; risk {:.4} [{:.4}, {:.4}]",
            guess.column,
            guess.table.share,
            guess.control.share,
            guess.risk.value,
            guess.risk.low,
            guess.risk.high
        ));
    }
    for attack in &measured.attacks {
        let (risk, floor) = (attack.release.risk, attack.no_person.risk);
        say(&format!(
            "攻击 attack {:<24} {:.4} [{:.4}, {:.4}]；无人基线 with no person left {:.4}",
            attack.attack,
            risk.value,
            risk.low,
            attack.upper(),
            floor.value
        ));
    }
}

fn downcoded(found: &Downcoding) {
    let Downcoding { attacked, classes, certain, with_method, control, risk, .. } = found;
    say(&format!(
        "降码 downcoding：{attacked} / {classes} 类 classes，{certain} 类确定无疑 certain；猜对 right {:.4}，对照 control {:.4}；风险 risk {:.4} [{:.4}, {:.4}]",
        with_method.share, control.share, risk.value, risk.low, risk.high
    ));
}

fn together(found: &Together) {
    let Together { composition, by_pseudonym, ambiguous_rows, intersection } = found;
    let joined = if *by_pseudonym { "按假名 by pseudonym" } else { "按原表 by the original" };
    say(&format!("几次发布合看 releases together（{joined}）"));
    for single in &composition.single {
        say(&format!(
            "  {}：最小类 smallest class {}，独自成类 alone {}",
            single.name, single.min_class, single.unique_rows
        ));
    }
    say(&format!(
        "  连在一起 linked：最小类 smallest class {}，独自成类 alone {}",
        composition.linked_min_class, composition.linked_unique_rows
    ));
    if let Some(found) = intersection {
        say(&format!(
            "  {} 只剩一个值的行 rows with one value left {} / {}；单凭一次发布 by one release alone {}",
            found.column, found.known_rows, found.rows, found.known_by_one
        ));
    } else if !composition.candidates.is_empty() {
        say(&format!(
            "  敏感值只剩一个的行 rows with one sensitive value left {} / {}",
            composition.known_rows, composition.rows
        ));
    }
    if *ambiguous_rows > 0 {
        say(&format!(
            "  {ambiguous_rows} 行对应几种形式（局部重编码），最小类与独自成类只是其余各行的 rows have several forms (local recoding): classes are those of the others"
        ));
    }
}

fn restored(found: &Restoration) {
    let Restoration { column, restored, values, restored_rows, rows, tried, .. } = found;
    let how = found.function.map_or_else(String::new, |function| format!("，{function:?}"));
    let complete =
        if found.complete { "全部试过 all tried" } else { "未试完 not all tried" };
    say(&format!(
        "摘要 digests {column}：还原 restored {restored} / {values} 个值 values，{restored_rows} / {rows} 行 rows{how}；{tried} 次 tries，{complete}：{}",
        found.candidates
    ));
    if *restored == 0 {
        say("  未还原不等于安全 that nothing was restored does not show that it is safe");
    }
}

fn combinations(found: &[Combination]) {
    say("能挑出人的列组合 combinations of columns that single rows out：");
    for combination in found.iter().filter(|found| found.unique_rows > 0).take(TOLD) {
        let key = if combination.minimal_key { "，每行唯一 a key" } else { "" };
        say(&format!("  {:.4}  {}{key}", combination.uniqueness, combination.columns.join(" + ")));
    }
    if found.iter().all(|found| found.unique_rows == 0) {
        say("  没有 none");
    }
}
