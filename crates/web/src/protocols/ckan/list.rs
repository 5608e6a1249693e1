//! What `organization_list` and `group_list` have in common: order, window and form.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::call::Call;
use super::error::CkanError;

/// An organization or a group of a list.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Its name, which is also its id.
    pub(super) name: String,
    pub(super) title: String,
    /// How many packages it has.
    pub(super) packages: u64,
    /// How it is shown with `all_fields`.
    pub(super) view: Value,
}

/// The list in the order, the window and the form that are asked for.
///
/// # Errors
///
/// [`CkanError::Validation`] for an order that is not known, or a number that is none.
pub(super) fn list(call: &Call, mut listed: Vec<Listed>) -> Result<Value, CkanError> {
    match call.text("sort").or_else(|| call.text("order_by")).as_deref() {
        None | Some("title asc" | "title") => listed.sort_by(|a, b| a.title.cmp(&b.title)),
        Some("title desc") => listed.sort_by(|a, b| b.title.cmp(&a.title)),
        Some("name asc" | "name") => listed.sort_by(|a, b| a.name.cmp(&b.name)),
        Some("name desc") => listed.sort_by(|a, b| b.name.cmp(&a.name)),
        Some("package_count" | "packages" | "package_count desc" | "packages desc") => {
            listed.sort_by_key(|one| Reverse(one.packages));
        }
        Some("package_count asc" | "packages asc") => listed.sort_by_key(|one| one.packages),
        Some(other) => {
            return Err(CkanError::Validation(vec![(
                "sort".to_owned(),
                format!("Cannot sort by field `{other}`; there are name, title and package_count"),
            )]));
        }
    }
    let (offset, limit) = call.window(u64::MAX, u64::MAX)?;
    let shown = listed.into_iter().skip(offset).take(limit);
    Ok(if call.flag("all_fields", false) {
        shown.map(|one| one.view).collect()
    } else {
        shown.map(|one| json!(one.name)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: Value) -> Result<Value, CkanError> {
        let listed =
            [("b", "丙", 3), ("a", "乙", 1), ("c", "甲", 2)].map(|(name, title, packages)| {
                Listed { name: name.into(), title: title.into(), packages, view: json!(packages) }
            });
        list(&Call::of("group_list", values), listed.into())
    }

    #[test]
    fn a_list_has_the_order_and_the_window_that_are_asked_for() {
        for (sort, expected) in [
            ("name", ["a", "b", "c"]),
            ("name desc", ["c", "b", "a"]),
            ("title asc", ["b", "a", "c"]),
            ("package_count", ["b", "c", "a"]),
            ("packages asc", ["a", "c", "b"]),
        ] {
            assert_eq!(asked(json!({ "sort": sort })).unwrap(), json!(expected), "{sort}");
        }
        let part = json!({ "order_by": "name", "offset": 1, "limit": 1, "all_fields": true });
        assert_eq!(asked(part).unwrap(), json!([3]));
        assert!(asked(json!({ "sort": "colour" })).is_err());
        assert!(asked(json!({ "limit": -1 })).is_err());
    }
}
