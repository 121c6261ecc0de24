//! The rounds of a plan: which trials each has, and in which order.

use std::time::Duration;

use proto::parse_duration;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use results::{
    schema::{Load, Part},
    store::TRIALS_LIMIT,
};

use super::{Polls, Shards, Trial};
use crate::{
    Scenario, WindowKeys,
    error::ScenarioError,
    feed::{Arrival, FeedSpec, Phases, uniform},
    variants::{Variant, variants},
};

/// Makes the random order independent of the feed.
const SEED_SALT: u64 = 0x4f52_4445;

/// Plans the trials of a scenario in the order in which they run, if a process may open this many descriptors.
///
/// # Errors
/// The scenario names an approach, a setting or a value that does not exist, makes more trials than a result file holds,
/// or ends before the last polls.
pub fn trials(scenario: &Scenario, descriptors: u64) -> Result<Vec<Trial>, ScenarioError> {
    let variants = variants(scenario)?;
    bound_trials(scenario, variants.len())?;
    let rounds = 1..=scenario.trials;
    let planned: Vec<Trial> = rounds.flat_map(|number| round_of(scenario, &variants, number, descriptors)).collect();
    planned.iter().try_for_each(outlasts_polls)?;
    Ok(planned)
}

/// Plans one round, from 1, which may be beyond those of the scenario.
///
/// # Errors
/// As for [`trials`].
pub fn round(scenario: &Scenario, number: u32, descriptors: u64) -> Result<Vec<Trial>, ScenarioError> {
    Ok(round_of(scenario, &variants(scenario)?, number, descriptors))
}

fn round_of(scenario: &Scenario, variants: &[Variant], number: u32, descriptors: u64) -> Vec<Trial> {
    let load = &scenario.load;
    let further = cost_rates(scenario);
    let due_of = |once: usize| due(once, scenario.trials as usize, number as usize);
    let awake_rounds = due_of(scenario.machine.awake_rounds as usize).count();
    let mut planned = Vec::new();
    for variant in variants {
        let mut add = |part, rate| {
            let is_floor = variant.approach.facts.floor && part == Part::Table;
            let repeats = 1..=if is_floor { scenario.floor_trials } else { 1 };
            let of = |clients| trial(scenario, variant, part, (clients, rate), number, descriptors);
            let all = load.clients.values().into_iter().map(of);
            planned.extend(all.flat_map(|trial| repeats.clone().map(move |repeat| Trial { repeat, ..trial.clone() })));
        };
        for rate in load.events_per_second.values() {
            add(Part::Table, rate);
            (0..awake_rounds).for_each(|_| add(Part::Awake, rate));
        }
        due_of(further.len()).for_each(|index| add(Part::Cost, further[index]));
    }
    // The wait for the next poll hides what a sleeping core costs.
    planned.retain(|trial| trial.part != Part::Awake || trial.polls().is_none());
    shuffle(&mut planned, load.seed ^ SEED_SALT ^ u64::from(number));
    planned
}

/// Returns the further rates for the cost of a delivery, without those that the load has.
fn cost_rates(scenario: &Scenario) -> Vec<f64> {
    let known = scenario.load.events_per_second.values();
    let rates = scenario.cost.iter().flat_map(|cost| cost.events_per_second.values());
    rates.filter(|rate| !known.contains(rate)).collect()
}

/// Spreads this many things, each measured once, over the rounds. Returns the indices of those that are due in this one.
fn due(once: usize, rounds: usize, number: usize) -> impl Iterator<Item = usize> {
    (0..once).filter(move |index| 1 + index * rounds / once == number)
}

/// Refuses more trials than a result file holds, before one of them is made.
fn bound_trials(scenario: &Scenario, variants: usize) -> Result<(), ScenarioError> {
    let load = &scenario.load;
    let (clients, rates) = (load.clients.values().len(), load.events_per_second.values().len());
    let (loads, further) = (clients * rates, cost_rates(scenario).len());
    let rounds = (scenario.trials as usize).saturating_add(scenario.machine.awake_rounds as usize);
    // The floor has one variant at most.
    let again = (scenario.floor_trials as usize - 1).saturating_mul(scenario.trials as usize).saturating_mul(loads);
    let rates = rates.saturating_mul(rounds).saturating_add(further);
    let trials = [variants, clients, rates].into_iter().fold(1, usize::saturating_mul).saturating_add(again);
    if trials <= TRIALS_LIMIT {
        return Ok(());
    }
    let further = if further == 0 { String::new() } else { format!(" and {further} rates of `cost`") };
    Err(ScenarioError::Contradiction(format!(
        "{} rounds of {variants} variants under {loads} loads{further} are {trials} trials, expected at most {TRIALS_LIMIT}: lower \
         `trials`, or name fewer approaches, `load.clients` or `load.events_per_second`",
        scenario.trials
    )))
}

/// Refuses a drain that is shorter than the poll interval, because the last events arrive with the polls after the window.
fn outlasts_polls(trial: &Trial) -> Result<(), ScenarioError> {
    let drain = Duration::from_nanos(trial.phases.drain_ns);
    match trial.polls() {
        Some(Polls { interval, .. }) if drain < interval => Err(ScenarioError::Contradiction(format!(
            "window.drain is {}, and {} polls every {}: the last events would be missed; drain for at least that long",
            humantime::format_duration(drain),
            trial.variant,
            humantime::format_duration(interval),
        ))),
        _ => Ok(()),
    }
}

fn trial(
    scenario: &Scenario,
    variant: &Variant,
    part: Part,
    (clients, events_per_second): (u32, f64),
    round: u32,
    descriptors: u64,
) -> Trial {
    let load = &scenario.load;
    let phases = phases(scenario, part, super::interval(variant.approach, &variant.params));
    let orders = if variant.approach.facts.bidirectional { load.orders_per_second } else { 0.0 };
    Trial {
        approach: variant.approach,
        variant: variant.name.clone(),
        params: variant.params.clone(),
        load: Load {
            clients,
            symbols: load.symbols,
            symbols_per_client: load.symbols_per_client,
            events_per_second,
            orders_per_second: orders,
            payload_bytes: load.payload_bytes,
            arrival: load.arrival,
        },
        feed: FeedSpec {
            // Each round has events of its own; within a round all approaches deliver the same.
            seed: load.seed.wrapping_add(u64::from(round) - 1),
            symbols: load.symbols,
            events_per_second,
            arrival: if scenario.faults.periodic_schedule { Arrival::Constant } else { load.arrival },
            payload_bytes: load.payload_bytes,
            duration_ns: phases.measured_ns(),
            epoch_ms: 0,
        },
        phases,
        limits: scenario.limits,
        keep_awake: scenario.machine.keep_awake || part == Part::Awake,
        faults: scenario.faults.clone(),
        overload: part == Part::Cost || scenario.overload.contains(&variant.name),
        part,
        round,
        repeat: 1,
        shards: Shards::new(clients, variant.approach, descriptors),
    }
}

fn phases(scenario: &Scenario, part: Part, interval: Option<Duration>) -> Phases {
    let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).expect("at most an hour");
    let parsed = |text: &str| nanoseconds(parse_duration(text).expect("the scenario was validated"));
    let WindowKeys { warmup, measure, drain } = &scenario.window;
    let [warmup_ns, measure_ns, drain_ns] = [warmup, measure, drain].map(|text| parsed(text));
    let Some(cost) = scenario.cost.as_ref().filter(|_| part == Part::Cost) else {
        return Phases { warmup_ns, measure_ns, drain_ns };
    };
    // As many deliveries must arrive as are due. So the first polls, which find little, are over before the window, and the window
    // has whole intervals.
    let interval_ns = interval.map_or(0, nanoseconds);
    let (warmup_ns, measure_ns) = (parsed(&cost.warmup).max(interval_ns), parsed(&cost.measure));
    Phases { warmup_ns, measure_ns: measure_ns.next_multiple_of(interval_ns.max(1)), drain_ns }
}

fn shuffle(trials: &mut [Trial], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..trials.len()).rev() {
        trials.swap(last, (uniform(&mut random) * (last + 1) as f64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{load, source::Override};

    fn bench_all(set: &[&str]) -> Scenario {
        let overrides: Vec<String> = set.iter().map(|&one| one.to_owned()).collect();
        load("bench-all".as_ref(), &Override::all(&overrides).unwrap()).unwrap().scenario
    }

    fn cost(scenario: &Scenario) -> Vec<Trial> {
        trials(scenario, 20_000).unwrap().into_iter().filter(|trial| trial.part == Part::Cost).collect()
    }

    #[test]
    fn each_variant_has_each_further_rate_once_spread_over_the_rounds() {
        let planned = cost(&bench_all(&[]));
        let different: BTreeSet<(&str, u64)> =
            planned.iter().map(|trial| (&*trial.variant, trial.load.events_per_second as u64)).collect();
        assert_eq!((planned.len(), different.len()), (48, 48));
        let rounds: BTreeSet<u32> = planned.iter().map(|trial| trial.round).collect();
        assert_eq!(rounds, [1, 3, 6, 8].into());
        assert!(planned.iter().all(|trial| trial.overload));
        assert!(cost(&bench_all(&["trials=1"])).iter().all(|trial| trial.round == 1));
    }

    #[test]
    fn costs_of_polling_are_measured_over_whole_intervals_after_the_first() {
        let intervals = r#"params.short-poll.interval=["50ms", "90ms", "800ms"]"#;
        for trial in cost(&bench_all(&[intervals])) {
            let expected = match &*trial.variant {
                "short-poll/90ms" => [200, 630],
                "short-poll/800ms" => [800, 800],
                "conditional-get" | "grpc-unary" => [1_000, 1_000],
                _ => [200, 600],
            };
            let windows = [trial.phases.warmup_ns, trial.phases.measure_ns];
            assert_eq!(windows, expected.map(|ms| ms * 1_000_000), "{}", trial.variant);
        }
    }

    #[test]
    fn rates_of_the_load_and_rounds_beyond_the_last_add_nothing() {
        assert_eq!(cost(&bench_all(&["cost.events_per_second=[125, 2000]"])).len(), 12);
        assert_eq!(cost(&bench_all(&["cost.events_per_second=[]"])).len(), 0);
        assert_eq!(cost(&bench_all(&["cost.events_per_second=2000"])).len(), 12);
        let beyond = round(&bench_all(&[]), 11, 20_000).unwrap();
        assert!(beyond.len() == 13 && beyond.iter().all(|trial| trial.part == Part::Table));
    }

    #[test]
    fn only_the_floor_is_measured_again_in_a_round() {
        let planned = round(&bench_all(&["floor_trials=3"]), 2, 20_000).unwrap();
        let again: Vec<(&str, u32)> =
            planned.iter().filter(|trial| trial.repeat > 1).map(|trial| (&*trial.variant, trial.repeat)).collect();
        let sorted: BTreeSet<(&str, u32)> = again.iter().copied().collect();
        assert_eq!((again.len(), sorted), (2, [("raw-tcp", 2), ("raw-tcp", 3)].into()));
        assert!(round(&bench_all(&["floor_trials=1"]), 2, 20_000).unwrap().iter().all(|trial| trial.repeat == 1));
    }

    #[test]
    fn what_polls_at_an_interval_has_no_round_with_cores_kept_awake() {
        let planned = trials(&bench_all(&["machine.awake_rounds=2"]), 20_000).unwrap();
        let awake: Vec<&Trial> = planned.iter().filter(|trial| trial.part == Part::Awake).collect();
        assert!(awake.len() == 18 && awake.iter().all(|trial| trial.keep_awake && trial.polls().is_none()));
        assert!(planned.iter().filter(|trial| trial.part != Part::Awake).all(|trial| !trial.keep_awake));
    }

    #[test]
    fn too_many_trials_are_refused_with_the_further_rates_counted() {
        let many = (0..900).map(|one| (one + 1_000).to_string()).collect::<Vec<_>>().join(",");
        let refused = trials(&bench_all(&[&format!("cost.events_per_second=[{many}]")]), 20_000).unwrap_err();
        assert!(
            refused.to_string().contains("1 loads and 900 rates of `cost` are 10942 trials, expected at most 10000"),
            "{refused}"
        );
    }
}
