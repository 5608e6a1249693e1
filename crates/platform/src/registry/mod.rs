//! Registration of government data assets and their catalogue (政务数据资产登记、目录).
//!
//! A clerk describes an asset, the head of the unit consents, the data
//! administrator of the competent authority publishes: three persons.
//!
//! ```text
//! draft ─submit─▶ unit_review ─consent─▶ data_review ─publish─▶ published ─withdraw─▶ withdrawn
//!   ▲                 │                      │
//!   └─────return──────┴──────────────────────┘
//! ```
//!
//! Basis: 山西省大数据发展应用促进条例 第七条; 政务数据共享条例 第十一条, 第十三条.
//!
//! Invariants (each is also the name of a test):
//! - `nobody_approves_what_they_filed`
//! - `an_incomplete_entry_gets_one_notice_that_lists_everything_missing`
//! - `a_return_always_gives_a_reason`
//!
//! Start at [`register`]. Decisions are in `rules.rs`, SQL in `table.rs`; neither
//! knows HTTP. The data of an asset come in through [`upload`] and [`version`].

mod model;
mod reading;
pub mod repair;
mod rules;
mod table;
pub mod upload;
pub mod version;

use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{AssetId, CreditCode, EntryId};

pub use model::{
    Asset, AssetKind, AssetState, CatalogueEntry, Contact, Dated, Item, NegativeListEntry,
};
pub use rules::Missing;

use crate::{Error, Platform};

/// What a step did: the asset as it is now and the receipt's number.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The asset after the step.
    pub asset: Asset,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
}

/// A new asset, as its clerk files it.
#[derive(Clone, Debug)]
pub struct NewAsset {
    /// The body that answers for it.
    pub body: CreditCode,
    /// Data set or system.
    pub kind: AssetKind,
    /// The description so far; may be incomplete.
    pub entry: CatalogueEntry,
}

/// Registers an asset as a draft.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the body; [`Error::Invalid`]
/// if a field is too long or a code is not in its list.
pub async fn register(
    caller: &Caller,
    platform: &Platform,
    new: NewAsset,
) -> Result<Changed, Error> {
    register_named(caller, platform, new, None).await
}

/// Registers an asset as a draft, under a name by which programs find it again.
///
/// - `name`: 2 to 100 lower-case letters, digits, `-` and `_`; none: found by its id.
///
/// # Errors
///
/// As [`register`]; [`Error::Invalid`] for a name that is taken or has another form.
pub async fn register_named(
    caller: &Caller,
    platform: &Platform,
    new: NewAsset,
    name: Option<&str>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let body = trust::identity::find_body(&mut tx, new.body).await?;
    let body = body.ok_or_else(|| Error::NotFound { what: "body", id: new.body.to_string() })?;
    let asset = Asset {
        id: AssetId::new_v7(caller.now()),
        body: Some(new.body),
        provider: body.name.zh,
        kind: new.kind,
        state: AssetState::Draft,
        revision: 1,
        entry: new.entry,
        filer: caller.account_id(),
        consented_by: None,
        published_by: None,
        origin: None,
        origin_id: None,
        return_reason: None,
        returned_at: None,
        created_at: caller.now(),
        updated_at: caller.now(),
        submitted_at: None,
        consented_at: None,
        published_at: None,
        origin_issued_at: None,
        origin_updated_at: None,
    };
    caller.require(Action::RegisterAsset, &asset.resource())?;
    rules::check_wellformed(&asset.entry)?;
    table::insert(&mut tx, &asset).await?;
    if let Some(name) = name {
        rules::check_name(name)?;
        if table::named(&mut tx, name).await?.is_some() {
            return Err(rules::name_is_taken(name));
        }
        table::insert_name(&mut tx, asset.id, name).await?;
    }
    let entry_id = record(&mut tx, caller, "asset.registered", &asset, None).await?;
    tx.commit().await?;
    Ok(Changed { asset, entry_id })
}

/// Replaces the description of a draft.
///
/// # Errors
///
/// [`Error::Stale`] if `revision` is not the current one; [`Error::WrongState`]
/// unless the asset is a draft; else as [`register`].
pub async fn edit(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: i64,
    entry: CatalogueEntry,
) -> Result<Changed, Error> {
    step(caller, platform, id, Some(revision), Action::EditAsset, "asset.edited", None, |asset| {
        rules::require_state(&asset, AssetState::Draft, "draft")?;
        rules::check_wellformed(&entry)?;
        Ok(Asset { entry, ..asset })
    })
    .await
}

/// Submits a draft for the unit head's consent.
///
/// # Errors
///
/// [`Error::Refused`] with every ground that applies (R-SH-01, R-SH-02, R-SH-03,
/// R-OP-03, R-OP-06); [`Error::WrongState`] unless it is a draft.
pub async fn submit(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    step(caller, platform, id, revision, Action::SubmitAsset, "asset.submitted", None, |asset| {
        rules::submit(asset, caller)
    })
    .await
}

/// The unit head consents.
///
/// # Errors
///
/// [`Error::Denied`] for the filer and for anyone but the head of the body.
pub async fn consent(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    step(caller, platform, id, revision, Action::ConsentAsset, "asset.consented", None, |asset| {
        rules::consent(asset, caller)
    })
    .await
}

/// The data administrator reviews and publishes; the entry becomes findable.
///
/// # Errors
///
/// [`Error::Denied`] for the filer and for who consented.
pub async fn publish(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let changed = step(
        caller,
        platform,
        id,
        revision,
        Action::PublishAsset,
        "asset.published",
        None,
        |asset| rules::publish(asset, caller),
    )
    .await?;
    crate::open::index_asset(platform, changed.asset.id).await?;
    Ok(changed)
}

/// A reviewer returns the entry to its filer, with the reason.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason.
pub async fn send_back(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    step(
        caller,
        platform,
        id,
        revision,
        Action::ReturnAsset,
        "asset.returned",
        Some(reason),
        |asset| rules::send_back(asset, reason, caller.now()),
    )
    .await
}

/// Takes a published entry out of the catalogue, with the reason.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason; [`Error::WrongState`] unless published.
pub async fn withdraw(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    let changed = step(
        caller,
        platform,
        id,
        revision,
        Action::WithdrawAsset,
        "asset.withdrawn",
        Some(reason),
        |asset| rules::withdraw(asset, reason),
    )
    .await?;
    crate::open::index_asset(platform, changed.asset.id).await?;
    Ok(changed)
}

/// An asset that the caller may see.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not know that it exists.
pub async fn find(caller: &Caller, platform: &Platform, id: AssetId) -> Result<Asset, Error> {
    let mut reader = platform.store.read().await?;
    let asset = table::find(&mut reader, id).await?.ok_or_else(|| not_found(id))?;
    if !caller.can(Action::ViewAsset, &asset.resource()) {
        return Err(not_found(id));
    }
    Ok(asset)
}

/// The asset that a program registered under a name.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not know that it exists.
pub async fn find_named(caller: &Caller, platform: &Platform, name: &str) -> Result<Asset, Error> {
    let missing = || Error::NotFound { what: "asset", id: name.chars().take(100).collect() };
    let mut reader = platform.store.read().await?;
    let id = table::named(&mut reader, name).await?.ok_or_else(missing)?;
    drop(reader);
    find(caller, platform, id).await.map_err(|error| match error {
        Error::NotFound { .. } => missing(),
        other => other,
    })
}

/// The names that programs gave to some assets.
pub(crate) async fn names_of(
    query: &mut impl store::Query,
    ids: &[AssetId],
) -> Result<std::collections::HashMap<AssetId, String>, Error> {
    Ok(table::names_of(query, ids).await?.into_iter().collect())
}

/// Which assets a list is about.
#[derive(Clone, Debug, Default)]
pub struct AssetFilter {
    /// Only those of this body.
    pub body: Option<CreditCode>,
    /// Only those in this state.
    pub state: Option<AssetState>,
    /// Only those after this one, in order of newest change.
    pub after: Option<After>,
    /// At most this many.
    pub limit: u64,
}

/// Where the next page of a list begins: after this change of this asset.
pub type After = (String, AssetId);

/// A page of assets that the caller may see, newest change first, and where the
/// next page begins. What the caller may not see is neither listed nor named there.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn list(
    caller: &Caller,
    platform: &Platform,
    filter: &AssetFilter,
) -> Result<(Vec<Asset>, Option<After>), Error> {
    let mut reader = platform.store.read().await?;
    let mut filter = filter.clone();
    let wanted = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let place = |asset: &Asset| (vocabulary::time::utc_text(asset.updated_at), asset.id);
    let mut seen: Vec<Asset> = Vec::new();
    loop {
        let assets = table::list(&mut reader, &filter).await?;
        let Some(last) = assets.last() else { return Ok((seen, None)) };
        let is_full = assets.len() == wanted;
        filter.after = Some(place(last));
        for asset in assets {
            if !caller.can(Action::ViewAsset, &asset.resource()) {
                continue;
            }
            if seen.len() == wanted {
                let next = seen.last().map(place);
                return Ok((seen, next));
            }
            seen.push(asset);
        }
        if !is_full {
            return Ok((seen, None));
        }
    }
}

/// The assets that wait for this caller's consent or review, oldest first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn inbox(caller: &Caller, platform: &Platform) -> Result<Vec<Asset>, Error> {
    let mut reader = platform.store.read().await?;
    let mut waiting = Vec::new();
    for (state, action) in [
        (AssetState::UnitReview, Action::ConsentAsset),
        (AssetState::DataReview, Action::PublishAsset),
    ] {
        let assets = table::waiting(&mut reader, state).await?;
        waiting.extend(assets.into_iter().filter(|asset| caller.can(action, &asset.resource())));
    }
    Ok(waiting)
}

/// An entry of another catalogue, taken over as it is described there.
#[derive(Clone, Debug)]
pub struct ForeignEntry {
    /// The catalogue that it comes from.
    pub origin: String,
    /// The identifier there.
    pub origin_id: String,
    /// Name of the providing body.
    pub provider: String,
    /// The description.
    pub entry: CatalogueEntry,
    /// When it was first published there, if it says so.
    pub issued_at: Option<jiff::Timestamp>,
    /// When it was last changed there, if it says so.
    pub updated_at: Option<jiff::Timestamp>,
}

/// Takes over entries of another catalogue; those already here are left as they are.
/// Returns how many are new.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller may publish; [`Error::Store`] if nothing
/// of this batch was taken over.
pub async fn take_over(
    caller: &Caller,
    platform: &Platform,
    entries: Vec<ForeignEntry>,
) -> Result<u64, Error> {
    let mut new = 0;
    let mut tx = platform.store.begin().await?;
    let mut ids = Vec::with_capacity(entries.len());
    for foreign in entries {
        if table::has_origin(&mut tx, &foreign.origin, &foreign.origin_id).await? {
            continue;
        }
        let asset = Asset {
            id: AssetId::new_v7(caller.now()),
            body: None,
            provider: foreign.provider,
            kind: AssetKind::Dataset,
            state: AssetState::Published,
            revision: 1,
            entry: foreign.entry,
            filer: None,
            consented_by: None,
            published_by: caller.account_id(),
            origin: Some(foreign.origin),
            origin_id: Some(foreign.origin_id),
            return_reason: None,
            returned_at: None,
            created_at: caller.now(),
            updated_at: foreign.updated_at.unwrap_or_else(|| caller.now()),
            submitted_at: None,
            consented_at: None,
            published_at: Some(caller.now()),
            origin_issued_at: foreign.issued_at,
            origin_updated_at: foreign.updated_at,
        };
        caller.require(Action::TakeOverEntries, &asset.resource())?;
        table::insert(&mut tx, &asset).await?;
        record(&mut tx, caller, "asset.taken_over", &asset, None).await?;
        crate::open::changed(&mut tx, asset.id, caller.now()).await?;
        ids.push(asset.id);
        new += 1;
    }
    tx.commit().await?;
    crate::open::index_assets(platform, &ids).await?;
    Ok(new)
}

/// One step of an asset: find → authorize → decide → save → audit → commit.
#[expect(clippy::too_many_arguments, reason = "the steps differ in exactly these")]
async fn step(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    revision: Option<i64>,
    action: Action,
    event: &'static str,
    ground: Option<&str>,
    decide: impl FnOnce(Asset) -> Result<Asset, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = table::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    if !caller.can(Action::ViewAsset, &found.resource()) {
        return Err(not_found(id));
    }
    caller.require(action, &found.resource())?;
    let before = found.revision;
    if revision.is_some_and(|expected| expected != before) {
        return Err(Error::Stale);
    }
    let decided = decide(found)?;
    let asset = Asset { revision: before + 1, updated_at: caller.now(), ..decided };
    table::save(&mut tx, &asset, before).await?;
    let entry_id = record(&mut tx, caller, event, &asset, ground).await?;
    if asset.state == AssetState::Published {
        crate::gate::release::stop_unfit(&mut tx, caller, &asset).await?;
    }
    crate::open::changed(&mut tx, asset.id, caller.now()).await?;
    tx.commit().await?;
    Ok(Changed { asset, entry_id })
}

/// Writes the audit entry of a step in the same transaction.
async fn record(
    tx: &mut store::Tx,
    caller: &Caller,
    event: &'static str,
    asset: &Asset,
    ground: Option<&str>,
) -> Result<EntryId, Error> {
    let event = audit::Event {
        kind: event,
        subject: format!("asset:{}", asset.id),
        body: json!({
            "asset": asset.id,
            "state": asset.state,
            "revision": asset.revision,
            "provider": asset.provider,
            "entry": asset.entry,
        }),
        ground: ground.map(str::to_owned),
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

/// The error for an asset that is not there, or not for this caller.
fn not_found(id: AssetId) -> Error {
    Error::NotFound { what: "asset", id: id.to_string() }
}

/// Reads assets inside another area's transaction, in no order.
pub(crate) async fn load_many(
    query: &mut impl store::Query,
    ids: &[AssetId],
) -> Result<Vec<Asset>, Error> {
    table::find_many(query, ids).await
}

/// A page of published assets, in order of their id.
pub(crate) async fn published_after(
    query: &mut impl store::Query,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<Asset>, Error> {
    table::published_after(query, after, limit).await
}

/// A stored version inside another area's transaction.
pub(crate) async fn load_version(
    query: &mut impl store::Query,
    id: vocabulary::VersionId,
) -> Result<version::Version, Error> {
    let found = table::version_by_id(query, id).await?;
    found.ok_or_else(|| Error::NotFound { what: "version", id: id.to_string() })
}

/// Whether an asset has a version of this number that was stored after an instant.
pub(crate) async fn has_version(
    query: &mut impl store::Query,
    id: AssetId,
    number: i64,
    after: jiff::Timestamp,
) -> Result<bool, Error> {
    let found = table::version_by_number(query, id, number).await?;
    let later = |version: version::Version| version.finished_at.is_some_and(|at| at > after);
    Ok(found.filter(|version| version.state == "stored").is_some_and(later))
}

pub(crate) use table::{json_or_none, to_json_or_none};

/// Reads an asset inside another area's transaction.
pub(crate) async fn load(query: &mut impl store::Query, id: AssetId) -> Result<Asset, Error> {
    table::find(query, id).await?.ok_or_else(|| not_found(id))
}

/// The mandatory fields that an asset's entry lacks.
pub fn missing(asset: &Asset) -> Vec<Missing> {
    rules::missing_fields(&asset.entry, &asset.provider)
}

/// Everything that submission would be refused for; empty if nothing stands in its way.
pub fn obstacles(asset: &Asset) -> Vec<crate::RefusedBy> {
    match rules::check_complete(&asset.entry, &asset.provider) {
        Err(Error::Refused { refusals }) => refusals,
        _ => Vec::new(),
    }
}

/// Which assets [`own`] lists.
#[derive(Clone, Debug, Default)]
pub struct OwnFilter {
    /// Part of the title; empty for all.
    pub text: String,
    /// Only those in this state.
    pub state: Option<AssetState>,
    /// Leave out so many.
    pub offset: u64,
    /// At most so many.
    pub limit: u64,
}

/// An asset that the caller answers for, with what a list says of it.
#[derive(Clone, Debug)]
pub struct OwnAsset {
    /// The asset.
    pub asset: Asset,
    /// The newest stored version.
    pub version: Option<i64>,
    /// Whether it has a current open release.
    pub is_open: bool,
    /// When the next version is due; `None` without a cycle or without data.
    pub next_update: Option<jiff::civil::Date>,
}

/// Assets that the caller answers for, newest change first, and how many there are
/// in all: those of the own body for clerks and unit heads, those of all bodies for
/// who reviews and audits.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn own(
    caller: &Caller,
    platform: &Platform,
    filter: &OwnFilter,
) -> Result<(Vec<OwnAsset>, u64), Error> {
    let sees_all = [trust::Role::DataAdmin, trust::Role::GateReviewer, trust::Role::Auditor]
        .into_iter()
        .any(|role| caller.has_role(role));
    let body = if sees_all { None } else { caller.body() };
    if !sees_all && body.is_none() {
        return Ok((Vec::new(), 0));
    }
    let mut reader = platform.store.read().await?;
    let total = table::count_own(&mut reader, body, filter).await?;
    let assets = table::own(&mut reader, body, filter).await?;
    let mut listed = Vec::with_capacity(assets.len());
    for asset in assets.into_iter().filter(|asset| caller.can(Action::ViewAsset, &asset.resource()))
    {
        let versions = table::versions(&mut reader, asset.id).await?;
        let newest = versions.iter().find(|version| version.state == "stored");
        let current =
            crate::gate::release::current(&mut reader, asset.id, law::Audience::Open).await?;
        listed.push(OwnAsset {
            version: newest.map(|version| version.number),
            is_open: current.is_some(),
            next_update: newest
                .and_then(|version| next_update(asset.entry.update_cycle?, version.finished_at?)),
            asset,
        });
    }
    Ok((listed, total))
}

/// The day that follows `at` by one update cycle; `None` for a cycle without a length.
pub(crate) fn next_update(
    cycle: law::UpdateCycle,
    at: jiff::Timestamp,
) -> Option<jiff::civil::Date> {
    let day = vocabulary::time::china_date(at);
    let span = match cycle {
        law::UpdateCycle::Daily => jiff::Span::new().days(1),
        law::UpdateCycle::Weekly => jiff::Span::new().days(7),
        law::UpdateCycle::EveryTenDays => jiff::Span::new().days(10),
        law::UpdateCycle::Monthly => jiff::Span::new().months(1),
        law::UpdateCycle::Quarterly => jiff::Span::new().months(3),
        law::UpdateCycle::Yearly => jiff::Span::new().years(1),
        _ => return None,
    };
    day.checked_add(span).ok()
}
