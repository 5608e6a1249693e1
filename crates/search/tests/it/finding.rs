//! What is found by which text.

use proptest::prelude::*;
use search::{Document, MatchedField, Query, Sort};

use crate::{catalogue, find, ids, titled};

#[test]
fn a_document_is_found_by_each_of_its_fields() {
    let full = Document {
        id: "0190c2f0-5b7e-7c1a-9f00-0123456789ab".into(),
        title_zh: "城市道路名录".into(),
        title_en: "Streets of the city".into(),
        description: "按行政区划整理的清单".into(),
        body_name: "太原市住房和城乡建设局".into(),
        keywords: vec!["市政设施".into()],
        items: vec!["路面宽度".into()],
        ..Document::default()
    };
    let catalogue = catalogue(&[full, titled("other", "医院床位")]);
    for (text, field) in [
        ("道路", MatchedField::Title),
        ("street", MatchedField::Title),
        ("行政区划", MatchedField::Description),
        ("住房", MatchedField::Body),
        ("市政设施", MatchedField::Keyword),
        ("宽度", MatchedField::Item),
        ("0190c2f0-5b7e-7c1a-9f00-0123456789ab", MatchedField::Id),
    ] {
        let hits = find(&catalogue, text);
        assert_eq!(hits.total, 1, "{text}");
        assert!(hits.hits[0].matched.contains(&field), "{text}: {:?}", hits.hits[0].matched);
        assert!(!hits.relaxed);
    }
}

#[test]
fn small_differences_of_writing_do_not_matter() {
    let mut english = titled("en", "");
    english.title_en = "Licensed Companies of Café Owners, PM2.5 Stations 2024".into();
    let catalogue = catalogue(&[english, titled("zh", "ＰＭ２．５监测（太原）")]);
    for text in ["company", "COMPANIES", "cafe", "CAFÉ", "licensed company", "ｃａｆｅ"] {
        assert_eq!(ids(&find(&catalogue, text)), ["en"], "{text}");
    }
    for text in ["pm2.5", "ＰＭ２.5"] {
        assert_eq!(find(&catalogue, text).total, 2, "{text}");
    }
    assert_eq!(ids(&find(&catalogue, "（太原）")), ["zh"]);
}

#[test]
fn the_last_latin_word_may_go_on() {
    let mut document = titled("1", "企业名录");
    document.title_en = "Enterprise directory 202405".into();
    let catalogue = catalogue(&[document]);
    for text in ["enter", "enterprise dir", "2024", "directory 2024"] {
        assert_eq!(find(&catalogue, text).total, 1, "{text}");
    }
    // Only the last one, and not one letter.
    assert_eq!(find(&catalogue, "enter directory").total, 1);
    assert!(find(&catalogue, "enter directory").relaxed);
    assert_eq!(find(&catalogue, "d").total, 0);
}

#[test]
fn one_chinese_character_is_enough() {
    let catalogue = catalogue(&[titled("1", "桥梁隧道"), titled("2", "医院床位")]);
    assert_eq!(ids(&find(&catalogue, "桥")), ["1"]);
    assert_eq!(ids(&find(&catalogue, "隧")), ["1"]);
    assert_eq!(find(&catalogue, "海").total, 0);
}

#[test]
fn every_word_must_match_unless_no_document_has_them_all() {
    let catalogue = catalogue(&[
        titled("both", "太原市公交线路"),
        titled("one", "太原市医院"),
        titled("other", "大同市公交线路"),
    ]);
    let strict = find(&catalogue, "太原 公交");
    assert_eq!(ids(&strict), ["both"]);
    assert!(!strict.relaxed);
    let relaxed = find(&catalogue, "太原 图书馆");
    assert!(relaxed.relaxed);
    assert_eq!(relaxed.total, 2);
    // Function words are not asked for.
    assert_eq!(ids(&find(&catalogue, "太原的公交")), ["both"]);
}

#[test]
fn a_long_word_is_found_by_its_parts_apart() {
    let catalogue = catalogue(&[
        titled("together", "统一社会信用代码目录"),
        titled("apart", "社会组织的信用与机构代码"),
    ]);
    assert_eq!(ids(&find(&catalogue, "社会信用代码")), ["together", "apart"]);
}

#[test]
fn blank_text_finds_everything_newest_first() {
    let dated = |id: &str, updated_at: i64| Document { updated_at, ..titled(id, "数据") };
    let catalogue = catalogue(&[dated("old", 1), dated("new", 3), dated("mid", 2)]);
    for text in [None, Some(String::new()), Some(" \u{3000}\n ".into())] {
        let query = Query { text, limit: 10, ..Query::default() };
        assert_eq!(ids(&catalogue.query(&query).unwrap()), ["new", "mid", "old"]);
    }
}

#[test]
fn a_very_long_text_counts_by_its_first_200_characters() {
    let catalogue = catalogue(&[titled("1", "企业信用信息")]);
    let long = "企业信用 ".repeat(10_000);
    let cut: String = long.chars().take(200).collect();
    let mut of_long = find(&catalogue, &long);
    let of_cut = find(&catalogue, &cut);
    assert_eq!(of_long.total, 1);
    of_long.did_you_mean = of_cut.did_you_mean.clone();
    assert_eq!(of_long, of_cut);
}

#[test]
fn highlights_are_places_in_characters() {
    let mut document = titled("1", "太原市企业信用信息（企业）");
    document.description = format!("{}本表列出企业名称。{}", "前".repeat(100), "后".repeat(200));
    let catalogue = catalogue(&[document]);
    let hits = find(&catalogue, "企业");
    let title = &hits.hits[0].title_zh;
    assert_eq!(title.ranges, [3..5, 10..12]);
    let marked: Vec<String> =
        title.pieces().into_iter().filter(|piece| piece.hit).map(|piece| piece.text).collect();
    assert_eq!(marked, ["企业", "企业"]);
    let description = &hits.hits[0].description;
    assert!(description.cut_before && description.cut_after);
    assert_eq!(description.text.chars().count(), 140);
    let place = description.ranges[0].clone();
    let there: String = description.text.chars().skip(place.start).take(place.len()).collect();
    assert_eq!(there, "企业");
}

#[test]
fn another_spelling_is_offered_when_nothing_has_all_words() {
    let mut english = titled("1", "公司登记");
    english.title_en = "Company registration permits".into();
    let mut keyword = titled("2", "医院");
    keyword.keywords = vec!["医疗机构信息".into()];
    let catalogue = catalogue(&[english, keyword]);
    let offered = |text: &str| find(&catalogue, text).did_you_mean;
    assert_eq!(offered("comapny registration").as_deref(), Some("company registration"));
    assert_eq!(offered("医疗机够信息").as_deref(), Some("医疗机构信息"));
    assert_eq!(offered("company"), None);
    assert_eq!(offered("海"), None);
    // What is offered finds something.
    for text in ["comapny registration", "医疗机够信息"] {
        let hits = find(&catalogue, &offered(text).unwrap());
        assert!(hits.total > 0 && !hits.relaxed, "{text}");
    }
}

#[test]
fn pages_follow_each_other() {
    let documents: Vec<Document> = (0..25)
        .map(|number| Document {
            updated_at: number,
            ..titled(&format!("{number:02}"), "数据目录")
        })
        .collect();
    let catalogue = catalogue(&documents);
    let page = |offset, limit| {
        let query = Query { offset, limit, sort: Sort::Newest, ..Query::default() };
        catalogue.query(&query).unwrap()
    };
    let mut seen = Vec::new();
    for offset in [0, 10, 20, 30] {
        let hits = page(offset, 10);
        assert_eq!(hits.total, 25);
        seen.extend(hits.hits.into_iter().map(|hit| hit.id));
    }
    let expected: Vec<String> = (0..25).rev().map(|number| format!("{number:02}")).collect();
    assert_eq!(seen, expected);
    assert!(page(usize::MAX, usize::MAX).hits.is_empty());
    assert_eq!(page(0, 0).total, 25);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gives_an_answer(
        text in "(?s).{0,1000}|[a-z\"':+*?~^()\\[\\]{}&|!\\\\ -]{0,60}|[一-龥]{0,300}",
        filter in ".{0,50}",
        offset in 0_usize..20,
    ) {
        thread_local! {
            static CATALOGUE: search::Catalogue = catalogue(&[
                titled("1", "太原市企业信用信息"),
                Document { title_en: "Permits \"a\" OR b".into(), ..titled("2", "许可") },
            ]);
        }
        CATALOGUE.with(|catalogue| {
            for sort in [Sort::Relevance, Sort::Newest, Sort::Title, Sort::Popular] {
                let mut query =
                    Query { text: Some(text.clone()), sort, offset, limit: 5, ..Query::default() };
                query.filters.insert(search::Facet::Body, vec![filter.clone()]);
                let hits = catalogue.query(&query);
                prop_assert!(hits.is_ok(), "{:?}", hits);
                query.filters.clear();
                for hit in catalogue.query(&query).unwrap().hits {
                    for excerpt in [hit.title_zh, hit.title_en, hit.description] {
                        let chars = excerpt.text.chars().count();
                        prop_assert!(excerpt.ranges.iter().all(|range| range.end <= chars));
                        let joined: String =
                            excerpt.pieces().into_iter().map(|piece| piece.text).collect();
                        prop_assert_eq!(joined, excerpt.text);
                    }
                }
            }
            Ok(())
        })?;
    }
}
