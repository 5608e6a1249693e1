//! Typed ids: a UUID version 7 each, so that one id cannot stand where another belongs.

use jiff::Timestamp;
use uuid::{Builder, Uuid};

/// The text is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no {kind}; an id is a UUID in lower case, such as 0190c2f0-5b7e-7c1a-9f00-0123456789ab"
)]
pub struct IdError {
    /// The type that was asked for, for example `AssetId`.
    pub kind: &'static str,
    /// The first 40 characters of the text.
    pub text: String,
}

/// Builds a version 7 UUID that sorts by time to about a quarter of a microsecond.
///
/// The 12 bits after the milliseconds hold the fraction of the millisecond
/// (RFC 9562, section 6.2, method 3); the rest comes from `random`. Times before
/// 1970 count as 1970.
#[doc(hidden)]
pub fn uuid_at(at: Timestamp, random: [u8; 10]) -> Uuid {
    let nanos = u128::try_from(at.as_nanosecond()).unwrap_or(0);
    let millis = u64::try_from(nanos / 1_000_000).unwrap_or(u64::MAX);
    // 0..=4095, so it fits; the fallback cannot happen.
    let fraction = u16::try_from((nanos % 1_000_000) * 4096 / 1_000_000).unwrap_or(0);
    let [high, low] = fraction.to_be_bytes();
    let [_, _, rest @ ..] = random;
    let [r0, r1, r2, r3, r4, r5, r6, r7] = rest;
    Builder::from_unix_timestamp_millis(millis, &[high, low, r0, r1, r2, r3, r4, r5, r6, r7])
        .into_uuid()
}

/// [`uuid_at`] with random bytes from the operating system.
#[doc(hidden)]
pub fn fresh_uuid(now: Timestamp) -> Uuid {
    // Version 4 fixes bits in the bytes 6 and 8 only; these ten are all random.
    let [a, b, c, d, e, f, _, _, _, g, h, i, j, ..] = Uuid::new_v4().into_bytes();
    uuid_at(now, [a, b, c, d, e, f, g, h, i, j])
}

/// Declares a typed id: a newtype over a UUID with text, serde and ordering.
///
/// The type has `from_uuid`, `at`, `new_v7`, `uuid`, `FromStr` and `Display`. It
/// prints and reads as lower-case text with hyphens.
///
/// ```
/// vocabulary::typed_id! {
///     /// Id of a share request (共享申请).
///     pub struct ShareRequestId;
/// }
/// let id = ShareRequestId::new_v7(jiff::Timestamp::UNIX_EPOCH);
/// assert_eq!(id.to_string().parse::<ShareRequestId>()?, id);
/// # Ok::<(), vocabulary::IdError>(())
/// ```
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident;) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name($crate::macro_support::uuid::Uuid);

        impl $name {
            /// Takes a UUID of any version as an id of this kind.
            $visibility const fn from_uuid(uuid: $crate::macro_support::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// Makes an id (UUID version 7) from a time and random bytes; the first
            /// two of these are not used. Ids of a later microsecond sort later.
            #[must_use]
            $visibility fn at(
                now: $crate::macro_support::jiff::Timestamp,
                random: [u8; 10],
            ) -> Self {
                Self($crate::macro_support::uuid_at(now, random))
            }

            /// Makes an id for this moment, with random bytes from the operating system.
            #[must_use]
            $visibility fn new_v7(now: $crate::macro_support::jiff::Timestamp) -> Self {
                Self($crate::macro_support::fresh_uuid(now))
            }

            /// The bare UUID.
            $visibility const fn uuid(&self) -> $crate::macro_support::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::write!(f, "{}({})", ::std::stringify!($name), self.0.hyphenated())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::IdError> {
                let error = || $crate::IdError {
                    kind: ::std::stringify!($name),
                    text: text.chars().take(40).collect(),
                };
                // One id has one text: braces, URNs and capitals are refused.
                let lower = text.bytes().all(|b| !b.is_ascii_uppercase());
                match $crate::macro_support::uuid::Uuid::try_parse(text) {
                    Ok(uuid) if text.len() == 36 && lower => Ok(Self(uuid)),
                    _ => Err(error()),
                }
            }
        }

        impl $crate::macro_support::serde::Serialize for $name {
            fn serialize<S: $crate::macro_support::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::macro_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::macro_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as
                    $crate::macro_support::serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err($crate::macro_support::serde::de::Error::custom)
            }
        }
    };
}

typed_id! {
    /// Id of a user account.
    pub struct AccountId;
}
typed_id! {
    /// Id of a registered government data asset (政务数据资产).
    pub struct AssetId;
}
typed_id! {
    /// Id of one field of an asset (信息项).
    pub struct ItemId;
}
typed_id! {
    /// Id of a version of the stored data of an asset.
    pub struct VersionId;
}
typed_id! {
    /// Id of an upload: one file on its way into the lake.
    pub struct UploadId;
}
typed_id! {
    /// Id of one run of the gate over a version.
    pub struct GateRunId;
}
typed_id! {
    /// Id of a release: a version that passed the gate for one audience.
    pub struct ReleaseId;
}
typed_id! {
    /// Id of a reuse: something that was made of open data.
    pub struct ReuseId;
}
typed_id! {
    /// Id of a summary with differential privacy (差分隐私摘要).
    pub struct SummaryId;
}
typed_id! {
    /// Id of a background job.
    pub struct JobId;
}
typed_id! {
    /// Id of a catalogue entry (目录).
    pub struct EntryId;
}
