//! The SQL of cases. What everyone may read is selected from `public_case` alone.

use jiff::Timestamp;
use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use trust::Caller;
use vocabulary::CaseNumber;

use super::grant::Grant;
use super::model::{Answer, Case, Dossier, Filer, Papers};
use super::reading::{CaseFilter, DeskFilter, Statistics, StatisticsFilter};
use crate::registry::{json_or_none, to_json_or_none};
use crate::{Error, to_json, word};

const CASE: &str = "SELECT case_number, kind, state, revision, asset_id, body_code, division,
        title, question, question_at, commitment_sha256, filed_at, clock_from, due_at,
        supplement_asked_at, supplemented_at, accepted_at, handler, extension, extended_at,
        drafted_by, drafted_at, answer, answered_by, answered_at, working_days, closed_at,
        withdrawn_at, updated_at, supplement_due_at, lapsed_at
   FROM public_case";

impl FromRow for Case {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.get("case_number")?,
            kind: word(row, "kind")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            asset_id: row.get("asset_id")?,
            body: row.get("body_code")?,
            division: row.get("division")?,
            title: row.get("title")?,
            question: row.get("question")?,
            question_at: row.get("question_at")?,
            commitment_sha256: row.get("commitment_sha256")?,
            filed_at: row.get("filed_at")?,
            clock_from: row.get("clock_from")?,
            due_at: row.get("due_at")?,
            supplement_asked_at: row.get("supplement_asked_at")?,
            supplemented_at: row.get("supplemented_at")?,
            accepted_at: row.get("accepted_at")?,
            handler: row.get("handler")?,
            extension: row.get("extension")?,
            extended_at: row.get("extended_at")?,
            drafted_by: row.get("drafted_by")?,
            drafted_at: row.get("drafted_at")?,
            answer: json_or_none::<Answer>(row, "answer")?,
            answered_by: row.get("answered_by")?,
            answered_at: row.get("answered_at")?,
            working_days: row.get("working_days")?,
            closed_at: row.get("closed_at")?,
            withdrawn_at: row.get("withdrawn_at")?,
            supplement_due_at: row.get("supplement_due_at")?,
            lapsed_at: row.get("lapsed_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

impl FromRow for Papers {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            title: row.get("title")?,
            question: row.get("question")?,
            details: row.json("details")?,
            supplement_notice: row.get("supplement_notice")?,
            supplement: row.get("supplement")?,
            draft: json_or_none::<Answer>(row, "draft")?,
            return_reason: row.get("return_reason")?,
        })
    }
}

impl FromRow for Filer {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { name: row.get("name")?, contact: row.get("contact")? })
    }
}

/// Writes a new case with its papers.
pub(super) async fn insert(tx: &mut Tx, dossier: &Dossier) -> Result<(), Error> {
    let Dossier { case, papers } = dossier;
    let sql = "INSERT INTO public_case (case_number, kind, state, revision, asset_id, body_code,
                      division, commitment_sha256, filed_at, clock_from, due_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let values = params![
        case.number,
        case.kind.code(),
        case.state,
        case.revision,
        case.asset_id,
        case.body,
        case.division,
        case.commitment_sha256,
        case.filed_at,
        case.clock_from,
        case.due_at,
        case.updated_at,
    ];
    expect_one(tx.execute(sql, values).await?)?;
    let sql = "INSERT INTO case_paper (case_number, title, question, details)
               VALUES ($1, $2, $3, $4)";
    let details = to_json("details", &papers.details)?;
    let values = params![case.number, papers.title, papers.question, details];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// Writes who filed a case.
pub(super) async fn insert_filer(
    tx: &mut Tx,
    number: CaseNumber,
    filer: &Filer,
    code_sha256: &str,
    form: Option<&str>,
) -> Result<(), Error> {
    let sql = "INSERT INTO case_contact (case_number, name, contact, code_sha256, form)
               VALUES ($1, $2, $3, $4, $5)";
    let values = params![number, filer.name, filer.contact, code_sha256, form];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// Saves a case and its papers, if nobody changed it in the meantime.
pub(super) async fn save(tx: &mut Tx, dossier: &Dossier, before: i64) -> Result<(), Error> {
    let Dossier { case, papers } = dossier;
    let sql = "UPDATE public_case
                  SET state = $3, revision = $4, body_code = $5, division = $6, title = $7,
                      question = $8, question_at = $9, clock_from = $10, due_at = $11,
                      supplement_asked_at = $12, supplemented_at = $13, accepted_at = $14,
                      handler = $15, extension = $16, extended_at = $17, drafted_by = $18,
                      drafted_at = $19, outcome = $20, ground = $21, answer = $22,
                      answered_by = $23, answered_at = $24, working_days = $25, closed_at = $26,
                      withdrawn_at = $27, updated_at = $28, supplement_due_at = $29,
                      lapsed_at = $30
                WHERE case_number = $1 AND revision = $2";
    let answer = case.answer.as_ref();
    let values = params![
        case.number,
        before,
        case.state,
        case.revision,
        case.body,
        case.division,
        case.title,
        case.question,
        case.question_at,
        case.clock_from,
        case.due_at,
        case.supplement_asked_at,
        case.supplemented_at,
        case.accepted_at,
        case.handler,
        case.extension,
        case.extended_at,
        case.drafted_by,
        case.drafted_at,
        answer.map(|answer| answer.outcome),
        answer.and_then(|answer| answer.ground.clone()),
        to_json_or_none("answer", answer)?,
        case.answered_by,
        case.answered_at,
        case.working_days,
        case.closed_at,
        case.withdrawn_at,
        case.updated_at,
        case.supplement_due_at,
        case.lapsed_at,
    ];
    expect_one(tx.execute(sql, values).await?)?;
    let sql = "UPDATE case_paper
                  SET supplement_notice = $2, supplement = $3, draft = $4, return_reason = $5
                WHERE case_number = $1";
    let values = params![
        case.number,
        papers.supplement_notice,
        papers.supplement,
        to_json_or_none("draft", papers.draft.as_ref())?,
        papers.return_reason,
    ];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// The case, if there is one.
pub(super) async fn find(
    query: &mut impl Query,
    number: CaseNumber,
) -> Result<Option<Case>, Error> {
    Ok(query.optional(&format!("{CASE} WHERE case_number = $1"), params![number]).await?)
}

/// The papers of a case.
pub(super) async fn papers(query: &mut impl Query, number: CaseNumber) -> Result<Papers, Error> {
    let sql = "SELECT title, question, details, supplement_notice, supplement, draft,
                      return_reason
                 FROM case_paper WHERE case_number = $1";
    Ok(query.one(sql, params![number]).await?)
}

/// The papers of some cases, in no order.
pub(super) async fn papers_of(
    query: &mut impl Query,
    numbers: &[CaseNumber],
) -> Result<Vec<(CaseNumber, Papers)>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT case_number, title, question, details, supplement_notice, supplement, draft,
                return_reason
           FROM case_paper WHERE case_number IN ({})",
        store::placeholders(1, numbers.len())
    );
    let values = numbers.iter().map(store::ToValue::to_value).collect();
    let found: Vec<Numbered> = query.all(&sql, values).await?;
    Ok(found.into_iter().map(|one| (one.0, one.1)).collect())
}

/// Papers with the number of their case.
struct Numbered(CaseNumber, Papers);

impl FromRow for Numbered {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.get("case_number")?, Papers::from_row(row)?))
    }
}

/// Who filed a case.
pub(super) async fn filer(query: &mut impl Query, number: CaseNumber) -> Result<Filer, Error> {
    let sql = "SELECT name, contact FROM case_contact WHERE case_number = $1";
    Ok(query.one(sql, params![number]).await?)
}

/// What is stored of the secret code of a case.
pub(super) async fn code_of(
    query: &mut impl Query,
    number: CaseNumber,
) -> Result<Option<String>, Error> {
    let sql = "SELECT code_sha256 FROM case_contact WHERE case_number = $1";
    Ok(query.optional(sql, params![number]).await?)
}

/// The case that a form became, if it was sent before.
pub(super) async fn of_form(
    query: &mut impl Query,
    form: &str,
) -> Result<Option<CaseNumber>, Error> {
    let sql = "SELECT case_number FROM case_contact WHERE form = $1";
    Ok(query.optional(sql, params![form]).await?)
}

/// A page of cases, newest first.
pub(super) async fn list(query: &mut impl Query, filter: &CaseFilter) -> Result<Vec<Case>, Error> {
    let (after_at, after) = match &filter.after {
        Some((at, number)) => (Some(at.clone()), Some(*number)),
        None => (None, None),
    };
    let sql = format!(
        "{CASE}
          WHERE ($1 IS NULL OR kind = $1)
            AND ($2 IS NULL OR state = $2)
            AND ($3 IS NULL OR body_code = $3)
            AND ($4 IS NULL OR asset_id = $4)
            AND ($5 IS NULL OR filed_at < $5 OR (filed_at = $5 AND case_number < $6))
          ORDER BY filed_at DESC, case_number DESC
          LIMIT $7 OFFSET $8"
    );
    let values = params![
        filter.kind.map(law::requests::RequestKind::code),
        filter.state,
        filter.body,
        filter.asset,
        after_at,
        after,
        filter.limit,
        filter.offset,
    ];
    Ok(query.all(&sql, values).await?)
}

/// How many cases [`list`] has in all, its place aside.
pub(super) async fn count(query: &mut impl Query, filter: &CaseFilter) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM public_case
                WHERE ($1 IS NULL OR kind = $1)
                  AND ($2 IS NULL OR state = $2)
                  AND ($3 IS NULL OR body_code = $3)
                  AND ($4 IS NULL OR asset_id = $4)";
    let kind = filter.kind.map(law::requests::RequestKind::code);
    Ok(query.one(sql, params![kind, filter.state, filter.body, filter.asset]).await?)
}

const WAITING: &str = "state IN ('filed', 'supplement_asked', 'supplemented', 'under_review',
                                 'to_approve')";

/// Cases for the desk: of those that wait the ones that are due first, those without an end
/// last; of those that ended the newest change first.
///
/// - `body`: those of this body; `None` for those of all bodies and of none.
pub(super) async fn desk(
    query: &mut impl Query,
    body: Option<vocabulary::CreditCode>,
    filter: &DeskFilter,
) -> Result<Vec<Case>, Error> {
    let open = if filter.is_open { format!("AND {WAITING}") } else { format!("AND NOT {WAITING}") };
    let order = if filter.is_open {
        "CASE WHEN due_at IS NULL THEN 1 ELSE 0 END, due_at, filed_at, case_number"
    } else {
        "updated_at DESC, case_number"
    };
    let wanted =
        if filter.is_for_admin { "AND (body_code IS NULL OR kind = 'complaint')" } else { "" };
    let sql = format!(
        "{CASE} WHERE ($1 IS NULL OR body_code = $1) {open} {wanted}
          ORDER BY {order} LIMIT $2 OFFSET $3"
    );
    Ok(query.all(&sql, params![body, filter.limit, filter.offset]).await?)
}

/// The names that the public list shows of datasets: identifier, title, provider.
pub(super) async fn datasets(
    query: &mut impl Query,
    numbers: &[CaseNumber],
) -> Result<Vec<(CaseNumber, String)>, Error> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT c.case_number, a.title FROM public_case c JOIN asset a ON a.asset_id = c.asset_id
          WHERE a.state = 'published' AND c.case_number IN ({})",
        store::placeholders(1, numbers.len())
    );
    let values = numbers.iter().map(store::ToValue::to_value).collect();
    Ok(query.all(&sql, values).await?)
}

/// Counts, the median and the shares of cases.
///
/// The median of an even number is the mean of the two in the middle: with `total`
/// values, those in the places `(total + 1) / 2` and `(total + 2) / 2`, rounded down.
pub(super) async fn statistics(
    query: &mut impl Query,
    filter: &StatisticsFilter,
    now: Timestamp,
) -> Result<Statistics, Error> {
    let wanted = "($1 IS NULL OR kind = $1) AND ($2 IS NULL OR body_code = $2)";
    let kind = filter.kind.map(law::requests::RequestKind::code);
    let sum = |condition: &str| format!("SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)");
    let sql = format!(
        "SELECT COUNT(*) AS filed, {} AS waiting, {} AS withdrawn, {} AS answered,
                {} AS accepted, {} AS decided, {} AS timed, {} AS in_time, {} AS overdue
           FROM public_case WHERE {wanted}",
        sum(WAITING),
        sum("state = 'withdrawn'"),
        sum("answered_at IS NOT NULL"),
        sum("outcome IN ('granted', 'partly_granted', 'already_open', 'corrected')"),
        sum("outcome IN ('granted', 'partly_granted', 'already_open', 'corrected', 'refused',
                         'not_existing', 'not_erroneous', 'explained')"),
        sum("answered_at IS NOT NULL AND due_at IS NOT NULL"),
        sum("answered_at < due_at"),
        sum(&format!("{WAITING} AND due_at <= $3")),
    );
    let counts: Counts = query.one(&sql, params![kind, filter.body, now]).await?;
    let sql = format!(
        "SELECT CAST(AVG(days) AS DOUBLE PRECISION) FROM (
             SELECT working_days AS days,
                    ROW_NUMBER() OVER (ORDER BY working_days) AS place,
                    COUNT(*) OVER () AS total
               FROM public_case WHERE working_days IS NOT NULL AND {wanted}) ranked
          WHERE place IN ((total + 1) / 2, (total + 2) / 2)"
    );
    let median_working_days = query.one(&sql, params![kind, filter.body]).await?;
    Ok(Statistics { median_working_days, ..counts.0 })
}

/// A row of counts; a sum over no rows is NULL, which is 0 here.
struct Counts(Statistics);

impl FromRow for Counts {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let count = |name| Ok::<_, StoreError>(row.get::<Option<u64>>(name)?.unwrap_or(0));
        Ok(Self(Statistics {
            filed: count("filed")?,
            waiting: count("waiting")?,
            withdrawn: count("withdrawn")?,
            answered: count("answered")?,
            accepted: count("accepted")?,
            decided: count("decided")?,
            timed: count("timed")?,
            in_time: count("in_time")?,
            overdue: count("overdue")?,
            median_working_days: None,
        }))
    }
}

/// Open cases whose clock runs and whose last day is not known.
pub(super) async fn undated(query: &mut impl Query) -> Result<Vec<Case>, Error> {
    let sql = format!(
        "{CASE} WHERE due_at IS NULL AND state <> 'supplement_asked' AND {WAITING} LIMIT 10000"
    );
    Ok(query.all(&sql, params![]).await?)
}

/// Notes the last day of a case that had none.
pub(super) async fn set_due(
    tx: &mut Tx,
    number: CaseNumber,
    due_at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE public_case SET due_at = $2 WHERE case_number = $1 AND due_at IS NULL";
    Ok(expect_one(tx.execute(sql, params![number, due_at]).await?)?)
}

/// Erases the names and contacts of cases that ended before an instant.
pub(super) async fn erase_contacts(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    let sql = "UPDATE case_contact SET name = NULL, contact = NULL
                WHERE (name IS NOT NULL OR contact IS NOT NULL)
                  AND case_number IN (SELECT case_number FROM public_case
                       WHERE COALESCE(answered_at, withdrawn_at) < $1)";
    Ok(tx.execute(sql, params![before]).await?)
}

const GRANT: &str = "SELECT case_number, asset_id, granted_at, ends_at, revoked_at, revoke_reason,
        taken, last_taken_at
   FROM data_grant";

impl FromRow for Grant {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            case: row.get("case_number")?,
            asset_id: row.get("asset_id")?,
            granted_at: row.get("granted_at")?,
            ends_at: row.get("ends_at")?,
            revoked_at: row.get("revoked_at")?,
            revoke_reason: row.get("revoke_reason")?,
            taken: row.get("taken")?,
            last_taken_at: row.get("last_taken_at")?,
        })
    }
}

/// Writes a new grant.
pub(super) async fn insert_grant(tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    let sql = "INSERT INTO data_grant (case_number, asset_id, granted_at, ends_at, taken)
               VALUES ($1, $2, $3, $4, 0)";
    let values = params![grant.case, grant.asset_id, grant.granted_at, grant.ends_at];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// The grant of a case, if there is one.
pub(super) async fn grant(
    query: &mut impl Query,
    number: CaseNumber,
) -> Result<Option<Grant>, Error> {
    Ok(query.optional(&format!("{GRANT} WHERE case_number = $1"), params![number]).await?)
}

/// Counts that data were taken under a grant that was not taken back.
pub(super) async fn count_taken(
    tx: &mut Tx,
    number: CaseNumber,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE data_grant SET taken = taken + 1, last_taken_at = $2
                WHERE case_number = $1 AND revoked_at IS NULL AND ends_at > $2";
    Ok(expect_one(tx.execute(sql, params![number, now]).await?)?)
}

/// A grant is taken back.
pub(super) async fn revoke_grant(
    tx: &mut Tx,
    number: CaseNumber,
    caller: &Caller,
    reason: &str,
) -> Result<(), Error> {
    let sql = "UPDATE data_grant SET revoked_at = $2, revoked_by = $3, revoke_reason = $4
                WHERE case_number = $1 AND revoked_at IS NULL";
    let values = params![number, caller.now(), caller.account_id(), reason];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}
