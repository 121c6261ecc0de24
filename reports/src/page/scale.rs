//! Scales from values to pixels, and the values of grid lines.

/// A scale from values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    least: f64,
    most: f64,
    from: i32,
    to: i32,
    logarithmic: bool,
}

impl Scale {
    /// Creates a linear scale.
    pub(super) fn linear(least: f64, most: f64, from: i32, to: i32) -> Self {
        Self { least, most, from, to, logarithmic: false }
    }

    /// Creates a logarithmic scale. Both bounds are above 0.
    pub(super) fn logarithmic(least: f64, most: f64, from: i32, to: i32) -> Self {
        Self { least: least.log10(), most: most.log10(), from, to, logarithmic: true }
    }

    /// Returns the pixel of a value, clamped to the bounds.
    pub(super) fn at(&self, value: f64) -> i32 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        let share = ((value - self.least) / (self.most - self.least)).clamp(0.0, 1.0);
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }
}

/// Returns the bounds of a logarithmic axis for all values above 0, and its ticks: powers of ten, and 2 and 5 times
/// them if there are few.
pub(super) fn logarithmic_axis(values: impl Iterator<Item = f64> + Clone) -> Option<([f64; 2], Vec<f64>)> {
    let positive = values.filter(|value| *value > 0.0 && value.is_finite());
    let least = positive.clone().reduce(f64::min)?;
    let most = positive.reduce(f64::max)?;
    let steps: &[f64] = if most / least > 200.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let candidates: Vec<f64> = (least.log10().floor() as i32 - 1..=most.log10().ceil() as i32 + 1)
        .flat_map(|exponent| steps.iter().map(move |step| step * 10f64.powi(exponent)))
        .collect();
    let low = candidates.iter().rev().find(|tick| **tick <= least * 1.0001).copied()?;
    let high = candidates.iter().find(|tick| **tick >= most * 0.9999 && **tick > low).copied()?;
    let ticks = candidates.into_iter().filter(|tick| (low..=high).contains(tick)).collect();
    Some(([low, high], ticks))
}

/// Returns the same for shares, which are at most 1.
pub(super) fn share_axis(shares: impl Iterator<Item = f64>) -> ([f64; 2], Vec<f64>) {
    let least = shares.filter(|share| *share > 0.0).fold(0.5, f64::min);
    let whole = [0.6, 0.7, 0.8, 0.9].into_iter().filter(|_| least >= 0.5);
    match logarithmic_axis([least, 1.0].into_iter()) {
        Some((bounds, ticks)) => (bounds, ticks.into_iter().chain(whole).collect()),
        None => ([0.5, 1.0], whole.collect()),
    }
}

/// Returns the position of a quantile on the axis of nines: p0 at 0, p90 at 1, p99 at 2.
pub(super) fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).log10()
}

/// Returns the quantile at a position on the axis of nines.
pub(super) fn quantile_at(nines: f64) -> f64 {
    1.0 - 10f64.powf(-nines)
}

/// Moves places apart until each is `gap` from the next, in their order and inside the bounds if possible.
pub(super) fn apart(places: &mut [i32], gap: i32, least: i32, most: i32) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|index| places[*index]);
    let mut free = least;
    for index in &order {
        places[*index] = places[*index].max(free);
        free = places[*index] + gap;
    }
    let mut free = most;
    for index in order.iter().rev() {
        places[*index] = places[*index].min(free);
        free = places[*index] - gap;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_values_to_pixels() {
        let linear = Scale::linear(0.0, 1.0, 100, 300);
        assert_eq!([0.0, 0.5, 1.0, 7.0].map(|value| linear.at(value)), [100, 200, 300, 300]);
        let upwards = Scale::logarithmic(1.0, 1000.0, 300, 0);
        assert_eq!([1.0, 10.0, 1000.0, 0.0].map(|value| upwards.at(value)), [300, 200, 0, 300]);
    }

    #[test]
    fn axes_hold_all_values() {
        let ([low, high], ticks) = logarithmic_axis([3.0, 40.0, 0.0].into_iter()).unwrap();
        assert_eq!((low, high, ticks), (2.0, 50.0, vec![2.0, 5.0, 10.0, 20.0, 50.0]));
        let ([low, high], ticks) = logarithmic_axis([3e5, 1e9].into_iter()).unwrap();
        assert_eq!((low, high, ticks.len()), (1e5, 1e9, 5));
        let ([low, high], _) = logarithmic_axis([10.0].into_iter()).unwrap();
        assert!(low <= 10.0 && high > 10.0);
        assert!(logarithmic_axis([0.0].into_iter()).is_none());
    }

    #[test]
    fn a_share_axis_ends_at_the_whole() {
        let ([low, high], ticks) = share_axis([1.0, 1.01].into_iter());
        assert_eq!((low, high, ticks), (0.5, 1.0, vec![0.5, 1.0, 0.6, 0.7, 0.8, 0.9]));
        let ([low, high], ticks) = share_axis([0.0, 0.3, 1.0].into_iter());
        assert_eq!((low, high, ticks), (0.2, 1.0, vec![0.2, 0.5, 1.0]));
    }

    #[test]
    fn each_nine_has_the_same_width() {
        for (quantile, place) in [(0.0, 0.0), (0.9, 1.0), (0.99, 2.0), (0.999, 3.0)] {
            assert!((nines(quantile) - place).abs() < 1e-9);
            assert!((quantile_at(place) - quantile).abs() < 1e-9);
        }
    }

    #[test]
    fn labels_do_not_overlap() {
        let mut places = [50, 52, 51, 98];
        apart(&mut places, 10, 0, 100);
        assert_eq!(places, [50, 70, 60, 98]);
        let mut low = [99, 99];
        apart(&mut low, 10, 0, 100);
        assert_eq!(low, [90, 100]);
    }
}
