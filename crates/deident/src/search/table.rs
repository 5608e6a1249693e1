//! A tuple table with the hierarchies of its columns, numbered for speed: the
//! form in which a search reads the data.

use super::{QuasiColumn, SearchError};
use crate::criterion::{Criterion, Model, Prepared};
use crate::hierarchy::Hierarchy;
use crate::metric::{Metric, domain_entropy, loss_of_shares};
use crate::tuples::TupleTable;

/// One level of one column.
#[derive(Debug, Clone)]
pub(super) struct ColumnLevel {
    /// Group of each code of the data.
    pub(super) group: Vec<u32>,
    /// Number of groups that the data has.
    pub(super) groups: u32,
    /// Share of all leaves under each group.
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
    /// The value of each code; `None` is null.
    names: &'a [Option<String>],
    pub(super) levels: Vec<ColumnLevel>,
    /// Leaves of the hierarchy.
    pub(super) leaves: f64,
    /// Number of values in the data.
    pub(super) values: usize,
    /// The highest level of the hierarchy.
    pub(super) top: usize,
    /// `−Σ_value a · log2(a / n)`: what the column has to lose, in bits.
    pub(super) entropy: f64,
}

impl Column<'_> {
    pub(super) fn value(&self, code: u32) -> Option<&str> {
        self.names.get(code as usize)?.as_deref()
    }
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
    /// `Σ ln D` over the columns.
    pub(super) domain_entropy: f64,
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
        let domain_entropy = domain_entropy(hierarchies.iter().map(Hierarchy::leaves));
        let mut columns = Vec::with_capacity(quasi.len());
        for (column, hierarchy) in quasi.iter().zip(hierarchies) {
            let position = tuples.require(&column.name)?;
            let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
            let values = tuples.values(&column.name).unwrap_or_default();
            let value_rows = tuples.value_rows(&column.name).unwrap_or_default();
            let entropy = value_rows.iter().map(|count| entropy_part(*count, rows)).sum();
            let totals = Totals { rows: rows as f64, entropy, domain_entropy };
            let levels = (0..hierarchy.levels())
                .map(|level| column_level(hierarchy, level, values, &value_rows, totals, metric))
                .collect();
            columns.push(Column {
                codes,
                names: values,
                levels,
                leaves: hierarchy.leaves(),
                values: values.len(),
                top: hierarchy.top(),
                entropy,
            });
        }
        let sensitive = sensitive(tuples, criteria)?;
        Ok(Self { columns, sensitive, counts: &tuples.counts, rows, domain_entropy })
    }

    pub(super) fn level(&self, column: usize, level: usize) -> Option<&ColumnLevel> {
        self.columns.get(column)?.levels.get(level)
    }
}

/// What the costs of a column are measured against.
#[derive(Clone, Copy)]
struct Totals {
    rows: f64,
    /// Entropy of the column.
    entropy: f64,
    /// `Σ ln D` over all columns.
    domain_entropy: f64,
}

fn column_level(
    hierarchy: &Hierarchy,
    level: usize,
    values: &[Option<String>],
    value_rows: &[u64],
    totals: Totals,
    metric: Metric,
) -> ColumnLevel {
    let mut number = std::collections::HashMap::new();
    let mut group = Vec::with_capacity(values.len());
    let mut share = Vec::new();
    let mut group_rows: Vec<u64> = Vec::new();
    let mut share_sum = 0.0;
    for (value, count) in values.iter().zip(value_rows) {
        let leaf = hierarchy.find(value.as_deref()).unwrap_or_default();
        let own = hierarchy.group(level, leaf).unwrap_or_default();
        let fresh = u32::try_from(number.len()).unwrap_or(u32::MAX);
        let place = *number.entry(own).or_insert(fresh);
        let part = hierarchy.share(level, leaf);
        if place == fresh {
            group_rows.push(0);
            share.push(part);
        }
        if let Some(slot) = group_rows.get_mut(place as usize) {
            *slot += count;
        }
        group.push(place);
        share_sum += part * *count as f64;
    }
    let loss = loss_of_shares(share_sum, totals.rows, hierarchy.leaves());
    let entropy = || -> f64 {
        value_rows
            .iter()
            .zip(&group)
            .map(|(leaf, place)| {
                entropy_part(*leaf, group_rows.get(*place as usize).copied().unwrap_or(*leaf))
            })
            .sum()
    };
    let logarithms = || -> f64 {
        let of = |part: &f64| (part * hierarchy.leaves()).ln();
        share.iter().zip(&group_rows).map(|(part, count)| of(part) * *count as f64).sum()
    };
    let cost = match metric {
        Metric::Loss | Metric::LossGeometric | Metric::Aecs | Metric::Dm => loss,
        Metric::Precision if hierarchy.top() == 0 => 0.0,
        Metric::Precision => level as f64 / hierarchy.top() as f64,
        Metric::Entropy => entropy(),
        Metric::NormalizedEntropy => ratio(entropy(), totals.entropy),
        Metric::EntropyLoss => ratio(logarithms(), totals.domain_entropy),
        Metric::Ambiguity => logarithms() / totals.rows,
    };
    let groups = u32::try_from(number.len()).unwrap_or(u32::MAX);
    ColumnLevel { group, groups, share, share_sum, cost, loss }
}

/// A part of a whole; 0 where there is nothing to take a part of.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
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
