//! Words just before a value: `订单号 13812345678` is no telephone number.

/// How far back a label is looked for, in bytes.
const REACH: usize = 24;

/// The text before `start`, without the marks that join a label and its value.
fn head(bytes: &[u8], start: usize) -> &[u8] {
    let from = start.saturating_sub(REACH);
    let mut head = bytes.get(from..start).unwrap_or_default();
    loop {
        let shorter = [":", "：", " ", "为", "是", "=", "#", "\"", "＃", "、", "第", "v", "V"]
            .iter()
            .find_map(|mark| head.strip_suffix(mark.as_bytes()));
        match shorter {
            Some(shorter) => head = shorter,
            None => return head,
        }
    }
}

fn ends_with_any(head: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| {
        head.len() >= word.len()
            && head
                .get(head.len() - word.len()..)
                .is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Whether the value is called the number of a thing: an order, a document.
pub(crate) fn is_number_label(bytes: &[u8], start: usize) -> bool {
    // Most values have another value or the start of the cell before them.
    if start == 0 {
        return false;
    }
    let head = head(bytes, start);
    ends_with_any(
        head,
        &[
            "编号",
            "单号",
            "流水号",
            "序号",
            "批号",
            "文号",
            "案号",
            "票号",
            "订单",
            "工单",
            "货号",
            "型号",
            "件号",
            "批次",
            "合同号",
            "项目号",
            "受理号",
            "序列号",
            "条码",
            "凭证号",
            "回执号",
            "登记号",
            "许可证号",
            "order",
            "order no",
            "serial",
            "invoice",
            "order_no",
            "order_id",
            "sku",
            "ticket",
            "batch",
        ],
    )
}

/// Whether the value is called a version.
pub(crate) fn is_version_label(bytes: &[u8], start: usize) -> bool {
    let joined = start.checked_sub(1).and_then(|place| bytes.get(place)).copied();
    if matches!(joined, Some(b'v' | b'V')) {
        return true;
    }
    let head = head(bytes, start);
    ends_with_any(head, &["版本", "版本号", "version", "ver", "ver.", "release", "固件"])
}

/// Whether the value is called an identity document.
pub(crate) fn says_identity(bytes: &[u8], start: usize) -> bool {
    let head = head(bytes, start);
    ends_with_any(
        head,
        &["身份证", "身份证号", "身份证号码", "证件号", "证件号码", "身份号码", "公民身份号码"],
    )
}
