//! An asset, its catalogue entry and the entry's items.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountId, AssetId, Bilingual, CreditCode, DataLevel, DivisionCode};

use law::{OpeningAttribute, SharingAttribute, UpdateCycle};

use crate::words::words;

words! {
    /// Whether an asset is a data set or a business system (政务数据资产).
    AssetKind {
        /// A data set (数据集).
        Dataset = "dataset", "数据集", "Data set";
        /// A business application system (业务应用系统).
        System = "system", "业务应用系统", "Business system";
    }
}

words! {
    /// Where an asset's description stands on its way to publication.
    ///
    /// ```text
    /// draft ─submit─▶ unit_review ─consent─▶ data_review ─publish─▶ published ─withdraw─▶ withdrawn
    ///   ▲                 │                      │
    ///   └─────return──────┴──────────────────────┘
    /// ```
    AssetState {
        /// Being written by the clerk (草稿).
        Draft = "draft", "草稿", "Draft";
        /// Waiting for the unit head's consent (待单位负责人同意).
        UnitReview = "unit_review", "待单位负责人同意", "Waiting for the unit head";
        /// Waiting for the data administrator's review (待主管部门审核).
        DataReview = "data_review", "待主管部门审核", "Waiting for the data administrator";
        /// In the catalogue (已发布).
        Published = "published", "已发布", "Published";
        /// Taken out of the catalogue; kept as evidence (已撤销).
        Withdrawn = "withdrawn", "已撤销", "Withdrawn";
    }
}

/// What the catalogue says of an asset (目录).
///
/// A draft may lack anything; what must be there before submission is decided by
/// `rules::check_complete`, which lists everything that is missing at once.
///
/// Basis: 政务数据共享条例 第十三条 (the nine mandatory fields: name, items,
/// provider, format, update cycle, sharing attribute, sharing mode, conditions of
/// use, classification and level).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogueEntry {
    /// Name (数据目录名称), at most 50 characters of Chinese.
    pub title: Bilingual,
    /// Summary (摘要), at most 256 characters of Chinese.
    pub summary: Bilingual,
    /// Items (数据项), in the order of the columns.
    pub items: Vec<Item>,
    /// Format (数据格式), a code of the list `format`.
    pub format: String,
    /// Update cycle (数据更新频率).
    pub update_cycle: Option<UpdateCycle>,
    /// Sharing attribute (共享属性).
    pub sharing: Option<SharingAttribute>,
    /// Sharing mode (共享方式), a code of the list `sharing_mode`.
    pub sharing_mode: String,
    /// Conditions of use (使用条件); for conditional sharing also scope and purpose.
    pub conditions: String,
    /// Scope of conditional sharing (共享范围). Basis: 政务数据共享条例 第十五条.
    pub sharing_scope: String,
    /// Purpose of conditional sharing (使用用途).
    pub sharing_purpose: String,
    /// Law, administrative regulation or State Council decision behind "not shared".
    /// Basis: 政务数据共享条例 第十四条 第（三）项.
    pub not_shared_basis: String,
    /// Classification (分类), a code of the list `theme`.
    pub theme: String,
    /// Level (分级), GB/T 43697-2024.
    pub level: Option<DataLevel>,
    /// Opening attribute (开放属性).
    pub opening: Option<OpeningAttribute>,
    /// Entry in the negative list (负面清单) where the asset may not be opened.
    pub negative_list: Option<NegativeListEntry>,
    /// Administrative division that the data cover (GB/T 2260).
    pub division: Option<DivisionCode>,
    /// Keywords (标签).
    pub keywords: Vec<String>,
    /// Industry (行业), a category of GB/T 4754.
    pub industry: String,
    /// Whom to ask (联系方式).
    pub contact: Contact,
    /// Licence of the opened data, a code of the list `licence`.
    pub licence: String,
    /// Where the data come from and how they were made.
    pub source_note: Bilingual,
    /// Reference of the secrecy-risk assessment (保密风险评估).
    pub secrecy_assessment: String,
    /// Reference of the personal-information impact assessment (个人信息保护影响评估).
    pub privacy_assessment: String,
}

/// One item of an asset (信息项).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// Name of the column in the file.
    pub name: String,
    /// Name for people, where it differs.
    pub title: Bilingual,
    /// Type: `boolean`, `integer`, `number`, `date`, `datetime` or `text`.
    pub kind: String,
    /// What it means, its unit and code list.
    pub description: String,
}

/// Whom to ask about an asset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Office, not a person.
    pub office: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Why an asset may not be opened (负面清单条目).
///
/// Basis: 山西省大数据发展应用促进条例 第八条第三款.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NegativeListEntry {
    /// A code of the list `negative_reason`.
    pub reason: String,
    /// The provision that closes it.
    pub basis: String,
    /// When it is to be looked at again (`YYYY-MM-DD`).
    pub review_on: String,
}

/// A registered asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Asset {
    /// Identifier; also the address of the dataset page.
    pub id: AssetId,
    /// The body that answers for it; `None` for an entry taken over from elsewhere.
    pub body: Option<CreditCode>,
    /// Name of the providing body (提供单位), as published.
    pub provider: String,
    /// Data set or system.
    pub kind: AssetKind,
    /// Where it stands.
    pub state: AssetState,
    /// Grows with every change.
    pub revision: i64,
    /// The description.
    pub entry: CatalogueEntry,
    /// Who registered it.
    pub filer: Option<AccountId>,
    /// Who consented for the unit.
    pub consented_by: Option<AccountId>,
    /// Who reviewed and published it.
    pub published_by: Option<AccountId>,
    /// The catalogue that it was taken over from.
    pub origin: Option<String>,
    /// The identifier there.
    pub origin_id: Option<String>,
    /// Why it came back to the filer, while it is a draft again.
    pub return_reason: Option<String>,
    /// When it came back.
    pub returned_at: Option<Timestamp>,
    /// When it was registered, or taken over.
    pub created_at: Timestamp,
    /// When it was last changed; of an entry taken over, what its source says.
    pub updated_at: Timestamp,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// When the unit consented.
    pub consented_at: Option<Timestamp>,
    /// When it was published here.
    pub published_at: Option<Timestamp>,
    /// When the source of an entry taken over first published it, if it says so.
    pub origin_issued_at: Option<Timestamp>,
    /// When the source of an entry taken over last changed it, if it says so.
    pub origin_updated_at: Option<Timestamp>,
}

/// The date of a description, and whose it is.
///
/// The day on which an entry was taken over says nothing of its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dated {
    /// It was last changed here.
    Changed(Timestamp),
    /// Its source says that it was last changed then.
    AtSource(Timestamp),
    /// Its source gives no date; it was taken over then.
    TakenOver(Timestamp),
}

impl Asset {
    /// The date of the description.
    pub fn dated(&self) -> Dated {
        match (&self.origin, self.origin_updated_at) {
            (None, _) => Dated::Changed(self.updated_at),
            (Some(_), Some(at)) => Dated::AtSource(at),
            (Some(_), None) => Dated::TakenOver(self.created_at),
        }
    }

    /// What the policies may know of it.
    pub fn resource(&self) -> trust::Resource {
        trust::Resource {
            kind: "asset",
            id: self.id.to_string(),
            body: self.body,
            filer: self.filer,
            state: Some(self.state.code().to_owned()),
            audience: None,
            public: self.state == AssetState::Published,
        }
    }
}
