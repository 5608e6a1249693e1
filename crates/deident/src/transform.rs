//! What happens to one column (去标识化技术).

use serde::{Deserialize, Serialize};

use crate::hierarchy::Spec;

/// The transform of one column of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "transform", rename_all = "snake_case")]
pub enum Transform {
    /// The column stays as it is.
    Keep,
    /// The column is left out (屏蔽).
    Remove,
    /// Characters in the middle become `*` (掩码). A text that is not longer than
    /// what would be kept becomes `*` throughout.
    Mask {
        /// Characters kept at the start.
        keep_left: usize,
        /// Characters kept at the end.
        keep_right: usize,
    },
    /// Values become coarser (泛化). This marks the column as a
    /// quasi-identifier, also at level 0, where its values stay.
    Generalize {
        /// The hierarchy.
        spec: Spec,
        /// The level, 0 being the values themselves.
        level: usize,
    },
}

impl Transform {
    /// Whether the original value can be had back from what is released, with or
    /// without a key. A release with a reversible transform of an identifier is
    /// never anonymous. `Keep` counts: the original is there.
    pub fn is_reversible(&self) -> bool {
        match self {
            Self::Keep => true,
            Self::Remove | Self::Mask { .. } => false,
            Self::Generalize { level, .. } => *level == 0,
        }
    }
}

/// Masks the middle of a text, character by character.
///
/// ```
/// # use deident::mask;
/// assert_eq!(mask("13812345678", 3, 4), "138****5678");
/// assert_eq!(mask("王五", 1, 0), "王*");
/// assert_eq!(mask("王", 1, 0), "*");
/// ```
pub fn mask(text: &str, keep_left: usize, keep_right: usize) -> String {
    let length = text.chars().count();
    let too_short = length <= keep_left.saturating_add(keep_right);
    text.chars()
        .enumerate()
        .map(|(place, char)| {
            let kept = place < keep_left || place + keep_right >= length;
            if kept && !too_short { char } else { '*' }
        })
        .collect()
}
