//! A tuple table with the hierarchies of its columns, numbered for speed: the
//! form in which a search reads the data.

use super::{QuasiColumn, SearchError};
use crate::criterion::{Criterion, Model, Prepared};
use crate::hierarchy::Hierarchy;
use crate::metric::{Metric, loss_of_shares};
use crate::tuples::TupleTable;

/// One level of one column.
#[derive(Debug, Clone)]
pub(super) struct ColumnLevel {
    /// Group of each code of the data.
    pub(super) group: Vec<u32>,
    /// Number of groups that the data has.
    pub(super) groups: u32,
    /// Share of all leaves under the group of each code.
    pub(super) share: Vec<f64>,
    /// `Σ_rows share`.
    pub(super) share_sum: f64,
    /// Cost of the column at this level without suppression, in the metric.
    pub(super) cost: f64,
    /// Loss at this level without suppression, whatever the metric.
    pub(super) loss: f64,
}

/// A quasi-identifier.
#[derive(Debug, Clone)]
pub(super) struct Column<'a> {
    pub(super) codes: &'a [u32],
    pub(super) levels: Vec<ColumnLevel>,
    /// Leaves of the hierarchy.
    pub(super) leaves: f64,
    /// Number of values in the data.
    pub(super) values: usize,
    /// The highest level of the hierarchy.
    pub(super) top: usize,
}

/// A sensitive column.
#[derive(Debug, Clone)]
pub(super) struct Sensitive<'a> {
    pub(super) codes: &'a [u32],
    pub(super) rows: Vec<u64>,
    pub(super) models: Vec<(bool, Prepared)>,
}

/// Everything a search reads.
#[derive(Debug, Clone)]
pub(super) struct Base<'a> {
    pub(super) columns: Vec<Column<'a>>,
    pub(super) sensitive: Vec<Sensitive<'a>>,
    pub(super) counts: &'a [u64],
    pub(super) rows: u64,
}

impl<'a> Base<'a> {
    pub(super) fn new(
        tuples: &'a TupleTable,
        quasi: &[QuasiColumn],
        hierarchies: &[Hierarchy],
        criteria: &[Criterion],
        metric: Metric,
    ) -> Result<Self, SearchError> {
        let rows = tuples.rows();
        let mut columns = Vec::with_capacity(quasi.len());
        for (column, hierarchy) in quasi.iter().zip(hierarchies) {
            let position = tuples.require(&column.name)?;
            let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
            let values = tuples.values(&column.name).unwrap_or_default();
            let value_rows = tuples.value_rows(&column.name).unwrap_or_default();
            let levels = (0..hierarchy.levels())
                .map(|level| {
                    column_level(hierarchy, level, values, &value_rows, rows as f64, metric)
                })
                .collect();
            columns.push(Column {
                codes,
                levels,
                leaves: hierarchy.leaves(),
                values: values.len(),
                top: hierarchy.top(),
            });
        }
        let sensitive = sensitive(tuples, criteria)?;
        Ok(Self { columns, sensitive, counts: &tuples.counts, rows })
    }

    pub(super) fn level(&self, column: usize, level: usize) -> Option<&ColumnLevel> {
        self.columns.get(column)?.levels.get(level)
    }
}

fn column_level(
    hierarchy: &Hierarchy,
    level: usize,
    values: &[Option<String>],
    value_rows: &[u64],
    rows: f64,
    metric: Metric,
) -> ColumnLevel {
    let mut number = std::collections::HashMap::new();
    let mut group = Vec::with_capacity(values.len());
    let mut share = Vec::with_capacity(values.len());
    let mut group_rows: Vec<u64> = Vec::new();
    let mut share_sum = 0.0;
    for (value, count) in values.iter().zip(value_rows) {
        let leaf = hierarchy.find(value.as_deref()).unwrap_or_default();
        let own = hierarchy.group(level, leaf).unwrap_or_default();
        let fresh = u32::try_from(number.len()).unwrap_or(u32::MAX);
        let place = *number.entry(own).or_insert(fresh);
        if place == fresh {
            group_rows.push(0);
        }
        if let Some(slot) = group_rows.get_mut(place as usize) {
            *slot += count;
        }
        group.push(place);
        let part = hierarchy.share(level, leaf);
        share_sum += part * *count as f64;
        share.push(part);
    }
    let loss = loss_of_shares(share_sum, rows, hierarchy.leaves());
    let cost = match metric {
        Metric::Loss | Metric::LossGeometric | Metric::Aecs | Metric::Dm => loss,
        Metric::Precision if hierarchy.top() == 0 => 0.0,
        Metric::Precision => level as f64 / hierarchy.top() as f64,
        Metric::Entropy => value_rows
            .iter()
            .zip(&group)
            .map(|(leaf, place)| {
                entropy_part(*leaf, group_rows.get(*place as usize).copied().unwrap_or(*leaf))
            })
            .sum(),
    };
    let groups = u32::try_from(number.len()).unwrap_or(u32::MAX);
    ColumnLevel { group, groups, share, share_sum, cost, loss }
}

/// `−a · log2(a / b)`.
///
/// Source: as [`Metric::Entropy`].
pub(super) fn entropy_part(leaf: u64, group: u64) -> f64 {
    if leaf == 0 || leaf == group {
        return 0.0;
    }
    -(leaf as f64) * (leaf as f64 / group as f64).log2()
}

fn sensitive<'a>(
    tuples: &'a TupleTable,
    criteria: &[Criterion],
) -> Result<Vec<Sensitive<'a>>, SearchError> {
    let mut names: Vec<&str> = Vec::new();
    let mut columns: Vec<Sensitive<'a>> = Vec::new();
    for criterion in criteria {
        let position = tuples.require(&criterion.column)?;
        let values = tuples.values(&criterion.column).unwrap_or_default();
        let rows = tuples.value_rows(&criterion.column).unwrap_or_default();
        let tree = match &criterion.model {
            Model::HierarchicalT { hierarchy, .. } => {
                let hierarchy =
                    hierarchy.build(values.iter().map(Option::as_deref)).map_err(|source| {
                        SearchError::Hierarchy { column: criterion.column.clone(), source }
                    })?;
                hierarchy.tree(values)
            }
            _ => Vec::new(),
        };
        let prepared = Prepared::new(&criterion.model, values, &rows, &tree);
        let model = (criterion.model.is_monotone_with_suppression(), prepared);
        match names.iter().position(|name| *name == criterion.column) {
            Some(known) => {
                if let Some(column) = columns.get_mut(known) {
                    column.models.push(model);
                }
            }
            None => {
                names.push(&criterion.column);
                columns.push(Sensitive {
                    codes: tuples.codes.get(position).map_or(&[][..], Vec::as_slice),
                    rows,
                    models: vec![model],
                });
            }
        }
    }
    Ok(columns)
}
