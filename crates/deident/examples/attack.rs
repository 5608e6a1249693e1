//! Measures and attacks a file that is released as it stands: `attack FILE [COLUMNS]`.
//!
//! The file is text with plain fields set apart by `;` or `,`. Every second row is taken
//! for the table, the others for the control. Prints what was found and the time of each
//! step; `COLUMNS` is the most columns of a combination, 3 if left out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for measuring, not a library"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use deident::attack::{
    AttackReport, Predicates, Settings, Subject, inference, linking, singling_out,
};
use deident::{TupleTable, risk};

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let found = run();
    println!("{what}: {:?}", started.elapsed());
    found
}

fn told(report: &AttackReport) {
    let AttackReport { release, no_person, .. } = report;
    println!(
        "  success {:.3}, control {:.3}, risk {:.3} [{:.3}, {:.3}], floor [{:.3}, {:.3}]",
        release.table.share,
        release.control.map_or(0.0, |control| control.share),
        release.risk.value,
        release.risk.low,
        release.risk.high,
        no_person.risk.low,
        no_person.risk.high,
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = std::fs::read_to_string(&arguments[0]).unwrap();
    let head = text.lines().next().unwrap();
    let separator = if head.contains(';') { ';' } else { ',' };
    let names: Vec<String> = head.split(separator).map(str::to_owned).collect();
    let count = |first: usize, step: usize| {
        let mut builder = TupleTable::builder(&names);
        for line in text.lines().skip(1 + first).step_by(step) {
            let row: Vec<Option<&str>> = line.split(separator).map(Some).collect();
            builder.push(&row).unwrap();
        }
        builder.finish()
    };
    let whole = timed("read", || count(0, 1));
    println!("{} rows, {} columns, {} tuples", whole.rows(), names.len(), whole.tuples());
    let most = arguments.get(1).map_or(3, |most| most.parse().unwrap());
    let found = timed("combinations", || risk::combinations(&whole, most).unwrap());
    println!("  {} of up to {most} columns, first {:?}", found.len(), found.first());
    let (table, control) = (count(0, 2), count(1, 2));
    let none = BTreeMap::new();
    let subject =
        Subject { release: &table, table: &table, control: Some(&control), hierarchies: &none };
    let settings = Settings::default();
    for predicates in [Predicates::Univariate, Predicates::Multivariate { columns: 3 }] {
        let report = timed("singling out", || singling_out(&subject, predicates, &settings));
        told(&report.unwrap());
    }
    let (first, second) = names.split_at(names.len() / 2);
    told(&timed("linking", || linking(&subject, first, second, &settings)).unwrap());
    let (secret, known) = names.split_last().unwrap();
    told(&timed("inference", || inference(&subject, known, secret, &settings)).unwrap());
}
