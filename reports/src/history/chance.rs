//! How many series stand out that nothing has changed: what the rules of this tier find in chance alone.
//!
//! Pure, with a fixed seed. Knows numbers of runs, and nothing of runs or metrics.

use std::collections::BTreeMap;

use results::format;
use stats::random::Random;

use super::series::{self, CHANCE, FEWEST_BEFORE, SHORTEST_LEVEL};

/// Series that are drawn for each number of runs.
const DRAWS: usize = 50_000;
/// Runs before the newest from which on the share is no longer told from 0 by so many draws.
const MOST_BEFORE: usize = 40;
/// Seed of the draws, so that the same runs always have the same chance.
const SEED: u64 = 0x4645_4e43;
/// Spread of what is drawn, as a share of its middle: so wide that the smallest change that counts hides nothing.
const SPREAD: f64 = 0.1;

/// What to expect of judged series of so many runs each, the newest included, if nothing changed; none of none.
pub(super) fn said(runs: &[usize]) -> Option<String> {
    if runs.is_empty() {
        return None;
    }
    let mut shares = BTreeMap::new();
    let mut share = |before: usize| *shares.entry(before).or_insert_with(|| beyond_fence(before));
    let fence: f64 = runs.iter().map(|runs| share(runs - 1)).sum();
    let with_levels = runs.iter().filter(|runs| has_levels(**runs)).count();
    let levels = match with_levels {
        0 => format!("None has the {} runs from which on levels are looked for.", 2 * SHORTEST_LEVEL),
        _ => format!(
            "By levels, which are looked for in {with_levels} of them, at most about {}: one has {SHORTEST_LEVEL} runs \
             at least, and changes where a permutation test of the energy distance is significant at {}.",
            format::significant(CHANCE * with_levels as f64),
            format::percent(CHANCE)
        ),
    };
    Some(format!(
        "By chance: of {} series that never change, with normal noise and {} before the newest, about {} stand out beyond \
         the fence. {levels} Metrics of one variant do so together.",
        runs.len(),
        counted(runs),
        format::significant(fence)
    ))
}

fn counted(runs: &[usize]) -> String {
    let (fewest, most) = (runs.iter().min().unwrap_or(&1) - 1, runs.iter().max().unwrap_or(&1) - 1);
    if fewest == most { format!("{fewest} runs") } else { format!("{fewest} to {most} runs") }
}

fn has_levels(runs: usize) -> bool {
    runs >= 2 * SHORTEST_LEVEL
}

/// The share of normal series whose newest value lies beyond the fence of so many before it: simulated. It is about 2 %
/// of eight, since quartiles of few values are themselves uncertain, and falls to one in 400,000 with ever more.
fn beyond_fence(before: usize) -> f64 {
    let before = before.clamp(FEWEST_BEFORE, MOST_BEFORE);
    let mut random = Random::new(SEED, before as u64);
    let mut is_beyond = |_: &usize| {
        let values: Vec<f64> = (0..before).map(|_| 1.0 + SPREAD * random.normal()).collect();
        let newest = 1.0 + SPREAD * random.normal();
        series::fence(&values).is_some_and(|fence| fence.is_above(newest) || fence.is_below(newest))
    };
    (0..DRAWS).filter(|draw| is_beyond(draw)).count() as f64 / DRAWS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_flags_what_another_simulation_says() {
        // By a program of its own in another language, 60,000 series each.
        let simulated = [(8, 0.0183), (9, 0.0213), (10, 0.0121), (12, 0.0075), (15, 0.0040)];
        for (before, share) in simulated {
            let here = beyond_fence(before);
            assert!((here - share).abs() < 0.002, "{before}: {here} and {share}");
        }
        assert_eq!(beyond_fence(100), beyond_fence(MOST_BEFORE));
        assert!(beyond_fence(MOST_BEFORE) < 0.001);
    }

    #[test]
    fn levels_are_claimed_only_where_they_can_occur() {
        assert_eq!(said(&[]), None);
        let short = said(&[9; 72]).unwrap();
        assert!(short.contains("of 72 series") && short.contains("8 runs before the newest"), "{short}");
        assert!(short.contains("about 1.26") && short.contains("None has the 10 runs"), "{short}");
        let longer = said(&[13; 72]).unwrap();
        assert!(longer.contains("about 0.5") && longer.contains("in 72 of them, at most about 0.720"), "{longer}");
        let mixed = said(&[9, 9, 13]).unwrap();
        assert!(mixed.contains("8 to 12 runs") && mixed.contains("in 1 of them, at most about 0.010"), "{mixed}");
    }

    #[test]
    fn levels_of_noise_are_not_more_than_is_said() {
        let mut random = Random::new(3, 0);
        let mut changes = |runs: usize| {
            let mut changes = |_: &i32| {
                let values: Vec<f64> = (0..runs).map(|_| 1.0 + SPREAD * random.normal()).collect();
                series::levels(&values).len() > 1
            };
            (0..1_000).filter(|draw| changes(draw)).count()
        };
        assert_eq!(changes(2 * SHORTEST_LEVEL - 1), 0);
        // 10 of 1,000 are expected at most, and more than 19 are unlikely.
        assert!(changes(2 * SHORTEST_LEVEL) <= 19 && changes(13) <= 19);
    }
}
