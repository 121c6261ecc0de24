//! The resolution of a run: the least ratio to the floor that every row would show, and how many rounds a finer one needs.

use std::collections::HashMap;

use results::schema::{LoadKey, Status, TrialRecord};
use stats::difference::{self, FEWEST_ROUNDS, MOST_PAIRS};

use crate::merge;

/// The medians of the rounds of a row.
type Rounds = Vec<(u32, f64)>;

/// Collects the medians of a run while it is measured.
#[derive(Debug)]
pub struct Resolution {
    /// Name of the approach that every row is compared with.
    floor: String,
    rows: HashMap<(String, LoadKey), Rounds>,
}

/// The row with the coarsest resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Coarsest {
    /// Name of the variant.
    pub variant: String,
    /// The least ratio to the floor that the row would show. `None` with too few rounds.
    pub ratio: Option<f64>,
}

impl Resolution {
    /// Creates a collection for rows that are compared with this approach.
    #[must_use]
    pub fn new(floor: &str) -> Self {
        Self { floor: floor.to_owned(), rows: HashMap::new() }
    }

    /// Adds a trial if it is valid and has a median.
    pub fn add(&mut self, trial: &TrialRecord) {
        let variant = if trial.approach == self.floor { &trial.approach } else { &trial.variant };
        let rounds = self.rows.entry((variant.clone(), trial.load.key())).or_default();
        let measured = trial.measured.as_ref().filter(|_| trial.status == Status::Ok);
        let p50 = measured.and_then(|measured| merge::one_round(trial.round, measured).latency_ns.p50);
        rounds.extend(p50.map(|p50| (trial.round, p50 as f64)));
    }

    /// Returns the row with the coarsest resolution. Returns `None` without rows beside the floor.
    #[must_use]
    pub fn coarsest(&self) -> Option<Coarsest> {
        let ratio = |(own, floor): (&Rounds, &Rounds)| difference::least_detectable_ratio(own, floor);
        let rows = self.pairs().map(|(variant, pair)| Coarsest { variant: variant.to_owned(), ratio: ratio(pair) });
        rows.max_by(|a, b| order(a.ratio).total_cmp(&order(b.ratio)).then_with(|| b.variant.cmp(&a.variant)))
    }

    /// Returns how many rounds, with the noise of these, let every row show a ratio. Returns `None` if a row has too few rounds to
    /// tell, or if the most that can be compared one by one are not enough.
    #[must_use]
    pub fn rounds_for(&self, ratio: f64) -> Option<u32> {
        let is_enough = |rounds: usize| {
            let least = |(own, floor): (&Rounds, &Rounds)| difference::least_detectable_ratio_with(own, floor, rounds);
            self.pairs().all(|(_, pair)| least(pair).is_some_and(|least| least <= ratio))
        };
        let (mut low, mut high) = (FEWEST_ROUNDS, MOST_PAIRS);
        if !is_enough(high) {
            return None;
        }
        while low < high {
            let middle = low.midpoint(high);
            if is_enough(middle) { high = middle } else { low = middle + 1 }
        }
        u32::try_from(high).ok()
    }

    /// Returns the rows beside the floor under each load that the floor has, too.
    fn pairs(&self) -> impl Iterator<Item = (&str, (&Rounds, &Rounds))> {
        self.rows.iter().filter(|((variant, _), _)| *variant != self.floor).filter_map(|((variant, load), own)| {
            Some((variant.as_str(), (own, self.rows.get(&(self.floor.clone(), *load))?)))
        })
    }
}

/// Returns a number by which an unknown ratio is the coarsest.
fn order(ratio: Option<f64>) -> f64 {
    ratio.unwrap_or(f64::INFINITY)
}
