//! The SQL of topics.

use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use vocabulary::{AssetId, Bilingual};

use super::model::Topic;
use crate::Error;

const TOPIC: &str = "SELECT slug, revision, state, title_zh, title_en, summary_zh, summary_en,
        edited_by, created_at, updated_at
   FROM topic";

impl FromRow for Topic {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let text = |zh: &str, en: &str| -> Result<Bilingual, StoreError> {
            Ok(Bilingual::new(row.get::<String>(zh)?, row.get::<String>(en)?))
        };
        Ok(Self {
            slug: row.get("slug")?,
            revision: row.get("revision")?,
            state: row.get("state")?,
            title: text("title_zh", "title_en")?,
            summary: text("summary_zh", "summary_en")?,
            edited_by: row.get("edited_by")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// Writes a new topic.
pub(super) async fn insert(tx: &mut Tx, topic: &Topic) -> Result<(), Error> {
    let sql = "INSERT INTO topic (slug, revision, state, title_zh, title_en, summary_zh,
                      summary_en, edited_by, created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        topic.slug,
        topic.revision,
        topic.state,
        topic.title.zh,
        topic.title.en,
        topic.summary.zh,
        topic.summary.en,
        topic.edited_by,
        topic.created_at,
        topic.updated_at,
    ];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// Saves a topic, if nobody changed it in the meantime.
pub(super) async fn update(tx: &mut Tx, topic: &Topic, before: i64) -> Result<(), Error> {
    let sql = "UPDATE topic
                  SET revision = $3, state = $4, title_zh = $5, title_en = $6, summary_zh = $7,
                      summary_en = $8, edited_by = $9, updated_at = $10
                WHERE slug = $1 AND revision = $2";
    let values = params![
        topic.slug,
        before,
        topic.revision,
        topic.state,
        topic.title.zh,
        topic.title.en,
        topic.summary.zh,
        topic.summary.en,
        topic.edited_by,
        topic.updated_at,
    ];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// Writes which datasets a topic has, in order.
pub(super) async fn set_datasets(
    tx: &mut Tx,
    slug: &str,
    datasets: &[AssetId],
) -> Result<(), Error> {
    tx.execute("DELETE FROM topic_dataset WHERE slug = $1", params![slug]).await?;
    for (place, id) in (0_i64..).zip(datasets) {
        let sql = "INSERT INTO topic_dataset (slug, asset_id, place) VALUES ($1, $2, $3)";
        expect_one(tx.execute(sql, params![slug, *id, place]).await?)?;
    }
    Ok(())
}

/// The topic, if there is one.
pub(super) async fn find(query: &mut impl Query, slug: &str) -> Result<Option<Topic>, Error> {
    Ok(query.optional(&format!("{TOPIC} WHERE slug = $1"), params![slug]).await?)
}

/// A topic with the number of its datasets that are published.
struct Counted(Topic, u64);

impl FromRow for Counted {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(Topic::from_row(row)?, row.get("datasets")?))
    }
}

/// The topics by title, with the number of their published datasets.
pub(super) async fn all(
    query: &mut impl Query,
    shown_only: bool,
) -> Result<Vec<(Topic, u64)>, Error> {
    let which = if shown_only { "WHERE topic.state = 'shown'" } else { "" };
    let sql = format!(
        "SELECT topic.slug, topic.revision, topic.state, topic.title_zh, topic.title_en,
                topic.summary_zh, topic.summary_en, topic.edited_by, topic.created_at,
                topic.updated_at,
                (SELECT COUNT(*) FROM topic_dataset d JOIN asset ON asset.asset_id = d.asset_id
                  WHERE d.slug = topic.slug AND asset.state = 'published') AS datasets
           FROM topic {which} ORDER BY topic.title_zh, topic.slug LIMIT 500"
    );
    let found: Vec<Counted> = query.all(&sql, params![]).await?;
    Ok(found.into_iter().map(|Counted(topic, datasets)| (topic, datasets)).collect())
}

/// The datasets of a topic that are published, in order.
pub(super) async fn datasets(query: &mut impl Query, slug: &str) -> Result<Vec<AssetId>, Error> {
    let sql = "SELECT d.asset_id FROM topic_dataset d JOIN asset ON asset.asset_id = d.asset_id
                WHERE d.slug = $1 AND asset.state = 'published' ORDER BY d.place";
    Ok(query.all(sql, params![slug]).await?)
}
