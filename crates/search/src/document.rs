//! What is indexed of one catalogue entry.

use serde::{Deserialize, Serialize};

/// One catalogue entry or dataset, as it is searched.
///
/// Codes are those of the crate `law`. An empty text or list is simply not found by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Id; a document with the same id replaces this one. Found by exact text too.
    pub id: String,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// Description, in any language. The first 20,000 characters are indexed.
    pub description: String,
    /// Name of the providing body.
    pub body_name: String,
    /// Key of the providing body: its credit code, or a key made of its name.
    pub body_key: String,
    /// Code of the licence.
    pub licence: String,
    /// Code of the theme.
    pub theme: String,
    /// Division code, for example 140100. The document is also found and counted under
    /// every division above it, up to the province.
    pub division: String,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Codes of the formats.
    pub formats: Vec<String>,
    /// Names of the items (fields).
    pub items: Vec<String>,
    /// Code of the opening attribute.
    pub opening: String,
    /// `dataset` or `entry`.
    pub kind: String,
    /// Last change, in seconds since 1970.
    pub updated_at: i64,
    /// When harvesters were last told of a change, in microseconds since 1970. It can be
    /// later than `updated_at`, for an entry that was taken over with its date.
    pub changed_at: i64,
    /// Whether there is data behind it.
    pub has_data: bool,
    /// How often it is used; only the order counts.
    pub popularity: u64,
}
