//! Columns and spans of the shared table, scored against its truth.

use std::collections::BTreeMap;
use std::io::Read as _;

use arrow::array::RecordBatch;
use detect::{Kind, Role, spans};
use serde_json::Value;

use crate::shared::{findings, shared, table};

/// The shared table and the texts of its column `note`.
fn shared_table() -> Option<(RecordBatch, Vec<String>)> {
    let path = shared("detect/table.csv.gz")?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    // No field of the table has a quote or a comma of its own.
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let columns: Vec<(&str, Vec<String>)> = header
        .iter()
        .enumerate()
        .map(|(place, name)| (*name, rows.iter().map(|row| row[place].to_owned()).collect()))
        .collect();
    let notes = columns.iter().find(|(name, _)| *name == "note").unwrap().1.clone();
    Some((table(&columns), notes))
}

fn kind(code: &str) -> Kind {
    match code {
        "CN_ID" => Kind::CitizenId,
        "CN_MOBILE" => Kind::Mobile,
        "EMAIL" => Kind::Email,
        "CN_BANK_CARD" => Kind::BankCard,
        "CN_USCC" => Kind::CreditCode,
        "CN_PLATE" => Kind::Plate,
        "CN_PASSPORT" => Kind::Passport,
        "ADDRESS_ZH" => Kind::Address,
        "PERSON_ZH" => Kind::PersonName,
        "IP" => Kind::Ip,
        "MAC" => Kind::Mac,
        "CREDIT_CARD" => Kind::CreditCard,
        "IBAN" => Kind::Iban,
        "US_SSN" => Kind::Ssn,
        other => panic!("a code that this test does not know: {other}"),
    }
}

#[test]
fn every_column_of_the_shared_table_is_told_right() {
    let Some((batch, _)) = shared_table() else { return };
    let path = shared("detect/truth_columns.json").unwrap();
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for found in findings(&batch) {
        println!("{found:?}");
        match truth["columns"].get(&found.name).and_then(Value::as_str) {
            Some("FREE_TEXT") => {
                assert_eq!((found.kind, found.role), (None, Role::Direct));
                assert!(found.hidden_hits > 10_000, "{}", found.hidden_hits);
            }
            Some(mixed) if mixed.starts_with("MIXED") => {
                assert_eq!(found.role, Role::Direct);
                for kind in [Kind::CreditCard, Kind::Iban, Kind::Ssn, Kind::Mac] {
                    assert!(found.kinds.iter().any(|count| count.kind == kind), "{kind}");
                }
            }
            Some(code) => assert_eq!(found.kind, Some(kind(code)), "{}", found.name),
            None => {
                assert_eq!((found.kind, found.role), (None, Role::None), "{}", found.name);
                assert_eq!(found.hidden_hits, 0, "{}", found.name);
            }
        }
        let invalid = truth["invalid_rates"].get(&found.name).and_then(Value::as_f64);
        if let Some(invalid) = invalid {
            let valid = 1.0 - found.valid_rate;
            assert!((valid - invalid).abs() < 0.005, "{}: {valid}", found.name);
        }
    }
}

#[derive(Default, Debug)]
struct Score {
    right: u32,
    missed: u32,
    wrong: u32,
}

impl Score {
    fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }
}

#[test]
fn spans_in_free_text_are_scored_against_the_truth() {
    let Some((_, notes)) = shared_table() else { return };
    let path = shared("detect/truth_note_spans.jsonl").unwrap();
    let truth = std::fs::read_to_string(path).unwrap();
    let mut scores: BTreeMap<Kind, Score> = BTreeMap::new();
    let mut shown = 0;
    for (line, note) in truth.lines().zip(&notes) {
        let line: Value = serde_json::from_str(line).unwrap();
        let mut expected: Vec<(usize, usize, Kind)> = line["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|span| {
                let place = |at: usize| usize::try_from(span[at].as_u64().unwrap()).unwrap();
                (place(0), place(1), kind(span[2].as_str().unwrap()))
            })
            .collect();
        for span in spans(note) {
            let (start, end) = span.code_points(note);
            let score = scores.entry(span.kind).or_default();
            match expected.iter().position(|known| *known == (start, end, span.kind)) {
                Some(place) => {
                    expected.remove(place);
                    score.right += 1;
                }
                None => {
                    score.wrong += 1;
                    if shown < 60 {
                        shown += 1;
                        println!(
                            "wrong {:?} `{}` in {note}",
                            span.kind,
                            &note[span.start..span.end]
                        );
                    }
                }
            }
        }
        for (start, end, kind) in expected {
            scores.entry(kind).or_default().missed += 1;
            if shown < 60 {
                shown += 1;
                let text: String = note.chars().skip(start).take(end - start).collect();
                println!("missed {kind:?} `{text}` in {note}");
            }
        }
    }
    for (kind, score) in &scores {
        println!(
            "{kind}: recall {:.4} precision {:.4} {score:?}",
            score.recall(),
            score.precision()
        );
    }
    for (kind, score) in &scores {
        let (recall, precision) = (score.recall(), score.precision());
        if matches!(kind, Kind::PersonName | Kind::Address) {
            let f1 = 2.0 * recall * precision / (recall + precision);
            assert!(f1 >= 0.85, "{kind}: F1 {f1}");
        } else {
            assert!(recall >= 0.999, "{kind}: recall {recall}");
            assert!(precision >= 0.99, "{kind}: precision {precision}");
        }
    }
}
