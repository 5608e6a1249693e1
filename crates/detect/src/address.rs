//! Postal addresses in Chinese text.
//!
//! An address goes down in steps (省 市 区 镇 路 号 室) of which several must be there.

use std::sync::LazyLock;

use crate::chars::{self, code, is_alnum};
use crate::scan::Piece;

/// Names of provinces, the first two characters.
const PROVINCES: [&str; 34] = [
    "北京", "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙", "江苏", "浙江", "安徽",
    "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西",
    "甘肃", "青海", "台湾", "内蒙", "广西", "西藏", "宁夏", "新疆", "香港", "澳门",
];

/// The same as numbers, in order.
static PROVINCE_KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut keys: Vec<u64> =
        PROVINCES.iter().filter_map(|name| name.as_bytes().first_chunk()).map(key).collect();
    keys.sort_unstable();
    keys
});

/// Two characters as a number.
fn key(chars: &[u8; 6]) -> u64 {
    chars.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Words behind which an address begins that names no province.
const BEFORE: [&str; 8] = ["地址", "住址", "为", "是", "住", "在", "于", "址"];

/// 单元, of which only the first character is a step.
const UNIT: u16 = 256;
/// Steps that a number must stand before.
const NUMBERED: u16 = 64 | 128 | UNIT | 512 | 1024;

/// Where an address lies in a piece that ends at `end`.
///
/// At least three steps of which one is a numbered house, or five that go down to
/// a village.
pub(crate) fn find(bytes: &[u8], piece: &Piece, end: usize) -> Option<(usize, usize)> {
    let mut steps = 0_u16;
    let mut last = 0;
    let mut start = None;
    for place in piece.places() {
        let at = usize::try_from(*place).ok()?;
        let code = code_at(bytes, at);
        let flags = chars::flags(code);
        if flags & chars::PROVINCE != 0 && start.is_none() && is_province(bytes, at) {
            start = Some(at);
            steps = 1;
        }
        if flags & chars::STEP == 0 {
            continue;
        }
        let step = chars::step(flags);
        let next = |word: &str| bytes.get(at + 3..at + 6) == Some(word.as_bytes());
        let no_step = step == 64 && next("码")
            || step == UNIT && !next("元")
            || step & NUMBERED != 0 && !is_numbered(bytes, piece.start, at);
        if !no_step {
            steps |= step;
            last = at + 3 + if step == UNIT { 3 } else { 0 };
        }
    }
    let fine = steps & !7 != 0;
    let house = steps & NUMBERED != 0 && steps & !NUMBERED != 0;
    // Without a house it is a place, unless it goes down to the village.
    let enough = if house { steps.count_ones() >= 3 } else { steps.count_ones() >= 5 };
    if !(fine && enough) || last > end {
        return None;
    }
    let start = start.unwrap_or_else(|| {
        let head = bytes.get(piece.start..last).unwrap_or_default();
        let word = BEFORE.iter().filter_map(|word| end_of(head, word.as_bytes())).max();
        piece.start + word.unwrap_or(0)
    });
    (last > start).then(|| (start, last + house_rest(bytes.get(last..end).unwrap_or_default())))
}

/// Whether a number stands right before a step.
fn is_numbered(bytes: &[u8], from: usize, at: usize) -> bool {
    let head = bytes.get(from..at).unwrap_or_default();
    match head {
        [.., byte] if byte.is_ascii_digit() => true,
        [.., digit, letter] if letter.is_ascii_uppercase() => digit.is_ascii_digit(),
        [.., first, second, third] => is_number_word(code(*first, *second, *third)),
        _ => false,
    }
}

fn code_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 3) {
        Some(&[first, second, third]) => code(first, second, third),
        _ => 0,
    }
}

/// Whether the name of a province begins at `at`.
fn is_province(piece: &[u8], at: usize) -> bool {
    let head = piece.get(at..).and_then(<[u8]>::first_chunk::<6>);
    head.is_some_and(|head| PROVINCE_KEYS.binary_search(&key(head)).is_ok())
}

/// Where the last occurrence of a word ends.
fn end_of(text: &[u8], word: &[u8]) -> Option<usize> {
    let place = text.windows(word.len()).rposition(|window| window == word)?;
    Some(place + word.len())
}

fn is_number_word(code: u32) -> bool {
    char::from_u32(code).is_some_and(|char| "一二三四五六七八九十甲乙丙丁东西南北".contains(char))
}

/// Bytes of the house behind its last step: `147号2-4-1804`, `12号院`.
fn house_rest(rest: &[u8]) -> usize {
    let length =
        rest.iter().take_while(|byte| is_alnum(**byte) || matches!(byte, b'-' | b'#')).count();
    let digits = rest.iter().take(length).filter(|byte| byte.is_ascii_digit()).count();
    let ends = rest.get(length).is_none_or(u8::is_ascii);
    if ends && length > 0 && length <= 10 && digits > 0 && digits < 8 {
        return length;
    }
    let yard = "院".as_bytes();
    if rest.starts_with(yard) { yard.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::kind::Kind;
    use crate::span::spans;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        spans(text)
            .iter()
            .map(|span| (span.kind, text.get(span.start..span.end).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn addresses_are_cut_out_of_their_sentence() {
        assert_eq!(
            found("申请事项为广西壮族自治区钦州市灵山县旧州镇建设路245号。"),
            [(Kind::Address, "广西壮族自治区钦州市灵山县旧州镇建设路245号")]
        );
        assert_eq!(
            found("家住河南省焦作市修武县西村乡幸福里小区147号2栋4单元1804室"),
            [(Kind::Address, "河南省焦作市修武县西村乡幸福里小区147号2栋4单元1804室")]
        );
        for text in ["太原市小店区学府街147号2-4-1804", "太原市小店区学府街12号院"]
        {
            assert_eq!(found(text), [(Kind::Address, text)]);
        }
        assert_eq!(found("住迎泽区解放路12号3单元"), [(Kind::Address, "迎泽区解放路12号3单元")]);
    }

    #[test]
    fn places_and_institutions_are_no_addresses() {
        for text in [
            "山东庄镇",
            "天津经济技术开发区东区泰达街道",
            "山西省太原市",
            "太原市小店区",
            "山西省人民政府办公厅",
            "面积139平方米",
            "编号81093244451",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
