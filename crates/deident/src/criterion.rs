//! Privacy models: what every class of a release must satisfy.
//!
//! A class is the set of rows that agree on every quasi-identifier. Three kinds:
//!
//! ```text
//! of a column       l, t, δ-disclosure, β-likeness, persons   class by class
//! of the population k-map, δ-presence                         class by class
//! of the release    maximum and average risk, records at risk the smallest classes go
//! ```
//!
//! What fails is suppressed, up to the limit that the problem sets. The kinds may
//! be combined freely; the second and third are in `release.rs`.
//!
//! Notation for a sensitive column: `p` the share of a value in the class, `q`
//! its share in the whole table, `m` the number of its values.

use serde::{Deserialize, Serialize};

use crate::hierarchy::Spec;
use crate::risk::Estimator;

/// Counts of the values of one sensitive column inside one class: each code once,
/// with its rows, in any order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    counts: Vec<(u32, u64)>,
    /// Place of each code in `counts` plus one; all 0 between two classes.
    places: Vec<u32>,
}

impl Histogram {
    pub(crate) fn clear(&mut self) {
        for (code, _) in self.counts.drain(..) {
            if let Some(place) = self.places.get_mut(code as usize) {
                *place = 0;
            }
        }
    }

    pub(crate) fn add(&mut self, code: u32, rows: u64) {
        let slot = code as usize;
        if slot >= self.places.len() {
            self.places.resize(slot + 1, 0);
        }
        let Some(place) = self.places.get_mut(slot) else { return };
        if *place == 0 {
            self.counts.push((code, rows));
            *place = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
        } else if let Some((_, count)) = self.counts.get_mut(*place as usize - 1) {
            *count += rows;
        }
    }

    pub(crate) fn values(&self) -> usize {
        self.counts.len()
    }

    pub(crate) fn most(&self) -> u64 {
        self.counts.iter().map(|(_, rows)| *rows).max().unwrap_or(0)
    }
}

/// A model beside k-anonymity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    /// The sensitive column, or the column that names persons; empty for a model
    /// that is about no column.
    #[serde(default)]
    pub column: String,
    /// The model.
    #[serde(flatten)]
    pub model: Model,
}

impl Criterion {
    /// A model about a column.
    pub fn of(column: impl Into<String>, model: Model) -> Self {
        Self { column: column.into(), model }
    }

    /// A model about no column: of the population or of the release.
    pub fn whole(model: Model) -> Self {
        Self { column: String::new(), model }
    }
}

/// Why a model cannot be asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// A bound is outside its range.
    #[error("the {what} of a model is {value}, and it must lie {range}")]
    Range {
        /// Which bound.
        what: &'static str,
        /// The value given.
        value: f64,
        /// Where it must lie.
        range: &'static str,
    },
}

/// A privacy model.
///
/// "Monotone" says of each model whether a coarser generalization can only satisfy
/// it better: *with suppression* (what is lost in a coarse class is lost in every
/// finer one, so that one failure rules out all finer generalizations), *without
/// suppression* only, or *not*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Model {
    /// At least `l` different values. Monotone with suppression.
    ///
    /// Source: Machanavajjhala et al., "l-Diversity", ICDE 2006.
    DistinctL {
        /// Number of values.
        l: u32,
    },
    /// Entropy at least `ln l`; a class whose entropy is exactly `ln l` passes.
    /// Monotone without suppression, as are the next four.
    ///
    /// Source: as above.
    EntropyL {
        /// Effective number of values.
        l: f64,
    },
    /// `r1 < c · (r_l + … + r_m)`, counts in falling order.
    ///
    /// Source: as above.
    RecursiveL {
        /// Factor.
        c: f64,
        /// Number of values.
        l: u32,
    },
    /// `½ Σ |p − q| ≤ t`.
    ///
    /// Source: Li et al., "t-Closeness", ICDE 2007.
    EqualT {
        /// Greatest distance.
        t: f64,
    },
    /// `(1 / (m − 1)) Σ |cumulated (p − q)| ≤ t`, values in the order of numbers
    /// where all are numbers and of text otherwise.
    ///
    /// Source: as above.
    OrderedT {
        /// Greatest distance.
        t: f64,
    },
    /// Earth mover's distance along a hierarchy of the sensitive values.
    ///
    /// Source: as above, section 5.2.
    HierarchicalT {
        /// Greatest distance.
        t: f64,
        /// The hierarchy.
        hierarchy: Spec,
    },
    /// `|log2(p / q)| < δ` for every value of the class. Not monotone: a value that
    /// is rare in a joined class may be absent from one of its parts, where nothing
    /// is asked of it.
    ///
    /// Source: Brickell & Shmatikov, "The cost of privacy", KDD 2008.
    Disclosure {
        /// Bound.
        delta: f64,
    },
    /// `(p − q) / q ≤ min(β, −ln q)` for every value of the class: enhanced
    /// β-likeness. Monotone without suppression.
    ///
    /// Source: Cao & Karras, "Publishing microdata with a robust privacy
    /// guarantee", VLDB 2012.
    Likeness {
        /// Bound.
        beta: f64,
    },
    /// `(p − q) / q ≤ β` for every value of the class: basic β-likeness. Monotone
    /// without suppression.
    ///
    /// Source: as above.
    BasicLikeness {
        /// Bound.
        beta: f64,
    },
    /// At least `k` different persons (or households) in each class, the column
    /// naming the person: for tables in which one person has several rows. The
    /// risks of a release then count persons too; the other models count rows.
    /// Monotone with suppression.
    ///
    /// Source: the requirement `k ≤ |persons|` of (X, Y)-anonymity, Wang & Fung,
    /// "Anonymizing sequential releases", KDD 2006.
    DistinctPersons {
        /// Number of persons.
        k: u32,
    },
    /// k-map: at least `k` rows of the *population* in each class; needs
    /// [`crate::TupleTable::with_population`]. Monotone with suppression.
    ///
    /// Source: Sweeney, "Computational disclosure control", MIT, 2001.
    KMap {
        /// Rows of the population.
        k: u32,
    },
    /// k-map from a sample: with a probability of at least `confidence` at least `k` of
    /// the population share the form of a class, by an [`Estimator`]; the table is the
    /// sample. A class then needs so many rows of the sample that this is so. Monotone
    /// with suppression.
    ///
    /// Source: as [`Estimator`].
    SampleKMap {
        /// Rows of the population, from 1 to 1,000,000.
        k: u32,
        /// Share of the population that is in the table, in `(0, 1]`.
        fraction: f64,
        /// Least probability, in `[0.5, 1)`.
        #[serde(default = "usual_confidence")]
        confidence: f64,
        /// How the population is estimated.
        #[serde(default)]
        estimator: Estimator,
    },
    /// δ-presence: `min ≤ |class of the table| / |class of the population| ≤ max` for
    /// every class of the population; needs [`crate::TupleTable::with_population`].
    /// With `min > 0` no class of the population may be without released rows, so
    /// that nothing can be suppressed as a whole class. Monotone without suppression
    /// only: a small class that is suppressed may spoil a large one that it joins.
    ///
    /// In a local recoding, where forms overlap, the bound holds for the sum of the
    /// shares of all forms that a person of the population could have.
    ///
    /// Source: Nergiz et al., "Hiding the presence of individuals from shared
    /// databases", SIGMOD 2007.
    Presence {
        /// δmin, in `[0, 1]`.
        min: f64,
        /// δmax, in `[0, 1]`.
        max: f64,
    },
    /// The risk of every record is at most `most`: classes of at least `1 / most`
    /// rows. Monotone with suppression.
    ///
    /// Source: El Emam & Dankar, JAMIA 15(5), 2008 (prosecutor).
    MaximumRisk {
        /// Greatest risk, in `(0, 1]`.
        most: f64,
    },
    /// The mean risk of the released records is at most `most`: classes / rows (the
    /// marketer). The smallest classes are suppressed until it is. Monotone without
    /// suppression; with suppression the rows that no choice of classes could keep
    /// still rule out what is finer.
    ///
    /// Source: Dankar & El Emam, PAIS 2010.
    AverageRisk {
        /// Greatest mean risk, in `(0, 1]`.
        most: f64,
    },
    /// Of the released records at most the share `most` has a risk above `above`. The
    /// smallest classes are suppressed until it is so. Monotone without suppression.
    ///
    /// Source: El Emam & Dankar, JAMIA 15(5), 2008.
    RecordsAtRisk {
        /// Threshold of the risk of one record, in `(0, 1]`.
        above: f64,
        /// Greatest share of the records, in `[0, 1]`.
        most: f64,
    },
}

/// The confidence of [`Model::SampleKMap`] where none is given.
fn usual_confidence() -> f64 {
    0.95
}

impl Model {
    /// Whether a coarser class can only satisfy it better, also while other
    /// classes are suppressed. Only then does one failure say something about
    /// all finer generalizations.
    pub(crate) fn is_monotone_with_suppression(&self) -> bool {
        match self {
            Self::DistinctL { .. }
            | Self::DistinctPersons { .. }
            | Self::KMap { .. }
            | Self::SampleKMap { .. }
            | Self::MaximumRisk { .. } => true,
            Self::EntropyL { .. }
            | Self::RecursiveL { .. }
            | Self::EqualT { .. }
            | Self::OrderedT { .. }
            | Self::HierarchicalT { .. }
            | Self::Disclosure { .. }
            | Self::Likeness { .. }
            | Self::BasicLikeness { .. }
            | Self::Presence { .. }
            | Self::AverageRisk { .. }
            | Self::RecordsAtRisk { .. } => false,
        }
    }

    /// Whether a generalization that satisfies it with no row suppressed is satisfied
    /// by every coarser one too.
    pub(crate) fn is_monotone(&self) -> bool {
        !matches!(self, Self::Disclosure { .. })
    }

    /// Whether it is about the values of one column inside each class.
    pub(crate) fn is_of_column(&self) -> bool {
        !matches!(
            self,
            Self::KMap { .. }
                | Self::SampleKMap { .. }
                | Self::Presence { .. }
                | Self::MaximumRisk { .. }
                | Self::AverageRisk { .. }
                | Self::RecordsAtRisk { .. }
        )
    }

    /// Checks that the bounds of a model of the population or of the release lie in
    /// their ranges.
    ///
    /// # Errors
    ///
    /// [`ModelError::Range`].
    pub fn check(&self) -> Result<(), ModelError> {
        let within = |what, value: f64, range, yes: bool| {
            if yes { Ok(()) } else { Err(ModelError::Range { what, value, range }) }
        };
        let risk = |what, value: f64| within(what, value, "in (0, 1]", value > 0.0 && value <= 1.0);
        let share =
            |what, value: f64| within(what, value, "between 0 and 1", (0.0..=1.0).contains(&value));
        match self {
            Self::Presence { min, max } => {
                share("least presence", *min)?;
                share("greatest presence", *max)?;
                within("greatest presence", *max, "at or above the least", min <= max)
            }
            Self::SampleKMap { k, fraction, confidence, .. } => {
                let some = (1..=1_000_000).contains(k);
                within("population of a form", f64::from(*k), "from 1 to 1,000,000", some)?;
                let sampled = *fraction > 0.0 && *fraction <= 1.0;
                within("sampling fraction", *fraction, "in (0, 1]", sampled)?;
                let sure = *confidence >= 0.5 && *confidence < 1.0;
                within("confidence", *confidence, "in [0.5, 1)", sure)
            }
            Self::MaximumRisk { most } => risk("maximum risk", *most),
            Self::AverageRisk { most } => risk("average risk", *most),
            Self::RecordsAtRisk { above, most } => {
                risk("threshold of records at risk", *above)?;
                share("share of records at risk", *most)
            }
            _ => Ok(()),
        }
    }
}

/// Tolerance of comparisons of computed distances with their bounds.
const TOLERANCE: f64 = 1e-9;

/// A model made ready for one table: the shares of the whole table, the order
/// and the tree of the values.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    model: Model,
    /// Share of each value in the whole table, by code.
    shares: Vec<f64>,
    /// Position of each code in the order of values.
    order: Vec<usize>,
    /// Group above each group, level by level from the codes on, and the number of
    /// groups above: for the hierarchical distance.
    tree: Vec<(Vec<usize>, usize)>,
}

impl Prepared {
    /// - `values`, `rows`: the values of the column and how often they occur.
    /// - `tree`: groups of each value at each level of its hierarchy.
    pub(crate) fn new(
        model: &Model,
        values: &[Option<String>],
        rows: &[u64],
        tree: &[Vec<usize>],
    ) -> Self {
        let total: u64 = rows.iter().sum();
        let shares = rows.iter().map(|count| *count as f64 / (total.max(1)) as f64).collect();
        let order = match model {
            Model::OrderedT { .. } => order(values),
            _ => Vec::new(),
        };
        Self { model: model.clone(), shares, order, tree: parents(tree) }
    }

    /// Whether a class of `rows` rows with these counts by value satisfies the model.
    pub(crate) fn accepts(&self, class: &Histogram, rows: u64) -> bool {
        match &self.model {
            Model::DistinctL { l: least } | Model::DistinctPersons { k: least } => {
                class.values() >= *least as usize
            }
            Model::EntropyL { l } => entropy(class, rows) >= l.ln() - TOLERANCE,
            Model::RecursiveL { c, l } => recursive(class, *c, *l as usize),
            Model::EqualT { t } => self.equal_distance(class, rows) <= t + TOLERANCE,
            Model::OrderedT { t } => self.ordered_distance(class, rows) <= t + TOLERANCE,
            Model::HierarchicalT { t, .. } => {
                self.hierarchical_distance(class, rows) <= t + TOLERANCE
            }
            Model::Disclosure { delta } => class.counts.iter().all(|(code, count)| {
                let p = *count as f64 / rows as f64;
                (p / self.share(*code)).log2().abs() < *delta
            }),
            Model::Likeness { beta } => class.counts.iter().all(|(code, count)| {
                let q = self.share(*code);
                let p = *count as f64 / rows as f64;
                (p - q) / q <= beta.min(-q.ln()) + TOLERANCE
            }),
            Model::BasicLikeness { beta } => class.counts.iter().all(|(code, count)| {
                let q = self.share(*code);
                let p = *count as f64 / rows as f64;
                (p - q) / q <= beta + TOLERANCE
            }),
            // Not about a column: see `release.rs`.
            Model::KMap { .. }
            | Model::SampleKMap { .. }
            | Model::Presence { .. }
            | Model::MaximumRisk { .. }
            | Model::AverageRisk { .. }
            | Model::RecordsAtRisk { .. } => true,
        }
    }

    fn share(&self, code: u32) -> f64 {
        self.shares.get(code as usize).copied().unwrap_or(0.0)
    }

    /// `½ Σ |p − q|` over all values of the table.
    ///
    /// Source: Li et al., "t-Closeness", ICDE 2007.
    pub(crate) fn equal_distance(&self, class: &Histogram, rows: u64) -> f64 {
        let mut distance = 1.0;
        // Values that the class lacks contribute their whole share.
        for (code, count) in &class.counts {
            let q = self.share(*code);
            distance += (*count as f64 / rows as f64 - q).abs() - q;
        }
        (distance / 2.0).max(0.0)
    }

    /// `(1 / (m − 1)) Σ |cumulated (p − q)|` in the order of the values.
    ///
    /// Source: Li et al., "t-Closeness", ICDE 2007.
    pub(crate) fn ordered_distance(&self, class: &Histogram, rows: u64) -> f64 {
        let mut difference = vec![0.0; self.shares.len()];
        for (code, place) in self.order.iter().enumerate() {
            if let (Some(slot), Some(share)) = (difference.get_mut(*place), self.shares.get(code)) {
                *slot -= share;
            }
        }
        for (code, count) in &class.counts {
            let place = self.order.get(*code as usize).copied().unwrap_or(usize::MAX);
            if let Some(slot) = difference.get_mut(place) {
                *slot += *count as f64 / rows as f64;
            }
        }
        let steps = self.shares.len().saturating_sub(1).max(1) as f64;
        let mut cumulated = 0.0;
        let mut sum = 0.0;
        for step in difference {
            cumulated += step;
            sum += f64::abs(cumulated);
        }
        sum / steps
    }

    /// Earth mover's distance where moving costs the height of the lowest common
    /// ancestor divided by the height of the tree.
    ///
    /// Source: Li et al., "t-Closeness", ICDE 2007, section 5.2.
    fn hierarchical_distance(&self, class: &Histogram, rows: u64) -> f64 {
        let height = self.tree.len().max(1) as f64;
        let mut below: Vec<f64> = self.shares.iter().map(|q| -q).collect();
        for (code, count) in &class.counts {
            if let Some(slot) = below.get_mut(*code as usize) {
                *slot += *count as f64 / rows as f64;
            }
        }
        let mut cost = 0.0;
        for (level, (parents, groups)) in self.tree.iter().enumerate() {
            // What is too much and what is wanting below each group.
            let mut above = vec![(0.0_f64, 0.0_f64); *groups];
            for (extra, parent) in below.iter().zip(parents) {
                if let Some((surplus, deficit)) = above.get_mut(*parent) {
                    if *extra > 0.0 {
                        *surplus += extra;
                    } else {
                        *deficit -= extra;
                    }
                }
            }
            let moved: f64 =
                above.iter().map(|(surplus, deficit)| f64::min(*surplus, *deficit)).sum();
            cost += (level + 1) as f64 / height * moved;
            below.clear();
            below.extend(above.iter().map(|(surplus, deficit)| surplus - deficit));
        }
        cost
    }
}

/// Groups of each value by level to the group above each group.
fn parents(tree: &[Vec<usize>]) -> Vec<(Vec<usize>, usize)> {
    let mut parents = Vec::new();
    for pair in tree.windows(2) {
        let [fine, coarse] = pair else { continue };
        let size = |groups: &[usize]| groups.iter().max().map_or(0, |greatest| greatest + 1);
        // At level 0 the groups are the codes themselves, whatever their numbers.
        let first = parents.is_empty();
        let mut above = vec![0; if first { fine.len() } else { size(fine) }];
        for (code, (group, parent)) in fine.iter().zip(coarse).enumerate() {
            if let Some(slot) = above.get_mut(if first { code } else { *group }) {
                *slot = *parent;
            }
        }
        parents.push((above, size(coarse)));
    }
    parents
}

/// Entropy of a class in nats: `−Σ p ln p`.
///
/// Source: Machanavajjhala et al., "l-Diversity", ICDE 2006.
pub(crate) fn entropy(class: &Histogram, rows: u64) -> f64 {
    class
        .counts
        .iter()
        .map(|(_, count)| *count as f64 / rows as f64)
        .map(|p| if p > 0.0 { -p * p.ln() } else { 0.0 })
        .sum()
}

fn recursive(class: &Histogram, c: f64, l: usize) -> bool {
    let mut counts: Vec<u64> = class.counts.iter().map(|(_, rows)| *rows).collect();
    counts.sort_unstable_by(|left, right| right.cmp(left));
    let tail: u64 = counts.iter().skip(l.saturating_sub(1)).sum();
    counts.len() >= l && counts.first().is_some_and(|most| (*most as f64) < c * tail as f64)
}

/// Position of each value when they are put in order: as numbers where all are
/// numbers, as text otherwise; null first.
fn order(values: &[Option<String>]) -> Vec<usize> {
    let numbers: Option<Vec<f64>> = values
        .iter()
        .map(|value| match value {
            None => Some(f64::NEG_INFINITY),
            Some(text) => text.trim().parse::<f64>().ok().filter(|number| !number.is_nan()),
        })
        .collect();
    let mut sorted: Vec<usize> = (0..values.len()).collect();
    match numbers {
        Some(numbers) => sorted.sort_by(|left, right| {
            let at = |index: &usize| numbers.get(*index).copied().unwrap_or_default();
            at(left).total_cmp(&at(right))
        }),
        None => sorted.sort_by_key(|index| values.get(*index)),
    }
    let mut place = vec![0; values.len()];
    for (position, code) in sorted.into_iter().enumerate() {
        if let Some(slot) = place.get_mut(code) {
            *slot = position;
        }
    }
    place
}
