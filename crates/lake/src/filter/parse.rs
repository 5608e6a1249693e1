//! The grammar.
//!
//! ```text
//! filter = all { "or" all }
//! all    = one { "and" one }
//! one    = "not" one | "(" filter ")" | column test
//! test   = op value | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "null"
//!        | ["not"] "like" text | ["not"] "between" value "and" value
//!        | ["not"] "contains" text
//! ```

use crate::filter::check::Comparison;
use crate::filter::token::{self, Reader, Token};
use crate::filter::{FilterError, LONGEST_LIST, Literal, Node, Test, Written};

pub(super) fn filter(text: &str) -> Result<Node, FilterError> {
    let pieces = token::split(text)?;
    let mut reader = Reader::new(&pieces);
    let node = any(&mut reader)?;
    reader.end()?;
    Ok(node)
}

fn any(reader: &mut Reader<'_>) -> Result<Node, FilterError> {
    let first = all(reader)?;
    if !reader.sees("or") {
        return Ok(first);
    }
    let mut nodes = Vec::new();
    flat(first, &mut nodes, |node| match node {
        Node::Or(inner) => Ok(inner),
        node => Err(node),
    });
    while reader.keyword("or") {
        let next = all(reader)?;
        flat(next, &mut nodes, |node| match node {
            Node::Or(inner) => Ok(inner),
            node => Err(node),
        });
    }
    Ok(Node::Or(nodes))
}

fn all(reader: &mut Reader<'_>) -> Result<Node, FilterError> {
    let first = one(reader)?;
    if !reader.sees("and") {
        return Ok(first);
    }
    let mut nodes = Vec::new();
    flat(first, &mut nodes, |node| match node {
        Node::And(inner) => Ok(inner),
        node => Err(node),
    });
    while reader.keyword("and") {
        let next = one(reader)?;
        flat(next, &mut nodes, |node| match node {
            Node::And(inner) => Ok(inner),
            node => Err(node),
        });
    }
    Ok(Node::And(nodes))
}

/// Needless parentheses disappear, so that equal filters have equal texts.
fn flat(node: Node, nodes: &mut Vec<Node>, open: impl Fn(Node) -> Result<Vec<Node>, Node>) {
    match open(node) {
        Ok(inner) => nodes.extend(inner),
        Err(node) => nodes.push(node),
    }
}

fn one(reader: &mut Reader<'_>) -> Result<Node, FilterError> {
    if reader.keyword("not") {
        reader.deeper()?;
        let node = one(reader)?;
        reader.shallower();
        return Ok(Node::Not(Box::new(node)));
    }
    if reader.take(&Token::Open) {
        reader.deeper()?;
        let node = any(reader)?;
        reader.shallower();
        if !reader.take(&Token::Close) {
            return Err(FilterError::at(
                reader.position(),
                "缺少右括号“)”",
                "a closing parenthesis is missing",
            ));
        }
        return Ok(node);
    }
    let position = reader.position();
    let column = reader.column()?;
    test(reader, column, position)
}

fn test(reader: &mut Reader<'_>, column: String, position: usize) -> Result<Node, FilterError> {
    if let Some(Token::Operator(sign)) = reader.peek() {
        let op = Comparison::from_sign(sign);
        reader.advance();
        let literal = value(reader)?;
        return Ok(Node::Test { column, position, test: Test::Compare(op, literal) });
    }
    if reader.keyword("is") {
        let negated = reader.keyword("not");
        if !reader.keyword("null") {
            return Err(FilterError::at(
                reader.position(),
                "is 之后应为 null 或 not null",
                "`is` is followed by `null` or `not null`",
            ));
        }
        return Ok(maybe_not(negated, Node::Test { column, position, test: Test::Null }));
    }
    let negated = reader.keyword("not");
    let test = if reader.keyword("in") {
        Test::In(list(reader)?)
    } else if reader.keyword("like") {
        Test::Like(text(reader, "like")?)
    } else if reader.keyword("contains") {
        Test::Contains(text(reader, "contains")?)
    } else if reader.keyword("between") {
        let low = value(reader)?;
        if !reader.keyword("and") {
            return Err(FilterError::at(
                reader.position(),
                "between 之后应为：值 and 值",
                "`between` is followed by a value, `and`, and a value",
            ));
        }
        Test::Between(low, value(reader)?)
    } else {
        return Err(FilterError::at(
            reader.position(),
            format!("字段“{column}”之后应为比较：= != < <= > >= in like between contains is"),
            format!(
                "a comparison is needed behind `{column}`: = != < <= > >= in like between contains is"
            ),
        ));
    };
    Ok(maybe_not(negated, Node::Test { column, position, test }))
}

fn maybe_not(negated: bool, node: Node) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

fn list(reader: &mut Reader<'_>) -> Result<Vec<Literal>, FilterError> {
    if !reader.take(&Token::Open) {
        return Err(FilterError::at(
            reader.position(),
            "in 之后应为括号中的值",
            "`in` is followed by values in parentheses",
        ));
    }
    let mut values = vec![value(reader)?];
    while reader.take(&Token::Comma) {
        values.push(value(reader)?);
        if values.len() > LONGEST_LIST {
            return Err(FilterError::at(
                reader.position(),
                format!("列表过长，最多 {LONGEST_LIST} 个值"),
                format!("the list is too long: at most {LONGEST_LIST} values"),
            ));
        }
    }
    if !reader.take(&Token::Close) {
        return Err(FilterError::at(
            reader.position(),
            "缺少右括号“)”",
            "a closing parenthesis is missing",
        ));
    }
    Ok(values)
}

fn value(reader: &mut Reader<'_>) -> Result<Literal, FilterError> {
    let position = reader.position();
    let value = match reader.peek() {
        Some(Token::Text(text)) => Written::Text(text.clone()),
        Some(Token::Number(text)) => Written::Number(text.clone()),
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Written::Truth(true),
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Written::Truth(false),
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => {
            return Err(FilterError::at(
                position,
                "缺失值须用 is null 或 is not null 判断",
                "missing values are found with `is null` or `is not null`",
            ));
        }
        Some(Token::Word(_) | Token::Quoted(_)) => {
            return Err(FilterError::at(
                position,
                "此处应为值；文本须加单引号，字段之间不能比较",
                "a value is needed; text needs single quotes, and columns cannot be compared",
            ));
        }
        _ => return Err(FilterError::at(position, "此处应为值", "a value is needed here")),
    };
    reader.advance();
    Ok(Literal { value, position })
}

fn text(reader: &mut Reader<'_>, word: &str) -> Result<String, FilterError> {
    match reader.peek() {
        Some(Token::Text(text)) => {
            reader.advance();
            Ok(text.clone())
        }
        _ => Err(FilterError::at(
            reader.position(),
            format!("{word} 之后应为单引号中的文本"),
            format!("`{word}` is followed by text in single quotes"),
        )),
    }
}
