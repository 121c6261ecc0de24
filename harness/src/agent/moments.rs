//! Sums that a worker keeps instead of the samples themselves: correlation of pairs, and phases on a circle.

use std::{f64::consts::TAU, ops::AddAssign, time::Duration};

use serde::{Deserialize, Serialize};

/// Sums of pairs for their correlation. Sums can be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// Number of pairs.
    pub count: u64,
    /// Sum of the first values.
    pub x: f64,
    /// Sum of the second values.
    pub y: f64,
    /// Sum of squares of the first values.
    pub xx: f64,
    /// Sum of squares of the second values.
    pub yy: f64,
    /// Sum of the products.
    pub xy: f64,
}

/// Phases of the clients' polls in their interval, as sums over the unit circle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PollPhase {
    /// Clients that poll.
    pub clients: u64,
    /// Sum of the cosines.
    pub cosine: f64,
    /// Sum of the sines.
    pub sine: f64,
}

impl Moments {
    /// Adds one pair.
    pub(crate) fn add(&mut self, x: f64, y: f64) {
        *self += Self { count: 1, x, y, xx: x * x, yy: y * y, xy: x * y };
    }

    /// Returns Pearson's correlation, or `None` if one of the two does not vary.
    pub(crate) fn correlation(&self) -> Option<f64> {
        let n = self.count as f64;
        let covariance = n * self.xy - self.x * self.y;
        let variances = (n * self.xx - self.x * self.x) * (n * self.yy - self.y * self.y);
        (variances > 0.0).then(|| covariance / variances.sqrt())
    }
}

impl AddAssign for Moments {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.yy += other.yy;
        self.xy += other.xy;
    }
}

impl PollPhase {
    /// Adds a client whose polls are due at this time and at each interval after it.
    pub(crate) fn add(&mut self, due_ns: u64, interval: Duration) {
        let interval_ns = u64::try_from(interval.as_nanos()).expect("a setting lasts less than centuries");
        let angle = TAU * (due_ns % interval_ns) as f64 / interval_ns as f64;
        *self += Self { clients: 1, cosine: angle.cos(), sine: angle.sin() };
    }

    /// Returns Rayleigh's statistic, clients × |mean of e^(2πiφ)|², or `None` without clients. At random phases it is
    /// exponential with mean 1.
    pub(crate) fn rayleigh(&self) -> Option<f64> {
        let length = self.cosine * self.cosine + self.sine * self.sine;
        (self.clients > 0).then(|| length / self.clients as f64)
    }
}

impl AddAssign for PollPhase {
    fn add_assign(&mut self, other: Self) {
        self.clients += other.clients;
        self.cosine += other.cosine;
        self.sine += other.sine;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_matches_a_value_worked_out_by_hand() {
        let mut moments = Moments::default();
        assert_eq!(moments.correlation(), None);
        [(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)].iter().for_each(|&(x, y)| moments.add(x, y));
        assert!((moments.correlation().unwrap() - 1.0).abs() < 1e-12);
        moments.add(4.0, 0.0);
        // Covariance −1 over deviations √5 and √20.
        assert!((moments.correlation().unwrap() + 0.2).abs() < 1e-12, "{:?}", moments.correlation());
    }

    #[test]
    fn equal_phases_add_up_and_evenly_spread_phases_cancel() {
        let second = Duration::from_secs(1);
        let (mut in_step, mut spread) = (PollPhase::default(), PollPhase::default());
        for client in 0..20_u64 {
            in_step.add(client * 1_000_000_000 + 250_000_000, second);
            spread.add(client * 50_000_000, second);
        }
        assert!((in_step.rayleigh().unwrap() - 20.0).abs() < 1e-9);
        assert!(spread.rayleigh().unwrap() < 1e-9);
        assert_eq!(PollPhase::default().rayleigh(), None);
    }
}
