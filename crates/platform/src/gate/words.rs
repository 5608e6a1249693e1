//! Transforms in words, so that a clerk and a reader see what was lost.

use deident::{Spec, Transform};
use vocabulary::Bilingual;

/// What a transform does, e.g. "按 10 一段" and "in bands of 10".
pub(super) fn transform(transform: &Transform) -> Bilingual {
    match transform {
        Transform::Keep => Bilingual::new("保留原值", "kept as it is"),
        Transform::Remove => Bilingual::new("删除", "left out"),
        Transform::Mask { keep_left: 0, keep_right: 0 } => {
            Bilingual::new("全部遮蔽", "masked throughout")
        }
        Transform::Mask { keep_left, keep_right } => Bilingual::new(
            format!("遮蔽，保留前 {keep_left} 位、后 {keep_right} 位"),
            format!("masked but for the first {keep_left} and the last {keep_right} characters"),
        ),
        Transform::Generalize { level: 0, .. } => Bilingual::new("保留原值", "kept as it is"),
        Transform::Generalize { spec, level } => generalized(spec, *level),
    }
}

/// What a level of a hierarchy means.
fn generalized(spec: &Spec, level: usize) -> Bilingual {
    let all = || Bilingual::new("不区分（*）", "not told apart (*)");
    match spec {
        Spec::Interval { widths, .. } => match widths.get(level - 1) {
            Some(width) => {
                Bilingual::new(format!("按 {width} 一段"), format!("in bands of {width}"))
            }
            None => all(),
        },
        Spec::Date => match level {
            1 => Bilingual::new("精确到月", "to the month"),
            2 => Bilingual::new("精确到季度", "to the quarter"),
            3 => Bilingual::new("精确到年", "to the year"),
            4 => Bilingual::new("精确到十年", "to the decade"),
            _ => all(),
        },
        Spec::Division => Bilingual::new(
            format!("行政区划上收 {level} 级"),
            format!("division code, {level} level(s) up"),
        ),
        Spec::Prefix { steps } => match steps.get(level - 1) {
            Some(kept) => Bilingual::new(
                format!("只保留前 {kept} 位"),
                format!("only the first {kept} characters"),
            ),
            None => all(),
        },
        Spec::Table(_) => Bilingual::new(
            format!("按所附层级上收 {level} 级"),
            format!("{level} level(s) up its hierarchy"),
        ),
        Spec::Flat => all(),
    }
}
