//! What the page of the form shows.

use platform::RefusedBy;
use platform::registry::{self, Asset, Missing};
use serde::Serialize;
use vocabulary::Bilingual;

use super::Wrong;
use super::draft::{Draft, ItemRow, Values};
use super::options::Options;
use crate::desk::{asset_path, boxes, title_of};
use crate::parts::{FormProblem, Refusal, plain};

#[derive(Serialize)]
pub(super) struct Edit {
    this: This,
    sections: Vec<Section>,
    values: Values,
    items: Vec<ItemRow>,
    options: Options,
    errors: Vec<FormProblem>,
    refusals: Vec<Refusal>,
    saved_at: Option<String>,
}

#[derive(Serialize)]
struct This {
    id: String,
    url: String,
    title: Bilingual,
    body: Bilingual,
    etag: String,
}

#[derive(Serialize)]
struct Section {
    key: &'static str,
    done: bool,
    missing: usize,
}

/// The page with what was typed.
pub(super) fn of(asset: &Asset, draft: &Draft, wrong: Wrong) -> Edit {
    // What is missing is counted on what was typed, as far as it can be read.
    let typed = match draft.entry(&asset.entry) {
        Ok(entry) => Asset { entry, ..asset.clone() },
        Err(_) => asset.clone(),
    };
    let mut items = draft.items.clone();
    if items.is_empty() {
        items.push(ItemRow::default());
    }
    Edit {
        this: This {
            id: asset.id.to_string(),
            url: asset_path(asset),
            title: title_of(&typed),
            body: plain(&asset.provider),
            etag: asset.revision.to_string(),
        },
        sections: sections(&registry::missing(&typed), &registry::obstacles(&typed)),
        options: Options::new(&draft.values.division),
        values: draft.values.clone(),
        items,
        errors: wrong.errors,
        refusals: boxes(&wrong.refusals),
        saved_at: (asset.updated_at > asset.created_at).then(|| asset.updated_at.to_string()),
    }
}

/// The parts of the form with the number of gaps in each.
fn sections(missing: &[Missing], obstacles: &[RefusedBy]) -> Vec<Section> {
    const SECTIONS: [(&str, &[&str], &[&str]); 6] = [
        ("what", &["title.zh", "format", "update_cycle", "theme"], &[]),
        ("items", &["items"], &[]),
        ("sharing", &["sharing", "sharing_mode", "conditions"], &["R-SH-02", "R-SH-03"]),
        ("opening", &["opening"], &["R-OP-03"]),
        ("grading", &["level", "secrecy_assessment", "privacy_assessment"], &["R-OP-06"]),
        ("contact", &[], &[]),
    ];
    let section = |(key, fields, rules): (&'static str, &[&str], &[&str])| {
        let gaps = missing.iter().filter(|gap| fields.contains(&gap.field)).count();
        let broken = obstacles
            .iter()
            .filter(|refusal| rules.contains(&refusal.code.to_string().as_str()))
            .count();
        Section { key, done: gaps + broken == 0, missing: gaps + broken }
    };
    SECTIONS.into_iter().map(section).collect()
}
