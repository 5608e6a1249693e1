//! What an answer costs, how costs add up, and what one kind of cost amounts to in
//! another.
//!
//! ```text
//! Pure ε ──▶ Approximate (ε, δ = 0) ──▶ Concentrated (ρ = ε²/2, δ)
//! ```
//!
//! Each kind can be read as one further to the right, never to the left without a
//! loss that the caller must ask for ([`Cost::approximate`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Delta, Epsilon, Rho};

/// A privacy loss, spent or allowed. Neighbouring tables are those that differ by all
/// rows of one person, added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
pub enum Cost {
    /// ε-differential privacy: `P[M(x) ∈ S] ≤ e^ε · P[M(x') ∈ S]`.
    Pure {
        /// ε.
        epsilon: Epsilon,
    },
    /// (ε, δ)-differential privacy: `P[M(x) ∈ S] ≤ e^ε · P[M(x') ∈ S] + δ`.
    Approximate {
        /// ε.
        epsilon: Epsilon,
        /// δ.
        delta: Delta,
    },
    /// δ-approximate ρ-zero-concentrated differential privacy: outside an event of
    /// probability δ the Rényi divergence of order α is at most `ρ·α`, for all α > 1.
    Concentrated {
        /// ρ.
        rho: Rho,
        /// δ; zero for Gaussian noise alone.
        #[serde(default)]
        delta: Delta,
    },
}

impl Cost {
    /// The cost of both, one after the other on the same persons, in the kind further
    /// to the right. The second query may depend on the answer to the first.
    ///
    /// `ε`, `ρ` and `δ` add up, each exactly; a sum beyond their range stays at its end.
    ///
    /// # Source
    ///
    /// Dwork & Roth, "The algorithmic foundations of differential privacy", 2014,
    /// theorem 3.16; Bun & Steinke, TCC 2016-B, lemma 1.7.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(other, Epsilon::plus, Rho::plus, Delta::plus)
    }

    /// The cost of both on disjoint groups of persons (parallel composition): the
    /// greater of each parameter.
    ///
    /// # Source
    ///
    /// `McSherry`, "Privacy integrated queries", SIGMOD 2009, theorem 4.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        self.join(other, Epsilon::max, Rho::max, Delta::max)
    }

    /// What is left of a budget after another cost, at least zero; `None` if the budget
    /// is of a kind that cannot pay for it.
    pub fn less(self, spent: Self) -> Option<Self> {
        (self.rank() >= spent.rank())
            .then(|| self.join(spent, Epsilon::minus, Rho::minus, Delta::minus))
    }

    /// Whether a budget is enough for a cost: the same kind or one further to the left,
    /// and no parameter above the budget's. Nothing covers a cost at the end of its range.
    pub fn covers(self, cost: Self) -> bool {
        let most = match self.nothing().and(cost) {
            Self::Pure { epsilon } => epsilon.billionths(),
            Self::Approximate { epsilon, delta } => {
                epsilon.billionths().max(delta.quintillionths())
            }
            Self::Concentrated { rho, delta } => rho.billionths().max(delta.quintillionths()),
        };
        self.rank() >= cost.rank() && self.beside(cost) == self && most < u64::MAX
    }

    /// Nothing, in the same kind.
    #[must_use]
    pub fn nothing(self) -> Self {
        self.join(self, Epsilon::minus, Rho::minus, Delta::minus)
    }

    /// What the cost amounts to as (ε, δ), δ being the caller's choice; `None` if the δ
    /// is not above what was already spent of it.
    ///
    /// # Source
    ///
    /// [`Rho::epsilon_at`]; δ-approximate zCDP: Bun & Steinke, TCC 2016-B, section 8.
    pub fn approximate(self, delta: Delta) -> Option<Self> {
        let epsilon = match self {
            Self::Pure { epsilon } => epsilon,
            Self::Approximate { epsilon, delta: spent } => (spent <= delta).then_some(epsilon)?,
            Self::Concentrated { rho, delta: spent } => rho.epsilon_at(delta.minus(spent))?,
        };
        Some(Self::Approximate { epsilon, delta })
    }

    fn rank(self) -> u8 {
        match self {
            Self::Pure { .. } => 0,
            Self::Approximate { .. } => 1,
            Self::Concentrated { .. } => 2,
        }
    }

    fn join(
        self,
        other: Self,
        epsilons: fn(Epsilon, Epsilon) -> Epsilon,
        rhos: fn(Rho, Rho) -> Rho,
        deltas: fn(Delta, Delta) -> Delta,
    ) -> Self {
        match (self, other) {
            (Self::Pure { epsilon }, Self::Pure { epsilon: more }) => {
                Self::Pure { epsilon: epsilons(epsilon, more) }
            }
            (Self::Concentrated { .. }, _) | (_, Self::Concentrated { .. }) => {
                let ((rho, delta), (more, extra)) = (self.concentrated(), other.concentrated());
                Self::Concentrated { rho: rhos(rho, more), delta: deltas(delta, extra) }
            }
            _ => {
                let ((epsilon, delta), (more, extra)) = (self.pair(), other.pair());
                Self::Approximate { epsilon: epsilons(epsilon, more), delta: deltas(delta, extra) }
            }
        }
    }

    /// `(ε, δ)` of a cost that is not concentrated.
    fn pair(self) -> (Epsilon, Delta) {
        match self {
            Self::Pure { epsilon } => (epsilon, Delta::ZERO),
            Self::Approximate { epsilon, delta } => (epsilon, delta),
            Self::Concentrated { delta, .. } => (Epsilon::ZERO, delta),
        }
    }

    fn concentrated(self) -> (Rho, Delta) {
        match self {
            Self::Pure { epsilon } => (epsilon.as_rho(), Delta::ZERO),
            Self::Approximate { epsilon, delta } => (epsilon.as_rho(), delta),
            Self::Concentrated { rho, delta } => (rho, delta),
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pure { epsilon } => write!(f, "ε = {epsilon}"),
            Self::Approximate { epsilon, delta } => write!(f, "ε = {epsilon}, δ = {delta}"),
            Self::Concentrated { rho, delta } if *delta == Delta::ZERO => write!(f, "ρ = {rho}"),
            Self::Concentrated { rho, delta } => write!(f, "ρ = {rho}, δ = {delta}"),
        }
    }
}

impl Epsilon {
    /// The `ρ = ε²/2` that ε-differential privacy implies, rounded up to a billionth. An
    /// (ε, δ) mechanism is δ-approximately `ε²/2`-zCDP in the same way.
    ///
    /// # Source
    ///
    /// Bun & Steinke, TCC 2016-B, proposition 1.4 and lemma 8.2.
    #[must_use]
    pub fn as_rho(self) -> Rho {
        let square = u128::from(self.billionths()) * u128::from(self.billionths());
        let rho = square.div_ceil(2_000_000_000);
        Rho::from_billionths(u64::try_from(rho).unwrap_or(u64::MAX))
    }
}

impl Rho {
    /// The least known ε for which ρ-zCDP implies (ε, δ)-differential privacy, rounded
    /// up; `None` for a δ of 0 or not below 1, or a ρ beyond all use.
    ///
    /// `ε = min over α > 1 of α·ρ + ln(1/(α·δ))/(α − 1) + ln(1 − 1/α)`, at least 0. Every α
    /// gives a valid ε; the best is searched in floating point and the result raised by
    /// 10⁻⁹ of itself and a billionth, far above the error of rounding.
    ///
    /// # Source
    ///
    /// Canonne, Kamath & Steinke, "The discrete Gaussian for differential privacy",
    /// `NeurIPS` 2020, proposition 12. It is never above `ρ + 2√(ρ·ln(1/δ))` of Bun &
    /// Steinke, TCC 2016-B, proposition 1.3.
    ///
    /// ```
    /// # use deident::dp::{Delta, Rho};
    /// let epsilon = "0.5".parse::<Rho>()?.epsilon_at("0.00001".parse::<Delta>()?);
    /// assert!((epsilon.unwrap().as_f64() - 4.728387).abs() < 1e-6);
    /// # Ok::<(), deident::dp::DpError>(())
    /// ```
    pub fn epsilon_at(self, delta: Delta) -> Option<Epsilon> {
        if self == Self::ZERO {
            return Some(Epsilon::ZERO);
        }
        let chance = delta.as_f64();
        if chance <= 0.0 || chance >= 1.0 {
            return None;
        }
        let rho = self.as_f64();
        // u = ln(α − 1): the function of u has one valley.
        let epsilon = |u: f64| {
            let less = u.exp();
            let alpha = 1.0 + less;
            alpha * rho - (alpha.ln() + chance.ln()) / less + u - alpha.ln()
        };
        let (mut low, mut high) = (-30.0_f64, 30.0_f64);
        for _ in 0..200 {
            let third = (high - low) / 3.0;
            if epsilon(low + third) < epsilon(high - third) {
                high -= third;
            } else {
                low += third;
            }
        }
        let least = epsilon(f64::midpoint(low, high)).max(0.0);
        let billionths = (least * (1.0 + 1e-9) * 1e9).ceil() + 1.0;
        (billionths < 1e19).then(|| Epsilon::from_billionths(whole(billionths)))
    }

    /// The greatest ρ, in whole billionths, for which ρ-zCDP implies (ε, δ)-differential
    /// privacy by [`Rho::epsilon_at`]; zero if there is none.
    #[must_use]
    pub fn within(epsilon: Epsilon, delta: Delta) -> Self {
        let fits = |rho: u64| {
            Self::from_billionths(rho).epsilon_at(delta).is_some_and(|least| least <= epsilon)
        };
        let (mut low, mut high) = (0, epsilon.billionths().saturating_mul(2).max(1));
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self::from_billionths(low)
    }
}

/// A floating-point number that is whole and in `[0, 1e19]`, as an integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has checked the range; a cast of a float saturates"
)]
fn whole(number: f64) -> u64 {
    number as u64
}
