//! What whole columns are taken for.

use detect::{Attribute, Kind, Proposal, Role};
use vocabulary::DataLevel;

use crate::shared::{Numbers, column, findings, table};

fn words(list: &[&str], count: usize) -> Vec<String> {
    (0..count).map(|n| list[n % list.len()].to_owned()).collect()
}

#[test]
fn citizen_ids_are_found_under_any_header() {
    let mut numbers = Numbers(1);
    let found = column("x1", (0..500).map(|_| numbers.citizen_id()));
    assert_eq!((found.kind, found.role), (Some(Kind::CitizenId), Role::Direct));
    assert_eq!((found.level, found.transform), (DataLevel::General4, Proposal::Remove));
    assert!(found.hit_rate > 0.99 && found.valid_rate > 0.99 && found.confidence > 0.9);
}

#[test]
fn made_up_numbers_are_no_identifiers() {
    let mut numbers = Numbers(2);
    for (name, length) in [
        ("order_no", 18),
        ("订单号", 18),
        ("x", 18),
        ("x", 16),
        ("x", 15),
        ("流水号", 11),
        ("x", 11),
        ("x", 19),
        ("编号", 9),
        ("x", 8),
        ("x", 6),
    ] {
        let found = column(name, (0..5000).map(|_| numbers.digits(length)));
        assert_eq!((found.kind, found.role), (None, Role::None), "{name} {length} {found:?}");
        assert_eq!(found.hidden_hits, 0, "{name} {length} {found:?}");
        assert_eq!(found.transform, Proposal::Keep);
    }
}

#[test]
fn dates_versions_and_statistics_are_no_identifiers() {
    let mut numbers = Numbers(3);
    let day = |n: &mut Numbers| {
        format!("20{:02}-{:02}-{:02}", n.below(26), 1 + n.below(12), 1 + n.below(28))
    };
    let columns = [
        ("event_date", (0..300).map(|_| day(&mut numbers)).collect()),
        ("version", (0..300).map(|n| format!("v{}.{}.{}", n % 7, n % 11, n)).collect()),
        ("build", (0..300).map(|n| format!("{}.0.{}.1", n % 7, 20000 + n)).collect()),
        ("金额", (0..300).map(|n| format!("{}.{:02}", n * 977 % 100_000, n % 100)).collect()),
        ("平均年龄", (0..300).map(|n| format!("{}.{}", 30 + n % 30, n % 10)).collect()),
        ("总人数", (0..300).map(|n| (n * 7919 % 100_000).to_string()).collect()),
        ("时间", (0..300).map(|n| format!("{:02}:{:02}:{:02}", n % 24, n % 60, n % 60)).collect()),
        ("uuid", (0..300).map(|n| format!("{n:08x}-1234-4abc-8def-{n:012x}")).collect()),
        ("pm25", (0..300).map(|n| format!("{}", n % 500)).collect()),
        ("机构名称", words(&["太原市人民政府", "高平市财政局", "白云区教育局"], 300)),
        ("产品", words(&["白酒", "高粱", "黄金", "石油", "方便面"], 300)),
    ];
    let batch = table(&columns);
    for found in findings(&batch) {
        assert_eq!((found.kind, found.role), (None, Role::None), "{found:?}");
        assert_eq!(found.hidden_hits, 0, "{found:?}");
        assert_eq!(found.level, DataLevel::General1, "{found:?}");
    }
}

#[test]
fn an_identifier_in_the_last_row_is_found() {
    let mut notes: Vec<String> = (0..20_000)
        .map(|n| format!("第{n}次回访，已办结，编号{}", 10_000_000_000_u64 + n * 7919))
        .collect();
    notes.push(format!("家属补交材料，身份证{}", Numbers(4).citizen_id()));
    let found = column("备注", notes);
    assert_eq!((found.kind, found.role, found.hidden_hits), (None, Role::Direct, 1));
    assert_eq!(found.kinds[0].kind, Kind::CitizenId);
    assert_eq!(found.kinds[0].rows, [20_000]);
    assert_eq!((found.transform, found.level), (Proposal::Suppress, DataLevel::General4));
    assert!(found.reason.zh.contains("第20001行"), "{}", found.reason.zh);
}

#[test]
fn attributes_of_persons_are_told_by_header_and_values() {
    let columns = [
        ("性别", words(&["男", "女"], 200)),
        ("年龄", (0..200).map(|n| (18 + n % 60).to_string()).collect()),
        ("民族", words(&["汉族", "回族"], 200)),
        ("学历", words(&["本科", "大专"], 200)),
        ("婚姻状况", words(&["已婚", "未婚"], 200)),
        ("职业", words(&["教师", "农民"], 200)),
        ("邮编", words(&["030000", "030006"], 200)),
        ("行政区划代码", words(&["140105", "140106"], 200)),
        (
            "出生日期",
            (0..200).map(|n| format!("19{:02}-05-{:02}", 50 + n % 50, 1 + n % 28)).collect(),
        ),
        ("月收入", (0..200).map(|n| (3000 + n * 17).to_string()).collect()),
        ("病种", words(&["高血压", "糖尿病"], 200)),
        ("q1", words(&["male", "female"], 200)),
    ];
    let batch = table(&columns);
    let found = findings(&batch);
    let expected = [
        (Attribute::Sex, Role::Quasi),
        (Attribute::Age, Role::Quasi),
        (Attribute::Ethnicity, Role::Quasi),
        (Attribute::Education, Role::Quasi),
        (Attribute::Marital, Role::Quasi),
        (Attribute::Occupation, Role::Quasi),
        (Attribute::PostalCode, Role::Quasi),
        (Attribute::Division, Role::Quasi),
    ];
    for (found, (attribute, role)) in found.iter().zip(expected) {
        assert_eq!((found.attribute, found.role), (Some(attribute), role), "{found:?}");
        assert_eq!(found.transform, Proposal::Generalize);
    }
    assert_eq!((found[8].kind, found[8].role), (Some(Kind::BirthDate), Role::Quasi));
    assert_eq!((found[9].attribute, found[9].role), (Some(Attribute::Income), Role::Sensitive));
    assert_eq!(
        (found[10].attribute, found[10].level),
        (Some(Attribute::Disease), DataLevel::General4)
    );
    assert_eq!(found[11].attribute, Some(Attribute::Sex));
}

#[test]
fn a_table_without_persons_has_no_quasi_identifiers() {
    let codes = ["11140500012420117H", "11220000013544541J", "11430000006122244L"];
    let columns = [
        ("统一社会信用代码", words(&codes, 90)),
        ("行政区划代码", words(&["140105", "140106"], 90)),
        ("企业地址", words(&["太原市小店区学府街12号3层", "太原市迎泽区解放路5号"], 90)),
    ];
    let found = findings(&table(&columns));
    assert_eq!((found[0].kind, found[0].role), (Some(Kind::CreditCode), Role::None));
    assert_eq!(found[1].role, Role::None, "{:?}", found[1]);
    assert_eq!((found[2].kind, found[2].role), (Some(Kind::Address), Role::None));
    // The same code in a table of persons helps to find them.
    let mut numbers = Numbers(5);
    let persons = [
        ("统一社会信用代码", words(&codes, 90)),
        ("身份证号", (0..90).map(|_| numbers.citizen_id()).collect()),
    ];
    let found = findings(&table(&persons));
    assert_eq!((found[0].role, found[0].transform), (Role::Quasi, Proposal::Mask));
}

#[test]
fn masked_values_are_no_direct_identifiers_but_still_narrow_down() {
    let found =
        column("身份证号", (0..200).map(|n| format!("140105********{:04}", n * 37 % 10_000)));
    assert_eq!((found.kind, found.role), (None, Role::Quasi), "{found:?}");
    assert_eq!(found.transform, Proposal::Suppress);
}

#[test]
fn codes_of_no_known_form_are_taken_by_their_header() {
    let found = column("病历号", (0..200).map(|n| format!("ZY{:07}", n * 7919 % 9_999_999)));
    assert_eq!((found.kind, found.role), (Some(Kind::MedicalId), Role::Direct));
    let found = column("姓名", words(&["Alice Smith", "Bob Jones", "Carol White"], 9));
    assert_eq!(found.kind, Some(Kind::PersonName));
    let found = column("位置", (0..50).map(|n| format!("112.{n:04},37.8{n:03}")));
    assert_eq!(found.kind, Some(Kind::Coordinates));
}

#[test]
fn a_header_that_names_an_identifier_stands_until_a_person_corrects_it() {
    let mut numbers = Numbers(8);
    let ids: Vec<String> = (0..200).map(|_| numbers.citizen_id()).collect();
    let backwards = |id: &String| id.chars().rev().collect::<String>();
    let found = column("身份证号", ids.iter().map(backwards));
    assert_eq!((found.kind, found.role), (Some(Kind::CitizenId), Role::Direct), "{found:?}");
    let found = column("公民身份号码", ids.iter().map(|id| id[..17].to_owned()));
    assert_eq!((found.kind, found.role), (Some(Kind::CitizenId), Role::Direct), "{found:?}");
    let found = column("手机号码", (0..200).map(|n| format!("机{:06}", n * 7919 % 999_983)));
    assert_eq!((found.kind, found.role), (Some(Kind::Mobile), Role::Direct), "{found:?}");
    let found = column("邮箱", (0..200).map(|n| format!("u{n}[at]qq[dot]com")));
    assert_eq!((found.kind, found.role), (Some(Kind::Email), Role::Direct), "{found:?}");
    // A statement of few values under the same header is no identifier.
    let found = column("手机号码", words(&["已登记", "未登记"], 200));
    assert_eq!(found.role, Role::None, "{found:?}");
}

#[test]
fn an_example_never_shows_a_value() {
    let mut numbers = Numbers(6);
    let values: Vec<String> = (0..50).map(|_| numbers.citizen_id()).collect();
    let found = column("身份证号", values.clone());
    assert_eq!(found.examples.len(), 3);
    for example in &found.examples {
        assert!(example.contains('*') && !values.contains(example), "{example}");
    }
    for found in [column("姓名", words(&["王伟", "李娜"], 9)), column("x", words(&["a", "b"], 9))]
    {
        assert!(found.examples.iter().all(|example| example.contains('*')), "{found:?}");
    }
}

#[test]
fn code_tables_and_lists_of_things_are_about_no_person() {
    let groups = [
        "汉族",
        "蒙古族",
        "回族",
        "藏族",
        "维吾尔族",
        "苗族",
        "彝族",
        "壮族",
        "布依族",
        "朝鲜族",
        "满族",
        "侗族",
        "瑶族",
        "白族",
        "土家族",
        "哈尼族",
        "傣族",
        "黎族",
        "佤族",
        "畲族",
    ];
    let columns = [
        ("latitude", (0..200).map(|n| format!("37.{n:04}")).collect()),
        (
            "说明",
            (0..200)
                .map(|n| {
                    if n == 3 {
                        "黄金、白云、高岭".to_owned()
                    } else {
                        format!("第{n}类")
                    }
                })
                .collect(),
        ),
    ];
    for found in findings(&table(&columns)) {
        assert_eq!((found.role, found.hidden_hits), (Role::None, 0), "{found:?}");
    }
    let found = column("name", words(&groups, groups.len()));
    assert_eq!((found.attribute, found.role), (None, Role::None), "{found:?}");
}

#[test]
fn a_name_that_a_word_announces_is_found_once_in_many_rows() {
    let mut notes: Vec<String> = (0..3000).map(|n| format!("第{n}次检查合格")).collect();
    notes.push("检查合格，联系人王伟".to_owned());
    let found = column("备注", notes);
    assert_eq!((found.role, found.hidden_hits), (Role::Direct, 1), "{found:?}");
}
