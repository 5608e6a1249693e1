//! The lattice of generalization levels: one node is one level a column.
//!
//! Nodes are numbered in mixed radix, so that a node is a `u64` and a set of
//! nodes a bit vector.

/// All combinations of levels between a lowest and a highest one a column.
#[derive(Debug, Clone)]
pub(super) struct Lattice {
    low: Vec<usize>,
    high: Vec<usize>,
    strides: Vec<u64>,
    size: u64,
}

impl Lattice {
    /// Levels run from `low` to `high`, both included.
    pub(super) fn new(low: Vec<usize>, high: Vec<usize>) -> Self {
        let mut strides = Vec::with_capacity(low.len());
        let mut size = 1_u64;
        for (low, high) in low.iter().zip(&high) {
            strides.push(size);
            size = size.saturating_mul((high - low + 1) as u64);
        }
        Self { low, high, strides, size }
    }

    /// Number of nodes; `u64::MAX` if there are more than that.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn low(&self) -> &[usize] {
        &self.low
    }

    pub(super) fn high(&self) -> &[usize] {
        &self.high
    }

    /// The levels of a node.
    pub(super) fn levels(&self, node: u64, levels: &mut Vec<usize>) {
        levels.clear();
        let mut rest = node;
        for (low, high) in self.low.iter().zip(&self.high) {
            let radix = (high - low + 1) as u64;
            let digit = usize::try_from(rest % radix).unwrap_or_default();
            levels.push(low + digit);
            rest /= radix;
        }
    }

    /// The number of a node.
    pub(super) fn node(&self, levels: &[usize]) -> u64 {
        let digits = levels.iter().zip(&self.low).map(|(level, low)| (level - low) as u64);
        digits.zip(&self.strides).map(|(digit, stride)| digit * stride).sum()
    }

    /// Calls `visit` with each node one step finer.
    pub(super) fn finer(&self, levels: &[usize], mut visit: impl FnMut(u64)) {
        let node = self.node(levels);
        for ((level, low), stride) in levels.iter().zip(&self.low).zip(&self.strides) {
            if level > low {
                visit(node - stride);
            }
        }
    }
}

/// Nodes that are known not to satisfy the models, closed downwards: whatever is
/// finer than a member is a member.
#[derive(Debug)]
pub(super) struct DownSet {
    bits: Vec<u64>,
}

impl DownSet {
    pub(super) fn new(lattice: &Lattice) -> Self {
        let words = usize::try_from(lattice.size().div_ceil(64)).unwrap_or_default();
        Self { bits: vec![0; words] }
    }

    pub(super) fn contains(&self, node: u64) -> bool {
        let word = usize::try_from(node / 64).unwrap_or(usize::MAX);
        self.bits.get(word).is_some_and(|bits| bits >> (node % 64) & 1 == 1)
    }

    fn insert(&mut self, node: u64) {
        let word = usize::try_from(node / 64).unwrap_or(usize::MAX);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (node % 64);
        }
    }

    /// Adds a node and everything finer.
    pub(super) fn tag(&mut self, lattice: &Lattice, node: u64) {
        let mut levels = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.contains(node) {
                continue;
            }
            self.insert(node);
            lattice.levels(node, &mut levels);
            lattice.finer(&levels, |finer| {
                if !self.contains(finer) {
                    open.push(finer);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_and_its_levels_name_each_other() {
        let lattice = Lattice::new(vec![0, 1, 0], vec![2, 1, 3]);
        assert_eq!(lattice.size(), 12);
        let mut levels = Vec::new();
        for node in 0..lattice.size() {
            lattice.levels(node, &mut levels);
            assert_eq!(lattice.node(&levels), node);
        }
    }

    #[test]
    fn tagging_takes_everything_finer_and_nothing_else() {
        let lattice = Lattice::new(vec![0, 0], vec![3, 3]);
        let mut set = DownSet::new(&lattice);
        set.tag(&lattice, lattice.node(&[1, 2]));
        let mut levels = Vec::new();
        for node in 0..lattice.size() {
            lattice.levels(node, &mut levels);
            let finer = levels[0] <= 1 && levels[1] <= 2;
            assert_eq!(set.contains(node), finer, "{levels:?}");
        }
    }
}
