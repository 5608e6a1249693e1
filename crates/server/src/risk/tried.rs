//! Attacks on the people of the original, tried out with the released table.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use ::deident::attack::{
    AttackReport, Downcoding, Predicates, Settings, Subject, downcoding, inference, linking,
    singling_out,
};
use ::deident::risk::{self, LearnedGuess};
use ::deident::{Problem, QuasiColumn, Recoder, Spec, TupleTable, recode};

use super::{Attack, MeasureError, Risk, WIDEST, united};
use crate::table::{Input, TextTable};

/// What the attacks found.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) attacks: Vec<AttackReport>,
    pub(super) downcoding: Option<Downcoding>,
    pub(super) learned: Vec<LearnedGuess>,
}

/// The tables of an attack.
struct Tables {
    release: TupleTable,
    table: TupleTable,
    control: Option<TupleTable>,
}

/// Runs what was asked for.
pub(super) fn run(arguments: &Risk, original: &Input) -> Result<Tried, MeasureError> {
    check(arguments)?;
    let mut tried = Tried::default();
    let learns = arguments.control.is_some() && !arguments.sensitive.is_empty();
    if arguments.attack.is_empty() && !learns {
        return Ok(tried);
    }
    let hierarchies = hierarchies(arguments, original)?;
    let settings = Settings { seeds: arguments.seeds.clone(), ..Settings::default() };
    for attack in &arguments.attack {
        match attack {
            Attack::SinglingOut => {
                tried.attacks.extend(singled(arguments, original, &hierarchies, &settings)?);
            }
            Attack::Linking => {
                tried.attacks.push(linked(arguments, original, &hierarchies, &settings)?);
            }
            Attack::Inference => {
                for secret in &arguments.sensitive {
                    let found = inferred(arguments, original, &hierarchies, &settings, secret)?;
                    tried.attacks.push(found);
                }
            }
            Attack::Downcoding => tried.downcoding = Some(undone(arguments, original)?),
        }
    }
    if learns {
        for secret in &arguments.sensitive {
            tried.learned.push(learned(arguments, original, &hierarchies, secret)?);
        }
    }
    Ok(tried)
}

/// What an attack needs and was not given.
fn check(arguments: &Risk) -> Result<(), MeasureError> {
    let asked = |attack| arguments.attack.contains(&attack);
    let what = if asked(Attack::Linking)
        && (arguments.first.is_empty() || arguments.second.is_empty())
    {
        "the linking attack needs to know what two outsiders know: --first a,b --second c,d"
    } else if asked(Attack::Inference) && arguments.sensitive.is_empty() {
        "the inference attack needs to know what is to be guessed: --sensitive COLUMN"
    } else if asked(Attack::Downcoding)
        && (arguments.control.is_none() || arguments.hierarchies.is_none() || arguments.k.is_none())
    {
        "the downcoding attack needs people who are not in the original, the hierarchies, and how \
         the release was made: --control TABLE --hierarchies FOLDER --k K [--suppression SHARE]"
    } else {
        return Ok(());
    };
    Err(MeasureError::Missing { what })
}

fn hierarchies(arguments: &Risk, original: &Input) -> Result<BTreeMap<String, Spec>, MeasureError> {
    let mut found = BTreeMap::new();
    let Some(folder) = &arguments.hierarchies else { return Ok(found) };
    for input in std::iter::once(original).chain(&arguments.control) {
        let text = TextTable::open(input, &arguments.quasi)?;
        let values = text.count(&arguments.quasi, &arguments.bound.memory())?;
        for column in &arguments.quasi {
            found.insert(column.clone(), text.hierarchy(folder, column, &values)?);
        }
    }
    Ok(found)
}

impl Tables {
    fn count(arguments: &Risk, original: &Input, names: &[String]) -> Result<Self, MeasureError> {
        let memory = arguments.bound.memory();
        let count =
            |input: &Input| TextTable::open(input, names)?.whole(names, &memory, "--attack");
        Ok(Self {
            release: count(&arguments.file)?,
            table: count(original)?,
            control: arguments.control.as_ref().map(count).transpose()?,
        })
    }

    fn subject<'a>(&'a self, hierarchies: &'a BTreeMap<String, Spec>) -> Subject<'a> {
        let Self { release, table, control } = self;
        Subject { release, table, control: control.as_ref(), hierarchies }
    }
}

/// By one column, and by three.
fn singled(
    arguments: &Risk,
    original: &Input,
    hierarchies: &BTreeMap<String, Spec>,
    settings: &Settings,
) -> Result<Vec<AttackReport>, MeasureError> {
    let tables = Tables::count(arguments, original, &arguments.quasi)?;
    let subject = tables.subject(hierarchies);
    let widest = arguments.quasi.len().min(WIDEST);
    [Predicates::Univariate, Predicates::Multivariate { columns: widest }]
        .into_iter()
        .map(|predicates| {
            singling_out(&subject, predicates, settings).map_err(|source| failed(arguments, source))
        })
        .collect()
}

fn failed(arguments: &Risk, source: ::deident::attack::AttackError) -> MeasureError {
    MeasureError::Attack { path: arguments.file.shown().to_owned(), source }
}

fn linked(
    arguments: &Risk,
    original: &Input,
    hierarchies: &BTreeMap<String, Spec>,
    settings: &Settings,
) -> Result<AttackReport, MeasureError> {
    let Risk { first, second, .. } = arguments;
    let tables = Tables::count(arguments, original, &united(&[first, second]))?;
    linking(&tables.subject(hierarchies), first, second, settings)
        .map_err(|source| failed(arguments, source))
}

fn inferred(
    arguments: &Risk,
    original: &Input,
    hierarchies: &BTreeMap<String, Spec>,
    settings: &Settings,
    secret: &String,
) -> Result<AttackReport, MeasureError> {
    let known: Vec<String> =
        arguments.quasi.iter().filter(|column| *column != secret).cloned().collect();
    let names = united(&[&known, std::slice::from_ref(secret)]);
    let tables = Tables::count(arguments, original, &names)?;
    inference(&tables.subject(hierarchies), &known, secret, settings)
        .map_err(|source| failed(arguments, source))
}

/// A local recoding is found anew, as whoever knows the method would, and undone in part.
fn undone(arguments: &Risk, original: &Input) -> Result<Downcoding, MeasureError> {
    let quasi = &arguments.quasi;
    let tables = Tables::count(arguments, original, quasi)?;
    let (Some(control), Some(k)) = (&tables.control, arguments.k) else {
        return Err(MeasureError::Missing {
            what: "the downcoding attack needs --control and --k",
        });
    };
    let specs = hierarchies(arguments, original)?;
    let columns = specs_in_order(quasi, &specs);
    let problem = Problem::k_anonymity(columns, k, arguments.suppression);
    let path = || arguments.file.shown().to_owned();
    let search = |source| MeasureError::Recoding { path: path(), source };
    let recoding = recode(&tables.table, &problem, &mut |_| ControlFlow::Continue(()));
    let recoding = recoding.map_err(search)?;
    let made = Recoder::new(&tables.table, &problem, &recoding).map_err(search)?.released();
    let made = made.map_err(|source| MeasureError::Tuples { path: path(), source })?;
    if !made.has_same_rows(&tables.release) {
        return Err(MeasureError::OtherRelease {
            path: path(),
            original: original.shown().to_owned(),
            k,
            suppression: arguments.suppression,
        });
    }
    downcoding(&tables.table, &problem, &recoding, control, &arguments.seeds)
        .map_err(|source| failed(arguments, source))
}

fn specs_in_order(quasi: &[String], specs: &BTreeMap<String, Spec>) -> Vec<QuasiColumn> {
    let column = |name: &String| Some(QuasiColumn::new(name, specs.get(name)?.clone()));
    quasi.iter().filter_map(column).collect()
}

/// A guess that is learned from the release, on the people of the original and of the
/// control in their released forms.
fn learned(
    arguments: &Risk,
    original: &Input,
    hierarchies: &BTreeMap<String, Spec>,
    secret: &String,
) -> Result<LearnedGuess, MeasureError> {
    let known: Vec<String> =
        arguments.quasi.iter().filter(|column| *column != secret).cloned().collect();
    let names = united(&[&known, std::slice::from_ref(secret)]);
    let Tables { release, table, control } = Tables::count(arguments, original, &names)?;
    let Some(control) = control else {
        return Err(MeasureError::Missing { what: "a learned guess needs --control" });
    };
    let in_forms = |table: &TupleTable, path: &Path| {
        let forms = risk::released_forms(table, &release, &known, hierarchies)
            .map_err(|source| MeasureError::Forms { path: path.to_owned(), source })?;
        risk::in_released_forms(table, &forms, &known, secret)
            .map_err(|source| MeasureError::Tuples { path: path.to_owned(), source })
    };
    let shown = arguments.control.as_ref().map_or(original.shown(), Input::shown);
    let (table, control) = (in_forms(&table, original.shown())?, in_forms(&control, shown)?);
    risk::learned_guess(&release, &table, &control, &known, secret).map_err(|source| {
        MeasureError::Sensitive { path: arguments.file.shown().to_owned(), source }
    })
}
