//! From what people typed to what the index is asked.
//!
//! There is no syntax: quotation marks, colons and operators are separators. So no
//! text is wrong, and none is expensive by its form.

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, Occur, PhrasePrefixQuery,
    PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::analysis::{Unit, WORD_MARK, fold, parts, singular, units};
use crate::schema::Fields;

/// How much of a text counts.
const MOST_CHARS: usize = 200;
/// How many words of a text count.
const MOST_UNITS: usize = 24;
/// How many words of the index a beginning may stand for.
const MOST_EXPANSIONS: u32 = 500;
/// What a dictionary word adds to the same characters side by side.
const WORD_BOOST: f32 = 1.5;
/// What a whole phrase adds to its parts.
const PHRASE_BOOST: f32 = 2.0;
/// The score of a document whose title is the text.
const EXACT_TITLE: f32 = 100.0;
/// The score of a document whose id is the text.
const EXACT_ID: f32 = 1_000.0;
/// How much the weaker fields add to the strongest one.
const TIE_BREAKER: f32 = 0.2;

/// Words that a query can do without, if it has others.
const FUNCTION_WORDS: [&str; 22] = [
    "的", "和", "与", "及", "或", "等", "在", "了", "之", "是", "有", "the", "of", "and", "for",
    "in", "to", "a", "an", "by", "on", "or",
];

/// A text, ready to be asked.
#[derive(Debug)]
pub(crate) struct TextQuery {
    /// The text that counts.
    pub(crate) text: String,
    /// Its words.
    pub(crate) units: Vec<Unit>,
}

impl TextQuery {
    /// Reads a text; `None` if it is blank.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(MOST_CHARS).collect();
        if text.trim().is_empty() {
            return None;
        }
        let mut units = units(&text);
        units.truncate(MOST_UNITS);
        let is_content = |unit: &Unit| !FUNCTION_WORDS.contains(&unit.text.as_str());
        if units.iter().any(is_content) {
            units.retain(is_content);
        }
        Some(Self { text, units })
    }

    /// The query in which every word (`strict`), or any word, must match.
    pub(crate) fn build(&self, fields: &Fields, strict: bool) -> Box<dyn Query> {
        let occur = if strict { Occur::Must } else { Occur::Should };
        let words: Vec<(Occur, Box<dyn Query>)> =
            self.units.iter().map(|unit| (occur, in_any_field(unit, fields))).collect();
        let mut choices: Vec<(Occur, Box<dyn Query>)> = vec![
            (Occur::Should, exactly(fields.id, &self.text, EXACT_ID)),
            (Occur::Should, exactly(fields.title_exact, &fold(&self.text), EXACT_TITLE)),
        ];
        if !words.is_empty() {
            choices.push((Occur::Should, Box::new(BooleanQuery::new(words))));
        }
        Box::new(BooleanQuery::new(choices))
    }
}

/// The text fields with their weights.
pub(crate) fn weighted(fields: &Fields) -> [(Field, f32); 6] {
    [
        (fields.title_zh, 5.0),
        (fields.title_en, 5.0),
        (fields.keywords, 3.0),
        (fields.body, 2.0),
        (fields.items, 1.5),
        (fields.description, 1.0),
    ]
}

/// One word in the best of the fields.
fn in_any_field(unit: &Unit, fields: &Fields) -> Box<dyn Query> {
    let disjuncts = weighted(fields)
        .into_iter()
        .map(|(field, weight)| -> Box<dyn Query> {
            let query =
                if unit.ideographs { ideographs(field, &unit.text) } else { latin(field, unit) };
            Box::new(BoostQuery::new(query, weight))
        })
        .collect();
    Box::new(DisjunctionMaxQuery::with_tie_breaker(disjuncts, TIE_BREAKER))
}

/// A Chinese word: its characters side by side, more if the dictionary knows the word
/// there, and for a long one its parts anywhere in the field.
fn ideographs(field: Field, word: &str) -> Box<dyn Query> {
    let mut choices: Vec<(Occur, Box<dyn Query>)> =
        vec![(Occur::Should, side_by_side(field, word))];
    if word.chars().count() > 1 {
        let known = term(field, &format!("{WORD_MARK}{word}"));
        choices.push((Occur::Should, Box::new(BoostQuery::new(known, WORD_BOOST))));
    }
    let parts = parts(word);
    if parts.is_empty() {
        return Box::new(BooleanQuery::new(choices));
    }
    let all: Vec<(Occur, Box<dyn Query>)> =
        parts.iter().map(|part| (Occur::Must, side_by_side(field, part))).collect();
    let whole: Box<dyn Query> =
        Box::new(BoostQuery::new(Box::new(BooleanQuery::new(choices)), PHRASE_BOOST));
    Box::new(BooleanQuery::new(vec![
        (Occur::Should, whole),
        (Occur::Should, Box::new(BooleanQuery::new(all))),
    ]))
}

/// The characters of a word, one behind the other.
fn side_by_side(field: Field, word: &str) -> Box<dyn Query> {
    let chars: Vec<char> = word.chars().collect();
    let pairs: Vec<(usize, Term)> = chars
        .windows(2)
        .map(|pair| Term::from_field_text(field, &pair.iter().collect::<String>()))
        .enumerate()
        .collect();
    match pairs.as_slice() {
        [] => term(field, word),
        [(_, pair)] => Box::new(TermQuery::new(pair.clone(), IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(pairs)),
    }
}

/// A Latin word or a number; the last one of the text may go on.
fn latin(field: Field, unit: &Unit) -> Box<dyn Query> {
    let whole = term(field, &singular(&unit.text));
    if !unit.last || unit.text.chars().count() < 2 {
        return whole;
    }
    let mut longer = PhrasePrefixQuery::new(vec![Term::from_field_text(field, &unit.text)]);
    longer.set_max_expansions(MOST_EXPANSIONS);
    Box::new(BooleanQuery::new(vec![
        (Occur::Should, whole),
        (Occur::Should, Box::new(ConstScoreQuery::new(Box::new(longer), 0.5))),
    ]))
}

fn term(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

fn exactly(field: Field, text: &str, score: f32) -> Box<dyn Query> {
    let query = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic);
    Box::new(ConstScoreQuery::new(Box::new(query), score))
}
