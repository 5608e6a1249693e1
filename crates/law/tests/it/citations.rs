//! Citations and the index of articles.

use jiff::civil::date;
use law::{Basis, CiteError, article, cite, instrument, instruments, resolve};
use proptest::prelude::*;

#[test]
fn one_provision_has_many_spellings_and_one_value() {
    let basis = cite("政务数据共享条例 第十四条第（三）项").unwrap();
    for spelling in [
        "《政务数据共享条例》第十四条第三项",
        "政务数据共享条例第14条第(3)项",
        "  《中华人民共和国政务数据共享条例》 第十四条 第三项。",
        "809 第十四条第（三）项",
    ] {
        assert_eq!(cite(spelling).as_ref(), Ok(&basis), "{spelling}");
    }
    assert_eq!(basis.to_string(), "政务数据共享条例 第十四条第（三）项");
    assert_eq!(basis.text().zh, "《政务数据共享条例》第十四条第（三）项");
    assert_eq!(basis.text().en, "Regulations on Government Data Sharing, art. 14 (3)");
    assert_eq!(basis.summary().unwrap().zh, "无条件共享、有条件共享、不予共享三类");
}

#[test]
fn a_standard_is_cited_by_section() {
    let basis = cite("GB/T 42460-2023 D.1.5").unwrap();
    assert_eq!(basis.text().zh, "GB/T 42460-2023 D.1.5");
    assert_eq!(basis.to_string().parse::<Basis>().unwrap(), basis);
    assert_eq!(cite("GB/T 42460-2023 附录 D").unwrap().to_string(), "GB/T 42460-2023 D");
    assert!(cite("GB/T 42460").unwrap().instrument().is_standard());
}

#[test]
fn a_remark_may_follow_only_where_it_is_expected() {
    let line = "数据安全法 第三十八条 — a body uses data only within its statutory duties";
    assert_eq!(resolve(line), cite("数据安全法 第三十八条").ok());
    assert!(matches!(cite(line), Err(CiteError::Form(_))));
}

#[test]
fn what_is_not_known_is_said() {
    assert_eq!(
        cite("数据安全法 第九十九条"),
        Err(CiteError::Article { instrument: "数据安全法".into(), number: 99 }),
    );
    assert!(matches!(cite("消费者权益保护法 第一条"), Err(CiteError::Instrument(_))));
    assert_eq!(resolve("数据安全法 第九十九条"), None);
    assert_eq!(resolve("Somebody's guideline"), None);
}

#[test]
fn the_regulation_has_all_34_articles_and_says_where_its_text_is_defective() {
    let regulation = instrument("shanxi_big_data").unwrap();
    let numbers: Vec<u16> = regulation.articles.iter().map(|article| article.number).collect();
    assert_eq!(numbers, (1..=34).collect::<Vec<_>>());
    assert!(regulation.note.as_ref().unwrap().zh.contains("第三十三条"));
    assert!(article("shanxi_big_data", 11).unwrap().zh.contains("不能复原"));
    assert!(!regulation.in_force.covers(date(2020, 6, 30)));
    assert!(regulation.in_force.covers(date(2020, 7, 1)));
}

#[test]
fn every_article_has_one_place_and_a_summary_in_both_languages() {
    let mut ids = std::collections::BTreeSet::new();
    let mut titles = std::collections::BTreeSet::new();
    for instrument in instruments() {
        assert!(ids.insert(&instrument.id), "{} stands twice", instrument.id);
        for title in instrument.aliases.iter().chain([&instrument.title.zh]) {
            assert!(titles.insert(title), "{title} stands twice");
            assert!(!title.starts_with("中华人民共和国"), "{title}");
        }
        assert!(!instrument.title.en.is_empty());
        assert!(law::source(&instrument.source).is_some(), "{}", instrument.source);
        assert!(instrument.articles.is_sorted_by(|a, b| a.number < b.number), "{}", instrument.id);
        for article in &instrument.articles {
            assert!(!article.zh.is_empty() && article.en.is_ascii(), "{}", article.en);
            let text = format!("{} 第{}条", instrument.title.zh, article.number);
            assert_eq!(cite(&text).unwrap().article().unwrap().number, article.number);
        }
    }
}

#[test]
fn a_basis_travels_as_its_citation() {
    let basis = cite("个人信息保护法 第七十三条第（四）项").unwrap();
    let json = serde_json::to_string(&basis).unwrap();
    assert_eq!(json, "\"个人信息保护法 第七十三条第（四）项\"");
    assert_eq!(serde_json::from_str::<Basis>(&json).unwrap(), basis);
    assert!(serde_json::from_str::<Basis>("\"个人信息保护法 第九十条\"").is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_citation_parser_panic(text in ".{0,60}", tail in "[第条款项（）0-9一二三十百 ]{0,20}") {
        let _ = cite(&text);
        let _ = resolve(&format!("数据安全法{tail}"));
        if let Ok(basis) = cite(&format!("数据安全法{tail}")) {
            prop_assert_eq!(basis.to_string().parse::<Basis>(), Ok(basis));
        }
    }
}
