//! How a value was written so that it does not look like what it is.

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

/// A way in which an identifier was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disguise {
    /// Full-width letters or digits.
    FullWidth,
    /// Characters that take no room: U+200B, U+00AD and the like.
    ZeroWidth,
    /// Marks between the digits that no one writes there.
    Separators,
    /// Digits of another script, or in circles.
    OtherDigits,
    /// Chinese numerals: 一三八, 壹叁捌.
    Numerals,
    /// Base64 of the text.
    Base64,
    /// The bytes of the text in hexadecimal.
    Hex,
    /// The number in hexadecimal.
    HexNumber,
    /// The last character first.
    Reversed,
    /// In parts, over columns that stand side by side.
    Split,
    /// Base32 of the text, RFC 4648 section 6.
    Base32,
    /// Letters that look like digits: O for 0, l and I for 1.
    Letters,
    /// In parts, over columns that are apart or in another order.
    Scattered,
}

/// Number of disguises.
const DISGUISES: usize = 13;

impl Disguise {
    /// Every disguise, in the order of the enum.
    pub const ALL: [Self; DISGUISES] = [
        Self::FullWidth,
        Self::ZeroWidth,
        Self::Separators,
        Self::OtherDigits,
        Self::Numerals,
        Self::Base64,
        Self::Hex,
        Self::HexNumber,
        Self::Reversed,
        Self::Split,
        Self::Base32,
        Self::Letters,
        Self::Scattered,
    ];

    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::FullWidth => ("全角字符", "full-width characters"),
            Self::ZeroWidth => ("零宽字符", "zero-width characters"),
            Self::Separators => ("夹入分隔符", "separators put in"),
            Self::OtherDigits => ("其他文字的数字", "digits of another script"),
            Self::Numerals => ("中文数字", "Chinese numerals"),
            Self::Base64 => ("Base64 编码", "Base64"),
            Self::Hex => ("十六进制编码", "hexadecimal bytes"),
            Self::HexNumber => ("十六进制数", "a hexadecimal number"),
            Self::Reversed => ("倒序书写", "written backwards"),
            Self::Split => ("拆分到相邻字段", "split over neighboring columns"),
            Self::Base32 => ("Base32 编码", "Base32"),
            Self::Letters => ("以字母代数字", "letters for digits"),
            Self::Scattered => {
                ("拆分到不相邻或次序不同的字段", "split over columns apart or in another order")
            }
        };
        Bilingual::new(zh, en)
    }

    /// The disguise as a bit.
    pub(crate) fn bit(self) -> u16 {
        1 << (self as u16)
    }

    /// The disguises whose bits are set.
    pub(crate) fn of_bits(bits: u16) -> Vec<Self> {
        Self::ALL.into_iter().filter(|disguise| bits & disguise.bit() != 0).collect()
    }
}

/// The names of disguises in a list.
pub(crate) fn names(disguises: &[Disguise]) -> Bilingual {
    let labels: Vec<Bilingual> = disguises.iter().map(|disguise| disguise.label()).collect();
    let join = |mark: &str, name: fn(&Bilingual) -> &str| {
        labels.iter().map(name).collect::<Vec<_>>().join(mark)
    };
    Bilingual::new(join("、", |label| &label.zh), join(", ", |label| &label.en))
}
