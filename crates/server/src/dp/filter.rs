//! Conditions on single rows, as they are written on the command line.
//!
//! A condition looks at one cell of the row and at nothing else, so that who is in the
//! table changes nothing for the others.

use std::cmp::Ordering;

use ::deident::dp::Part;

/// A text is no condition.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("`{text}` is no condition; write e.g. '年龄>=18', '性别=女' or '区县!=140105', in quotes")]
pub(super) struct FilterError {
    text: String,
}

/// A condition on one column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    pub(super) column: String,
    /// How the cell must stand to the value.
    allowed: &'static [Ordering],
    value: String,
    /// The value as a number, for comparing by size.
    number: Option<f64>,
    by_size: bool,
}

const OPERATORS: [(&str, &[Ordering], bool); 6] = [
    ("!=", &[Ordering::Less, Ordering::Greater], false),
    ("<=", &[Ordering::Less, Ordering::Equal], true),
    (">=", &[Ordering::Greater, Ordering::Equal], true),
    ("=", &[Ordering::Equal], false),
    ("<", &[Ordering::Less], true),
    (">", &[Ordering::Greater], true),
];

/// Reads `COLUMN OPERATOR VALUE`; the first operator in the text counts.
pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    let wrong = || FilterError { text: text.to_owned() };
    let found = OPERATORS
        .iter()
        .filter_map(|operator| Some((text.find(operator.0)?, operator)))
        .min_by_key(|(place, (sign, ..))| (*place, std::cmp::Reverse(sign.len())));
    let (place, (sign, allowed, by_size)) = found.ok_or_else(wrong)?;
    let column = text.get(..place).unwrap_or_default().trim();
    let value = text.get(place + sign.len()..).unwrap_or_default().trim();
    if column.is_empty() || (*by_size && value.is_empty()) {
        return Err(wrong());
    }
    Ok(Filter {
        column: column.to_owned(),
        allowed,
        value: value.to_owned(),
        number: number(value),
        by_size: *by_size,
    })
}

/// Reads `COLUMN=VALUE` as a part of the persons, and as the condition for it.
pub(super) fn part(text: &str) -> Result<(Part, Filter), FilterError> {
    let filter = parse(text)?;
    if filter.by_size || filter.allowed != [Ordering::Equal] {
        return Err(FilterError { text: text.to_owned() });
    }
    Ok((Part { by: filter.column.clone(), part: filter.value.clone() }, filter))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

impl Filter {
    /// Whether a cell meets the condition. `=` and `!=` compare texts. The others compare
    /// numbers where the value is one, and a cell that is none does not meet them; else
    /// texts, which puts dates like 2026-12-01 in order. An empty cell meets none of those.
    pub(super) fn holds(&self, cell: &str) -> bool {
        let order = match (self.by_size, self.number) {
            (false, _) => Some(cell.cmp(&self.value)),
            (true, Some(value)) => number(cell).and_then(|cell| cell.partial_cmp(&value)),
            (true, None) => (!cell.is_empty()).then(|| cell.cmp(&self.value)),
        };
        order.is_some_and(|order| self.allowed.contains(&order))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{parse, part};

    proptest! {
        #[test]
        fn any_text_is_a_condition_or_refused_and_a_cell_is_on_one_side_of_a_number(
            text in any::<String>(),
            column in "[\\p{Han}a-z]{1,5}",
            value in -1000_i32..1000,
            cell in -1000_i32..1000,
        ) {
            let _ = parse(&text).map(|filter| filter.holds(&text));
            let holds = |sign: &str| {
                parse(&format!("{column}{sign}{value}")).unwrap().holds(&cell.to_string())
            };
            prop_assert_eq!(holds("<"), cell < value);
            prop_assert_eq!(holds(">="), cell >= value);
            prop_assert_eq!(holds("="), cell == value);
            prop_assert_ne!(holds("!="), holds("="));
        }
    }

    #[test]
    fn a_condition_compares_texts_and_numbers_and_days() {
        for (text, cell, holds) in [
            ("性别=女", "女", true),
            ("性别=女", "男", false),
            ("性别!=女", "男", true),
            ("年龄>=18", "18", true),
            ("年龄 >= 18", "9", false),
            ("年龄<18", "不详", false),
            ("年龄<18", "", false),
            ("收入<=1.5", "1.50", true),
            ("生日<2000-01-01", "1999-12-31", true),
            ("生日>2000-01-01", "", false),
            ("式子=a=b", "a=b", true),
            ("备注=", "", true),
        ] {
            assert_eq!(parse(text).unwrap().holds(cell), holds, "{text} of {cell}");
        }
    }

    #[test]
    fn what_is_no_condition_is_named() {
        for text in ["年龄", ">=18", "年龄>", ""] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
        assert!(part("区县!=1").is_err() && part("区县>1").is_err());
        assert_eq!(part("区县=140105").unwrap().0.part, "140105");
    }
}
