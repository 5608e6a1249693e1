//! A case, its papers and its answer.

use jiff::Timestamp;
use law::requests::RequestKind;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountId, AssetId, CaseNumber, CreditCode, DivisionCode};

use crate::words::words;

words! {
    /// Where a case stands.
    CaseState {
        /// It was filed, and nobody has taken it up.
        Filed = "filed", "已提交", "Filed";
        /// The filer was told, once, what is missing; no clock runs.
        SupplementAsked = "supplement_asked", "待补正", "Waiting for the filer";
        /// The filer added it; the clock started anew.
        Supplemented = "supplemented", "已补正", "Supplemented";
        /// A handler of the body works on it.
        UnderReview = "under_review", "办理中", "Under review";
        /// An answer is written and waits for the head of the unit.
        ToApprove = "to_approve", "待审批", "Answer to be approved";
        /// It is answered, for everyone to read.
        Answered = "answered", "已答复", "Answered";
        /// What was promised is done, or the filer is content.
        Closed = "closed", "已办结", "Closed";
        /// The filer took it back.
        Withdrawn = "withdrawn", "已撤回", "Withdrawn";
    }
}

words! {
    /// What an answer says.
    ///
    /// Basis: 政府信息公开条例 第三十六条, 第三十七条; 政务数据共享条例 第二十六条.
    Outcome {
        /// What was asked for is given.
        Granted = "granted", "同意", "Granted";
        /// A part is given, the rest refused on a ground.
        PartlyGranted = "partly_granted", "部分同意", "Granted in part";
        /// It is open already, and where.
        AlreadyOpen = "already_open", "已经开放", "Open already";
        /// It is refused, with the reason and the ground.
        Refused = "refused", "不予开放", "Refused";
        /// This body does not hold it; who does.
        NotHeld = "not_held", "不属于本单位", "Not held here";
        /// It was looked for and does not exist.
        NotExisting = "not_existing", "数据不存在", "Does not exist";
        /// The same was asked before.
        Repeated = "repeated", "重复提交", "Asked before";
        /// The data were corrected, in a version.
        Corrected = "corrected", "已更正", "Corrected";
        /// It was checked and is right, with the reason.
        NotErroneous = "not_erroneous", "核实无误", "Not erroneous";
        /// It is explained; there is nothing to give or refuse.
        Explained = "explained", "已说明", "Explained";
    }
}

words! {
    /// What open data are said to expose.
    Exposed {
        /// Personal information (个人信息).
        PersonalInformation = "personal_information", "个人信息", "Personal information";
        /// A trade secret (商业秘密).
        TradeSecret = "trade_secret", "商业秘密", "Trade secret";
        /// Another right.
        OtherRight = "other_right", "其他权益", "Another right";
    }
}

store::text_column!(CaseState, Outcome);

impl Outcome {
    /// The outcomes that a kind of case may have.
    pub fn of_kind(kind: RequestKind) -> &'static [Self] {
        match kind {
            RequestKind::OpenData => &[
                Self::Granted,
                Self::PartlyGranted,
                Self::AlreadyOpen,
                Self::Refused,
                Self::NotHeld,
                Self::NotExisting,
                Self::Repeated,
            ],
            RequestKind::Conditional => &[
                Self::Granted,
                Self::PartlyGranted,
                Self::AlreadyOpen,
                Self::Refused,
                Self::NotHeld,
                Self::Repeated,
            ],
            RequestKind::Correction => {
                &[Self::Corrected, Self::NotErroneous, Self::NotHeld, Self::Repeated]
            }
            RequestKind::Suggestion => {
                &[Self::Granted, Self::Explained, Self::NotHeld, Self::Repeated]
            }
            RequestKind::Complaint => {
                &[Self::Granted, Self::NotErroneous, Self::NotHeld, Self::Repeated]
            }
        }
    }

    /// Whether the filer got what was asked for, wholly or in part.
    pub fn accepts(self) -> bool {
        matches!(self, Self::Granted | Self::PartlyGranted | Self::AlreadyOpen | Self::Corrected)
    }

    /// Whether it refuses, so that a ground must be cited.
    pub fn refuses(self) -> bool {
        matches!(self, Self::Refused | Self::PartlyGranted)
    }
}

impl CaseState {
    /// Whether the desk still owes an answer.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Answered | Self::Closed | Self::Withdrawn)
    }
}

/// What a kind of case says beside its question. Fields that a kind does not have are
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// What the data are for (使用用途).
    pub purpose: String,
    /// Where and by whom they would be used (使用范围).
    pub scope: String,
    /// For how many months (使用时限).
    pub term_months: Option<u32>,
    /// What is wrong: the column, rows or field (纠错对象).
    pub item: String,
    /// What is exposed.
    pub exposed: Option<Exposed>,
}

/// A case as everyone may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its number.
    pub number: CaseNumber,
    /// Its kind.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: CaseState,
    /// Grows with every change.
    pub revision: i64,
    /// The dataset that it is about.
    pub asset_id: Option<AssetId>,
    /// The body that answers; `None` until it is assigned.
    pub body: Option<CreditCode>,
    /// Whose deadlines apply; `None`: the province's.
    pub division: Option<DivisionCode>,
    /// The title as released for everyone; `None` until then.
    pub title: Option<String>,
    /// The question as released for everyone.
    pub question: Option<String>,
    /// When it was released.
    pub question_at: Option<Timestamp>,
    /// SHA-256 of the undertaking that the filer accepted.
    pub commitment_sha256: Option<String>,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// What the clock of the answer starts with: filing, or the supplement.
    pub clock_from: Timestamp,
    /// When the time for the answer ends; `None` while a calendar is not published.
    pub due_at: Option<Timestamp>,
    /// When the filer was told what is missing.
    pub supplement_asked_at: Option<Timestamp>,
    /// Until when it must come.
    pub supplement_due_at: Option<Timestamp>,
    /// When the filer added it.
    pub supplemented_at: Option<Timestamp>,
    /// When a handler took it up.
    pub accepted_at: Option<Timestamp>,
    /// Who handles it.
    pub handler: Option<AccountId>,
    /// Why the time was extended.
    pub extension: Option<String>,
    /// When it was extended.
    pub extended_at: Option<Timestamp>,
    /// Who wrote the answer.
    pub drafted_by: Option<AccountId>,
    /// When it was written.
    pub drafted_at: Option<Timestamp>,
    /// The approved answer.
    pub answer: Option<Answer>,
    /// Who approved it.
    pub answered_by: Option<AccountId>,
    /// When it was approved, and told to everyone.
    pub answered_at: Option<Timestamp>,
    /// Working days from the start of the clock to the answer, where they are known.
    pub working_days: Option<u32>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When the filer took it back.
    pub withdrawn_at: Option<Timestamp>,
    /// When it counted as given up, because what was asked for did not come (视为放弃申请):
    /// it is withdrawn then, too.
    pub lapsed_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Case {
    /// What the policies may know of it. Its filer, for them, is who wrote the answer.
    pub fn resource(&self) -> trust::Resource {
        trust::Resource {
            kind: "case",
            id: self.number.to_string(),
            body: self.body,
            filer: self.drafted_by,
            state: Some(self.state.code().to_owned()),
            audience: None,
            public: true,
        }
    }

    /// Whether it was answered before its time ended; `None` while that is open or unknown.
    pub fn in_time(&self) -> Option<bool> {
        Some(self.answered_at? < self.due_at?)
    }
}

/// What was filed, and what passed between filer and desk.
#[derive(Clone, Debug, PartialEq)]
pub struct Papers {
    /// The title as filed.
    pub title: String,
    /// The question as filed.
    pub question: String,
    /// What its kind says beside the question.
    pub details: Details,
    /// What is missing, as the desk said once.
    pub supplement_notice: Option<String>,
    /// What the filer added.
    pub supplement: Option<String>,
    /// An answer that is not approved yet.
    pub draft: Option<Answer>,
    /// Why the draft came back.
    pub return_reason: Option<String>,
}

/// A case with its papers, for the desk and for who filed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dossier {
    /// The case.
    pub case: Case,
    /// Its papers.
    pub papers: Papers,
}

/// Who filed a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filer {
    /// Name of the person or organization; `None` once it is erased.
    pub name: Option<String>,
    /// How to reach them; `None` once it is erased.
    pub contact: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says.
    pub outcome: Outcome,
    /// In words: the reason, what was done, how to get the data.
    pub text: String,
    /// The provision that a refusal rests on.
    pub ground: Option<String>,
    /// Where it is open, or what was opened.
    pub dataset: Option<AssetId>,
    /// Who holds it.
    pub holder: Option<String>,
    /// The case in which the same was asked.
    pub repeats: Option<CaseNumber>,
    /// The version in which it is corrected.
    pub version: Option<i64>,
}
