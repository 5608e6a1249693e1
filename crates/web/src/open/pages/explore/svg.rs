//! A chart as an SVG picture that stands for itself: no script, no style sheet, and its
//! numbers as text for those who do not see it.

use std::fmt::Write as _;

use crate::parts::{Chart, plain_number};
use crate::view::Lang;

const WIDTH: f64 = 720.0;
/// Height above what is drawn: title and summary.
const TOP: f64 = 64.0;
/// Height below: the source.
const BOTTOM: f64 = 36.0;
/// Height of a bar with its gap.
const BAR: f64 = 26.0;
/// Width of the names of bars.
const NAMES: f64 = 170.0;
/// Width of the numbers behind bars.
const NUMBERS: f64 = 90.0;
/// Height of a line chart.
const LINE: f64 = 280.0;
/// Letters of a name that have room; a Chinese letter takes two.
const NAME_LETTERS: usize = 22;
const INK: &str = "#0b0c0c";
const QUIET: &str = "#505a5f";
const COLOR: &str = "#0b5d66";
const FONT: &str = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";

/// Draws a chart of bars or a line.
///
/// - `source`: where the data come from, below the picture.
pub(super) fn draw(chart: &Chart, lang: Lang, source: &str) -> String {
    let values: &[Option<f64>] = chart.series.first().map_or(&[], |series| &series.values);
    let (body, height) =
        if chart.kind == "line" { line(chart, values) } else { bars(chart, values) };
    let (title, summary) = (escaped(lang.pick(&chart.title)), lang.pick(&chart.summary));
    let all = TOP + height + BOTTOM;
    let code = if lang == Lang::Zh { "zh-CN" } else { "en" };
    let shown: String = clipped(summary, 100);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {all}\" width=\"{WIDTH}\" \
         height=\"{all}\" role=\"img\" aria-labelledby=\"chart-title chart-desc\" xml:lang=\"{code}\" \
         font-family=\"{FONT}\"><title id=\"chart-title\">{title}</title>\
         <desc id=\"chart-desc\">{}</desc><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
         <text x=\"12\" y=\"28\" font-size=\"18\" font-weight=\"700\" fill=\"{INK}\">{title}</text>\
         <text x=\"12\" y=\"50\" font-size=\"12\" fill=\"{QUIET}\">{}</text>{body}\
         <text x=\"12\" y=\"{}\" font-size=\"12\" fill=\"{QUIET}\">{}</text></svg>",
        escaped(summary),
        escaped(&shown),
        all - 14.0,
        escaped(&clipped(source, 110)),
    )
}

/// One bar a group, to the right of its name.
fn bars(chart: &Chart, values: &[Option<f64>]) -> (String, f64) {
    let known = || values.iter().flatten().copied();
    let (least, most) = (known().fold(0.0, f64::min), known().fold(0.0, f64::max));
    let room = WIDTH - NAMES - NUMBERS - 24.0;
    let scale = if most > least { room / (most - least) } else { 0.0 };
    let zero = NAMES - least * scale;
    let mut body = String::new();
    let mut top = TOP;
    for (name, value) in chart.x.iter().zip(values) {
        let (number, from, width) = match value {
            Some(value) => {
                let (from, to) = (zero.min(zero + value * scale), zero.max(zero + value * scale));
                (plain_number(*value), from, to - from)
            }
            None => ("—".to_owned(), zero, 0.0),
        };
        let base = top + 17.0;
        let _written = write!(
            body,
            "<g><title>{full}: {number}</title><text x=\"{}\" y=\"{base}\" font-size=\"13\" \
             text-anchor=\"end\" fill=\"{INK}\">{short}</text><rect x=\"{from:.1}\" y=\"{:.1}\" \
             width=\"{width:.1}\" height=\"{}\" fill=\"{COLOR}\"/><text x=\"{:.1}\" y=\"{base}\" \
             font-size=\"13\" fill=\"{INK}\">{spaced}</text></g>",
            NAMES - 8.0,
            top + 3.0,
            BAR - 6.0,
            from + width + 6.0,
            spaced = spaced(&number),
            full = escaped(name),
            short = escaped(&clipped(name, NAME_LETTERS)),
        );
        top += BAR;
    }
    (body, top - TOP)
}

/// A line through the groups in their order, with the ends of both axes named.
fn line(chart: &Chart, values: &[Option<f64>]) -> (String, f64) {
    let known = || values.iter().flatten().copied();
    let (least, most) = (known().fold(0.0, f64::min), known().fold(f64::MIN, f64::max));
    let (left, right) = (NAMES / 2.0, WIDTH - 24.0);
    let (high, low) = (TOP + 12.0, TOP + LINE - 30.0);
    let span = if most > least { most - least } else { 1.0 };
    let places = values.len().saturating_sub(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "places on a picture")]
    let x = |place: usize| left + (right - left) * place as f64 / places as f64;
    let y = |value: f64| low - (low - high) * (value - least) / span;
    let mut body = String::new();
    for value in [least, least + span / 2.0, least + span] {
        let _written = write!(
            body,
            "<path d=\"M{left} {0:.1}H{right}\" stroke=\"#d0d4d6\"/><text x=\"{1}\" y=\"{2:.1}\" \
             font-size=\"12\" text-anchor=\"end\" fill=\"{QUIET}\">{3}</text>",
            y(value),
            left - 6.0,
            y(value) + 4.0,
            spaced(&plain_number(value)),
        );
    }
    let mut path = String::new();
    let mut pen_is_up = true;
    for (place, value) in values.iter().enumerate() {
        match value {
            Some(value) => {
                let step = if pen_is_up { 'M' } else { 'L' };
                let _written = write!(path, "{step}{:.1} {:.1}", x(place), y(*value));
                pen_is_up = false;
            }
            None => pen_is_up = true,
        }
    }
    let _written =
        write!(body, "<path d=\"{path}\" fill=\"none\" stroke=\"{COLOR}\" stroke-width=\"2.5\"/>");
    for (place, (name, value)) in chart.x.iter().zip(values).enumerate() {
        if let Some(value) = value {
            let _written = write!(
                body,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\" fill=\"{COLOR}\"><title>{}: {}</title></circle>",
                x(place),
                y(*value),
                escaped(name),
                plain_number(*value),
            );
        }
    }
    let ends = [(0, "start"), (chart.x.len().saturating_sub(1), "end")];
    for (place, anchor) in ends {
        let Some(name) = chart.x.get(place) else { continue };
        let _written = write!(
            body,
            "<text x=\"{:.1}\" y=\"{}\" font-size=\"12\" text-anchor=\"{anchor}\" fill=\"{QUIET}\">{}</text>",
            x(place),
            low + 20.0,
            escaped(&clipped(name, NAME_LETTERS)),
        );
    }
    (body, LINE)
}

/// A number with a comma before every three digits.
fn spaced(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let digits = whole.trim_start_matches('-').len();
    let mut out = String::with_capacity(number.len() + 4);
    let mut left = digits;
    for letter in whole.chars() {
        if letter.is_ascii_digit() {
            if left < digits && left.is_multiple_of(3) {
                out.push(',');
            }
            left -= 1;
        }
        out.push(letter);
    }
    out.push_str(rest);
    out
}

/// A text of at most so many narrow letters; a wide one counts twice.
fn clipped(text: &str, letters: usize) -> String {
    let mut room = letters;
    let mut kept = String::new();
    for letter in text.chars() {
        let width = if letter.is_ascii() { 1 } else { 2 };
        if width > room {
            kept.push('…');
            break;
        }
        room -= width;
        kept.push(letter);
    }
    kept
}

/// A text inside XML, without letters that XML forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                out.push(' ');
            }
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use vocabulary::Bilingual;

    use super::*;
    use crate::parts::Series;

    fn chart(kind: &'static str, values: Vec<Option<f64>>) -> Chart {
        let text = |text: &str| Bilingual::new(text, text);
        let names = ["<script>alert(1)</script>", "太原 & 大同", "很长很长很长很长很长很长的名称"];
        Chart {
            id: "chart-main".to_owned(),
            title: text("按\"县\"分组"),
            summary: text("说明"),
            kind,
            x_name: text("x"),
            y_name: text("y"),
            x: names.iter().take(values.len()).map(|name| (*name).to_owned()).collect(),
            series: vec![Series { name: text("n"), values }],
            points: Vec::new(),
            limit: None,
            file_url: None,
        }
    }

    #[test]
    fn nothing_of_the_data_becomes_markup() {
        for kind in ["bar", "line"] {
            let svg =
                draw(&chart(kind, vec![Some(1.0), None, Some(-3.0)]), Lang::Zh, "来源 <b>\u{0}");
            assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains('\u{0}'));
            assert!(svg.contains("&lt;script&gt;") && svg.contains("role=\"img\""));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn numbers_have_commas() {
        for (plain, shown) in [
            ("5304061", "5,304,061"),
            ("-1234.5", "-1,234.5"),
            ("999", "999"),
            ("—", "—"),
            ("0.5", "0.5"),
        ] {
            assert_eq!(spaced(plain), shown);
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        let svg = draw(&chart("bar", vec![Some(10.0), Some(5.0)]), Lang::En, "");
        let widths: Vec<f64> = svg
            .split("width=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next()?.parse().ok())
            .filter(|width| *width < WIDTH)
            .collect();
        assert!((widths[0] / widths[1] - 2.0).abs() < 0.01, "{widths:?}");
        for empty in [vec![], vec![None], vec![Some(0.0)]] {
            assert!(draw(&chart("line", empty), Lang::En, "").ends_with("</svg>"));
        }
    }
}
