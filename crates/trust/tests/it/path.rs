//! Paths of tiles.

use proptest::prelude::*;
use trust::log::TilePath;

#[test]
fn a_path_is_written_as_the_specification_does() {
    let path = |level, number, width| TilePath { level, number, width }.to_string();
    assert_eq!(path(Some(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(Some(63), 0, 1), "tile/63/000.p/1");
    assert_eq!(path(None, 999, 255), "tile/entries/999.p/255");
    assert_eq!(path(None, 1000, 256), "tile/entries/x001/000");
}

#[test]
fn any_other_spelling_is_refused() {
    for text in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/256/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/xx01/000",
        "tile/0/X001/000",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/+1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "/tile/0/000",
        "tile//000",
        "tile/entries/00",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/0/０００",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "TILE/0/000",
        "tile/0/000?",
    ] {
        assert!(text.parse::<TilePath>().is_err(), "{text:?} is accepted");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        level in proptest::option::of(0_u8..=63), number in any::<u64>(), width in 1_usize..=256,
    ) {
        let path = TilePath { level, number, width };
        prop_assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn what_is_read_is_written_back(text in "(tile/)?(entries|[0-9]{1,3})/([x0-9/]{0,24})(\\.p/[0-9]{0,4})?") {
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = text.parse::<TilePath>();
        let _ = text.parse::<trust::log::Checkpoint>();
        let _ = text.parse::<trust::log::InclusionProof>();
        let _ = trust::log::checkpoint::open(text.as_bytes(), "a+00000000+AAAA");
        let _ = trust::keys::jws::verify(&text, &serde_json::json!({ "keys": [] }));
    }
}
