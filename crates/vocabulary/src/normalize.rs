//! Cleaning of typed or scanned identifiers before they are parsed.

/// Trims, turns full-width forms (U+FF01–U+FF5E, U+3000) into half-width ones and
/// lower case into upper case. It corrects how a code was typed, never what it says.
pub(crate) fn half_width_upper(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{FF01}'..='\u{FF5E}' => {
                char::from_u32(u32::from(c).saturating_sub(0xFEE0)).unwrap_or(c)
            }
            _ => c,
        })
        .map(|c| c.to_ascii_uppercase())
        .collect::<String>()
        .trim()
        .to_owned()
}
