//! The Merkle tree of RFC 6962: hashes, proofs, and growing one tile by tile.
//!
//! Pure arithmetic without input, so that the server that seals and the verifier
//! that does not trust it share one text, checked in the tests against Go's
//! `x/mod/sumdb/tlog` and the crate `tlog_tiles`. Nothing here panics, whatever
//! the input: a verifier reads what a liar serves.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// Hashes in a full tile.
pub(crate) const TILE_WIDTH: usize = 256;
/// Levels of the tree that one level of tiles spans: 2^8 = 256.
const TILE_HEIGHT: u32 = 8;

/// The hash of a leaf, of an inner node or of a whole tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// Bytes of one hash.
    pub(crate) const BYTES: usize = 32;

    /// The hash of a leaf's data.
    pub fn of_leaf(data: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(data).finalize().into())
    }

    /// The hash of the tree without leaves.
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of an inner node.
    pub(crate) fn of_children(left: Self, right: Self) -> Self {
        let node = Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0);
        Self(node.finalize().into())
    }
}

impl fmt::Display for TreeHash {
    /// Base64, as in a checkpoint.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text that is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 32 bytes in base64")]
pub struct TreeHashError;

impl FromStr for TreeHash {
    type Err = TreeHashError;

    fn from_str(text: &str) -> Result<Self, TreeHashError> {
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| TreeHashError)?;
        let hash = Self(bytes.try_into().map_err(|_| TreeHashError)?);
        // Base64 has several texts for some bytes; only one of them is accepted.
        if hash.to_string() == text { Ok(hash) } else { Err(TreeHashError) }
    }
}

/// A subtree whose leaves are all there: the leaves `index << level` to before
/// `(index + 1) << level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subtree {
    level: u32,
    index: u64,
}

/// The leaves `start` to before `end`.
pub(crate) type Span = (u64, u64);

/// The full subtrees that a span is made of, left to right.
fn subtrees((mut start, end): Span) -> Vec<Subtree> {
    let mut found = Vec::new();
    while let Some(height) = end.checked_sub(start).and_then(u64::checked_ilog2) {
        let level = if start == 0 { height } else { height.min(start.trailing_zeros()) };
        found.push(Subtree { level, index: start >> level });
        start += 1 << level;
    }
    found
}

/// The largest power of two below `width`, for `width` of at least 2.
fn split(width: u64) -> u64 {
    1 << (width - 1).checked_ilog2().unwrap_or(0)
}

/// The spans whose hashes prove that leaf `index` is in a tree of `size` leaves,
/// in the order of the proof (RFC 6962, 2.1.1).
pub(crate) fn inclusion_spans(index: u64, size: u64) -> Vec<Span> {
    let (mut start, mut end) = (0, size);
    let mut spans = Vec::new();
    if index >= size {
        return spans;
    }
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            spans.push((middle, end));
            end = middle;
        } else {
            spans.push((start, middle));
            start = middle;
        }
    }
    spans.reverse();
    spans
}

/// The spans whose hashes prove that a tree of `old` leaves is the beginning of
/// one of `new` leaves, in the order of the proof (RFC 6962, 2.1.2).
pub(crate) fn consistency_spans(old: u64, new: u64) -> Vec<Span> {
    let (mut start, mut end) = (0, new);
    let mut spans = Vec::new();
    if old == 0 || old >= new {
        return spans;
    }
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            spans.push((middle, end));
            end = middle;
        } else {
            spans.push((start, middle));
            start = middle;
        }
    }
    if start != 0 {
        spans.push((start, end));
    }
    spans.reverse();
    spans
}

/// Whether `proof` shows that `leaf` is the leaf `index` of the tree of `size`
/// leaves with `root` (RFC 9162, 2.1.3.2).
pub fn proves_inclusion(
    leaf: TreeHash,
    index: u64,
    size: u64,
    proof: &[TreeHash],
    root: TreeHash,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = TreeHash::of_children(*sibling, hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = TreeHash::of_children(hash, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `old` leaves with `old_root` is the
/// beginning of the tree of `new` leaves with `new_root` (RFC 9162, 2.1.4.2).
pub fn proves_consistency(
    old: u64,
    old_root: TreeHash,
    new: u64,
    new_root: TreeHash,
    proof: &[TreeHash],
) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && old_root == TreeHash::of_nothing();
    }
    let (first, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        }
    };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            older = TreeHash::of_children(*sibling, older);
            newer = TreeHash::of_children(*sibling, newer);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer = TreeHash::of_children(newer, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && older == old_root && newer == new_root
}

/// A tile of hashes: its level and its number in the level.
pub(crate) type TileId = (u8, u64);

/// How many hashes a tile has in a tree of `size` leaves: 0 to 256.
pub(crate) fn tile_width((level, number): TileId, size: u64) -> usize {
    let shift = TILE_HEIGHT * u32::from(level);
    let hashes = size.checked_shr(shift).unwrap_or(0);
    let before = number.saturating_mul(256);
    usize::try_from(hashes.saturating_sub(before).min(256)).unwrap_or(0)
}

/// Tiles by their id, as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct Tiles(pub(crate) HashMap<TileId, Vec<TreeHash>>);

impl Tiles {
    /// The tiles that the hashes of `spans` are computed from.
    pub(crate) fn needed(spans: &[Span]) -> BTreeSet<TileId> {
        spans.iter().copied().flat_map(subtrees).filter_map(tile_of).map(|(tile, _)| tile).collect()
    }

    /// The hashes of `spans`, if all tiles are known and wide enough.
    pub(crate) fn hashes(&self, spans: &[Span]) -> Option<Vec<TreeHash>> {
        spans.iter().map(|span| self.span(*span)).collect()
    }

    fn span(&self, span: Span) -> Option<TreeHash> {
        let parts = subtrees(span).into_iter().map(|part| {
            let (tile, range) = tile_of(part)?;
            self.0.get(&tile)?.get(range).and_then(full)
        });
        fold(&parts.collect::<Option<Vec<_>>>()?)
    }
}

/// The tile that holds a subtree, and which of its hashes make the subtree.
fn tile_of(subtree: Subtree) -> Option<(TileId, std::ops::Range<usize>)> {
    let level = subtree.level / TILE_HEIGHT;
    let width = 1_u64 << (subtree.level % TILE_HEIGHT);
    let first = subtree.index.checked_mul(width)?;
    let start = usize::try_from(first % 256).ok()?;
    let tile = (u8::try_from(level).ok()?, first / 256);
    Some((tile, start..start + usize::try_from(width).ok()?))
}

/// The hash over a power of two of hashes of equal height.
fn full(hashes: &[TreeHash]) -> Option<TreeHash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(TreeHash::of_children(*left, *right)),
                _ => None,
            })
            .collect();
    }
    row.first().copied()
}

/// The hash over subtrees of falling height: right to left.
fn fold(parts: &[TreeHash]) -> Option<TreeHash> {
    let (last, rest) = parts.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| TreeHash::of_children(*left, right)))
}

/// A tree that grows leaf by leaf and keeps only its right edge: at most 255
/// hashes a level of tiles.
#[derive(Clone, Debug)]
pub(crate) struct Growth {
    size: u64,
    /// The unfinished tile of each level.
    edge: Vec<Vec<TreeHash>>,
}

impl Growth {
    /// A tree without leaves.
    pub(crate) fn new() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// The unfinished tiles of a tree of `size` leaves: what [`Growth::resume`] needs.
    pub(crate) fn edge_of(size: u64) -> Vec<TileId> {
        (0..8)
            .map(|level: u8| {
                (level, size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0) / 256)
            })
            .filter(|tile| (1..TILE_WIDTH).contains(&tile_width(*tile, size)))
            .collect()
    }

    /// A tree of `size` leaves, from its unfinished tiles; `None` if one is
    /// missing or has another width.
    pub(crate) fn resume(size: u64, tiles: &Tiles) -> Option<Self> {
        let mut edge: Vec<Vec<TreeHash>> = Vec::new();
        for tile in Self::edge_of(size) {
            let width = tile_width(tile, size);
            let hashes = tiles.0.get(&tile)?.get(..width)?.to_vec();
            edge.resize(usize::from(tile.0), Vec::new());
            edge.push(hashes);
        }
        Some(Self { size, edge })
    }

    /// Adds a leaf. `finished` gets each tile that this leaf fills.
    pub(crate) fn push(&mut self, leaf: TreeHash, finished: &mut impl FnMut(TileId, &[TreeHash])) {
        self.size += 1;
        let mut carried = Some(leaf);
        let mut level = 0_u8;
        while let Some(hash) = carried.take() {
            if self.edge.len() <= usize::from(level) {
                self.edge.push(Vec::new());
            }
            let Some(tile) = self.edge.get_mut(usize::from(level)) else { return };
            tile.push(hash);
            if tile.len() == TILE_WIDTH {
                let number = (self.size >> (TILE_HEIGHT * u32::from(level))) / 256 - 1;
                finished((level, number), tile);
                carried = full(tile);
                tile.clear();
                level += 1;
            }
        }
    }

    /// How many leaves it has.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The unfinished tiles.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = (TileId, &[TreeHash])> {
        (0_u8..).zip(&self.edge).filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            ((level, (self.size >> (TILE_HEIGHT * u32::from(level))) / 256), hashes.as_slice())
        })
    }

    /// The hash of the whole tree.
    pub(crate) fn root(&self) -> TreeHash {
        let mut parts = Vec::new();
        for tile in self.edge.iter().rev() {
            let mut rest = tile.as_slice();
            while let Some(height) = rest.len().checked_ilog2() {
                let (part, after) = rest.split_at(1 << height);
                parts.extend(full(part));
                rest = after;
            }
        }
        fold(&parts).unwrap_or_else(TreeHash::of_nothing)
    }
}

#[cfg(test)]
mod tests {
    //! Against the crate `tlog_tiles`, Cloudflare's port of Go's `x/mod/sumdb/tlog`.

    use std::collections::HashMap;

    use proptest::prelude::*;
    use tlog_tiles::{Hash, HashReader, tlog};

    use super::*;

    /// The reference: all hashes in its own dense order.
    #[derive(Default)]
    struct Reference {
        hashes: Vec<Hash>,
        size: u64,
    }

    impl HashReader for Reference {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
            Ok(indexes.iter().map(|index| self.hashes[usize::try_from(*index).unwrap()]).collect())
        }
    }

    impl Reference {
        fn push(&mut self, data: &[u8]) {
            let hashes = tlog::stored_hashes(self.size, data, self).unwrap();
            self.hashes.extend(hashes);
            self.size += 1;
        }
    }

    fn leaf(number: u64) -> Vec<u8> {
        format!("leaf {number}").into_bytes()
    }

    /// Both trees with `size` leaves, and all of our tiles in their widest form.
    fn trees(size: u64) -> (Growth, Tiles, Reference) {
        let (mut ours, mut tiles, mut theirs) =
            (Growth::new(), Tiles::default(), Reference::default());
        for number in 0..size {
            ours.push(TreeHash::of_leaf(&leaf(number)), &mut |tile, hashes| {
                assert!(tiles.0.insert(tile, hashes.to_vec()).is_none(), "{tile:?} twice");
            });
            theirs.push(&leaf(number));
        }
        for (tile, hashes) in ours.unfinished() {
            assert!(tiles.0.insert(tile, hashes.to_vec()).is_none(), "{tile:?} twice");
        }
        (ours, tiles, theirs)
    }

    fn plain(hashes: &[Hash]) -> Vec<TreeHash> {
        hashes.iter().map(|hash| TreeHash(hash.0)).collect()
    }

    #[test]
    fn every_small_tree_has_the_root_that_the_reference_has() {
        let (mut ours, mut theirs) = (Growth::new(), Reference::default());
        assert_eq!(ours.root().0, tlog::EMPTY_HASH.0);
        for number in 0..1100 {
            ours.push(TreeHash::of_leaf(&leaf(number)), &mut |_, _| {});
            theirs.push(&leaf(number));
            assert_eq!(ours.root().0, tlog::tree_hash(number + 1, &theirs).unwrap().0);
        }
    }

    #[test]
    fn a_tree_of_three_levels_of_tiles_agrees_with_the_reference() {
        let size = 70_001;
        let (ours, tiles, theirs) = trees(size);
        assert_eq!(ours.root().0, tlog::tree_hash(size, &theirs).unwrap().0);
        assert!(tiles.0.contains_key(&(2, 0)));
        for (tile, hashes) in &tiles.0 {
            assert_eq!(hashes.len(), tile_width(*tile, size), "{tile:?}");
        }
        for index in [0, 255, 256, 65_535, 65_536, 69_999, 70_000] {
            let spans = inclusion_spans(index, size);
            let proof = tiles.hashes(&spans).unwrap();
            assert_eq!(proof, plain(&tlog::prove_record(size, index, &theirs).unwrap()));
            assert!(proves_inclusion(
                TreeHash::of_leaf(&leaf(index)),
                index,
                size,
                &proof,
                ours.root()
            ));
        }
        for old in [1, 255, 256, 257, 700, 65_536, 70_000] {
            let proof = tiles.hashes(&consistency_spans(old, size)).unwrap();
            assert_eq!(proof, plain(&tlog::prove_tree(size, old, &theirs).unwrap()));
            let old_root = TreeHash(tlog::tree_hash(old, &theirs).unwrap().0);
            assert!(proves_consistency(old, old_root, size, ours.root(), &proof));
            assert!(!proves_consistency(old + 1, old_root, size, ours.root(), &proof));
        }
    }

    #[test]
    fn a_resumed_tree_goes_on_as_if_it_had_not_stopped() {
        for size in [0, 1, 255, 256, 257, 511, 512, 700, 65_536, 66_000] {
            let (mut whole, tiles, _) = trees(size);
            let mut resumed = Growth::resume(size, &tiles).unwrap();
            assert_eq!(resumed.root(), whole.root(), "{size}");
            for number in size..size + 600 {
                let hash = TreeHash::of_leaf(&leaf(number));
                whole.push(hash, &mut |_, _| {});
                resumed.push(hash, &mut |_, _| {});
            }
            assert_eq!(resumed.root(), whole.root(), "{size}");
        }
        assert!(Growth::resume(5, &Tiles(HashMap::new())).is_none());
    }

    proptest! {
        #[test]
        fn a_proof_of_inclusion_proves_one_leaf_at_one_place(
            size in 1_u64..800, place in 0_u64..800, other in 0_u64..800, flip in 0_usize..12,
        ) {
            let index = place % size;
            let (ours, tiles, _) = trees(size);
            let mut proof = tiles.hashes(&inclusion_spans(index, size)).unwrap();
            let hash = TreeHash::of_leaf(&leaf(index));
            prop_assert!(proves_inclusion(hash, index, size, &proof, ours.root()));
            if other != index {
                prop_assert!(!proves_inclusion(hash, other, size, &proof, ours.root()));
            }
            if flip < proof.len() {
                let mut forged = proof.clone();
                forged[flip].0[0] ^= 1;
                prop_assert!(!proves_inclusion(hash, index, size, &forged, ours.root()));
            }
            proof.push(hash);
            prop_assert!(!proves_inclusion(hash, index, size, &proof, ours.root()));
        }

        #[test]
        fn a_verifier_never_panics(
            index in any::<u64>(), size in any::<u64>(), old in any::<u64>(), length in 0_usize..70,
        ) {
            let hash = TreeHash([7; 32]);
            let proof = vec![hash; length];
            prop_assert!(!proves_inclusion(hash, index, size, &proof, TreeHash([8; 32])));
            prop_assert!(!proves_consistency(old, hash, size, TreeHash([8; 32]), &proof));
            let _ = (tile_width((63, index), size), Tiles::needed(&inclusion_spans(index, size)));
            let _ = (Tiles::needed(&consistency_spans(old, size)), Growth::edge_of(size));
        }
    }
}
