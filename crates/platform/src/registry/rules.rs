//! Pure decisions of the registry: what an entry must say, and which step may follow.

use law::{OpeningAttribute, SharingAttribute};
use trust::Caller;
use vocabulary::Bilingual;

use super::model::{Asset, AssetState, CatalogueEntry};
use crate::error::{Error, FieldProblem, RefusedBy, refused_by};

/// Checks that an entry is ready to be submitted.
///
/// One notice lists everything that is missing, so that nobody has to submit
/// twice to learn of a second gap.
///
/// # Errors
///
/// [`Error::Refused`] with R-SH-01 (a mandatory field or an assessment is
/// missing), R-SH-02 (not shared without a basis), R-SH-03 (conditional without
/// scope and purpose), R-OP-03 (not opened without a negative-list entry) or
/// R-OP-06 (important or core data marked as open), each with its details.
///
/// Basis: 政务数据共享条例 第十三条, 第十四条, 第十五条.
pub(crate) fn check_complete(entry: &CatalogueEntry, provider: &str) -> Result<(), Error> {
    let mut refusals = Vec::new();
    let missing = missing_fields(entry, provider);
    if !missing.is_empty() {
        let zh: Vec<&str> = missing.iter().map(|missing| missing.name.zh.as_str()).collect();
        let en: Vec<&str> = missing.iter().map(|missing| missing.name.en.as_str()).collect();
        refusals.extend(refused_by(
            "R-SH-01",
            format!("尚缺：{}。请一次补齐后再提交。", zh.join("、")),
            format!("Missing: {}. Add them all, then submit again.", en.join(", ")),
        ));
    }
    refusals.extend(sharing_refusal(entry));
    refusals.extend(opening_refusal(entry));
    if refusals.is_empty() { Ok(()) } else { Err(Error::Refused { refusals }) }
}

/// Checks a name that a program gives to an asset.
///
/// # Errors
///
/// [`Error::Invalid`] unless it is 2 to 100 lower-case letters, digits, `-` and `_`.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    if (2..=100).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Error::invalid(
        "name",
        "名称为 2 至 100 个小写字母、数字、- 和 _。",
        "A name is 2 to 100 lower-case letters, digits, - and _.",
    ))
}

/// The error for a name that another asset has.
pub(crate) fn name_is_taken(name: &str) -> Error {
    Error::invalid(
        "name",
        format!("名称 `{name}` 已被使用。"),
        format!("The name `{name}` is already in use."),
    )
}

/// A mandatory field that an entry lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Path as in the API's entry, e.g. `title.zh`.
    pub field: &'static str,
    /// Its name.
    pub name: Bilingual,
}

/// The mandatory fields that an entry lacks.
pub(crate) fn missing_fields(entry: &CatalogueEntry, provider: &str) -> Vec<Missing> {
    let blank = |text: &str| text.trim().is_empty();
    let no_mode = blank(&entry.sharing_mode) && entry.sharing != Some(SharingAttribute::Withheld);
    let required = [
        (blank(&entry.title.zh), "title.zh", "数据目录名称", "name"),
        (
            entry.items.is_empty(),
            "items",
            "数据项（上传文件可自动填写）",
            "items (upload a file to fill them in)",
        ),
        (blank(provider), "provider", "提供单位", "provider"),
        (blank(&entry.format), "format", "数据格式", "format"),
        (entry.update_cycle.is_none(), "update_cycle", "数据更新频率", "update cycle"),
        (entry.sharing.is_none(), "sharing", "共享属性", "sharing attribute"),
        (no_mode, "sharing_mode", "共享方式", "sharing mode"),
        (blank(&entry.conditions), "conditions", "使用条件", "conditions of use"),
        (blank(&entry.theme), "theme", "数据分类", "classification"),
        (entry.level.is_none(), "level", "数据分级", "level"),
        (entry.opening.is_none(), "opening", "开放属性", "opening attribute"),
        (
            blank(&entry.secrecy_assessment),
            "secrecy_assessment",
            "保密风险评估",
            "secrecy-risk assessment",
        ),
        (
            blank(&entry.privacy_assessment),
            "privacy_assessment",
            "个人信息保护影响评估",
            "personal-information impact assessment",
        ),
    ];
    required
        .into_iter()
        .filter(|row| row.0)
        .map(|row| Missing { field: row.1, name: Bilingual::new(row.2, row.3) })
        .collect()
}

/// R-SH-02 and R-SH-03: the conditions of each sharing attribute.
fn sharing_refusal(entry: &CatalogueEntry) -> Option<RefusedBy> {
    let blank = |text: &str| text.trim().is_empty();
    match entry.sharing? {
        SharingAttribute::Withheld if blank(&entry.not_shared_basis) => refused_by(
            "R-SH-02",
            "共享属性为“不予共享”，但未写明法律、行政法规或国务院决定的依据。",
            "Marked as not shared, without the law, administrative regulation or State Council decision behind it.",
        ),
        SharingAttribute::Conditional
            if blank(&entry.sharing_scope) || blank(&entry.sharing_purpose) =>
        {
            refused_by(
                "R-SH-03",
                "共享属性为“有条件共享”，但未写明共享范围和使用用途。",
                "Marked as conditionally shared, without scope and purpose.",
            )
        }
        _ => None,
    }
}

/// R-OP-03 and R-OP-06: what the opening attribute demands.
fn opening_refusal(entry: &CatalogueEntry) -> Option<RefusedBy> {
    let opening = entry.opening?;
    let listed = entry
        .negative_list
        .as_ref()
        .is_some_and(|item| !item.reason.trim().is_empty() && !item.basis.trim().is_empty());
    if opening == OpeningAttribute::Withheld && !listed {
        return refused_by(
            "R-OP-03",
            "开放属性为“不予开放”，但没有负面清单条目（理由类别和法律依据）。",
            "Marked as not open, without a negative-list entry (reason class and legal basis).",
        );
    }
    let level = entry.level?;
    if opening != OpeningAttribute::Withheld && level >= vocabulary::DataLevel::Important {
        return refused_by(
            "R-OP-06",
            format!("数据级别为“{}”，不得开放。", level.label().zh),
            format!("The level is “{}”; such data are not opened.", level.label().en),
        );
    }
    None
}

/// Checks what the nine mandatory fields may contain, draft or not.
///
/// # Errors
///
/// [`Error::Invalid`] with every problem found.
pub(crate) fn check_wellformed(entry: &CatalogueEntry) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut limit = |field: &str, text: &str, most: usize| {
        let found = text.chars().count();
        if found > most {
            problems.push(FieldProblem::new(
                field,
                format!("最多 {most} 个字符，现有 {found} 个。"),
                format!("At most {most} characters; there are {found}."),
            ));
        }
    };
    limit("title.zh", &entry.title.zh, 100);
    limit("title.en", &entry.title.en, 200);
    limit("summary.zh", &entry.summary.zh, 2_000);
    limit("summary.en", &entry.summary.en, 4_000);
    limit("conditions", &entry.conditions, 1_000);
    limit("sharing_scope", &entry.sharing_scope, 1_000);
    limit("sharing_purpose", &entry.sharing_purpose, 1_000);
    limit("not_shared_basis", &entry.not_shared_basis, 500);
    limit("secrecy_assessment", &entry.secrecy_assessment, 200);
    limit("privacy_assessment", &entry.privacy_assessment, 200);
    limit("contact.office", &entry.contact.office, 100);
    limit("contact.phone", &entry.contact.phone, 50);
    limit("contact.email", &entry.contact.email, 100);
    for (list, field, code) in [
        ("format", "format", &entry.format),
        ("sharing_mode", "sharing_mode", &entry.sharing_mode),
        ("theme", "theme", &entry.theme),
    ] {
        if !code.is_empty() && !law::list(list).iter().any(|item| item.code == *code) {
            problems.push(FieldProblem::new(
                field,
                format!("`{code}` 不在代码表 {list} 中。"),
                format!("`{code}` is not a code of the list {list}."),
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// Checks that an asset is in the state that a step starts from.
pub(crate) fn require_state(
    asset: &Asset,
    needed: AssetState,
    needed_word: &'static str,
) -> Result<(), Error> {
    if asset.state == needed {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("asset {}", asset.id),
        found: asset.state.code().to_owned(),
        needed: needed_word,
    })
}

/// Submits a complete draft for the unit head's consent.
pub(crate) fn submit(asset: Asset, caller: &Caller) -> Result<Asset, Error> {
    require_state(&asset, AssetState::Draft, "draft")?;
    check_complete(&asset.entry, &asset.provider)?;
    Ok(Asset {
        state: AssetState::UnitReview,
        submitted_at: Some(caller.now()),
        return_reason: None,
        returned_at: None,
        ..asset
    })
}

/// The unit head consents (部门负责人同意). Basis: 政务数据共享条例 第十一条.
pub(crate) fn consent(asset: Asset, caller: &Caller) -> Result<Asset, Error> {
    require_state(&asset, AssetState::UnitReview, "unit_review")?;
    Ok(Asset {
        state: AssetState::DataReview,
        consented_by: caller.account_id(),
        consented_at: Some(caller.now()),
        ..asset
    })
}

/// The data administrator publishes. Basis: 政务数据共享条例 第十六条.
pub(crate) fn publish(asset: Asset, caller: &Caller) -> Result<Asset, Error> {
    require_state(&asset, AssetState::DataReview, "data_review")?;
    check_complete(&asset.entry, &asset.provider)?;
    Ok(Asset {
        state: AssetState::Published,
        published_by: caller.account_id(),
        published_at: Some(caller.now()),
        ..asset
    })
}

/// A reviewer returns the entry with the reason. A reason is always given.
pub(crate) fn send_back(asset: Asset, reason: &str, now: jiff::Timestamp) -> Result<Asset, Error> {
    if !matches!(asset.state, AssetState::UnitReview | AssetState::DataReview) {
        return Err(Error::WrongState {
            subject: format!("asset {}", asset.id),
            found: asset.state.code().to_owned(),
            needed: "unit_review or data_review",
        });
    }
    Ok(Asset {
        state: AssetState::Draft,
        return_reason: Some(required_reason(reason)?),
        returned_at: Some(now),
        submitted_at: None,
        consented_by: None,
        consented_at: None,
        ..asset
    })
}

/// Takes a published entry out of the catalogue.
pub(crate) fn withdraw(asset: Asset, reason: &str) -> Result<Asset, Error> {
    require_state(&asset, AssetState::Published, "published")?;
    Ok(Asset {
        state: AssetState::Withdrawn,
        return_reason: Some(required_reason(reason)?),
        ..asset
    })
}

/// A reason that is not blank and not longer than a page.
fn required_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    let characters = reason.chars().count();
    if characters == 0 || characters > 1_000 {
        return Err(Error::invalid(
            "reason",
            "请写明理由（1 至 1000 个字符）。",
            "Give the reason, in 1 to 1,000 characters.",
        ));
    }
    Ok(reason.to_owned())
}
