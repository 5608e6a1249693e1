//! A filter against the types of a table.
//!
//! [`Condition`] is what both engines evaluate: columns are numbers, values have
//! the type of their column, and nothing can fail any more.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Schema};
use vocabulary::Bilingual;

use crate::error::LakeError;
use crate::filter::literal::{self, Bound};
use crate::filter::{Filter, FilterError, Literal, Node, Test};
use crate::schema::ROW_COLUMN;

/// A checked filter over column numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them; true if there are none.
    All(Vec<Condition>),
    /// Any of them; false if there are none.
    Any(Vec<Condition>),
    /// The contrary.
    Not(Box<Condition>),
    /// The column compared with a value of its type.
    Compare {
        /// The number of the column.
        column: usize,
        /// How.
        op: Comparison,
        /// With what.
        value: Value,
    },
    /// One answer for every value, and unknown for null: `年龄 = 3.5` over whole
    /// numbers.
    Fixed {
        /// The number of the column.
        column: usize,
        /// The answer.
        truth: bool,
    },
    /// The column is one of the values.
    In {
        /// The number of the column.
        column: usize,
        /// Values of its type.
        values: Vec<Value>,
    },
    /// The column is null.
    Null {
        /// The number of the column.
        column: usize,
    },
    /// The text column matches a pattern with `%`, `_` and `\`.
    Like {
        /// The number of the column.
        column: usize,
        /// The pattern.
        pattern: String,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    pub(crate) fn from_sign(sign: &str) -> Self {
        match sign {
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => Self::Equal,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

/// One value, never null, of the type of its column.
#[derive(Clone, Debug)]
pub struct Value(ArrayRef);

impl Value {
    /// Holds the only element of `array`.
    pub(crate) fn new(array: ArrayRef) -> Self {
        debug_assert_eq!(array.len() - array.null_count(), 1);
        Self(array)
    }

    /// An array with this one element.
    pub fn array(&self) -> &ArrayRef {
        &self.0
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_data() == other.0.to_data()
    }
}

impl Filter {
    /// Checks the filter against the full schema of a table (row number first).
    ///
    /// # Errors
    ///
    /// [`LakeError::NoColumn`], or [`LakeError::Filter`] naming the column and its type.
    pub fn check(&self, full: &Schema) -> Result<Condition, LakeError> {
        node(&self.0, full)
    }
}

fn node(given: &Node, full: &Schema) -> Result<Condition, LakeError> {
    Ok(match given {
        Node::And(nodes) => {
            Condition::All(nodes.iter().map(|inner| node(inner, full)).collect::<Result<_, _>>()?)
        }
        Node::Or(nodes) => {
            Condition::Any(nodes.iter().map(|inner| node(inner, full)).collect::<Result<_, _>>()?)
        }
        Node::Not(inner) => Condition::Not(Box::new(node(inner, full)?)),
        Node::Test { column, position, test } => {
            let Ok(number) = full.index_of(column) else {
                return Err(LakeError::NoColumn {
                    column: column.clone(),
                    known: full
                        .fields()
                        .iter()
                        .map(|field| field.name().clone())
                        .filter(|name| name != ROW_COLUMN)
                        .collect(),
                });
            };
            let field = Tested { name: column, number, kind: full.field(number).data_type() };
            field.condition(test, *position)?
        }
    })
}

/// A column under test.
struct Tested<'a> {
    name: &'a str,
    number: usize,
    kind: &'a DataType,
}

impl Tested<'_> {
    fn condition(&self, test: &Test, position: usize) -> Result<Condition, FilterError> {
        let column = self.number;
        Ok(match test {
            Test::Null => Condition::Null { column },
            Test::Compare(op, literal) => self.compare(*op, literal)?,
            Test::Between(low, high) => Condition::All(vec![
                self.compare(Comparison::GreaterOrEqual, low)?,
                self.compare(Comparison::LessOrEqual, high)?,
            ]),
            Test::In(literals) => {
                let mut values = Vec::new();
                for literal in literals {
                    if let Bound::Exact(array) = self.bound(literal)? {
                        values.push(Value::new(array));
                    }
                }
                if values.is_empty() {
                    Condition::Fixed { column, truth: false }
                } else {
                    Condition::In { column, values }
                }
            }
            Test::Like(pattern) => {
                self.needs_text("like", position)?;
                Condition::Like { column, pattern: pattern.clone() }
            }
            Test::Contains(text) => {
                self.needs_text("contains", position)?;
                let mut pattern = String::from("%");
                for character in text.chars() {
                    if matches!(character, '%' | '_' | '\\') {
                        pattern.push('\\');
                    }
                    pattern.push(character);
                }
                pattern.push('%');
                Condition::Like { column, pattern }
            }
        })
    }

    fn compare(&self, op: Comparison, literal: &Literal) -> Result<Condition, FilterError> {
        let column = self.number;
        let fixed = |truth| Condition::Fixed { column, truth };
        let compare = |op, array| Condition::Compare { column, op, value: Value::new(array) };
        Ok(match (self.bound(literal)?, op) {
            (Bound::Exact(array), op) => compare(op, array),
            // Between two neighbors: equal to none, larger than all below.
            (Bound::Between { .. } | Bound::Below | Bound::Above, Comparison::Equal) => {
                fixed(false)
            }
            (Bound::Between { .. } | Bound::Below | Bound::Above, Comparison::NotEqual) => {
                fixed(true)
            }
            (Bound::Between { below }, Comparison::Less | Comparison::LessOrEqual) => {
                compare(Comparison::LessOrEqual, below)
            }
            (Bound::Between { below }, Comparison::Greater | Comparison::GreaterOrEqual) => {
                compare(Comparison::Greater, below)
            }
            (Bound::Below, Comparison::Less | Comparison::LessOrEqual)
            | (Bound::Above, Comparison::Greater | Comparison::GreaterOrEqual) => fixed(false),
            (Bound::Below, Comparison::Greater | Comparison::GreaterOrEqual)
            | (Bound::Above, Comparison::Less | Comparison::LessOrEqual) => fixed(true),
        })
    }

    fn bound(&self, literal: &Literal) -> Result<Bound, FilterError> {
        literal::bound(&literal.value, self.kind).map_err(|wanted| {
            let kind = kind_label(self.kind);
            FilterError::at(
                literal.position,
                format!("字段“{}”的类型是{}，{}", self.name, kind.zh, wanted.zh),
                format!("column `{}` holds {}: {}", self.name, kind.en, wanted.en),
            )
        })
    }

    fn needs_text(&self, word: &str, position: usize) -> Result<(), FilterError> {
        if *self.kind == DataType::Utf8 {
            return Ok(());
        }
        let kind = kind_label(self.kind);
        Err(FilterError::at(
            position,
            format!("{word} 只用于文本，字段“{}”的类型是{}", self.name, kind.zh),
            format!("`{word}` is for text, and column `{}` holds {}", self.name, kind.en),
        ))
    }
}

/// The name of a type for people.
pub fn kind_label(kind: &DataType) -> Bilingual {
    match kind {
        DataType::Utf8 => Bilingual::new("文本", "text"),
        DataType::Boolean => Bilingual::new("是非值", "true or false"),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Bilingual::new("整数", "whole numbers")
        }
        DataType::Float32 | DataType::Float64 => Bilingual::new("浮点数", "floating numbers"),
        DataType::Decimal128(..) => Bilingual::new("定点小数", "decimal numbers"),
        DataType::Date32 => Bilingual::new("日期", "dates"),
        DataType::Timestamp(..) => Bilingual::new("日期时间", "date-times"),
        DataType::Binary => Bilingual::new("二进制", "bytes"),
        other => {
            let name: Arc<str> = other.to_string().into();
            Bilingual::new(name.as_ref(), name.as_ref())
        }
    }
}
