//! Identifiers under a harmless header and in disguise, and what looks like them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use detect::{CellSpan, ColumnFinding, Detector, Disguise, Kind, Role, SpanLog, What, spans};
use proptest::prelude::*;

use crate::shared::{Numbers, column, findings, table};

/// Prefixes of mobile numbers that are in use.
const PREFIXES: [&str; 20] = [
    "130", "133", "135", "138", "139", "147", "150", "152", "155", "158", "166", "173", "176",
    "177", "180", "186", "188", "189", "191", "198",
];

fn mobile(numbers: &mut Numbers) -> String {
    let prefix = PREFIXES[usize::try_from(numbers.below(20)).unwrap()];
    let rest: String = (0..8).map(|_| numbers.below(10).to_string()).collect();
    format!("{prefix}{rest}")
}

fn bank_card(numbers: &mut Numbers) -> String {
    loop {
        let card = format!("621700{}", numbers.digits(13));
        let sum: u32 = (0..)
            .zip(card.bytes().rev())
            .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
                (0, digit) => digit,
                (_, digit) => digit * 2 / 10 + digit * 2 % 10,
            })
            .sum();
        if sum.is_multiple_of(10) {
            return card;
        }
    }
}

fn every(text: &str, step: usize, mark: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let groups: Vec<String> = chars.chunks(step).map(|group| group.iter().collect()).collect();
    groups.join(mark)
}

fn digits_from(text: &str, zero: u32) -> String {
    let swap = |char: char| match char.to_digit(10) {
        Some(digit) => char::from_u32(zero + digit).unwrap(),
        None => char,
    };
    text.chars().map(swap).collect()
}

fn digits_of(text: &str, list: &str) -> String {
    let list: Vec<char> = list.chars().collect();
    text.chars().map(|char| char.to_digit(10).map_or(char, |digit| list[digit as usize])).collect()
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(3) {
        let bits =
            (0..3).fold(0, |bits, place| bits << 8 | u32::from(*group.get(place).unwrap_or(&0)));
        for place in 0..4 {
            let sextet = bits >> (18 - 6 * place) & 63;
            let char = char::from(ALPHABET[sextet as usize]);
            encoded.push(if place as usize <= group.len() { char } else { '=' });
        }
    }
    encoded
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Base32 of RFC 4648 section 6, padded.
fn base32(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks(5) {
        let bits =
            (0..5).fold(0_u64, |bits, at| bits << 8 | u64::from(*group.get(at).unwrap_or(&0)));
        let filled = (group.len() * 8).div_ceil(5);
        for place in 0..8 {
            let quintet = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap();
            encoded.push(if place < filled { char::from(ALPHABET[quintet]) } else { '=' });
        }
    }
    encoded
}

/// A disguise, and how a value is written in it.
type Costume = (Disguise, fn(&str) -> String);

const COSTUMES: [Costume; 34] = [
    (Disguise::ZeroWidth, |text| every(text, 3, "\u{200b}")),
    (Disguise::ZeroWidth, |text| every(text, 1, "\u{feff}")),
    (Disguise::ZeroWidth, |text| every(text, 4, "\u{ad}")),
    (Disguise::ZeroWidth, |text| every(text, 2, "\u{2060}\u{200f}")),
    (Disguise::Separators, |text| every(text, 1, " ")),
    (Disguise::Separators, |text| every(text, 3, "\u{3000}")),
    (Disguise::Separators, |text| every(text, 4, "\u{a0}")),
    (Disguise::Separators, |text| every(text, 4, ".")),
    (Disguise::Separators, |text| every(text, 4, "·")),
    (Disguise::Separators, |text| every(text, 5, "/")),
    (Disguise::Separators, |text| every(text, 2, "_")),
    (Disguise::Separators, |text| every(text, 4, "—")),
    (Disguise::Separators, |text| every(text, 4, "–")),
    (Disguise::Separators, |text| every(text, 3, " - ")),
    (Disguise::FullWidth, |text| digits_from(text, 0xff10)),
    (Disguise::OtherDigits, |text| digits_from(text, 0x660)),
    (Disguise::OtherDigits, |text| digits_from(text, 0x966)),
    (Disguise::OtherDigits, |text| digits_from(text, 0x1d7ce)),
    (Disguise::OtherDigits, |text| digits_of(text, "⓪①②③④⑤⑥⑦⑧⑨")),
    (Disguise::Numerals, |text| digits_of(text, "〇一二三四五六七八九")),
    (Disguise::Numerals, |text| digits_of(text, "零壹贰叁肆伍陆柒捌玖")),
    (Disguise::Numerals, |text| every(&digits_of(text, "零一二三四五六七八九"), 4, "-")),
    (Disguise::Base64, base64),
    (Disguise::Base64, |text| base64(text).trim_end_matches('=').to_owned()),
    (Disguise::Base64, |text| base64(&base64(text))),
    (Disguise::Hex, hex),
    (Disguise::Hex, |text| hex(text).to_uppercase()),
    (Disguise::Reversed, |text| text.chars().rev().collect()),
    (Disguise::Base32, base32),
    (Disguise::Base32, |text| base32(text).trim_end_matches('=').to_lowercase()),
    (Disguise::Letters, |text| text.replace('0', "O")),
    (Disguise::Letters, |text| text.replace('0', "o").replace('1', "l")),
    (Disguise::Letters, |text| text.replace('0', "O").replace('1', "I")),
    (Disguise::Letters, |text| every(&text.replace('0', "O").replace('1', "l"), 4, "-")),
];

fn assert_caught(found: &ColumnFinding, kind: Kind, disguise: Disguise) {
    assert_eq!((found.kind, found.role), (Some(kind), Role::Direct), "{disguise:?} {found:?}");
    assert!(found.disguises.contains(&disguise), "{disguise:?} {found:?}");
    assert!(found.reason.zh.contains(&disguise.label().zh), "{found:?}");
    assert!(found.reason.en.contains(&disguise.label().en), "{found:?}");
    assert!(found.hit_rate >= 0.9, "{found:?}");
    for example in &found.examples {
        assert!(example.contains('*'), "{found:?}");
    }
}

#[test]
fn a_citizen_id_in_any_disguise_is_caught_under_any_header() {
    let mut numbers = Numbers(61);
    for (disguise, wear) in COSTUMES {
        for header in ["note", "流水号", "code"] {
            let found = column(header, (0..60).map(|_| wear(&numbers.citizen_id())));
            assert_caught(&found, Kind::CitizenId, disguise);
        }
    }
}

#[test]
fn a_mobile_number_in_any_disguise_is_caught_under_any_header() {
    let mut numbers = Numbers(62);
    for (disguise, wear) in COSTUMES {
        for header in ["note", "流水号", "code"] {
            let found = column(header, (0..120).map(|_| wear(&mobile(&mut numbers))));
            assert_caught(&found, Kind::Mobile, disguise);
        }
    }
}

#[test]
fn a_bank_card_in_any_disguise_is_caught() {
    let mut numbers = Numbers(63);
    for (disguise, wear) in COSTUMES {
        let found = column("note", (0..60).map(|_| wear(&bank_card(&mut numbers))));
        assert_caught(&found, Kind::BankCard, disguise);
    }
}

#[test]
fn a_number_in_hexadecimal_is_caught() {
    let mut numbers = Numbers(64);
    let hexadecimal = |text: String| text.parse::<u64>().ok().map(|number| format!("{number:x}"));
    let ids: Vec<String> = (0..90).filter_map(|_| hexadecimal(numbers.citizen_id())).collect();
    assert_caught(&column("code", ids), Kind::CitizenId, Disguise::HexNumber);
    let phones: Vec<String> = (0..200).filter_map(|_| hexadecimal(mobile(&mut numbers))).collect();
    assert_caught(&column("code", phones), Kind::Mobile, Disguise::HexNumber);
}

#[test]
fn names_and_mail_in_base64_are_caught() {
    let mut numbers = Numbers(65);
    let names = ["王伟", "李秀英", "张建国", "刘志强", "陈丽华", "杨晓东", "赵雨桐", "黄佳怡"];
    let found = column("code", names.map(base64));
    assert_caught(&found, Kind::PersonName, Disguise::Base64);
    let found = column("note", (0..40).map(|_| base64(&format!("u{}@qq.com", numbers.digits(6)))));
    assert_caught(&found, Kind::Email, Disguise::Base64);
    let found = column("备注", names.map(|name| every(name, 1, "\u{200b}")));
    assert_caught(&found, Kind::PersonName, Disguise::ZeroWidth);
}

#[test]
fn mobile_numbers_are_caught_under_a_header_that_speaks_against_them() {
    let mut numbers = Numbers(66);
    for header in ["流水号", "编号", "order_no", "总数", "f1"] {
        let found = column(header, (0..80).map(|_| mobile(&mut numbers)));
        assert_eq!((found.kind, found.role), (Some(Kind::Mobile), Role::Direct), "{found:?}");
        assert!(found.reason.zh.contains("号段"), "{found:?}");
        let phones: Vec<i64> = (0..80).map(|_| mobile(&mut numbers).parse().unwrap()).collect();
        let array: ArrayRef = Arc::new(Int64Array::from(phones));
        let found = findings(&RecordBatch::try_from_iter([(header, array)]).unwrap()).remove(0);
        assert_eq!((found.kind, found.role), (Some(Kind::Mobile), Role::Direct), "{found:?}");
    }
    // Made up within 13 to 19, without the plan of the prefixes.
    let found = column(
        "流水号",
        (0..80).map(|_| format!("1{}{}", 3 + numbers.below(7), numbers.digits(9))),
    );
    assert_eq!((found.kind, found.role), (Some(Kind::Mobile), Role::Direct), "{found:?}");
}

#[test]
fn serial_numbers_are_no_mobile_numbers() {
    let serials: [fn(u64) -> String; 6] = [
        |n| (13_800_000_001 + n).to_string(),
        |n| (13_800_000_001 + n * 7).to_string(),
        |n| (18_899_990_000 + n * 3 % 1000).to_string(),
        |n| every(&(13_800_000_001 + n).to_string(), 4, "/"),
        |n| base64(&(13_800_000_001 + n).to_string()),
        |n| hex(&(15_000_000_001 + n).to_string()),
    ];
    for serial in serials {
        for header in ["流水号", "f1", "note", "code"] {
            let found = column(header, (0..1000).map(serial));
            assert_eq!((found.kind, found.role), (None, Role::None), "{found:?}");
            assert_eq!(found.hidden_hits, 0, "{found:?}");
        }
    }
    let found = column("手机号", (0..50).map(|n| (13_800_000_001_u64 + n).to_string()));
    assert_eq!(found.kind, Some(Kind::Mobile), "{found:?}");
}

/// A header, and how a value under it is made.
type LookAlike = (&'static str, fn(&mut Numbers) -> String);

/// Things that are no personal data, whatever is taken off.
fn look_alikes() -> Vec<LookAlike> {
    fn day(n: &mut Numbers) -> (u64, u64, u64) {
        (2000 + n.below(26), 1 + n.below(12), 1 + n.below(28))
    }
    vec![
        ("订单号", |n| n.digits(18)),
        ("订单号", |n| n.digits(16)),
        ("流水号", |n| n.digits(11)),
        ("流水号", |n| format!("1{}", n.digits(10))),
        ("流水号", |n| format!("17{}", n.digits(9))),
        ("code", |n| every(&n.digits(18), 6, "-")),
        ("code", |n| every(&n.digits(16), 4, " ")),
        ("code", |n| base64(&n.digits(18))),
        ("code", |n| base64(&n.digits(9))),
        ("code", |n| hex(&n.digits(12))),
        ("code", |n| format!("{:016x}", n.below(u64::MAX))),
        ("code", |n| format!("{:09x}", 0x3_0000_0000 + n.below(0x1_7000_0000))),
        ("单号", |n| {
            let (y, m, d) = day(n);
            format!("150{y:04}{m:02}{d:02}")
        }),
        ("单号", |n| {
            let (y, m, d) = day(n);
            format!("{y:04}/{m:02}/{d:02}/{:04}", n.below(10_000))
        }),
        ("时间", |n| {
            let (y, m, d) = day(n);
            format!(
                "{y}-{m:02}-{d:02} {:02}:{:02}:{:02}.{:03}",
                n.below(24),
                n.below(60),
                n.below(60),
                n.below(1000)
            )
        }),
        ("version", |n| {
            format!("{}.{}.{}-rc.{}", n.below(20), n.below(30), n.below(400), n.below(9))
        }),
        ("version", |n| {
            format!("1.{}.{}.{}", n.below(20), n.below(1000), 10_000 + n.below(80_000))
        }),
        ("金额", |n| format!("{}.{:02}", 130_000_000 + n.below(69_999_999), n.below(100))),
        ("金额", |n| {
            format!(
                "1{},{:03},{:03}.{:02}",
                3 + n.below(6),
                n.below(1000),
                n.below(1000),
                n.below(100)
            )
        }),
        ("产值", |n| (13_000_000_000 + n.below(6_999) * 1_000_000).to_string()),
        ("机构代码", |n| {
            format!("1401{:02}-{:03}-{:04}", n.below(20), n.below(1000), n.below(10_000))
        }),
        ("hash", |n| format!("{:016x}{:016x}", n.below(u64::MAX), n.below(u64::MAX))),
        ("ref", |n| base64(&format!("{:08x}{:08x}", n.below(u64::MAX), n.below(u64::MAX)))),
        ("年份", |n| {
            digits_of(&format!("{}", 1990 + n.below(40)), "〇一二三四五六七八九") + "年"
        }),
        ("文号", |n| format!("晋政发〔20{:02}〕{}号", n.below(26), n.below(90))),
        ("要点", |n| format!("①第{}次②第{}次③合格", n.below(99), n.below(99))),
        ("范围", |n| format!("{}—{}", 1900 + n.below(100), 2000 + n.below(100))),
        // The number of a matter: division, day, counter.
        ("办件编号", |n| {
            let (y, m, d) = day(n);
            format!("1401{:02}{y:04}{m:02}{d:02}{:04}", n.below(20), n.below(10_000))
        }),
        ("code", |n| {
            let (y, m, d) = day(n);
            format!("1401{:02}-{y:04}{m:02}{d:02}-{:04}", n.below(20), n.below(10_000))
        }),
        ("code", |n| {
            let (y, m, d) = day(n);
            format!("1401{:02}/{y:04}/{m:02}/{d:02}/{:04}", n.below(20), n.below(10_000))
        }),
        ("code", |n| base32(&n.digits(18))),
        ("code", |n| base32(&n.digits(9)).to_lowercase()),
        ("code", |n| base32(&format!("{:016x}", n.below(u64::MAX)))),
        ("单号", |n| format!("SO{}", n.digits(16))),
        ("单号", |n| format!("IO{}OL{}", n.digits(7), n.digits(7))),
        ("单号", |n| n.digits(18).replace('0', "O").replace('1', "l")),
        ("单号", |n| n.digits(16).replace('0', "O")),
        ("型号", |n| format!("B{}O{}I", n.digits(4), n.digits(5))),
        ("isbn", |n| format!("978-7-{}-{}-{}", n.digits(3), n.digits(5), n.below(10))),
    ]
}

#[test]
fn what_looks_like_an_identifier_in_disguise_is_left_alone() {
    let mut numbers = Numbers(67);
    for (place, (header, make)) in look_alikes().into_iter().enumerate() {
        for rows in [40, 3000] {
            let found = column(header, (0..rows).map(|_| make(&mut numbers)));
            let said = (found.kind, found.role, found.hidden_hits);
            assert_eq!(said, (None, Role::None, 0), "{place} {rows} {found:?}");
            assert_eq!(found.disguises, [], "{place} {rows} {found:?}");
        }
    }
}

/// A table whose last columns are cut from the values; the first and the last are
/// others.
fn cut(values: &[String], cuts: &[usize]) -> RecordBatch {
    let mut columns = vec![("类别", vec!["甲".to_owned(); values.len()])];
    let names = ["code1", "code2", "code3", "code4"];
    let bounds = cuts.iter().copied().zip(cuts.iter().copied().skip(1));
    for ((from, to), name) in bounds.zip(names) {
        columns.push((name, values.iter().map(|value| value[from..to].to_owned()).collect()));
    }
    columns.push(("结果", vec!["合格".to_owned(); values.len()]));
    table(&columns)
}

#[test]
fn identifiers_split_over_columns_are_caught() {
    let mut numbers = Numbers(68);
    let ids: Vec<String> = (0..100).map(|_| numbers.citizen_id()).collect();
    let phones: Vec<String> = (0..150).map(|_| mobile(&mut numbers)).collect();
    let cards: Vec<String> = (0..100).map(|_| bank_card(&mut numbers)[..].to_owned()).collect();
    let cases: [(&[String], &[usize], Kind); 9] = [
        (&ids, &[0, 6, 18], Kind::CitizenId),
        (&ids, &[0, 10, 18], Kind::CitizenId),
        (&ids, &[0, 17, 18], Kind::CitizenId),
        (&ids, &[0, 6, 14, 18], Kind::CitizenId),
        (&ids, &[0, 6, 10, 14, 18], Kind::CitizenId),
        (&phones, &[0, 3, 11], Kind::Mobile),
        (&phones, &[0, 7, 11], Kind::Mobile),
        (&phones, &[0, 3, 7, 11], Kind::Mobile),
        (&cards, &[0, 6, 19], Kind::BankCard),
    ];
    for (values, cuts, kind) in cases {
        let found = findings(&cut(values, cuts));
        let (parts, others): (Vec<_>, Vec<_>) =
            found.iter().partition(|found| found.name.starts_with("code"));
        for found in parts {
            assert_caught(found, kind, Disguise::Split);
        }
        for found in others {
            assert_eq!((found.kind, found.role), (None, Role::None), "{found:?}");
        }
    }
}

/// A table of parts of the values under these headers, in this order; `""` is a column
/// of something else.
fn scattered(values: &[String], parts: &[(&str, std::ops::Range<usize>)]) -> RecordBatch {
    let columns: Vec<(&str, Vec<String>)> = parts
        .iter()
        .map(|(name, range)| {
            let cell = |value: &String| value[range.clone()].to_owned();
            let other = |(row, _): (usize, &String)| format!("第{}类", row % 7);
            match range.is_empty() {
                false => (*name, values.iter().map(cell).collect()),
                true => (*name, values.iter().enumerate().map(other).collect()),
            }
        })
        .collect();
    table(&columns)
}

#[test]
fn identifiers_split_over_columns_apart_or_in_another_order_are_caught() {
    let mut numbers = Numbers(73);
    let ids: Vec<String> = (0..100).map(|_| numbers.citizen_id()).collect();
    let phones: Vec<String> = (0..150).map(|_| mobile(&mut numbers)).collect();
    let cards: Vec<String> = (0..100).map(|_| bank_card(&mut numbers)).collect();
    type Case<'a> = (&'a [String], &'a [(&'a str, std::ops::Range<usize>)], Kind);
    let cases: [Case<'_>; 7] = [
        (&ids, &[("code2", 6..18), ("code1", 0..6)], Kind::CitizenId),
        (&ids, &[("code1", 0..6), ("类", 0..0), ("code2", 6..18)], Kind::CitizenId),
        (
            &ids,
            &[("code3", 14..18), ("类", 0..0), ("code1", 0..6), ("code2", 6..14)],
            Kind::CitizenId,
        ),
        (&phones, &[("code2", 3..11), ("code1", 0..3)], Kind::Mobile),
        (&phones, &[("code1", 0..7), ("类", 0..0), ("code2", 7..11)], Kind::Mobile),
        (
            &phones,
            &[("code2", 3..7), ("类", 0..0), ("code3", 7..11), ("别", 0..0), ("code1", 0..3)],
            Kind::Mobile,
        ),
        (&cards, &[("code2", 6..19), ("类", 0..0), ("code1", 0..6)], Kind::BankCard),
    ];
    for (values, parts, kind) in cases {
        let found = findings(&scattered(values, parts));
        let (parts, others): (Vec<_>, Vec<_>) =
            found.iter().partition(|found| found.name.starts_with("code"));
        for found in parts {
            assert_caught(found, kind, Disguise::Scattered);
            assert!(found.reason.zh.contains("依次为code1、code2"), "{found:?}");
        }
        for found in others {
            assert_eq!((found.kind, found.role), (None, Role::None), "{found:?}");
        }
    }
}

#[test]
fn scattered_parts_that_lost_their_zeros_are_put_together() {
    let mut numbers = Numbers(74);
    let phones: Vec<String> = (0..200).map(|_| mobile(&mut numbers)).collect();
    let part = |from: usize, to: usize| -> ArrayRef {
        let values = phones.iter().map(|phone| phone[from..to].parse::<i64>().unwrap());
        Arc::new(Int64Array::from_iter_values(values))
    };
    let batch = RecordBatch::try_from_iter([("b", part(3, 11)), ("a", part(0, 3))]).unwrap();
    for found in findings(&batch) {
        assert_caught(&found, Kind::Mobile, Disguise::Scattered);
    }
}

#[test]
fn columns_of_numbers_apart_are_not_put_together() {
    let mut numbers = Numbers(75);
    let mut n = |bound: u64| numbers.below(bound);
    let rows = 0..2000;
    // Prefixes of mobile numbers in use, and how many users each has.
    let columns: Vec<(&str, Vec<String>)> = vec![
        ("用户数", rows.clone().map(|_| (1 + n(10_000) * n(10_000)).to_string()).collect()),
        ("市", rows.clone().map(|row| format!("第{}市", row % 11)).collect()),
        (
            "号段",
            rows.clone().map(|_| PREFIXES[usize::try_from(n(20)).unwrap()].to_owned()).collect(),
        ),
        ("日期", rows.clone().map(|_| format!("2025{:02}{:02}", 1 + n(12), 1 + n(28))).collect()),
        ("年度", rows.clone().map(|_| format!("{}", 2000 + n(26))).collect()),
        ("区划", rows.clone().map(|_| format!("1401{:02}", 1 + n(20))).collect()),
        ("序号", rows.clone().map(|row: u64| format!("{row:04}")).collect()),
        ("金额", rows.map(|_| n(100_000).to_string()).collect()),
    ];
    for found in findings(&table(&columns)) {
        let said = (found.kind, found.hidden_hits, found.disguises.len());
        assert_eq!(said, (None, 0, 0), "{found:?}");
    }
}

#[test]
fn a_citizen_id_in_disguise_in_a_few_cells_is_found() {
    let mut numbers = Numbers(76);
    let wears: [Costume; 6] = [
        (Disguise::Separators, |id| every(id, 2, "-")),
        (Disguise::Separators, |id| every(id, 5, " ~ ")),
        (Disguise::Separators, |id| every(id, 1, "/")),
        (Disguise::Base32, base32),
        (Disguise::Letters, |id| id.replace('0', "O")),
        (Disguise::Letters, |id| id.replace('0', "o").replace('1', "l")),
    ];
    for (disguise, wear) in wears {
        let mut notes: Vec<String> = (0..5000).map(|n| format!("第{n}次检查合格")).collect();
        let id = numbers.citizen_id();
        notes.push(wear(&id));
        let batch = table(&[("备注", notes)]);
        let mut detector = Detector::new(&batch.schema());
        let mut log = SpanLog::new();
        detector.update_with(&batch, &mut log);
        let found = detector.finish();
        assert_eq!((found[0].role, found[0].hidden_hits), (Role::Direct, 1), "{found:?}");
        assert_eq!(found[0].disguises, [disguise], "{found:?}");
        let end = u32::try_from(wear(&id).chars().count()).unwrap();
        let what = What::Kind(Kind::CitizenId);
        let span = CellSpan { row: 5000, column: 0, start: 0, end, what };
        assert_eq!(log.settle(&found), [span], "{disguise:?}");
    }
}

#[test]
fn parts_that_lost_their_zeros_as_integers_are_put_together() {
    let mut numbers = Numbers(69);
    let phones: Vec<String> = (0..200).map(|_| mobile(&mut numbers)).collect();
    let part = |from: usize, to: usize| -> ArrayRef {
        let values = phones.iter().map(|phone| phone[from..to].parse::<i64>().unwrap());
        Arc::new(Int64Array::from_iter_values(values))
    };
    let batch = RecordBatch::try_from_iter([("a", part(0, 3)), ("b", part(3, 11))]).unwrap();
    for found in findings(&batch) {
        assert_caught(&found, Kind::Mobile, Disguise::Split);
    }
}

#[test]
fn columns_of_numbers_side_by_side_are_not_put_together() {
    let mut numbers = Numbers(70);
    let mut n = |bound: u64| numbers.below(bound);
    let rows = 0..2000;
    let columns: Vec<(&str, Vec<String>)> = vec![
        ("区划", rows.clone().map(|_| format!("1401{:02}", 1 + n(20))).collect()),
        (
            "日期",
            rows.clone()
                .map(|_| format!("20{:02}{:02}{:02}", n(26), 1 + n(12), 1 + n(28)))
                .collect(),
        ),
        ("序", rows.clone().map(|_| format!("{:04}", n(10_000))).collect()),
        ("类", rows.clone().map(|_| format!("{}", 130 + n(70))).collect()),
        ("量", rows.clone().map(|_| format!("{:08}", n(100_000_000))).collect()),
        ("期", rows.clone().map(|_| "150".to_owned()).collect()),
        (
            "日",
            rows.clone()
                .map(|_| format!("20{:02}{:02}{:02}", n(26), 1 + n(12), 1 + n(28)))
                .collect(),
        ),
        ("行", rows.clone().map(|row: u64| row.to_string()).collect()),
        ("卡种", rows.clone().map(|_| "622202".to_owned()).collect()),
        ("值", rows.map(|_| format!("{:010}", n(10_000_000_000))).collect()),
    ];
    for found in findings(&table(&columns)) {
        assert_eq!((found.kind, found.role), (None, Role::None), "{found:?}");
    }
}

#[test]
fn one_encoded_id_in_many_rows_is_found() {
    let mut numbers = Numbers(71);
    for wear in [base64, hex] {
        let mut notes: Vec<String> = (0..5000).map(|n| format!("第{n}次检查合格")).collect();
        notes.push(format!("附件 {} 已存", wear(&numbers.citizen_id())));
        let found = column("备注", notes);
        assert_eq!((found.role, found.hidden_hits), (Role::Direct, 1), "{found:?}");
        assert_eq!(found.disguises.len(), 1, "{found:?}");
    }
}

#[test]
fn the_order_of_the_rows_hides_nothing() {
    let mut numbers = Numbers(72);
    // Harmless rows before, and again as many in disguise.
    let mut values: Vec<String> = (0..2000).map(|n| format!("第{n}批")).collect();
    values.extend((0..2000).map(|_| every(&numbers.citizen_id(), 5, "~")));
    let found = column("note", values);
    assert_eq!((found.kind, found.role), (Some(Kind::CitizenId), Role::Direct), "{found:?}");
}

proptest! {
    #[test]
    fn a_citizen_id_broken_up_by_what_takes_no_room_is_found_in_a_text(
        seed in 0_u64..1000,
        marks in proptest::collection::vec("[\u{200b}-\u{200f}\u{2060}\u{feff}\u{ad}]{0,2}", 17),
        head in "[一-龥，。：“”]{0,8}", tail in "[，。；”]{0,3}",
    ) {
        let id = Numbers(seed).citizen_id();
        let mut hidden = String::new();
        for (place, char) in id.chars().enumerate() {
            hidden.push(char);
            hidden.push_str(marks.get(place).map_or("", String::as_str));
        }
        let text = format!("{head}{hidden}{tail}");
        let found = spans(&text);
        prop_assert!(
            found.iter().any(|span| span.kind == Kind::CitizenId
                && (span.start, span.end) == (head.len(), head.len() + hidden.len())),
            "{text:?} {found:?}"
        );
    }

    #[test]
    fn spans_of_disguised_texts_are_in_order_apart_and_on_characters(
        text in "[0-9０-９①-⑨〇一二三壹叁\u{200b}\u{ad}\u{feff}·—/_. 　٠-٩王伟Xx@=MTN]{0,60}",
    ) {
        let mut last = 0;
        for span in spans(&text) {
            prop_assert!(span.start >= last && span.start < span.end, "{text}");
            prop_assert!(text.get(span.start..span.end).is_some(), "{text}");
            last = span.end;
        }
    }

    #[test]
    fn samples_and_splits_read_in_parts_equal_those_read_at_once(
        seed in 0_u64..1000, cut in 0_usize..900,
    ) {
        let mut numbers = Numbers(seed);
        let ids: Vec<String> = (0..900).map(|_| numbers.citizen_id()).collect();
        let batch = table(&[
            ("a", ids.iter().map(|id| id[..6].to_owned()).collect()),
            ("b", ids.iter().map(|id| id[6..].to_owned()).collect()),
            ("c", ids.iter().map(|id| every(id, 4, "~")).collect()),
            ("d", ids.iter().rev().map(|id| id[6..].to_owned()).collect()),
            ("e", ids.iter().map(|_| "甲".to_owned()).collect()),
            ("f", ids.iter().rev().map(|id| id[..6].to_owned()).collect()),
        ]);
        let mut whole = Detector::new(&batch.schema());
        whole.update(&batch);
        let mut first = Detector::new(&batch.schema());
        first.update(&batch.slice(0, cut));
        let mut second = Detector::new(&batch.schema());
        second.update(&batch.slice(cut, 900 - cut));
        first.merge(second);
        let found = whole.finish();
        let all = found.iter().filter(|found| found.name != "e");
        prop_assert!(all.into_iter().all(|f| f.kind == Some(Kind::CitizenId)), "{found:?}");
        prop_assert_eq!(first.finish(), found);
    }
}
