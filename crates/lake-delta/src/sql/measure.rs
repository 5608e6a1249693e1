//! How large a statement may be, before a parser sees it.
//!
//! Whatever walks a tree of a statement goes as deep as the tree is. The tree is no deeper
//! than the statement has parts, so few enough parts are safe on any stack.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use lake::LakeError;

/// Longest statement in bytes.
const LONGEST: usize = 16 << 10;
/// Most words, numbers and signs.
const MOST_TOKENS: usize = 2_000;
/// Most brackets inside one another.
const DEEPEST: usize = 40;
/// Longest text in quotes, in bytes: it is repeated for each row of a batch.
const LONGEST_TEXT: usize = 1 << 10;

/// Refuses a statement that is too large, or more than one.
pub(super) fn check(text: &str) -> Result<(), LakeError> {
    if text.len() > LONGEST {
        return Err(LakeError::sql(
            format!("语句过长：{} 字节，最多 {LONGEST} 字节", text.len()),
            format!("the statement is too long: {} bytes, at most {LONGEST}", text.len()),
        ));
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text)
        .tokenize()
        .map_err(|error| LakeError::sql(error.to_string(), error.to_string()))?;
    let (mut count, mut depth, mut ended) = (0_usize, 0_usize, false);
    for token in &tokens {
        match token {
            Token::Whitespace(_) | Token::EOF => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        count += 1;
        if ended && *token != Token::SemiColon {
            return Err(LakeError::sql(
                "一次只能查询一条语句，分号之后不能再有内容",
                "one statement at a time; nothing may follow the semicolon",
            ));
        }
        ended |= *token == Token::SemiColon;
        if depth > DEEPEST {
            return Err(LakeError::sql(
                format!("括号嵌套过深，最多 {DEEPEST} 层"),
                format!("brackets are nested too deeply; at most {DEEPEST} levels"),
            ));
        }
        if count > MOST_TOKENS {
            return Err(LakeError::sql(
                format!("语句过于复杂，最多 {MOST_TOKENS} 个词和符号"),
                format!("the statement is too complex; at most {MOST_TOKENS} words and signs"),
            ));
        }
        if quoted(token).is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(LakeError::sql(
                format!("引号中的文字过长，最多 {LONGEST_TEXT} 字节"),
                format!("a text in quotes is too long; at most {LONGEST_TEXT} bytes"),
            ));
        }
    }
    if count == 0 {
        return Err(LakeError::sql(
            "没有语句。请写一条 SELECT",
            "there is no statement; write a SELECT",
        ));
    }
    Ok(())
}

/// The text of a token in quotes.
fn quoted(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text)
        | Token::DoubleQuotedString(text)
        | Token::NationalStringLiteral(text)
        | Token::EscapedStringLiteral(text)
        | Token::UnicodeStringLiteral(text)
        | Token::HexStringLiteral(text) => Some(text),
        Token::DollarQuotedString(text) => Some(&text.value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_is_too_large_never_reaches_the_parser() {
        check("select 1;").unwrap();
        check("select '(((((((((((((((((((((((((((((((((((((((((((((((((('").unwrap();
        let deep = format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000));
        let list = format!("select {}", "1,".repeat(2_000));
        let text = format!("select '{}'", "x".repeat(1_025));
        let long = format!("select 1 -- {}", "x".repeat(LONGEST));
        for (sql, words) in [
            (deep.as_str(), "nested too deeply"),
            (list.as_str(), "too complex"),
            (text.as_str(), "in quotes is too long"),
            (long.as_str(), "statement is too long"),
            ("select 1; select 2", "one statement"),
            ("  -- nothing", "no statement"),
            ("select 'open", "Unterminated"),
        ] {
            let error = check(sql).unwrap_err().text();
            assert!(error.en.contains(words), "{sql:.40}: {}", error.en);
        }
    }
}
