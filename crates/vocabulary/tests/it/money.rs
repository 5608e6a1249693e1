//! Amounts in fen.

use proptest::prelude::*;
use vocabulary::{Fen, FenError};

#[test]
fn amounts_are_written_in_yuan() {
    for (fen, text) in [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (123_450, "1234.50"),
        (i64::MIN, "-92233720368547758.08"),
    ] {
        assert_eq!(Fen::new(fen).to_string(), text);
        assert_eq!(text.parse(), Ok(Fen::new(fen)));
    }
    assert_eq!("1,234,567".parse(), Ok(Fen::new(123_456_700)));
    assert_eq!("0.5".parse(), Ok(Fen::new(50)));
}

#[test]
fn texts_that_are_no_amount_are_refused() {
    for bad in [
        "", "-", ".5", "1.", "1.234", "1,23", "1,2345", ",123", "1234,567", "１２", "1e3", "+1",
        "--1", "¥1",
    ] {
        assert!(matches!(bad.parse::<Fen>(), Err(FenError::Text(_))), "{bad}");
    }
    assert_eq!("92233720368547758.08".parse::<Fen>(), Err(FenError::TooLarge));
}

#[test]
fn arithmetic_that_does_not_fit_is_an_error() {
    let most = Fen::new(i64::MAX);
    assert_eq!(most.checked_add(Fen::new(1)), Err(FenError::TooLarge));
    assert_eq!(Fen::new(i64::MIN).checked_sub(Fen::new(1)), Err(FenError::TooLarge));
    assert_eq!(most.checked_mul(2), Err(FenError::TooLarge));
    assert_eq!(Fen::from_yuan(i64::MAX), Err(FenError::TooLarge));
    assert_eq!(Fen::checked_sum([Fen::new(1), Fen::new(2)]), Ok(Fen::new(3)));
}

#[test]
fn money_cannot_be_allocated_to_nobody() {
    assert_eq!(Fen::new(1).allocate(&[]), Err(FenError::NoWeights));
    assert_eq!(Fen::new(1).allocate(&[0, 0]), Err(FenError::NoWeights));
}

proptest! {
    #[test]
    fn allocated_money_adds_up_to_the_whole(
        fen in any::<i64>(),
        weights in prop::collection::vec(any::<u32>(), 1..20),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let parts = Fen::new(fen).allocate(&weights).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        let sum: i128 = parts.iter().map(|part| i128::from(part.fen())).sum();
        prop_assert_eq!(sum, i128::from(fen));
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (part, weight) in parts.iter().zip(&weights) {
            // No part is a whole fen away from its exact share.
            let off = i128::from(part.fen()) * total - i128::from(fen) * i128::from(*weight);
            prop_assert!(off.abs() < total);
        }
    }

    #[test]
    fn every_amount_is_read_back(fen in any::<i64>()) {
        prop_assert_eq!(Fen::new(fen).to_string().parse(), Ok(Fen::new(fen)));
    }

    #[test]
    fn no_text_makes_the_amount_parser_panic(text in "[-0-9.,]{0,60}|.{0,40}") {
        let _ = text.parse::<Fen>();
    }
}
