//! `/evidence/entry/{id}`: one entry of the log.

use axum::extract::{Path, State};
use platform::evidence::{self, EntryFacts};
use serde::Serialize;
use vocabulary::{Bilingual, EntryId};

use crate::app::App;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::trust::desk::words;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct EntryPage {
    entry: This,
    proof: Option<ProofView>,
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
}

#[derive(Serialize)]
struct This {
    id: String,
    index: Option<u64>,
    at: String,
    what: Bilingual,
    subject: Option<Subject>,
    sha256: String,
    sm3: String,
    sealed: bool,
    file_url: Option<String>,
}

#[derive(Serialize)]
struct Subject {
    text: Bilingual,
    url: Option<String>,
}

#[derive(Serialize)]
struct ProofView {
    size: u64,
    root: String,
    hashes: Vec<String>,
}

#[derive(Serialize)]
struct Neighbour {
    url: String,
}

/// Shows an entry, as far as the log itself says what it is about.
pub(crate) async fn entry(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let id: EntryId = id_of(&id)?;
    let facts = evidence::entry(&app.platform, id).await?;
    // The record is not for everyone; who may not have it is shown no link to it.
    let has_receipt = evidence::receipt(&visitor.caller, &app.platform, id).await.is_ok();
    app.pages.render(&visitor, "portal/evidence_entry.html", view(facts, has_receipt))
}

fn view(facts: EntryFacts, has_receipt: bool) -> EntryPage {
    let neighbour = |id: Option<EntryId>| id.map(|id| Neighbour { url: path(id) });
    EntryPage {
        previous: neighbour(facts.previous),
        next: neighbour(facts.next),
        proof: facts.proof.map(|proof| ProofView {
            size: proof.size,
            root: proof.root,
            hashes: proof.hashes,
        }),
        entry: This {
            id: facts.id.to_string(),
            index: facts.index,
            at: facts.at.to_string(),
            what: words::act(&facts.kind),
            subject: facts.asset.map(|asset| Subject {
                url: Some(format!("/dataset/{}", asset.id)),
                text: asset.entry.title,
            }),
            sha256: facts.sha256,
            sm3: facts.sm3,
            sealed: facts.index.is_some(),
            file_url: has_receipt.then(|| format!("/api/v1/receipts/{}", facts.id)),
        },
    }
}

/// The page of an entry.
pub(super) fn path(id: EntryId) -> String {
    format!("/evidence/entry/{id}")
}
