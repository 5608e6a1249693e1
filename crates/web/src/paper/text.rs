//! Text on paper: how wide it is, and where its lines end.
//!
//! Letters of ASCII are set in Helvetica, everything else in a Chinese serif, each of
//! whose characters is as wide as it is high.

use std::mem::take;

/// Widths of the printable characters of ASCII in Helvetica, from the space on, in
/// thousandths of the size.
///
/// Source: Adobe Core 14 AFM, Helvetica.afm.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Marks that do not begin a line.
const CLOSING: &str = "，。、；：？！”’）》〉」』】〕…—％%),.;:?!]}";
/// Marks that do not end one.
const OPENING: &str = "“‘（《〈「『【〔([{";

/// Whether a character is set in Helvetica.
pub(super) fn is_latin(char: char) -> bool {
    matches!(char, ' '..='~')
}

fn width_of(char: char) -> f32 {
    let place = u32::from(char).wrapping_sub(u32::from(' '));
    let narrow = usize::try_from(place).ok().and_then(|place| HELVETICA.get(place));
    f32::from(narrow.copied().unwrap_or(1000)) / 1000.0
}

/// How wide a text is, in sizes of its letters.
pub(super) fn width(text: &str) -> f32 {
    text.chars().map(width_of).sum()
}

/// Pieces of a text between which a line may end: words with the blanks behind them, and
/// single Chinese characters with the marks that belong to them.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        piece.push(char);
        let Some(&next) = chars.peek() else { break };
        let sticks = OPENING.contains(char) || CLOSING.contains(next) || next == ' ';
        let ends_word = char == ' ' || !(is_latin(char) && is_latin(next));
        if ends_word && !sticks {
            pieces.push(take(&mut piece));
        }
    }
    pieces.push(piece);
    pieces
}

/// The lines of a text that are at most so wide, in sizes of its letters. A line feed ends
/// a line; a word that is wider than a line is cut. Other control characters are dropped.
pub(super) fn lines(text: &str, most: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph: String = paragraph.chars().filter(|char| !char.is_control()).collect();
        let (mut line, mut used) = (String::new(), 0.0);
        for piece in pieces(&paragraph) {
            let wide = width(piece.trim_end());
            if used + wide > most && !line.is_empty() {
                lines.push(take(&mut line).trim_end().to_owned());
                used = 0.0;
            }
            if wide <= most {
                used += width(&piece);
                line.push_str(&piece);
                continue;
            }
            for char in piece.chars() {
                if used + width_of(char) > most && !line.is_empty() {
                    lines.push(take(&mut line));
                    used = 0.0;
                }
                used += width_of(char);
                line.push(char);
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// A text in runs that are set in one font: whether in Helvetica, and the characters.
pub(super) fn runs(text: &str) -> Vec<(bool, String)> {
    let mut runs: Vec<(bool, String)> = Vec::new();
    for char in text.chars() {
        match runs.last_mut() {
            Some((latin, run)) if *latin == is_latin(char) => run.push(char),
            _ => runs.push((is_latin(char), char.to_string())),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_ends_between_chinese_characters_and_between_words() {
        assert_eq!(lines("去标识化之后", 4.0), ["去标识化", "之后"]);
        assert_eq!(lines("the risk of a class", 5.0), ["the risk of", "a class"]);
    }

    #[test]
    fn a_mark_stays_with_its_character() {
        assert_eq!(lines("去标识化，之后", 4.0), ["去标识", "化，之后"]);
        assert_eq!(lines("风险（τ）低", 3.0), ["风险", "（τ）", "低"]);
    }

    #[test]
    fn a_word_that_is_too_wide_is_cut() {
        let digest = "0123456789abcdef".repeat(4);
        let cut = lines(&digest, 10.0);
        assert!(cut.len() > 2 && cut.concat() == digest, "{cut:?}");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_character_is_lost(
            text in "[ -~汉字，。（）“”·\n]{0,200}", most in 3.0..40.0_f32,
        ) {
            let lines = lines(&text, most);
            // A mark that sticks to its character may stand a little out.
            prop_assert!(lines.iter().all(|line| width(line) <= most + 0.01), "{lines:?}");
            let dense = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(dense(&lines.concat()), dense(&text));
        }
    }
}
