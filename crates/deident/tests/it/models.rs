//! Models of columns, of the population and of the whole release, alone and combined:
//! what comes out satisfies them when it is counted anew by the code of this file, and
//! no better node exists.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use deident::risk::Estimator;
use deident::{
    Applier, Criterion, Model, ModelError, Plan, Problem, QuasiColumn, Recoder, SearchError, Spec,
    Transform, TupleError, TupleTable, full_domain, recode, search, utility,
};
use proptest::prelude::*;

use crate::shared::table;

/// Three quasi-identifiers, a disease and a person.
type Row = (u8, u8, u8, u8, u8);

const NAMES: [&str; 5] = ["a", "b", "c", "disease", "person"];

fn columns() -> Vec<QuasiColumn> {
    vec![
        QuasiColumn::new("a", Spec::intervals(&[2.0, 6.0])),
        QuasiColumn::new("b", Spec::Prefix { steps: vec![1] }),
        QuasiColumn::new("c", Spec::Flat),
    ]
}

fn cells(row: &Row) -> [String; 5] {
    let (a, b, c, disease, person) = row;
    [
        a.to_string(),
        format!("{}{b}", b / 2),
        c.to_string(),
        format!("d{disease}"),
        format!("p{person}"),
    ]
}

fn batch(rows: &[Row]) -> RecordBatch {
    let cells: Vec<[String; 5]> = rows.iter().map(cells).collect();
    let column = |place: usize| cells.iter().map(|row| row[place].as_str()).collect();
    let columns: Vec<(&str, Vec<&str>)> =
        NAMES.iter().enumerate().map(|(place, name)| (*name, column(place))).collect();
    table(&columns)
}

fn count(rows: &[Row], names: &[&str]) -> TupleTable {
    let batch = batch(rows);
    if rows.is_empty() {
        return TupleTable::builder(names).finish();
    }
    TupleTable::from_batches(names, &[batch]).unwrap()
}

/// The form of a row at some levels, written without the library.
fn form(row: &Row, levels: &[usize]) -> [String; 3] {
    let (a, b, c, _, _) = row;
    let any = "*".to_owned();
    [
        match levels[0] {
            0 => format!("{a}"),
            1 => format!("{}+", a / 2),
            2 => format!("{}++", a / 6),
            _ => any.clone(),
        },
        match levels[1] {
            0 => format!("{}{b}", b / 2),
            1 => format!("{}", b / 2),
            _ => any.clone(),
        },
        if levels[2] == 0 { format!("{c}") } else { any },
    ]
}

/// Rows by class, and rows of the population by class.
struct Classes<'a> {
    own: BTreeMap<[String; 3], Vec<&'a Row>>,
    population: BTreeMap<[String; 3], u64>,
}

fn classes<'a>(rows: &'a [Row], population: &[Row], levels: &[usize]) -> Classes<'a> {
    let mut found = Classes { own: BTreeMap::new(), population: BTreeMap::new() };
    for row in rows {
        found.own.entry(form(row, levels)).or_default().push(row);
    }
    for row in population {
        *found.population.entry(form(row, levels)).or_default() += 1;
    }
    found
}

/// Whether one class satisfies a model that is decided class by class.
fn holds(model: &Model, class: &[&Row], all: &[Row], population: u64) -> bool {
    let n = class.len() as f64;
    let share_of = |disease: u8| class.iter().filter(|row| row.3 == disease).count() as f64 / n;
    let share_of_all =
        |disease: u8| all.iter().filter(|row| row.3 == disease).count() as f64 / all.len() as f64;
    let diseases: BTreeSet<u8> = class.iter().map(|row| row.3).collect();
    let everything: BTreeSet<u8> = all.iter().map(|row| row.3).collect();
    let every = |test: &dyn Fn(f64, f64) -> bool| {
        diseases.iter().all(|disease| test(share_of(*disease), share_of_all(*disease)))
    };
    match model {
        Model::DistinctL { l } => diseases.len() >= *l as usize,
        Model::EntropyL { l } => {
            let entropy: f64 = diseases.iter().map(|d| -share_of(*d) * share_of(*d).ln()).sum();
            entropy >= l.ln() - 1e-9
        }
        Model::EqualT { t } => {
            let distance: f64 =
                everything.iter().map(|d| (share_of(*d) - share_of_all(*d)).abs()).sum();
            distance / 2.0 <= t + 1e-9
        }
        Model::Disclosure { delta } => every(&|p, q| (p / q).log2().abs() < *delta),
        Model::Likeness { beta } => every(&|p, q| (p - q) / q <= beta.min(-q.ln()) + 1e-9),
        Model::BasicLikeness { beta } => every(&|p, q| (p - q) / q <= beta + 1e-9),
        Model::DistinctPersons { k } => {
            class.iter().map(|row| row.4).collect::<BTreeSet<u8>>().len() >= *k as usize
        }
        Model::KMap { k } => population >= u64::from(*k),
        // By the definition: Σ C(h − 1, f − 1) π^f (1 − π)^(h − f) over h < k.
        Model::SampleKMap { k, fraction, confidence, .. } => {
            let f = class.len() as u64;
            let choose = |h: u64| -> f64 {
                (1..f).map(|i| (h - 1 - (f - 1 - i)) as f64 / i as f64).product()
            };
            let few: f64 = (f..u64::from(*k))
                .map(|h| {
                    let (seen, unseen) = (f as f64, (h - f) as f64);
                    choose(h) * fraction.powf(seen) * (1.0 - fraction).powf(unseen)
                })
                .sum();
            1.0 - few >= confidence - 1e-9
        }
        Model::Presence { min, max } => {
            let share = n / population as f64;
            share >= min - 1e-9 && share <= max + 1e-9
        }
        Model::MaximumRisk { most } => 1.0 / n <= most + 1e-9,
        Model::AverageRisk { .. } | Model::RecordsAtRisk { .. } => true,
        other => panic!("a model that this file does not know: {other:?}"),
    }
}

/// Rows and size of each class; size counts persons where a model does.
fn sizes(classes: &BTreeMap<[String; 3], Vec<&Row>>, criteria: &[Criterion]) -> Vec<(f64, f64)> {
    let persons = criteria.iter().any(|c| matches!(c.model, Model::DistinctPersons { .. }));
    let size = |class: &Vec<&Row>| {
        let rows = class.len() as f64;
        let different: BTreeSet<u8> = class.iter().map(|row| row.4).collect();
        (rows, if persons { different.len() as f64 } else { rows })
    };
    classes.values().map(size).collect()
}

/// Whether a release satisfies the bounds on the whole.
fn bounds_hold(sizes: &[(f64, f64)], criteria: &[Criterion]) -> bool {
    let rows: f64 = sizes.iter().map(|(rows, _)| rows).sum();
    let share_at = |above: f64| {
        let at_risk = sizes.iter().filter(|(_, size)| 1.0 / size > above + 1e-9);
        at_risk.map(|(rows, _)| rows).sum::<f64>()
    };
    criteria.iter().all(|criterion| match criterion.model {
        Model::AverageRisk { most } => {
            sizes.iter().map(|(rows, size)| rows / size).sum::<f64>() <= (most + 1e-9) * rows
        }
        Model::RecordsAtRisk { above, most } => share_at(above) <= (most + 1e-9) * rows,
        _ => true,
    })
}

/// What is left of the classes of a node, by the definitions alone; `None` if a class of
/// the population has nothing released though a model asks for it.
fn kept<'a>(
    mut found: Classes<'a>,
    all: &[Row],
    k: u32,
    criteria: &[Criterion],
) -> Option<BTreeMap<[String; 3], Vec<&'a Row>>> {
    found.own.retain(|form, class| {
        let population = found.population.get(form).copied().unwrap_or(0);
        class.len() >= k as usize
            && criteria.iter().all(|criterion| holds(&criterion.model, class, all, population))
    });
    while !bounds_hold(&sizes(&found.own, criteria), criteria) {
        let smallest =
            sizes(&found.own, criteria).into_iter().map(|(_, size)| size).fold(1e9, f64::min);
        found.own.retain(|form, class| {
            let one = BTreeMap::from([(form.clone(), class.clone())]);
            sizes(&one, criteria)[0].1 > smallest
        });
    }
    let whole =
        criteria.iter().any(|c| matches!(c.model, Model::Presence { min, .. } if min > 0.0));
    let missing = found.population.keys().any(|form| !found.own.contains_key(form));
    (!(whole && missing)).then_some(found.own)
}

fn criterion() -> impl Strategy<Value = Criterion> {
    let disease = |model| Criterion::of("disease", model);
    prop_oneof![
        (1_u32..4).prop_map(move |l| disease(Model::DistinctL { l })),
        (1.0_f64..2.5).prop_map(move |l| disease(Model::EntropyL { l })),
        (0.1_f64..0.8).prop_map(move |t| disease(Model::EqualT { t })),
        (0.3_f64..2.5).prop_map(move |delta| disease(Model::Disclosure { delta })),
        (0.3_f64..3.0).prop_map(move |beta| disease(Model::Likeness { beta })),
        (0.3_f64..3.0).prop_map(move |beta| disease(Model::BasicLikeness { beta })),
        (1_u32..5).prop_map(|k| Criterion::of("person", Model::DistinctPersons { k })),
        (1_u32..9).prop_map(|k| Criterion::whole(Model::KMap { k })),
        (1_u32..9, 0.2_f64..1.0, 0.5_f64..0.99).prop_map(|(k, fraction, confidence)| {
            let estimator = Estimator::NegativeBinomial;
            Criterion::whole(Model::SampleKMap { k, fraction, confidence, estimator })
        }),
        (0.3_f64..1.0).prop_map(|max| Criterion::whole(Model::Presence { min: 0.0, max })),
        (0.3_f64..1.0).prop_map(|max| Criterion::whole(Model::Presence { min: 0.1, max })),
        (0.1_f64..0.9).prop_map(|most| Criterion::whole(Model::AverageRisk { most })),
        (0.1_f64..1.0).prop_map(|most| Criterion::whole(Model::MaximumRisk { most })),
        (0.1_f64..0.9, 0.0_f64..0.7)
            .prop_map(|(above, most)| Criterion::whole(Model::RecordsAtRisk { above, most })),
    ]
}

fn rows(least: usize) -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0_u8..12, 0_u8..6, 0_u8..3, 0_u8..4, 0_u8..9), least..40)
}

fn limits() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0_f64..0.6]
}

fn go(problem: &Problem, tuples: &TupleTable) -> Result<deident::Outcome, SearchError> {
    search(tuples, problem, &mut |_| ControlFlow::Continue(()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The search leaves nodes out; here each node is judged by the definitions.
    #[test]
    fn an_optimum_under_any_models_is_the_exhaustive_minimum(
        own in rows(1), others in rows(0), k in 1_u32..5, limit in limits(),
        criteria in proptest::collection::vec(criterion(), 0..4),
    ) {
        let population = [own.clone(), others].concat();
        let tuples = count(&own, &NAMES).with_population(&count(&population, &NAMES[..3]));
        let mut problem = Problem::k_anonymity(columns(), k, limit);
        problem.criteria = criteria.clone();
        let allowed = (limit * own.len() as f64 + 1e-9).floor();
        let mut best: Option<f64> = None;
        for a in 0..4 {
            for b in 0..3 {
                for c in 0..2 {
                    let levels = [a, b, c];
                    let found = classes(&own, &population, &levels);
                    let left = kept(found, &own, k, &criteria);
                    let measured = utility::measure(&tuples, &problem, &levels);
                    let Some(left) = left else {
                        prop_assert!(measured.is_err());
                        continue;
                    };
                    let measured = measured.unwrap();
                    let rows: usize = left.values().map(Vec::len).sum();
                    prop_assert_eq!(measured.suppressed, (own.len() - rows) as u64);
                    prop_assert_eq!(measured.classes, left.len() as u64);
                    if measured.suppressed as f64 <= allowed {
                        best = Some(best.map_or(measured.loss, |best| best.min(measured.loss)));
                    }
                }
            }
        }
        match (go(&problem, &tuples), best) {
            (Ok(found), Some(best)) => {
                prop_assert!(found.optimal);
                prop_assert!((found.score - best).abs() < 1e-9, "{:?} {}", found, best);
            }
            (Err(SearchError::NoSolution | SearchError::KAboveRows { .. }), None) => {}
            (found, best) => prop_assert!(false, "{:?} {:?}", found, best),
        }
    }

    #[test]
    fn a_release_satisfies_each_of_its_models_when_recounted(
        own in rows(4), others in rows(0), k in 1_u32..4, limit in limits(),
        criteria in proptest::collection::vec(criterion(), 0..4),
    ) {
        let population = [own.clone(), others].concat();
        let tuples = count(&own, &NAMES).with_population(&count(&population, &NAMES[..3]));
        let mut problem = Problem::k_anonymity(columns(), k, limit);
        problem.criteria = criteria.clone();
        let Ok(found) = go(&problem, &tuples) else { return Ok(()) };
        let plan = Plan::of(&problem, &found)
            .with("disease", Transform::Keep)
            .with("person", Transform::Keep);
        let mut applier = Applier::new(&plan, &tuples).unwrap();
        let released = applier.apply(&batch(&own)).unwrap();
        prop_assert_eq!(applier.applied().suppressed, found.suppressed_rows);
        let recoding = full_domain(&tuples, &problem, &found.levels).unwrap();
        prop_assert_eq!(recoding.suppressed_rows, found.suppressed_rows);
        prop_assert_eq!(recoding.classes, found.classes);
        let seen = classes(&own, &population, &found.levels);
        let left = kept(seen, &own, k, &criteria).unwrap();
        let mut sizes: Vec<usize> = left.values().map(Vec::len).collect();
        let mut counted: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for row in 0..released.num_rows() {
            let cells = released.columns()[..3].iter();
            let key = cells.map(|array| array_value_to_string(array, row).unwrap()).collect();
            *counted.entry(key).or_default() += 1;
        }
        let mut counted: Vec<usize> = counted.into_values().collect();
        sizes.sort_unstable();
        counted.sort_unstable();
        prop_assert_eq!(counted, sizes);
    }

    #[test]
    fn a_local_recoding_satisfies_each_of_its_models_when_recounted(
        own in rows(4), others in rows(0), k in 1_u32..4, limit in limits(),
        criteria in proptest::collection::vec(criterion(), 0..4),
    ) {
        let population = [own.clone(), others].concat();
        let tuples = count(&own, &NAMES).with_population(&count(&population, &NAMES[..3]));
        let mut problem = Problem::k_anonymity(columns(), k, limit);
        problem.criteria = criteria.clone();
        let found = recode(&tuples, &problem, &mut |_| ControlFlow::Continue(()));
        let Ok(found) = found else {
            // What one set of levels can do, levels by class can do.
            prop_assert!(go(&problem, &tuples).is_err());
            return Ok(());
        };
        let recoder = Recoder::new(&tuples, &problem, &found).unwrap();
        let mut left: BTreeMap<[String; 3], Vec<&Row>> = BTreeMap::new();
        for row in &own {
            let cells = cells(row);
            let cells: Vec<Option<&str>> = cells.iter().map(|cell| Some(cell.as_str())).collect();
            let Some(forms) = recoder.row(&cells) else { continue };
            left.entry([0, 1, 2].map(|place| forms[place].to_owned())).or_default().push(row);
        }
        let released: usize = left.values().map(Vec::len).sum();
        prop_assert_eq!(found.suppressed_rows, (own.len() - released) as u64);
        prop_assert!(found.suppressed_rows as f64 <= limit * own.len() as f64 + 1e-9);
        // Whether a row has a form that may stand at any level: all forms of the row.
        let could = |row: &Row, form: &[String; 3]| {
            let cells = cells(row);
            let low = row.0 / 2 * 2;
            let far = row.0 / 6 * 6;
            let first = [
                cells[0].clone(), format!("{low}-{}", low + 1), format!("{far}-{}", far + 5), "*".to_owned(),
            ];
            let second = [cells[1].clone(), format!("{}*", row.1 / 2), "*".to_owned()];
            let third = [cells[2].clone(), "*".to_owned()];
            first.contains(&form[0]) && second.contains(&form[1]) && third.contains(&form[2])
        };
        let others_of = |form: &[String; 3]| {
            population.iter().filter(|row| could(row, form)).count() as u64
        };
        for (form, class) in &left {
            prop_assert!(class.len() >= k as usize);
            prop_assert!(class.iter().all(|row| could(row, form)), "{:?}", form);
            for criterion in &criteria {
                let whole = matches!(criterion.model, Model::Presence { .. });
                let holds = whole || holds(&criterion.model, class, &own, others_of(form));
                prop_assert!(holds, "{:?} {:?} {:?}", form, criterion, class);
            }
        }
        prop_assert!(bounds_hold(&sizes(&left, &criteria), &criteria));
        for criterion in &criteria {
            let Model::Presence { min, max } = criterion.model else { continue };
            for person in &population {
                let shares = left.iter().filter(|(form, _)| could(person, form));
                let share: f64 = shares
                    .map(|(form, class)| class.len() as f64 / others_of(form) as f64)
                    .sum();
                prop_assert!(share <= max + 1e-9 && share >= min - 1e-9, "{person:?} {share}");
            }
        }
    }

    #[test]
    fn k_map_against_the_table_itself_is_k_anonymity(
        own in rows(1), k in 1_u32..7, limit in limits(),
    ) {
        let tuples = count(&own, &NAMES).with_population(&count(&own, &NAMES[..3]));
        let mut mapped = Problem::k_anonymity(columns(), 1, limit);
        mapped.criteria = vec![Criterion::whole(Model::KMap { k })];
        let plain = Problem::k_anonymity(columns(), k, limit);
        match (go(&mapped, &tuples), go(&plain, &tuples)) {
            (Ok(mapped), Ok(plain)) => {
                prop_assert_eq!(mapped.levels, plain.levels);
                prop_assert_eq!(mapped.suppressed_rows, plain.suppressed_rows);
                prop_assert_eq!(mapped.min_class, plain.min_class);
            }
            (Err(_), Err(_)) => {}
            (mapped, plain) => prop_assert!(false, "{mapped:?} {plain:?}"),
        }
    }
}

#[test]
fn delta_presence_is_not_monotone_with_suppression() {
    // In class 0 five of ten are in the table, in class 1 the only one is: suppressing
    // that one keeps the rest, and joining the two loses all six.
    let one = |a: u8| (a, 0, 0, 0, 0);
    let own = [vec![one(0); 5], vec![one(1)]].concat();
    let population = [vec![one(0); 10], vec![one(1)]].concat();
    let tuples = count(&own, &NAMES).with_population(&count(&population, &NAMES[..3]));
    let mut problem = Problem::k_anonymity(columns(), 1, 1.0 / 6.0);
    problem.criteria = vec![Criterion::whole(Model::Presence { min: 0.0, max: 0.5 })];
    let lost = |level| utility::measure(&tuples, &problem, &[level, 0, 0]).unwrap().suppressed;
    assert_eq!((lost(0), lost(1)), (1, 6));
    assert_eq!(go(&problem, &tuples).unwrap().levels, [0, 0, 0]);
}

#[test]
fn one_person_with_many_rows_is_no_crowd() {
    let rows: Vec<Row> = (0..6).map(|n| (n % 2, 0, 0, n % 3, n % 2)).collect();
    let tuples = count(&rows, &NAMES);
    let mut problem = Problem::k_anonymity(columns(), 3, 0.0);
    assert_eq!(go(&problem, &tuples).unwrap().levels, [0, 0, 0]);
    problem.criteria = vec![Criterion::of("person", Model::DistinctPersons { k: 2 })];
    assert_eq!(go(&problem, &tuples).unwrap().levels, [1, 0, 0]);
    problem.criteria = vec![Criterion::of("person", Model::DistinctPersons { k: 3 })];
    assert!(matches!(go(&problem, &tuples), Err(SearchError::NoSolution)));
}

#[test]
fn a_population_that_was_not_counted_is_said_so() {
    let rows: Vec<Row> = vec![(0, 0, 0, 0, 0); 4];
    let mut problem = Problem::k_anonymity(columns(), 1, 0.0);
    problem.criteria = vec![Criterion::whole(Model::KMap { k: 2 })];
    let found = go(&problem, &count(&rows, &NAMES));
    assert!(matches!(found, Err(SearchError::Tuples(TupleError::NoPopulation))));
    let narrow = count(&rows, &NAMES).with_population(&count(&rows, &["a", "b"]));
    let found = go(&problem, &narrow);
    assert!(matches!(found, Err(SearchError::Tuples(TupleError::NoColumn { .. }))));
}

#[test]
fn bounds_outside_their_range_are_refused() {
    let rows: Vec<Row> = vec![(0, 0, 0, 0, 0); 4];
    for model in [
        Model::AverageRisk { most: 0.0 },
        Model::MaximumRisk { most: f64::NAN },
        sampled(0, 0.5, 0.95),
        sampled(u32::MAX, 0.5, 0.95),
        sampled(5, 0.0, 0.95),
        sampled(5, f64::NAN, 0.95),
        sampled(5, 0.5, 1.0),
        Model::RecordsAtRisk { above: 0.2, most: 1.5 },
        Model::Presence { min: 0.6, max: 0.5 },
    ] {
        let mut problem = Problem::k_anonymity(columns(), 1, 0.0);
        problem.criteria = vec![Criterion::whole(model)];
        let tuples = count(&rows, &NAMES).with_population(&count(&rows, &NAMES[..3]));
        let found = go(&problem, &tuples);
        assert!(matches!(found, Err(SearchError::Model(ModelError::Range { .. }))), "{found:?}");
    }
}

fn sampled(k: u32, fraction: f64, confidence: f64) -> Model {
    Model::SampleKMap { k, fraction, confidence, estimator: Estimator::Poisson }
}
