//! Words just before a value: `订单号 13812345678` is no telephone number.

use crate::kind::Kind;

/// How far back a label is looked for, in bytes.
const REACH: usize = 30;

/// The text before `start`, without the marks that join a label and its value.
pub(crate) fn head(bytes: &[u8], start: usize) -> &[u8] {
    let from = start.saturating_sub(REACH);
    let mut head = bytes.get(from..start).unwrap_or_default();
    loop {
        head = match head {
            [rest @ .., b':' | b' ' | b'=' | b'#' | b'"' | b'\''] => rest,
            [rest @ .., a, b, c] if is_joint([*a, *b, *c]) => rest,
            _ => return head,
        };
    }
}

/// ： ＃ 、 为 是 第 （
fn is_joint(mark: [u8; 3]) -> bool {
    matches!(
        mark,
        [0xef, 0xbc, 0x9a | 0x83 | 0x88]
            | [0xe3, 0x80, 0x81]
            | [0xe4, 0xb8, 0xba]
            | [0xe6, 0x98, 0xaf]
            | [0xe7, 0xac, 0xac]
    )
}

fn ends_with_any(head: &[u8], words: &[&str]) -> bool {
    if head.is_empty() {
        return false;
    }
    words.iter().any(|word| {
        head.len() >= word.len()
            && head
                .get(head.len() - word.len()..)
                .is_some_and(|tail| tail.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// Words for the number of a thing that end in 号, without it.
const NUMBERS: [&str; 30] = [
    "编",
    "单",
    "流水",
    "序",
    "批",
    "文",
    "案",
    "票",
    "货",
    "型",
    "快件",
    "邮件",
    "合同",
    "项目",
    "受理",
    "序列",
    "凭证",
    "回执",
    "登记",
    "许可证",
    "专利",
    "标准",
    "期",
    "运",
    "柜",
    "房",
    "零件",
    "申请",
    "订",
    "业务",
];

/// Whether the value is called the number of a thing: an order, a document.
pub(crate) fn is_number_label(bytes: &[u8], start: usize) -> bool {
    // Most values have another value or the start of the cell before them.
    if start == 0 {
        return false;
    }
    let head = head(bytes, start);
    match head {
        [rest @ .., 0xe5, 0x8f, 0xb7] => {
            ends_with_any(rest, &NUMBERS) && !ends_with_any(rest, &["病案"])
        }
        [.., 0xe5, 0x8d, 0x95] => ends_with_any(head, &["订单", "工单", "运单", "快递单"]),
        [.., 0xe6, 0xac, 0xa1] => ends_with_any(head, &["批次", "车次", "期次"]),
        [.., 0xe7, 0xa0, 0x81] => {
            ends_with_any(head, &["条码", "编码", "物料码", "校验码", "取件码", "追溯码", "商品码"])
        }
        [.., last] if last.is_ascii_alphabetic() || matches!(last, b'.' | b'_') => ends_with_any(
            head,
            &[
                "order",
                "order no",
                "order no.",
                "serial",
                "invoice",
                "order_no",
                "order_id",
                "orderid",
                "orderno",
                "sku",
                "ticket",
                "batch",
                "tracking",
                "trace_id",
                "txn",
                "serial_no",
                "seq",
                "timestamp",
                "ts",
            ],
        ),
        _ => false,
    }
}

/// Whether the value is called a version.
pub(crate) fn is_version_label(bytes: &[u8], start: usize) -> bool {
    if start == 0 {
        return false;
    }
    let joined = start.checked_sub(1).and_then(|place| bytes.get(place)).copied();
    if matches!(joined, Some(b'v' | b'V')) {
        return true;
    }
    let head = head(bytes, start);
    let head = head.strip_suffix(b"v").or_else(|| head.strip_suffix(b"V")).unwrap_or(head);
    ends_with_any(
        head,
        &["版本", "版本号", "version", "ver", "ver.", "release", "固件", "升级到", "build", "rev"],
    )
}

/// Whether the value is called an identity document.
pub(crate) fn says_identity(bytes: &[u8], start: usize) -> bool {
    let head = head(bytes, start);
    ends_with_any(
        head,
        &[
            "身份证",
            "身份证号",
            "身份证号码",
            "证件号",
            "证件号码",
            "身份号码",
            "公民身份号码",
            "id_card",
            "idcard",
            "id_no",
        ],
    )
}

/// Whether the value is called an organization code.
pub(crate) fn says_organization(bytes: &[u8], start: usize) -> bool {
    ends_with_any(head(bytes, start), &["机构代码", "组织机构代码证", "机构代码证号"])
}

/// Whether the value is called a social security number of the United States.
pub(crate) fn says_ssn(bytes: &[u8], start: usize) -> bool {
    ends_with_any(head(bytes, start), &["ssn", "ssn#", "social security number", "security no"])
}

/// Whether the value is called a telephone number.
pub(crate) fn says_telephone(bytes: &[u8], start: usize) -> bool {
    ends_with_any(
        head(bytes, start),
        &["电话", "座机", "固话", "传真", "热线", "电话号码", "联系方式", "tel", "phone", "fax"],
    )
}

/// Whether the value is called a day of birth.
pub(crate) fn says_birth(bytes: &[u8], start: usize) -> bool {
    let head = head(bytes, start);
    // 生 期 月 日 于, or a letter.
    let may = match head {
        [.., 0xe7, 0x94, 0x9f] | [.., 0xe6, 0x9c, 0x9f | 0x88] | [.., 0xe6, 0x97, 0xa5] => true,
        [.., 0xe4, 0xba, 0x8e] => true,
        [.., last] => last.is_ascii_alphabetic(),
        [] => false,
    };
    may && ends_with_any(
        head,
        &[
            "出生",
            "出生日期",
            "出生年月",
            "出生年月日",
            "生日",
            "生于",
            "出生于",
            "dob",
            "birth",
            "birthday",
            "birth_date",
            "date of birth",
            "birthdate",
        ],
    )
}

/// The kind of a number that has no form of its own and that a label names.
pub(crate) fn names_number_of(bytes: &[u8], start: usize) -> Option<Kind> {
    let head = head(bytes, start);
    // Most labels are none of these: 病历号 案 院 诊 卡 保 障 险 号码 照 证 健 编.
    let may = match head {
        [.., a, b, c, 0xe5, 0x8f, 0xb7] | [.., a, b, c, 0xe7, 0xa0, 0x81] => {
            let before = [*a, *b, *c];
            ["历", "案", "院", "诊", "卡", "保", "障", "险", "号", "照", "证", "编", "账"]
                .iter()
                .any(|char| char.as_bytes() == before)
        }
        [.., 0xe5, 0x8d, 0xa1] | [.., 0xe7, 0x85, 0xa7] | [.., 0xe8, 0xaf, 0x81] => true,
        [.., last] => matches!(last | 0x20, b'n' | b'd' | b't'),
        [] => false,
    };
    if !may {
        return None;
    }
    const MEDICAL: [&str; 16] = [
        "病历号",
        "病案号",
        "住院号",
        "门诊号",
        "就诊卡号",
        "就诊卡",
        "健康卡号",
        "健康卡",
        "医保号",
        "医保卡号",
        "医保卡",
        "诊疗卡号",
        "医疗保险号",
        "医保编号",
        "mrn",
        "patient_id",
    ];
    const SOCIAL: [&str; 9] = [
        "社保号",
        "社保卡号",
        "社保卡",
        "社会保障号",
        "社会保障号码",
        "社会保障卡号",
        "社保编号",
        "社会保险号",
        "社保账号",
    ];
    if ends_with_any(head, &MEDICAL) {
        Some(Kind::MedicalId)
    } else if ends_with_any(head, &SOCIAL) {
        Some(Kind::SocialSecurity)
    } else if ends_with_any(head, &["护照号", "护照号码", "护照", "passport"]) {
        Some(Kind::Passport)
    } else if ends_with_any(head, &["通行证号", "通行证号码", "台胞证号", "台胞证", "回乡证号"])
    {
        Some(Kind::TravelPermit)
    } else {
        None
    }
}
