//! Rules of the user: a pattern, a check, words of the header.
//!
//! ```toml
//! [[rule]]
//! name = "employee_id"
//! pattern = 'GH\d{8}'
//! validator = "luhn"            # optional
//! headers = ["工号", "employee"] # optional
//! role = "direct"               # optional: direct, quasi, sensitive, none
//! level = "general_3"           # optional
//! matches = ["GH12345674"]      # at least one; checked on load
//! rejects = ["GH12345675"]
//! ```
//!
//! A rule that does not do what its own examples say is refused on load. A find
//! never starts or ends in the middle of a run of ASCII letters and digits, so
//! that patterns need no `\b`, which misses what touches Chinese characters.

use std::sync::Arc;

use regex::{Regex, RegexSet};
use serde::{Deserialize, Serialize};
use vocabulary::DataLevel;

use crate::chars::is_alnum;
use crate::check::{self, Check};
use crate::kind::{Kind, Role};

/// A check that a find of a rule must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validator {
    /// None: the pattern says all.
    #[default]
    None,
    /// The digits pass the test of Luhn, ISO/IEC 7812-1.
    Luhn,
    /// Citizen identity number, GB 11643.
    CitizenId,
    /// Unified social credit code, GB 32100.
    CreditCode,
    /// Organization code with or without its dash, GB 11714.
    OrganizationCode,
    /// International bank account number, ISO 13616.
    Iban,
    /// The last character is the check of ISO 7064 MOD 11-2 over the digits before.
    Mod11_2,
}

impl Validator {
    fn passes(self, text: &str) -> bool {
        let mut kept = [0_u8; 64];
        let mut length = 0;
        for byte in text.bytes().filter(|byte| is_alnum(*byte)) {
            let Some(slot) = kept.get_mut(length) else { return false };
            *slot = byte;
            length += 1;
        }
        let value = kept.get(..length).unwrap_or_default();
        match self {
            Self::None => true,
            Self::Luhn => check::luhn(value),
            Self::CitizenId => check::citizen_id(value) == Check::Pass,
            Self::CreditCode => check::credit_code(value) == Check::Pass,
            Self::OrganizationCode => value
                .split_last()
                .is_some_and(|(last, body)| check::organization_code(body, *last) == Check::Pass),
            Self::Iban => check::iban(value) == Check::Pass,
            Self::Mod11_2 => check::mod_11_2(value),
        }
    }
}

/// One rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Small letters, digits and `_`; no name of a [`Kind`].
    pub name: String,
    /// A regular expression in the syntax of the crate `regex`.
    pub pattern: String,
    /// What a find must pass besides.
    #[serde(default)]
    pub validator: Validator,
    /// Words; a header that contains one makes a column of the rule likelier.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The role of a column of the rule.
    #[serde(default = "direct")]
    pub role: Role,
    /// The level of a column of the rule.
    #[serde(default = "third")]
    pub level: DataLevel,
    /// Texts that are finds as a whole; at least one.
    pub matches: Vec<String>,
    /// Texts in which nothing is found.
    #[serde(default)]
    pub rejects: Vec<String>,
}

fn direct() -> Role {
    Role::Direct
}

fn third() -> DataLevel {
    DataLevel::General3
}

/// A file of rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rules, `[[rule]]` each.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Why rules are refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The name cannot be one.
    #[error(
        "rule `{name}`: a name has small letters, digits and `_`, is there once, and is none of the built-in kinds"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The pattern is no regular expression.
    #[error("rule `{name}`: the pattern cannot be read")]
    Pattern {
        /// The rule.
        name: String,
        /// What is wrong with it.
        #[source]
        source: regex::Error,
    },
    /// There is no example.
    #[error("rule `{name}`: `matches` needs at least one example that the rule finds")]
    NoExample {
        /// The rule.
        name: String,
    },
    /// An example is not found.
    #[error("rule `{name}` does not find its own example `{text}`")]
    Misses {
        /// The rule.
        name: String,
        /// The example.
        text: String,
    },
    /// A counterexample is found.
    #[error("rule `{name}` finds `{text}`, which is among its `rejects`")]
    Finds {
        /// The rule.
        name: String,
        /// The counterexample.
        text: String,
    },
}

/// Rules that have passed their own examples.
#[derive(Debug, Clone, Default)]
pub struct Rules(Option<Arc<Compiled>>);

#[derive(Debug)]
struct Compiled {
    rules: Vec<Rule>,
    patterns: Vec<Regex>,
    set: RegexSet,
}

impl Rules {
    /// Compiles rules and runs the examples beside each.
    ///
    /// # Errors
    ///
    /// Any [`RuleError`]; the first rule that is wrong is named.
    pub fn new(rules: Vec<Rule>) -> Result<Self, RuleError> {
        if rules.is_empty() {
            return Ok(Self::default());
        }
        let mut patterns = Vec::with_capacity(rules.len());
        for (place, rule) in rules.iter().enumerate() {
            let name = || rule.name.clone();
            let plain =
                |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
            let taken = Kind::ALL.iter().any(|kind| kind.as_str() == rule.name)
                || rules.iter().take(place).any(|other| other.name == rule.name);
            if rule.name.is_empty() || !rule.name.chars().all(plain) || taken {
                return Err(RuleError::Name { name: name() });
            }
            let pattern = Regex::new(&rule.pattern)
                .map_err(|source| RuleError::Pattern { name: name(), source })?;
            patterns.push(pattern);
        }
        let set = RegexSet::new(rules.iter().map(|rule| &rule.pattern)).map_err(|source| {
            let name = rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(", ");
            RuleError::Pattern { name, source }
        })?;
        let compiled = Self(Some(Arc::new(Compiled { rules, patterns, set })));
        compiled.try_examples()?;
        Ok(compiled)
    }

    fn try_examples(&self) -> Result<(), RuleError> {
        for (place, rule) in self.list().iter().enumerate() {
            let name = || rule.name.clone();
            if rule.matches.is_empty() {
                return Err(RuleError::NoExample { name: name() });
            }
            for text in &rule.matches {
                let mut whole = false;
                self.find(text, |found, start, end| {
                    whole |= found == place && start == 0 && end == text.len();
                });
                if !whole {
                    return Err(RuleError::Misses { name: name(), text: text.clone() });
                }
            }
            for text in &rule.rejects {
                let mut any = false;
                self.find(text, |found, _, _| any |= found == place);
                if any {
                    return Err(RuleError::Finds { name: name(), text: text.clone() });
                }
            }
        }
        Ok(())
    }

    /// The rules, in the order of the file; [`crate::What::Rule`] counts them.
    pub fn list(&self) -> &[Rule] {
        self.0.as_ref().map_or(&[], |compiled| &compiled.rules)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Gives every find in a text, by rule and bytes, to `found`.
    pub(crate) fn find(&self, text: &str, mut found: impl FnMut(usize, usize, usize)) {
        let Some(compiled) = &self.0 else { return };
        for place in compiled.set.matches(text) {
            let (Some(rule), Some(pattern)) =
                (compiled.rules.get(place), compiled.patterns.get(place))
            else {
                continue;
            };
            for find in pattern.find_iter(text) {
                if !find.is_empty()
                    && stands_free(text.as_bytes(), find.start(), find.end())
                    && rule.validator.passes(find.as_str())
                {
                    found(place, find.start(), find.end());
                }
            }
        }
    }
}

/// Whether a find neither starts nor ends in the middle of a run.
fn stands_free(bytes: &[u8], start: usize, end: usize) -> bool {
    let alnum = |place: Option<usize>| {
        place.and_then(|place| bytes.get(place)).is_some_and(|byte| is_alnum(*byte))
    };
    let joined = |outside: Option<usize>, inside: Option<usize>| alnum(outside) && alnum(inside);
    !joined(start.checked_sub(1), Some(start)) && !joined(Some(end), end.checked_sub(1))
}

/// Finds of one rule in one column.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleTally {
    /// Cells that are a find as a whole.
    pub(crate) whole: u64,
    /// Finds inside longer cells.
    pub(crate) inner: u64,
    /// The first row with a find.
    pub(crate) first: Option<u64>,
}

impl RuleTally {
    pub(crate) fn merge(&mut self, later: &Self, rows_before: u64) {
        self.whole += later.whole;
        self.inner += later.inner;
        self.first = self.first.or(later.first.map(|row| row + rows_before));
    }
}
