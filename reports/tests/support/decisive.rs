//! A synthetic run with enough rounds to show differences.

use results::store::Run;

use super::{APPROACHES, Synthetic, of_trials, trial};

/// Least number of rounds that can show a difference.
pub const DECISIVE_ROUNDS: u32 = 8;

/// Returns a run of every approach under one load, with enough rounds to show differences.
pub fn run() -> Run {
    run_under(&[1000])
}

/// Returns a run of every approach under these numbers of clients, with enough rounds to show differences. The
/// latencies of each approach differ between rounds by up to 5 %.
pub fn run_under(clients: &[u32]) -> Run {
    let wobbling = |one: &Synthetic, round: u32| {
        let step = (one.name.bytes().map(u32::from).sum::<u32>() * 3 + round * 7) % 11;
        Synthetic { base_us: one.base_us * (0.95 + 0.01 * f64::from(step)), ..*one }
    };
    let rounds = clients.iter().flat_map(|clients| (1..=DECISIVE_ROUNDS).map(move |round| (*clients, round)));
    let trials = rounds
        .flat_map(|(clients, round)| APPROACHES.iter().map(move |one| trial(&wobbling(one, round), clients, round)));
    of_trials(trials.collect())
}
