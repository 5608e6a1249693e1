//! What each transform does to the data, in a sentence for people.

use vocabulary::Bilingual;

use super::{DateShift, MicroaggregateTogether, RecordSwap, Swap, Transform};
use super::{Encoding, Microaggregate, Noise, Pseudonym, Round, Shape, SuppressCells, TopBottom};
use crate::hierarchy::Spec;

impl Transform {
    /// What it does to the values, for a clerk and a reader.
    ///
    /// ```
    /// # use deident::{Spec, Transform};
    /// let ages = Transform::Generalize { spec: Spec::intervals(&[5.0]), level: 1 };
    /// assert_eq!(ages.words().en, "in bands of 5");
    /// ```
    pub fn words(&self) -> Bilingual {
        match self {
            Self::Keep | Self::Generalize { level: 0, .. } => {
                Bilingual::new("保留原值", "kept as it is")
            }
            Self::Remove => Bilingual::new("删除", "left out"),
            Self::Mask { keep_left: 0, keep_right: 0 } => {
                Bilingual::new("全部遮蔽", "masked throughout")
            }
            Self::Mask { keep_left, keep_right } => Bilingual::new(
                format!("遮蔽，保留前 {keep_left} 位、后 {keep_right} 位"),
                format!(
                    "masked but for the first {keep_left} and the last {keep_right} characters"
                ),
            ),
            Self::Generalize { spec, level } => generalized(spec, *level),
            Self::SuppressCells(cells) => suppressed(cells),
            Self::TopBottom(bounds) => coded(bounds),
            Self::Round(round) => rounded(round),
            Self::Microaggregate(Microaggregate { k }) => Bilingual::new(
                format!("每 {k} 行以上相近的值以其平均值代替"),
                format!("the mean of groups of at least {k} rows with values near each other"),
            ),
            Self::MicroaggregateTogether(MicroaggregateTogether { group, k }) => Bilingual::new(
                format!("与“{group}”组各列一起，每 {k} 行以上相近的记录以其平均值代替"),
                format!(
                    "with the columns of “{group}”, the mean of groups of at least {k} records near \
                     each other"
                ),
            ),
            Self::Noise(noise) => noisy(noise),
            Self::Swap(Swap { percent, .. }) => Bilingual::new(
                format!("与名次相差不超过总行数 {percent} % 的值互换"),
                format!("swapped with values at most {percent} % of the rows away in rank"),
            ),
            Self::RecordSwap(RecordSwap { group, percent, .. }) => Bilingual::new(
                format!("相似记录间成对交换，与“{group}”组各列一起，约 {percent} % 的记录"),
                format!(
                    "exchanged between similar records, with the columns of “{group}”, in about \
                     {percent} % of the records"
                ),
            ),
            Self::Pseudonym(pseudonym) => named(pseudonym),
            Self::Encrypt(encrypt) => Bilingual::new(
                format!("以密钥“{}”按原格式加密，持密钥者可还原", encrypt.key),
                format!(
                    "encrypted in its own form with the key “{}”, which brings it back",
                    encrypt.key
                ),
            ),
            Self::DateShift(DateShift { person, days, .. }) => Bilingual::new(
                format!("日期按“{person}”平移，最多 {days} 天，同一人相同"),
                format!("days moved by up to {days}, alike for all rows of one “{person}”"),
            ),
        }
    }
}

/// What a level of a hierarchy means.
fn generalized(spec: &Spec, level: usize) -> Bilingual {
    let all = || Bilingual::new("不区分（*）", "not told apart (*)");
    let step = level.saturating_sub(1);
    match spec {
        Spec::Interval { widths, .. } => widths.get(step).map_or_else(all, |width| {
            Bilingual::new(format!("按 {width} 一段"), format!("in bands of {width}"))
        }),
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
        Spec::Prefix { steps } => steps.get(step).map_or_else(all, |kept| {
            Bilingual::new(
                format!("只保留前 {kept} 位"),
                format!("only the first {kept} characters"),
            )
        }),
        Spec::Table(_) => Bilingual::new(
            format!("按所附层级上收 {level} 级"),
            format!("{level} level(s) up its hierarchy"),
        ),
        Spec::Flat => all(),
    }
}

fn suppressed(cells: &SuppressCells) -> Bilingual {
    let mut zh = Vec::new();
    let mut en = Vec::new();
    if let Some(values) = &cells.is {
        zh.push(format!("所列 {} 个值", values.len()));
        en.push(format!("{} listed value(s)", values.len()));
    }
    if let Some(rows) = cells.rarer_than {
        zh.push(format!("少于 {rows} 行的值"));
        en.push(format!("values of fewer than {rows} rows"));
    }
    if let Some(when) = &cells.when {
        zh.push(format!("“{}”满足条件的行", when.column));
        en.push(format!("cells of rows that meet a condition on “{}”", when.column));
    }
    Bilingual::new(format!("留空：{}", zh.join("、")), format!("left empty: {}", en.join(", ")))
}

fn coded(bounds: &TopBottom) -> Bilingual {
    let mut zh = Vec::new();
    let mut en = Vec::new();
    if let Some(bottom) = &bounds.bottom {
        zh.push(format!("低于 {bottom} 记为 {bottom}"));
        en.push(format!("below {bottom} written as {bottom}"));
    }
    if let Some(top) = &bounds.top {
        zh.push(format!("高于 {top} 记为 {top}"));
        en.push(format!("above {top} written as {top}"));
    }
    Bilingual::new(zh.join("，"), en.join(", "))
}

fn rounded(round: &Round) -> Bilingual {
    match (&round.base, round.digits) {
        (Some(base), _) => Bilingual::new(
            format!("取整到 {base} 的倍数"),
            format!("rounded to multiples of {base}"),
        ),
        (None, digits) => {
            let digits = digits.unwrap_or_default();
            Bilingual::new(
                format!("取 {digits} 位有效数字"),
                format!("rounded to {digits} significant place(s)"),
            )
        }
    }
}

fn noisy(noise: &Noise) -> Bilingual {
    let Noise { scale, .. } = noise;
    let (zh, en) = match noise.distribution {
        Shape::Laplace => ("拉普拉斯", "Laplace"),
        Shape::Gaussian => ("正态", "Gaussian"),
        Shape::Uniform => ("均匀", "uniform"),
    };
    if noise.multiplicative {
        return Bilingual::new(
            format!("乘以 1 加{zh}噪声，尺度 {scale}"),
            format!("multiplied by 1 plus {en} noise of scale {scale}"),
        );
    }
    Bilingual::new(
        format!("加{zh}噪声，尺度 {scale}"),
        format!("{en} noise of scale {scale} added"),
    )
}

fn named(pseudonym: &Pseudonym) -> Bilingual {
    let Pseudonym { key, encoding, .. } = pseudonym;
    let bits = pseudonym.bits();
    let (zh, en) = match encoding {
        Encoding::Hex => ("十六进制", "hexadecimal"),
        Encoding::Readable => ("易读", "readable"),
    };
    Bilingual::new(
        format!("换成{zh}假名（{bits} 位），由密钥“{key}”生成"),
        format!("replaced by {en} pseudonyms of {bits} bits made with the key “{key}”"),
    )
}
