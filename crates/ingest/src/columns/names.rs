//! Names of columns: trimmed, in Unicode form NFC, never empty, never twice.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use vocabulary::Bilingual;

/// The name that tables use for the number of a row.
const ROW_COLUMN: &str = "_row";

/// A column before its type is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The name in the table.
    pub(crate) name: String,
    /// The name in the file.
    pub(crate) source: String,
    /// What was changed.
    pub(crate) notes: Vec<Bilingual>,
}

/// Makes names out of header cells.
pub(crate) fn name_columns(cells: impl IntoIterator<Item = String>) -> Vec<Name> {
    // Tables number their rows in a column of this name.
    let mut taken = HashSet::from([ROW_COLUMN.to_owned()]);
    cells
        .into_iter()
        .enumerate()
        .map(|(at, source)| {
            let mut notes = Vec::new();
            let cleaned: String = source
                .nfc()
                .map(|char| if char.is_control() { ' ' } else { char })
                .filter(|char| *char != '\u{feff}')
                .collect();
            let wanted = if cleaned.trim().is_empty() {
                let number = at + 1;
                notes.push(Bilingual::new(
                    format!("第 {number} 列没有列名，取名为“列{number}”"),
                    format!("column {number} has no name in the file and is called `列{number}`"),
                ));
                format!("列{number}")
            } else {
                cleaned.trim().to_owned()
            };
            let name = unique(&wanted, &mut taken);
            if wanted == ROW_COLUMN {
                notes.push(Bilingual::new(
                    format!("列名“{wanted}”由平台使用，改为“{name}”"),
                    format!(
                        "the platform uses the name `{wanted}`; this column is called `{name}`"
                    ),
                ));
            } else if name != wanted {
                notes.push(Bilingual::new(
                    format!("列名“{wanted}”重复，改为“{name}”"),
                    format!("the name `{wanted}` is there twice; this column is called `{name}`"),
                ));
            }
            Name { name, source, notes }
        })
        .collect()
}

fn unique(wanted: &str, taken: &mut HashSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2_u32;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number = number.saturating_add(1);
    }
    name
}

impl Name {
    /// Whether the name says that digits in this column identify something.
    pub(crate) fn is_identifier(&self) -> bool {
        const WORDS: [&str; 24] = [
            "手机",
            "电话",
            "传真",
            "身份证",
            "证件号",
            "证照号",
            "邮编",
            "邮政编码",
            "区划代码",
            "信用代码",
            "机构代码",
            "账号",
            "帐号",
            "卡号",
            "phone",
            "mobile",
            "telephone",
            "fax",
            "postcode",
            "postal_code",
            "zipcode",
            "zip_code",
            "idcard",
            "id_card",
        ];
        let name = self.name.to_lowercase();
        WORDS.iter().any(|word| name.contains(word))
    }

    /// Whether the name says that this column holds dates.
    pub(crate) fn is_date(&self) -> bool {
        let name = self.name.to_lowercase();
        ["日期", "时间", "年月日"].iter().any(|word| name.contains(word))
            || name.ends_with('日')
            || name.split(|char: char| !char.is_alphanumeric()).any(|word| {
                matches!(word, "date" | "day" | "time" | "dt" | "birthday" | "birthdate")
            })
            || name.ends_with("date")
    }
}
