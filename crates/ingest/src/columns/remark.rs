//! Rows that are no data but say something about the table (表注).

use super::classify::trim;

/// What a remark below a table begins with, before a colon.
const WORDS: [&str; 14] = [
    "注",
    "注释",
    "备注",
    "附注",
    "说明",
    "数据来源",
    "资料来源",
    "来源",
    "单位",
    "Note",
    "Notes",
    "NOTE",
    "Source",
    "Sources",
];

/// Whether a text that stands alone in its row is a remark: `注：…`, `注1：…`, `Source: …`.
pub(super) fn is_remark(text: &[u8]) -> bool {
    let text = trim(text);
    WORDS.iter().filter_map(|word| text.strip_prefix(word.as_bytes())).any(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let rest = rest.get(digits..).unwrap_or_default();
        rest.starts_with(b":") || rest.starts_with("：".as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::is_remark;

    #[test]
    fn a_remark_is_a_word_and_a_colon() {
        for text in ["注：2020年为快报数", "注1：含市辖区", " 数据来源: 统计局", "Source: WHO"]
        {
            assert!(is_remark(text.as_bytes()), "{text}");
        }
        for text in ["注册资本", "说明书", "来源不明", "Notebook", "单位", ""] {
            assert!(!is_remark(text.as_bytes()), "{text}");
        }
    }
}
