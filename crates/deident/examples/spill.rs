//! Measures counting and searching beyond memory: `spill ROWS [MEGABYTES FOLDER]`.
//!
//! Rows are made up, nearly all of them different: 8 columns with 2 to 1,000 values. Prints
//! the time of each step and the most memory that was used (Linux); without a bound all
//! tuples stay in memory, to compare.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a tool for measuring, not a library"
)]

use std::ops::ControlFlow;
use std::time::Instant;

use deident::{Memory, Problem, QuasiColumn, Spec, TupleTable, risk, search_counted};

/// Values of each column.
const VALUES: [u64; 8] = [2, 100, 30, 1_000, 12, 400, 7, 50];

/// The line of the process's status that has the most memory used.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rows: u64 = arguments[0].parse().unwrap();
    let memory = match &arguments[1..] {
        [megabytes, folder] => Memory::new(megabytes.parse::<usize>().unwrap() << 20, folder),
        _ => Memory::unbounded(),
    };
    let names: Vec<String> = (0..VALUES.len()).map(|column| format!("c{column}")).collect();
    let texts: Vec<Vec<String>> =
        VALUES.iter().map(|values| (0..*values).map(|value| value.to_string()).collect()).collect();
    let started = Instant::now();
    let mut builder = TupleTable::builder(&names).within(&memory);
    let mut state = 0x853c_49e6_748f_ea9b_u64;
    let mut row: Vec<Option<&str>> = Vec::new();
    for _ in 0..rows {
        row.clear();
        for texts in &texts {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Low values are more frequent.
            let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
            let value = (unit * unit * texts.len() as f64) as usize;
            row.push(Some(&texts[value.min(texts.len() - 1)]));
        }
        builder.push(&row).unwrap();
    }
    let counted = builder.finish().unwrap();
    println!("{} tuples of {rows} rows in {:?}", counted.tuples(), started.elapsed());
    let sizes = counted.class_sizes();
    println!(
        "unique: {:.4}; most memory {}",
        risk::sample_uniqueness(&sizes).unwrap(),
        most_memory()
    );
    let spec = |values: u64| match values {
        0..=20 => Spec::Flat,
        values => Spec::intervals(&[values as f64 / 10.0, values as f64 / 2.0]),
    };
    let columns: Vec<QuasiColumn> = names
        .iter()
        .zip(VALUES)
        .map(|(name, values)| QuasiColumn::new(name, spec(values)))
        .collect();
    let problem = Problem::k_anonymity(columns, 5, 0.02);
    let started = Instant::now();
    let found = search_counted(&counted, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    println!(
        "levels {:?}, score {:.6}, suppressed {}, optimal {}, {} of {} nodes in {:?}; most memory {}",
        found.levels,
        found.score,
        found.suppressed_rows,
        found.optimal,
        found.checked,
        found.lattice,
        started.elapsed(),
        most_memory(),
    );
}
