//! What an operator may set of the limits.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Deserializer};

use super::Class;

/// The limits of a site.
///
/// ```
/// let settings: web::LimitSettings = serde_json::from_value(serde_json::json!({
///     "exempt": ["127.0.0.1", "10.20.0.0/16"],
///     "trusted_proxies": ["10.0.0.5"],
///     "anonymous": { "query": { "burst": 200, "per_minute": 600 } },
/// }))?;
/// assert!(settings.exempt.contain("10.20.1.1".parse().unwrap()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Addresses that are not limited: this machine, unless set otherwise. An address that
    /// passes on requests of others (`X-Forwarded-For`, `Forwarded`) and is no trusted proxy
    /// is limited all the same, unless everything is exempt.
    pub exempt: Addresses,
    /// Proxies whose `X-Forwarded-For` is believed: none, unless set.
    pub trusted_proxies: Addresses,
    /// Of how many buckets the state is kept; 16 bytes each.
    pub clients: NonZeroUsize,
    /// For each address, of those who have not signed in.
    pub anonymous: RateChanges,
    /// For each account.
    pub known: RateChanges,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            exempt: Addresses::this_machine(),
            trusted_proxies: Addresses::default(),
            clients: NonZeroUsize::new(1 << 16).unwrap_or(NonZeroUsize::MIN),
            anonymous: RateChanges::default(),
            known: RateChanges::default(),
        }
    }
}

/// A token bucket. It is full again after 31 days at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RateFields")]
pub struct Rate {
    /// Tokens that a full bucket holds: so many requests may come at once.
    pub burst: NonZeroU32,
    /// Tokens that come back in a minute.
    pub per_minute: NonZeroU32,
}

impl Rate {
    const fn new(burst: u32, per_minute: u32) -> Self {
        let (Some(burst), Some(per_minute)) = (NonZeroU32::new(burst), NonZeroU32::new(per_minute))
        else {
            return Self { burst: NonZeroU32::MIN, per_minute: NonZeroU32::MIN };
        };
        Self { burst, per_minute }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateFields {
    burst: NonZeroU32,
    per_minute: NonZeroU32,
}

/// The minutes of 31 days.
const LONGEST_REFILL: u64 = 31 * 24 * 60;

/// A bucket that takes too long to fill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a burst of {burst} at {per_minute} a minute takes more than 31 days to come back; raise \
     per_minute or lower burst"
)]
pub struct RefillError {
    burst: NonZeroU32,
    per_minute: NonZeroU32,
}

impl TryFrom<RateFields> for Rate {
    type Error = RefillError;

    fn try_from(fields: RateFields) -> Result<Self, RefillError> {
        let RateFields { burst, per_minute } = fields;
        if u64::from(burst.get()) > u64::from(per_minute.get()) * LONGEST_REFILL {
            return Err(RefillError { burst, per_minute });
        }
        Ok(Self { burst, per_minute })
    }
}

/// The classes that an operator sets; the others stay as they are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateChanges {
    /// What costs little.
    pub read: Option<Rate>,
    /// Searches, rows and groups.
    pub query: Option<Rate>,
    /// Whole tables.
    pub download: Option<Rate>,
    /// Attempts to sign in; always by address.
    pub sign_in: Option<Rate>,
    /// Cases that anyone files without signing in.
    pub filing: Option<Rate>,
    /// Whatever changes something.
    pub write: Option<Rate>,
}

impl RateChanges {
    pub(super) fn over(&self, usual: Rates) -> Rates {
        Rates {
            read: self.read.unwrap_or(usual.read),
            query: self.query.unwrap_or(usual.query),
            download: self.download.unwrap_or(usual.download),
            sign_in: self.sign_in.unwrap_or(usual.sign_in),
            filing: self.filing.unwrap_or(usual.filing),
            write: self.write.unwrap_or(usual.write),
        }
    }
}

/// A rate for each class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    read: Rate,
    query: Rate,
    download: Rate,
    sign_in: Rate,
    filing: Rate,
    write: Rate,
}

impl Rates {
    /// For an address, behind which a whole office may be.
    pub(super) const ANONYMOUS: Self = Self {
        read: Rate::new(2_000, 12_000),
        query: Rate::new(1_000, 3_000),
        download: Rate::new(60, 60),
        sign_in: Rate::new(100, 60),
        filing: Rate::new(20, 2),
        write: Rate::new(120, 120),
    };

    /// For an account, whose owner can be asked.
    pub(super) const KNOWN: Self = Self {
        read: Rate::new(4_000, 24_000),
        query: Rate::new(4_000, 12_000),
        download: Rate::new(240, 240),
        sign_in: Self::ANONYMOUS.sign_in,
        filing: Rate::new(60, 30),
        write: Rate::new(1_200, 6_000),
    };

    pub(super) fn of(&self, class: Class) -> Rate {
        match class {
            Class::Read => self.read,
            Class::Query => self.query,
            Class::Download => self.download,
            Class::SignIn => self.sign_in,
            Class::Filing => self.filing,
            Class::Write => self.write,
        }
    }
}

/// A list of addresses and networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Vec<IpNet>);

/// A text that is no address and no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address like 10.0.0.5 and no network like 10.0.0.0/8")]
pub struct AddressError(String);

impl Addresses {
    /// Whether an address is one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether every address of the same family is one of them: `0.0.0.0/0` or `::/0`.
    pub(super) fn contain_all_like(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.prefix_len() == 0 && network.contains(&address))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn this_machine() -> Self {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        Self(vec![IpNet::V4(v4), IpNet::from(IpAddr::V6(Ipv6Addr::LOCALHOST))])
    }

    pub(super) fn parse(texts: &[impl AsRef<str>]) -> Result<Self, AddressError> {
        texts.iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }
}

/// An address is the network of itself alone.
fn network(text: &str) -> Result<IpNet, AddressError> {
    let address = IpAddr::from_str(text).map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| IpNet::from_str(text)).map_err(|_| AddressError(text.to_owned()))
}

impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Self::parse(&texts).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_named() {
        let wrong = serde_json::from_str::<LimitSettings>(r#"{"exempt": ["10.0.0.1/33"]}"#);
        assert!(wrong.unwrap_err().to_string().contains("`10.0.0.1/33` is no address"));
        let zero = r#"{"anonymous": {"read": {"burst": 0, "per_minute": 1}}}"#;
        assert!(serde_json::from_str::<LimitSettings>(zero).is_err());
        let slow = r#"{"anonymous": {"read": {"burst": 4000000000, "per_minute": 1}}}"#;
        let slow = serde_json::from_str::<LimitSettings>(slow).unwrap_err().to_string();
        assert!(slow.contains("more than 31 days"), "{slow}");
        assert!(serde_json::from_str::<LimitSettings>(r#"{"exampt": []}"#).is_err());
    }

    #[test]
    fn this_machine_is_exempt_unless_set_otherwise() {
        let usual = LimitSettings::default();
        for (address, exempt) in
            [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)]
        {
            assert_eq!(usual.exempt.contain(address.parse().unwrap()), exempt, "{address}");
        }
        let none: LimitSettings = serde_json::from_str(r#"{"exempt": []}"#).unwrap();
        assert!(none.exempt.is_empty());
    }

    #[test]
    fn what_is_not_set_stays_as_it_is() {
        let set = RateChanges { query: Some(Rate::new(5, 6)), ..RateChanges::default() };
        let rates = set.over(Rates::KNOWN);
        assert_eq!(rates.of(Class::Query), Rate::new(5, 6));
        assert_eq!(rates.of(Class::Write), Rates::KNOWN.write);
    }
}
