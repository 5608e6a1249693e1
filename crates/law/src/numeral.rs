//! Numbers of articles in Chinese numerals (第二百零一条), 1 to 9,999.

/// Writes a number as citations do: 10 is 十, 201 is 二百零一.
pub(crate) fn write(number: u16) -> String {
    const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digit = |value: u16| DIGITS.get(usize::from(value)).copied().unwrap_or('零');
    let mut text = String::new();
    let mut gap = false;
    for (unit, name) in [(1000, Some('千')), (100, Some('百')), (10, Some('十')), (1, None)] {
        let value = number / unit % 10;
        if value == 0 {
            gap = !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
            gap = false;
        }
        // 十 alone for ten to nineteen: 十二, but 一百一十二.
        if !(unit == 10 && value == 1 && text.is_empty()) {
            text.push(digit(value));
        }
        text.extend(name);
    }
    text
}

/// Reads what [`write`] writes, and Arabic digits; `None` for anything else.
pub(crate) fn read(text: &str) -> Option<u16> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let mut total: u16 = 0;
    let mut digit: Option<u16> = None;
    for c in text.chars() {
        let unit = match c {
            '千' => 1000,
            '百' => 100,
            '十' => 10,
            _ => {
                let value = "零一二三四五六七八九".chars().position(|d| d == c)?;
                digit = Some(u16::try_from(value).ok()?);
                continue;
            }
        };
        total = total.checked_add(digit.take().unwrap_or(1).checked_mul(unit)?)?;
    }
    let number = total.checked_add(digit.unwrap_or(0))?;
    // One number has one spelling, so 十百 and 一二 are no numbers.
    (number > 0 && write(number) == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn every_number_is_read_back() {
        for number in 1..10_000 {
            assert_eq!(read(&write(number)), Some(number), "{}", write(number));
        }
    }

    #[test]
    fn known_numbers_are_written_as_the_laws_do() {
        for (number, text) in [
            (1, "一"),
            (10, "十"),
            (12, "十二"),
            (20, "二十"),
            (38, "三十八"),
            (100, "一百"),
            (101, "一百零一"),
            (112, "一百一十二"),
            (203, "二百零三"),
            (1_260, "一千二百六十"),
        ] {
            assert_eq!(write(number), text);
        }
    }

    #[test]
    fn other_spellings_are_no_numbers() {
        for text in ["", "零", "一二", "十百", "百", "卅", "38a", "九九九九九"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
