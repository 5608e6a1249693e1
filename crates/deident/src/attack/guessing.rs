//! Linking (关联) and inference (推断): attacks by the nearest released record.

use super::marginals::independent;
use super::neighbor::Nearby;
use super::random::Random;
use super::view::{On, Sheet, View};
use super::{AttackError, AttackReport, Rate, Run, Settings, Subject, Success, check, views};

/// Runs the linking attack: two outside files know different columns of the same
/// persons; a person is linked if the released record nearest by the first columns is
/// also that nearest by the second.
///
/// # Errors
///
/// Any [`AttackError`] but `Search`; `Columns` if a side has no columns.
///
/// # Source
///
/// Giomi et al., PETS 2023(2), section 4.2.
pub fn linking(
    subject: &Subject<'_>,
    first: &[String],
    second: &[String],
    settings: &Settings,
) -> Result<AttackReport, AttackError> {
    check(subject, settings)?;
    let view = views(subject)?;
    if first.is_empty() || second.is_empty() {
        return Err(AttackError::Columns { need: "at least one column on each side" });
    }
    let sides = [view.places(first)?, view.places(second)?];
    let linked = |view: &View, sides: &[Nearby], on: On, tuple: usize, random: &mut Random| {
        let [one, other] = [0, 1].map(|side| view.nearest(on, tuple, sides.get(side)?, random));
        one.is_some() && one == other
    };
    let by_chance = |view: &View, _: usize, random: &mut Random| {
        random.below(view.release.rows()) == random.below(view.release.rows())
    };
    let name = format!("linking {} with {}", first.join(", "), second.join(", "));
    Ok(AttackReport::of(name, runs(view, settings, &sides, &linked, &by_chance)))
}

/// Runs the inference attack: the secret of the released record that is nearest by the
/// known columns is taken for that of the person.
///
/// A guess is right if it is the value, or a form that stands for it, or for numbers if it
/// is within a twentieth of itself.
///
/// # Errors
///
/// Any [`AttackError`] but `Search`; `Columns` if nothing is known.
///
/// # Source
///
/// Giomi et al., PETS 2023(2), section 4.3.
pub fn inference(
    subject: &Subject<'_>,
    known: &[String],
    secret: &str,
    settings: &Settings,
) -> Result<AttackReport, AttackError> {
    check(subject, settings)?;
    let view = views(subject)?;
    if known.is_empty() {
        return Err(AttackError::Columns { need: "at least one column that is known" });
    }
    let known = view.places(known)?;
    let secret_place = view.places(&[secret.to_owned()])?.first().copied().unwrap_or_default();
    let guessed = |view: &View, sides: &[Nearby], on: On, tuple: usize, random: &mut Random| {
        let row = sides.first().and_then(|known| view.nearest(on, tuple, known, random));
        row.is_some_and(|row| view.is_right(on, secret_place, row, tuple))
    };
    let by_chance = |view: &View, tuple: usize, random: &mut Random| {
        let row = random.below(view.release.rows());
        view.is_right(On::Table, secret_place, row, tuple)
    };
    let name = format!("inference of {secret}");
    Ok(AttackReport::of(name, runs(view, settings, &[known], &guessed, &by_chance)))
}

/// Whether a guess about a tuple is right, by what is nearest on each side.
type Attack<'a> = dyn Fn(&View, &[Nearby], On, usize, &mut Random) -> bool + 'a;

/// - `sides`: the columns of each file that an attacker has.
fn runs(
    view: View,
    settings: &Settings,
    sides: &[Vec<usize>],
    attack: &Attack<'_>,
    by_chance: &dyn Fn(&View, usize, &mut Random) -> bool,
) -> Vec<Run> {
    let released = view.release.clone();
    let mut view = view;
    let mut runs = Vec::with_capacity(settings.seeds.len());
    for seed in &settings.seeds {
        let mut random = Random::new(*seed);
        let targets = |sheet: &Sheet, random: &mut Random| -> Vec<usize> {
            let rows = sheet.sample(settings.attacks, random);
            rows.into_iter().map(|row| sheet.tuple_of(row)).collect()
        };
        let own = targets(&view.table, &mut random);
        let others = view.control.as_ref().map(|sheet| targets(sheet, &mut random));
        let success = |view: &View, random: &mut Random| {
            let sides: Vec<Nearby> = sides.iter().map(|columns| view.nearby(columns)).collect();
            let mut rate = |on: On, targets: &[usize]| {
                let right =
                    targets.iter().filter(|tuple| attack(view, &sides, on, **tuple, random));
                Rate::new(right.count() as u64, targets.len() as u64)
            };
            let table = rate(On::Table, &own);
            Success::of(table, others.as_ref().map(|others| rate(On::Control, others)))
        };
        view.release = released.clone();
        let release = success(&view, &mut random);
        let lucky = own.iter().filter(|tuple| by_chance(&view, **tuple, &mut random)).count();
        view.release = independent(&released, &mut random);
        runs.push(Run {
            seed: *seed,
            guesses: own.len() as u64,
            release,
            no_person: success(&view, &mut random),
            random: Rate::new(lucky as u64, own.len() as u64),
        });
    }
    runs
}

impl View {
    /// Whether the secret of a released row is that of a person.
    fn is_right(&self, on: On, column: usize, row: u64, tuple: usize) -> bool {
        let Some((meaning, sheet)) = self.meanings.get(column).zip(self.sheet(on)) else {
            return false;
        };
        let guess = self.release.code(column, self.release.tuple_of(row));
        let truth = sheet.code(column, tuple);
        if meaning.covers.get(on.place()).is_some_and(|cover| cover.holds(guess, truth)) {
            return true;
        }
        let (guess, truth) = (meaning.number(On::Release, guess), meaning.number(on, truth));
        meaning.numbers.is_some() && (guess - truth).abs() <= 0.05 * guess.abs()
    }
}
