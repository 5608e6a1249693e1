//! Words, marks and values of a filter, an order or a selection.

use crate::filter::{DEEPEST, FilterError, LONGEST};

/// One piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word: a keyword or a column.
    Word(String),
    /// A column in double quotes.
    Quoted(String),
    /// Text in single quotes.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `= != < <= > >=`; `<>` is read as `!=`.
    Operator(&'static str),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// A piece and the character at which it begins, counted from 1.
pub(crate) type Placed = (Token, usize);

/// Words that cannot be bare columns.
const RESERVED: [&str; 13] = [
    "and", "or", "not", "in", "is", "null", "like", "between", "contains", "true", "false", "asc",
    "desc",
];

/// Cuts the text into pieces.
pub(crate) fn split(text: &str) -> Result<Vec<Placed>, FilterError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > LONGEST {
        return Err(FilterError::at(
            LONGEST + 1,
            format!("条件过长，最多 {LONGEST} 个字符"),
            format!("too long: at most {LONGEST} characters"),
        ));
    }
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let start = at;
        let position = start + 1;
        let next = characters.get(at + 1).copied();
        let token = match first {
            space if space.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '=' => Token::Operator("="),
            '<' if next == Some('=') => Token::Operator("<="),
            '<' if next == Some('>') => Token::Operator("!="),
            '<' => Token::Operator("<"),
            '>' if next == Some('=') => Token::Operator(">="),
            '>' => Token::Operator(">"),
            '!' if next == Some('=') => Token::Operator("!="),
            '\'' => {
                let (inner, end) = quoted(&characters, at, '\'')?;
                at = end;
                pieces.push((Token::Text(inner), position));
                continue;
            }
            '"' => {
                let (inner, end) = quoted(&characters, at, '"')?;
                at = end;
                if inner.is_empty() {
                    return Err(FilterError::at(position, "字段名为空", "an empty column name"));
                }
                pieces.push((Token::Quoted(inner), position));
                continue;
            }
            digit if digit.is_ascii_digit() || digit == '-' || digit == '+' || digit == '.' => {
                let (number, end) = number(&characters, at)?;
                at = end;
                pieces.push((Token::Number(number), position));
                continue;
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                while characters.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                    at += 1;
                }
                let word = characters.get(start..at).unwrap_or_default().iter().collect();
                pieces.push((Token::Word(word), position));
                continue;
            }
            other => {
                return Err(FilterError::at(
                    position,
                    format!("不认识的字符“{other}”；含此字符的字段名须加双引号"),
                    format!("unknown character `{other}`; a column with it needs double quotes"),
                ));
            }
        };
        at += match token {
            Token::Operator("<=" | ">=" | "!=") => 2,
            _ => 1,
        };
        pieces.push((token, position));
    }
    Ok(pieces)
}

/// The inside of quotes that open at `open`, and the place behind them.
fn quoted(characters: &[char], open: usize, mark: char) -> Result<(String, usize), FilterError> {
    let mut inner = String::new();
    let mut at = open + 1;
    loop {
        match characters.get(at) {
            None => {
                return Err(FilterError::at(
                    open + 1,
                    format!("引号 {mark} 没有结束"),
                    format!("the quote {mark} is not closed"),
                ));
            }
            Some(&c) if c == mark => {
                if characters.get(at + 1) != Some(&mark) {
                    return Ok((inner, at + 1));
                }
                inner.push(mark);
                at += 2;
            }
            Some(&c) => {
                inner.push(c);
                at += 1;
            }
        }
    }
}

/// A number that begins at `start`, and the place behind it.
fn number(characters: &[char], start: usize) -> Result<(String, usize), FilterError> {
    let mut end = start;
    while let Some(&c) = characters.get(end) {
        let after_exponent = end > start && matches!(characters.get(end - 1), Some('e' | 'E'));
        let part = c.is_ascii_digit()
            || matches!(c, '.' | 'e' | 'E')
            || (matches!(c, '+' | '-') && (end == start || after_exponent));
        if !part {
            break;
        }
        end += 1;
    }
    let text: String = characters.get(start..end).unwrap_or_default().iter().collect();
    let text = text.strip_prefix('+').map(str::to_owned).unwrap_or(text);
    let word_follows = characters.get(end).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let finite = text.parse::<f64>().is_ok_and(f64::is_finite);
    if word_follows || !finite {
        return Err(FilterError::at(
            start + 1,
            "数值有误；以数字开头的字段名须加双引号，文本须加单引号",
            "not a number; a column that begins with a digit needs double quotes, text single ones",
        ));
    }
    Ok((text, end))
}

/// Reads pieces from first to last.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pieces: &'a [Placed],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(pieces: &'a [Placed]) -> Self {
        Self { pieces, at: 0, depth: 0 }
    }

    /// The next piece.
    pub(crate) fn peek(&self) -> Option<&'a Token> {
        self.pieces.get(self.at).map(|(token, _)| token)
    }

    /// The character of the next piece, or the one behind the last.
    pub(crate) fn position(&self) -> usize {
        match (self.pieces.get(self.at), self.pieces.last()) {
            (Some((_, position)), _) => *position,
            (None, Some((token, position))) => position + length(token),
            (None, None) => 1,
        }
    }

    /// Moves on and gives the piece.
    pub(crate) fn advance(&mut self) -> Option<&'a Placed> {
        let piece = self.pieces.get(self.at);
        self.at += 1;
        piece
    }

    /// Takes the next piece if it is this one.
    pub(crate) fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes the next piece if it is this keyword, in any case.
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        let found = self.sees(word);
        if found {
            self.at += 1;
        }
        found
    }

    /// Whether the next piece is this keyword.
    pub(crate) fn sees(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    /// Takes a column.
    pub(crate) fn column(&mut self) -> Result<String, FilterError> {
        let position = self.position();
        match self.peek() {
            Some(Token::Quoted(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            Some(Token::Word(name)) => {
                if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                    return Err(FilterError::at(
                        position,
                        format!("此处应为字段名；名为“{name}”的字段须加双引号"),
                        format!("a column is needed; one named `{name}` needs double quotes"),
                    ));
                }
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(FilterError::at(position, "此处应为字段名", "a column is needed here")),
        }
    }

    /// Goes one level deeper.
    pub(crate) fn deeper(&mut self) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::at(
                self.position(),
                format!("嵌套过深，最多 {DEEPEST} 层"),
                format!("too deep: at most {DEEPEST} levels"),
            ));
        }
        Ok(())
    }

    /// Comes back from [`Reader::deeper`].
    pub(crate) fn shallower(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Nothing may be left.
    pub(crate) fn end(&self) -> Result<(), FilterError> {
        if self.peek().is_some() {
            return Err(FilterError::at(
                self.position(),
                "多余的内容；条件之间用 and 或 or 连接",
                "unexpected; conditions are joined by `and` or `or`",
            ));
        }
        Ok(())
    }
}

/// Characters of a piece as written, near enough to point behind it.
fn length(token: &Token) -> usize {
    match token {
        Token::Word(text) | Token::Number(text) => text.chars().count(),
        Token::Quoted(text) | Token::Text(text) => text.chars().count() + 2,
        Token::Operator(text) => text.len(),
        Token::Open | Token::Close | Token::Comma => 1,
    }
}
