//! Count, extremes, mean and variance.

/// Sums of a column of numbers.
///
/// # Source
///
/// Chan, Golub & `LeVeque`, "Updating Formulae and a Pairwise Algorithm for
/// Computing Sample Variances", 1979: moments of parts merge into those of the
/// whole without the cancellation of a sum of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) max: f64,
    mean: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, mean: 0.0, squares: 0.0 }
    }
}

impl Moments {
    /// Moments of a slice without values that are not finite.
    pub(super) fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        // Four sums side by side let the processor add four numbers at once.
        let mut sums = [0.0_f64; 4];
        let mut lows = [f64::INFINITY; 4];
        let mut highs = [f64::NEG_INFINITY; 4];
        let (blocks, rest) = values.as_chunks::<4>();
        for block in blocks {
            for (((sum, low), high), value) in
                sums.iter_mut().zip(&mut lows).zip(&mut highs).zip(block)
            {
                *sum += value;
                *low = if value < low { *value } else { *low };
                *high = if value > high { *value } else { *high };
            }
        }
        let mut sum: f64 = sums.iter().sum();
        let mut min = lows.into_iter().fold(f64::INFINITY, f64::min);
        let mut max = highs.into_iter().fold(f64::NEG_INFINITY, f64::max);
        for value in rest {
            sum += value;
            min = min.min(*value);
            max = max.max(*value);
        }
        #[expect(clippy::cast_precision_loss, reason = "a batch is far below 2^53 values")]
        let mean = sum / values.len() as f64;
        let mut parts = [0.0_f64; 4];
        for block in blocks {
            for (part, value) in parts.iter_mut().zip(block) {
                let difference = value - mean;
                *part += difference * difference;
            }
        }
        let tail: f64 = rest.iter().map(|value| (value - mean) * (value - mean)).sum();
        let squares = parts.iter().sum::<f64>() + tail;
        Self { count: values.len() as u64, min, max, mean, squares }
    }

    /// Adds the moments of other values.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
        let (here, there) = (self.count as f64, other.count as f64);
        let total = here + there;
        let difference = other.mean - self.mean;
        self.mean += difference * (there / total);
        self.squares += other.squares + difference * difference * (here * there / total);
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The mean, if there are values.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.mean.is_finite()).then_some(self.mean)
    }

    /// The standard deviation of the population, if there are values.
    pub(super) fn std_dev(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
        let variance = self.squares / self.count as f64;
        (self.count > 0 && variance.is_finite()).then(|| variance.max(0.0).sqrt())
    }
}
