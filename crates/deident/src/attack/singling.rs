//! Singling out (单独识别): predicates that exactly one record satisfies.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::marginals::independent;
use super::random::Random;
use super::view::{Cover, Meaning, On, Sheet, View};
use super::{AttackError, AttackReport, Rate, Run, Settings, Subject, Success, check};

/// Which predicates are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicates {
    /// One column: a value that stands once, the least and the greatest number.
    Univariate,
    /// Some columns of a record taken by chance: equal to its value, or for numbers at
    /// least or at most it, whichever is rarer.
    Multivariate {
        /// Columns of a predicate.
        columns: usize,
    },
}

/// Runs the attack: predicates are found that single a record out in the release, and
/// tried on the table and on the control.
///
/// A run succeeds as often as a predicate is satisfied by exactly one record of the
/// table; predicates that could not be found count as failures, as far as there are rows to
/// guess. A control with more rows
/// than the table is drawn to as many, for whether a predicate singles out depends on how
/// many there are; one with fewer makes the risk look greater, never smaller, as long as
/// predicates are satisfied by less than one record of it on average.
///
/// # Errors
///
/// Any [`AttackError`] but `Search`.
///
/// # Source
///
/// Giomi et al., PETS 2023(2), section 4.1; singling out: WP 216 of the Article 29
/// Working Party, 2014.
pub fn singling_out(
    subject: &Subject<'_>,
    predicates: Predicates,
    settings: &Settings,
) -> Result<AttackReport, AttackError> {
    check(subject, settings)?;
    let mut view = View::counting(subject, settings.equal_rows_count_once)?;
    if let Predicates::Multivariate { columns } = predicates
        && (columns == 0 || columns > view.names.len())
    {
        return Err(AttackError::Columns { need: "between one and all columns a predicate" });
    }
    let full = view.clone();
    let mut runs = Vec::with_capacity(settings.seeds.len());
    for seed in &settings.seeds {
        let mut random = Random::new(*seed);
        if let Some(control) = &full.control {
            view.control = Some(control.drawn(full.table.rows(), &mut random));
        }
        view.release = full.release.clone();
        let mut index = Indexes::of(&view);
        let found = find(&view, &index, predicates, settings, &mut random);
        let release = success(&view, &index, &found, settings.attacks);
        let width = match predicates {
            Predicates::Univariate => 1,
            Predicates::Multivariate { columns } => columns,
        };
        let forms = view.present_forms();
        let blind: Vec<Predicate> =
            (0..settings.attacks).map(|_| view.blind(width, &forms, &mut random)).collect();
        let random_rate = success(&view, &index, &blind, settings.attacks).table;
        view.release = independent(&full.release, &mut random);
        index.release = Index::of(&view, On::Release);
        let nobody = find(&view, &index, predicates, settings, &mut random);
        runs.push(Run {
            seed: *seed,
            guesses: found.len() as u64,
            release,
            no_person: success(&view, &index, &nobody, settings.attacks),
            random: random_rate,
        });
    }
    let name = match predicates {
        Predicates::Univariate => "singling out, one column".to_owned(),
        Predicates::Multivariate { columns } => format!("singling out, {columns} columns"),
    };
    Ok(AttackReport::of(name, runs))
}

/// One condition on one column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Condition {
    /// It is this form of the release, or a value that the form stands for.
    Is(u32),
    /// It is another one.
    IsNot(u32),
    /// It is at least, or above if `strict`, the number of this form.
    Least { form: u32, strict: bool },
    /// It is at most, or below if `strict`, the number of this form.
    Most { form: u32, strict: bool },
}

/// Conditions by column, all of which must hold.
type Predicate = Vec<(usize, Condition)>;

fn success(view: &View, index: &Indexes, predicates: &[Predicate], attacks: u64) -> Success {
    // No more guesses than there are persons: in a small table the many that cannot be made
    // would hide that everyone is singled out.
    let attacks = attacks.min(view.table.rows()).max(1);
    let single = |on: On| -> u64 {
        let found = predicates.iter().filter(|one| view.singles_out(on, index, one)).count();
        attacks.min(found as u64)
    };
    let control = view.control.is_some();
    Success::of(
        Rate::new(single(On::Table), attacks),
        control.then(|| Rate::new(single(On::Control), attacks)),
    )
}

fn find(
    view: &View,
    index: &Indexes,
    predicates: Predicates,
    settings: &Settings,
    random: &mut Random,
) -> Vec<Predicate> {
    let wanted = usize::try_from(settings.attacks).unwrap_or(usize::MAX);
    match predicates {
        Predicates::Univariate => {
            let mut all = view.rare_values();
            let length = all.len();
            random.shuffle(&mut all, length);
            all.retain(|predicate| view.singles_out(On::Release, index, predicate));
            all.truncate(wanted);
            all
        }
        Predicates::Multivariate { columns } => {
            let medians = view.medians();
            let mut seen = BTreeSet::new();
            let mut found = Vec::new();
            for _ in 0..settings.attempts {
                if found.len() >= wanted {
                    break;
                }
                let predicate = view.of_record(columns, &medians, random);
                if view.singles_out(On::Release, index, &predicate)
                    && seen.insert(predicate.clone())
                {
                    found.push(predicate);
                }
            }
            found
        }
    }
}

impl View {
    /// Whether exactly one row of a table satisfies a predicate. Where a form is asked for,
    /// only the rows that the rarest form stands for are looked at.
    fn singles_out(&self, on: On, index: &Indexes, predicate: &Predicate) -> bool {
        let (Some(sheet), Some(index)) = (self.sheet(on), index.on(on)) else { return false };
        let rarest = predicate
            .iter()
            .filter_map(|(column, condition)| match condition {
                Condition::Is(form) => Some(index.tuples(*column, *form)),
                _ => None,
            })
            .min_by_key(|tuples| tuples.len());
        match rarest {
            Some(tuples) => self.is_single(on, sheet, predicate, tuples),
            None => self.is_single_of_all(on, sheet, predicate),
        }
    }

    /// Whether exactly one row among some tuples satisfies a predicate.
    fn is_single(&self, on: On, sheet: &Sheet, predicate: &Predicate, tuples: &[u32]) -> bool {
        let mut rows = 0_u64;
        for tuple in tuples {
            let tuple = *tuple as usize;
            let holds = predicate.iter().all(|(column, condition)| {
                self.holds(on, *column, condition, sheet.code(*column, tuple))
            });
            if holds {
                rows += sheet.counts.get(tuple).copied().unwrap_or_default();
                if rows > 1 {
                    return false;
                }
            }
        }
        rows == 1
    }

    /// Whether exactly one row of a whole table satisfies a predicate.
    fn is_single_of_all(&self, on: On, sheet: &Sheet, predicate: &Predicate) -> bool {
        let tests: Vec<Vec<bool>> =
            predicate.iter().map(|(column, condition)| self.test(on, *column, condition)).collect();
        let columns: Vec<&[u32]> = predicate
            .iter()
            .map(|(column, _)| sheet.codes.get(*column).map_or(&[][..], Vec::as_slice))
            .collect();
        let mut rows = 0_u64;
        for tuple in 0..sheet.counts.len() {
            let holds = columns.iter().zip(&tests).all(|(codes, test)| {
                codes.get(tuple).and_then(|code| test.get(*code as usize)) == Some(&true)
            });
            if holds {
                rows += sheet.counts.get(tuple).copied().unwrap_or_default();
                if rows > 1 {
                    return false;
                }
            }
        }
        rows == 1
    }

    /// Which codes of a table satisfy a condition.
    fn test(&self, on: On, column: usize, condition: &Condition) -> Vec<bool> {
        let Some(meaning) = self.meanings.get(column) else { return Vec::new() };
        let most = meaning.values.get(on.place()).copied().unwrap_or_default();
        (0..most).map(|code| self.holds(on, column, condition, code)).collect()
    }

    /// Whether a code of a table satisfies a condition.
    fn holds(&self, on: On, column: usize, condition: &Condition, code: u32) -> bool {
        let Some(meaning) = self.meanings.get(column) else { return false };
        let number = |form: u32| meaning.number(On::Release, form);
        let own = || meaning.number(on, code);
        let cover = meaning.covers.get(on.place());
        let is = |form: u32| cover.is_some_and(|cover| cover.holds(form, code));
        match condition {
            Condition::Is(form) => is(*form),
            Condition::IsNot(form) => !is(*form),
            Condition::Least { form, strict: false } => own() >= number(*form),
            Condition::Least { form, strict: true } => own() > number(*form),
            Condition::Most { form, strict: false } => own() <= number(*form),
            Condition::Most { form, strict: true } => own() < number(*form),
        }
    }

    /// Predicates of one column that may single out.
    fn rare_values(&self) -> Vec<Predicate> {
        let mut found = Vec::new();
        for (column, meaning) in self.meanings.iter().enumerate() {
            let rows = rows_by_code(&self.release, column);
            for (form, rows) in (0_u32..).zip(&rows) {
                if *rows == 1 {
                    found.push(vec![(column, Condition::Is(form))]);
                }
            }
            let known = (0_u32..)
                .zip(&rows)
                .filter(|(form, rows)| **rows > 0 && !meaning.number(On::Release, *form).is_nan());
            let number = |form: &u32| meaning.number(On::Release, *form);
            let mut forms: Vec<u32> = known.map(|(form, _)| form).collect();
            forms.sort_by(|left, right| number(left).total_cmp(&number(right)));
            if let (Some(least), Some(greatest)) = (forms.first(), forms.last()) {
                found.push(vec![(column, Condition::Most { form: *least, strict: false })]);
                found.push(vec![(column, Condition::Least { form: *greatest, strict: false })]);
            }
        }
        found
    }

    /// Median of each column of numbers in the release.
    fn medians(&self) -> Vec<f64> {
        let median = |(column, meaning): (usize, &Meaning)| {
            let rows = rows_by_code(&self.release, column);
            let mut known: Vec<(f64, u64)> = (0_u32..)
                .zip(rows)
                .map(|(form, rows)| (meaning.number(On::Release, form), rows))
                .filter(|(number, rows)| !number.is_nan() && *rows > 0)
                .collect();
            known.sort_by(|left, right| left.0.total_cmp(&right.0));
            let total: u64 = known.iter().map(|(_, rows)| rows).sum();
            let at = |place: u64| {
                let mut sum = 0;
                let found = known.iter().find(|(_, rows)| {
                    sum += rows;
                    sum > place
                });
                found.map_or(f64::NAN, |(number, _)| *number)
            };
            if total == 0 { f64::NAN } else { f64::midpoint(at((total - 1) / 2), at(total / 2)) }
        };
        self.meanings.iter().enumerate().map(median).collect()
    }

    /// A predicate that a record of the release satisfies, over some columns by chance.
    fn of_record(&self, width: usize, medians: &[f64], random: &mut Random) -> Predicate {
        let tuple = self.release.any(random);
        let condition = |column: usize| {
            let form = self.release.code(column, tuple);
            let number =
                self.meanings.get(column).map_or(f64::NAN, |one| one.number(On::Release, form));
            let median = medians.get(column).copied().unwrap_or(f64::NAN);
            let condition = if number.is_nan() {
                Condition::Is(form)
            } else if number > median {
                Condition::Least { form, strict: false }
            } else {
                Condition::Most { form, strict: false }
            };
            (column, condition)
        };
        self.some_columns(width, random).into_iter().map(condition).collect()
    }

    /// A predicate of values and comparisons by chance: the attacker who knows nothing.
    ///
    /// - `forms`: the forms of each column that the release has.
    fn blind(&self, width: usize, forms: &[Vec<u32>], random: &mut Random) -> Predicate {
        let mut predicate = Vec::with_capacity(width);
        for column in self.some_columns(width, random) {
            let Some(meaning) = self.meanings.get(column) else { continue };
            let forms = forms.get(column).map_or(&[][..], Vec::as_slice);
            let form = forms.get(random.place(forms.len())).copied().unwrap_or_default();
            let is_number =
                meaning.numbers.is_some() && !meaning.number(On::Release, form).is_nan();
            let kinds = if is_number { 6 } else { 2 };
            let condition = match random.below(kinds) {
                0 => Condition::Is(form),
                1 => Condition::IsNot(form),
                2 => Condition::Least { form, strict: true },
                3 => Condition::Most { form, strict: true },
                4 => Condition::Least { form, strict: false },
                _ => Condition::Most { form, strict: false },
            };
            predicate.push((column, condition));
        }
        predicate
    }

    /// The forms of each column that the release has.
    fn present_forms(&self) -> Vec<Vec<u32>> {
        let present = |column: usize| {
            let rows = rows_by_code(&self.release, column);
            let present = (0_u32..).zip(rows).filter(|(_, rows)| *rows > 0);
            present.map(|(form, _)| form).collect()
        };
        (0..self.names.len()).map(present).collect()
    }

    fn some_columns(&self, width: usize, random: &mut Random) -> Vec<usize> {
        let mut columns: Vec<usize> = (0..self.names.len()).collect();
        random.shuffle(&mut columns, width);
        columns.truncate(width);
        columns.sort_unstable();
        columns
    }
}

/// The tuples of a table by column and form of the release.
struct Index(Vec<Vec<Vec<u32>>>);

impl Index {
    fn of(view: &View, on: On) -> Self {
        let Some(sheet) = view.sheet(on) else { return Self(Vec::new()) };
        let column = |(meaning, codes): (&Meaning, &Vec<u32>)| {
            let place = |at: usize| meaning.values.get(at).map_or(0, |most| *most as usize);
            let mut by_code = vec![Vec::new(); place(on.place())];
            for (tuple, code) in (0_u32..).zip(codes) {
                if let Some(list) = by_code.get_mut(*code as usize) {
                    list.push(tuple);
                }
            }
            match meaning.covers.get(on.place()) {
                Some(Cover::Same(same)) => same
                    .iter()
                    .map(|code| by_code.get_mut(*code as usize).map(std::mem::take))
                    .map(Option::unwrap_or_default)
                    .collect(),
                Some(Cover::Below(below)) => {
                    let mut by_form = vec![Vec::new(); place(On::Release.place())];
                    for (forms, tuples) in below.iter().zip(&by_code) {
                        for form in forms {
                            if let Some(list) = by_form.get_mut(*form as usize) {
                                list.extend_from_slice(tuples);
                            }
                        }
                    }
                    by_form
                }
                None => Vec::new(),
            }
        };
        Self(view.meanings.iter().zip(&sheet.codes).map(column).collect())
    }

    /// The tuples that a form of the release stands for.
    fn tuples(&self, column: usize, form: u32) -> &[u32] {
        self.0.get(column).and_then(|forms| forms.get(form as usize)).map_or(&[][..], Vec::as_slice)
    }
}

/// The index of each table.
struct Indexes {
    release: Index,
    table: Index,
    control: Option<Index>,
}

impl Indexes {
    fn of(view: &View) -> Self {
        Self {
            release: Index::of(view, On::Release),
            table: Index::of(view, On::Table),
            control: view.control.is_some().then(|| Index::of(view, On::Control)),
        }
    }

    fn on(&self, on: On) -> Option<&Index> {
        match on {
            On::Release => Some(&self.release),
            On::Table => Some(&self.table),
            On::Control => self.control.as_ref(),
        }
    }
}

fn rows_by_code(sheet: &Sheet, column: usize) -> Vec<u64> {
    let codes = sheet.codes.get(column).map_or(&[][..], Vec::as_slice);
    let mut rows = vec![0_u64; codes.iter().max().map_or(0, |most| *most as usize + 1)];
    for (code, count) in codes.iter().zip(&sheet.counts) {
        if let Some(slot) = rows.get_mut(*code as usize) {
            *slot += count;
        }
    }
    rows
}
