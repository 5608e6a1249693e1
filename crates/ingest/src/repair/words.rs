//! What a cell of a sheet is: a number, one with a unit or a footnote mark, a name.

use std::borrow::Cow;

/// Characters of a unit at most.
const UNIT_CHARS: usize = 8;

/// The name of a column with the unit behind it, unless it ends with it already; `None` if
/// it ends with another one.
pub(super) fn with_unit(name: &str, unit: &str) -> Option<String> {
    let name = name.trim();
    for (open, close) in [('（', '）'), ('(', ')')] {
        if let Some(inner) = name.strip_suffix(close) {
            let (_, said) = inner.rsplit_once(open)?;
            return (said.trim() == unit).then(|| name.to_owned());
        }
    }
    if name.strip_suffix(unit).is_some_and(|before| before.ends_with(['/', '／'])) {
        return Some(name.to_owned());
    }
    Some(format!("{name}（{unit}）"))
}

/// Marks that stand for no value, and what a formula without one shows.
pub(super) fn is_missing(text: &str) -> bool {
    const MARKS: [&str; 12] =
        ["-", "—", "——", "…", "……", "/", "NA", "N/A", "无", "null", "NULL", "--"];
    MARKS.contains(&text) || text.starts_with('#') && text.ends_with(['!', '?', 'A'])
}

/// Whether a text in a header names something: it is no number and no day, unless it is a
/// year.
pub(crate) fn is_name(text: &str) -> bool {
    let text = text.trim();
    let is_year = text.len() == 4 && (text.starts_with("19") || text.starts_with("20"));
    if is_number(text) {
        return is_year;
    }
    let is_day = text.bytes().filter(u8::is_ascii_digit).count() >= 5
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-/.: ".contains(&byte));
    in_unit(text).is_none() && unmarked(text).is_none() && !is_day
}

/// The number at the beginning of a text, and what is behind it. Commas must stand between
/// groups of three.
fn number_and_rest(text: &str) -> Option<(&str, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = text.len() - unsigned.len();
    let end = unsigned
        .find(|char: char| !char.is_ascii_digit() && char != ',' && char != '.')
        .unwrap_or(unsigned.len());
    let (number, rest) = text.split_at_checked(sign + end)?;
    let (whole, fraction) = match number.get(sign..)?.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number.get(sign..)?, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_whole = digits(first)
        && (first.len() <= 3 || !whole.contains(','))
        && groups.all(|group| group.len() == 3 && digits(group));
    (is_whole && fraction.is_none_or(digits)).then_some((number, rest))
}

/// Whether a text is a number.
pub(super) fn is_number(text: &str) -> bool {
    number_and_rest(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Units of Latin letters that are taken for one.
const LATIN_UNITS: [&str; 40] = [
    "km", "m", "cm", "mm", "kg", "g", "mg", "t", "ha", "kWh", "MWh", "GWh", "kW", "MW", "GW", "W",
    "V", "kV", "Hz", "kHz", "MHz", "GHz", "dB", "ml", "mL", "L", "min", "h", "s", "ms", "kPa",
    "MPa", "Pa", "hPa", "mol", "KB", "MB", "GB", "TB", "USD",
];

/// A number with the unit before or behind it.
///
/// What a number counts in a date or a sequence is no unit (`2020年` is a year), nor are
/// letters of a code (`12A`, `5A级`).
pub(super) fn in_unit(text: &str) -> Option<(Cow<'_, str>, &str)> {
    const MONEY: [&str; 5] = ["￥", "¥", "$", "€", "US$"];
    const NO_UNITS: [&str; 20] = [
        "年", "月", "日", "号", "时", "点", "周", "季度", "期", "届", "级", "层", "班", "楼", "室",
        "年级", "号线", "号楼", "等", "类",
    ];
    let plain = |number: &str| Cow::Owned(number.replace(',', ""));
    if let Some(sign) = MONEY.iter().find(|sign| text.starts_with(**sign)) {
        let number = text.strip_prefix(sign)?.trim();
        return is_number(number).then(|| (plain(number), text.get(..sign.len()).unwrap_or(sign)));
    }
    let (number, rest) = number_and_rest(text)?;
    let unit = rest.trim();
    let first = unit.chars().next()?;
    let fits = if first.is_ascii_alphabetic() {
        LATIN_UNITS.contains(&unit)
    } else {
        (first.is_alphabetic() || "%％‰℃°".contains(first))
            && unit.chars().count() <= UNIT_CHARS
            && !unit.contains(|char: char| {
                char.is_ascii_digit() || "-:：~～、；;，。（）()[]".contains(char)
            })
            && !NO_UNITS.contains(&unit)
    };
    fits.then(|| (plain(number), unit))
}

/// The number before a footnote mark: `1234①`, `1,234*`, `12.5[1]`, `80（注2）`.
pub(super) fn unmarked(text: &str) -> Option<&str> {
    let (number, rest) = number_and_rest(text)?;
    let rest = rest.trim();
    let few_digits = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let square = [("[", "]"), ("［", "］"), ("【", "】")];
    let round = [("(", ")"), ("（", "）")];
    let inner = |pairs: &[(&str, &str)]| {
        let found =
            pairs.iter().find_map(|(open, close)| rest.strip_prefix(open)?.strip_suffix(close));
        found.map(str::to_owned)
    };
    let is_mark = if let Some(inner) = inner(&square) {
        let label = inner.strip_prefix('注');
        few_digits(label.unwrap_or(&inner)) && (label.is_some() || !inner.is_empty())
    } else if let Some(inner) = inner(&round) {
        inner.strip_prefix('注').is_some_and(few_digits)
    } else {
        rest == "*" || rest == "†" || {
            let mut chars = rest.chars();
            matches!(chars.next(), Some('①'..='⑳')) && chars.next().is_none()
        }
    };
    is_mark.then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_and_marks_are_told_from_what_is_none() {
        for (text, number, unit) in [
            ("12.5万元", "12.5", "万元"),
            ("3,200 人", "3200", "人"),
            ("-4%", "-4", "%"),
            ("￥1,200", "1200", "￥"),
            ("36.5℃", "36.5", "℃"),
            ("5 km", "5", "km"),
        ] {
            assert_eq!(in_unit(text), Some((Cow::Owned(number.to_owned()), unit)), "{text}");
        }
        let none = [
            "2020年",
            "12月",
            "3-5人",
            "12:30",
            "第5名",
            "人",
            "",
            "12",
            "1.2.3版",
            "A4",
            "1e5",
            "7班",
            "3,5元",
            "12,5%",
            "1,3,5号楼",
            "1.234,5元",
            "5A级",
            "1001AB",
            "12A",
            "1234,567元",
        ];
        for text in none {
            assert_eq!(in_unit(text), None, "{text}");
        }
        for (text, number) in [
            ("1234①", "1234"),
            ("1,234*", "1,234"),
            ("12.5[1]", "12.5"),
            ("80（注2）", "80"),
            ("7（注）", "7"),
        ] {
            assert_eq!(unmarked(text), Some(number), "{text}");
        }
        let none = [
            "12",
            "12（万元）",
            "12[a]",
            "①",
            "12()",
            "(12)",
            "12[123]",
            "12（3）",
            "3#",
            "10²",
            "7654321(12)",
            "1401**",
            "5①②",
        ];
        for text in none {
            assert_eq!(unmarked(text), None, "{text}");
        }
    }

    #[test]
    fn a_unit_that_the_name_says_is_not_said_twice_and_another_one_is_not_overruled() {
        assert_eq!(with_unit("收入", "万元").as_deref(), Some("收入（万元）"));
        assert_eq!(with_unit("收入（万元）", "万元").as_deref(), Some("收入（万元）"));
        assert_eq!(with_unit("长度/km", "km").as_deref(), Some("长度/km"));
        assert_eq!(with_unit("收入（万元）", "元"), None);
        assert_eq!(with_unit("人口", "人").as_deref(), Some("人口（人）"));
    }

    proptest! {
        #[test]
        fn a_repaired_number_is_the_number_of_the_cell(
            number in "-?([1-9][0-9]{0,2}(,[0-9]{3}){0,3}|[1-9][0-9]{0,9})(\\.[0-9]{1,4})?",
            unit in "(元|万元|人|%|公里|户| kg)",
            mark in "(①|\\*|\\[1\\]|（注3）)",
        ) {
            let plain = number.replace(',', "");
            let text = format!("{number}{unit}");
            prop_assert_eq!(in_unit(&text).map(|(number, _)| number.into_owned()), Some(plain));
            let text = format!("{number}{mark}");
            prop_assert_eq!(unmarked(&text), Some(number.as_str()));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,30}") {
            let _ = (in_unit(&text), unmarked(&text), is_number(&text), is_name(&text));
            let _ = with_unit(&text, "人");
        }
    }
}
