//! Search and release of a table that was counted within a bound of memory.

use std::ops::ControlFlow;

use super::disk::Disk;
use super::engine::{Engine, Verdict};
use super::grouping::Layout;
use super::lattice::Lattice;
use super::local::{Recoding, full_domain};
use super::table::Base;
use super::{
    Outcome, Problem, SearchError, SearchProgress, Tuples, hierarchies, lattice, search,
    search_from, suppressible,
};
use crate::metric::Metric;
use crate::spill::{Counted, SpillError, SpilledTable};
use crate::tuple_counts::TupleCounts;

/// Searches the best generalization as [`search()`], wherever the tuples lie: the outcome
/// is the same.
///
/// Where they lie on disk, a node whose classes do not fit into memory is decided in
/// several passes. Models of sensitive columns, of the population and of the whole release
/// need the classes of a node together.
///
/// # Errors
///
/// Any [`SearchError`]; [`SearchError::Spill`] if a disk fails, or if classes that must be
/// together do not fit.
pub fn search_counted(
    counted: &Counted,
    problem: &Problem,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Outcome, SearchError> {
    match counted {
        Counted::Whole(table) => search(table, problem, progress),
        Counted::Spilled(table) => {
            search_from(Tuples { head: &table.head, disk: Some(table) }, problem, progress)
        }
    }
}

/// The recoding that gives every row the same levels, as [`full_domain()`], wherever the
/// tuples lie.
///
/// # Errors
///
/// As there; [`SearchError::Spill`] if the classes of the release do not fit into memory.
pub fn full_domain_counted(
    counted: &Counted,
    problem: &Problem,
    levels: &[usize],
) -> Result<Recoding, SearchError> {
    match counted {
        Counted::Whole(table) => full_domain(table, problem, levels),
        Counted::Spilled(table) => spilled(table, problem, levels),
    }
}

/// The classes of a release, by the groups of their quasi-identifiers.
#[derive(Debug, Clone)]
pub(crate) struct KeptClasses {
    pub(crate) levels: Vec<usize>,
    /// Group of each code, by column.
    pub(crate) groups: Vec<Vec<u32>>,
    pub(crate) classes: TupleCounts,
}

fn spilled(
    table: &SpilledTable,
    problem: &Problem,
    levels: &[usize],
) -> Result<Recoding, SearchError> {
    let hierarchies = hierarchies(&table.head, problem)?;
    let Problem { columns, k, criteria, .. } = problem;
    let lattice = lattice(problem, &hierarchies)?;
    for (number, column) in columns.iter().enumerate() {
        let level = levels.get(number).copied().unwrap_or(usize::MAX);
        if lattice.high().get(number).is_none_or(|high| level > *high) {
            return Err(SearchError::Pinned { column: column.name.clone(), level });
        }
    }
    let base = Base::new(&table.head, columns, &hierarchies, *k, criteria, Metric::Loss)?;
    let layout = Layout::new(&base, lattice.low());
    let node = Node { table, problem, lattice: &lattice, levels };
    match layout.words() {
        1 => node.release::<1>(base, layout),
        2 => node.release::<2>(base, layout),
        3 | 4 => node.release::<4>(base, layout),
        5..=8 => node.release::<8>(base, layout),
        9..=32 => node.release::<32>(base, layout),
        words => Err(SearchError::TooWide { words }),
    }
}

/// A node of a table on disk.
struct Node<'a> {
    table: &'a SpilledTable,
    problem: &'a Problem,
    lattice: &'a Lattice,
    levels: &'a [usize],
}

impl Node<'_> {
    fn release<const W: usize>(
        &self,
        base: Base<'_>,
        layout: Layout,
    ) -> Result<Recoding, SearchError> {
        let Self { table, problem, lattice, levels } = *self;
        let limit = suppressible(base.rows, problem.suppression_limit)?;
        let groups: Vec<Vec<u32>> = levels
            .iter()
            .enumerate()
            .map(|(column, level)| {
                base.level(column, *level).map_or(Vec::new(), |l| l.group.clone())
            })
            .collect();
        let rows = base.rows;
        let width = levels.len();
        let disk = Disk::new(table, problem)?;
        let mut engine =
            Engine::<W>::new(base, layout, Metric::Loss, limit, lattice.low(), Some(disk));
        let verdict = engine.check(levels);
        if let Some(failure) = engine.failure.take() {
            return Err(failure);
        }
        let Verdict::Satisfied(checked) = verdict else { return Err(SearchError::NoSolution) };
        let bytes = table.memory.bytes();
        let room = bytes / 2 / TupleCounts::bytes_a_tuple(width);
        let mut classes = TupleCounts::new(width);
        let too_many = || SpillError::Classes { what: "the classes of the release", bytes };
        let mut tuple = vec![0_u32; width];
        let layout = std::rc::Rc::clone(&engine.layout);
        for class in engine.classes_that_stay(levels, room.max(1))? {
            for (column, slot) in tuple.iter_mut().enumerate() {
                *slot = u32::try_from(layout.group(&class.key, column)).unwrap_or(u32::MAX);
            }
            classes.add(&tuple, class.rows).ok_or_else(too_many)?;
        }
        let outcome = Outcome {
            levels: levels.to_vec(),
            score: checked.score,
            suppressed_rows: checked.suppressed,
            rows,
            classes: checked.classes,
            min_class: checked.min_class,
            optimal: false,
            gap: 0.0,
            checked: 1,
            lattice: lattice.size(),
            frontier: Vec::new(),
        };
        let kept = KeptClasses { levels: levels.to_vec(), groups, classes };
        Ok(Recoding::of_kept(&outcome, kept))
    }
}
