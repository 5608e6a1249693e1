//! Reports of the instruments as one HTML file that stands alone: no script, nothing
//! loaded, readable by people who are no statisticians, printable.
//!
//! Chinese first, English beside it. Every picture has its numbers in a table below it,
//! so that nothing is told by shape or colour alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ::deident::risk::ClassSizes;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::whole_file::WholeFile;

/// A report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    title: Bilingual,
    /// What it is about: the file.
    subject: String,
    /// The answer in one sentence.
    verdict: Bilingual,
    /// Whether the answer is a good one; `None` where that is for the reader to say.
    good: Option<bool>,
    /// Figures that a reader looks for first.
    facts: Vec<Fact>,
    sections: Vec<Section>,
}

#[derive(Debug, Serialize)]
struct Fact {
    label: Bilingual,
    value: String,
}

/// A part of a report with a heading.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    title: Bilingual,
    blocks: Vec<Block>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Block {
    Text { text: Bilingual },
    Table { head: Vec<Bilingual>, rows: Vec<Vec<String>> },
    Bars { caption: Bilingual, bars: Vec<Bar> },
    Points { caption: Bilingual, x: Bilingual, y: Bilingual, points: Vec<Point> },
}

/// One bar of a chart.
#[derive(Debug, Serialize)]
pub(crate) struct Bar {
    /// What is counted.
    pub(crate) label: String,
    /// Length, of the longest bar 1.
    share: f64,
    value: f64,
    /// The value as people read it.
    pub(crate) shown: String,
}

impl Bar {
    /// A bar of a length that is not negative.
    pub(crate) fn new(label: impl Into<String>, value: f64, shown: impl Into<String>) -> Self {
        Self { label: label.into(), share: 0.0, value: value.max(0.0), shown: shown.into() }
    }
}

/// One point of a chart; both coordinates are shares between 0 and 1.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    /// To the right.
    pub(crate) x: f64,
    /// Upwards.
    pub(crate) y: f64,
    /// What the point is.
    pub(crate) label: String,
    /// Whether it is the one that was taken.
    pub(crate) chosen: bool,
}

impl Section {
    /// A section without content yet.
    pub(crate) fn new(zh: &str, en: &str) -> Self {
        Self { title: Bilingual::new(zh, en), blocks: Vec::new() }
    }

    /// A paragraph.
    #[must_use]
    pub(crate) fn text(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.blocks.push(Block::Text { text: Bilingual::new(zh, en) });
        self
    }

    /// A table.
    #[must_use]
    pub(crate) fn table(mut self, head: &[(&str, &str)], rows: Vec<Vec<String>>) -> Self {
        let head = head.iter().map(|(zh, en)| Bilingual::new(*zh, *en)).collect();
        self.blocks.push(Block::Table { head, rows });
        self
    }

    /// Bars, one below the other, each with its value.
    #[must_use]
    pub(crate) fn bars(mut self, zh: &str, en: &str, mut bars: Vec<Bar>) -> Self {
        let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
        for bar in &mut bars {
            bar.share = if most > 0.0 { bar.value / most } else { 0.0 };
        }
        self.blocks.push(Block::Bars { caption: Bilingual::new(zh, en), bars });
        self
    }

    /// Points of two shares.
    #[must_use]
    pub(crate) fn points(
        mut self,
        caption: (&str, &str),
        (x, y): ((&str, &str), (&str, &str)),
        points: Vec<Point>,
    ) -> Self {
        let both = |(zh, en): (&str, &str)| Bilingual::new(zh, en);
        self.blocks.push(Block::Points { caption: both(caption), x: both(x), y: both(y), points });
        self
    }
}

/// The report cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error("{}: cannot be written ({source}); check the folder and the space left", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("the report cannot be made: {0}")]
    Render(#[from] minijinja::Error),
}

impl Report {
    /// A report with its answer.
    pub(crate) fn new(
        title: (&str, &str),
        subject: impl Into<String>,
        verdict: Bilingual,
        good: Option<bool>,
    ) -> Self {
        Self {
            title: Bilingual::new(title.0, title.1),
            subject: subject.into(),
            verdict,
            good,
            facts: Vec::new(),
            sections: Vec::new(),
        }
    }

    /// Adds a figure at the head.
    pub(crate) fn fact(&mut self, zh: &str, en: &str, value: impl Into<String>) {
        self.facts.push(Fact { label: Bilingual::new(zh, en), value: value.into() });
    }

    /// Adds a section.
    pub(crate) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// The page.
    fn html(&self) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("report", include_str!("report.html"))?;
        environment.get_template("report")?.render(Serde(self))
    }

    /// Writes the page; the file appears when it is whole.
    ///
    /// # Errors
    ///
    /// [`ReportError`].
    pub(crate) fn write(&self, path: &Path) -> Result<(), ReportError> {
        let html = self.html()?;
        let unwritten = |source| ReportError::Write { path: path.to_owned(), source };
        let mut file = WholeFile::create(path).map_err(unwritten)?;
        file.write_all(html.as_bytes()).map_err(unwritten)?;
        file.finish().map_err(unwritten)
    }
}

/// A share as a percentage, `12.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A part of a whole; 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Groups of class sizes; the last one is open.
const SIZES: [(u64, u64); 9] =
    [(1, 1), (2, 2), (3, 4), (5, 9), (10, 19), (20, 49), (50, 99), (100, 999), (1_000, u64::MAX)];

/// How many rows stand in classes of which size, before too where that is known.
pub(crate) fn class_sizes(before: Option<&ClassSizes>, after: &ClassSizes) -> Section {
    let section = Section::new("等价类大小", "Sizes of the classes").text(
        "准标识符取值完全相同的行为一个等价类。类越小，其中的人越容易被认出；大小为 1 的类只有一人。",
        "Rows that agree on every quasi-identifier are a class. The smaller it is, the easier the people in it are recognized; a class of 1 is one person.",
    );
    match before {
        None => {
            section.bars("各大小的类共有多少行", "rows in classes of each size", size_bars(after))
        }
        Some(before) => section
            .bars(
                "处理前：各大小的类共有多少行",
                "before: rows in classes of each size",
                size_bars(before),
            )
            .bars("处理后", "after", size_bars(after)),
    }
}

fn size_bars(sizes: &ClassSizes) -> Vec<Bar> {
    let bar = |(least, most): (u64, u64)| {
        let rows: u64 = sizes
            .iter()
            .filter(|(size, _)| (least..=most).contains(size))
            .map(|(size, classes)| size * classes)
            .sum();
        let label = match (least, most) {
            (least, u64::MAX) => format!("≥ {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least}–{most}"),
        };
        let shown = format!("{rows} 行 rows · {}", percent(share(rows, sizes.rows())));
        Bar::new(label, rows as f64, shown)
    };
    SIZES.map(bar).into()
}

#[cfg(test)]
mod tests {
    use super::{Bar, Point, Report, Section};
    use vocabulary::Bilingual;

    #[test]
    fn a_report_escapes_what_a_file_says_and_shows_every_number_of_a_picture() {
        let verdict = Bilingual::new("可以", "fine");
        let mut report = Report::new(("报告", "Report"), "<b>.csv", verdict, Some(true));
        report.fact("行数", "rows", "10");
        let bars = vec![Bar::new("1–4", 2.0, "2 行"), Bar::new("5–9", 8.0, "8 行")];
        let point = Point { x: 0.5, y: 0.2, label: "k = 5".to_owned(), chosen: true };
        report.add(
            Section::new("等价类", "Classes")
                .text("<script>", "x & y")
                .table(&[("列", "column")], vec![vec!["<i>".to_owned()]])
                .bars("大小", "sizes", bars)
                .points(("边界", "frontier"), (("损失", "loss"), ("风险", "risk")), vec![point]),
        );
        let html = report.html().unwrap();
        for text in ["&lt;b&gt;.csv", "&lt;script&gt;", "&lt;i&gt;", "8 行", "2 行", "k = 5"] {
            assert!(html.contains(text), "{text}");
        }
        assert!(!html.contains("<script"), "a report runs nothing");
        assert!(!html.contains("http"), "a report loads nothing");
    }
}
