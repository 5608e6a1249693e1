//! The classes of a release: which of them stay.

use std::collections::{HashMap, HashSet};

use super::error::ApplyError;
use super::levels::Levels;
use crate::criterion::{Criterion, Histogram, Model, Prepared};
use crate::hierarchy::{Hierarchy, HierarchyError, Spec};
use crate::plan::{OnUnseen, Plan};
use crate::transform::Transform;
use crate::tuples::TupleTable;

/// The generalized columns of a plan, in the order of the class keys.
pub(super) fn generalized(
    plan: &Plan,
    tuples: &TupleTable,
) -> Result<Vec<(String, Levels)>, ApplyError> {
    let mut quasi = Vec::new();
    for (name, transform) in &plan.columns {
        let Transform::Generalize { spec, level } = transform else { continue };
        tuples.require(name)?;
        let counted = tuples.values(name).unwrap_or_default();
        let values = known(spec, counted, plan.on_unseen);
        let hierarchy = if values.is_empty() {
            Hierarchy::nothing()
        } else {
            spec.build(values.iter().copied())
                .map_err(|source| ApplyError::Hierarchy { column: name.clone(), source })?
        };
        if *level > hierarchy.top() && !values.is_empty() {
            let (column, top) = (name.clone(), hierarchy.top());
            return Err(ApplyError::Level { column, level: *level, top });
        }
        quasi.push((name.clone(), Levels::of_hierarchy(spec, *level, &hierarchy)));
    }
    Ok(quasi)
}

/// The counted values that are asked of a hierarchy: all, or those that a table has.
fn known<'a>(
    spec: &Spec,
    counted: &'a [Option<String>],
    on_unseen: OnUnseen,
) -> Vec<Option<&'a str>> {
    let all = counted.iter().map(Option::as_deref);
    match (spec, on_unseen) {
        (Spec::Table(table), OnUnseen::Suppress) => {
            let leaves: HashSet<&str> =
                table.iter().filter_map(|line| line.first()).map(String::as_str).collect();
            all.filter(|value| value.is_none_or(|text| leaves.contains(text))).collect()
        }
        _ => all.collect(),
    }
}

/// One class of the release: its rows and the counts of each criterion's column.
#[derive(Default)]
struct Class {
    rows: u64,
    sensitive: Vec<Histogram>,
}

/// The classes that are large enough and satisfy the criteria. A tuple with a value
/// that a hierarchy does not know is in no class.
pub(super) fn kept(
    plan: &Plan,
    tuples: &TupleTable,
    quasi: &[(String, Levels)],
) -> Result<HashSet<Vec<u32>>, ApplyError> {
    let mut groups = Vec::with_capacity(quasi.len());
    for (name, levels) in quasi {
        let position = tuples.require(name)?;
        let values = tuples.values(name).unwrap_or_default();
        let forms: Vec<Option<u32>> =
            values.iter().map(|value| levels.find(value.as_deref())).collect();
        groups.push((tuples.codes.get(position).map_or(&[][..], Vec::as_slice), forms));
    }
    let mut models = Vec::with_capacity(plan.criteria.len());
    for criterion in &plan.criteria {
        let position = tuples.require(&criterion.column)?;
        let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
        models.push((codes, prepare(criterion, tuples)?));
    }
    let mut classes: HashMap<Vec<u32>, Class> = HashMap::new();
    for (tuple, rows) in tuples.counts.iter().enumerate() {
        let key: Option<Vec<u32>> =
            groups.iter().map(|(codes, forms)| *forms.get(*codes.get(tuple)? as usize)?).collect();
        let Some(key) = key else { continue };
        let class = classes.entry(key).or_default();
        class.rows += rows;
        class.sensitive.resize_with(models.len(), Histogram::default);
        for ((codes, _), histogram) in models.iter().zip(&mut class.sensitive) {
            if let Some(code) = codes.get(tuple) {
                histogram.add(*code, *rows);
            }
        }
    }
    let stays = |class: &Class| {
        class.rows >= u64::from(plan.k)
            && models
                .iter()
                .zip(&class.sensitive)
                .all(|((_, model), histogram)| model.accepts(histogram, class.rows))
    };
    Ok(classes.into_iter().filter(|(_, class)| stays(class)).map(|(key, _)| key).collect())
}

fn prepare(criterion: &Criterion, tuples: &TupleTable) -> Result<Prepared, ApplyError> {
    let values = tuples.values(&criterion.column).unwrap_or_default();
    let rows = tuples.value_rows(&criterion.column).unwrap_or_default();
    let wrong =
        |source: HierarchyError| ApplyError::Hierarchy { column: criterion.column.clone(), source };
    let tree = match &criterion.model {
        Model::HierarchicalT { hierarchy, .. } => {
            hierarchy.build(values.iter().map(Option::as_deref)).map_err(wrong)?.tree(values)
        }
        _ => Vec::new(),
    };
    Ok(Prepared::new(&criterion.model, values, &rows, &tree))
}
