//! Rows of text whose fields are set apart by a delimiter (RFC 4180), each field
//! exactly as it stands: `01` stays `01`, `?` stays `?`, and an empty field is the
//! empty text.
//!
//! For quasi-identifiers that must meet the leaves of a hierarchy file letter by
//! letter. Files of unknown form and encoding are the business of the crate
//! `ingest`; nothing here reads a file.

use std::borrow::Cow;

/// A quoted field that does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: the quote that opens a field here is never closed; close it or double it")]
pub struct OpenQuote {
    /// Counted from 1.
    pub line: usize,
}

/// Walks through the rows of a text.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    text: &'a str,
    delimiter: char,
    line: usize,
    next_line: usize,
}

impl<'a> Rows<'a> {
    /// Starts before the first row; a byte order mark is passed over.
    pub fn new(text: &'a str, delimiter: char) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text, delimiter, line: 0, next_line: 1 }
    }

    /// Starts inside a text that is read piece by piece.
    ///
    /// - `line`: the line of `text`'s first character, counted from 1.
    pub fn at(text: &'a str, delimiter: char, line: usize) -> Self {
        Self { text, delimiter, line: 0, next_line: line }
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a str {
        self.text
    }

    /// The line in which the rest begins, counted from 1.
    pub fn next_line(&self) -> usize {
        self.next_line
    }

    /// The line in which the last row begins, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Reads the next row into `fields`; `false` at the end. Empty lines are passed
    /// over.
    ///
    /// # Errors
    ///
    /// [`OpenQuote`] if a quoted field never ends.
    ///
    /// ```
    /// # use deident::delimited::Rows;
    /// let mut rows = Rows::new("a,\"b,\"\"c\"\"\"\n01,?\n", ',');
    /// let mut fields = Vec::new();
    /// assert!(rows.read(&mut fields)?);
    /// assert_eq!(fields, ["a", "b,\"c\""]);
    /// assert!(rows.read(&mut fields)?);
    /// assert_eq!(fields, ["01", "?"]);
    /// assert!(!rows.read(&mut fields)?);
    /// # Ok::<(), deident::delimited::OpenQuote>(())
    /// ```
    pub fn read(&mut self, fields: &mut Vec<Cow<'a, str>>) -> Result<bool, OpenQuote> {
        fields.clear();
        loop {
            if self.text.is_empty() {
                return Ok(false);
            }
            let Some(rest) = self.text.strip_prefix('\n').or(self.text.strip_prefix("\r\n")) else {
                break;
            };
            self.text = rest;
            self.next_line += 1;
        }
        self.line = self.next_line;
        loop {
            let field = match self.text.strip_prefix('"') {
                Some(rest) => self.quoted(rest)?,
                None => Cow::Borrowed(""),
            };
            let (plain, end) = self.plain();
            let field = if field.is_empty() {
                Cow::Borrowed(plain)
            } else if plain.is_empty() {
                field
            } else {
                Cow::Owned(field.into_owned() + plain)
            };
            fields.push(field);
            if end {
                return Ok(true);
            }
        }
    }

    /// A quoted field, its opening quote taken; what follows its closing quote is
    /// left.
    fn quoted(&mut self, rest: &'a str) -> Result<Cow<'a, str>, OpenQuote> {
        let mut from = 0;
        loop {
            let found = rest.get(from..).and_then(|rest| rest.find('"'));
            let end = from + found.ok_or(OpenQuote { line: self.next_line })?;
            let after = rest.get(end + 1..).unwrap_or_default();
            if after.starts_with('"') {
                from = end + 2;
                continue;
            }
            let inside = rest.get(..end).unwrap_or_default();
            self.next_line += inside.bytes().filter(|byte| *byte == b'\n').count();
            self.text = after;
            return Ok(if inside.contains('"') {
                Cow::Owned(inside.replace("\"\"", "\""))
            } else {
                Cow::Borrowed(inside)
            });
        }
    }

    /// Text up to the next delimiter or the end of the row, and whether the row ends.
    fn plain(&mut self) -> (&'a str, bool) {
        let text = self.text;
        let stop = |c: char| c == self.delimiter || c == '\n';
        let Some(end) = text.find(stop) else {
            self.text = "";
            return (text.strip_suffix('\r').unwrap_or(text), true);
        };
        let (field, rest) = text.split_at(end);
        if let Some(rest) = rest.strip_prefix('\n') {
            self.text = rest;
            self.next_line += 1;
            return (field.strip_suffix('\r').unwrap_or(field), true);
        }
        self.text = rest.strip_prefix(self.delimiter).unwrap_or(rest);
        (field, false)
    }
}

/// Adds one row to a text; fields are quoted where they must be.
pub fn write_row<'a>(
    text: &mut String,
    delimiter: char,
    fields: impl IntoIterator<Item = &'a str>,
) {
    for (number, field) in fields.into_iter().enumerate() {
        if number > 0 {
            text.push(delimiter);
        }
        if field.contains([delimiter, '"', '\n', '\r']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Vec<String>>, OpenQuote> {
        let mut rows = Rows::new(text, ';');
        let mut fields = Vec::new();
        let mut found = Vec::new();
        while rows.read(&mut fields)? {
            found.push(fields.iter().map(|field| field.clone().into_owned()).collect());
        }
        Ok(found)
    }

    #[test]
    fn fields_are_taken_as_they_stand() {
        let text = "\u{feff}a;b\r\n\n01; ?\n\"x\ny\";\"\"\n;";
        let rows = all(text).unwrap();
        assert_eq!(rows, [vec!["a", "b"], vec!["01", " ?"], vec!["x\ny", ""], vec!["", ""]]);
    }

    #[test]
    fn an_open_quote_names_its_line() {
        assert_eq!(all("a\n\"b\nc"), Err(OpenQuote { line: 2 }));
    }

    #[test]
    fn what_is_written_reads_back() {
        let fields = ["a;b", "say \"x\"", "", "two\nlines"];
        let mut text = String::new();
        write_row(&mut text, ';', fields);
        assert_eq!(all(&text).unwrap(), [fields]);
    }
}
