//! Paths of tiles and entry bundles, as C2SP tlog-tiles writes them.
//!
//! `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`. N is written in groups
//! of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`.
//! There is exactly one path for a tile; every other spelling is refused, so that
//! caches and logs see one name for one thing.

use std::fmt;
use std::str::FromStr;

use super::merkle::TILE_WIDTH;

/// A tile or an entry bundle, in one of its widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TilePath {
    /// The level; `None` for an entry bundle.
    pub level: Option<u8>,
    /// The number in the level.
    pub number: u64,
    /// Hashes or entries: 256, or fewer for a partial one.
    pub width: usize,
}

/// A text that is no path of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no path of a tile")]
pub struct TilePathError;

/// 20 digits make 7 groups; longer paths are refused before they are read.
const LONGEST: usize = 64;

impl fmt::Display for TilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(formatter, "tile/{level}/")?,
            None => formatter.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.number % 1000];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            if groups.is_empty() {
                write!(formatter, "{group:03}")?;
            } else {
                write!(formatter, "x{group:03}/")?;
            }
        }
        if self.width < TILE_WIDTH { write!(formatter, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, TilePathError> {
        if text.len() > LONGEST {
            return Err(TilePathError);
        }
        let rest = text.strip_prefix("tile/").ok_or(TilePathError)?;
        let (level, rest) = rest.split_once('/').ok_or(TilePathError)?;
        let level = match level {
            "entries" => None,
            digits => Some(number(digits)?).filter(|level| *level <= 63),
        };
        if level.is_none() && !text.starts_with("tile/entries/") {
            return Err(TilePathError);
        }
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, number(width)?),
            None => (rest, 256),
        };
        let digits: String = groups.split('/').map(|group| group.trim_start_matches('x')).collect();
        let path = Self {
            level: level.map(u8::try_from).transpose().map_err(|_| TilePathError)?,
            number: digits.parse().map_err(|_| TilePathError)?,
            width: usize::try_from(width).map_err(|_| TilePathError)?,
        };
        let partial = rest.contains(".p/");
        let wide_enough = (1..=TILE_WIDTH).contains(&path.width);
        // The text must be the one that we would write ourselves.
        if wide_enough && partial == (path.width < TILE_WIDTH) && path.to_string() == text {
            Ok(path)
        } else {
            Err(TilePathError)
        }
    }
}

fn number(text: &str) -> Result<u64, TilePathError> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| TilePathError)
    } else {
        Err(TilePathError)
    }
}
