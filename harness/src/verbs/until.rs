//! `--until`: adds rounds until every row would show a ratio to the floor, or the budget ends.

use std::time::Duration;

use approaches::registry::APPROACHES;
use clap::Args;
use reports::resolution::{Coarsest, Resolution};
use results::{format::significant, schema::TrialRecord};
use scenario::{
    Scenario,
    plan::{self, Trial},
};

use stats::difference::FEWEST_ROUNDS;

use super::output;
use crate::{coordinator::run::Rounds, failure::Failure, host::clock};

/// Smallest ratio that can be asked for.
const LEAST_RATIO: f64 = 1.001;
/// Largest ratio that can be asked for.
const MOST_RATIO: f64 = 1_000.0;
/// The budget, unless another is given.
const BUDGET: Duration = Duration::from_secs(20 * 60);

/// Options of `run` and `bench-all` about how long to measure.
#[derive(Debug, Args)]
pub(crate) struct UntilOptions {
    /// Add rounds until every row would show this ratio to the floor, such as 1.2 [default: the scenario's trials]
    #[arg(long, value_name = "RATIO", allow_hyphen_values = true, value_parser = ratio)]
    until: Option<f64>,
    /// Longest time for all rounds of --until, with its unit, such as 10m [default: 20m]
    #[arg(long, value_name = "DURATION", requires = "until", value_parser = proto::parse_duration)]
    budget: Option<Duration>,
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio: Option<f64> = text.parse().ok().filter(|ratio| (LEAST_RATIO..=MOST_RATIO).contains(ratio));
    ratio.ok_or_else(|| format!("expected a ratio from {LEAST_RATIO} to 1,000, such as 1.2"))
}

/// The rounds of a run with these options.
pub(super) struct Until<'a> {
    scenario: &'a Scenario,
    descriptors: u64,
    /// The ratio that every row should show, and the time for it. `None` if the scenario decides.
    goal: Option<(f64, Duration)>,
    resolution: Resolution,
    round: u32,
    started_ns: u64,
}

impl<'a> Until<'a> {
    /// Prepares the rounds of a run.
    ///
    /// # Errors
    /// There is no floor to compare with.
    pub(super) fn new(
        options: &UntilOptions,
        scenario: &'a Scenario,
        trials: &[Trial],
        descriptors: u64,
    ) -> Result<Self, Failure> {
        let goal = options.until.map(|ratio| (ratio, options.budget.unwrap_or(BUDGET)));
        let floor = APPROACHES.iter().find(|approach| approach.facts.floor).expect("the registry has a floor").name;
        let has_floor = trials.iter().any(|trial| trial.approach.name == floor);
        let has_others = trials.iter().any(|trial| trial.approach.name != floor);
        if goal.is_some() && !(has_floor && has_others) {
            let said =
                format!("--until compares with the floor: measure {floor} and another approach, or leave it out");
            return Err(Failure::usage(anyhow::anyhow!(said)));
        }
        let resolution = Resolution::new(floor);
        Ok(Self { scenario, descriptors, goal, resolution, round: scenario.trials, started_ns: 0 })
    }

    /// Starts the budget.
    pub(super) fn begin(&mut self) {
        self.started_ns = clock::now_ns();
    }

    /// Returns the failure if the budget ended before every row would show the ratio.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let Some((ratio, budget)) = self.goal else { return Ok(()) };
        let Some(Coarsest { variant, ratio: least }) = self.resolution.coarsest().filter(|row| !is_fine(row, ratio))
        else {
            return Ok(());
        };
        let found = match least {
            Some(least) => format!("{variant} would show {} or more", significant(least)),
            None => format!("{variant} has fewer than {FEWEST_ROUNDS} valid rounds"),
        };
        let takes = |rounds: u32| {
            let minutes = (self.of_a_round() * rounds).as_secs_f64() / 60.0;
            format!("it would take about {rounds} rounds, which are {minutes:.1} minutes: raise --budget")
        };
        let needed = match (least, self.resolution.rounds_for(ratio)) {
            (_, Some(rounds)) => takes(rounds),
            (None, None) => takes(FEWEST_ROUNDS as u32),
            (Some(_), None) => "no number of rounds would do with this noise: use a quieter machine".to_owned(),
        };
        Err(Failure::Inconclusive(format!(
            "not every row would show a ratio of {}: after {} {} and a budget of {}, {found}; {needed}",
            significant(ratio),
            self.round,
            if self.round == 1 { "round" } else { "rounds" },
            humantime::format_duration(budget),
        )))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(clock::now_ns() - self.started_ns)
    }

    fn of_a_round(&self) -> Duration {
        self.elapsed() / self.round.max(1)
    }
}

impl Rounds for Until<'_> {
    fn ended(&mut self, record: &TrialRecord) {
        if self.goal.is_some() {
            self.resolution.add(record);
        }
    }

    fn next_round(&mut self) -> Vec<Trial> {
        let Some((ratio, budget)) = self.goal else { return Vec::new() };
        let coarsest = self.resolution.coarsest();
        let is_over = self.elapsed() + self.of_a_round() > budget;
        if is_over || coarsest.as_ref().is_none_or(|row| is_fine(row, ratio)) {
            return Vec::new();
        }
        self.round += 1;
        if let Some(Coarsest { variant, ratio: Some(least) }) = coarsest {
            output::say(&format!("round {}: {variant} would show {} or more", self.round, significant(least)));
        }
        plan::round(self.scenario, self.round, self.descriptors).unwrap_or_default()
    }
}

fn is_fine(row: &Coarsest, ratio: f64) -> bool {
    row.ratio.is_some_and(|least| least <= ratio)
}
