//! A search whose tuples lie on disk.
//!
//! ```text
//! node ─▶ is there a finer grouping in memory? ─yes─▶ rolled up, as ever
//!              │no
//!              ▼
//!         one pass over the disk ─fits─▶ a new ground
//!              │does not fit
//!              ▼
//!         the classes in parts, a pass each; rows below k are added up,
//!         and the first part in which they exceed the limit ends it
//! ```
//!
//! A part holds the classes whose keys have hashes in one range, so that each class of
//! it is complete. A node with more than `limit + (rows − limit) / k` classes fails, for
//! a class stays with at least `k` rows or is lost with at least one.

use std::ops::ControlFlow;
use std::rc::Rc;

use hashbrown::HashTable;

use super::engine::{Engine, Node, Tally, Verdict, covers};
use super::grouping::{Class, Grouping, Layout, rank};
use super::table::Base;
use super::{Problem, SearchError};
use crate::spill::{SpillError, SpilledTable};

/// The tuples on disk, as one search reads them.
#[derive(Debug, Clone)]
pub(super) struct Disk<'a, const W: usize> {
    table: &'a SpilledTable,
    /// Place in a tuple of each quasi-identifier, then of each sensitive column.
    places: Vec<usize>,
    /// Classes that a grouping in memory may have.
    capacity: usize,
    /// Earlier grounds, the one used last at the end.
    grounds: Vec<Rc<Grouping<W>>>,
}

/// Classes of a node whose keys have hashes in one range.
struct Part<const W: usize> {
    classes: Vec<Class<W>>,
    /// Where the next part begins; `None` if this was the last.
    next: Option<u64>,
    /// Whether there are more classes than a node that satisfies the models can have.
    too_many: bool,
}

/// A ground, its copies while it is grouped, and groupings that are kept.
const GROUPINGS: usize = 5;

impl<'a, const W: usize> Disk<'a, W> {
    pub(super) fn new(table: &'a SpilledTable, problem: &Problem) -> Result<Self, SearchError> {
        let mut names: Vec<&str> = Vec::new();
        for criterion in problem.criteria.iter().filter(|one| one.model.is_of_column()) {
            if !names.contains(&criterion.column.as_str()) {
                names.push(&criterion.column);
            }
        }
        let quasi = problem.columns.iter().map(|column| column.name.as_str());
        let places: Result<Vec<usize>, _> =
            quasi.chain(names).map(|name| table.head.require(name)).collect();
        // The values have the other half.
        let capacity = table.memory.bytes() / 2 / GROUPINGS / size_of::<Class<W>>();
        Ok(Self { table, places: places?, capacity: capacity.max(2), grounds: Vec::new() })
    }

    /// A grouping from which nothing can be rolled up.
    pub(super) fn nothing(width: usize) -> Grouping<W> {
        Grouping { levels: vec![usize::MAX; width], classes: Vec::new() }
    }

    pub(super) fn tuples(&self) -> f64 {
        self.table.tuples() as f64
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn bytes(&self) -> usize {
        self.table.memory.bytes()
    }

    /// A node as fine as one whose classes fit into memory, whichever tuples there are.
    fn finer_that_fits(&self, base: &Base<'_>, levels: &[usize], low: &[usize]) -> Vec<usize> {
        let groups = |levels: &[usize]| {
            let columns = levels.iter().enumerate();
            let quasi = columns.map(|(column, level)| {
                base.level(column, *level).map_or(1.0, |level| f64::from(level.groups))
            });
            let sensitive = base.sensitive.iter().map(|column| column.rows.len() as f64);
            quasi.chain(sensitive).product::<f64>()
        };
        let mut finest = levels.to_vec();
        for column in (0..finest.len()).rev() {
            while let Some(level) = finest.get(column).copied()
                && low.get(column).is_some_and(|low| level > *low)
            {
                let mut next = finest.clone();
                if let Some(slot) = next.get_mut(column) {
                    *slot = level - 1;
                }
                if groups(&next) > self.capacity as f64 {
                    break;
                }
                finest = next;
            }
        }
        finest
    }

    /// Groups the tuples whose classes have hashes of at least `from`, as many as fit.
    ///
    /// - `most`: more classes than this are of no use.
    fn part(
        &self,
        base: &Base<'_>,
        layout: &Layout,
        levels: &[usize],
        (from, most): (u64, u64),
    ) -> Result<Part<W>, SpillError> {
        let columns = self.columns(base, layout, levels);
        let mut grouping = Growing::new(layout.from(base.columns.len()), from, self.capacity);
        let mut too_many = false;
        self.table.read(|tuple, rows| {
            let mut key = [0; W];
            for (place, word, bits) in &columns {
                let code = tuple.get(*place).copied().unwrap_or_default();
                if let Some(slot) = key.get_mut(*word) {
                    *slot |= bits.get(code as usize).copied().unwrap_or_default();
                }
            }
            grouping.add(key, rows);
            too_many = grouping.classes.len() as u64 > most;
            if too_many { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        let next = grouping.until.checked_add(1);
        Ok(Part { classes: grouping.classes, next, too_many })
    }

    /// Place in a tuple, word of the key, and bits by code of each column.
    fn columns(
        &self,
        base: &Base<'_>,
        layout: &Layout,
        levels: &[usize],
    ) -> Vec<(usize, usize, Vec<u64>)> {
        let column = |(number, place): (usize, &usize)| {
            let level = levels.get(number).and_then(|level| base.level(number, *level));
            let group = level.map(|level| level.group.as_slice());
            let sensitive = number.checked_sub(base.columns.len());
            let codes = sensitive.and_then(|number| base.sensitive.get(number));
            let codes = codes.map_or(0, |column| column.rows.len());
            let (word, bits) = layout.bits(number, group, codes);
            (*place, word, bits)
        };
        self.places.iter().enumerate().map(column).collect()
    }
}

/// Classes that are grouped as they come; those of the highest hashes go when there are
/// too many.
struct Growing<const W: usize> {
    /// Bits of the sensitive columns, which do not tell classes apart.
    apart: [u64; W],
    from: u64,
    until: u64,
    capacity: usize,
    classes: Vec<Class<W>>,
    table: HashTable<u32>,
}

impl<const W: usize> Growing<W> {
    fn new(apart: [u64; W], from: u64, capacity: usize) -> Self {
        let (classes, table) = (Vec::new(), HashTable::new());
        Self { apart, from, until: u64::MAX, capacity, classes, table }
    }

    /// Rank of the class that a key belongs to.
    fn class_rank(&self, key: &[u64; W]) -> u64 {
        let mut own = *key;
        for (word, apart) in own.iter_mut().zip(&self.apart) {
            *word &= !apart;
        }
        rank(&own)
    }

    fn add(&mut self, key: [u64; W], rows: u64) {
        let own = self.class_rank(&key);
        if own < self.from || own > self.until {
            return;
        }
        let at = |number: u32| self.classes.get(number as usize);
        let is = |number: &u32| at(*number).is_some_and(|class| class.key == key);
        if let Some(number) = self.table.find(slot(&key), is).copied() {
            if let Some(class) = self.classes.get_mut(number as usize) {
                class.rows += rows;
            }
            return;
        }
        self.insert(Class { key, rows });
        if self.classes.len() > self.capacity {
            self.shrink();
        }
    }

    fn insert(&mut self, class: Class<W>) {
        let fresh = u32::try_from(self.classes.len()).unwrap_or(u32::MAX);
        self.classes.push(class);
        let Self { classes, table, .. } = self;
        table.insert_unique(slot(&class.key), fresh, |number| {
            classes.get(*number as usize).map_or(0, |class| slot(&class.key))
        });
    }

    /// Gives up the upper half of the range, as often as it takes.
    fn shrink(&mut self) {
        while self.classes.len() > self.capacity && self.until > self.from {
            self.until = self.from + (self.until - self.from) / 2;
            let mut classes = std::mem::take(&mut self.classes);
            classes.retain(|class| self.class_rank(&class.key) <= self.until);
            self.classes = classes;
        }
        self.table.clear();
        for class in std::mem::take(&mut self.classes) {
            self.insert(class);
        }
    }
}

/// The hash of a key for a table that takes its slots from the lower bits.
fn slot<const W: usize>(key: &[u64; W]) -> u64 {
    let rank = rank(key);
    rank ^ rank >> 32
}

impl<const W: usize> Engine<'_, W> {
    /// Whether so many classes more may be kept.
    pub(super) fn has_room(&self, classes: usize) -> bool {
        if self.disk.is_none() {
            return true;
        }
        let path = self.path.iter().map(|(_, grouping)| grouping);
        let held: usize = path.chain(&self.kept).map(|grouping| grouping.classes.len()).sum();
        held + classes <= self.room
    }

    /// Sees to it that the ground covers a node; where it cannot be in memory, the
    /// verdict on the node.
    pub(super) fn streamed(&mut self, levels: &[usize]) -> Option<Verdict> {
        let mut disk = self.disk.take()?;
        let verdict = self.stand(&mut disk, levels);
        self.disk = Some(disk);
        verdict.unwrap_or_else(|failed| {
            self.failure = Some(failed);
            Some(Verdict::Failed { finer_too: false })
        })
    }

    fn stand(
        &mut self,
        disk: &mut Disk<'_, W>,
        levels: &[usize],
    ) -> Result<Option<Verdict>, SearchError> {
        if covers(&self.ground.levels, levels) {
            return Ok(None);
        }
        let at_hand = disk.grounds.iter().chain(&self.kept);
        let at_hand = at_hand.filter(|grouping| covers(&grouping.levels, levels));
        if let Some(ground) = at_hand.min_by_key(|grouping| grouping.classes.len()) {
            self.stand_on(disk, Rc::clone(ground));
            return Ok(None);
        }
        let finest = disk.finer_that_fits(&self.base, levels, &self.low);
        let most = if finest == levels { self.most_that_stay() } else { u64::MAX };
        let part = disk.part(&self.base, &self.layout, &finest, (0, most))?;
        if part.too_many {
            return Ok(Some(Verdict::Failed { finer_too: true }));
        }
        if part.next.is_none() {
            self.stand_on(disk, Rc::new(Grouping { levels: finest, classes: part.classes }));
            return Ok(None);
        }
        self.in_parts(disk, levels, part, &mut |_| Ok(())).map(Some)
    }

    /// Makes a grouping the ground; grounds that have no room beside it go.
    fn stand_on(&mut self, disk: &mut Disk<'_, W>, ground: Rc<Grouping<W>>) {
        self.path.clear();
        self.trodden = None;
        disk.grounds.retain(|known| !Rc::ptr_eq(known, &ground));
        let mut held = ground.classes.len();
        let mut first = disk.grounds.len();
        for known in disk.grounds.iter().rev() {
            held += known.classes.len();
            if held > disk.capacity {
                break;
            }
            first -= 1;
        }
        disk.grounds.drain(..first);
        disk.grounds.push(Rc::clone(&ground));
        self.ground = ground;
    }

    /// A node with more classes fails.
    fn most_that_stay(&self) -> u64 {
        if !self.base.sensitive.is_empty() {
            return u64::MAX;
        }
        let staying = (self.base.rows - self.limit) / self.base.demands.k.max(1);
        self.limit.saturating_add(staying)
    }

    /// The verdict on a node whose classes do not fit into memory together.
    ///
    /// - `see`: is shown the classes that stay.
    fn in_parts(
        &mut self,
        disk: &Disk<'_, W>,
        levels: &[usize],
        first: Part<W>,
        see: &mut dyn FnMut(&Class<W>) -> Result<(), SearchError>,
    ) -> Result<Verdict, SearchError> {
        let base = Rc::clone(&self.base);
        let layout = Rc::clone(&self.layout);
        let node = Node { base: &base, layout: &layout, metric: self.metric, levels };
        let mut tally = Tally::default();
        let mut part = first;
        loop {
            let classes = if base.sensitive.is_empty() {
                part.classes
            } else {
                self.grouper.without_sensitive(&base, &part.classes)
            };
            for class in &classes {
                let stays = class.rows >= base.demands.k;
                node.add(&mut tally, class, stays);
                if stays {
                    see(class)?;
                }
            }
            if tally.suppressed > self.limit {
                return Ok(Verdict::Failed { finer_too: true });
            }
            node.fold(&mut tally);
            let Some(from) = part.next else { break };
            part = disk.part(&base, &layout, levels, (from, u64::MAX))?;
        }
        if base.has_models() {
            let what = "the classes of a generalization with the values of the sensitive columns";
            return Err(SpillError::Classes { what, bytes: disk.bytes() }.into());
        }
        Ok(Verdict::Satisfied(node.score(&tally)))
    }

    /// The classes of a node that stay, which was found to satisfy the models.
    pub(super) fn classes_that_stay(
        &mut self,
        levels: &[usize],
        most: usize,
    ) -> Result<Vec<Class<W>>, SearchError> {
        let mut kept = Vec::new();
        let bytes = self.disk.as_ref().map_or(0, Disk::bytes);
        let mut keep = |class: &Class<W>| {
            if kept.len() >= most {
                let what = "the classes of the release";
                return Err(SpillError::Classes { what, bytes }.into());
            }
            kept.push(*class);
            Ok(())
        };
        if let Some(disk) = self.disk.take()
            && !covers(&self.ground.levels, levels)
        {
            let first = disk.part(&self.base, &self.layout, levels, (0, u64::MAX))?;
            self.in_parts(&disk, levels, first, &mut keep)?;
            return Ok(kept);
        }
        let nearest = self.nearest(levels);
        let joint = self.at(&nearest, levels);
        if !self.base.has_models() {
            let k = self.base.demands.k;
            joint.classes.iter().filter(|class| class.rows >= k).try_for_each(keep)?;
            return Ok(kept);
        }
        let judged = self.judged(levels, &joint.classes).map_err(|_| SearchError::NoSolution)?;
        let staying = self.staying(&judged).filter(|(_, stays)| *stays);
        for (class, _) in staying {
            keep(class)?;
        }
        Ok(kept)
    }
}
