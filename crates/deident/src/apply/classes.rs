//! The classes of a release: which of them stay.

use std::collections::{HashMap, HashSet};

use super::error::ApplyError;
use super::levels::Levels;
use crate::criterion::{Criterion, Histogram, Model, Prepared};
use crate::hierarchy::{Hierarchy, HierarchyError, Spec};
use crate::plan::{OnUnseen, Plan};
use crate::release::{Bounds, PopulationModels, least_class};
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
        let values = known(spec, tuples.domain(name), plan.on_unseen);
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
    counted: Vec<Option<&'a str>>,
    on_unseen: OnUnseen,
) -> Vec<Option<&'a str>> {
    match (spec, on_unseen) {
        (Spec::Table(table), OnUnseen::Suppress) => {
            let leaves: HashSet<&str> =
                table.iter().filter_map(|line| line.first()).map(String::as_str).collect();
            let is_known = |value: &Option<&str>| value.is_none_or(|text| leaves.contains(text));
            counted.into_iter().filter(is_known).collect()
        }
        _ => counted,
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
    let population_models = PopulationModels::of(&plan.criteria);
    let mut groups: Vec<Group<'_>> = Vec::with_capacity(quasi.len());
    let mut population_groups: Vec<Group<'_>> = Vec::new();
    for (name, levels) in quasi {
        let position = tuples.require(name)?;
        let forms: Vec<Option<u32>> =
            tuples.domain(name).into_iter().map(|value| levels.find(value)).collect();
        if population_models.is_some() {
            population_groups.push((tuples.population_codes(name)?, forms.clone()));
        }
        groups.push((tuples.codes.get(position).map_or(&[][..], Vec::as_slice), forms));
    }
    let mut models = Vec::with_capacity(plan.criteria.len());
    let mut persons = None;
    for criterion in plan.criteria.iter().filter(|criterion| criterion.model.is_of_column()) {
        let position = tuples.require(&criterion.column)?;
        let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
        if let Model::DistinctPersons { .. } = criterion.model {
            persons = Some(models.len());
        }
        models.push((codes, prepare(criterion, tuples)?));
    }
    let mut classes: HashMap<Vec<u32>, Class> = HashMap::new();
    for (tuple, rows) in tuples.counts.iter().enumerate() {
        let Some(key) = key_of(&groups, tuple) else { continue };
        let class = classes.entry(key).or_default();
        class.rows += rows;
        class.sensitive.resize_with(models.len(), Histogram::default);
        for ((codes, _), histogram) in models.iter().zip(&mut class.sensitive) {
            if let Some(code) = codes.get(tuple) {
                histogram.add(*code, *rows);
            }
        }
    }
    let mut population: HashMap<Vec<u32>, u64> = HashMap::new();
    if population_models.is_some() {
        for (tuple, rows) in tuples.require_population()?.counts.iter().enumerate() {
            let Some(key) = key_of(&population_groups, tuple) else { continue };
            *population.entry(key).or_default() += rows;
        }
    }
    let least = least_class(plan.k, &plan.criteria);
    classes.retain(|key, class| {
        let in_population = population.get(key).copied().unwrap_or_default();
        class.rows >= least
            && models
                .iter()
                .zip(&class.sensitive)
                .all(|((_, model), histogram)| model.accepts(histogram, class.rows))
            && population_models.is_none_or(|model| model.accepts(class.rows, in_population))
    });
    let size = |class: &Class| {
        let persons = persons.and_then(|number: usize| class.sensitive.get(number));
        persons.map_or(class.rows, |persons| persons.values() as u64)
    };
    let sizes = classes.values().map(|class| (size(class), class.rows)).collect();
    let cut = Bounds::of(&plan.criteria)?.cut(sizes);
    classes.retain(|_, class| size(class) >= cut);
    if population_models.is_some_and(|models| models.needs_all())
        && classes.len() < population.len()
    {
        classes.clear();
    }
    Ok(classes.into_keys().collect())
}

/// The codes of the tuples in a column, and the number of the form of each code.
type Group<'a> = (&'a [u32], Vec<Option<u32>>);

/// The class of a tuple; `None` if a hierarchy does not know one of its values.
fn key_of(groups: &[Group<'_>], tuple: usize) -> Option<Vec<u32>> {
    groups.iter().map(|(codes, forms)| *forms.get(*codes.get(tuple)? as usize)?).collect()
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
