//! What the values of a column are once a disguise is taken off that lies over all
//! of each value. It is tried on a sample of the different values when everything
//! was read, so that it costs nothing by the row.
//!
//! ```text
//! sample ─▶ as it stands, decoded, backwards, O as 0 ─▶ letters and digits
//!                                                       │
//!        share of the form, check against its chance, plan of the mobile numbers
//! ```

use vocabulary::Bilingual;

use crate::carrier::Plan;
use crate::chance::log10_bound;
use crate::check::{self, Check};
use crate::disguise::{self, Disguise};
use crate::encoded;
use crate::forms::is_mobile;
use crate::kind::{KINDS, Kind, Role};
use crate::runs::card_kind;
use crate::sample::Drawn;
use crate::span::Finder;
use crate::veil::bare;

/// Share of the values that must be of a kind with a check digit.
const SHARE: f64 = 0.3;
/// The same where the value was encoded, which nothing harmless is by chance.
const SHARE_ENCODED: f64 = 0.05;
/// Share of the values that must be mobile numbers.
const SHARE_MOBILE: f64 = 0.9;
/// Fewest values by which a kind without a check digit is decided on.
const LEAST: usize = 5;
/// log10 of the chance that so many pass, below which it was not chance.
pub(crate) const RULED_OUT: f64 = -6.0;
/// Longest text that is decoded, in bytes.
const LONGEST: usize = 128;

/// Why a column is of a kind that its cells do not show.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) kind: Kind,
    pub(crate) disguises: Vec<Disguise>,
    /// Share of the values that are of the kind.
    pub(crate) hit_rate: f64,
    /// Share of those of the form that pass.
    pub(crate) valid_rate: f64,
    pub(crate) reason: Bilingual,
}

/// A value as it is once a disguise is off.
struct Read {
    row: u64,
    /// Its letters and digits.
    bare: Vec<u8>,
    /// Disguises that were taken off beside the one that is tried, as bits.
    bits: u16,
    /// The text that was encoded.
    decoded: Option<String>,
}

/// A disguise, and how a value is read that wears it.
type Try = (Option<Disguise>, fn(&str) -> Option<Read>);

const TRIES: [Try; 7] = [
    (None, plainly),
    (Some(Disguise::Base64), from_base64),
    (Some(Disguise::Hex), from_hex),
    (Some(Disguise::HexNumber), from_hex_number),
    (Some(Disguise::Reversed), backwards),
    (Some(Disguise::Base32), from_base32),
    (Some(Disguise::Letters), with_letters),
];

/// What is known of the column beside its sample.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Its header calls it the number of a thing, or a statistic.
    pub(crate) number: bool,
    /// How many different values it has.
    pub(crate) distinct: f64,
}

/// Tries the disguises; the first under which the values are of a kind that
/// identifies.
pub(crate) fn unveil(sample: &[&Drawn], setting: Setting, finder: &mut Finder) -> Option<Proof> {
    TRIES.into_iter().find_map(|(disguise, read)| {
        let values: Vec<Read> = sample
            .iter()
            .filter_map(|drawn| Some(Read { row: drawn.row, ..read(&drawn.text)? }))
            .collect();
        if values.is_empty() {
            return None;
        }
        let trial = Trial { values: &values, all: sample.len(), disguise, setting };
        trial.checked().or_else(|| trial.mobile()).or_else(|| trial.others(finder))
    })
}

fn plainly(text: &str) -> Option<Read> {
    // 13812.3456 and 13,812,345.60 are numbers.
    let decimal = text.bytes().filter(|byte| *byte == b'.').count() <= 1
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-'))
        && text.bytes().any(|byte| matches!(byte, b'.' | b','));
    let (bare, bits) = bare(text).filter(|_| !decimal)?;
    Some(Read { row: 0, bare, bits, decoded: None })
}

fn decoded(bytes: &[u8]) -> Option<Read> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let printable = text.chars().all(|char| !char.is_control());
    let (bare, bits) = bare(text).unwrap_or_default();
    (printable && text.chars().count() >= 2).then(|| Read {
        row: 0,
        bare,
        bits,
        decoded: Some(text.to_owned()),
    })
}

fn from_base64(text: &str) -> Option<Read> {
    let mut out = [0; LONGEST];
    let first = encoded::base64(text.as_bytes(), &mut out)?.to_vec();
    // Some encode twice.
    let mut again = [0; LONGEST];
    let twice = encoded::base64(first.trim_ascii_end(), &mut again).and_then(decoded);
    match twice.filter(|read| checked_kind(&read.bare).is_some() || is_mobile(&read.bare)) {
        Some(read) => Some(read),
        None => decoded(&first),
    }
}

fn from_hex(text: &str) -> Option<Read> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("\\x")).unwrap_or(text);
    let pairs: Vec<u8> =
        text.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'-' | b'%')).collect();
    let mut out = [0; LONGEST];
    decoded(encoded::hex(&pairs, &mut out)?)
}

fn from_hex_number(text: &str) -> Option<Read> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let number = u64::from_str_radix(text, 16).ok().filter(|_| text.len() >= 8)?;
    Some(Read { row: 0, bare: number.to_string().into_bytes(), bits: 0, decoded: None })
}

fn backwards(text: &str) -> Option<Read> {
    let mut read = plainly(text)?;
    read.bare.reverse();
    Some(read)
}

fn from_base32(text: &str) -> Option<Read> {
    let mut out = [0; LONGEST];
    decoded(encoded::base32(text.as_bytes(), &mut out)?)
}

/// Letters that look like digits read as these. What has none stays as it is, since of
/// mobile numbers a third has no 0.
fn with_letters(text: &str) -> Option<Read> {
    let mut read = plainly(text)?;
    for byte in &mut read.bare {
        let digit = match byte {
            b'O' | b'Q' => b'0',
            b'I' | b'L' => b'1',
            b'Z' => b'2',
            b'S' => b'5',
            b'B' => b'8',
            _ => continue,
        };
        *byte = digit;
        read.bits |= Disguise::Letters.bit();
    }
    Some(read)
}

/// The kind with a check digit whose form a value has, and whether it passes.
pub(crate) fn checked_kind(bare: &[u8]) -> Option<(Kind, bool)> {
    let passes = |check| check == Check::Pass;
    match (bare.len(), check::citizen_id(bare)) {
        (18, Check::No) => {}
        (18, check) => return Some((Kind::CitizenId, passes(check))),
        _ => {}
    }
    if bare.len() == 18 && bare.iter().any(u8::is_ascii_uppercase) {
        let check = check::credit_code(bare);
        return (check != Check::No).then(|| (Kind::CreditCode, passes(check)));
    }
    if bare.first().is_some_and(u8::is_ascii_uppercase) {
        let check = check::iban(bare);
        return (check != Check::No).then(|| (Kind::Iban, passes(check)));
    }
    if !bare.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let scheme = check::card_scheme(bare).map(card_kind);
    let device = (bare.len() == 15 && check::is_imei(bare)).then_some(Kind::Imei);
    scheme.or(device).map(|kind| (kind, check::luhn(bare)))
}

/// The mobile number that a value is, encoded or not.
pub(crate) fn mobile_number(text: &str) -> Option<u64> {
    let number = |read: Read| number(&read.bare);
    plainly(text)
        .and_then(number)
        .or_else(|| from_base64(text).and_then(number))
        .or_else(|| from_base32(text).and_then(number))
        .or_else(|| from_hex(text).and_then(number))
}

fn number(bare: &[u8]) -> Option<u64> {
    let rest = bare.strip_prefix(b"86").filter(|rest| rest.len() == 11).unwrap_or(bare);
    let digits = is_mobile(rest) && rest.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(rest).ok()?.parse().ok()).flatten()
}

/// One way of reading the values of a sample.
struct Trial<'a> {
    values: &'a [Read],
    /// Values of the sample, those that cannot be read so included.
    all: usize,
    disguise: Option<Disguise>,
    setting: Setting,
}

impl Trial<'_> {
    /// Whether nothing is read so by chance.
    fn is_encoded(&self) -> bool {
        matches!(self.disguise, Some(Disguise::Base64 | Disguise::Base32 | Disguise::Hex))
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.all as f64
    }

    /// Kinds with a check digit that identify: enough values pass, and more than
    /// chance gives.
    fn checked(&self) -> Option<Proof> {
        let mut counts = [(0_usize, 0_usize); KINDS];
        for (kind, passes) in self.values.iter().filter_map(|value| checked_kind(&value.bare)) {
            if let Some((form, valid)) = counts.get_mut(kind.index()) {
                *form += 1;
                *valid += usize::from(passes);
            }
        }
        let best = Kind::ALL
            .into_iter()
            .zip(counts)
            .filter(|(kind, _)| kind.role() == Role::Direct)
            .max_by_key(|(_, (_, valid))| *valid);
        let (kind, (form, valid)) = best?;
        let chance = kind.chance()?;
        let bound = log10_bound(valid, form, chance);
        let least = if self.is_encoded() { SHARE_ENCODED } else { SHARE };
        // Encoded digits are none by chance: one is enough to be told.
        let beyond = bound <= RULED_OUT || self.is_encoded() && valid * 2 >= form;
        if valid == 0 || self.share(valid) < least || valid * 2 < form || !beyond {
            return None;
        }
        let passing = |value: &&Read| checked_kind(&value.bare) == Some((kind, true));
        let mut proof = self.proof(kind, valid, passing)?;
        proof.valid_rate = valid as f64 / form as f64;
        proof.reason.zh += &format!(
            "；其中{valid}/{form}个通过校验（随机值约{:.1}%），随机如此的概率不超过{}",
            chance * 100.0,
            power(bound)
        );
        proof.reason.en += &format!(
            "; {valid} of {form} pass the check (made-up ones: {:.1}%), by chance with \
             probability {} at most",
            chance * 100.0,
            power(bound)
        );
        Some(proof)
    }

    fn mobile(&self) -> Option<Proof> {
        let numbers: Vec<(u64, u64)> = self
            .values
            .iter()
            .filter_map(|value| Some((value.row, number(&value.bare)?)))
            .collect();
        if self.share(numbers.len()) < SHARE_MOBILE || numbers.len() < LEAST {
            return None;
        }
        let plan = Plan::of(&numbers, self.all, self.setting.distinct);
        let stands = match self.disguise {
            Some(Disguise::Base64 | Disguise::Base32 | Disguise::Hex) => !plan.is_running(),
            None if !self.setting.number && self.values.iter().any(|value| value.bits != 0) => {
                plan.looks_drawn()
            }
            _ => plan.is_mobile(),
        };
        if !stands {
            return None;
        }
        let mut proof =
            self.proof(Kind::Mobile, numbers.len(), |value| number(&value.bare).is_some())?;
        let why = plan_reason(&plan);
        proof.reason.zh += &format!("；{}", why.zh);
        proof.reason.en += &format!("; {}", why.en);
        Some(proof)
    }

    /// Kinds without a check digit, behind an encoding: names, e-mail, addresses.
    fn others(&self, finder: &mut Finder) -> Option<Proof> {
        if !self.is_encoded() {
            return None;
        }
        let mut counts = [0_usize; KINDS];
        let mut kinds = Vec::with_capacity(self.values.len());
        for value in self.values {
            let text = value.decoded.as_deref().unwrap_or_default();
            finder.find(text);
            let whole = finder
                .hits
                .iter()
                .find(|hit| hit.valid && hit.start == 0 && hit.end == text.len())
                .filter(|hit| hit.kind.role() == Role::Direct)
                .filter(|hit| hit.kind.chance().is_none() && hit.kind != Kind::Mobile)
                .map(|hit| hit.kind);
            if let Some(count) = whole.and_then(|kind| counts.get_mut(kind.index())) {
                *count += 1;
            }
            kinds.push(whole);
        }
        let (kind, count) = Kind::ALL.into_iter().zip(counts).max_by_key(|(_, count)| *count)?;
        if count < LEAST.min(self.all) || count < 2 || self.share(count) < SHARE {
            return None;
        }
        let mut places = kinds.into_iter();
        self.proof(kind, count, |_| places.next().flatten() == Some(kind))
    }

    /// The proof without what makes it sure; `is` says which values it is about.
    fn proof(&self, kind: Kind, count: usize, mut is: impl FnMut(&&Read) -> bool) -> Option<Proof> {
        let own = self.disguise.map_or(0, Disguise::bit);
        let found: Vec<&Read> = self.values.iter().filter(|value| is(value)).collect();
        let letters = found.iter().filter(|value| value.bits & Disguise::Letters.bit() != 0);
        if own == Disguise::Letters.bit() && (letters.count() as f64) < SHARE * count as f64 {
            return None;
        }
        let bits = found.iter().fold(own, |bits, value| bits | value.bits);
        let disguises = Disguise::of_bits(bits);
        let label = kind.label();
        let name = disguise::names(&disguises);
        let (all, percent) = (self.all, self.share(count) * 100.0);
        let reason = if disguises.is_empty() {
            Bilingual::new(
                format!("抽取的{all}个不同值中{percent:.1}%是{}", label.zh),
                format!("{percent:.1}% of {all} different values drawn are: {}", label.en),
            )
        } else {
            Bilingual::new(
                format!("抽取的{all}个不同值中{percent:.1}%是{}，书写方式为{}", label.zh, name.zh),
                format!(
                    "{percent:.1}% of {all} different values drawn are: {}, disguised by {}",
                    label.en, name.en
                ),
            )
        };
        Some(Proof { kind, disguises, hit_rate: self.share(count), valid_rate: 1.0, reason })
    }
}

/// What the plan of the mobile numbers says, with its arithmetic.
pub(crate) fn plan_reason(plan: &Plan) -> Bilingual {
    let Plan { numbers, assigned, prefixes, in_use: (used, span), by_plan, by_second, .. } = *plan;
    if plan.follows_plan() {
        let chance = power(by_plan);
        return Bilingual::new(
            format!(
                "{numbers}个不同值中{assigned}个属于已启用号段，分布在{prefixes}个号段\
                 （所跨{span}个号段中启用{used}个），随机编号如此的概率不超过{chance}"
            ),
            format!(
                "{assigned} of {numbers} different values are of prefixes in use, {prefixes} of \
                 them ({used} of the {span} prefixes spanned are in use); made-up numbers would \
                 be so with probability {chance} at most"
            ),
        );
    }
    if plan.is_mobile() {
        let chance = power(by_second);
        return Bilingual::new(
            format!("{numbers}个不同值全部在13至19号段之内，随机编号如此的概率不超过{chance}"),
            format!(
                "all {numbers} different values are within 13 to 19; made-up numbers would be so \
                 with probability {chance} at most"
            ),
        );
    }
    Bilingual::new(
        format!("{numbers}个不同值中{assigned}个属于已启用号段，未连续编号"),
        format!("{assigned} of {numbers} different values are of prefixes in use, and none run on"),
    )
}

/// A probability by its logarithm: `1e-12`.
pub(crate) fn power(log10: f64) -> String {
    if log10 > -2.0 {
        format!("{:.2}", 10_f64.powf(log10))
    } else {
        format!("1e{:.0}", log10.ceil())
    }
}
