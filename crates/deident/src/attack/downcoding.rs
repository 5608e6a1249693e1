//! Downcoding: undoing part of a generalization from the way in which it was found.
//!
//! A local recoding brings each column of a class down to the level at which its rows
//! agree. Whoever knows that also knows that one level below they do *not* all agree,
//! and for small classes little is left to guess: of two rows under a form with two
//! children, one has each.
//!
//! ```text
//! class of 2 rows, 年龄 20-21   children 20, 21   not {20,20}, not {21,21}  ─▶ {20, 21}
//! ```

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::random::Random;
use super::{AttackError, Rate, Risk};
use crate::hierarchy::Hierarchy;
use crate::search::{Problem, Recoding, hierarchies};
use crate::tuples::TupleTable;

/// Rows of a class up to which its refinements are enumerated.
const MOST_ROWS: u64 = 12;

/// Children of a form up to which they are.
const MOST_CHILDREN: usize = 6;

/// How many classes could be made finer from what is released alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Downcoding {
    /// Classes of the release.
    pub classes: u64,
    /// Classes with a generalized column that are small enough to be attacked.
    pub attacked: u64,
    /// Classes for which only one refinement was possible: it is certain.
    pub certain: u64,
    /// Classes whose refinement was guessed right, with knowledge of the method.
    pub with_method: Rate,
    /// The same guess without that knowledge: the likeliest refinement by how frequent
    /// the values are.
    pub without_method: Rate,
    /// The guess with knowledge of the method, on groups of persons who are not in the
    /// table, of the same sizes and forms, over all seeds.
    pub control: Rate,
    /// What the method gives away beyond the control.
    pub risk: Risk,
}

impl Downcoding {
    /// Whether the risk is at most `threshold` by the upper end of its interval.
    pub fn passes(&self, threshold: f64) -> bool {
        self.risk.high <= threshold
    }
}

/// Runs the attack on a recoding: for each class the column is taken whose next finer
/// values are surest, and it is guessed how many rows have each.
///
/// - `tuples`, `problem`, `recoding`: as for [`crate::Recoder`].
/// - `control`: counts the quasi-identifiers of persons who are not in the table; it
///   also tells the attacker how frequent values are. Values that it alone has are
///   left aside.
/// - `seeds`: for the groups of the control.
///
/// In a full-domain recoding all rows have the same levels and the reasoning does not
/// hold class by class: the success is then that of the control.
///
/// # Errors
///
/// [`AttackError::NoSeeds`], [`AttackError::Search`], [`AttackError::Tuples`].
///
/// # Source
///
/// Cohen, "Attacks on deidentification's defenses", USENIX Security 2022 (downcoding of
/// minimal hierarchical k-anonymizations).
pub fn downcoding(
    tuples: &TupleTable,
    problem: &Problem,
    recoding: &Recoding,
    control: &TupleTable,
    seeds: &[u64],
) -> Result<Downcoding, AttackError> {
    if seeds.is_empty() {
        return Err(AttackError::NoSeeds);
    }
    let columns = columns(tuples, problem, control)?;
    let classes = classes(tuples, recoding);
    let mut found = Counts::default();
    let mut targets = Vec::new();
    for class in &classes {
        let Some(target) = target(class, &columns) else { continue };
        found.attacked += 1;
        found.certain += u64::from(target.refinements == 1);
        let truth = target.truth(class, &columns);
        found.right += u64::from(truth == target.guess);
        found.right_without += u64::from(truth == target.plain);
        targets.push(target);
    }
    let (mut right, mut tried) = (0, 0);
    for seed in seeds {
        let mut random = Random::new(*seed);
        let by_form = persons_by_form(&targets, &columns, control);
        for target in &targets {
            let Some(persons) = by_form.get(&(target.column, target.level, target.form)) else {
                continue;
            };
            tried += 1;
            let mut group: BTreeMap<u32, u64> = BTreeMap::new();
            for _ in 0..target.rows {
                let child = persons.get(random.place(persons.len())).copied();
                *group.entry(child.unwrap_or_default()).or_default() += 1;
            }
            right += u64::from(group == target.guess);
        }
    }
    let with_method = Rate::new(found.right, found.attacked);
    let control = Rate::new(right, tried);
    Ok(Downcoding {
        classes: classes.len() as u64,
        attacked: found.attacked,
        certain: found.certain,
        with_method,
        without_method: Rate::new(found.right_without, found.attacked),
        risk: Risk::of(&with_method, Some(&control)),
        control,
    })
}

#[derive(Default)]
struct Counts {
    attacked: u64,
    certain: u64,
    right: u64,
    right_without: u64,
}

/// A quasi-identifier with what is known of it beside the release.
struct Column<'a> {
    codes: &'a [u32],
    /// Group of each code of the table, by level.
    groups: Vec<Vec<u32>>,
    /// Rows of the control in each group, by level.
    known: Vec<HashMap<u32, u64>>,
    /// Children of each group, by level of the parent.
    children: Vec<BTreeMap<u32, Vec<u32>>>,
    /// Leaf of each code of the control.
    others: Vec<Option<u32>>,
    other_codes: &'a [u32],
    hierarchy: Hierarchy,
}

fn columns<'a>(
    tuples: &'a TupleTable,
    problem: &Problem,
    control: &'a TupleTable,
) -> Result<Vec<Column<'a>>, AttackError> {
    let mut columns = Vec::with_capacity(problem.columns.len());
    for (column, hierarchy) in problem.columns.iter().zip(hierarchies(tuples, problem)?) {
        let place = tuples.require(&column.name)?;
        let other_place = control.require(&column.name)?;
        let leaf = |value: &Option<String>| hierarchy.find(value.as_deref());
        let own: Vec<u32> =
            tuples.values(&column.name).unwrap_or_default().iter().filter_map(leaf).collect();
        let others: Vec<Option<u32>> =
            control.values(&column.name).unwrap_or_default().iter().map(leaf).collect();
        let rows = control.value_rows(&column.name).unwrap_or_default();
        let mut known = Vec::with_capacity(hierarchy.levels());
        let mut children = Vec::with_capacity(hierarchy.levels());
        let mut groups = Vec::with_capacity(hierarchy.levels());
        for level in 0..hierarchy.levels() {
            let group = |leaf: u32| hierarchy.group(level, leaf).unwrap_or_default();
            groups.push(own.iter().map(|leaf| group(*leaf)).collect());
            let mut counts: HashMap<u32, u64> = HashMap::new();
            for (leaf, rows) in others.iter().zip(&rows) {
                if let Some(leaf) = leaf {
                    *counts.entry(group(*leaf)).or_default() += rows;
                }
            }
            known.push(counts);
            let mut below: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            let leaves = hierarchy.values().len();
            for leaf in (0_u32..).take(leaves) {
                let parent = below.entry(group(leaf)).or_default();
                let finer = level.checked_sub(1).and_then(|level| hierarchy.group(level, leaf));
                if let Some(child) = finer
                    && !parent.contains(&child)
                {
                    parent.push(child);
                }
            }
            children.push(below);
        }
        columns.push(Column {
            codes: tuples.codes.get(place).map_or(&[][..], Vec::as_slice),
            groups,
            known,
            children,
            others,
            other_codes: control.codes.get(other_place).map_or(&[][..], Vec::as_slice),
            hierarchy,
        });
    }
    Ok(columns)
}

/// Rows of one released class.
struct Class {
    levels: Vec<usize>,
    /// Tuples and their rows.
    tuples: Vec<(usize, u64)>,
}

fn classes(tuples: &TupleTable, recoding: &Recoding) -> Vec<Class> {
    let mut classes: BTreeMap<u32, Class> = BTreeMap::new();
    for (tuple, rows) in tuples.counts.iter().enumerate() {
        let (Some(number), Some(levels)) = (recoding.class_of(tuple), recoding.levels_of(tuple))
        else {
            continue;
        };
        let fresh = || Class { levels: levels.to_vec(), tuples: Vec::new() };
        classes.entry(number).or_insert_with(fresh).tuples.push((tuple, *rows));
    }
    classes.into_values().collect()
}

/// The column of a class that is guessed, and the guess: rows by child.
struct Target {
    column: usize,
    level: usize,
    form: u32,
    rows: u64,
    guess: BTreeMap<u32, u64>,
    plain: BTreeMap<u32, u64>,
    refinements: usize,
}

impl Target {
    /// How many rows of the class really have each child.
    fn truth(&self, class: &Class, columns: &[Column<'_>]) -> BTreeMap<u32, u64> {
        let mut counts = BTreeMap::new();
        for (tuple, rows) in &class.tuples {
            let child = columns
                .get(self.column)
                .and_then(|column| column.group(*tuple, self.level.checked_sub(1)?));
            *counts.entry(child.unwrap_or_default()).or_default() += rows;
        }
        counts
    }
}

impl Column<'_> {
    fn group(&self, tuple: usize, level: usize) -> Option<u32> {
        let code = *self.codes.get(tuple)?;
        self.groups.get(level)?.get(code as usize).copied()
    }
}

/// The surest column of a class.
fn target(class: &Class, columns: &[Column<'_>]) -> Option<Target> {
    let rows: u64 = class.tuples.iter().map(|(_, rows)| rows).sum();
    if !(2..=MOST_ROWS).contains(&rows) {
        return None;
    }
    let (first, _) = class.tuples.first()?;
    let mut best: Option<(f64, Target)> = None;
    for (number, (column, level)) in columns.iter().zip(&class.levels).enumerate() {
        let Some(below) = level.checked_sub(1) else { continue };
        let form = column.group(*first, *level)?;
        let children = column.children.get(*level)?.get(&form)?;
        if !(2..=MOST_CHILDREN).contains(&children.len()) {
            continue;
        }
        let known = column.known.get(below)?;
        // One is added, so that nothing is ruled out because the control lacks it.
        let weights: Vec<f64> = children
            .iter()
            .map(|child| known.get(child).copied().unwrap_or_default() as f64 + 1.0)
            .collect();
        let sum: f64 = weights.iter().sum();
        let shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let refinements = refinements(rows, &shares);
        let named = |counts: &[u64]| -> BTreeMap<u32, u64> {
            children
                .iter()
                .copied()
                .zip(counts.iter().copied())
                .filter(|(_, rows)| *rows > 0)
                .collect()
        };
        let likeliest = |all: &mut dyn Iterator<Item = &(Vec<u64>, f64)>| {
            all.fold(
                (Vec::new(), 0.0),
                |best: (Vec<u64>, f64), one| {
                    if one.1 > best.1 { one.clone() } else { best }
                },
            )
        };
        let apart = |counts: &[u64]| counts.iter().filter(|rows| **rows > 0).count() > 1;
        let possible = || refinements.iter().filter(|(counts, _)| apart(counts));
        let total: f64 = possible().map(|(_, chance)| chance).sum();
        let (counts, chance) = likeliest(&mut possible());
        let sure = chance / total;
        if best.as_ref().is_none_or(|(known, _)| sure > *known) {
            let target = Target {
                column: number,
                level: *level,
                form,
                rows,
                guess: named(&counts),
                plain: named(&likeliest(&mut refinements.iter()).0),
                refinements: possible().count(),
            };
            best = Some((sure, target));
        }
    }
    best.map(|(_, target)| target)
}

/// All ways to share out rows among children, with their chances (multinomial).
fn refinements(rows: u64, shares: &[f64]) -> Vec<(Vec<u64>, f64)> {
    let Some((share, rest)) = shares.split_first() else { return Vec::new() };
    if rest.is_empty() {
        let chance = (1..=rows).fold(1.0, |chance, n| chance * share / n as f64);
        return vec![(vec![rows], chance)];
    }
    let mut found = Vec::new();
    let mut own = 1.0;
    for first in 0..=rows {
        if first > 0 {
            own *= share / first as f64;
        }
        for (counts, chance) in refinements(rows - first, rest) {
            let mut all = vec![first];
            all.extend(counts);
            found.push((all, own * chance));
        }
    }
    found
}

/// The children of the persons of the control under each form that is attacked.
fn persons_by_form(
    targets: &[Target],
    columns: &[Column<'_>],
    control: &TupleTable,
) -> HashMap<(usize, usize, u32), Vec<u32>> {
    let mut wanted: HashMap<(usize, usize), Vec<u32>> = HashMap::new();
    for target in targets {
        wanted.entry((target.column, target.level)).or_default().push(target.form);
    }
    let mut persons: HashMap<(usize, usize, u32), Vec<u32>> = HashMap::new();
    for ((number, level), forms) in wanted {
        let Some(column) = columns.get(number) else { continue };
        let forms: hashbrown::HashSet<u32> = forms.into_iter().collect();
        for (code, rows) in column.other_codes.iter().zip(&control.counts) {
            let Some(leaf) = column.others.get(*code as usize).copied().flatten() else { continue };
            let form = column.hierarchy.group(level, leaf);
            let child = column.hierarchy.group(level.saturating_sub(1), leaf);
            if let (Some(form), Some(child)) = (form, child)
                && forms.contains(&form)
            {
                let list = persons.entry((number, level, form)).or_default();
                list.extend((0..*rows).map(|_| child));
            }
        }
    }
    persons
}
