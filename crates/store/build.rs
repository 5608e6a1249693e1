//! Lists the files of `migrations/` so that they are embedded in the binary.
//!
//! The list is made at build time, because a new migration must not need an
//! edit of code: two people who add one file each would meet in the same line.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    // Asked when it runs: checkouts that share a target folder also share this program.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?;
    let folder = Path::new(&package).join("../../migrations");
    let folder = folder.canonicalize()?;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let name = path.file_name().and_then(|name| name.to_str());
            names.push(name.ok_or("a migration's file name is not UTF-8")?.to_owned());
        }
    }
    names.sort();
    let mut source = String::from("&[\n");
    for name in &names {
        let path = folder.join(name);
        writeln!(source, "    ({name:?}, include_str!({path:?})),")?;
    }
    source.push_str("]\n");
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    std::fs::write(Path::new(&out).join("migrations.rs"), source)?;
    // The build system reads this line; it is not a message for people.
    let mut stdout = std::io::stdout();
    std::io::Write::write_all(
        &mut stdout,
        format!("cargo::rerun-if-changed={}\n", folder.display()).as_bytes(),
    )?;
    Ok(())
}
