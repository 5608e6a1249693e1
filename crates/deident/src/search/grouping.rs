//! Groups tuples into classes at a node of the lattice.
//!
//! The generalized values of a tuple are packed into a key of `W` words, each
//! column at its own place; equal keys are one class. A coarser node is grouped
//! from the classes of a finer one (roll-up), which are fewer: only the columns
//! whose level differs are looked up anew, and nothing but the keys is read.
//!
//! `W` is chosen once for a problem, so that any number of columns works and no
//! two classes are ever mixed up; most problems fit into one word.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use super::table::Base;

/// Rows that agree: their packed values, and how many they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Class<const W: usize> {
    pub(super) key: [u64; W],
    /// Rows of the class.
    pub(super) rows: u64,
}

/// Classes of one node.
#[derive(Debug, Clone, Default)]
pub(super) struct Grouping<const W: usize> {
    pub(super) levels: Vec<usize>,
    pub(super) classes: Vec<Class<W>>,
}

/// Where a column lies in a key.
#[derive(Debug, Clone, Copy)]
struct Place {
    word: usize,
    shift: u32,
    /// The bits of the column, not shifted.
    mask: u64,
}

/// The places of the quasi-identifiers, then of the sensitive columns.
#[derive(Debug)]
pub(super) struct Layout {
    places: Vec<Place>,
    words: usize,
}

impl Layout {
    /// Places for the columns of a table whose levels are never below `low`.
    pub(super) fn new(base: &Base<'_>, low: &[usize]) -> Self {
        let groups = base
            .columns
            .iter()
            .zip(low)
            .map(|(column, level)| column.levels.get(*level).map_or(1, |level| level.groups))
            .chain(base.sensitive.iter().map(|column| small(column.rows.len())));
        let mut places = Vec::new();
        let (mut word, mut shift) = (0, 0);
        for groups in groups {
            let bits = 32 - groups.saturating_sub(1).leading_zeros();
            if shift + bits > 64 {
                word += 1;
                shift = 0;
            }
            let mask = u64::MAX.checked_shr(64 - bits).unwrap_or(0);
            places.push(Place { word, shift: shift.min(63), mask });
            shift += bits;
        }
        Self { places, words: word + 1 }
    }

    /// The bits of each code of a column, at their place in a key, and the word they are
    /// in.
    ///
    /// - `group`: the group of each code; where there is none, the codes themselves,
    ///   which are `codes` many.
    pub(super) fn bits(
        &self,
        column: usize,
        group: Option<&[u32]>,
        codes: usize,
    ) -> (usize, Vec<u64>) {
        let Some(place) = self.places.get(column) else { return (0, Vec::new()) };
        let bits = |code: u32| u64::from(code) << place.shift;
        let bits = match group {
            Some(group) => group.iter().map(|group| bits(*group)).collect(),
            None => (0..small(codes)).map(bits).collect(),
        };
        (place.word, bits)
    }

    /// Words that a key needs.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// The group of a column in a key.
    pub(super) fn group<const W: usize>(&self, key: &[u64; W], column: usize) -> usize {
        let Some(place) = self.places.get(column) else { return 0 };
        let word = key.get(place.word).copied().unwrap_or_default();
        usize::try_from(word >> place.shift & place.mask).unwrap_or_default()
    }

    /// Lifts one column of keys from one level to a coarser one.
    pub(super) fn lift<const W: usize>(
        &self,
        base: &Base<'_>,
        column: usize,
        fine: usize,
        coarse: usize,
        keys: &mut [[u64; W]],
    ) {
        let Some(place) = self.places.get(column).filter(|place| place.mask > 0) else { return };
        let lift = Lift { place: *place, bits: lift(base, column, fine, coarse, place.shift) };
        for key in keys {
            *key = lifted(*key, &lift);
        }
    }

    /// The bits of the columns from `first` on.
    pub(super) fn from<const W: usize>(&self, first: usize) -> [u64; W] {
        let mut bits = [0; W];
        for place in self.places.iter().skip(first) {
            if let Some(word) = bits.get_mut(place.word) {
                *word |= place.mask << place.shift;
            }
        }
        bits
    }
}

/// A step of one column to a coarser level: the new bits of each group.
#[derive(Debug, Clone)]
struct Lift {
    place: Place,
    bits: Rc<[u64]>,
}

/// Groups the classes of a problem; holds buffers that are used again.
#[derive(Debug)]
pub(super) struct Grouper<const W: usize> {
    layout: Rc<Layout>,
    table: Table<W>,
    /// Lifts by column, level and coarser level.
    lifts: HashMap<(usize, usize, usize), Rc<[u64]>>,
    keys: Vec<[u64; W]>,
    ids: Vec<u32>,
    slots: Vec<u32>,
}

impl<const W: usize> Grouper<W> {
    pub(super) fn new(layout: Rc<Layout>) -> Self {
        Self {
            layout,
            table: Table::default(),
            lifts: HashMap::new(),
            keys: Vec::new(),
            ids: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The finest grouping.
    pub(super) fn ground(&mut self, base: &Base<'_>, low: &[usize]) -> Grouping<W> {
        let keys: Vec<[u64; W]> = packed(base, &self.layout, low, self.layout.places.len());
        let tuples: Vec<Class<W>> = keys
            .into_iter()
            .zip(base.counts)
            .map(|(key, rows)| Class { key, rows: *rows })
            .collect();
        Grouping { levels: low.to_vec(), classes: self.table.group(&tuples, &[]) }
    }

    /// The finest grouping of the population, by the quasi-identifiers.
    pub(super) fn register(&mut self, base: &Base<'_>, low: &[usize]) -> Grouping<W> {
        let (keys, counts) = register_keys(base, &self.layout, low);
        let tuples = keys.into_iter().zip(counts);
        let tuples: Vec<Class<W>> = tuples.map(|(key, rows)| Class { key, rows: *rows }).collect();
        Grouping { levels: low.to_vec(), classes: self.table.group(&tuples, &[]) }
    }

    /// Rolls a grouping up to a coarser node.
    pub(super) fn roll_up(
        &mut self,
        base: &Base<'_>,
        finer: &Grouping<W>,
        levels: &[usize],
    ) -> Grouping<W> {
        let lifts = self.lifts(base, &finer.levels, levels);
        Grouping { levels: levels.to_vec(), classes: self.table.group(&finer.classes, &lifts) }
    }

    /// As [`Self::roll_up`], but the classes are only shown, some at a time, until
    /// `see` has had enough of them.
    pub(super) fn show(
        &mut self,
        base: &Base<'_>,
        finer: &Grouping<W>,
        levels: &[usize],
        see: impl FnMut(&[Class<W>]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let lifts = self.lifts(base, &finer.levels, levels);
        self.table.show(&finer.classes, &lifts, see)
    }

    /// All classes of the last [`Self::show`] that was not broken off.
    pub(super) fn shown(&self) -> &[Class<W>] {
        &self.table.classes
    }

    fn lifts(&mut self, base: &Base<'_>, fine: &[usize], coarse: &[usize]) -> Vec<Lift> {
        let mut lifts = Vec::new();
        for (column, (fine, coarse)) in fine.iter().zip(coarse).enumerate() {
            let Some(place) = self.layout.places.get(column) else { continue };
            if fine == coarse || place.mask == 0 {
                continue;
            }
            let bits = self
                .lifts
                .entry((column, *fine, *coarse))
                .or_insert_with(|| lift(base, column, *fine, *coarse, place.shift));
            lifts.push(Lift { place: *place, bits: Rc::clone(bits) });
        }
        lifts
    }

    /// Groups without the sensitive columns, which keep rows apart otherwise. The
    /// class of each member is then in [`Self::ids`].
    #[expect(
        clippy::indexing_slicing,
        reason = "hot loop; slots has a power-of-two length and positions are masked to it"
    )]
    pub(super) fn without_sensitive(
        &mut self,
        base: &Base<'_>,
        joint: &[Class<W>],
    ) -> Vec<Class<W>> {
        let apart: [u64; W] = self.layout.from(base.columns.len());
        self.keys.clear();
        self.keys.extend(joint.iter().map(|class| {
            let mut key = class.key;
            for (word, apart) in key.iter_mut().zip(&apart) {
                *word &= !apart;
            }
            key
        }));
        let capacity = (joint.len() * 2).next_power_of_two().max(16);
        let bits = capacity.trailing_zeros();
        self.slots.clear();
        self.slots.resize(capacity, u32::MAX);
        self.ids.clear();
        let mut classes: Vec<Class<W>> = Vec::new();
        for (class, key) in joint.iter().zip(&self.keys) {
            let mut position = place_of(key, bits);
            let id = loop {
                let slot = self.slots[position & (capacity - 1)];
                if slot == u32::MAX {
                    let fresh = small(classes.len());
                    self.slots[position & (capacity - 1)] = fresh;
                    classes.push(Class { key: *key, rows: class.rows });
                    break fresh;
                }
                let known = &mut classes[slot as usize];
                if known.key == *key {
                    known.rows += class.rows;
                    break slot;
                }
                position += 1;
            };
            self.ids.push(id);
        }
        classes
    }

    /// The class of each member of the last [`Self::without_sensitive`], in order.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }
}

/// Classes that are grouped in one go: the slots of so many stay in the cache.
const PART: usize = 32_768;

/// A sample of classes that tells whether a node has few.
const SAMPLE: usize = 512;

/// A hash table whose slots point to the classes, which lie close together.
///
/// Where the classes will be few, the slots start few and grow. Where they will be
/// many, they are first parted by some bits of their hash, so that the slots of each
/// part fit into the cache.
#[derive(Debug)]
struct Table<const W: usize> {
    slots: Vec<u32>,
    classes: Vec<Class<W>>,
    /// Where the classes of this part begin.
    first: usize,
    parts: Vec<Class<W>>,
    ends: Vec<usize>,
}

impl<const W: usize> Default for Table<W> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            classes: Vec::new(),
            first: 0,
            parts: Vec::new(),
            ends: Vec::new(),
        }
    }
}

impl<const W: usize> Table<W> {
    /// Groups the classes of a finer node after some lifts.
    fn group(&mut self, finer: &[Class<W>], lifts: &[Lift]) -> Vec<Class<W>> {
        let _ = self.show(finer, lifts, |_| ControlFlow::Continue(()));
        self.classes.clone()
    }

    /// As [`Self::group`]; the classes are shown as they are complete, until `see`
    /// has had enough.
    fn show(
        &mut self,
        finer: &[Class<W>],
        lifts: &[Lift],
        see: impl FnMut(&[Class<W>]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match lifts {
            [] => self.show_lifted(finer, |key| key, see),
            [only] => self.show_lifted(finer, |key| lifted(key, only), see),
            many => self.show_lifted(finer, |key| many.iter().fold(key, lifted), see),
        }
    }

    fn show_lifted(
        &mut self,
        finer: &[Class<W>],
        lift: impl Fn([u64; W]) -> [u64; W],
        mut see: impl FnMut(&[Class<W>]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.classes.clear();
        if finer.len() <= PART {
            self.begin(finer.len());
            self.add_all(
                finer.iter().map(|class| Class { key: lift(class.key), rows: class.rows }),
            );
            return see(&self.classes);
        }
        self.begin(SAMPLE);
        let sample = finer.iter().step_by(finer.len().div_ceil(SAMPLE));
        self.add_all(sample.map(|class| Class { key: lift(class.key), rows: class.rows }));
        let few = self.classes.len() * 8 <= SAMPLE;
        self.classes.clear();
        if few {
            self.begin(SAMPLE);
            for class in finer {
                self.add_growing(lift(class.key), class.rows);
            }
            return see(&self.classes);
        }
        let bits = (finer.len() / PART * 4).next_power_of_two().trailing_zeros().clamp(1, 10);
        self.part(finer, lift, bits);
        let ends = std::mem::take(&mut self.ends);
        let parts = std::mem::take(&mut self.parts);
        let mut start = 0;
        let mut seen = ControlFlow::Continue(());
        for end in &ends {
            let own = parts.get(start..*end).unwrap_or_default();
            start = *end;
            self.begin(own.len());
            self.add_all(own.iter().copied());
            seen = see(self.classes.get(self.first..).unwrap_or_default());
            if seen.is_break() {
                break;
            }
        }
        (self.ends, self.parts) = (ends, parts);
        seen
    }

    /// Puts the classes in the order of the first bits of their hash.
    #[expect(
        clippy::indexing_slicing,
        reason = "hot loop; a hash of so many bits numbers the parts, which were counted before"
    )]
    fn part(&mut self, finer: &[Class<W>], lift: impl Fn([u64; W]) -> [u64; W], bits: u32) {
        let part_of =
            |key: &[u64; W]| usize::try_from(hash(key, PARTING) >> (64 - bits)).unwrap_or_default();
        self.ends.clear();
        self.ends.resize(1 << bits, 0);
        for class in finer {
            self.ends[part_of(&lift(class.key))] += 1;
        }
        let mut sum = 0;
        for end in &mut self.ends {
            let start = sum;
            sum += *end;
            *end = start;
        }
        if self.parts.len() < finer.len() {
            self.parts.resize(finer.len(), Class { key: [0; W], rows: 0 });
        }
        for class in finer {
            let key = lift(class.key);
            let next = &mut self.ends[part_of(&key)];
            self.parts[*next] = Class { key, rows: class.rows };
            *next += 1;
        }
    }

    /// Frees the slots, with room for so many classes more.
    fn begin(&mut self, classes: usize) {
        self.slots.clear();
        self.slots.resize((classes * 2).next_power_of_two().max(16), FREE);
        self.first = self.classes.len();
    }

    /// Adds classes for which [`Self::begin`] made room.
    fn add_all(&mut self, classes: impl Iterator<Item = Class<W>>) {
        let bits = self.slots.len().trailing_zeros();
        let Self { slots, classes: known, .. } = self;
        for class in classes {
            add(slots, known, bits, class);
        }
    }

    fn add_growing(&mut self, key: [u64; W], rows: u64) {
        if self.classes.len() * 2 >= self.slots.len() {
            let classes = std::mem::take(&mut self.classes);
            self.begin(self.slots.len() * 2);
            self.add_all(classes.into_iter());
        }
        self.add_all(std::iter::once(Class { key, rows }));
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "hot loop; slots has a length of 2^bits, and slots number the classes"
)]
#[inline]
fn add<const W: usize>(slots: &mut [u32], classes: &mut Vec<Class<W>>, bits: u32, class: Class<W>) {
    let mask = slots.len() - 1;
    let mut position = place_of(&class.key, bits) & mask;
    loop {
        let slot = slots[position];
        if slot == FREE {
            slots[position] = small(classes.len());
            classes.push(class);
            return;
        }
        let known = &mut classes[slot as usize];
        if known.key == class.key {
            known.rows += class.rows;
            return;
        }
        position = (position + 1) & mask;
    }
}

/// A slot that points to no class.
const FREE: u32 = u32::MAX;

#[expect(
    clippy::indexing_slicing,
    reason = "hot loop; a layout has no place outside the key, and a lift has each group"
)]
#[inline]
fn lifted<const W: usize>(mut key: [u64; W], lift: &Lift) -> [u64; W] {
    let Place { word, shift, mask } = lift.place;
    let old = key[word];
    let group = usize::try_from(old >> shift & mask).unwrap_or_default();
    key[word] = old & !(mask << shift) | lift.bits[group];
    key
}

/// The group at a coarser level of each group of a level, at its place in the key.
fn lift(base: &Base<'_>, column: usize, fine: usize, coarse: usize, shift: u32) -> Rc<[u64]> {
    let (Some(fine), Some(coarse)) = (base.level(column, fine), base.level(column, coarse)) else {
        return Rc::from([]);
    };
    let mut bits = vec![0_u64; fine.groups as usize];
    for (own, above) in fine.group.iter().zip(&coarse.group) {
        if let Some(slot) = bits.get_mut(*own as usize) {
            *slot = u64::from(*above) << shift;
        }
    }
    bits.into()
}

/// The key of each tuple at a node, without the sensitive columns.
pub(super) fn keys_of<const W: usize>(
    base: &Base<'_>,
    layout: &Layout,
    levels: &[usize],
) -> Vec<[u64; W]> {
    packed(base, layout, levels, base.columns.len())
}

/// The key of each tuple at a node, over the first so many columns.
fn packed<const W: usize>(
    base: &Base<'_>,
    layout: &Layout,
    levels: &[usize],
    columns: usize,
) -> Vec<[u64; W]> {
    let mut keys = vec![[0; W]; base.counts.len()];
    for (number, place) in layout.places.iter().take(columns).enumerate() {
        let level = levels.get(number).and_then(|level| base.level(number, *level));
        let codes = match number.checked_sub(base.columns.len()) {
            None => base.columns.get(number).map(|column| column.codes),
            Some(sensitive) => base.sensitive.get(sensitive).map(|column| column.codes),
        };
        let group = level.map(|level| level.group.as_slice());
        pack(&mut keys, codes.unwrap_or_default(), group, *place);
    }
    keys
}

/// The key of each tuple of the population at a node, and its rows.
pub(super) fn register_keys<'a, const W: usize>(
    base: &Base<'a>,
    layout: &Layout,
    levels: &[usize],
) -> (Vec<[u64; W]>, &'a [u64]) {
    let Some(register) = &base.register else { return (Vec::new(), &[]) };
    let mut keys = vec![[0; W]; register.counts.len()];
    for (number, (place, codes)) in layout.places.iter().zip(&register.codes).enumerate() {
        let level = levels.get(number).and_then(|level| base.level(number, *level));
        pack(&mut keys, codes, level.map(|level| level.group.as_slice()), *place);
    }
    (keys, register.counts)
}

#[expect(
    clippy::indexing_slicing,
    reason = "hot loop; tuples number the codes and codes number the groups by construction"
)]
fn pack<const W: usize>(keys: &mut [[u64; W]], codes: &[u32], group: Option<&[u32]>, place: Place) {
    match group {
        Some(group) => {
            for (key, code) in keys.iter_mut().zip(codes) {
                key[place.word] |= u64::from(group[*code as usize]) << place.shift;
            }
        }
        None => {
            for (key, code) in keys.iter_mut().zip(codes) {
                key[place.word] |= u64::from(*code) << place.shift;
            }
        }
    }
}

/// Odd numbers without a pattern; one for the slots, one for the parts, so that the
/// classes of one part have slots all over.
const PLACING: u64 = 0x9e37_79b9_7f4a_7c15;
const PARTING: u64 = 0xd6e8_feb8_6659_fd93;

/// Where a class lies among all, by its key: a number whose upper bits depend on every
/// bit of the key.
#[inline]
pub(super) fn rank<const W: usize>(key: &[u64; W]) -> u64 {
    hash(key, PARTING)
}

/// A product: its upper bits depend on every bit of the key.
#[inline]
fn hash<const W: usize>(key: &[u64; W], factor: u64) -> u64 {
    key.iter().fold(0, |hash: u64, word| (hash.rotate_left(29) ^ word).wrapping_mul(factor))
}

/// The first position of a key among `2^bits` slots.
#[inline]
fn place_of<const W: usize>(key: &[u64; W], bits: u32) -> usize {
    usize::try_from(hash(key, PLACING) >> (64 - bits)).unwrap_or_default()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
