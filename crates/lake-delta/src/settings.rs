//! What the lake may use of the machine.

use std::path::PathBuf;

/// What the lake may use of the machine, over all queries.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads of the query engine, and partitions of a query.
    pub threads: usize,
    /// Queries of the engine at once; others wait.
    pub queries: usize,
    /// Memory of all queries together.
    pub memory_bytes: usize,
    /// Memory of all statements that anyone may write, together, apart from the above.
    pub sql_memory_bytes: usize,
    /// Disk space for what they put off.
    pub sql_spill_bytes: u64,
    /// The program that runs one of them in a process of its own, with
    /// [`serve_statement`](crate::serve_statement), and its arguments; without it they run
    /// in this process, where nothing bounds a parser or a planner.
    pub statements: Option<(PathBuf, Vec<String>)>,
    /// Memory for small tables that are kept decoded; 0 keeps none.
    pub decoded_bytes: usize,
    /// Memory for groups that were counted a while ago; 0 keeps none.
    pub group_bytes: usize,
    /// Memory for footers of Parquet files.
    pub footer_bytes: usize,
    /// Where queries put rows off; the temporary folder of the system if absent.
    pub spill_folder: Option<PathBuf>,
    /// Disk space for that.
    pub spill_bytes: u64,
    /// Rows of a row group.
    pub group_rows: usize,
    /// Size at which a data file is closed.
    pub file_bytes: u64,
}

impl Default for Settings {
    /// For a machine with 2 cores and 4 GiB.
    fn default() -> Self {
        Self {
            threads: 2,
            queries: 8,
            memory_bytes: 512 << 20,
            sql_memory_bytes: 256 << 20,
            sql_spill_bytes: 1 << 30,
            statements: None,
            decoded_bytes: 64 << 20,
            group_bytes: 16 << 20,
            footer_bytes: 16 << 20,
            spill_folder: None,
            spill_bytes: 8 << 30,
            group_rows: 1 << 20,
            file_bytes: 192 << 20,
        }
    }
}
