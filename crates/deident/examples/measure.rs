//! Measures a search on a file: `measure FILE HIERARCHIES QUASI K SUPPRESSION METRIC [local]`.
//!
//! The file is text with plain fields set apart by `;` or `,`; `HIERARCHIES` is a
//! folder with one `…hierarchy_<column>.csv` or `<column>.csv` a quasi-identifier.
//! Prints what was found and the time of each step.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for measuring, not a library"
)]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use deident::hierarchy::{Spec, read_table};
use deident::{Metric, Problem, QuasiColumn, TupleTable, recode, search};

fn hierarchy(folder: &Path, column: &str) -> Spec {
    let named = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name == format!("{column}.csv") || name.ends_with(&format!("hierarchy_{column}.csv"))
    };
    let entry = std::fs::read_dir(folder).unwrap().map(Result::unwrap).find(named).unwrap();
    Spec::Table(read_table(&std::fs::read_to_string(entry.path()).unwrap()).unwrap())
}

/// Time that this thread has had a processor, in milliseconds (Linux).
fn cpu_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let started = Instant::now();
    let text = std::fs::read_to_string(&arguments[0]).unwrap();
    let head = text.lines().next().unwrap();
    let separator = if head.contains(';') { ';' } else { ',' };
    let header: Vec<&str> = head.split(separator).collect();
    let names: Vec<&str> = arguments[2].split(',').collect();
    let places: Vec<usize> =
        names.iter().map(|name| header.iter().position(|have| have == name).unwrap()).collect();
    let mut builder = TupleTable::builder(&names);
    let mut row = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(separator).collect();
        row.clear();
        row.extend(places.iter().map(|place| Some(fields[*place])));
        builder.push(&row).unwrap();
    }
    let tuples = builder.finish();
    println!("{} rows, {} tuples, read in {:?}", tuples.rows(), tuples.tuples(), started.elapsed());
    let folder = Path::new(&arguments[1]);
    let columns: Vec<QuasiColumn> =
        names.iter().map(|name| QuasiColumn::new(*name, hierarchy(folder, name))).collect();
    let k = arguments[3].parse().unwrap();
    let mut problem = Problem::k_anonymity(columns, k, arguments[4].parse().unwrap());
    problem.metric = serde_json::from_value::<Metric>(arguments[5].as_str().into()).unwrap();
    if arguments.get(6).is_some_and(|word| word == "local") {
        let (started, cpu) = (Instant::now(), cpu_ms());
        let found = recode(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
        let cpu = cpu_ms() - cpu;
        println!(
            "granularity {:.4}, {} suppressed, {} classes of at least {}, {} nodes, {:?}, {cpu:.1} ms of CPU",
            found.granularity(),
            found.suppressed_rows,
            found.classes,
            found.min_class,
            found.checked,
            started.elapsed(),
        );
        return;
    }
    let (started, cpu) = (Instant::now(), cpu_ms());
    let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    let cpu = cpu_ms() - cpu;
    println!("{outcome:?}\nsearched in {:?}, {cpu:.1} ms of CPU", started.elapsed());
}
