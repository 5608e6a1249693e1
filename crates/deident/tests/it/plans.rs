//! Plans written by hand, plans for other tables, and mappings taken along.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use deident::transform::{Microaggregate, SuppressCells, Swap};
use deident::{Applier, ApplyError, Mapping, OnUnseen, Plan, PlanFile, Spec, Transform};

use crate::shared::table;
use crate::transforms::{applier, every_transform, integers, key, keys, shown, whole};

pub(crate) const BY_HAND: &str = r#"
k = 5
on_unseen = "suppress"
sample = { fraction = 0.1, key = "project-2026", person = "id" }

[[suppress_rows]]
column = "age"
above = 100

[[criteria]]
column = "病种"
model = "distinct_l"
l = 2

[[column]]
name = "age"
transform = "generalize"
spec = { interval = { widths = [5, 10], top = 90 } }
level = 1

[[column]]
name = "id"
transform = "pseudonym"
key = "project-2026"
encoding = "readable"

[[column]]
name = "病种"
transform = "suppress_cells"
rarer_than = 5
when = { column = "age", below = 18 }

[[column]]
name = "birth"
transform = "top_bottom"
bottom = "1940-01-01"

[[column]]
name = "income"
transform = "noise"
key = "project-2026"
distribution = "laplace"
scale = 100
min = 0

[[column]]
name = "note"
transform = "remove"
"#;

#[test]
fn a_plan_written_by_hand_reads_back_the_same() {
    let plan: Plan = toml::from_str(BY_HAND).unwrap();
    assert_eq!(plan.k, 5);
    assert_eq!(plan.columns.len(), 6);
    assert_eq!(plan.on_unseen, OnUnseen::Suppress);
    assert_eq!(plan.keys(), ["project-2026"]);
    let written = toml::to_string(&plan).unwrap();
    assert_eq!(toml::from_str::<Plan>(&written).unwrap(), plan, "{written}");
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    for transform in every_transform() {
        let plan = Plan::default().with("q", transform);
        let written = toml::to_string(&plan).unwrap();
        assert_eq!(toml::from_str::<Plan>(&written).unwrap(), plan, "{written}");
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }
}

#[test]
fn a_plan_that_was_stored_at_first_can_still_be_read() {
    let stored = r#"{
        "columns": [
            ["age", {"transform": "generalize", "spec": {"interval":
                {"widths": [5.0], "origin": 0.0}}, "level": 1}],
            ["name", {"transform": "mask", "keep_left": 1, "keep_right": 0}],
            ["note", {"transform": "remove"}]
        ],
        "k": 5,
        "criteria": []
    }"#;
    let plan: Plan = serde_json::from_str(stored).unwrap();
    let expected = Plan { k: 5, ..Plan::default() }
        .with("age", Transform::Generalize { spec: Spec::intervals(&[5.0]), level: 1 })
        .with("name", Transform::Mask { keep_left: 1, keep_right: 0 })
        .with("note", Transform::Remove);
    assert_eq!(plan, expected);
}

#[test]
fn a_slip_of_the_pen_in_a_plan_is_named() {
    for (slip, named) in [
        ("[[column]]\nname = \"a\"\ntransform = \"top_bottom\"\ntpo = 90", "tpo"),
        (
            "[[column]]\nname = \"a\"\ntransform = \"mask\"\nkeep_left = 1\nkeep_right = 1\nx = 1",
            "x",
        ),
        ("[[column]]\nname = \"a\"\ntransform = \"hash\"", "hash"),
        ("[[column]]\nname = \"a\"\ntransform = \"top_bottom\"\ntop = true", "a number, or a date"),
        (
            "[[column]]\nname = \"a\"\ntransform = \"round\"\nbase = 1979-05-27",
            "a number, or a date",
        ),
        ("kk = 5", "kk"),
        ("sample = { fraction = 0.1, key = \"k\", persons = \"p\" }", "persons"),
    ] {
        let error = toml::from_str::<Plan>(slip).unwrap_err().to_string();
        assert!(error.contains(named), "{slip}\n{error}");
    }
}

#[test]
fn a_plan_for_other_columns_names_what_is_missing_and_what_is_unknown() {
    let batch = table(&[("a", vec!["1"]), ("b", vec!["2"]), ("c", vec!["3"])]);
    let plan = Plan::default()
        .with("a", Transform::Keep)
        .with("x", Transform::Keep)
        .with("y", Transform::Keep);
    let error = applier(&plan, &keys(), &[batch]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan is for other columns: the data has no `x`, `y`, and it says nothing of `b`, \
         `c`; keep or remove them there"
    );
}

#[test]
fn values_that_a_hierarchy_file_lacks_are_refused_or_dropped_and_named() {
    let batch = table(&[("城市", vec!["太原", "大同", "长治", "太原", "大同"])]);
    let leaf = |town: &str, part: &str| vec![town.to_owned(), part.to_owned(), "*".to_owned()];
    let spec = Spec::Table(vec![leaf("太原", "中"), leaf("大同", "北")]);
    let strict =
        Plan { k: 2, ..Plan::default() }.with("城市", Transform::Generalize { spec, level: 1 });
    let error = applier(&strict, &keys(), std::slice::from_ref(&batch)).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("`长治`"));
    let lenient = Plan { on_unseen: OnUnseen::Suppress, ..strict };
    let mut applier = applier(&lenient, &keys(), std::slice::from_ref(&batch)).unwrap();
    let released = applier.apply(&batch).unwrap();
    assert_eq!(shown(released.column(0)), ["中", "北", "中", "北"].map(|n| Some(n.to_owned())));
    let unseen = applier.unseen();
    assert_eq!((unseen[0].rows, unseen[0].values.clone()), (1, vec![Some("长治".to_owned())]));
    assert_eq!(applier.applied().suppressed, 1);
}

#[test]
fn a_found_mapping_can_be_stored_and_applied_to_new_rows() {
    let ages = |ages: Vec<Option<i64>>, incomes: Vec<i64>, ills: Vec<&str>| {
        RecordBatch::try_from_iter_with_nullable([
            ("age", Arc::new(Int64Array::from(ages)) as ArrayRef, true),
            ("income", whole(incomes), true),
            ("ill", Arc::new(StringArray::from(ills)), true),
        ])
        .unwrap()
    };
    let old = ages(
        vec![Some(31), Some(33), Some(34), Some(52), None, None],
        vec![10, 12, 50, 54, 90, 98],
        vec!["flu", "flu", "flu", "rare", "flu", "flu"],
    );
    let rare = SuppressCells { rarer_than: Some(2), ..SuppressCells::default() };
    let plan = Plan { k: 2, ..Plan::default() }
        .with("age", Transform::Generalize { spec: Spec::intervals(&[5.0, 10.0]), level: 2 })
        .with("income", Transform::Microaggregate(Microaggregate { k: 2 }))
        .with("ill", Transform::SuppressCells(rare));
    let mut first = applier(&plan, &keys(), std::slice::from_ref(&old)).unwrap();
    let released = first.apply(&old).unwrap();
    let mapping = first.mapping();
    let text = toml::to_string(&mapping).unwrap();
    let read: Mapping = toml::from_str(&text).unwrap();
    assert_eq!(read, mapping, "{text}");
    let json = serde_json::to_string(&mapping).unwrap();
    assert_eq!(serde_json::from_str::<Mapping>(&json).unwrap(), mapping);
    // The same rows again are released as before.
    let again = Applier::of_mapping(&read, &keys()).unwrap().apply(&old).unwrap();
    assert_eq!(again, released);
    // 39 was never counted; its class was. 52 stood alone; 71 has no class.
    let new = ages(
        vec![Some(39), Some(52), Some(71), None],
        vec![11, 50, 50, 70],
        vec!["flu", "flu", "flu", "cold"],
    );
    let mut next = Applier::of_mapping(&read, &keys()).unwrap();
    let released = next.apply(&new).unwrap();
    assert_eq!(shown(released.column(0)), ["30-39", "*"].map(|form| Some(form.to_owned())));
    assert_eq!(integers(released.column(1)), [Some(11), None]);
    assert_eq!(shown(released.column(2)), [Some("flu".to_owned()), None]);
    assert_eq!((next.applied().suppressed, next.unseen().len()), (2, 0));
}

#[test]
fn new_rows_with_unknown_values_are_refused_or_dropped_as_the_plan_says() {
    let leaf = |town: &str| vec![town.to_owned(), "晋".to_owned(), "*".to_owned()];
    let spec = Spec::Table(vec![leaf("太原"), leaf("大同")]);
    for (on_unseen, refused) in [(OnUnseen::Refuse, true), (OnUnseen::Suppress, false)] {
        let plan = Plan { k: 2, on_unseen, ..Plan::default() }
            .with("q", Transform::Generalize { spec: spec.clone(), level: 1 });
        let old = table(&[("q", vec!["太原", "大同"])]);
        let mapping = applier(&plan, &keys(), &[old]).unwrap().mapping();
        let mut next = Applier::of_mapping(&mapping, &keys()).unwrap();
        let found = next.apply(&table(&[("q", vec!["太原", "北京"])]));
        if refused {
            let error = found.unwrap_err().to_string();
            assert!(error.contains("in 1 row(s), first in row 2 (masked: 北*)"), "{error}");
            assert!(!error.contains("北京"), "{error}");
        } else {
            assert_eq!(found.unwrap().num_rows(), 1);
            assert_eq!(next.unseen()[0].values, [Some("北京".to_owned())]);
            assert_eq!(next.unseen()[0].masked(), [Some("北*".to_owned())]);
        }
    }
    // A fraction would change how the intervals of whole numbers are written.
    let numbers = |numbers: Vec<f64>| {
        RecordBatch::try_from_iter([("q", Arc::new(Float64Array::from(numbers)) as ArrayRef)])
            .unwrap()
    };
    let plan = Plan { on_unseen: OnUnseen::Suppress, ..Plan::default() }
        .with("q", Transform::Generalize { spec: Spec::intervals(&[10.0]), level: 1 });
    let mapping = applier(&plan, &keys(), &[numbers(vec![1.0, 12.0])]).unwrap().mapping();
    let mut next = Applier::of_mapping(&mapping, &keys()).unwrap();
    let released = next.apply(&numbers(vec![2.0, 2.5, 15.0])).unwrap();
    assert_eq!(shown(released.column(0)), ["0-9", "10-19"].map(|form| Some(form.to_owned())));
    // Swapping needs the other rows.
    let plan = Plan::default().with("q", Transform::Swap(Swap { key: key(), percent: 100.0 }));
    let mapping = applier(&plan, &keys(), &[numbers(vec![1.0, 2.0])]).unwrap().mapping();
    let error = Applier::of_mapping(&mapping, &keys()).unwrap().apply(&numbers(vec![1.0]));
    assert!(matches!(error, Err(ApplyError::Column { .. })));
}

#[test]
fn a_batch_of_another_schema_is_refused() {
    let plan = Plan::default().with("q", Transform::Keep);
    let mut applier = applier(&plan, &keys(), &[table(&[("q", vec!["a"])])]).unwrap();
    let other = RecordBatch::try_from_iter([("q", whole([1]))]).unwrap();
    assert!(matches!(applier.apply(&other), Err(ApplyError::OtherSchema)));
}

/// The plan of the handbook, as it stands there.
#[test]
fn the_plan_of_the_handbook_can_be_read() {
    let handbook = include_str!("../../../../docs/deident.md");
    let (_, after) = handbook.split_once("```toml\n").unwrap();
    let (plan, _) = after.split_once("```").unwrap();
    let plan: Plan = toml::from_str(plan).unwrap();
    assert_eq!((plan.k, plan.columns.len(), plan.suppress_rows.len()), (5, 2, 1));
}

#[test]
fn a_plan_file_may_make_groups_or_drawn_rows_and_a_plan_may_not() {
    let text = "k = 5\n[[column]]\nname = \"a\"\ntransform = \"keep\"\n\
                [aggregate]\nby = [\"a\"]\nmin_rows = 5\n";
    let file: PlanFile = toml::from_str(text).unwrap();
    assert_eq!((file.plan.k, file.plan.columns.len()), (5, 1));
    assert_eq!(file.aggregate.map(|settings| settings.by), Some(vec!["a".to_owned()]));
    assert!(file.synthetic.is_none());
    let refused = toml::from_str::<Plan>(text).unwrap_err().to_string();
    assert!(refused.contains("aggregate"), "{refused}");
    let drawn = "[synthetic]\nkey = \"k\"\ncolumns = [\"a\"]\nmin_rows = 5\nrows = 100\n";
    let drawn = toml::from_str::<PlanFile>(drawn).unwrap().synthetic.unwrap();
    assert_eq!((drawn.rows, drawn.min_rows), (Some(100), 5));
    for slip in ["[aggregat]\nby = []\n", "[aggregate]\nby = [\"a\"]\nmin_row = 5\n"] {
        assert!(toml::from_str::<PlanFile>(slip).is_err(), "{slip}");
    }
}

/// What a plan may make of its rows, as it stands in the handbook.
#[test]
fn the_tables_that_the_handbook_makes_can_be_read() {
    let handbook = include_str!("../../../../docs/deident.md");
    let found = handbook.split("```toml\n").nth(2).and_then(|after| after.split_once("```"));
    let file: PlanFile = toml::from_str(found.unwrap().0).unwrap();
    let (groups, drawn) = (file.aggregate.unwrap(), file.synthetic.unwrap());
    assert_eq!((groups.min_rows, groups.dominance_percent), (5, Some(10.0)));
    assert_eq!((drawn.min_rows, drawn.rows), (5, Some(1000)));
}
