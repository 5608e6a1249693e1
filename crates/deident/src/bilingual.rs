//! The errors of this crate in Chinese beside English, for the places where a person meets
//! them.
//!
//! The English text is the error with its causes, as a log has it. The Chinese one says the
//! same; where a rule of a single parameter is not said again, it points to the handbook.
//!
//! Invariants (each is also the name of a test):
//! - `every_error_is_said_in_both_languages`

use std::error::Error;

use vocabulary::{Bilingual, error_chain};

use crate::apply::ApplyError;
use crate::attack::AttackError;
use crate::criterion::ModelError;
use crate::delimited::OpenQuote;
use crate::hierarchy::HierarchyError;
use crate::keys::KeyError;
use crate::risk::RiskError;
use crate::risk::diversity::DiversityError;
use crate::search::SearchError;
use crate::spill::SpillError;
use crate::transform::TransformError;
use crate::tuples::TupleError;

/// What an error of this crate says, in both languages; also where it is the cause of
/// another error. `None` if there is none of this crate.
///
/// ```
/// # use deident::{SearchError, explain};
/// let said = explain(&SearchError::ZeroK).unwrap();
/// assert_eq!((said.zh.as_str(), said.en.as_str()), ("k 至少为 1", "k must be at least 1"));
/// ```
pub fn explain(error: &(dyn Error + 'static)) -> Option<Bilingual> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(zh) = chinese(error) {
            return Some(Bilingual::new(zh, error_chain(error)));
        }
        next = error.source();
    }
    None
}

fn chinese(error: &(dyn Error + 'static)) -> Option<String> {
    let all: [&dyn Fn() -> Option<String>; 12] = [
        &|| error.downcast_ref().map(search),
        &|| error.downcast_ref().map(apply),
        &|| error.downcast_ref().map(transform),
        &|| error.downcast_ref().map(hierarchy),
        &|| error.downcast_ref().map(tuples),
        &|| error.downcast_ref().map(|error: &SpillError| error.text().zh),
        &|| error.downcast_ref().map(model),
        &|| error.downcast_ref().map(key),
        &|| error.downcast_ref().map(risk),
        &|| error.downcast_ref().map(diversity),
        &|| error.downcast_ref().map(attack),
        &|| error.downcast_ref().map(open_quote),
    ];
    all.into_iter().find_map(|one| one())
}

fn open_quote(OpenQuote { line }: &OpenQuote) -> String {
    format!("第 {line} 行：此处开始的字段的引号没有闭合；请补上引号，或写成两个引号")
}

fn search(error: &SearchError) -> String {
    match error {
        SearchError::NoRows => "表中没有行".to_owned(),
        SearchError::NoColumns => "没有给出准标识符；请至少给出一个".to_owned(),
        SearchError::NamedTwice { name } => format!("准标识符“{name}”写了两次"),
        SearchError::ZeroK => "k 至少为 1".to_owned(),
        SearchError::KAboveRows { k, rows } => {
            format!("k = {k} 大于表的 {rows} 行，没有可以发布的内容")
        }
        SearchError::Limit { limit } => format!("抑制上限 {limit} 不在 0 与 1 之间"),
        SearchError::Pinned { column, level } => {
            format!("列“{column}”没有可以固定的层级 {level}")
        }
        SearchError::Hierarchy { column, source } => of_column(column, &hierarchy(source)),
        SearchError::Tuples(source) => tuples(source),
        SearchError::Spill(source) => source.text().zh,
        SearchError::Model(source) => model(source),
        SearchError::TooWide { words } => {
            format!("这些列的取值需要 {words} 个 64 位字的键，最多为 32 个；请减少准标识符")
        }
        SearchError::NoSolution => "没有任何泛化满足所要求的模型，最粗的也不满足".to_owned(),
        SearchError::Cancelled => "搜索在得出结果之前被中止".to_owned(),
    }
}

fn of_column(column: &str, what: &str) -> String {
    format!("列“{column}”：{what}")
}

fn hierarchy(error: &HierarchyError) -> String {
    match error {
        HierarchyError::Empty => "泛化层次没有任何取值".to_owned(),
        HierarchyError::Depth { line, found, expected } => {
            format!("泛化层次第 {line} 行有 {found} 级，而第一行有 {expected} 级")
        }
        HierarchyError::TwoParents { value, level, first, second } => format!(
            "第 {level} 级的“{value}”有两个上级“{first}”和“{second}”；一个取值只能有一个上级"
        ),
        HierarchyError::MissingLeaf { value } => {
            format!("泛化层次中没有取值“{value}”；请补上一行")
        }
        HierarchyError::OtherForm { value, leaf } => {
            format!("取值“{value}”与泛化层次中的“{leaf}”看似相同，字符编码形式却不同；请统一为 NFC")
        }
        HierarchyError::Circle { line, form } => {
            format!("泛化层次第 {line} 行绕回了“{form}”；一个取值不能在自己之上")
        }
        HierarchyError::Width { width, .. } => {
            format!("区间宽度 {width} 不可用；宽度须大于 0，且每级为前一级的整数倍")
        }
        HierarchyError::Prefix { length } => {
            format!("各级保留的字符数须逐级减少，{length} 没有减少")
        }
        HierarchyError::Syntax { line, .. } => {
            format!("泛化层次第 {line} 行不是以分号分隔的取值（引号没有闭合）")
        }
    }
}

fn tuples(error: &TupleError) -> String {
    match error {
        TupleError::NoColumn { name, available } => {
            format!("数据中没有列“{name}”，现有：{available}")
        }
        TupleError::TooManyValues { name } => format!("列“{name}”的不同取值太多，无法计数"),
        TupleError::NoPopulation => "所要求的模型需要总体，而没有给出总体".to_owned(),
        TupleError::Spill(source) => source.text().zh,
    }
}

fn model(ModelError::Range { value, .. }: &ModelError) -> String {
    format!("隐私模型的数值 {value} 超出范围；各模型的范围见 docs/deident.md")
}

fn key(error: &KeyError) -> String {
    match error {
        KeyError::Unknown { name } => format!("方案需要密钥“{name}”，而没有给出该密钥"),
        KeyError::Short { name, bytes } => {
            format!("密钥“{name}”只有 {bytes} 字节；请使用至少 16 个随机字节")
        }
        KeyError::Twice { name } => format!("密钥“{name}”给出了两次"),
    }
}

fn transform(error: &TransformError) -> String {
    match error {
        TransformError::Parameter { name, found, .. } => {
            format!("`{name} = {found}` 不可用；允许的取值见 docs/deident.md 的变换表")
        }
        TransformError::Type { transform, found, .. } => {
            format!("`{transform}` 不能处理类型为 {found} 的列")
        }
        TransformError::Key(source) => key(source),
        TransformError::Cell { row, .. } => {
            format!("第 {row} 行的值无法处理；请更正该值，或允许抑制")
        }
        TransformError::NotCounted => "该列的取值没有先行计数；请按此方案先通读一遍".to_owned(),
        TransformError::NoColumn { name } => {
            format!("它要读取列“{name}”，而数据中没有该列")
        }
        TransformError::NewRows { transform } => {
            format!("`{transform}` 在各行之间移动取值，不能单独用于新行")
        }
        TransformError::TooMany { most } => {
            format!("最多处理 {most} 条不同的记录；请先取整或泛化各列，或抽样")
        }
        TransformError::Arrow(_) => "该列无法生成".to_owned(),
    }
}

fn apply(error: &ApplyError) -> String {
    match error {
        ApplyError::OtherColumns { missing, unknown } => {
            let mut parts = Vec::new();
            if !missing.is_empty() {
                parts.push(format!("数据中没有 {}", missing.join("、")));
            }
            if !unknown.is_empty() {
                let unknown = unknown.join("、");
                parts.push(format!("方案没有提到 {unknown}；请在方案中保留或删除它们"));
            }
            format!("方案与数据的列不同：{}", parts.join("，"))
        }
        ApplyError::NamedTwice { name } => format!("方案两次写到列“{name}”"),
        ApplyError::Level { column, level, top } => {
            format!("列“{column}”的泛化层次没有第 {level} 级，最高为 {top}")
        }
        ApplyError::Hierarchy { column, source } => of_column(column, &hierarchy(source)),
        ApplyError::Unseen { column, rows, first_row, masked } => format!(
            "列“{column}”有 {rows} 行的取值在求得映射时没有出现过，最先在第 {first_row} 行（已遮蔽：{}）；\
             请补入泛化层次，或写 `on_unseen = \"suppress\"` 删去这些行",
            masked.join("、")
        ),
        ApplyError::Column { column, source } => of_column(column, &transform(source)),
        ApplyError::Rows(source) => format!("无法选出参加的行：{}", transform(source)),
        ApplyError::NotSurveyed => "方案只选部分行；请按此方案先通读一遍".to_owned(),
        ApplyError::OtherSchema => "后来的数据与开始时的列或类型不同".to_owned(),
        ApplyError::Tuples(source) => tuples(source),
        ApplyError::Model(source) => model(source),
        ApplyError::Arrow(_) => "发布的数据无法生成".to_owned(),
    }
}

fn risk(error: &RiskError) -> String {
    match error {
        RiskError::NoRecords => "没有可以计算风险的记录".to_owned(),
        RiskError::NoShare { value, .. } => format!("比例 {value} 须在 0 与 1 之间"),
    }
}

fn diversity(error: &DiversityError) -> String {
    match error {
        DiversityError::Risk(source) => risk(source),
        DiversityError::Tuples(source) => tuples(source),
    }
}

fn attack(error: &AttackError) -> String {
    match error {
        AttackError::NoRows { .. } => "用于攻击检验的表没有行".to_owned(),
        AttackError::NoSeeds => "没有给出随机种子；请至少给出一个".to_owned(),
        AttackError::Columns { .. } => "该攻击所需的列没有给全".to_owned(),
        AttackError::Hierarchy { column, source } => of_column(column, &hierarchy(source)),
        AttackError::Tuples(source) => tuples(source),
        AttackError::Search(source) => search(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|char| ('\u{4e00}'..='\u{9fff}').contains(&char))
    }

    #[test]
    fn every_error_is_said_in_both_languages() {
        let name = || "年龄".to_owned();
        let range = || ModelError::Range { what: "share", value: 2.0, range: "between 0 and 1" };
        let missing = || HierarchyError::MissingLeaf { value: "99".to_owned() };
        let unseen = || ApplyError::Unseen {
            column: name(),
            rows: 3,
            first_row: 7,
            masked: vec!["北*".to_owned()],
        };
        let other = || ApplyError::OtherColumns { missing: vec![name()], unknown: vec![name()] };
        let parameter = || TransformError::parameter("k", &1, "a group has at least 2 rows");
        let errors: Vec<Box<dyn Error>> = vec![
            Box::new(SearchError::KAboveRows { k: 11, rows: 10 }),
            Box::new(SearchError::Hierarchy { column: name(), source: missing() }),
            Box::new(SearchError::Model(range())),
            Box::new(SearchError::Spill(SpillError::InMemoryOnly { what: "--attack" })),
            Box::new(HierarchyError::Depth { line: 3, found: 2, expected: 4 }),
            Box::new(TupleError::NoColumn { name: name(), available: name() }),
            Box::new(TupleError::Spill(SpillError::Values { column: name(), values: 5, bytes: 9 })),
            Box::new(unseen()),
            Box::new(other()),
            Box::new(ApplyError::Column { column: name(), source: parameter() }),
            Box::new(TransformError::Key(KeyError::Short { name: name(), bytes: 3 })),
            Box::new(RiskError::NoShare { name: "fraction", value: 3.0 }),
            Box::new(DiversityError::Risk(RiskError::NoRecords)),
            Box::new(AttackError::Search(SearchError::NoSolution)),
            Box::new(OpenQuote { line: 4 }),
        ];
        for error in errors {
            let said = explain(error.as_ref()).unwrap();
            assert!(is_chinese(&said.zh), "{}", said.zh);
            assert!(said.en.starts_with(&error.to_string()), "{}", said.en);
            assert!(!said.zh.ends_with(['。', '.']), "{}", said.zh);
        }
        let column = explain(&ApplyError::Column { column: name(), source: parameter() }).unwrap();
        assert!(column.zh.starts_with("列“年龄”：`k = 1`"), "{}", column.zh);
        assert!(column.en.ends_with("a group has at least 2 rows"), "{}", column.en);
        assert!(explain(&std::fmt::Error).is_none());
    }
}
