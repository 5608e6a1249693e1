//! `fenhe scan`: what personal data is in a file?
//!
//! ```text
//! file ─▶ ingest (batches, in order) ─▶ detect::Detector ─▶ table for people, or JSON
//! ```
//!
//! Batches go by and are not kept. A row that does not fit the table is searched
//! as text, so that nothing of the file goes unseen. Nothing is sent or stored.

mod report;

use std::io::{self, BufWriter, Read as _, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use clap::{Args, ValueEnum};
use detect::{ColumnFinding, Detector, Role, RuleFile, Rules, SpanLog, What};
use ingest::{Hint, Limits, Progress, Reject, Sink, SinkError};
use serde::Serialize;
use store::foreign::{ForeignAddress, ForeignError};
use vocabulary::Bilingual;

use crate::Failure;
use crate::report::percent;
use crate::show::{complain, place_in};
use crate::table::{self, Input, ReadError, Source, feed};

/// Longest gz file when unpacked, against a file that unpacks without end.
const UNPACKED_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// What to scan, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// 文件、文件夹或数据库表 A file (CSV, CSV.GZ, XLSX, XLS, JSON, NDJSON, Parquet), a folder of
    /// them, `postgres://user@host/database?table=schema.name` or `sqlite:FILE?table=NAME`.
    path: Input,
    /// 列出每一处命中 List every find, with its place.
    #[arg(long)]
    spans: bool,
    /// 输出格式 Output for people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    format: Output,
    /// 报告文件 Where to write a report for people (HTML).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// 自定义规则 Rules of your own, a TOML file; see docs/detect.md.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// 承诺没有直接标识符 Promise that there is no direct identifier: exit status 1 if there is.
    #[arg(long)]
    clean: bool,
    /// 编码 Encoding, if it is not recognized: UTF-8, GB18030, UTF-16LE.
    #[arg(long)]
    encoding: Option<String>,
    /// 工作表 Sheet of a workbook; the first visible one if left out.
    #[arg(long)]
    sheet: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// What was found in one file; the form that programs read.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    rows: u64,
    bytes: u64,
    /// CPU time spent in scanning, without reading the file.
    cpu_ms: f64,
    columns: Vec<ColumnReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spans: Option<Vec<SpanReport>>,
    rejected: Rejected,
    #[serde(skip)]
    findings: Vec<ColumnFinding>,
}

#[derive(Debug, Serialize)]
struct ColumnReport {
    name: String,
    kind: Option<String>,
    role: Role,
    level: &'static str,
    hit_rate: f64,
    valid_rate: f64,
    confidence: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disguises: Vec<detect::Disguise>,
}

#[derive(Debug, Serialize)]
struct SpanReport {
    row: u64,
    column: String,
    start: u32,
    end: u32,
    kind: String,
}

/// Rows that do not fit the table, and what was found in them as text.
#[derive(Debug, Default, Serialize)]
struct Rejected {
    rows: u64,
    finds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_line: Option<u64>,
}

/// Why a scan cannot be made; one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}；{}；{}", .remedy.zh, .remedy.en)]
struct BadInput {
    file: String,
    message: String,
    remedy: Bilingual,
}

impl BadInput {
    fn of(file: &Path, message: &dyn std::fmt::Display, zh: &str, en: &str) -> Self {
        let file = file.display().to_string();
        Self { file, message: message.to_string(), remedy: Bilingual::new(zh, en) }
    }

    fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self::of(file, &error, "请检查路径与读取权限", "check the path and the right to read it")
    }
}

/// Scans a file or the files of a folder. Exit status 2 for bad input, 1 for a
/// promise that does not hold.
pub(crate) fn scan(scan: &Scan) -> Result<ExitCode, Failure> {
    let bad = ExitCode::from(2);
    let rules = match scan.rules.as_deref().map(load_rules).transpose() {
        Ok(rules) => rules.unwrap_or_default(),
        Err(error) => return Ok(complain(&error, bad)),
    };
    let mut reports = Vec::new();
    let mut folder = false;
    match &scan.path.source {
        Source::Database(address) => match scan_table(scan, address, &rules) {
            Ok(report) => reports.push(report),
            Err(error) => return Ok(complain(&error, bad)),
        },
        Source::Path(path) => {
            folder = path.is_dir();
            let files = match files_of(path) {
                Ok(files) => files,
                Err(error) => return Ok(complain(&error, bad)),
            };
            for file in &files {
                match scan_file(file, scan, &rules) {
                    Ok(report) => reports.push(report),
                    Err(error) => return Ok(complain(&error, bad)),
                }
            }
        }
    }
    if let Some(path) = &scan.report
        && let Err(error) = report::report(&reports, scan).write(path)
    {
        return Ok(complain(&error, bad));
    }
    match write(&reports, scan, folder) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    let broken = scan.clean
        && reports.iter().any(|report| {
            report.rejected.finds > 0
                || report.findings.iter().any(|finding| finding.role == Role::Direct)
        });
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reports of a folder.
#[derive(Debug, Serialize)]
struct Folder<'a> {
    files: &'a [Report],
}

fn write(reports: &[Report], scan: &Scan, folder: bool) -> io::Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    match (scan.format, reports) {
        (Output::Json, [report]) if !folder => serde_json::to_writer(&mut output, report)?,
        (Output::Json, files) => serde_json::to_writer(&mut output, &Folder { files })?,
        (Output::Text, reports) => {
            for report in reports {
                output.write_all(shown(report, scan.spans).as_bytes())?;
            }
            return output.flush();
        }
    }
    output.write_all(b"\n")?;
    output.flush()
}

/// The kind of a column in words.
fn kind_of(finding: &ColumnFinding) -> String {
    let label = finding
        .kind
        .map(detect::Kind::label)
        .or_else(|| finding.attribute.map(detect::Attribute::label));
    match (&finding.rule, label) {
        (Some(rule), _) => rule.clone(),
        (None, Some(label)) => format!("{} {}", label.zh, label.en),
        (None, None) if finding.hidden_hits > 0 => "文本中有 in text".to_owned(),
        (None, None) => "—".to_owned(),
    }
}

fn load_rules(path: &Path) -> Result<Rules, BadInput> {
    let text = std::fs::read_to_string(path).map_err(|error| BadInput::unreadable(path, &error))?;
    let file: RuleFile = toml::from_str(&text).map_err(|error| {
        let (line, column) = place_in(&text, &error);
        let message =
            format!("line {line}, column {column}: {}", error.message().replace('\n', " "));
        BadInput::of(path, &message, "请改正此处的规则", "correct the rule at this place")
    })?;
    Rules::new(file.rules).map_err(|error| {
        let message = match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {}", source.to_string().replace('\n', " ")),
            None => error.to_string(),
        };
        let remedy = "correct the rule or its examples";
        BadInput::of(path, &message, "请改正规则或其示例", remedy)
    })
}

/// The file itself, or the files of a folder and its folders, in order.
fn files_of(path: &Path) -> Result<Vec<PathBuf>, BadInput> {
    let files =
        table::files_of(path).map_err(|(path, error)| BadInput::unreadable(&path, &error))?;
    if files.is_empty() {
        let message = "no file that can be read is in this folder";
        let zh = "请指定含有 CSV、XLSX、JSON 或 Parquet 文件的文件夹";
        let en = "name a folder with CSV, XLSX, JSON or Parquet files";
        return Err(BadInput::of(path, &message, zh, en));
    }
    Ok(files)
}

/// Scans the table of a database.
fn scan_table(
    scan: &Scan,
    address: &Result<ForeignAddress, ForeignError>,
    rules: &Rules,
) -> Result<Report, ReadError> {
    let mut reader = Reader::new(rules, scan.spans);
    feed(scan.path.shown(), address, &mut reader)?;
    let mut report = reader.finish();
    report.file = scan.path.shown().display().to_string();
    Ok(report)
}

fn scan_file(path: &Path, scan: &Scan, rules: &Rules) -> Result<Report, BadInput> {
    let unreadable = |error: io::Error| BadInput::unreadable(path, &error);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut head = [0; 2];
    let packed = std::fs::File::open(path).map_err(unreadable)?.read_exact(&mut head).is_ok()
        && head == [0x1f, 0x8b];
    let unpacked = if packed { Some(unpack(path)?) } else { None };
    let source = unpacked.as_ref().map_or(path, tempfile::NamedTempFile::path);
    let hint = Hint {
        file_name: name.strip_suffix(".gz").unwrap_or(&name).to_owned(),
        encoding: scan.encoding.clone(),
        sheet: scan.sheet.clone(),
        ..Hint::default()
    };
    // No value is turned away because the rest of its column is of another type.
    let limits = Limits { misfit_share: 0.0, rejects_kept: u64::MAX, ..Limits::default() };
    let mut reader = Reader::new(rules, scan.spans);
    let summary = ingest::load(source, &hint, &limits, &mut reader).map_err(|error| {
        let mut message = error.to_string();
        if let Some(cause) = std::error::Error::source(&error) {
            message = format!("{message}: {cause}");
        }
        BadInput { file: path.display().to_string(), message, remedy: error.remedy() }
    })?;
    let mut report = reader.finish();
    report.file = path.display().to_string();
    report.bytes = summary.bytes;
    Ok(report)
}

fn unpack(path: &Path) -> Result<tempfile::NamedTempFile, BadInput> {
    let damaged = |error: io::Error| {
        let en = "pack the file again, or unpack it yourself";
        BadInput::of(
            path,
            &format!("the gz file cannot be unpacked: {error}"),
            "请重新压缩或自行解压",
            en,
        )
    };
    let file = std::fs::File::open(path).map_err(|error| BadInput::unreadable(path, &error))?;
    let mut plain =
        flate2::read::MultiGzDecoder::new(io::BufReader::new(file)).take(UNPACKED_BYTES);
    let mut target = tempfile::NamedTempFile::new().map_err(damaged)?;
    io::copy(&mut plain, &mut target).map_err(damaged)?;
    target.flush().map_err(damaged)?;
    Ok(target)
}

/// Receives the batches of a file.
struct Reader<'a> {
    rules: &'a Rules,
    detector: Option<Detector>,
    log: Option<SpanLog>,
    rejected: Rejected,
    cpu_ms: f64,
}

impl<'a> Reader<'a> {
    fn new(rules: &'a Rules, spans: bool) -> Self {
        Self {
            rules,
            detector: None,
            log: spans.then(SpanLog::new),
            rejected: Rejected::default(),
            cpu_ms: 0.0,
        }
    }

    fn finish(mut self) -> Report {
        let start = cpu_ms();
        let rows = self.detector.as_ref().map_or(0, Detector::rows);
        let findings = self.detector.map(Detector::finish).unwrap_or_default();
        let spans = self.log.map(|log| log.settle(&findings));
        self.cpu_ms += cpu_ms() - start;
        let name =
            |column: u32| usize::try_from(column).ok().and_then(|column| findings.get(column));
        let kind = |what: What| match what {
            What::Kind(kind) => kind.as_str().to_owned(),
            What::Rule(place) => {
                let rule = self.rules.list().get(usize::from(place));
                rule.map(|rule| rule.name.clone()).unwrap_or_default()
            }
        };
        let spans = spans.map(|spans| {
            spans
                .iter()
                .map(|span| SpanReport {
                    row: span.row,
                    column: name(span.column).map(|f| f.name.clone()).unwrap_or_default(),
                    start: span.start,
                    end: span.end,
                    kind: kind(span.what),
                })
                .collect()
        });
        let columns = findings
            .iter()
            .map(|finding| ColumnReport {
                name: finding.name.clone(),
                kind: finding
                    .rule
                    .clone()
                    .or_else(|| finding.kind.map(|kind| kind.as_str().to_owned())),
                role: finding.role,
                level: finding.level.as_str(),
                hit_rate: finding.hit_rate,
                valid_rate: finding.valid_rate,
                confidence: finding.confidence,
                disguises: finding.disguises.clone(),
            })
            .collect();
        let (cpu_ms, rejected) = (self.cpu_ms, self.rejected);
        Report { file: String::new(), rows, bytes: 0, cpu_ms, columns, spans, rejected, findings }
    }
}

impl Sink for Reader<'_> {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), SinkError> {
        self.detector = Some(Detector::with_rules(&schema, self.rules.clone()));
        if let Some(log) = &mut self.log {
            log.clear();
        }
        self.rejected = Rejected::default();
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        let start = cpu_ms();
        match (&mut self.detector, &mut self.log) {
            (Some(detector), Some(log)) => detector.update_with(&batch, log),
            (Some(detector), None) => detector.update(&batch),
            (None, _) => {}
        }
        self.cpu_ms += cpu_ms() - start;
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkError> {
        let start = cpu_ms();
        let found = detect::spans(&reject.raw).len();
        self.rejected.rows += 1;
        self.rejected.finds += u64::try_from(found).unwrap_or(u64::MAX);
        self.rejected.first_line.get_or_insert(reject.line);
        self.cpu_ms += cpu_ms() - start;
        Ok(())
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// CPU time of this thread, which does the scanning.
fn cpu_ms() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// The table that people read: Chinese, English beside it, masked examples.
fn shown(report: &Report, spans: bool) -> String {
    let mut shown = String::new();
    let mut say = |line: &str| {
        shown.push_str(line);
        shown.push('\n');
    };
    let (rows, columns, cpu) = (report.rows, report.columns.len(), report.cpu_ms);
    // A table of a database has no size that is known.
    let size = if report.bytes == 0 {
        String::new()
    } else {
        let speed = report.bytes as f64 / 1e3 / cpu.max(0.001);
        format!(" · {:.1} MB · {speed:.0} MB/s", report.bytes as f64 / 1e6)
    };
    say(&format!(
        "{}\n{rows} 行 rows · {columns} 字段 columns · {cpu:.0} ms CPU{size}",
        report.file
    ));
    let mut lines = vec![[
        "字段 column".to_owned(),
        "类别 kind".to_owned(),
        "角色 role".to_owned(),
        "级别 level".to_owned(),
        "命中 hits".to_owned(),
        "置信 confidence".to_owned(),
        "示例 example".to_owned(),
    ]];
    for finding in &report.findings {
        let role = finding.role.label();
        lines.push([
            finding.name.clone(),
            kind_of(finding),
            format!("{} {}", role.zh, role.en),
            finding.level.as_str().to_owned(),
            percent(finding.hit_rate),
            percent(finding.confidence),
            finding.examples.first().cloned().unwrap_or_default(),
        ]);
    }
    let mut widths = [0; 7];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().map(columns_of).sum::<usize>().clamp(*width, 44);
        }
    }
    for line in &lines {
        let mut text = String::new();
        for (cell, width) in line.iter().zip(widths) {
            let used: usize = cell.chars().map(columns_of).sum();
            text.push_str(cell);
            text.push_str(&" ".repeat(width.saturating_sub(used) + 2));
        }
        say(text.trim_end());
    }
    say("依据 Evidence:");
    for finding in &report.findings {
        if finding.role != Role::None || finding.kind.is_some() || finding.rule.is_some() {
            say(&format!("  {}: {}", finding.name, finding.reason.zh));
            say(&format!(
                "  {}  {}",
                " ".repeat(finding.name.chars().map(columns_of).sum()),
                finding.reason.en
            ));
        }
    }
    let rejected = &report.rejected;
    if rejected.rows > 0 {
        say(&format!(
            "{} 行不合表格，已按文本检查，命中 {} 处 rows do not fit the table and were searched as text: {} finds",
            rejected.rows, rejected.finds, rejected.finds
        ));
    }
    if spans {
        for span in report.spans.iter().flatten() {
            let SpanReport { row, column, start, end, kind } = span;
            say(&format!("  {row}\t{column}\t{start}–{end}\t{kind}"));
        }
    }
    say("");
    shown
}

/// Columns of a terminal that a character takes.
fn columns_of(char: char) -> usize {
    let wide = matches!(
        char,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
            | '\u{20000}'..='\u{3ffff}'
    );
    1 + usize::from(wide)
}
