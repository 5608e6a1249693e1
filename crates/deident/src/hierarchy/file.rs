//! Hierarchy files: one line a value, leaf first, columns apart by `;`.
//!
//! ```text
//! 34;30-34;30-39;*
//! 37;35-39;30-39;*
//! ```
//!
//! The name of such a file is `<name>_hierarchy_<column>.csv` by custom. A field
//! may stand in double quotes; a double quote inside is doubled.

use super::HierarchyError;

/// Reads the text of a hierarchy file into the table of [`super::Spec::Table`].
///
/// Blank lines and a byte order mark are passed over.
///
/// # Errors
///
/// [`HierarchyError::Syntax`] for an unclosed quote, [`HierarchyError::Empty`] if
/// there is no line. Depth and parents are checked by [`super::Spec::build`].
pub fn read_table(text: &str) -> Result<Vec<Vec<String>>, HierarchyError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut table = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        table.push(fields(line, number + 1)?);
    }
    if table.is_empty() {
        return Err(HierarchyError::Empty);
    }
    Ok(table)
}

fn fields(line: &str, number: usize) -> Result<Vec<String>, HierarchyError> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' if quoted => quoted = false,
            '"' if field.is_empty() => quoted = true,
            ';' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    if quoted {
        return Err(HierarchyError::Syntax { line: number, reason: "a quote is not closed" });
    }
    fields.push(field);
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_blank_lines_are_understood() {
        let table = read_table("\u{feff}a;\"b;c\";*\r\n\n\"say \"\"x\"\"\";d;*\n").unwrap();
        assert_eq!(table, [["a", "b;c", "*"], ["say \"x\"", "d", "*"]]);
    }

    #[test]
    fn an_open_quote_names_its_line() {
        let error = read_table("a;*\n\"b;*").unwrap_err();
        assert_eq!(error.to_string(), "line 2 of the hierarchy: a quote is not closed");
    }
}
