//! What the header of a column says of it, in Chinese and English.

use crate::kind::{Attribute, Kind};

/// What a header points to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    pub(crate) kind: Option<Kind>,
    pub(crate) attribute: Option<Attribute>,
    /// It is about organizations or things, not persons.
    pub(crate) organization: bool,
    /// It is a statistic: a count, a mean, a share.
    pub(crate) statistic: bool,
    /// It is the number of a thing: an order, a document.
    pub(crate) number: bool,
}

type Words<T> = (T, &'static [&'static str], &'static [&'static str]);

/// Kind, Chinese words that the header contains, English words it is made of.
const KINDS: &[Words<Kind>] = &[
    (
        Kind::CitizenId,
        &["身份证", "身份号码", "公民身份", "证件号"],
        &["citizen_id", "id_card", "idcard", "identity_number", "id_number", "national_id"],
    ),
    (
        Kind::CreditCode,
        &["统一社会信用代码", "社会信用代码", "信用代码"],
        &["uscc", "credit_code", "social_credit_code"],
    ),
    (Kind::OrganizationCode, &["组织机构代码", "机构代码"], &["organization_code", "org_code"]),
    (
        Kind::SocialSecurity,
        &["社保号", "社会保障号", "社保卡号", "社会保障卡"],
        &["social_security"],
    ),
    (
        Kind::MedicalId,
        &["病历号", "病案号", "住院号", "门诊号", "就诊卡", "健康卡", "医保号", "医保卡", "诊疗卡"],
        &["medical_record", "mrn", "patient_id", "medical_id", "health_card"],
    ),
    (
        Kind::Mobile,
        &["手机", "移动电话", "联系电话", "联系方式", "电话号码"],
        &["mobile", "cellphone", "cell_phone", "phone", "phone_number", "telephone"],
    ),
    (Kind::Landline, &["固定电话", "座机", "传真", "固话"], &["landline", "fax"]),
    (
        Kind::BankCard,
        &["银行卡", "银行账号", "银行账户", "卡号", "开户账号", "收款账号"],
        &["bank_card", "card_number", "card_no", "bank_account"],
    ),
    (Kind::Passport, &["护照"], &["passport"]),
    (Kind::TravelPermit, &["通行证", "回乡证", "台胞证"], &["travel_permit", "permit_number"]),
    (Kind::Plate, &["车牌", "号牌", "牌照号"], &["plate", "license_plate", "plate_number"]),
    (Kind::Email, &["邮箱", "电子邮件", "电邮"], &["email", "e_mail", "mail"]),
    (Kind::Ip, &["ip地址"], &["ip", "ip_address"]),
    (Kind::Mac, &["mac地址"], &["mac", "mac_address"]),
    (Kind::Imei, &["设备识别码", "设备号"], &["imei"]),
    (Kind::Iban, &[], &["iban"]),
    (Kind::Ssn, &[], &["ssn"]),
    (Kind::CreditCard, &["信用卡"], &["credit_card"]),
    (
        Kind::PersonName,
        &[
            "姓名",
            "联系人",
            "申请人",
            "负责人",
            "经办人",
            "户主",
            "法定代表人",
            "患者",
            "监护人",
            "收件人",
            "当事人",
        ],
        &["name", "full_name", "person_name", "first_name", "last_name", "surname", "contact_name"],
    ),
    (
        Kind::Address,
        &["住址", "地址", "住所", "居住地", "通讯地址", "户籍地"],
        &["address", "home_address", "street", "residence"],
    ),
    (
        Kind::BirthDate,
        &["出生日期", "出生年月", "生日", "出生"],
        &["birth", "birth_date", "birthday", "date_of_birth", "dob", "birthdate"],
    ),
    (
        Kind::Coordinates,
        &["经度", "纬度", "经纬度", "坐标"],
        &["longitude", "latitude", "lon", "lng", "lat", "coordinates"],
    ),
    (
        Kind::Secret,
        &["密码", "口令", "密钥"],
        &["password", "passwd", "secret", "token", "api_key"],
    ),
];

const ATTRIBUTES: &[Words<Attribute>] = &[
    (Attribute::Sex, &["性别"], &["sex", "gender"]),
    (Attribute::Age, &["年龄", "周岁", "年纪"], &["age"]),
    (Attribute::Ethnicity, &["民族", "族别"], &["ethnicity", "ethnic", "race", "nationality"]),
    (
        Attribute::Division,
        &["区划代码", "行政区划", "区县代码", "地区代码", "区域代码"],
        &["division", "division_code", "adcode", "region_code", "area_code", "fips"],
    ),
    (Attribute::PostalCode, &["邮编", "邮政编码"], &["postal_code", "postcode", "zip", "zip_code"]),
    (
        Attribute::Place,
        &[
            "籍贯",
            "户籍",
            "出生地",
            "所在地",
            "省份",
            "城市",
            "区县",
            "街道",
            "乡镇",
            "社区",
            "地区",
        ],
        &[
            "place",
            "city",
            "province",
            "county",
            "district",
            "region",
            "birthplace",
            "country",
            "native_country",
            "native-country",
        ],
    ),
    (
        Attribute::Education,
        &["学历", "学位", "文化程度", "教育程度", "毕业院校"],
        &["education", "degree", "school"],
    ),
    (Attribute::Marital, &["婚姻", "婚否"], &["marital", "marital_status", "marital-status"]),
    (
        Attribute::Occupation,
        &["职业", "工种", "职务", "岗位", "工作单位", "职称"],
        &["occupation", "job", "profession", "workclass", "employer", "job_title"],
    ),
    (
        Attribute::Income,
        &["收入", "工资", "薪", "补贴金额", "救助金额", "财产", "低保金", "salary"],
        &["income", "salary", "wage", "salary-class", "pension"],
    ),
    (
        Attribute::Disease,
        &["病种", "疾病", "诊断", "病症", "病名", "病史"],
        &["disease", "diagnosis", "illness", "icd"],
    ),
    (Attribute::Religion, &["宗教", "信仰"], &["religion", "faith"]),
    (
        Attribute::Crime,
        &["犯罪", "罪名", "刑罚", "刑期", "违法", "处罚事由", "前科"],
        &["crime", "offence", "offense", "conviction", "sentence"],
    ),
    (Attribute::Account, &["账户余额", "存款", "贷款", "余额"], &["balance", "loan", "account"]),
    (
        Attribute::Health,
        &["残疾", "血型", "体检", "健康状况", "用药", "过敏", "孕", "检测结果", "疫苗"],
        &["health", "disability", "blood_type", "medication", "allergy", "pregnancy"],
    ),
    (
        Attribute::Track,
        &["轨迹", "行踪", "定位", "活动地点", "入住", "出行"],
        &["track", "trajectory", "location_history"],
    ),
];

const STATISTIC_ZH: &[&str] = &[
    "平均",
    "人数",
    "数量",
    "总数",
    "总计",
    "合计",
    "比例",
    "占比",
    "人均",
    "户数",
    "件数",
    "次数",
    "增长",
    "排名",
    "面积",
    "中位数",
];
const STATISTIC_EN: &[&str] = &[
    "count",
    "avg",
    "average",
    "mean",
    "total",
    "sum",
    "rate",
    "ratio",
    "percent",
    "num",
    "number_of",
    "median",
    "rank",
];
const ORGANIZATION_ZH: &[&str] = &[
    "单位",
    "企业",
    "机构",
    "公司",
    "学校",
    "医院",
    "部门",
    "门店",
    "店铺",
    "项目",
    "产品",
    "经营",
    "注册地",
    "场所",
    "药品",
    "政府",
    "商品",
];
const ORGANIZATION_EN: &[&str] = &[
    "company",
    "organization",
    "organisation",
    "org",
    "business",
    "enterprise",
    "shop",
    "store",
    "office",
    "product",
    "file",
    "department",
    "agency",
    "school",
    "hospital",
    "project",
    "table",
    "column",
    "dataset",
];
const NUMBER_ZH: &[&str] = &[
    "订单号",
    "流水号",
    "单号",
    "编号",
    "序号",
    "批号",
    "文号",
    "案号",
    "票号",
    "受理号",
    "合同号",
];
const NUMBER_EN: &[&str] = &["order", "order_no", "order_id", "row_id", "serial", "invoice", "sku"];

/// Reads a header.
pub(crate) fn hint(name: &str) -> Hint {
    let zh: String = name.trim().to_lowercase();
    let en = words(name);
    let says = |chinese: &[&str], english: &[&str]| {
        chinese.iter().any(|word| zh.contains(word))
            || english.iter().any(|word| contains_words(&en, word))
    };
    let statistic = says(STATISTIC_ZH, STATISTIC_EN);
    let mut hint = Hint {
        kind: None,
        attribute: None,
        organization: says(ORGANIZATION_ZH, ORGANIZATION_EN),
        statistic,
        number: says(NUMBER_ZH, NUMBER_EN),
    };
    if statistic {
        return hint;
    }
    hint.attribute =
        ATTRIBUTES.iter().find(|(_, zh, en)| says(zh, en)).map(|(attribute, _, _)| *attribute);
    // The longest word wins: 信用卡号 is no 卡号.
    let mut longest = 0;
    for (kind, chinese, english) in KINDS {
        for word in *chinese {
            if zh.contains(word) && word.len() > longest {
                longest = word.len();
                hint.kind = Some(*kind);
            }
        }
        for word in *english {
            if contains_words(&en, word) && word.len() > longest {
                longest = word.len();
                hint.kind = Some(*kind);
            }
        }
    }
    hint
}

/// `HomeAddress`, `home-address` and `home_address` are the same words.
fn words(name: &str) -> String {
    let mut words = String::from("_");
    let mut lower = false;
    for char in name.trim().chars() {
        if char.is_ascii_alphanumeric() {
            if char.is_ascii_uppercase() && lower {
                words.push('_');
            }
            lower = char.is_ascii_lowercase();
            words.push(char.to_ascii_lowercase());
        } else {
            lower = false;
            if !words.ends_with('_') {
                words.push('_');
            }
        }
    }
    if !words.ends_with('_') {
        words.push('_');
    }
    words
}

fn contains_words(words: &str, wanted: &str) -> bool {
    let wanted = wanted.replace('-', "_");
    words.match_indices(&wanted).any(|(place, found)| {
        let before = place.checked_sub(1).and_then(|place| words.as_bytes().get(place));
        let after = words.as_bytes().get(place + found.len());
        before == Some(&b'_') && after == Some(&b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_both_languages_are_understood() {
        for (name, kind) in [
            ("申请人身份证号", Kind::CitizenId),
            ("citizen_id", Kind::CitizenId),
            ("HomeAddress", Kind::Address),
            ("手机号", Kind::Mobile),
            ("信用卡号", Kind::CreditCard),
            ("date of birth", Kind::BirthDate),
        ] {
            assert_eq!(hint(name).kind, Some(kind), "{name}");
        }
        for (name, attribute) in [
            ("性别", Attribute::Sex),
            ("年龄", Attribute::Age),
            ("marital-status", Attribute::Marital),
            ("月收入", Attribute::Income),
            ("病种", Attribute::Disease),
        ] {
            assert_eq!(hint(name).attribute, Some(attribute), "{name}");
        }
    }

    #[test]
    fn statistics_point_to_no_person() {
        for name in ["平均年龄", "人均收入", "居民人数", "average_age", "page", "message"]
        {
            let hint = hint(name);
            assert_eq!((hint.kind, hint.attribute), (None, None), "{name}");
        }
    }
}
