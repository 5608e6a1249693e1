//! Documents on paper (A4) as PDF: headings, paragraphs and tables, with page numbers and
//! bookmarks.
//!
//! No font comes with a document: Helvetica is one of the fonts that every reader has, and
//! Chinese is set in `STSong-Light` of the Adobe-GB1 collection, for which readers take a
//! Chinese font of their machine. So a document stays small, its text can be searched and
//! copied, and a machine without any Chinese font does not show it.
//!
//! Sources: ISO 32000-1:2008, 9.6.2.2 (standard fonts), 9.7.5.2 (predefined `CMaps`), 12.3.3
//! (outlines).

mod text;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, TextRenderingMode};
use pdf_writer::{Content, Date, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

/// The media type of a document.
pub(crate) const PDF: &str = "application/pdf";

/// A4 in points, and the margins.
const PAGE: (f32, f32) = (595.276, 841.89);
const MARGIN: f32 = 56.0;
const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Room for the number of the page.
const FOOT: f32 = 40.0;
/// Between a cell's border and its text.
const CELL: f32 = 4.0;

/// Fonts by their names in the pages.
const LATIN: Name<'static> = Name(b"L");
const BOLD: Name<'static> = Name(b"B");
const CHINESE: Name<'static> = Name(b"C");

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    size: f32,
    bold: bool,
    /// From black, 0, to white, 1.
    gray: f32,
}

impl Style {
    /// The title of a document.
    pub(crate) const TITLE: Self = Self { size: 18.0, bold: true, gray: 0.0 };
    /// A heading.
    pub(crate) const HEADING: Self = Self { size: 12.5, bold: true, gray: 0.0 };
    /// What is read.
    pub(crate) const BODY: Self = Self { size: 9.5, bold: false, gray: 0.0 };
    /// What is to be seen first.
    pub(crate) const STRONG: Self = Self { size: 10.5, bold: true, gray: 0.0 };
    /// What stands beside it: the other language, notes.
    pub(crate) const BESIDE: Self = Self { size: 8.5, bold: false, gray: 0.35 };

    fn leading(self) -> f32 {
        self.size * 1.45
    }

    /// How much goes into a width, in sizes of the letters. Helvetica bold is wider than
    /// Helvetica, by at most this much for what is written.
    fn room(self, width: f32) -> f32 {
        let wider = if self.bold { 1.1 } else { 1.0 };
        width / self.size / wider
    }
}

/// A cell of a table: paragraphs with their styles.
pub(crate) type Cell = Vec<(String, Style)>;

/// A document while it is written, from the top of the first page down.
pub(crate) struct Paper {
    title: String,
    /// What stands at the foot of every page.
    foot: String,
    pages: Vec<Content>,
    /// Height over the lower edge that is taken down to.
    at: f32,
    /// Headings with their page and height.
    outline: Vec<(String, usize, f32)>,
}

impl Paper {
    /// Begins a document.
    pub(crate) fn new(title: &str, foot: &str) -> Self {
        let (title, foot) = (title.to_owned(), foot.to_owned());
        let pages = vec![Content::new()];
        Self { title, foot, pages, at: PAGE.1 - MARGIN, outline: Vec::new() }
    }

    /// A heading, which is a bookmark, too.
    pub(crate) fn heading(&mut self, text: &str) {
        // Not alone at the end of a page.
        self.keep_room(Style::HEADING.leading() + 4.0 * Style::BODY.leading());
        self.space(8.0);
        let place = (self.pages.len() - 1, self.at);
        self.paragraph(text, Style::HEADING);
        self.outline.push((text.to_owned(), place.0, place.1));
        self.space(2.0);
    }

    /// A paragraph over the whole width.
    pub(crate) fn paragraph(&mut self, text: &str, style: Style) {
        for line in text::lines(text, style.room(WIDTH)) {
            self.keep_room(style.leading());
            self.at -= style.leading();
            let baseline = self.at + style.size * 0.35;
            self.show(MARGIN, baseline, &line, style);
        }
        self.space(2.0);
    }

    /// A table; `shares` are the widths of its columns, whatever their sum. A row that is
    /// higher than the rest of a page begins on the next one, and goes on there if it is
    /// higher than a page.
    pub(crate) fn table(&mut self, shares: &[f32], rows: &[Vec<Cell>]) {
        let sum: f32 = shares.iter().sum();
        let widths: Vec<f32> = shares.iter().map(|share| WIDTH * share / sum).collect();
        for row in rows {
            let cells: Vec<Vec<(String, Style)>> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| cell_lines(cell, width - 2.0 * CELL))
                .collect();
            self.row(&widths, &cells);
        }
        self.space(6.0);
    }

    fn row(&mut self, widths: &[f32], cells: &[Vec<(String, Style)>]) {
        let height = |cell: &[(String, Style)]| -> f32 {
            cell.iter().map(|(_, style)| style.leading()).sum::<f32>() + 2.0 * CELL
        };
        let mut rest: Vec<&[(String, Style)]> = cells.iter().map(Vec::as_slice).collect();
        self.keep_room(rest.iter().map(|cell| height(cell)).fold(0.0, f32::max));
        loop {
            let room = self.at - FOOT - MARGIN / 2.0;
            let mut taken = Vec::with_capacity(rest.len());
            for cell in &mut rest {
                let mut used = 2.0 * CELL;
                let fits = |(_, style): &&(String, Style)| {
                    used += style.leading();
                    used <= room
                };
                let count = cell.iter().take_while(fits).count();
                let (now, later) = cell.split_at(count);
                taken.push(now);
                *cell = later;
            }
            let high = taken.iter().map(|cell| height(cell)).fold(0.0, f32::max);
            self.cells(widths, &taken, high);
            if rest.iter().all(|cell| cell.is_empty()) {
                return;
            }
            self.page();
        }
    }

    /// The cells of a row, or a part of it, with a line under them.
    fn cells(&mut self, widths: &[f32], cells: &[&[(String, Style)]], height: f32) {
        let mut left = MARGIN;
        for (cell, width) in cells.iter().zip(widths) {
            let mut at = self.at - CELL;
            for (line, style) in *cell {
                at -= style.leading();
                self.show(left + CELL, at + style.size * 0.35, line, *style);
            }
            left += width;
        }
        self.at -= height;
        let at = self.at;
        if let Some(content) = self.pages.last_mut() {
            content.set_stroke_gray(0.75).set_line_width(0.5);
            content.move_to(MARGIN, at).line_to(MARGIN + WIDTH, at).stroke();
        }
    }

    fn space(&mut self, height: f32) {
        self.at -= height;
    }

    /// Goes to a new page unless so much room is left; nothing is as high as a page.
    fn keep_room(&mut self, height: f32) {
        let is_fresh = self.at > PAGE.1 - MARGIN - 1.0;
        if self.at - height < FOOT + MARGIN / 2.0 && !is_fresh {
            self.page();
        }
    }

    fn page(&mut self) {
        self.pages.push(Content::new());
        self.at = PAGE.1 - MARGIN;
    }

    fn show(&mut self, x: f32, y: f32, line: &str, style: Style) {
        if let Some(content) = self.pages.last_mut() {
            show(content, x, y, line, style);
        }
    }

    /// The document. `at` is when it was made.
    pub(crate) fn finish(mut self, at: jiff::Timestamp) -> Vec<u8> {
        let count = self.pages.len();
        for (number, content) in (1..).zip(&mut self.pages) {
            let style = Style::BESIDE;
            let number = format!("{number} / {count}");
            let right = PAGE.0 - MARGIN - text::width(&number) * style.size;
            show(content, MARGIN, FOOT, &self.foot, style);
            show(content, right, FOOT, &number, style);
        }
        let mut ids = Ids(0);
        let mut pdf = Pdf::new();
        let (catalog, tree, outlines) = (ids.next(), ids.next(), ids.next());
        let fonts = write_fonts(&mut pdf, &mut ids);
        let places: Vec<(Ref, Ref)> = self.pages.iter().map(|_| (ids.next(), ids.next())).collect();
        let pages: Vec<Ref> = places.iter().map(|(page, _)| *page).collect();
        let mut written = pdf.catalog(catalog);
        written.pages(tree).lang(TextStr("zh-CN"));
        written.viewer_preferences().display_doc_title(true);
        if !self.outline.is_empty() {
            written.outlines(outlines);
        }
        written.finish();
        let kids = i32::try_from(count).unwrap_or(i32::MAX);
        pdf.pages(tree).kids(pages.iter().copied()).count(kids);
        for (content, (page, stream)) in self.pages.into_iter().zip(&places) {
            let mut written = pdf.page(*page);
            written.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).contents(*stream);
            let mut resources = written.resources();
            let mut named = resources.fonts();
            for (name, font) in [LATIN, BOLD, CHINESE].into_iter().zip(fonts) {
                named.pair(name, font);
            }
            named.finish();
            resources.finish();
            written.finish();
            pdf.stream(*stream, &content.finish());
        }
        write_outline(&mut pdf, &mut ids, outlines, &self.outline, &pages);
        pdf.document_info(ids.next())
            .title(TextStr(&self.title))
            .producer(TextStr("Fenhe 汾河"))
            .creation_date(date(at));
        pdf.finish()
    }
}

/// The lines of a cell that is so wide.
fn cell_lines(cell: &Cell, width: f32) -> Vec<(String, Style)> {
    cell.iter()
        .filter(|(text, _)| !text.is_empty())
        .flat_map(|(text, style)| {
            text::lines(text, style.room(width)).into_iter().map(|line| (line, *style))
        })
        .collect()
}

/// Numbers of the objects.
struct Ids(i32);

impl Ids {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

fn show(content: &mut Content, x: f32, y: f32, line: &str, style: Style) {
    content.begin_text();
    content.set_fill_gray(style.gray).set_stroke_gray(style.gray).next_line(x, y);
    for (latin, run) in text::runs(line) {
        let font = match (latin, style.bold) {
            (true, true) => BOLD,
            (true, false) => LATIN,
            (false, _) => CHINESE,
        };
        content.set_font(font, style.size);
        // The Chinese font has no bold one beside it: its outline is drawn, too.
        let mode = if style.bold && !latin {
            content.set_line_width(style.size * 0.018);
            TextRenderingMode::FillStroke
        } else {
            TextRenderingMode::Fill
        };
        content.set_text_rendering_mode(mode);
        if latin {
            content.show(Str(run.as_bytes()));
        } else {
            let units: Vec<u8> = run.encode_utf16().flat_map(u16::to_be_bytes).collect();
            content.show(Str(&units));
        }
    }
    content.end_text();
}

/// Helvetica, Helvetica bold, and the Chinese font.
fn write_fonts(pdf: &mut Pdf, ids: &mut Ids) -> [Ref; 3] {
    let (latin, bold, chinese) = (ids.next(), ids.next(), ids.next());
    for (font, name) in [(latin, &b"Helvetica"[..]), (bold, b"Helvetica-Bold")] {
        pdf.type1_font(font).base_font(Name(name)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let (cid, descriptor) = (ids.next(), ids.next());
    let name = Name(b"STSong-Light");
    pdf.type0_font(chinese)
        .base_font(Name(b"STSong-Light-UniGB-UTF16-H"))
        .encoding_predefined(Name(b"UniGB-UTF16-H"))
        .descendant_font(cid);
    pdf.cid_font(cid)
        .subtype(CidFontType::Type0)
        .base_font(name)
        .system_info(SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"GB1"), supplement: 4 })
        .font_descriptor(descriptor)
        .default_width(1000.0);
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::SERIF | FontFlags::SYMBOLIC)
        .bbox(Rect::new(-25.0, -254.0, 1000.0, 880.0))
        .italic_angle(0.0)
        .ascent(880.0)
        .descent(-120.0)
        .cap_height(880.0)
        .stem_v(93.0);
    [latin, bold, chinese]
}

/// The headings as bookmarks.
fn write_outline(
    pdf: &mut Pdf,
    ids: &mut Ids,
    root: Ref,
    headings: &[(String, usize, f32)],
    pages: &[Ref],
) {
    let items: Vec<Ref> = headings.iter().map(|_| ids.next()).collect();
    let (Some(first), Some(last)) = (items.first(), items.last()) else { return };
    let count = i32::try_from(items.len()).unwrap_or(i32::MAX);
    pdf.outline(root).first(*first).last(*last).count(count);
    for (place, ((title, page, height), item)) in headings.iter().zip(&items).enumerate() {
        let mut written = pdf.outline_item(*item);
        written.title(TextStr(title)).parent(root);
        if let Some(previous) = place.checked_sub(1).and_then(|place| items.get(place)) {
            written.prev(*previous);
        }
        if let Some(next) = items.get(place + 1) {
            written.next(*next);
        }
        if let Some(page) = pages.get(*page) {
            written.dest().page(*page).xyz(0.0, *height, None);
        }
    }
}

fn date(at: jiff::Timestamp) -> Date {
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    Date::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pdf: &[u8], what: &[u8]) -> usize {
        pdf.windows(what.len()).filter(|window| window == &what).count()
    }

    #[test]
    fn what_does_not_fit_goes_on_on_the_next_page() {
        let mut paper = Paper::new("检测报告", "foot");
        paper.heading("一 One");
        for _ in 0..200 {
            paper.paragraph("每个等价类至少 21 行。", Style::BODY);
        }
        let long = "长 ".repeat(5_000);
        paper.table(
            &[1.0, 3.0],
            &[vec![vec![("a".to_owned(), Style::BODY)], vec![(long, Style::BODY)]]],
        );
        let pdf = paper.finish(jiff::Timestamp::UNIX_EPOCH);
        assert!(pdf.starts_with(b"%PDF-1."));
        assert!(counted(&pdf, b"/Type /Page\n") >= 6);
    }

    #[test]
    fn an_empty_document_has_one_page() {
        let pdf = Paper::new("", "").finish(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(counted(&pdf, b"/Type /Page\n"), 1);
    }
}
