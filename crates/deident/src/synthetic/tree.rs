//! Counts of pairs of values, the tree of the columns that depend most, and the shares
//! that rows are drawn from.

use std::collections::{BTreeMap, HashMap};

/// Rows with a pair of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PairCount {
    pub(super) first: u32,
    pub(super) second: u32,
    pub(super) rows: u64,
}

/// Counts of all pairs of columns. A column with itself gives its values.
#[derive(Debug, Clone)]
pub(super) struct PairCounts {
    width: usize,
    rows: u64,
    /// One a pair of columns, in the order (0,0), (0,1), …, (1,1), (1,2), ….
    pairs: Vec<HashMap<(u32, u32), u64>>,
}

impl PairCounts {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rows: 0, pairs: vec![HashMap::new(); width * (width + 1) / 2] }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Counts one row, one code a column.
    pub(super) fn add(&mut self, row: &[u32]) {
        self.rows += 1;
        let mut pairs = self.pairs.iter_mut();
        for (place, first) in row.iter().enumerate() {
            for (second, pair) in row.iter().skip(place).zip(&mut pairs) {
                *pair.entry((*first, *second)).or_default() += 1;
            }
        }
    }

    fn number(&self, first: usize, second: usize) -> usize {
        let before: usize = (0..first).map(|column| self.width - column).sum();
        before + (second - first)
    }

    /// The counts of a pair in a fixed order; `first` is not after `second`.
    fn pair(&self, first: usize, second: usize) -> Vec<PairCount> {
        let counts = self.pairs.get(self.number(first, second));
        let mut pairs: Vec<PairCount> = counts
            .into_iter()
            .flatten()
            .map(|((first, second), rows)| PairCount {
                first: *first,
                second: *second,
                rows: *rows,
            })
            .collect();
        pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
        pairs
    }

    /// What two columns tell of each other, in nats: `Σ p(x,y) ln(p(x,y) / p(x)p(y))`.
    ///
    /// Source: Chow & Liu, IEEE Transactions on Information Theory 14(3), 1968.
    fn information(&self, first: usize, second: usize) -> f64 {
        let total = self.rows as f64;
        let marginal = |column| -> HashMap<u32, u64> {
            self.pair(column, column).iter().map(|pair| (pair.first, pair.rows)).collect()
        };
        let (left, right) = (marginal(first), marginal(second));
        self.pair(first, second)
            .iter()
            .map(|pair| {
                let rows = pair.rows as f64;
                let alone = |counts: &HashMap<u32, u64>, code| {
                    counts.get(&code).copied().unwrap_or(1) as f64
                };
                let expected = alone(&left, pair.first) * alone(&right, pair.second);
                rows / total * (rows * total / expected).ln()
            })
            .sum()
    }
}

/// Codes with the share of each, cumulated; the last share is 1.
#[derive(Debug, Clone, Default)]
struct Shares(Vec<(u32, f64)>);

impl Shares {
    fn of(weights: Vec<(u32, f64)>) -> Self {
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let cumulated = weights.into_iter().map(|(code, weight)| {
            sum += weight / total;
            (code, sum)
        });
        Self(cumulated.collect())
    }

    fn draw(&self, uniform: f64) -> Option<u32> {
        let place = self.0.partition_point(|(_, share)| *share < uniform);
        self.0.get(place).or(self.0.last()).map(|(code, _)| *code)
    }
}

/// One column of the model.
#[derive(Debug, Clone)]
struct Node {
    column: usize,
    parent: Option<usize>,
    /// Drawn from where the value of the parent gives nothing.
    alone: Shares,
    /// Drawn from by the value of the parent.
    given: BTreeMap<u32, Shares>,
}

/// The tree, root first.
#[derive(Debug, Clone)]
pub(super) struct Model {
    nodes: Vec<Node>,
    empty: bool,
}

impl Model {
    /// - `min_rows`: values and pairs with fewer rows are not drawn from.
    /// - `weight`: the weight of a count, given the number of its pair of columns.
    pub(super) fn of(
        counts: &PairCounts,
        dependent: bool,
        min_rows: u64,
        weight: impl Fn(usize, &PairCount) -> f64,
    ) -> Self {
        let edges = if dependent { tree(counts) } else { Vec::new() };
        let parents: HashMap<usize, usize> =
            edges.iter().map(|(parent, child)| (*child, *parent)).collect();
        let mut order: Vec<usize> =
            (0..counts.width).filter(|c| !parents.contains_key(c)).collect();
        order.extend(edges.iter().map(|(_, child)| *child));
        let enough = |first, second| -> Vec<(PairCount, f64)> {
            let number = counts.number(first, second);
            counts
                .pair(first, second)
                .into_iter()
                .filter(|pair| pair.rows >= min_rows)
                .map(|pair| (pair, weight(number, &pair)))
                .filter(|(_, weight)| *weight > 0.0)
                .collect()
        };
        let nodes = order
            .into_iter()
            .map(|column| {
                let own = enough(column, column);
                let alone =
                    Shares::of(own.iter().map(|(pair, weight)| (pair.first, *weight)).collect());
                let parent = parents.get(&column).copied();
                let mut given: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
                if let Some(parent) = parent {
                    for (pair, weight) in enough(column.min(parent), column.max(parent)) {
                        let (above, code) = if parent < column {
                            (pair.first, pair.second)
                        } else {
                            (pair.second, pair.first)
                        };
                        given.entry(above).or_default().push((code, weight));
                    }
                }
                let given = given.into_iter().map(|(above, codes)| (above, Shares::of(codes)));
                Node { column, parent, alone, given: given.collect() }
            })
            .collect();
        Self { nodes, empty: counts.rows == 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether a column has a value that may be drawn.
    pub(super) fn draws(&self, column: usize) -> bool {
        self.nodes.iter().any(|node| node.column == column && !node.alone.0.is_empty())
    }

    /// Each column with the one it depends on, root first.
    pub(super) fn order(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        self.nodes.iter().map(|node| (node.column, node.parent))
    }

    /// One row: a code a column. `uniform` gives a number in (0, 1) a column.
    pub(super) fn draw(&self, uniform: impl Fn(usize) -> f64) -> Vec<Option<u32>> {
        let mut row = vec![None; self.nodes.len()];
        for node in &self.nodes {
            let above: Option<u32> =
                node.parent.and_then(|parent| row.get(parent).copied().flatten());
            let shares = above.and_then(|above| node.given.get(&above)).unwrap_or(&node.alone);
            if let Some(slot) = row.get_mut(node.column) {
                *slot = shares.draw(uniform(node.column));
            }
        }
        row
    }
}

/// The edges (parent, child) of the tree of greatest information, from the first
/// column outward (Prim).
fn tree(counts: &PairCounts) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    let mut outside: Vec<usize> = (1..counts.width).collect();
    // For each column outside, the best edge from the tree.
    let gain = |from: usize, to: usize| counts.information(from.min(to), from.max(to));
    let mut best: HashMap<usize, (f64, usize)> =
        outside.iter().map(|column| (*column, (gain(0, *column), 0))).collect();
    while !outside.is_empty() {
        let value = |column: &usize| best.get(column).map_or(0.0, |(gain, _)| *gain);
        let next = outside
            .iter()
            .copied()
            .max_by(|left, right| value(left).total_cmp(&value(right)).then(right.cmp(left)));
        let Some(next) = next else { break };
        let parent = best.get(&next).map_or(0, |(_, parent)| *parent);
        edges.push((parent, next));
        outside.retain(|column| *column != next);
        for column in &outside {
            let found = gain(next, *column);
            if let Some(slot) = best.get_mut(column)
                && found > slot.0
            {
                *slot = (found, next);
            }
        }
    }
    edges
}
