//! Typed ids and the text form of instants.

use jiff::Timestamp;
use proptest::prelude::*;
use vocabulary::time::{china_date, parse_utc_text, utc_text};
use vocabulary::{AssetId, JobId};

fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_102_444_800_000_000).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

#[test]
fn an_id_has_one_text() {
    let id = AssetId::at("2025-08-01T00:00:00Z".parse().unwrap(), [7; 10]);
    assert_eq!(id.to_string(), "019862ed-ac00-7000-8707-070707070707");
    assert_eq!(id.to_string().parse(), Ok(id));
    let upper = id.to_string().to_uppercase();
    for other in [
        upper.as_str(),
        "019862edac0070008707070707070707",
        "{019862ed-ac00-7000-8707-070707070707}",
        "",
    ] {
        let error = other.parse::<AssetId>().unwrap_err();
        assert_eq!(
            (error.kind, error.text.as_str()),
            ("AssetId", other.get(..40).unwrap_or(other))
        );
    }
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
    assert_eq!(serde_json::from_str::<AssetId>(&format!("\"{id}\"")).unwrap(), id);
}

#[test]
fn fresh_ids_of_one_moment_differ() {
    let now = Timestamp::UNIX_EPOCH;
    let ids: std::collections::BTreeSet<JobId> = (0..1000).map(|_| JobId::new_v7(now)).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.uuid().get_version_num() == 7));
}

#[test]
fn only_the_form_that_sorts_is_read_back() {
    for other in [
        "2025-07-31T16:00:00Z",
        "2025-07-31T16:00:00.500000+00:00",
        "2025-07-31 16:00:00.500000Z",
        "x",
    ] {
        assert!(parse_utc_text(other).is_err(), "{other}");
    }
    let late: Timestamp = "2025-07-31T16:00:00.123456789Z".parse().unwrap();
    assert_eq!(utc_text(late), "2025-07-31T16:00:00.123456Z");
    assert_eq!(china_date(late).to_string(), "2025-08-01");
}

proptest! {
    #[test]
    fn ids_made_later_sort_later(a in instant(), b in instant(), x: [u8; 10], y: [u8; 10]) {
        prop_assume!(a < b);
        let (a, b) = (AssetId::at(a, x), AssetId::at(b, y));
        prop_assert!(a < b);
        prop_assert!(a.to_string() < b.to_string());
    }

    #[test]
    fn time_texts_sort_as_the_times_do(a in instant(), b in instant()) {
        prop_assert_eq!(a.cmp(&b), utc_text(a).cmp(&utc_text(b)));
        prop_assert_eq!(parse_utc_text(&utc_text(a)), Ok(a));
    }

    #[test]
    fn no_text_makes_the_id_parser_panic(text in ".{0,60}|[0-9a-fA-F-]{0,40}") {
        let _ = text.parse::<AssetId>();
        let _ = parse_utc_text(&text);
    }
}
