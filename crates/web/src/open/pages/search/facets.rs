//! The facets beside the hits, and the chips of what is chosen.

use std::collections::BTreeMap;

use search::Facet;
use serde::Serialize;
use vocabulary::Bilingual;

use super::asked::{Asked, FACETS};
use crate::open::distribution::format_name;
use crate::open::pages::places;
use crate::parts::plain;

/// Values of a facet before "show all".
const SHOWN: usize = 8;

/// A facet with its values.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FacetView {
    key: &'static str,
    label: Bilingual,
    values: Vec<ValueView>,
    more_url: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct ValueView {
    label: Bilingual,
    count: u64,
    url: String,
    selected: bool,
}

/// A chosen value; its address takes it away.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chosen {
    label: Bilingual,
    url: String,
}

/// The facets with their counts. A chosen value is shown also where nothing has it.
pub(super) fn view(asked: &Asked, counts: &BTreeMap<Facet, Vec<(String, u64)>>) -> Vec<FacetView> {
    FACETS.iter().map(|facet| facet_view(asked, *facet, counts.get(facet))).collect()
}

fn facet_view(asked: &Asked, facet: Facet, counts: Option<&Vec<(String, u64)>>) -> FacetView {
    let counts = counts.map(Vec::as_slice).unwrap_or_default();
    let mut values: Vec<(String, u64)> =
        counts.iter().filter(|(value, _)| !value.is_empty()).cloned().collect();
    let chosen = asked.filters.get(&facet).map(Vec::as_slice).unwrap_or_default();
    for value in chosen {
        if !values.iter().any(|(known, _)| known == value) {
            values.push((value.clone(), 0));
        }
    }
    // What is chosen stays in sight.
    values.sort_by_key(|(value, _)| !asked.has(facet, value));
    let is_cut = values.len() > SHOWN && asked.all != Some(facet);
    if is_cut {
        values.truncate(SHOWN.max(chosen.len()));
    }
    let value_view = |(value, count): (String, u64)| ValueView {
        label: value_label(facet, &value),
        count,
        url: asked.toggled(facet, &value).url(),
        selected: asked.has(facet, &value),
    };
    FacetView {
        key: facet.as_str(),
        label: label(facet),
        values: values.into_iter().map(value_view).collect(),
        more_url: is_cut
            .then(|| format!("{}#facet-{}", asked.with_all(facet).url(), facet.as_str())),
    }
}

/// The chips of what is chosen.
pub(super) fn chosen(asked: &Asked) -> Vec<Chosen> {
    let mut chips = Vec::new();
    for facet in FACETS {
        for value in asked.filters.get(&facet).map(Vec::as_slice).unwrap_or_default() {
            let (name, label) = (label(facet), value_label(facet, value));
            let english = if label.en.is_empty() { &label.zh } else { &label.en };
            chips.push(Chosen {
                label: Bilingual::new(
                    format!("{}：{}", name.zh, label.zh),
                    format!("{}: {english}", name.en),
                ),
                url: asked.toggled(facet, value).url(),
            });
        }
    }
    chips
}

fn label(facet: Facet) -> Bilingual {
    match facet {
        Facet::Theme => Bilingual::new("主题", "Theme"),
        Facet::Division => Bilingual::new("地区", "Division"),
        Facet::Body => Bilingual::new("提供单位", "Provider"),
        Facet::Format => Bilingual::new("格式", "Format"),
        Facet::Opening => Bilingual::new("开放属性", "Opening"),
        Facet::Kind => Bilingual::new("类型", "Kind"),
        Facet::Keyword => Bilingual::new("关键词", "Keyword"),
        Facet::Provider => Bilingual::new("提供单位代码", "Code of the provider"),
        Facet::Licence => Bilingual::new("使用许可", "Licence"),
        Facet::HasData => Bilingual::new("有无数据", "With data"),
    }
}

fn value_label(facet: Facet, value: &str) -> Bilingual {
    let listed =
        |list: &str| law::entry(list, value).map_or_else(|| plain(value), law::Entry::label);
    match facet {
        Facet::Theme => listed("theme"),
        Facet::Format => match law::entry("format", value) {
            Some(entry) => entry.label(),
            None => plain(format_name(value)),
        },
        Facet::Opening => listed("opening_attribute"),
        Facet::Division => places::name(value),
        Facet::Kind => match value {
            "dataset" => Bilingual::new("有数据", "with data"),
            "entry" => Bilingual::new("仅目录", "entry only"),
            other => plain(other),
        },
        Facet::HasData => match value {
            "true" => Bilingual::new("有", "yes"),
            _ => Bilingual::new("无", "no"),
        },
        Facet::Body | Facet::Keyword | Facet::Provider | Facet::Licence => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_value_stays_in_sight_even_where_nothing_has_it() {
        let asked = Asked::parse("division=140300");
        let counts: Vec<(String, u64)> = (0..20)
            .map(|n| (format!("14{n:02}00"), 100 - n))
            .filter(|(c, _)| c != "140300")
            .collect();
        let view = facet_view(&asked, Facet::Division, Some(&counts));
        assert_eq!(view.values.len(), SHOWN);
        assert!(view.values[0].selected);
        assert_eq!((view.values[0].count, view.values[0].label.zh.as_str()), (0, "阳泉市"));
        assert_eq!(
            view.more_url.as_deref(),
            Some("/search?division=140300&all=division#facet-division")
        );
        let all = facet_view(&Asked::parse("all=division"), Facet::Division, Some(&counts));
        assert_eq!((all.values.len(), all.more_url), (19, None));
    }

    #[test]
    fn chips_say_what_they_take_away() {
        let chips = chosen(&Asked::parse("q=x&theme=health&kind=entry"));
        let said: Vec<&str> = chips.iter().map(|chip| chip.label.zh.as_str()).collect();
        assert_eq!(said, ["类型：仅目录", "主题：健康保障"]);
        assert_eq!(chips[1].url, "/search?q=x&kind=entry");
    }
}
