//! Enums whose values have a word for programs and a name for people.

/// A word that no value has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a word that is known here")]
pub struct UnknownWord(pub String);

impl UnknownWord {
    /// What was written, cut to what an error may repeat.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(40).collect())
    }
}

/// Declares an enum whose values have a word for programs and a name for people.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $code:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The word in the database and in the API.
            pub fn code(self) -> &'static str {
                match self { $(Self::$value => $code),+ }
            }

            /// The name for people.
            pub fn label(self) -> vocabulary::Bilingual {
                match self { $(Self::$value => vocabulary::Bilingual::new($zh, $en)),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::words::UnknownWord> {
                let found = Self::ALL.iter().find(|value| value.code() == text).copied();
                found.ok_or_else(|| $crate::words::UnknownWord::of(text))
            }
        }
    };
}

pub(crate) use words;
