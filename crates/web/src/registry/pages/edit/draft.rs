//! What the form of a catalogue entry holds, as it was typed.

use platform::Error;
use platform::registry::CatalogueEntry;
use serde::Serialize;

use crate::form::Posted;
use crate::problem::TextView;
use crate::registry::entry::{ContactBody, EntryBody, ItemBody, NegativeListBody};

/// The fields of the form.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Draft {
    pub(super) values: Values,
    pub(super) items: Vec<ItemRow>,
}

/// The fields but for the items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Values {
    pub(super) title_zh: String,
    pub(super) title_en: String,
    pub(super) abstract_zh: String,
    pub(super) abstract_en: String,
    pub(super) theme: String,
    pub(super) division: String,
    pub(super) keywords: String,
    pub(super) format: String,
    pub(super) update_cycle: String,
    pub(super) source_zh: String,
    pub(super) source_en: String,
    pub(super) sharing: String,
    pub(super) sharing_mode: String,
    pub(super) conditions: String,
    pub(super) sharing_scope: String,
    pub(super) sharing_use: String,
    pub(super) sharing_basis: String,
    pub(super) opening: String,
    pub(super) opening_reason: String,
    pub(super) opening_basis: String,
    pub(super) opening_review: String,
    pub(super) level: String,
    pub(super) secrecy_reference: String,
    pub(super) pia_reference: String,
    pub(super) contact_name: String,
    pub(super) contact_phone: String,
    pub(super) contact_email: String,
}

/// A row of the table of items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ItemRow {
    /// The number in the names of its fields, which a script may have chosen.
    #[serde(skip)]
    number: String,
    name: String,
    title_zh: String,
    title_en: String,
    kind: String,
    note: String,
}

impl Draft {
    /// The form of a saved entry.
    pub(super) fn of(entry: &CatalogueEntry) -> Self {
        let body = EntryBody::from(entry.clone());
        let listed = body.negative_list.unwrap_or_default();
        let values = Values {
            title_zh: body.title.zh,
            title_en: body.title.en,
            abstract_zh: body.summary.zh,
            abstract_en: body.summary.en,
            theme: body.theme,
            division: body.division.unwrap_or_default(),
            keywords: body.keywords.join("、"),
            format: body.format,
            update_cycle: body.update_cycle.unwrap_or_default(),
            source_zh: body.source_note.zh,
            source_en: body.source_note.en,
            sharing: body.sharing.unwrap_or_default(),
            sharing_mode: body.sharing_mode,
            conditions: body.conditions,
            sharing_scope: body.sharing_scope,
            sharing_use: body.sharing_purpose,
            sharing_basis: body.not_shared_basis,
            opening: body.opening.unwrap_or_default(),
            opening_reason: listed.reason,
            opening_basis: listed.basis,
            opening_review: listed.review_on,
            level: body.level.unwrap_or_default(),
            secrecy_reference: body.secrecy_assessment,
            pia_reference: body.privacy_assessment,
            contact_name: body.contact.office,
            contact_phone: body.contact.phone,
            contact_email: body.contact.email,
        };
        let items = body.items.into_iter().map(|item| ItemRow {
            number: String::new(),
            name: item.name,
            title_zh: item.title.zh,
            title_en: item.title.en,
            kind: item.kind,
            note: item.description,
        });
        Self { values, items: items.collect() }
    }

    /// The form as it was posted.
    pub(super) fn posted(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let values = Values {
            title_zh: text("title_zh"),
            title_en: text("title_en"),
            abstract_zh: text("abstract_zh"),
            abstract_en: text("abstract_en"),
            theme: text("theme"),
            division: text("division"),
            keywords: text("keywords"),
            format: text("format"),
            update_cycle: text("update_cycle"),
            source_zh: text("source_zh"),
            source_en: text("source_en"),
            sharing: text("sharing"),
            sharing_mode: text("sharing_mode"),
            conditions: text("conditions"),
            sharing_scope: text("sharing_scope"),
            sharing_use: text("sharing_use"),
            sharing_basis: text("sharing_basis"),
            opening: text("opening"),
            opening_reason: text("opening_reason"),
            opening_basis: text("opening_basis"),
            opening_review: text("opening_review"),
            level: text("level"),
            secrecy_reference: text("secrecy_reference"),
            pia_reference: text("pia_reference"),
            contact_name: text("contact_name"),
            contact_phone: text("contact_phone"),
            contact_email: text("contact_email"),
        };
        Self { values, items: posted_items(form) }
    }

    /// An empty row at the end.
    pub(super) fn add_item(&mut self) {
        self.items.push(ItemRow::default());
    }

    /// Takes out the row whose fields had this number.
    pub(super) fn remove_item(&mut self, number: &str) {
        self.items.retain(|item| item.number != number);
    }

    /// The entry that the form describes; what the form does not show stays as it is
    /// in `base`. Rows without anything in them are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every code that is not in its list.
    pub(super) fn entry(&self, base: &CatalogueEntry) -> Result<CatalogueEntry, Error> {
        let Values {
            title_zh,
            title_en,
            abstract_zh,
            abstract_en,
            theme,
            division,
            keywords,
            format,
            update_cycle,
            source_zh,
            source_en,
            sharing,
            sharing_mode,
            conditions,
            sharing_scope,
            sharing_use,
            sharing_basis,
            opening,
            opening_reason,
            opening_basis,
            opening_review,
            level,
            secrecy_reference,
            pia_reference,
            contact_name,
            contact_phone,
            contact_email,
        } = self.values.clone();
        let listed = NegativeListBody {
            reason: opening_reason,
            basis: opening_basis,
            review_on: opening_review,
        };
        let is_listed =
            [&listed.reason, &listed.basis, &listed.review_on].iter().any(|t| !t.is_empty());
        let separators = ['、', '，', ',', '；', ';'];
        let words = keywords.split(separators).map(str::trim).filter(|word| !word.is_empty());
        let body = EntryBody {
            title: TextView { zh: title_zh, en: title_en },
            summary: TextView { zh: abstract_zh, en: abstract_en },
            items: self.items.iter().filter(|item| !item.is_blank()).map(ItemRow::body).collect(),
            format,
            update_cycle: Some(update_cycle),
            sharing: Some(sharing),
            sharing_mode,
            conditions,
            sharing_scope,
            sharing_purpose: sharing_use,
            not_shared_basis: sharing_basis,
            theme,
            level: Some(level),
            opening: Some(opening),
            negative_list: is_listed.then_some(listed),
            division: Some(division),
            keywords: words.map(str::to_owned).collect(),
            contact: ContactBody {
                office: contact_name,
                phone: contact_phone,
                email: contact_email,
            },
            source_note: TextView { zh: source_zh, en: source_en },
            secrecy_assessment: secrecy_reference,
            privacy_assessment: pia_reference,
            ..EntryBody::from(base.clone())
        };
        body.try_into()
    }
}

impl ItemRow {
    fn is_blank(&self) -> bool {
        [&self.name, &self.title_zh, &self.title_en, &self.note].iter().all(|text| text.is_empty())
    }

    fn body(&self) -> ItemBody {
        ItemBody {
            name: self.name.clone(),
            title: TextView { zh: self.title_zh.clone(), en: self.title_en.clone() },
            kind: self.kind.clone(),
            description: self.note.clone(),
        }
    }
}

/// The rows of the table of items, in the order in which they were posted.
fn posted_items(form: &Posted) -> Vec<ItemRow> {
    let mut rows: Vec<ItemRow> = Vec::new();
    for (name, value) in form.with_prefix("item.") {
        let Some((number, field)) = name.split_once('.') else { continue };
        // The fields of a row follow one another.
        if rows.last().is_none_or(|row| row.number != number) {
            rows.push(ItemRow { number: number.to_owned(), ..ItemRow::default() });
        }
        let Some(row) = rows.last_mut() else { continue };
        let value = value.trim().to_owned();
        match field {
            "name" => row.name = value,
            "title_zh" => row.title_zh = value,
            "title_en" => row.title_en = value,
            "kind" => row.kind = value,
            "note" => row.note = value,
            _ => {}
        }
    }
    rows
}

/// The field of the form for a field of the entry.
pub(super) fn form_field(path: &str) -> String {
    let field = match path {
        "title.zh" => "title_zh",
        "title.en" => "title_en",
        "summary.zh" => "abstract_zh",
        "summary.en" => "abstract_en",
        "sharing_purpose" => "sharing_use",
        "not_shared_basis" => "sharing_basis",
        "negative_list" => "opening_reason",
        "secrecy_assessment" => "secrecy_reference",
        "privacy_assessment" => "pia_reference",
        "contact.office" => "contact_name",
        "contact.phone" => "contact_phone",
        "contact.email" => "contact_email",
        other => other,
    };
    field.to_owned()
}

/// The field of the form that a refusal is about; R-SH-01 is about several, which are
/// shown each by itself.
pub(super) fn field_of_rule(code: &str) -> Option<&'static str> {
    match code {
        "R-SH-02" => Some("sharing_basis"),
        "R-SH-03" => Some("sharing_scope"),
        "R-OP-03" => Some("opening_reason"),
        "R-OP-06" => Some("level"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"title_zh=%E6%B0%B4&keywords=a%E3%80%81b,c&sharing=conditional\
        &item.0.name=x&item.0.kind=text&item.7.name=y&item.7.kind=date&item.8.name=&item.8.kind=text";

    #[test]
    fn what_was_typed_comes_back_as_it_was_typed() {
        let draft = Draft::posted(&Posted::parse(FORM));
        assert_eq!(draft.values.title_zh, "水");
        assert_eq!(draft.items.len(), 3);
        let entry = draft.entry(&CatalogueEntry::default()).unwrap();
        assert_eq!(entry.keywords, ["a", "b", "c"]);
        assert_eq!(
            entry.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(),
            ["x", "y"]
        );
        assert_eq!(Draft::of(&entry).values.keywords, "a、b、c");
    }

    #[test]
    fn a_removed_row_is_the_one_whose_button_was_pressed() {
        let mut draft = Draft::posted(&Posted::parse(FORM));
        draft.remove_item("7");
        let entry = draft.entry(&CatalogueEntry::default()).unwrap();
        assert_eq!(entry.items.len(), 1);
        assert_eq!(entry.items[0].name, "x");
    }

    #[test]
    fn what_the_form_does_not_show_is_kept() {
        let base = CatalogueEntry { industry: "O".to_owned(), ..CatalogueEntry::default() };
        let entry = Draft::posted(&Posted::parse(b"title_zh=x")).entry(&base).unwrap();
        assert_eq!(entry.industry, "O");
    }

    #[test]
    fn an_unknown_code_is_a_mistake_at_its_field() {
        let draft = Draft::posted(&Posted::parse(b"level=secret&opening=perhaps"));
        match draft.entry(&CatalogueEntry::default()) {
            Err(Error::Invalid { problems }) => {
                let fields: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
                assert_eq!(fields, ["level", "opening"]);
            }
            other => panic!("expected two mistakes, found {other:?}"),
        }
    }
}
