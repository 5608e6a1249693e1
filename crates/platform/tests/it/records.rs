//! What harvesters are told, and names that programs give, on both engines.

use platform::open::record::{self, RecordFilter};
use platform::registry::{self, AssetKind, NewAsset};
use trust::{Caller, Role};

use crate::stage::{Stage, body, complete_entry};

#[tokio::test]
async fn a_record_begins_with_the_publication_and_stays_after_the_withdrawal() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = stage.asset().await;
        stage.file(asset, "a.csv", "甲,乙\n1,2\n".as_bytes()).await;
        assert_eq!(record::of(platform, asset).await.unwrap(), None);
        stage.publish(asset).await;
        let noted = record::of(platform, asset).await.unwrap().unwrap();
        assert!(!noted.gone);
        let now = testkit::moment();
        assert_eq!(noted.changed_at, now);
        let theme = complete_entry().theme;
        let later = now + jiff::SignedDuration::from_secs(1);
        for (filter, expected) in [
            (RecordFilter::default(), 1),
            (RecordFilter { from: Some(now), until: Some(later), ..Default::default() }, 1),
            (RecordFilter { from: Some(later), ..Default::default() }, 0),
            (RecordFilter { until: Some(now), ..Default::default() }, 0),
            (RecordFilter { theme: Some(theme), ..Default::default() }, 1),
            (RecordFilter { theme: Some(String::new()), ..Default::default() }, 0),
            (RecordFilter { after: Some((now, asset)), ..Default::default() }, 0),
        ] {
            let found = record::records(platform, &filter, 10).await.unwrap();
            assert_eq!(found.len(), expected, "{filter:?}");
        }
        let listed = record::listed(platform, 0, 10).await.unwrap();
        assert_eq!((listed[0].id, listed[0].changed_at), (asset, now));
        let before = record::extent(platform).await.unwrap();
        let admin = stage.person(Role::DataAdmin).await;
        registry::withdraw(&admin, platform, asset, None, "依据调整").await.unwrap();
        assert!(record::of(platform, asset).await.unwrap().unwrap().gone);
        assert!(record::listed(platform, 0, 10).await.unwrap().is_empty());
        assert_ne!(record::extent(platform).await.unwrap(), before);
        assert_eq!(record::count(platform, &RecordFilter::default()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_name_belongs_to_one_asset_and_tells_a_stranger_nothing() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let clerk = stage.person(Role::Clerk).await;
        let new = || NewAsset { body: body(), kind: AssetKind::Dataset, entry: complete_entry() };
        let first = registry::register_named(&clerk, platform, new(), Some("water")).await.unwrap();
        let again = registry::register_named(&clerk, platform, new(), Some("water")).await;
        assert!(matches!(again, Err(platform::Error::Invalid { .. })));
        for name in ["", "a", "Water", "水", "a b", &"x".repeat(101)] {
            let refused = registry::register_named(&clerk, platform, new(), Some(name)).await;
            assert!(matches!(refused, Err(platform::Error::Invalid { .. })), "{name}");
        }
        let found = registry::find_named(&clerk, platform, "water").await.unwrap();
        assert_eq!(found.id, first.asset.id);
        let stranger = Caller::anonymous(testkit::moment());
        let hidden = registry::find_named(&stranger, platform, "water").await;
        let absent = registry::find_named(&stranger, platform, "earth").await;
        for answer in [hidden, absent] {
            assert!(matches!(answer, Err(platform::Error::NotFound { .. })));
        }
    }
}
