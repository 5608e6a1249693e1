//! A tuple table with the hierarchies of its columns, numbered for speed: the
//! form in which a search reads the data.

use super::{QuasiColumn, SearchError};
use crate::criterion::{Criterion, Model, Prepared};
use crate::hierarchy::Hierarchy;
use crate::metric::{Metric, domain_entropy, loss_of_shares};
use crate::release::{Bounds, PopulationModels, least_class};
use crate::tuples::TupleTable;

/// One level of one column.
#[derive(Debug, Clone)]
pub(super) struct ColumnLevel {
    /// Group of each code of the data, then of each value that only the population has.
    pub(super) group: Vec<u32>,
    /// Number of groups that the data and the population have.
    pub(super) groups: u32,
    /// Number of groups that the data has.
    pub(super) own_groups: u32,
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
    /// Models, and whether each is monotone with suppression.
    pub(super) models: Vec<(bool, Prepared)>,
}

/// The population, in the codes of the columns.
#[derive(Debug, Clone)]
pub(super) struct Register<'a> {
    /// By column.
    pub(super) codes: Vec<&'a [u32]>,
    pub(super) counts: &'a [u64],
    pub(super) models: PopulationModels,
}

/// What is asked of the classes and of the whole.
#[derive(Debug, Clone)]
pub(super) struct Demands {
    /// Least rows of a class.
    pub(super) k: u64,
    pub(super) bounds: Bounds,
    /// Place of the column among the sensitive ones whose values are counted as the
    /// size of a class.
    pub(super) persons: Option<usize>,
    /// Whether some model but that of class sizes is monotone with suppression.
    pub(super) any_monotone: bool,
    /// Whether all models are monotone without suppression.
    pub(super) all_monotone: bool,
}

/// Everything a search reads.
#[derive(Debug, Clone)]
pub(super) struct Base<'a> {
    pub(super) columns: Vec<Column<'a>>,
    pub(super) sensitive: Vec<Sensitive<'a>>,
    pub(super) register: Option<Register<'a>>,
    pub(super) demands: Demands,
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
        k: u32,
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
            let domain = tuples.domain(&column.name);
            let levels = (0..hierarchy.levels())
                .map(|level| column_level(hierarchy, level, &domain, &value_rows, totals, metric))
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
        let register = register(tuples, quasi, criteria)?;
        let demands = demands(k, criteria)?;
        let counts = &tuples.counts;
        Ok(Self { columns, sensitive, register, demands, counts, rows, domain_entropy })
    }

    /// Whether anything but the rows of the classes is asked for.
    pub(super) fn has_models(&self) -> bool {
        !self.sensitive.is_empty() || self.register.is_some() || !self.demands.bounds.is_empty()
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
    domain: &[Option<&str>],
    value_rows: &[u64],
    totals: Totals,
    metric: Metric,
) -> ColumnLevel {
    let mut number = std::collections::HashMap::new();
    let mut group = Vec::with_capacity(domain.len());
    let mut share = Vec::new();
    let mut group_rows: Vec<u64> = Vec::new();
    let mut share_sum = 0.0;
    // Values that only the population has cost nothing: no row has them.
    for (value, count) in domain.iter().zip(value_rows.iter().chain(std::iter::repeat(&0))) {
        let leaf = hierarchy.find(*value).unwrap_or_default();
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
    let own = group_rows.iter().filter(|rows| **rows > 0).count();
    let own_groups = u32::try_from(own).unwrap_or(u32::MAX);
    ColumnLevel { group, groups, own_groups, share, share_sum, cost, loss }
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

/// The population, where a model asks for it.
fn register<'a>(
    tuples: &'a TupleTable,
    quasi: &[QuasiColumn],
    criteria: &[Criterion],
) -> Result<Option<Register<'a>>, SearchError> {
    let Some(models) = PopulationModels::of(criteria) else { return Ok(None) };
    let mut codes = Vec::with_capacity(quasi.len());
    for column in quasi {
        codes.push(tuples.population_codes(&column.name)?);
    }
    Ok(Some(Register { codes, counts: &tuples.require_population()?.counts, models }))
}

fn demands(k: u32, criteria: &[Criterion]) -> Result<Demands, SearchError> {
    let mut columns: Vec<&str> = Vec::new();
    let mut persons = None;
    for criterion in criteria.iter().filter(|criterion| criterion.model.is_of_column()) {
        if !columns.contains(&criterion.column.as_str()) {
            columns.push(&criterion.column);
        }
        if let Model::DistinctPersons { .. } = criterion.model {
            persons = columns.iter().position(|name| *name == criterion.column);
        }
    }
    let monotone = |criterion: &Criterion| criterion.model.is_monotone_with_suppression();
    Ok(Demands {
        k: least_class(k, criteria),
        bounds: Bounds::of(criteria)?,
        persons,
        any_monotone: criteria.iter().any(monotone),
        all_monotone: criteria.iter().all(|criterion| criterion.model.is_monotone()),
    })
}

fn sensitive<'a>(
    tuples: &'a TupleTable,
    criteria: &[Criterion],
) -> Result<Vec<Sensitive<'a>>, SearchError> {
    let mut names: Vec<&str> = Vec::new();
    let mut columns: Vec<Sensitive<'a>> = Vec::new();
    for criterion in criteria.iter().filter(|criterion| criterion.model.is_of_column()) {
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
