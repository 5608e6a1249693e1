//! The way of a dataset through the platform, taken by the demo's persons.
//!
//! ```text
//! clerk: register, upload ─▶ submit ─▶ head: consent ─▶ data administrator: publish
//! clerk: start the gate, confirm ─▶ submit ─▶ reviewer: approve ─▶ release
//! ```
//!
//! Each step is the use case that a person's request runs, with the same policies.
//! A step that was done before is not done again, so a load that was interrupted
//! goes on where it stopped.

use std::time::Duration;

use detect::Role;
use law::{Audience, OpeningAttribute, SharingModel};
use platform::Platform;
use platform::gate::{self, Decision, GateRun, GateState, Settings, Treatment};
use platform::registry::upload::{self, FileHint};
use platform::registry::{
    self, Asset, AssetKind, AssetState, CatalogueEntry, NewAsset, OwnFilter, version,
};
use store::job::JobState;
use trust::Caller;
use vocabulary::{AssetId, DataLevel};

use super::DemoError;
use super::people::{People, Person, Unit};

/// Bytes of a piece of an upload.
const PIECE: usize = 8 << 20;
/// Share of rows that the gate may suppress.
const SUPPRESSION: f64 = 0.02;

/// A file with its description.
#[derive(Clone, Debug)]
pub(super) struct Dataset {
    pub(super) entry: CatalogueEntry,
    pub(super) file_name: &'static str,
    pub(super) bytes: Vec<u8>,
    pub(super) hint: FileHint,
}

/// The persons of one body, and the platform that they work on.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) platform: &'a Platform,
    pub(super) people: &'a People,
    pub(super) unit: &'a Unit,
}

impl Desk<'_> {
    /// What a person's request would be now.
    fn by(&self, person: &Person) -> Caller {
        person.at(self.platform.clock.now())
    }

    /// Opens a dataset without persons: every column leaves as it is.
    pub(super) async fn open(&self, dataset: Dataset) -> Result<AssetId, DemoError> {
        let title = dataset.entry.title.zh.clone();
        let asset = self.upload_and_publish(dataset).await?;
        let run = self.measure(asset, &title, keep_all).await?;
        self.release(run, &title).await?;
        Ok(asset)
    }

    /// Uploads a file and takes its description to publication.
    pub(super) async fn upload_and_publish(&self, dataset: Dataset) -> Result<AssetId, DemoError> {
        let asset = self.register(&dataset.entry).await?;
        self.upload(asset.id, dataset).await?;
        self.advance(asset.id, AssetState::Published).await?;
        Ok(asset.id)
    }

    /// Registers an asset, or finds the one that has this title.
    pub(super) async fn register(&self, entry: &CatalogueEntry) -> Result<Asset, DemoError> {
        let clerk = self.by(&self.unit.clerk);
        let filter = OwnFilter { text: entry.title.zh.clone(), limit: 50, ..OwnFilter::default() };
        let (own, _) = registry::own(&clerk, self.platform, &filter).await?;
        let known = own.into_iter().map(|own| own.asset);
        let known = known.into_iter().find(|asset| {
            asset.body == Some(self.unit.body) && asset.entry.title.zh == entry.title.zh
        });
        if let Some(asset) = known {
            return Ok(asset);
        }
        let mut entry = entry.clone();
        entry.contact.office = format!("{}数据管理处", self.unit.name);
        let new = NewAsset { body: self.unit.body, kind: AssetKind::Dataset, entry };
        Ok(registry::register(&clerk, self.platform, new).await?.asset)
    }

    /// Uploads a file in pieces and has it read, unless a version is stored already.
    pub(super) async fn upload(&self, id: AssetId, dataset: Dataset) -> Result<(), DemoError> {
        let clerk = self.by(&self.unit.clerk);
        let stored = |versions: &[version::Version]| versions.iter().any(|v| v.state == "stored");
        if stored(&version::list(&clerk, self.platform, id).await?) {
            return Ok(());
        }
        let length = u64::try_from(dataset.bytes.len()).unwrap_or(u64::MAX);
        let (name, hint) = (dataset.file_name, dataset.hint);
        let begun = upload::begin(&clerk, self.platform, id, name, length, hint).await?;
        let mut offset = 0;
        for piece in dataset.bytes.chunks(PIECE) {
            let piece = bytes::Bytes::copy_from_slice(piece);
            offset = upload::append(&clerk, self.platform, begun.id, offset, piece).await?;
        }
        upload::complete(&clerk, self.platform, begun.id).await?;
        self.work().await?;
        let versions = version::list(&clerk, self.platform, id).await?;
        if stored(&versions) {
            return Ok(());
        }
        let problem = versions.into_iter().find_map(|version| version.problem);
        Err(DemoError::Unread {
            title: dataset.entry.title.zh,
            problem: problem.map(|problem| problem.en).unwrap_or_default(),
        })
    }

    /// Takes an entry as far as `goal`.
    pub(super) async fn advance(&self, id: AssetId, goal: AssetState) -> Result<(), DemoError> {
        loop {
            let clerk = self.by(&self.unit.clerk);
            let asset = registry::find(&clerk, self.platform, id).await?;
            if asset.state == goal {
                return Ok(());
            }
            match asset.state {
                AssetState::Draft => {
                    registry::submit(&clerk, self.platform, id, Some(asset.revision)).await?;
                }
                AssetState::UnitReview => {
                    let head = self.by(&self.unit.head);
                    registry::consent(&head, self.platform, id, Some(asset.revision)).await?;
                }
                AssetState::DataReview => {
                    let admin = self.by(&self.people.data_admin);
                    registry::publish(&admin, self.platform, id, Some(asset.revision)).await?;
                }
                AssetState::Published | AssetState::Withdrawn => return Ok(()),
            }
        }
    }

    /// Has the gate measure the first version with what the clerk decides, and
    /// returns the run, which must pass.
    pub(super) async fn measure(
        &self,
        id: AssetId,
        title: &str,
        decide: impl Fn(&GateRun) -> Vec<Decision>,
    ) -> Result<GateRun, DemoError> {
        let clerk = self.by(&self.unit.clerk);
        let earlier = gate::of_asset(&clerk, self.platform, id).await?;
        let done = |run: &GateRun| {
            matches!(run.state, GateState::Passed | GateState::Submitted | GateState::Approved)
        };
        if let Some(run) = earlier.into_iter().find(done) {
            return Ok(run);
        }
        let run = self.run_gate(id, decide).await?;
        if run.state == GateState::Passed {
            return Ok(run);
        }
        let refusals = run.outcome.map(|outcome| outcome.refusals).unwrap_or_default();
        let refusals = refusals.iter().map(|refusal| refusal.detail.en.clone());
        Err(DemoError::Refused {
            title: title.to_owned(),
            state: run.state.code(),
            refusals: refusals.collect::<Vec<_>>().join(" "),
        })
    }

    /// Has the gate refuse: the clerk keeps the direct identifiers in.
    pub(super) async fn be_refused(&self, id: AssetId) -> Result<(), DemoError> {
        let clerk = self.by(&self.unit.clerk);
        let earlier = gate::of_asset(&clerk, self.platform, id).await?;
        if earlier.is_empty() {
            self.run_gate(id, keep_identifiers).await?;
        }
        Ok(())
    }

    /// Starts a run, has it inspected, decides, and has it measured.
    async fn run_gate(
        &self,
        id: AssetId,
        decide: impl Fn(&GateRun) -> Vec<Decision>,
    ) -> Result<GateRun, DemoError> {
        let clerk = self.by(&self.unit.clerk);
        let asset = registry::find(&clerk, self.platform, id).await?;
        let (audience, model) = match asset.entry.opening {
            Some(OpeningAttribute::Conditional) => {
                (Audience::Conditional, SharingModel::Controlled)
            }
            _ => (Audience::Open, SharingModel::Public),
        };
        let settings = Settings::new(model, SUPPRESSION);
        let started = gate::start(&clerk, self.platform, id, 1, audience, settings.clone()).await?;
        self.work().await?;
        let clerk = self.by(&self.unit.clerk);
        let (_, run) = gate::find(&clerk, self.platform, started.run.id).await?;
        if run.state != GateState::Confirming {
            return Ok(run);
        }
        let decisions = decide(&run);
        gate::confirm(&clerk, self.platform, run.id, Some(run.revision), settings, decisions)
            .await?;
        self.work().await?;
        Ok(gate::find(&clerk, self.platform, run.id).await?.1)
    }

    /// The clerk asks for the release.
    pub(super) async fn submit_release(&self, run: &GateRun) -> Result<(), DemoError> {
        if run.state == GateState::Passed {
            let clerk = self.by(&self.unit.clerk);
            gate::submit(&clerk, self.platform, run.id, Some(run.revision)).await?;
        }
        Ok(())
    }

    /// The clerk asks for the release, the reviewer approves it.
    pub(super) async fn release(&self, run: GateRun, title: &str) -> Result<(), DemoError> {
        if run.state == GateState::Approved {
            return Ok(());
        }
        self.submit_release(&run).await?;
        let reviewer = self.by(&self.people.reviewer);
        let (_, release) = gate::approve(&reviewer, self.platform, run.id, None).await?;
        tracing::debug!(title, rows = release.rows, "the demo opened a dataset");
        Ok(())
    }

    /// Runs jobs until none is left; one that failed is waited for, as it is tried again.
    pub(super) async fn work(&self) -> Result<(), DemoError> {
        loop {
            while platform::jobs::run_one(self.platform, "demo").await? {}
            let mut reader = self.platform.store.read().await?;
            if store::job::newest(&mut reader, Some(JobState::Queued), 1).await?.is_empty() {
                return Ok(());
            }
            drop(reader);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// As the gate proposes.
pub(super) fn as_proposed(run: &GateRun) -> Vec<Decision> {
    run.decisions.clone()
}

/// Columns of the residents that the release does without, and why.
const NOT_NEEDED: [(&str, &str); 2] = [
    ("出生日期", "与年龄重复，统计用途不需要。 It repeats the age; statistics do without."),
    ("职业", "按最小必要原则不开放。 Left out, as no more is opened than needed."),
];

/// As the gate proposes, less the columns that are not needed: what is left can
/// then stay finer.
pub(super) fn only_what_is_needed(run: &GateRun) -> Vec<Decision> {
    let decided = |mut decision: Decision| {
        if let Some((_, why)) = NOT_NEEDED.iter().find(|(name, _)| *name == decision.column) {
            decision.treatment = Treatment::Remove;
            decision.reason = (*why).to_owned();
        }
        decision
    };
    run.decisions.iter().cloned().map(decided).collect()
}

/// As the gate proposes, but with the direct identifiers left in.
fn keep_identifiers(run: &GateRun) -> Vec<Decision> {
    let kept = |mut decision: Decision| {
        if decision.role == Role::Direct {
            decision.treatment = Treatment::Keep;
        }
        decision
    };
    run.decisions.iter().cloned().map(kept).collect()
}

/// Every column as it is, for the table is about places, bodies or counts; but a
/// column in which identifiers are hidden is left out, as the gate proposes.
fn keep_all(run: &GateRun) -> Vec<Decision> {
    let has_hidden = |column: &str| {
        run.findings.iter().any(|finding| finding.name == column && finding.hidden_hits > 0)
    };
    let kept = |decision: &Decision| {
        let as_it_is = decision.role == Role::None && decision.treatment == Treatment::Keep;
        if as_it_is || decision.role == Role::Direct && has_hidden(&decision.column) {
            return decision.clone();
        }
        Decision {
            column: decision.column.clone(),
            role: Role::None,
            level: DataLevel::General1,
            treatment: Treatment::Keep,
            pinned: None,
            reason: "已逐列核对：本表的统计对象是地区、单位或监测站，不是自然人。\
                     Checked: the rows are places, bodies or stations, not persons."
                .to_owned(),
        }
    };
    run.decisions.iter().map(kept).collect()
}
