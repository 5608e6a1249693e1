//! Writes the TPC-H table `lineitem` as CSV, for the benchmark of `load_csv`.
//!
//! `lineitem FILE [SCALE]`: scale 2 makes 12 million rows, 1.5 GB.

use std::env::args_os;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use tpchgen::csv::LineItemCsv;
use tpchgen::generators::LineItemGenerator;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = args_os().skip(1);
    let path = arguments.next().ok_or("lineitem FILE [SCALE]")?;
    let scale: f64 = match arguments.next() {
        Some(scale) => scale.to_string_lossy().parse()?,
        None => 2.0,
    };
    let mut output = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(output, "{}", LineItemCsv::header())?;
    for line in LineItemGenerator::new(scale, 1, 1).iter() {
        writeln!(output, "{}", LineItemCsv::new(line))?;
    }
    output.flush()?;
    Ok(())
}
