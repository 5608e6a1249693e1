//! What chance alone would give.

/// log10 of a bound on the chance that at least `hits` of `tries` pass a check
/// that one passes with probability `chance`: `P ≤ exp(−n · D(k/n ‖ p))` with
/// `D(a ‖ p) = a·ln(a/p) + (1−a)·ln((1−a)/(1−p))`; 0 where there are no more hits
/// than chance gives.
///
/// # Source
///
/// Chernoff, Annals of Mathematical Statistics 23(4), 1952; the form is that of
/// Hoeffding, JASA 58, 1963, theorem 1.
pub(crate) fn log10_bound(hits: usize, tries: usize, chance: f64) -> f64 {
    if tries == 0 || hits > tries || chance <= 0.0 || chance >= 1.0 {
        return 0.0;
    }
    let share = hits as f64 / tries as f64;
    if share <= chance {
        return 0.0;
    }
    let term = |a: f64, p: f64| if a > 0.0 { a * (a / p).ln() } else { 0.0 };
    let divergence = term(share, chance) + term(1.0 - share, 1.0 - chance);
    -(tries as f64) * divergence / std::f64::consts::LN_10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_exact_where_all_pass_and_never_below_the_truth() {
        assert!((log10_bound(6, 6, 1.0 / 11.0) - 6.0 * (1.0_f64 / 11.0).log10()).abs() < 1e-9);
        assert!(log10_bound(1, 11, 1.0 / 11.0).abs() < 1e-9);
        assert!(log10_bound(0, 0, 0.1).abs() < 1e-9);
        // P(X ≥ 2 of 3) at p = 0.1 is 0.028.
        assert!(log10_bound(2, 3, 0.1) > 0.028_f64.log10());
    }
}
