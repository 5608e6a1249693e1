//! What someone of the public does: file a case, look at it, add what is missing, take it
//! back.
//!
//! Nobody signs in. Who filed a case is known by its secret code, of which a digest is
//! stored. The trail names neither an account nor an address, also where someone has signed
//! in: nothing about the person is kept beside the name and contact that they gave.

use law::Audience;
use law::requests::RequestKind;
use trust::{Action, Caller, Resource, secret};
use vocabulary::{AssetId, CaseNumber, CreditCode, EntryId};

use super::model::{Case, CaseState, Details, Dossier, Filer, Papers};
use super::{Changed, clock, load, not_found, record, rules, save, table};
use crate::registry::{self, Asset, AssetState};
use crate::{Error, Platform};

/// How often a number that is taken is drawn again.
const DRAWS: usize = 8;

/// A case as it is filed.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// Its kind.
    pub kind: RequestKind,
    /// The published dataset or entry that it is about.
    pub about: Option<AssetId>,
    /// The body that it is for, where it is about no dataset.
    pub body: Option<CreditCode>,
    /// What it is about, in a line.
    pub title: String,
    /// The question.
    pub question: String,
    /// What its kind says beside it.
    pub details: Details,
    /// The undertaking that was shown and accepted, by its SHA-256.
    pub commitment_sha256: Option<String>,
    /// Name of the person or organization; never public.
    pub name: String,
    /// An e-mail address or telephone number; never public.
    pub contact: String,
    /// The form that was sent, so that it is sent once; `None` from a program.
    pub form: Option<String>,
}

/// A case that was filed.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The case.
    pub case: Case,
    /// The secret code by which its filer comes back. It is told this once.
    pub code: String,
    /// Entry in the transparency log that commits to the filing.
    pub entry_id: EntryId,
}

/// Files a case; its clock starts now.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that is missing or wrong, and if the form was sent
/// before; [`Error::Denied`] for auditors, who never write.
pub async fn file(caller: &Caller, platform: &Platform, new: NewCase) -> Result<Filed, Error> {
    caller.require(Action::FileCase, &Resource::of_kind("case"))?;
    let caller = &Caller::anonymous(caller.now());
    let mut tx = platform.store.begin().await?;
    let about = match new.about {
        Some(id) => Some(published(&mut tx, id).await?),
        None => None,
    };
    let is_open = match new.about {
        Some(id) => crate::gate::release::current(&mut tx, id, Audience::Open).await?.is_some(),
        None => false,
    };
    rules::check_new(&new, about.as_ref(), is_open)?;
    if let Some(form) = &new.form
        && let Some(number) = table::of_form(&mut tx, form).await?
    {
        return Err(Error::invalid(
            "form",
            format!("这份表单已经提交过，编号 {number}。要再提交一件，请重新打开表单。"),
            format!(
                "This form was sent already; its case is {number}. To file another, open the form again."
            ),
        ));
    }
    let code = secret::random_text().map_err(Error::evidence)?;
    let dossier = dossier_of(&mut tx, caller, &new, about.as_ref()).await?;
    table::insert(&mut tx, &dossier).await?;
    let filer = Filer {
        name: Some(new.name.trim().to_owned()),
        contact: Some(new.contact.trim().to_owned()),
    };
    let number = dossier.case.number;
    let stored = secret::stored_form(&code);
    table::insert_filer(&mut tx, number, &filer, &stored, new.form.as_deref()).await?;
    let entry_id = record(&mut tx, caller, "case.filed", &dossier, None).await?;
    tx.commit().await?;
    Ok(Filed { case: dossier.case, code, entry_id })
}

/// The published asset that a case is about.
async fn published(query: &mut impl store::Query, id: AssetId) -> Result<Asset, Error> {
    let missing = || {
        Error::invalid(
            "about",
            "没有这个数据集，或者它没有发布。",
            "There is no such dataset, or it is not published.",
        )
    };
    match registry::load(query, id).await {
        Ok(asset) if asset.state == AssetState::Published => Ok(asset),
        Ok(_) | Err(Error::NotFound { .. }) => Err(missing()),
        Err(error) => Err(error),
    }
}

/// The case and papers of what was filed.
async fn dossier_of(
    tx: &mut store::Tx,
    caller: &Caller,
    new: &NewCase,
    about: Option<&Asset>,
) -> Result<Dossier, Error> {
    let now = caller.now();
    let code = about.and_then(|asset| asset.body).or(new.body);
    let body = match code {
        Some(code) => Some(trust::identity::find_body(tx, code).await?.ok_or_else(|| {
            Error::invalid("body", "没有登记这个单位。", "No such body is registered.")
        })?),
        None => None,
    };
    let place = about.and_then(|asset| asset.entry.division);
    let case = Case {
        number: new_number(tx).await?,
        kind: new.kind,
        state: CaseState::Filed,
        revision: 1,
        asset_id: about.map(|asset| asset.id),
        body: code,
        division: place.or(body.map(|body| body.division)),
        title: None,
        question: None,
        question_at: None,
        commitment_sha256: new
            .commitment_sha256
            .clone()
            .filter(|_| new.kind == RequestKind::Conditional),
        filed_at: now,
        clock_from: now,
        due_at: None,
        supplement_asked_at: None,
        supplemented_at: None,
        accepted_at: None,
        handler: None,
        extension: None,
        extended_at: None,
        drafted_by: None,
        drafted_at: None,
        answer: None,
        answered_by: None,
        answered_at: None,
        working_days: None,
        closed_at: None,
        withdrawn_at: None,
        supplement_due_at: None,
        lapsed_at: None,
        updated_at: now,
    };
    let papers = Papers {
        title: new.title.trim().to_owned(),
        question: new.question.trim().to_owned(),
        details: rules::details_of(new.kind, new.details.clone()),
        supplement_notice: None,
        supplement: None,
        draft: None,
        return_reason: None,
    };
    Ok(Dossier { case: Case { due_at: clock::due_at(&case), ..case }, papers })
}

/// A number that no case has.
async fn new_number(tx: &mut store::Tx) -> Result<CaseNumber, Error> {
    for _ in 0..DRAWS {
        let number = CaseNumber::of_random(secret::random().map_err(Error::evidence)?);
        if table::find(tx, number).await?.is_none() {
            return Ok(number);
        }
    }
    Err(Error::Interrupted)
}

/// A case as its filer sees it.
#[derive(Clone, Debug)]
pub struct Own {
    /// The case and its papers; a draft of the answer is not among them.
    pub dossier: Dossier,
    /// What is kept about the filer.
    pub filer: Filer,
}

/// The case of whoever holds its code.
///
/// # Errors
///
/// [`Error::NotFound`] for a wrong number and a wrong code alike.
pub async fn own(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
) -> Result<Own, Error> {
    let mut reader = platform.store.read().await?;
    let mut dossier = load_own(caller, &mut reader, number, code).await?;
    dossier.papers.draft = None;
    dossier.papers.return_reason = None;
    let filer = table::filer(&mut reader, number).await?;
    Ok(Own { dossier, filer })
}

/// The filer adds what was missing: the clock of the answer starts anew.
///
/// # Errors
///
/// [`Error::WrongState`] unless it was asked for; [`Error::Invalid`] without a text; else
/// as [`own`].
pub async fn supplement(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
    text: &str,
) -> Result<Changed, Error> {
    let now = caller.now();
    step(caller, platform, number, code, "case.supplemented", |dossier| {
        rules::supplement(dossier, text, now)
    })
    .await
}

/// The filer takes the case back.
///
/// # Errors
///
/// [`Error::WrongState`] once it is answered; else as [`own`].
pub async fn withdraw(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
) -> Result<Changed, Error> {
    let now = caller.now();
    step(caller, platform, number, code, "case.withdrawn", |dossier| rules::withdraw(dossier, now))
        .await
}

/// The filer is content with the answer.
///
/// # Errors
///
/// [`Error::WrongState`] unless it is answered; else as [`own`].
pub async fn close_own(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
) -> Result<Changed, Error> {
    let now = caller.now();
    step(caller, platform, number, code, "case.closed", |dossier| rules::close(dossier, now)).await
}

/// One step of the filer: find → authorize → decide → save → audit → commit.
async fn step(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
    event: &'static str,
    decide: impl FnOnce(Dossier) -> Result<Dossier, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = load_own(caller, &mut tx, number, code).await?;
    let caller = &Caller::anonymous(caller.now());
    let changed = save(&mut tx, caller, decide(found)?, event, None).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The case, if the code is its own.
pub(super) async fn load_own(
    caller: &Caller,
    query: &mut impl store::Query,
    number: CaseNumber,
    code: &str,
) -> Result<Dossier, Error> {
    let stored = table::code_of(query, number).await?.ok_or_else(|| not_found(number))?;
    let dossier = load(query, number).await?;
    let mut resource = dossier.case.resource();
    if secret::same(&secret::stored_form(code.trim()), &stored) {
        resource = resource.for_audience("filer");
    }
    caller.require(Action::ActOnOwnCase, &resource).map_err(|_| not_found(number))?;
    Ok(dossier)
}
