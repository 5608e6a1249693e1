//! The order of hits.

use search::{Document, Query, Sort};

use crate::{catalogue, find, ids, titled};

#[test]
fn a_title_hit_ranks_above_a_description_hit() {
    let mut by_description = titled("description", "道路清单");
    by_description.description = "公交 公交 公交 线路".into();
    let catalogue = catalogue(&[by_description, titled("title", "公交线路")]);
    assert_eq!(ids(&find(&catalogue, "公交")), ["title", "description"]);
}

#[test]
fn a_keyword_hit_ranks_between_title_and_description() {
    let mut by_description = titled("description", "清单一");
    by_description.description = "有关公交的说明".into();
    let mut by_keyword = titled("keyword", "清单二");
    by_keyword.keywords = vec!["公交".into()];
    let catalogue = catalogue(&[by_description, by_keyword, titled("title", "公交清单")]);
    assert_eq!(ids(&find(&catalogue, "公交")), ["title", "keyword", "description"]);
}

#[test]
fn the_exact_title_comes_first() {
    let catalogue = catalogue(&[
        titled("longer", "企业信用信息公示和企业信用信息查询"),
        titled("exact", "企业信用信息"),
        titled("other", "企业信用信息（太原）"),
    ]);
    assert_eq!(ids(&find(&catalogue, "企业信用信息"))[0], "exact");
}

#[test]
fn data_rank_above_an_entry_that_fits_as_well_and_below_one_that_fits_better() {
    let with_data = |mut document: Document| {
        document.has_data = true;
        document
    };
    let mut mentioned = with_data(titled("mentioned", "道路清单"));
    mentioned.description = "公交 线路".into();
    let catalogue = catalogue(&[
        titled("entry", "公交线路"),
        with_data(titled("data", "太原市公交线路和站点")),
        mentioned,
    ]);
    assert_eq!(ids(&find(&catalogue, "公交")), ["data", "entry", "mentioned"]);
}

#[test]
fn an_id_finds_its_document_first() {
    let mut mentions = titled("b", "a-1 a-1 a-1");
    mentions.title_en = "a-1".into();
    let catalogue = catalogue(&[mentions, titled("a-1", "别的标题")]);
    assert_eq!(ids(&find(&catalogue, "a-1"))[0], "a-1");
}

#[test]
fn a_word_ranks_above_the_same_characters_by_accident() {
    // 产品 is a word in the first title and no word in the second (生产 品种).
    let catalogue =
        catalogue(&[titled("word", "农业产品名录"), titled("accident", "农业生产品种")]);
    assert_eq!(ids(&find(&catalogue, "产品")), ["word", "accident"]);
}

#[test]
fn the_other_orders_do_what_they_say() {
    let document = |id: &str, title: &str, updated_at, popularity| Document {
        updated_at,
        popularity,
        ..titled(id, title)
    };
    let catalogue = catalogue(&[
        document("1", "B 数据", 10, 5),
        document("2", "a 数据", 30, 1),
        document("3", "c 数据", 20, 9),
    ]);
    let order = |sort| {
        let query = Query { text: Some("数据".into()), sort, limit: 10, ..Query::default() };
        let hits = catalogue.query(&query).unwrap();
        hits.hits.into_iter().map(|hit| hit.id).collect::<Vec<_>>()
    };
    assert_eq!(order(Sort::Newest), ["2", "3", "1"]);
    assert_eq!(order(Sort::Title), ["2", "1", "3"]);
    assert_eq!(order(Sort::Popular), ["3", "1", "2"]);
}
