//! Small lists of words and small forms by which the values of a column show
//! what they are, whatever its header says.

use crate::check::{is_day as day_exists, is_province};
use crate::kind::Attribute;

const SEX: &[&str] =
    &["男", "女", "男性", "女性", "未知", "未说明", "male", "female", "m", "f", "unknown"];
const EDUCATION: &[&str] = &[
    "小学",
    "初中",
    "高中",
    "中专",
    "中职",
    "职高",
    "技校",
    "大专",
    "专科",
    "本科",
    "大学",
    "大学本科",
    "研究生",
    "硕士",
    "博士",
    "硕士研究生",
    "博士研究生",
    "文盲",
    "文盲或半文盲",
    "学龄前",
    "其他",
    "bachelors",
    "masters",
    "doctorate",
    "hs-grad",
    "some-college",
    "high school",
];
const MARITAL: &[&str] = &[
    "未婚",
    "已婚",
    "离异",
    "离婚",
    "丧偶",
    "初婚",
    "再婚",
    "复婚",
    "未说明",
    "single",
    "married",
    "divorced",
    "widowed",
    "separated",
    "never-married",
];
/// Ethnic groups of GB/T 3304-1991, without 族.
const ETHNIC: &[&str] = &[
    "汉",
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
];

/// The attribute of a list of values with their counts, if nearly all of them are
/// words of one list and the list is used (at least two of its words).
pub(crate) fn attribute_of<'a>(values: impl Iterator<Item = (&'a str, u64)>) -> Option<Attribute> {
    let mut total = 0_u64;
    let mut known = [(Attribute::Sex, 0_u64, 0_u64); 4];
    let lists = [Attribute::Sex, Attribute::Education, Attribute::Marital, Attribute::Ethnicity];
    for (slot, attribute) in known.iter_mut().zip(lists) {
        slot.0 = attribute;
    }
    for (value, count) in values {
        total += count;
        let value = value.to_lowercase();
        for (attribute, cells, words) in &mut known {
            let has = match attribute {
                Attribute::Sex => SEX.contains(&value.as_str()),
                Attribute::Education => EDUCATION.contains(&value.as_str()),
                Attribute::Marital => MARITAL.contains(&value.as_str()),
                _ => value.strip_suffix('族').is_some_and(|name| ETHNIC.contains(&name)),
            };
            if has {
                *cells += count;
                *words += 1;
            }
        }
    }
    known
        .iter()
        .filter(|(_, cells, words)| *words >= 2 && cells * 10 >= total * 9)
        .max_by_key(|(_, cells, _)| *cells)
        .map(|(attribute, _, _)| *attribute)
}

/// Whether digits are a whole number from 0 to 130.
pub(crate) fn is_age(digits: &[u8]) -> bool {
    digits.iter().fold(0_u32, |age, digit| age * 10 + u32::from(digit - b'0')) <= 130
}

/// Whether a text is a day, with or without a time behind it.
pub(crate) fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |digits: &[u8]| {
        digits.iter().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte.wrapping_sub(b'0')))
    };
    let [y1, y2, y3, y4, rest @ ..] = bytes else { return false };
    let year = [*y1, *y2, *y3, *y4];
    let digits = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & byte.is_ascii_digit());
    let joined = match rest {
        [m1, m2, d1, d2] if digits(rest) => {
            return digits(&year)
                && day_exists(number(&year), number(&[*m1, *m2]), number(&[*d1, *d2]));
        }
        [b'-' | b'/' | b'.', ..] => true,
        [0xe5, ..] => rest.starts_with("年".as_bytes()),
        _ => false,
    };
    if !joined || !digits(&year) {
        return false;
    }
    // 05-18 behind the mark, as most have it.
    if let [_, m1, m2, mark, d1, d2, behind @ ..] = rest
        && digits(&[*m1, *m2, *d1, *d2])
        && !mark.is_ascii_digit()
        && !behind.first().is_some_and(u8::is_ascii_digit)
    {
        return day_exists(number(&year), number(&[*m1, *m2]), number(&[*d1, *d2]));
    }
    let mut parts = rest.split(|byte| !byte.is_ascii_digit()).filter(|part| !part.is_empty());
    let (Some(month), Some(day)) = (parts.next(), parts.next()) else { return false };
    (1..=2).contains(&month.len())
        && (1..=2).contains(&day.len())
        && day_exists(number(&year), number(month), number(day))
}

/// Whether digits start like a code of GB/T 2260: province, then city 01 to 70 or
/// 90, then county.
pub(crate) fn is_division(bytes: &[u8]) -> bool {
    let [p1, p2, c1, _, ..] = bytes else { return false };
    is_province(*p1, *p2) && matches!(c1, b'0'..=b'7' | b'9')
}

/// 1 for a degree of longitude or latitude, 2 for a pair, 0 for neither; at least
/// three decimals, without which it is no place.
pub(crate) fn degrees(text: &str) -> usize {
    let mut bytes = text.as_bytes();
    if let [b'(' | b'[', inner @ .., b')' | b']'] = bytes {
        bytes = inner;
    }
    let Some(rest) = after_degree(bytes) else { return 0 };
    if rest.is_empty() {
        return 1;
    }
    let marks: [&[u8]; 6] = [b", ", b",", b" ", b"; ", b";", "，".as_bytes()];
    let second = marks.iter().find_map(|mark| rest.strip_prefix(*mark));
    if second.and_then(after_degree).is_some_and(<[u8]>::is_empty) { 2 } else { 0 }
}

/// What is behind a degree: a sign, up to 180, at least three decimals.
fn after_degree(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = match text {
        [_, b'.', _, _, _, ..] => 1,
        [_, _, b'.', _, _, _, ..] => 2,
        [_, _, _, b'.', _, _, _, ..] => 3,
        _ => return None,
    };
    let head = text.get(..whole)?;
    if !head.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let degree = head.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
    let behind = text.get(whole + 1..)?;
    let first = behind.first_chunk::<3>()?;
    if degree > 180 || !first.iter().fold(true, |all, byte| all & byte.is_ascii_digit()) {
        return None;
    }
    let decimals = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(whole + 1 + decimals..)
}

/// Two to four capitalized words of Latin letters.
pub(crate) fn is_latin_name(text: &str) -> bool {
    let mut words = 0;
    for word in text.split(' ') {
        let mut chars = word.chars();
        let capital = chars.next().is_some_and(|first| first.is_ascii_uppercase());
        let rest = chars.all(|char| char.is_ascii_lowercase() || matches!(char, '\'' | '-' | '.'));
        if !(capital && rest) {
            return false;
        }
        words += 1;
    }
    (2..=4).contains(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_and_versions_are_not() {
        for text in ["2025-05-18", "2025/5/8", "20250518", "2025年5月18日", "2025-05-18T01:02:03"]
        {
            assert!(is_day(text), "{text}");
        }
        for text in ["10.16.2", "2025-13-01", "32140.25", "2025", "1234567", "20251341"] {
            assert!(!is_day(text), "{text}");
        }
    }

    #[test]
    fn degrees_need_decimals() {
        assert_eq!(degrees("112.5489"), 1);
        assert_eq!(degrees("112.5489,37.8706"), 2);
        assert_eq!(degrees("112.5"), 0);
        assert_eq!(degrees("212.5489"), 0);
    }

    #[test]
    fn lists_of_words_are_known() {
        let sex = [("男", 5), ("女", 4)];
        assert_eq!(attribute_of(sex.into_iter()), Some(Attribute::Sex));
        let ethnic = [("汉族", 50), ("回族", 4)];
        assert_eq!(attribute_of(ethnic.into_iter()), Some(Attribute::Ethnicity));
        assert_eq!(attribute_of([("铁", 1), ("铜", 2)].into_iter()), None);
    }
}
