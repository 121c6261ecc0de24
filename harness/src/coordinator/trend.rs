//! Computes whether the latencies rise or fall during a window. A pure function; the checks judge.

use results::statistics;
use stats::inference::{effective_size, mean_ranks, normal_tail, rank_correlation};

use super::events::{self, Event};

/// A correlation above this counts as perfect.
const CLEAREST: f64 = 1.0 - 1e-9;
/// Each half of a window needs at least this many events for a trend.
const HALF: usize = 20;

/// Trend of the latencies inside the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct WarmUp {
    /// Median of the second half over that of the first, minus 1.
    pub(super) change: f64,
    /// Probability of such a trend, up or down, by chance.
    pub(super) probability: f64,
    /// Independent observations that the trend was tested with.
    pub(super) observations: u64,
}

/// Computes the trend of these events. Returns `None` if there are too few.
pub(super) fn measure(events: &[Event]) -> Option<WarmUp> {
    let mut medians_ns = events::medians(events);
    if medians_ns.len() < 2 * HALF {
        return None;
    }
    let values: Vec<f64> = medians_ns.iter().map(|median_ns| *median_ns as f64).collect();
    let order: Vec<f64> = (0..values.len()).map(|index| index as f64).collect();
    let correlation = rank_correlation(&order, &values)?;
    // Neighbours resemble each other under a trend: what counts as an observation is seen when the trend is taken away.
    let effective = effective_size(&without_trend(&values));
    let half = medians_ns.len() / 2;
    let (first, second) = medians_ns.split_at_mut(half);
    let [first, second] = [first, second].map(|half| statistics::median(half).map(|median_ns| median_ns.max(1) as f64));
    let (change, probability) = (second? / first? - 1.0, chance_of(correlation, effective));
    Some(WarmUp { change, probability, observations: effective })
}

/// Returns the probability that this many independent observations without a trend have a rank correlation with time
/// that is at least this far from 0.
///
/// Fisher's transform, which is nearly normal already for five observations, where the correlation itself is not: a
/// clear trend leaves few of them when it is taken away. Source: Fieller, Hartley and Pearson, Biometrika 44, 1957: the
/// transform of Spearman's correlation has the variance 1.06 / (n − 3).
fn chance_of(correlation: f64, observations: u64) -> f64 {
    let transformed = correlation.clamp(-CLEAREST, CLEAREST).atanh();
    normal_tail(transformed * (observations.saturating_sub(3) as f64 / 1.06).sqrt())
}

/// Returns the residuals of a series after removing its straight line, fitted by least squares to its ranks.
fn without_trend(values: &[f64]) -> Vec<f64> {
    let ranks = mean_ranks(values);
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let from_middle = |index: usize| index as f64 - middle;
    // Ranks begin at 1, places at 0.
    let covariance: f64 =
        ranks.iter().enumerate().map(|(index, rank)| from_middle(index) * (rank - middle - 1.0)).sum();
    let variance: f64 = (0..values.len()).map(|index| from_middle(index).powi(2)).sum();
    let slope = covariance / variance;
    ranks.iter().enumerate().map(|(index, rank)| rank - slope * from_middle(index)).collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use scenario::feed::uniform;

    use super::*;

    /// Two thousand events with a latency that its number says.
    fn events(latency_ns: impl Fn(u64) -> u64) -> Vec<Event> {
        let event = |sequence: u64| Event {
            scheduled_ns: sequence * 5_000_000,
            lateness_ns: Some(0),
            median_ns: Some(latency_ns(sequence)),
            since_published_ns: Some(latency_ns(sequence)),
            last_ns: None,
        };
        (1..=2_000).map(event).collect()
    }

    /// Values that look like chance, between 100 and 200 µs.
    fn steady(sequence: u64) -> u64 {
        100_000 + (uniform(&mut ChaCha8Rng::seed_from_u64(sequence)) * 100_000.0) as u64
    }

    #[test]
    fn chance_depends_on_the_number_of_observations() {
        // Of 24 observations a correlation of 0.5 comes with a probability of 0.013 (Student's t of 2.71, 22 degrees of
        // freedom).
        let chance = chance_of(0.5, 24);
        assert!((chance - 0.013).abs() < 0.003, "{chance}");
        assert!(chance_of(1.0, 6) < 1e-6, "a few are enough for what is perfectly in order");
        assert!(chance_of(0.9, 5) > 0.01, "and not for what is nearly so");
        assert_eq!(chance_of(1.0, 3), 1.0, "three tell nothing");
    }

    #[test]
    fn tells_a_trend_from_chance() {
        let flat = measure(&events(steady)).unwrap();
        assert!(flat.change.abs() < 0.1 && flat.probability > 0.001, "{flat:?}");
        let growing = |sequence| steady(sequence) + 100 * sequence;
        let trend = measure(&events(growing)).unwrap();
        assert!(trend.change > 0.3 && trend.probability < 1e-6, "{trend:?}");
        let few: Vec<Event> = events(steady).into_iter().take(39).collect();
        assert!(measure(&few).is_none());
    }
}
