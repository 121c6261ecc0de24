//! Compares intervals and tests with published tables, with values worked out by hand, and with simulated samples with
//! a fixed seed.

mod support;

use results::statistics;
use stats::inference::{
    anderson_darling_exponential, effective_size, mean_ranks, normal_tail, proportion_interval, proportion_upper_bound,
    quantile_interval, rank_correlation,
};
use support::{Random, histogram};

/// Returns the interval of the values 1, 2, …, n, so the bounds are ranks.
fn ranks(observations: u64, quantile: f64) -> Option<[u64; 2]> {
    quantile_interval(&histogram(1..=observations), observations, quantile)
}

#[test]
fn median_ranks_match_published_tables() {
    assert_eq!((1..6).find_map(|observations| ranks(observations, 0.5)), None);
    let table = [(6, [1, 6]), (8, [1, 8]), (9, [2, 8]), (10, [2, 9]), (15, [4, 12]), (20, [6, 15]), (25, [8, 18])];
    for (observations, expected) in table.into_iter().chain([(50, [18, 33]), (100, [40, 61])]) {
        assert_eq!(ranks(observations, 0.5), Some(expected), "{observations}");
    }
}

#[test]
fn ranks_of_other_quantiles_leave_the_stated_probability() {
    // 0.9^36 = 0.0225 and 0.9^35 = 0.0250, so the largest of 36 values is a bound, but the largest of 35 is not.
    assert_eq!(ranks(35, 0.9), None);
    assert_eq!(ranks(36, 0.9).map(|[_, upper]| upper), Some(36));
    assert_eq!(ranks(36, 0.1).map(|[lower, _]| lower), Some(1));
    for quantile in [0.0, 1.0, f64::NAN] {
        assert_eq!(ranks(100, quantile), None);
    }
    assert_eq!(quantile_interval(&histogram([]), 100, 0.5), None);
}

#[test]
fn large_samples_follow_the_normal_approximation() {
    // The lower rank of 10⁷ observations is 1.96 · √10⁷ / 2 = 3,099 below the middle. If the border between the two
    // bins is further below the middle, the rank is in the upper bin. Otherwise it is in the lower one.
    let half = 5_000_000_u64;
    for (shift, expected) in [(3_090, [1, 2]), (3_110, [2, 2])] {
        let mut histogram = histogram([]);
        histogram.record_n(1, half - shift).unwrap();
        histogram.record_n(2, half + shift).unwrap();
        assert_eq!(quantile_interval(&histogram, 2 * half, 0.5), Some(expected));
    }
}

#[test]
fn fewer_effective_observations_widen_the_interval() {
    let histogram = histogram(1..=1_000);
    assert_eq!(quantile_interval(&histogram, 1_000, 0.5), ranks(1_000, 0.5));
    assert_eq!(quantile_interval(&histogram, 5_000, 0.5), ranks(1_000, 0.5), "at most the sample size");
    // Ranks 40 and 61 of 100, times 1,001/101: 396.4 and 604.6, rounded outward.
    assert_eq!(quantile_interval(&histogram, 100, 0.5), Some([396, 605]));
    assert_eq!(quantile_interval(&histogram, 5, 0.5), None);
}

#[test]
fn intervals_cover_the_median_as_often_as_stated() {
    let mut random = Random(1);
    // The exact coverage of ranks l and u is 1 − 2·P(B < l): 0.9586 for 20, 0.9648 for 100.
    for (observations, exact) in [(20_u64, 0.9586), (100, 0.9648)] {
        let rounds = 4_000;
        let held = (0..rounds)
            .filter(|_| {
                let sample = (0..observations).map(|_| random.exponential(1e6) as u64);
                let [low, high] = quantile_interval(&histogram(sample), observations, 0.5).unwrap();
                (low as f64..=high as f64).contains(&(1e6 * 2_f64.ln()))
            })
            .count();
        let coverage = held as f64 / f64::from(rounds);
        // The tolerance is four standard deviations of a simulated share. Above, it includes the outward rounding of
        // the histogram.
        assert!((exact - 0.012..exact + 0.015).contains(&coverage), "{observations}: {coverage}");
    }
}

#[test]
fn delivery_intervals_count_an_event_once_and_cover_the_median() {
    let mut random = Random(2);
    // Receivers per event, the spread among the receivers of an event relative to the spread among events, and the
    // least coverage.
    for (receivers, apart, least) in [(2, 0.0, 0.935), (20, 0.0, 0.935), (2, 1.0, 0.95), (20, 3.0, 0.98)] {
        let rounds = 600;
        let held = (0..rounds).filter(|_| {
            let mut latencies = Vec::new();
            for _ in 0..60 {
                let event = random.normal();
                latencies.extend((0..receivers).map(|_| (1e6 + 1e5 * (event + apart * random.normal())) as u64));
            }
            let histogram = histogram(latencies);
            let [low, high] = quantile_interval(&histogram, 60, 0.5).unwrap();
            let p50 = statistics::quantile(&histogram, 60, 0.5).unwrap();
            assert!((low..=high).contains(&p50), "{p50} is not in {low} to {high}");
            (low..=high).contains(&1_000_000)
        });
        let coverage = held.count() as f64 / f64::from(rounds);
        assert!(coverage >= least, "{receivers} receivers, {apart} apart: {coverage}");
    }
}

#[test]
fn proportion_bounds_match_published_tables() {
    // For 0 of n, the bound is 1 − 0.05^(1/n). The bounds for 1 of 20 and 5 of 100 come from published tables of exact
    // limits.
    for (seen, of, bound) in [(0, 20, 0.139_108), (0, 100, 0.029_513), (1, 20, 0.216_106), (5, 100, 0.102_253)] {
        let found = proportion_upper_bound(seen, of);
        assert!((found - bound).abs() < 2e-6, "{seen} of {of}: {found}");
    }
    assert_eq!((proportion_upper_bound(0, 0), proportion_upper_bound(3, 3)), (1.0, 1.0));
    // Two-sided 95 % limits from the same tables.
    for (seen, of, [lower, upper]) in [(0, 10, [0.0, 0.3085]), (5, 100, [0.0164, 0.1128]), (10, 20, [0.2720, 0.7280])] {
        let found = proportion_interval(seen, of);
        assert!((found[0] - lower).abs() < 6e-5 && (found[1] - upper).abs() < 6e-5, "{seen} of {of}: {found:?}");
    }
    assert_eq!(proportion_interval(0, 0), [0.0, 1.0]);
}

/// Returns a stationary autoregressive series with this lag-1 correlation and standard deviation.
fn autoregressive(random: &mut Random, size: usize, correlation: f64, deviation: f64) -> Vec<f64> {
    let step = deviation * (1.0 - correlation * correlation).sqrt();
    let mut last = deviation * random.normal();
    let mut next = || {
        last = correlation * last + step * random.normal();
        last
    };
    (0..size).map(|_| next()).collect()
}

/// Returns noise with a standard deviation of 0.5, plus a slow component of 0.1. Its lag-1 correlation is below 0.04.
fn noise_over_a_slow_component(random: &mut Random, size: usize) -> Vec<f64> {
    let slow = autoregressive(random, size, 0.98, 0.1);
    slow.into_iter().map(|slow| slow + 0.5 * random.normal()).collect()
}

/// Returns the mean ratio of effective sample size to length over this many series.
fn mean_worth(series: u32, mut make: impl FnMut() -> Vec<f64>) -> f64 {
    let share = |values: &[f64]| effective_size(values) as f64 / values.len() as f64;
    (0..series).map(|_| share(&make())).sum::<f64>() / f64::from(series)
}

#[test]
fn independent_values_keep_most_of_their_sample_size() {
    let mut random = Random(2);
    for size in [100, 250, 1_000, 5_000] {
        let kept = mean_worth(200, || (0..size).map(|_| random.exponential(1e6)).collect());
        assert!((0.8..1.0).contains(&kept), "{size}: {kept}");
    }
}

#[test]
fn autocorrelation_reduces_the_sample_size() {
    let mut random = Random(5);
    // Expected is (1 − ρ)/(1 + ρ), within a fifth, because ranks correlate a little less than values.
    for (correlation, size) in [(0.5, 1_000), (0.8, 2_000)] {
        let expected = (1.0 - correlation) / (1.0 + correlation);
        let kept = mean_worth(100, || autoregressive(&mut random, size, correlation, 1.0));
        assert!((0.8..1.2).contains(&(kept / expected)), "{correlation}: {kept}, {expected}");
    }
    let rising: Vec<f64> = (0..1_000).map(f64::from).collect();
    assert!(effective_size(&rising) <= 4, "{}", effective_size(&rising));
    let alternating: Vec<f64> = (0..1_000).map(|k| f64::from(k % 2)).collect();
    assert_eq!(effective_size(&alternating), 1_000, "the effective sample size never exceeds the length");
    assert_eq!([effective_size(&[]), effective_size(&[1.0]), effective_size(&[7.0; 9])], [0, 1, 9]);
}

#[test]
fn detects_slow_drift_below_noise() {
    let mut random = Random(6);
    // Theory predicts 1 ÷ (1 + 2 · 0.01/0.26 · 0.98/0.02) = 0.21.
    let kept = mean_worth(100, || noise_over_a_slow_component(&mut random, 5_000));
    assert!((0.15..0.4).contains(&kept), "{kept}");
    // The level shifts by one standard deviation of the noise in the middle of the series.
    let kept = mean_worth(50, || (0..1_000).map(|k| random.normal() + f64::from(u8::from(k >= 500))).collect());
    assert!(kept < 0.1, "{kept}");
}

#[test]
fn intervals_under_slow_drift_cover_the_median_almost_as_often_as_stated() {
    let mut random = Random(7);
    let rounds = 300;
    let held = (0..rounds)
        .filter(|_| {
            let values = noise_over_a_slow_component(&mut random, 3_000);
            let sample = histogram(values.iter().map(|value| ((10.0 + value) * 1e6) as u64));
            let [low, high] = quantile_interval(&sample, effective_size(&values), 0.5).unwrap();
            (low as f64..=high as f64).contains(&1e7)
        })
        .count();
    let coverage = held as f64 / f64::from(rounds);
    assert!(coverage >= 0.9, "{coverage}");
}

#[test]
fn equal_values_share_the_mean_of_their_ranks() {
    assert_eq!(mean_ranks(&[30.0, 10.0, 20.0]), [3.0, 1.0, 2.0]);
    assert_eq!(mean_ranks(&[5.0, 1.0, 5.0, 5.0]), [3.0, 1.0, 3.0, 3.0]);
    assert_eq!(mean_ranks(&[]), Vec::<f64>::new());
}

#[test]
fn rank_correlations_match_values_worked_out_by_hand() {
    let rising = [1.0, 2.0, 3.0, 4.0, 5.0];
    assert_eq!(rank_correlation(&rising, &[1.0, 10.0, 100.0, 1e3, 1e4]), Some(1.0));
    assert_eq!(rank_correlation(&rising, &[5.0, 4.0, 3.0, 2.0, 1.0]), Some(-1.0));
    // Expected is 1 − 6·Σd²/(n(n² − 1)) with d = 1, −1, 1, −1, 0.
    assert!((rank_correlation(&rising, &[2.0, 1.0, 4.0, 3.0, 5.0]).unwrap() - 0.8).abs() < 1e-12);
    // The ranks are 1, 2.5, 2.5, 4 and 1, 2, 3, 4, so the correlation is 4.5/√(4.5·5).
    let tied = rank_correlation(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert!((tied - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12, "{tied}");
    assert_eq!(rank_correlation(&rising, &[1.0; 5]), None);
    assert_eq!(rank_correlation(&rising, &[1.0, 2.0]), None);
    assert_eq!(rank_correlation(&[1.0], &[1.0]), None);
}

#[test]
fn exponential_gaps_are_rejected_at_the_stated_rate() {
    let mut random = Random(3);
    let rounds = 4_000;
    for size in [50, 250] {
        let values: Vec<f64> = (0..rounds)
            .map(|_| {
                let gaps: Vec<f64> = (0..size).map(|_| random.exponential(2e7)).collect();
                anderson_darling_exponential(&gaps).unwrap()
            })
            .collect();
        let above = |limit: f64| values.iter().filter(|value| **value > limit).count() as f64 / f64::from(rounds);
        // The tolerance is four standard deviations of a simulated share.
        assert!((0.036..0.064).contains(&above(1.321)), "{size}: {}", above(1.321));
        assert!((0.004..0.017).contains(&above(1.959)), "{size}: {}", above(1.959));
    }
}

#[test]
fn other_gaps_are_rejected() {
    // For equal gaps, the statistic is n·(1 − ln(1 − 1/e)) − n, times the small-sample factor.
    let constant = anderson_darling_exponential(&[2e7; 250]).unwrap();
    let by_hand = -250.0 * (1.0 - (-1.0_f64).exp()).ln() * (1.0 + 0.6 / 250.0);
    assert!((constant - by_hand).abs() < 1e-6 && constant > 100.0, "{constant}");
    let bursts: Vec<f64> = (0..250).map(|k| if k % 10 == 0 { 2e8 } else { 0.0 }).collect();
    assert!(anderson_darling_exponential(&bursts).unwrap() > 1_000.0);
    let mut random = Random(4);
    let mut gaps: Vec<f64> = (0..249).map(|_| random.exponential(2e7)).collect();
    let without = anderson_darling_exponential(&gaps).unwrap();
    gaps.push(0.0);
    let with = anderson_darling_exponential(&gaps).unwrap();
    assert!((with - without).abs() < 0.1, "one gap below the clock's resolution changes little: {without}, {with}");
    assert_eq!(anderson_darling_exponential(&[1.0; 7]), None);
    assert_eq!(anderson_darling_exponential(&[-1.0; 9]), None);
}

#[test]
fn normal_tails_match_published_tables() {
    let table = [
        (0.0, 1.0),
        (0.5, 0.617_075_077),
        (1.0, 0.317_310_508),
        (1.959_963_985, 0.05),
        (2.575_829_304, 0.01),
        (2.999, 0.002_708_673),
        (3.0, 0.002_699_796),
        (3.290_526_731, 0.001),
        (4.0, 0.000_063_342_5),
        (6.0, 1.973_175e-9),
    ];
    for (z, expected) in table {
        assert!((normal_tail(z) - expected).abs() < 1e-7 * f64::max(expected, 1e-3), "{z}: {}", normal_tail(z));
        assert_eq!(normal_tail(z), normal_tail(-z));
    }
    assert!(normal_tail(40.0) < 1e-300);
}
