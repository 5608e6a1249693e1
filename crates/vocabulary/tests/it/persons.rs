//! Citizen identification numbers.

use proptest::prelude::*;
use vocabulary::{CitizenId, CitizenIdError, Sex};

/// The example of the standard GB 11643-1999.
const EXAMPLE: &str = "11010519491231002X";

/// Fits the check character to 17 digits, by trying all eleven.
fn complete(body: &str) -> Option<CitizenId> {
    "0123456789X".chars().find_map(|check| format!("{body}{check}").parse().ok())
}

#[test]
fn the_example_of_the_standard_passes() {
    let id: CitizenId = EXAMPLE.parse().unwrap();
    assert_eq!(id.expose(), EXAMPLE);
    assert_eq!(id.birth_date(), jiff::civil::date(1949, 12, 31));
    assert_eq!(id.sex(), Sex::Female);
    assert_eq!(id.division().unwrap().as_str(), "110105");
    assert_eq!(CitizenId::normalize(" 11010519491231００２ｘ ").unwrap(), id);
}

#[test]
fn a_number_of_the_first_generation_is_upgraded() {
    let id = CitizenId::upgrade15("110105491231002").unwrap();
    assert_eq!(id.expose(), EXAMPLE);
    assert_eq!(
        CitizenId::upgrade15("11010549123100X"),
        Err(CitizenIdError::Character { position: 15 }),
    );
    assert_eq!(CitizenId::upgrade15("110105491331002"), Err(CitizenIdError::BirthDate));
}

#[test]
fn a_citizen_id_is_never_printed_in_full() {
    let id: CitizenId = EXAMPLE.parse().unwrap();
    for printed in
        [format!("{id}"), format!("{id:?}"), format!("{id:#?}"), format!("{:?}", Some(id))]
    {
        assert!(!printed.contains("19491231"), "{printed}");
        assert!(printed.contains("11**************2X"), "{printed}");
    }
    for wrong in ["110105194912310021", "110105194913310028", "99010519491231002X"] {
        let error = wrong.parse::<CitizenId>().unwrap_err();
        assert!(!error.to_string().contains("0105194"), "{error}");
    }
}

#[test]
fn each_error_has_its_own_variant() {
    let error = |text: &str| text.parse::<CitizenId>().unwrap_err();
    assert_eq!(error("1101051949123100"), CitizenIdError::Length { expected: 18, found: 16 });
    assert_eq!(error("11010519491231002x"), CitizenIdError::Character { position: 18 });
    assert_eq!(error("1101051949123100X2"), CitizenIdError::Character { position: 17 });
    assert_eq!(error("00010519491231002X"), CitizenIdError::Province);
    assert_eq!(error("110105194902290021"), CitizenIdError::BirthDate);
    assert_eq!(error("110105194912310021"), CitizenIdError::CheckDigit);
}

#[test]
fn every_single_wrong_character_is_noticed() {
    // ISO 7064 MOD 11-2 finds all single errors; 17 × 9 + 10 of them here.
    for index in 0..18 {
        for other in "0123456789X".chars() {
            let mut chars: Vec<char> = EXAMPLE.chars().collect();
            if chars[index] == other {
                continue;
            }
            chars[index] = other;
            let wrong: String = chars.into_iter().collect();
            assert!(wrong.parse::<CitizenId>().is_err(), "{wrong} passes");
        }
    }
}

proptest! {
    #[test]
    fn a_wrong_digit_in_any_number_is_noticed(
        (year, month, day) in (1900_i16..2026, 1_i8..13, 1_i8..29),
        sequence in 0_u16..1000,
        index in 0_usize..17,
        step in 1_u8..10,
    ) {
        let id = complete(&format!("140105{year:04}{month:02}{day:02}{sequence:03}")).unwrap();
        let mut bytes = id.expose().as_bytes().to_vec();
        bytes[index] = b'0' + (bytes[index] - b'0' + step) % 10;
        let wrong = String::from_utf8(bytes).unwrap();
        prop_assert!(wrong.parse::<CitizenId>().is_err());
    }

    #[test]
    fn no_text_makes_the_number_parser_panic(text in ".{0,40}|[0-9]{17}[0-9X]") {
        let _ = text.parse::<CitizenId>();
        let _ = CitizenId::upgrade15(&text);
    }
}
