//! Assets and versions as the API shows them.

use jiff::Timestamp;
use platform::registry::version::Version;
use platform::registry::{Asset, Changed};
use serde::Serialize;
use utoipa::ToSchema;

use super::entry::EntryBody;
use crate::problem::TextView;

/// A registered asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetView {
    /// Identifier; the address of the dataset page is `/dataset/{id}`.
    pub id: String,
    /// Credit code of the body that answers for it.
    pub body: Option<String>,
    /// Name of the providing body.
    pub provider: String,
    /// `dataset` or `system`.
    pub kind: String,
    /// `draft`, `unit_review`, `data_review`, `published` or `withdrawn`.
    pub state: String,
    /// Grows with every change; also the `ETag`.
    pub revision: i64,
    /// The description.
    pub entry: EntryBody,
    /// The catalogue that it was taken over from.
    pub origin: Option<String>,
    /// Why it came back to the filer.
    pub return_reason: Option<String>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Timestamp>,
    /// Number of the receipt of the step that was just taken: `/api/v1/receipts/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

impl From<Asset> for AssetView {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id.to_string(),
            body: asset.body.map(|code| code.to_string()),
            provider: asset.provider,
            kind: asset.kind.code().to_owned(),
            state: asset.state.code().to_owned(),
            revision: asset.revision,
            entry: asset.entry.into(),
            origin: asset.origin,
            return_reason: asset.return_reason,
            created_at: asset.created_at,
            updated_at: asset.updated_at,
            published_at: asset.published_at,
            receipt: None,
        }
    }
}

impl From<Changed> for AssetView {
    fn from(changed: Changed) -> Self {
        Self { receipt: Some(changed.entry_id.to_string()), ..changed.asset.into() }
    }
}

/// A page of assets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetPage {
    /// The assets, newest change first.
    pub assets: Vec<AssetView>,
    /// Give this as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A dataset version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    /// Identifier.
    pub id: String,
    /// 1, 2, 3 … within the asset.
    pub number: i64,
    /// `reading`, `stored` or `failed`.
    pub state: String,
    /// Name of the file.
    pub file_name: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: Option<String>,
    /// SM3 of the file, hex.
    pub sm3: Option<String>,
    /// Rows that were kept.
    pub rows: Option<u64>,
    /// Rows in quarantine.
    pub rejected: Option<u64>,
    /// How the file was understood.
    #[schema(value_type = Option<Object>)]
    pub reading: Option<platform::registry::version::Reading>,
    /// What is in the table, column by column.
    #[schema(value_type = Option<Object>)]
    pub profile: Option<quality::TableProfile>,
    /// Why it failed.
    pub problem: Option<TextView>,
    /// When it was filed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        Self {
            id: version.id.to_string(),
            number: version.number,
            state: version.state,
            file_name: version.file_name,
            bytes: version.bytes,
            sha256: version.sha256,
            sm3: version.sm3,
            rows: version.rows,
            rejected: version.rejected,
            reading: version.reading,
            profile: version.profile,
            problem: version.problem.map(TextView::from),
            created_at: version.created_at,
        }
    }
}
