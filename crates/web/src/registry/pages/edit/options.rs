//! The choices of the form of a catalogue entry.

use serde::Serialize;
use vocabulary::{Bilingual, DataLevel};

use crate::desk::{choices_of, kind_label};
use crate::parts::{Choice, plain};

/// The province and its cities.
///
/// Source: GB/T 2260-2007; the names in English follow the Romanization of its
/// edition by pinyin.
const DIVISIONS: [(&str, &str, &str); 12] = [
    ("140000", "山西省", "Shanxi"),
    ("140100", "太原市", "Taiyuan"),
    ("140200", "大同市", "Datong"),
    ("140300", "阳泉市", "Yangquan"),
    ("140400", "长治市", "Changzhi"),
    ("140500", "晋城市", "Jincheng"),
    ("140600", "朔州市", "Shuozhou"),
    ("140700", "晋中市", "Jinzhong"),
    ("140800", "运城市", "Yuncheng"),
    ("140900", "忻州市", "Xinzhou"),
    ("141000", "临汾市", "Linfen"),
    ("141100", "吕梁市", "Lüliang"),
];

/// The choices of each list of the form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Options {
    themes: Vec<Choice>,
    divisions: Vec<Choice>,
    formats: Vec<Choice>,
    update_cycles: Vec<Choice>,
    sharing: Vec<Choice>,
    sharing_modes: Vec<Choice>,
    opening: Vec<Choice>,
    opening_reasons: Vec<Choice>,
    levels: Vec<Choice>,
    item_kinds: Vec<Choice>,
}

impl Options {
    /// The choices; a division below the cities that the entry has already is one too.
    pub(super) fn new(division: &str) -> Self {
        let named = |(code, zh, en): (&str, &str, &str)| Choice::new(code, Bilingual::new(zh, en));
        let mut divisions: Vec<Choice> = DIVISIONS.into_iter().map(named).collect();
        if !division.is_empty() && divisions.iter().all(|known| known.value != division) {
            divisions.push(Choice::new(division, plain(division)));
        }
        let kinds = ["text", "integer", "number", "date", "datetime", "boolean"];
        let reasons = law::gate::negative_reasons().iter();
        Self {
            themes: choices_of("theme"),
            divisions,
            formats: choices_of("format"),
            update_cycles: choices_of("update_cycle"),
            sharing: choices_of("sharing_attribute"),
            sharing_modes: choices_of("sharing_mode"),
            opening: choices_of("opening_attribute"),
            opening_reasons: reasons
                .map(|reason| Choice::new(reason.id.as_str(), reason.name.clone()))
                .collect(),
            levels: DataLevel::ALL
                .iter()
                .map(|level| Choice::new(level.as_str(), level.label()))
                .collect(),
            item_kinds: kinds.into_iter().map(|kind| Choice::new(kind, kind_label(kind))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_form_has_choices() {
        let options = serde_json::to_value(Options::new("140105")).unwrap();
        for (name, list) in options.as_object().unwrap() {
            assert!(list.as_array().is_some_and(|list| list.len() > 1), "{name} has no choices");
        }
        assert_eq!(options["divisions"].as_array().unwrap().len(), DIVISIONS.len() + 1);
        for (code, ..) in DIVISIONS {
            assert!(code.parse::<vocabulary::DivisionCode>().is_ok(), "{code}");
        }
    }
}
