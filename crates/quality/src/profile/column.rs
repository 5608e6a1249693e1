//! The profile of one column.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};

use super::bins::Bins;
use super::distinct::{NumberCounts, exact_values};
use super::moments::Moments;
use super::text::Texts;
use super::{ColumnProfile, Kind, ProfileError, TopValue};

/// What is known about one column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    name: String,
    kind: Kind,
    missing: u64,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Boolean { yes: u64, no: u64 },
    Number(Box<Numbers>),
    Text(Texts),
}

/// Numbers, dates (as days) and times (as microseconds).
#[derive(Debug, Clone)]
struct Numbers {
    moments: Moments,
    bins: Bins,
    counts: NumberCounts,
    /// Extremes of integers, which doubles do not hold beyond 2^53.
    low: i64,
    high: i64,
    /// Reused from batch to batch.
    scratch: Vec<f64>,
    keys: Vec<i64>,
}

impl Column {
    pub(super) fn new(name: &str, data_type: &DataType, budget: usize) -> Self {
        let kind = Kind::of(data_type);
        let limit = exact_values(budget);
        let values = match kind {
            Kind::Boolean => Values::Boolean { yes: 0, no: 0 },
            Kind::Text => Values::Text(Texts::new(budget)),
            Kind::Float64 => Values::Number(Box::new(Numbers::new(NumberCounts::exact(limit)))),
            Kind::Int64 | Kind::Date | Kind::Timestamp => {
                Values::Number(Box::new(Numbers::new(NumberCounts::dense(limit))))
            }
        };
        Self { name: name.to_owned(), kind, missing: 0, values }
    }

    /// Whether the other column has the same name and type.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.name == other.name && self.kind == other.kind
    }

    pub(super) fn update(&mut self, array: &ArrayRef) -> Result<(), ProfileError> {
        if Kind::of(array.data_type()) != self.kind {
            return Err(ProfileError::OtherColumns { expected: 1, found: 1 });
        }
        let wanted = match self.kind {
            Kind::Boolean => DataType::Boolean,
            Kind::Int64 => DataType::Int64,
            Kind::Float64 => DataType::Float64,
            Kind::Date => DataType::Date32,
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Kind::Text => DataType::Utf8,
        };
        let cast_array;
        let array = if *array.data_type() == wanted {
            array
        } else {
            cast_array = cast(array, &wanted)?;
            &cast_array
        };
        self.missing += array.null_count() as u64;
        match &mut self.values {
            Values::Boolean { yes, no } => {
                let booleans = array.as_boolean();
                let (trues, falses) = (booleans.true_count(), booleans.false_count());
                *yes += trues as u64;
                *no += falses as u64;
            }
            Values::Number(numbers) => match self.kind {
                Kind::Float64 => numbers.add_floats(array.as_primitive::<Float64Type>()),
                Kind::Date => {
                    numbers.add_integers(array.as_primitive::<Date32Type>(), i64::from);
                }
                Kind::Timestamp => {
                    let times = array.as_primitive::<TimestampMicrosecondType>();
                    numbers.add_integers(times, |value| value);
                }
                _ => numbers.add_integers(array.as_primitive::<Int64Type>(), |value| value),
            },
            Values::Text(texts) => add_texts(texts, array),
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.missing += other.missing;
        match (&mut self.values, other.values) {
            (Values::Boolean { yes, no }, Values::Boolean { yes: more_yes, no: more_no }) => {
                *yes += more_yes;
                *no += more_no;
            }
            (Values::Number(one), Values::Number(two)) => one.merge(*two),
            (Values::Text(one), Values::Text(two)) => one.merge(two),
            _ => {}
        }
    }

    pub(super) fn finish(self) -> ColumnProfile {
        let mut profile = ColumnProfile {
            name: self.name,
            kind: self.kind.as_str().to_owned(),
            missing: self.missing,
            distinct: 0,
            distinct_exact: true,
            min: None,
            max: None,
            mean: None,
            std_dev: None,
            histogram: Vec::new(),
            top: Vec::new(),
            top_exact: true,
            shortest_chars: None,
            longest_chars: None,
        };
        match self.values {
            Values::Boolean { yes, no } => finish_booleans(yes, no, &mut profile),
            Values::Number(numbers) => numbers.finish(self.kind, &mut profile),
            Values::Text(texts) => finish_texts(&texts, &mut profile),
        }
        profile
    }
}

fn add_texts(texts: &mut Texts, array: &ArrayRef) {
    let array = array.as_string::<i32>();
    let bytes = array.values().as_slice();
    let offsets = array.value_offsets();
    let text = |row: usize| {
        let from = usize::try_from(*offsets.get(row)?).ok()?;
        let to = usize::try_from(*offsets.get(row + 1)?).ok()?;
        bytes.get(from..to)
    };
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => texts.add(array.len(), text),
        Some(nulls) => texts.add(array.len(), |row| nulls.is_valid(row).then(|| text(row))?),
    }
}

impl Numbers {
    fn new(counts: NumberCounts) -> Self {
        Self {
            moments: Moments::default(),
            bins: Bins::default(),
            counts,
            low: i64::MAX,
            high: i64::MIN,
            scratch: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn add_integers<T: ArrowPrimitiveType>(
        &mut self,
        array: &PrimitiveArray<T>,
        wide: impl Fn(T::Native) -> i64,
    ) {
        self.keys.clear();
        if array.null_count() == 0 {
            self.keys.extend(array.values().iter().map(|value| wide(*value)));
        } else {
            self.keys.extend(array.iter().flatten().map(wide));
        }
        let (Some(low), Some(high)) = (self.keys.iter().min(), self.keys.iter().max()) else {
            return;
        };
        let (low, high) = (*low, *high);
        self.low = self.low.min(low);
        self.high = self.high.max(high);
        self.scratch.clear();
        #[expect(
            clippy::cast_precision_loss,
            reason = "a mean of numbers beyond 2^53 is no exact one"
        )]
        self.scratch.extend(self.keys.iter().map(|key| *key as f64));
        self.measure(true);
        self.counts.add(&self.keys, low, high);
    }

    fn add_floats(&mut self, array: &PrimitiveArray<Float64Type>) {
        self.scratch.clear();
        if array.null_count() == 0 {
            self.scratch.extend_from_slice(array.values());
        } else {
            self.scratch.extend(array.iter().flatten());
        }
        self.keys.clear();
        // Adding zero turns minus zero into zero, so that both count as one value.
        self.keys.extend(self.scratch.iter().map(|value| (value + 0.0).to_bits().cast_signed()));
        self.scratch.retain(|value| value.is_finite());
        self.measure(false);
        self.counts.add(&self.keys, 0, 0);
    }

    fn measure(&mut self, whole: bool) {
        let part = Moments::of(&self.scratch);
        if part.count > 0 {
            self.bins.add(&self.scratch, part.min, part.max, whole);
            self.moments.merge(&part);
        }
    }

    fn merge(&mut self, other: Self) {
        self.moments.merge(&other.moments);
        self.bins.merge(other.bins);
        self.counts.merge(other.counts);
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    fn finish(self, kind: Kind, profile: &mut ColumnProfile) {
        let key_text = |key: i64| match kind {
            Kind::Float64 => f64::from_bits(key.cast_unsigned()).to_string(),
            Kind::Date => date_text(key),
            Kind::Timestamp => time_text(key),
            _ => key.to_string(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "ends of bins of days or microseconds")]
        let number_text = |value: f64| match kind {
            Kind::Date => date_text(value as i64),
            Kind::Timestamp => time_text(value as i64),
            _ => value.to_string(),
        };
        if kind == Kind::Float64 {
            if self.moments.count > 0 {
                profile.min = Some(self.moments.min.to_string());
                profile.max = Some(self.moments.max.to_string());
            }
        } else if self.low <= self.high {
            profile.min = Some(key_text(self.low));
            profile.max = Some(key_text(self.high));
        }
        if matches!(kind, Kind::Int64 | Kind::Float64) {
            profile.mean = self.moments.mean();
            profile.std_dev = self.moments.std_dev();
        }
        (profile.distinct, profile.distinct_exact) = self.counts.distinct();
        profile.top_exact = profile.distinct_exact;
        profile.top = self
            .counts
            .top()
            .into_iter()
            .map(|(key, count)| TopValue { value: key_text(key), count })
            .collect();
        profile.histogram = self.bins.finish(number_text);
    }
}

fn finish_booleans(yes: u64, no: u64, profile: &mut ColumnProfile) {
    let mut top: Vec<TopValue> = [("true", yes), ("false", no)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(value, count)| TopValue { value: value.to_owned(), count })
        .collect();
    top.sort_by_key(|value| std::cmp::Reverse(value.count));
    profile.distinct = top.len() as u64;
    profile.min = top.iter().map(|value| value.value.clone()).min();
    profile.max = top.iter().map(|value| value.value.clone()).max();
    profile.top = top;
}

fn finish_texts(texts: &Texts, profile: &mut ColumnProfile) {
    (profile.distinct, profile.distinct_exact) = texts.distinct();
    profile.top_exact = profile.distinct_exact;
    if let Some((min, max)) = texts.extremes() {
        profile.min = Some(shown(min));
        profile.max = Some(shown(max));
    }
    if let Some((shortest, longest)) = texts.lengths() {
        profile.shortest_chars = Some(shortest);
        profile.longest_chars = Some(longest);
    }
    profile.top = texts
        .top()
        .into_iter()
        .map(|(text, count)| TopValue { value: shown(&text), count })
        .collect();
}

/// Characters of a text that are shown.
const SHOWN_CHARS: usize = 200;

fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.into_owned(),
        Some((cut, _)) => format!("{}…", text.split_at(cut).0),
    }
}

/// Days since 1970-01-01 as `YYYY-MM-DD`.
fn date_text(days: i64) -> String {
    i32::try_from(days)
        .ok()
        .and_then(arrow::temporal_conversions::date32_to_datetime)
        .map_or_else(|| days.to_string(), |time| time.format("%Y-%m-%d").to_string())
}

/// Microseconds since 1970-01-01 as `YYYY-MM-DDTHH:MM:SS`.
fn time_text(micros: i64) -> String {
    arrow::temporal_conversions::timestamp_us_to_datetime(micros)
        .map_or_else(|| micros.to_string(), |time| time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}
