//! A catalogue entry as the API reads and writes it.

use platform::registry::{CatalogueEntry, Contact, Item, NegativeListEntry};
use platform::{Error, FieldProblem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::TextView;

/// A catalogue entry. Everything may be left out in a draft; what is missing at
/// submission is listed at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EntryBody {
    /// Name (数据目录名称).
    pub title: TextView,
    /// Summary (摘要).
    pub summary: TextView,
    /// Items (数据项), in the order of the columns; left empty, they come from the
    /// first uploaded file.
    pub items: Vec<ItemBody>,
    /// Format (数据格式), a code of the list `format`.
    pub format: String,
    /// Update cycle (数据更新频率), e.g. `monthly`.
    pub update_cycle: Option<String>,
    /// Sharing attribute (共享属性): `unconditional`, `conditional` or `withheld`.
    pub sharing: Option<String>,
    /// Sharing mode (共享方式), a code of the list `sharing_mode`.
    pub sharing_mode: String,
    /// Conditions of use (使用条件).
    pub conditions: String,
    /// Scope of conditional sharing (共享范围).
    pub sharing_scope: String,
    /// Purpose of conditional sharing (使用用途).
    pub sharing_purpose: String,
    /// The law, administrative regulation or State Council decision behind "not shared".
    pub not_shared_basis: String,
    /// Classification (分类), a code of the list `theme`.
    pub theme: String,
    /// Level (分级): `general_1` … `general_4`, `important`, `core`.
    pub level: Option<String>,
    /// Opening attribute (开放属性): `unconditional`, `conditional` or `withheld`.
    pub opening: Option<String>,
    /// Negative-list entry (负面清单条目) of what may not be opened.
    pub negative_list: Option<NegativeListBody>,
    /// Division that the data cover, GB/T 2260, e.g. `140100`.
    pub division: Option<String>,
    /// Keywords (标签).
    pub keywords: Vec<String>,
    /// Industry (行业), a category of GB/T 4754.
    pub industry: String,
    /// Whom to ask (联系方式).
    pub contact: ContactBody,
    /// Licence of the opened data.
    pub licence: String,
    /// Where the data come from and how they were made.
    pub source_note: TextView,
    /// Reference of the secrecy-risk assessment (保密风险评估).
    pub secrecy_assessment: String,
    /// Reference of the personal-information impact assessment (个人信息保护影响评估).
    pub privacy_assessment: String,
}

/// An item (信息项).
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ItemBody {
    /// Name of the column in the file.
    pub name: String,
    /// Name for people.
    pub title: TextView,
    /// `boolean`, `integer`, `number`, `date`, `datetime` or `text`.
    pub kind: String,
    /// What it means.
    pub description: String,
}

/// Whom to ask.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContactBody {
    /// Office, not a person.
    pub office: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Why an asset may not be opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NegativeListBody {
    /// A code of the list `negative_reason`.
    pub reason: String,
    /// The provision that closes it.
    pub basis: String,
    /// When it is to be looked at again, `YYYY-MM-DD`.
    pub review_on: String,
}

impl TryFrom<EntryBody> for CatalogueEntry {
    type Error = Error;

    /// Reads the codes; every unknown one is listed.
    fn try_from(body: EntryBody) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let entry = Self {
            update_cycle: code(body.update_cycle, "update_cycle", &mut problems),
            sharing: code(body.sharing, "sharing", &mut problems),
            level: code(body.level, "level", &mut problems),
            opening: code(body.opening, "opening", &mut problems),
            division: code(body.division, "division", &mut problems),
            title: body.title.into(),
            summary: body.summary.into(),
            items: body.items.into_iter().map(Item::from).collect(),
            format: body.format,
            sharing_mode: body.sharing_mode,
            conditions: body.conditions,
            sharing_scope: body.sharing_scope,
            sharing_purpose: body.sharing_purpose,
            not_shared_basis: body.not_shared_basis,
            theme: body.theme,
            negative_list: body.negative_list.map(|listed| NegativeListEntry {
                reason: listed.reason,
                basis: listed.basis,
                review_on: listed.review_on,
            }),
            keywords: body.keywords,
            industry: body.industry,
            contact: Contact {
                office: body.contact.office,
                phone: body.contact.phone,
                email: body.contact.email,
            },
            licence: body.licence,
            source_note: body.source_note.into(),
            secrecy_assessment: body.secrecy_assessment,
            privacy_assessment: body.privacy_assessment,
        };
        if problems.is_empty() { Ok(entry) } else { Err(Error::Invalid { problems }) }
    }
}

/// A code of a list; an unknown one is noted as a problem.
fn code<T: std::str::FromStr>(
    text: Option<String>,
    field: &str,
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let parsed = text.trim().parse().ok();
    if parsed.is_none() {
        problems.push(FieldProblem::new(
            field,
            format!("`{text}` 不是可用的代码。"),
            format!("`{text}` is not a code that is known here."),
        ));
    }
    parsed
}

impl From<ItemBody> for Item {
    fn from(item: ItemBody) -> Self {
        Self {
            name: item.name,
            title: item.title.into(),
            kind: item.kind,
            description: item.description,
        }
    }
}

impl From<CatalogueEntry> for EntryBody {
    fn from(entry: CatalogueEntry) -> Self {
        Self {
            title: entry.title.into(),
            summary: entry.summary.into(),
            items: entry
                .items
                .into_iter()
                .map(|item| ItemBody {
                    name: item.name,
                    title: item.title.into(),
                    kind: item.kind,
                    description: item.description,
                })
                .collect(),
            format: entry.format,
            update_cycle: entry.update_cycle.map(|cycle| cycle.code().to_owned()),
            sharing: entry.sharing.map(|sharing| sharing.code().to_owned()),
            sharing_mode: entry.sharing_mode,
            conditions: entry.conditions,
            sharing_scope: entry.sharing_scope,
            sharing_purpose: entry.sharing_purpose,
            not_shared_basis: entry.not_shared_basis,
            theme: entry.theme,
            level: entry.level.map(|level| level.to_string()),
            opening: entry.opening.map(|opening| opening.code().to_owned()),
            negative_list: entry.negative_list.map(|listed| NegativeListBody {
                reason: listed.reason,
                basis: listed.basis,
                review_on: listed.review_on,
            }),
            division: entry.division.map(|code| code.to_string()),
            keywords: entry.keywords,
            industry: entry.industry,
            contact: ContactBody {
                office: entry.contact.office,
                phone: entry.contact.phone,
                email: entry.contact.email,
            },
            licence: entry.licence,
            source_note: entry.source_note.into(),
            secrecy_assessment: entry.secrecy_assessment,
            privacy_assessment: entry.privacy_assessment,
        }
    }
}
