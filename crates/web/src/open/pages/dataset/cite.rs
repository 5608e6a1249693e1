//! How to cite a release: GB/T 7714-2015, APA 7, BibTeX.

use platform::gate::release::Release;
use platform::registry::Asset;
use serde::Serialize;
use vocabulary::Bilingual;
use vocabulary::time::china_date;

/// A citation in one style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Citation {
    /// The style.
    label: &'static str,
    /// The citation as it stands in a list of references.
    text: String,
}

/// What a citation names.
struct Cited<'a> {
    provider: &'a str,
    title: &'a Bilingual,
    number: i64,
    released: jiff::civil::Date,
    url: String,
    key: String,
}

/// The citations of a release.
///
/// - `today`: the day on which it is cited, which GB/T 7714 asks for.
pub(super) fn citations(
    base: &str,
    asset: &Asset,
    release: &Release,
    today: jiff::civil::Date,
) -> Vec<Citation> {
    let id = asset.id.to_string();
    let last = id.rsplit('-').next().unwrap_or_default();
    let cited = Cited {
        provider: &asset.provider,
        title: &asset.entry.title,
        number: release.number,
        released: china_date(release.released_at),
        url: format!("{base}/dataset/{id}"),
        key: format!("fenhe-{last}-v{}", release.number),
    };
    vec![
        Citation { label: "GB/T 7714-2015", text: cited.gb(today) },
        Citation { label: "APA 7", text: cited.apa() },
        Citation { label: "BibTeX", text: cited.bibtex() },
    ]
}

impl Cited<'_> {
    /// GB/T 7714-2015, 4.6: an electronic resource online, here a data set (DS/OL).
    fn gb(&self, today: jiff::civil::Date) -> String {
        format!(
            "{}. {}: 第{}版[DS/OL]. ({})[{today}]. {}.",
            self.provider, self.title.zh, self.number, self.released, self.url
        )
    }

    /// Publication Manual of the APA, 7th edition, 10.9: data sets.
    fn apa(&self) -> String {
        let title = if self.title.en.is_empty() {
            self.title.zh.clone()
        } else {
            format!("{} [{}]", self.title.zh, self.title.en)
        };
        format!(
            "{}. ({}). {title} (Version {}) [Data set]. {}",
            self.provider,
            self.released.year(),
            self.number,
            self.url
        )
    }

    fn bibtex(&self) -> String {
        format!(
            "@misc{{{},\n  author = {{{{{}}}}},\n  title = {{{{{}}}}},\n  year = {{{}}},\n  \
             version = {{{}}},\n  howpublished = {{Data set}},\n  url = {{{}}}\n}}",
            self.key,
            escaped(self.provider),
            escaped(&self.title.zh),
            self.released.year(),
            self.number,
            self.url
        )
    }
}

/// A text inside braces of BibTeX: what TeX reads as a command stands for itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '{' | '}' | '%' | '&' | '#' | '_' | '$' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_has_what_its_style_asks_for() {
        let title = Bilingual::new("乡镇名录 {A_B} 100%", "Townships");
        let cited = Cited {
            provider: "山西省民政厅",
            title: &title,
            number: 3,
            released: jiff::civil::date(2026, 11, 30),
            url: "https://data.example/dataset/0198".to_owned(),
            key: "fenhe-0198-v3".to_owned(),
        };
        assert_eq!(
            cited.gb(jiff::civil::date(2026, 12, 1)),
            "山西省民政厅. 乡镇名录 {A_B} 100%: 第3版[DS/OL]. (2026-11-30)[2026-12-01]. \
             https://data.example/dataset/0198."
        );
        assert_eq!(
            cited.apa(),
            "山西省民政厅. (2026). 乡镇名录 {A_B} 100% [Townships] (Version 3) [Data set]. \
             https://data.example/dataset/0198"
        );
        let bibtex = cited.bibtex();
        assert!(
            bibtex.starts_with("@misc{fenhe-0198-v3,\n  author = {{山西省民政厅}},"),
            "{bibtex}"
        );
        assert!(bibtex.contains("title = {{乡镇名录 \\{A\\_B\\} 100\\%}}"), "{bibtex}");
        let open = bibtex.matches('{').count();
        assert_eq!(open, bibtex.matches('}').count());
    }
}
