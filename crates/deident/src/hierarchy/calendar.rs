//! Reads the day out of the forms in which dates are written in tables.
//!
//! `2020-01-31`, `2020/1/31`, `20200131`, `2020年1月31日`, each with or without a
//! time of day behind it. It knows which days exist; time zones it does not.

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// The day that a text starts with; `None` if it is no date.
pub(crate) fn day(text: &str) -> Option<Day> {
    let text = text.trim();
    let mut numbers = [0_u32; 3];
    let mut rest = text;
    if text.len() >= 8 && text.bytes().take(8).all(|byte| byte.is_ascii_digit()) {
        let (head, tail) = text.split_at_checked(8)?;
        if tail.starts_with(|next: char| next.is_ascii_digit()) {
            return None;
        }
        let all: u32 = head.parse().ok()?;
        numbers = [all / 10_000, all / 100 % 100, all % 100];
    } else {
        for (place, number) in numbers.iter_mut().enumerate() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let fits = if place == 0 { digits == 4 } else { (1..=2).contains(&digits) };
            if !fits {
                return None;
            }
            let (head, tail) = rest.split_at_checked(digits)?;
            *number = head.parse().ok()?;
            rest = tail;
            if place < 2 {
                let mut chars = rest.chars();
                let mark = chars.next()?;
                if !matches!((place, mark), (_, '-' | '/' | '.') | (0, '年') | (1, '月')) {
                    return None;
                }
                rest = chars.as_str();
            }
        }
        if rest.starts_with(|next: char| next.is_ascii_digit()) {
            return None;
        }
    }
    let [year, month, day] = numbers;
    let exists =
        year > 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    exists.then_some(Day { year, month, day })
}

fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_every_common_form() {
        let expected = Some(Day { year: 2020, month: 2, day: 29 });
        for text in [
            "2020-02-29",
            "2020/2/29",
            "2020.02.29",
            "20200229",
            "2020年2月29日",
            "2020-02-29T10:00:00",
            "2020-02-29 10:00",
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_not_a_date() {
        for text in ["", "2021-02-29", "2020-13-01", "202002290", "abc", "1.2.3", "2020", "2020-1"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
