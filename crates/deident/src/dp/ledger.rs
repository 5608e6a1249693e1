//! The budget of one dataset and all that was spent of it (隐私预算台账).
//!
//! ```text
//! reserve ─▶ Permit ─release─▶ answer     the cost stays
//!    │          └────cancel──▶ withdrawn  no noise was drawn: the cost is given back
//!    └─ refused: the budget would be exceeded
//! ```
//!
//! A permit is used up when noise is drawn, so that only one that was not used can be
//! given back. A program that ends in between leaves an entry that is reserved and
//! costs for ever. The ledger is plain data: the caller saves it after `reserve` and
//! before `release`, and knows who asks.
//!
//! Invariants (each is also the name of a test):
//! - `a_ledger_never_spends_above_its_budget`
//! - `a_query_that_failed_after_noise_was_drawn_still_costs`

use serde::{Deserialize, Serialize};
use vocabulary::ErrorKind;

use super::Cost;

/// Why a ledger refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The budget would be exceeded.
    #[error(
        "the query asks for {asked}, and of the budget {budget} of dataset `{dataset}` there \
         remains {remaining}; ask for less, or let the holder of the data decide on a new budget"
    )]
    Exceeded {
        /// The dataset.
        dataset: String,
        /// What the query would cost.
        asked: Cost,
        /// The whole budget.
        budget: Cost,
        /// What is left for this query.
        remaining: Cost,
    },
    /// The budget is of a kind that cannot pay for such a query.
    #[error(
        "the query asks for {asked}, and the budget {budget} of dataset `{dataset}` cannot pay for \
         this kind: pure ε pays for pure ε only, (ε, δ) for that and thresholds, ρ with δ for all"
    )]
    Kind {
        /// The dataset.
        dataset: String,
        /// What the query would cost.
        asked: Cost,
        /// The whole budget.
        budget: Cost,
    },
    /// No such entry, or it is not reserved.
    #[error("entry {number} of dataset `{dataset}` is not reserved in this ledger")]
    NotReserved {
        /// The dataset.
        dataset: String,
        /// The number of the entry.
        number: u64,
    },
}

impl LedgerError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Exceeded { .. } => ErrorKind::Denied,
            Self::Kind { .. } => ErrorKind::Invalid,
            Self::NotReserved { .. } => ErrorKind::Conflict,
        }
    }
}

/// One part of the persons, for queries on parts that share no person.
///
/// The caller vouches that each person has all rows in one part, whatever the data, as
/// with a district of residence on one row a person. What shares no person costs only
/// as much as its dearest part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What divides the persons, for example a column.
    pub by: String,
    /// The part, for example a value of that column.
    pub part: String,
}

/// How far a query has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Paid for; noise may have been drawn.
    Reserved,
    /// Answered.
    Answered,
    /// Failed after noise may have been drawn; it costs all the same.
    Failed,
    /// Given back before noise was drawn; it costs nothing.
    Withdrawn,
}

/// One query in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in this ledger, from 1.
    pub number: u64,
    /// When, as the caller writes it (RFC 3339).
    pub at: String,
    /// What was asked, in words.
    pub what: String,
    /// What it costs.
    pub cost: Cost,
    /// On which part of the persons; `None` for all.
    #[serde(default)]
    pub part: Option<Part>,
    /// How far it has come.
    pub state: State,
}

/// Proof that a cost was reserved in a ledger. It is used up when noise is drawn.
#[derive(Debug)]
#[must_use = "a permit that is dropped costs all the same; give it back with `cancel`"]
pub struct Permit {
    dataset: String,
    number: u64,
    cost: Cost,
}

impl Permit {
    /// The dataset.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The number of the entry.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What was reserved.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Uses the permit up: dataset, entry and what was reserved.
    pub(super) fn used(self) -> (String, u64, Cost) {
        (self.dataset, self.number, self.cost)
    }
}

/// The budget of one dataset, with every query that was paid from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    dataset: String,
    budget: Cost,
    entries: Vec<Entry>,
}

impl Ledger {
    /// A ledger from which nothing is spent.
    ///
    /// - `budget`: with pure ε only Laplace noise and quantiles can be paid, with (ε, δ)
    ///   also unlisted categories, with ρ and δ everything, at the best rate for many
    ///   queries.
    pub fn new(dataset: impl Into<String>, budget: Cost) -> Self {
        Self { dataset: dataset.into(), budget, entries: Vec::new() }
    }

    /// The dataset.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The whole budget.
    pub fn budget(&self) -> Cost {
        self.budget
    }

    /// Sets another budget; what was spent stays spent.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Exceeded`] if more was spent already, and [`LedgerError::Kind`] if it
    /// was spent in a kind that the new budget cannot pay; nothing is changed then.
    pub fn set_budget(&mut self, budget: Cost) -> Result<(), LedgerError> {
        let asked = self.spent();
        let dataset = || self.dataset.clone();
        let Some(remaining) = budget.less(asked) else {
            return Err(LedgerError::Kind { dataset: dataset(), asked, budget });
        };
        if !budget.covers(asked) {
            return Err(LedgerError::Exceeded { dataset: dataset(), asked, budget, remaining });
        }
        self.budget = budget;
        Ok(())
    }

    /// Every query, in the order in which they were reserved.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What was spent: costs on the same persons add up; of the parts of one division
    /// the dearest counts. A query on a part and one on all persons add up.
    pub fn spent(&self) -> Cost {
        self.spent_for(None)
    }

    /// What is left for a query on all persons.
    pub fn remaining(&self) -> Cost {
        self.remaining_for(None)
    }

    /// What is left for a query on one part of the persons.
    pub fn remaining_for(&self, part: Option<&Part>) -> Cost {
        self.budget.less(self.spent_for(part)).unwrap_or(self.budget.nothing())
    }

    /// Pays for a query before it is answered. Save the ledger before the permit is used.
    ///
    /// - `what`: the query in words, for whoever reads the ledger.
    /// - `at`: the time, RFC 3339.
    /// - `part`: the part of the persons, if the query looks at no other.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Kind`] and [`LedgerError::Exceeded`]; nothing is changed then.
    pub fn reserve(
        &mut self,
        what: impl Into<String>,
        cost: Cost,
        at: impl Into<String>,
        part: Option<Part>,
    ) -> Result<Permit, LedgerError> {
        let dataset = self.dataset.clone();
        let remaining = self.remaining_for(part.as_ref());
        if remaining.less(cost).is_none() {
            return Err(LedgerError::Kind { dataset, asked: cost, budget: self.budget });
        }
        // The sum is compared, and not the rest: costs round up when their kind changes.
        if !self.budget.covers(self.spent_for(part.as_ref()).and(cost)) {
            let budget = self.budget;
            return Err(LedgerError::Exceeded { dataset, asked: cost, budget, remaining });
        }
        let number = self.entries.last().map_or(0, |entry| entry.number) + 1;
        let (what, at) = (what.into(), at.into());
        self.entries.push(Entry { number, at, what, cost, part, state: State::Reserved });
        Ok(Permit { dataset, number, cost })
    }

    /// Gives back a permit that was not used; its entry stays and costs nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotReserved`] if the permit is not of this ledger, or its entry was
    /// settled.
    pub fn cancel(&mut self, permit: Permit) -> Result<(), LedgerError> {
        let Permit { dataset, number, cost } = permit;
        let same = dataset == self.dataset;
        let entry = self.reserved(number).filter(|entry| same && entry.cost == cost);
        entry.ok_or(LedgerError::NotReserved { dataset, number })?.state = State::Withdrawn;
        Ok(())
    }

    /// Notes that the query of an entry was answered.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotReserved`].
    pub fn answered(&mut self, number: u64) -> Result<(), LedgerError> {
        self.settle(number, State::Answered)
    }

    /// Notes that the query of an entry failed or was stopped. It costs all the same:
    /// that it failed, or when, may itself have told something.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotReserved`].
    pub fn failed(&mut self, number: u64) -> Result<(), LedgerError> {
        self.settle(number, State::Failed)
    }

    fn settle(&mut self, number: u64, state: State) -> Result<(), LedgerError> {
        let dataset = self.dataset.clone();
        let entry = self.reserved(number);
        entry.ok_or(LedgerError::NotReserved { dataset, number })?.state = state;
        Ok(())
    }

    fn reserved(&mut self, number: u64) -> Option<&mut Entry> {
        let mut reserved = self.entries.iter_mut().filter(|entry| entry.state == State::Reserved);
        reserved.find(|entry| entry.number == number)
    }

    /// What counts against a query: of its own division only its own part, of every
    /// other the dearest.
    fn spent_for(&self, own: Option<&Part>) -> Cost {
        let mut total = self.budget.nothing();
        let mut parts: Vec<(&Part, Cost)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.state != State::Withdrawn) {
            let Some(part) = &entry.part else {
                total = total.and(entry.cost);
                continue;
            };
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, cost)) => *cost = cost.and(entry.cost),
                // In the kind of the budget, so that squares of ε add up and not ε itself.
                None => parts.push((part, self.budget.nothing().and(entry.cost))),
            }
        }
        let mut divisions: Vec<(&str, Cost)> = Vec::new();
        for (part, cost) in parts {
            if own.is_some_and(|own| own.by == part.by && own.part != part.part) {
                continue;
            }
            match divisions.iter_mut().find(|(by, _)| *by == part.by) {
                Some((_, dearest)) => *dearest = dearest.beside(cost),
                None => divisions.push((&part.by, cost)),
            }
        }
        divisions.into_iter().fold(total, |total, (_, cost)| total.and(cost))
    }
}
