//! A generalized column while a plan is applied: the form of each value at its level,
//! by number, so that a class is a list of numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringBuilder};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::cell_text::texts;
use crate::hierarchy::{Hierarchy, Spec};

/// The found mapping of one column, plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LevelMapping {
    /// Form of a null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    null: Option<u32>,
    /// What is released, by number.
    forms: Vec<String>,
    /// Number of the form of each value.
    values: BTreeMap<String, u32>,
}

/// A generalized column.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    pub(crate) level: usize,
    spec: Spec,
    forms: Vec<String>,
    numbers: HashMap<String, u32>,
    values: HashMap<String, u32>,
    null: Option<u32>,
    /// Counted values that show how the forms are written, with their forms.
    witnesses: Vec<(Option<String>, String)>,
}

impl Levels {
    pub(crate) fn of_hierarchy(spec: &Spec, level: usize, hierarchy: &Hierarchy) -> Self {
        let mut levels = Self::empty(spec, level);
        for value in hierarchy.values() {
            let form = hierarchy.generalize(value.as_deref(), level).unwrap_or_default();
            levels.insert(value.as_deref(), form);
        }
        levels
    }

    pub(crate) fn of_mapping(spec: &Spec, level: usize, mapping: &LevelMapping) -> Self {
        let mut levels = Self::empty(spec, level);
        for (number, form) in (0_u32..).zip(&mapping.forms) {
            levels.forms.push(form.clone());
            levels.numbers.insert(levels.label(form, mapping.null == Some(number)), number);
        }
        levels.values = mapping.values.iter().map(|(value, form)| (value.clone(), *form)).collect();
        levels.null = mapping.null;
        levels.find_witnesses();
        levels
    }

    pub(crate) fn export(&self) -> LevelMapping {
        let values = self.values.iter().map(|(value, form)| (value.clone(), *form)).collect();
        LevelMapping { null: self.null, forms: self.forms.clone(), values }
    }

    fn empty(spec: &Spec, level: usize) -> Self {
        Self {
            level,
            spec: spec.clone(),
            forms: Vec::new(),
            numbers: HashMap::new(),
            values: HashMap::new(),
            null: None,
            witnesses: Vec::new(),
        }
    }

    /// At level 0 a null has a form of its own, apart from the empty text.
    fn label(&self, form: &str, is_null: bool) -> String {
        if self.level == 0 && is_null { "\0null".to_owned() } else { form.to_owned() }
    }

    fn insert(&mut self, value: Option<&str>, form: &str) -> u32 {
        let fresh = u32::try_from(self.forms.len()).unwrap_or(u32::MAX);
        let label = self.label(form, value.is_none());
        let number = *self.numbers.entry(label).or_insert(fresh);
        if number == fresh {
            self.forms.push(form.to_owned());
        }
        match value {
            Some(text) => {
                self.values.insert(text.to_owned(), number);
            }
            None => self.null = Some(number),
        }
        number
    }

    /// The number of the form of a value; `None` if the value was not counted.
    pub(crate) fn find(&self, value: Option<&str>) -> Option<u32> {
        match value {
            None => self.null,
            Some(text) => self.values.get(text).copied(),
        }
    }

    /// How forms are written depends on the values: a fraction among numbers, a long
    /// code among short ones. The longest value, a fraction if there is one, and the
    /// least of all show it.
    fn find_witnesses(&mut self) {
        let fraction = |text: &&String| {
            text.trim()
                .parse::<f64>()
                .is_ok_and(|number| number.is_finite() && number.fract() != 0.0)
        };
        let least = self.values.keys().min();
        let longest = self.values.keys().max_by_key(|text| (text.trim().len(), *text));
        let fraction = self.values.keys().filter(fraction).min();
        self.witnesses = [least, longest, fraction]
            .into_iter()
            .flatten()
            .filter_map(|value| {
                let form = self.forms.get(self.find(Some(value))? as usize)?;
                Some((Some(value.clone()), form.clone()))
            })
            .collect();
    }

    /// Adds a value of new rows, if the recipe of the hierarchy knows it and writes
    /// the counted values as before.
    pub(crate) fn extend(&mut self, value: Option<&str>) -> Option<u32> {
        if let Some(number) = self.find(value) {
            return Some(number);
        }
        let known = self.witnesses.iter().map(|(value, _)| value.as_deref());
        let hierarchy = self.spec.build(known.chain([value])).ok()?;
        let as_before = self.witnesses.iter().all(|(value, form)| {
            hierarchy.generalize(value.as_deref(), self.level) == Some(form.as_str())
        });
        let form = hierarchy.generalize(value, self.level).filter(|_| as_before)?.to_owned();
        Some(self.insert(value, &form))
    }

    /// The column at its level; a value that is not known becomes null, and its row
    /// is in no class.
    pub(crate) fn forms(&self, array: &ArrayRef) -> ArrayRef {
        let mut builder = StringBuilder::new();
        for value in &texts(array) {
            let form = self.find(value).and_then(|number| self.forms.get(number as usize));
            builder.append_option(form);
        }
        Arc::new(builder.finish())
    }

    /// The number of the form of each row.
    pub(crate) fn numbers(&self, array: &ArrayRef) -> Vec<Option<u32>> {
        let texts = texts(array);
        (0..texts.len())
            .map(|row| self.find(texts.is_valid(row).then(|| texts.value(row))))
            .collect()
    }
}
