//! Names of unique constraints, so that SQLite tells the same name as PostgreSQL.
//!
//! PostgreSQL names the constraint that was broken; SQLite lists the columns
//! (`account.login`). The name is found by reading the migrations: a named
//! `UNIQUE` or `PRIMARY KEY` clause, a `CREATE UNIQUE INDEX`, or else the name
//! that PostgreSQL would have made.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::migrate::MIGRATIONS;

/// The name of the constraint over `columns`, given as SQLite lists them:
/// `account.login` or `grant.account_id, grant.role`.
pub(crate) fn unique_name(columns: &str, primary: bool) -> String {
    static NAMES: OnceLock<HashMap<String, String>> = OnceLock::new();
    let key: String = columns.split_whitespace().collect();
    let names = NAMES.get_or_init(|| {
        MIGRATIONS.iter().flat_map(|(_, text)| named(text)).collect::<HashMap<_, _>>()
    });
    names.get(&key).cloned().unwrap_or_else(|| postgres_name(&key, primary))
}

/// The name that PostgreSQL makes for a constraint without one.
fn postgres_name(key: &str, primary: bool) -> String {
    let table = key.split_once('.').map_or(key, |(table, _)| table);
    if primary {
        return format!("{table}_pkey");
    }
    let columns = key
        .split(',')
        .map(|column| column.split_once('.').map_or(column, |(_, name)| name))
        .collect::<Vec<_>>();
    format!("{table}_{}_key", columns.join("_"))
}

/// Named unique constraints of one migration: columns as SQLite lists them,
/// without spaces, and the name.
fn named(text: &str) -> Vec<(String, String)> {
    let words = words(text);
    let mut found = Vec::new();
    let mut table = String::new();
    let mut at = 0;
    while let Some(rest) = words.get(at..) {
        match rest {
            [] => break,
            [create, kind, name, ..] if is(create, "create") && is(kind, "table") => {
                table = name.to_lowercase();
            }
            [create, unique, index, name, on, target, open, columns @ ..]
                if is(create, "create")
                    && is(unique, "unique")
                    && is(index, "index")
                    && is(on, "on")
                    && open == "(" =>
            {
                found.push((key(&target.to_lowercase(), columns), name.to_lowercase()));
            }
            [constraint, name, unique, open, columns @ ..]
                if is(constraint, "constraint") && is(unique, "unique") && open == "(" =>
            {
                found.push((key(&table, columns), name.to_lowercase()));
            }
            [constraint, name, primary, _key, open, columns @ ..]
                if is(constraint, "constraint") && is(primary, "primary") && open == "(" =>
            {
                found.push((key(&table, columns), name.to_lowercase()));
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

fn key(table: &str, columns: &[String]) -> String {
    let names = columns
        .iter()
        .take_while(|word| *word != ")")
        .filter(|word| *word != ",")
        .map(|column| format!("{table}.{}", column.to_lowercase()));
    names.collect::<Vec<_>>().join(",")
}

/// Words and the marks `(`, `)`, `,`, `;` of an SQL text without its comments.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let line = line.split_once("--").map_or(line, |(code, _)| code);
        let mut word = String::new();
        for letter in line.chars().chain([' ']) {
            if letter.is_whitespace() || matches!(letter, '(' | ')' | ',' | ';') {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if !letter.is_whitespace() {
                    words.push(letter.to_string());
                }
            } else {
                word.push(letter);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_migration_text() {
        let text = "-- CONSTRAINT no UNIQUE (x)\nCREATE TABLE asset (\n  a TEXT, -- x\n \
                    CONSTRAINT origin_once UNIQUE (origin, origin_id)\n);\n\
                    CREATE UNIQUE INDEX one_open ON asset (a) WHERE a <> '';";
        assert_eq!(
            named(text),
            [
                ("asset.origin,asset.origin_id".to_owned(), "origin_once".to_owned()),
                ("asset.a".to_owned(), "one_open".to_owned()),
            ]
        );
    }

    #[test]
    fn a_constraint_without_a_name_gets_the_one_that_postgresql_makes() {
        assert_eq!(postgres_name("account.login", false), "account_login_key");
        assert_eq!(postgres_name("grant.account,grant.role", false), "grant_account_role_key");
        assert_eq!(postgres_name("account.account_id", true), "account_pkey");
    }
}
