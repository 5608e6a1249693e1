//! The arithmetic of GB/T 42460-2023, step by step.
//!
//! ```text
//! θ_j = 1 / f_j          f_j rows of class j, J the classes
//! DR_a = share of classes with θ_j > τ       must be 0
//! DR_b = max θ_j         DR_c = mean θ_j
//! DR   = DR_b in public sharing, DR_c otherwise
//! CR   = 1 in public sharing, max(T1, T2, T3) otherwise
//! R    = 1 if DR_a > 0, DR × CR otherwise
//! level 2 if R ≥ accept, 3 if R < accept
//! ```
//!
//! The thresholds are the caller's (the crate `law` has them with their source).

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::{ClassSizes, RiskError, is_above};

/// How a set is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// Released to everyone, for good (完全公开共享).
    Public,
    /// Given to named receivers under an agreement (受控公开共享).
    Controlled,
    /// Used inside a controlled place only (领地公开共享).
    Enclave,
}

impl Model {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Public => Bilingual::new("完全公开共享", "public sharing"),
            Self::Controlled => Bilingual::new("受控公开共享", "controlled sharing"),
            Self::Enclave => Bilingual::new("领地公开共享", "enclave sharing"),
        }
    }
}

/// Probabilities of an attempt, by its kind; each in `[0, 1]`. Not used in public
/// sharing, where an attempt is certain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContextRisk {
    /// T1: a deliberate attack by the receiver.
    pub deliberate: f64,
    /// T2: someone is recognized without intent.
    pub inadvertent: f64,
    /// T3: the data leaks from the receiver.
    pub breach: f64,
}

impl ContextRisk {
    /// Every attempt is certain: the context protects from nothing.
    pub const CERTAIN: Self = Self { deliberate: 1.0, inadvertent: 1.0, breach: 1.0 };

    fn greatest(self) -> f64 {
        self.deliberate.max(self.inadvertent).max(self.breach)
    }
}

/// The numbers that the caller sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// τ: greatest risk of a single class.
    pub tau: f64,
    /// The acceptable overall risk.
    pub accept: f64,
    /// The context of the receiver.
    pub context: ContextRisk,
}

/// One line of the arithmetic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The symbol of the standard.
    pub symbol: String,
    /// The formula with the numbers put in.
    pub formula: String,
    /// The result.
    pub value: f64,
    /// What it means.
    pub text: Bilingual,
}

/// The assessment of one set for one sharing model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Share of the classes whose risk is above τ.
    pub dr_a: f64,
    /// Greatest risk of a class.
    pub dr_b: f64,
    /// Mean risk of a class.
    pub dr_c: f64,
    /// Data risk.
    pub dr: f64,
    /// Context risk.
    pub cr: f64,
    /// Overall risk.
    pub r: f64,
    /// Level 1 to 4.
    pub level: u8,
    /// Rows of the smallest class; 0 if levels 1 or 4 were decided without classes.
    pub min_class: u64,
    /// Least class size that gives level 3 for certain under these thresholds; 0
    /// if none does.
    pub required_class: u64,
    /// The arithmetic.
    pub steps: Vec<Step>,
}

/// The qualitative step, which decides level 1 and level 4 only.
///
/// - `direct`, `quasi`: numbers of columns with direct and with
///   quasi-identifiers.
/// - `None`: there are quasi-identifiers only, and [`gbt42460`] must decide.
///
/// # Source
///
/// GB/T 42460-2023, grading: level 1 has a direct identifier, level 4 has no
/// identifier.
pub fn grade_by_identifiers(direct: usize, quasi: usize) -> Option<Assessment> {
    let (level, r, text) = if direct > 0 {
        let text = Bilingual::new(
            format!("含有{direct}个直接标识符字段，为1级"),
            format!("{direct} columns hold direct identifiers: level 1"),
        );
        (1, 1.0, text)
    } else if quasi == 0 {
        let text =
            Bilingual::new("不含任何标识符，为4级", "no column holds an identifier: level 4");
        (4, 0.0, text)
    } else {
        return None;
    };
    Some(Assessment {
        dr_a: r,
        dr_b: r,
        dr_c: r,
        dr: r,
        cr: 1.0,
        r,
        level,
        min_class: 0,
        required_class: 0,
        steps: vec![Step {
            symbol: "DI, QI".to_owned(),
            formula: format!("DI = {direct}, QI = {quasi}"),
            value: r,
            text,
        }],
    })
}

/// The quantitative step for a set without direct identifiers: level 2 or 3.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no classes; [`RiskError::NoShare`] if a
/// threshold is not between 0 and 1.
///
/// # Source
///
/// GB/T 42460-2023, the quantitative assessment and annex D.
///
/// ```
/// # use deident::risk::{ClassSizes, ContextRisk, Model, Thresholds, gbt42460};
/// let thresholds = Thresholds { tau: 0.05, accept: 0.05, context: ContextRisk::CERTAIN };
/// let level = |size| -> Result<u8, _> {
///     Ok(gbt42460(&ClassSizes::from_sizes([size]), Model::Public, &thresholds)?.level)
/// };
/// assert_eq!(level(20)?, 2); // R is exactly 0.05
/// assert_eq!(level(21)?, 3);
/// # Ok::<(), deident::risk::RiskError>(())
/// ```
pub fn gbt42460(
    classes: &ClassSizes,
    model: Model,
    thresholds: &Thresholds,
) -> Result<Assessment, RiskError> {
    let min_class = classes.require()?;
    check(thresholds)?;
    let Thresholds { tau, accept, context } = *thresholds;
    let all = classes.classes();
    let above: u64 = classes
        .iter()
        .filter(|(size, _)| is_above(1.0 / *size as f64, tau))
        .map(|(_, number)| number)
        .sum();
    let dr_a = above as f64 / all as f64;
    let dr_b = 1.0 / min_class as f64;
    let sum: f64 = classes.iter().map(|(size, number)| number as f64 / size as f64).sum();
    let dr_c = sum / all as f64;
    let public = model == Model::Public;
    let dr = if public { dr_b } else { dr_c };
    let cr = if public { 1.0 } else { context.greatest() };
    let r = if above > 0 { 1.0 } else { dr * cr };
    let level = if is_acceptable(r, accept) { 3 } else { 2 };
    let mut steps = vec![
        step(
            "DR_a",
            format!("{above} / {all}"),
            dr_a,
            ("超过τ的等价类所占比例，必须为0", "share of classes above τ; must be 0"),
        ),
        step(
            "DR_b",
            format!("1 / {min_class}"),
            dr_b,
            ("最小等价类的重标识风险", "risk of the smallest class"),
        ),
        step(
            "DR_c",
            format!("Σ(1 / f) / {all} = {sum:.6} / {all}"),
            dr_c,
            ("各等价类的平均重标识风险", "mean risk of the classes"),
        ),
    ];
    if public {
        steps.push(step(
            "DR",
            "DR_b".to_owned(),
            dr,
            ("完全公开共享取最大风险", "public sharing takes the greatest risk"),
        ));
        steps.push(step(
            "CR",
            "1".to_owned(),
            cr,
            ("完全公开共享的环境风险恒为1", "public sharing has a context risk of 1"),
        ));
    } else {
        let ContextRisk { deliberate, inadvertent, breach } = context;
        steps.push(step(
            "DR",
            "DR_c".to_owned(),
            dr,
            ("受控或领地共享取平均风险", "controlled or enclave sharing takes the mean risk"),
        ));
        steps.push(step(
            "CR",
            format!("max({deliberate}, {inadvertent}, {breach})"),
            cr,
            (
                "环境风险：内部故意、熟人、泄露三者取大",
                "greatest of deliberate, inadvertent, breach",
            ),
        ));
    }
    steps.push(if above > 0 {
        step(
            "R",
            "DR_a > 0 → 1".to_owned(),
            r,
            ("有等价类超过τ，总体风险为1", "a class is above τ"),
        )
    } else {
        step("R", format!("{dr:.6} × {cr}"), r, ("总体重标识风险", "overall risk"))
    });
    steps.push(step(
        "level",
        format!("{r:.6} {} {accept}", if level == 3 { "<" } else { "≥" }),
        f64::from(level),
        if level == 3 {
            ("风险低于可接受阈值，为3级", "the risk is below what is acceptable: level 3")
        } else {
            ("风险不低于可接受阈值，为2级", "the risk is not below what is acceptable: level 2")
        },
    ));
    let required_class = required_class(tau, accept, cr);
    Ok(Assessment { dr_a, dr_b, dr_c, dr, cr, r, level, min_class, required_class, steps })
}

fn check(thresholds: &Thresholds) -> Result<(), RiskError> {
    let Thresholds { tau, accept, context } = *thresholds;
    let named = [
        ("tau", tau),
        ("accept", accept),
        ("T1", context.deliberate),
        ("T2", context.inadvertent),
        ("T3", context.breach),
    ];
    for (name, value) in named {
        if !(0.0..=1.0).contains(&value) {
            return Err(RiskError::NoShare { name, value });
        }
    }
    Ok(())
}

fn is_acceptable(r: f64, accept: f64) -> bool {
    r < accept - accept.abs() * 1e-12
}

/// Least size such that classes of this size and more give level 3: both
/// `1 / f ≤ τ` and `CR / f < accept`.
fn required_class(tau: f64, accept: f64, cr: f64) -> u64 {
    if tau <= 0.0 || accept <= 0.0 {
        return 0;
    }
    let fits = |size: u64| {
        let theta = 1.0 / size as f64;
        !is_above(theta, tau) && is_acceptable(theta * cr, accept)
    };
    // By doubling, then by halving: the condition holds from some size on.
    let mut high = 1_u64;
    while !fits(high) {
        let Some(next) = high.checked_mul(2).filter(|next| *next < 1 << 50) else { return 0 };
        high = next;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { high = middle } else { low = middle }
    }
    high
}

fn step(symbol: &str, formula: String, value: f64, text: (&str, &str)) -> Step {
    Step { symbol: symbol.to_owned(), formula, value, text: Bilingual::new(text.0, text.1) }
}
