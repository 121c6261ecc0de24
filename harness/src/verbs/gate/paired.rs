//! `gate paired`: runs two builds, and a copy of the first, under the same load in turns. The outcome is a function of the
//! recorded session.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use anyhow::anyhow;
use clap::Args;
use gate::{
    Tier,
    budget::{self, Candidate},
    paired::{self, Cell, MOST_TOLERATED, Plan, SESSION_VERSION, Session, Tolerated},
};
use proto::parse_duration;
use scenario::{self, Scenario, source::Override, variants::variants};

use super::surfaces::{Surfaces, conclude};
use crate::{
    failure::Failure,
    gate::{injection::Injection, session, setup::Setup},
    host::clock,
    verbs::{output, run::default_directory},
};

/// The budget, unless blocks or another budget are given.
const BUDGET: Duration = Duration::from_secs(20 * 60);

/// Budgets that can be given. A shorter one ends in the rehearsal.
const BUDGETS: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(24 * 60 * 60);

/// Options of `gate paired`.
#[derive(Debug, Args)]
pub(crate) struct PairedOptions {
    /// The program that is known, such as target/base/delivery-bench
    #[arg(long, value_name = "BINARY")]
    base: PathBuf,
    /// The program that is judged, such as target/release/delivery-bench
    #[arg(long, value_name = "BINARY")]
    head: PathBuf,
    /// A scenario file, or the name of one that the tool carries, such as fan-out; its approaches in the order of
    /// importance
    #[arg(long, value_name = "SCENARIO", default_value = "gate")]
    scenario: PathBuf,
    /// Any scenario key, such as load.clients=50; can be repeated [default: what the scenario says]
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Blocks that count, at most 128, such as 12 [default: as many as fit --budget]
    #[arg(long, value_name = "N", conflicts_with = "budget",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(paired::MOST_BLOCKS_OF_A_SESSION)))]
    blocks: Option<u32>,
    /// The time there is, with its unit, such as 15m: chooses cells and blocks, and says what they can and cannot see
    /// [default: 20m]
    #[arg(long, value_name = "DURATION", value_parser = time)]
    budget: Option<Duration>,
    /// The share by which CPU time per event may grow, such as 0.1 for 10 %
    #[arg(long, value_name = "SHARE", default_value_t = Tolerated::default().cpu, value_parser = share)]
    tolerated_cpu: f64,
    /// The share by which p50 latency may grow, such as 0.1 for 10 %
    #[arg(long, value_name = "SHARE", default_value_t = Tolerated::default().p50, value_parser = share)]
    tolerated_p50: f64,
    /// Seed of the order and of the feeds, such as 7
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Slow the head down by a known share of CPU time or latency, such as cpu=0.3 or p50=0.3: for the gate's own study
    /// [default: nothing is injected]
    #[arg(long, value_name = "METRIC=SHARE")]
    inject: Option<Injection>,
    /// Directory in which the session is recorded, such as results/session [default: results/<UTC time>-gate]
    #[arg(long, value_name = "DIR")]
    session: Option<PathBuf>,
    #[command(flatten)]
    surfaces: Surfaces,
}

pub(crate) fn paired(options: &PairedOptions) -> Result<(), Failure> {
    conclude(Tier::Paired, &options.surfaces, || Ok(paired::judge(&session(options)?).outcome))
}

fn session(options: &PairedOptions) -> Result<Session, Failure> {
    let overrides = Override::all(&options.set).map_err(Failure::usage)?;
    let loaded = scenario::load(&options.scenario, &overrides).map_err(Failure::usage)?;
    can_decide(options, &loaded.scenario)?;
    let directory = options.session.clone().unwrap_or_else(|| default_directory("gate", clock::since_epoch()));
    let mut setup = Setup::prepare(&options.base, &options.head, &loaded.scenario, &directory)?;
    output::say("rehearsing: the base runs each approach once, to see how long that takes");
    let rehearsal = setup.rehearse()?;
    let (cells, left_out, blocks) = chosen(options, &rehearsal.candidates())?;
    let keys = rehearsal.keys(options.inject, cells.len()).map_err(|problem| Failure::Usage(anyhow!(problem)))?;
    let plan = Plan {
        version: SESSION_VERSION,
        base: rehearsal.base.clone(),
        head: rehearsal.head.clone(),
        blocks,
        cells,
        left_out,
        tolerated: tolerated(options),
        seed: options.seed,
        injected: options.inject.map(|injection| injection.to_string()),
    };
    let session = session::run(&mut setup, &rehearsal, &keys, plan, output::say)?;
    output::say(&format!("session: {}", setup.file().display()));
    Ok(session)
}

/// Refuses fewer blocks than a regression needs to be shown, before anything runs.
fn can_decide(options: &PairedOptions, scenario: &Scenario) -> Result<(), Failure> {
    let cells = variants(scenario).map_err(Failure::usage)?.len();
    let fewest = budget::fewest(cells);
    match options.blocks {
        Some(blocks) if blocks < fewest => {
            let said = format!(
                "--blocks {blocks} cannot decide: with this number of cells ({cells}) a regression needs {fewest} to show"
            );
            Err(Failure::Usage(anyhow!(said)))
        }
        _ => Ok(()),
    }
}

fn tolerated(options: &PairedOptions) -> Tolerated {
    Tolerated { cpu: options.tolerated_cpu, p50: options.tolerated_p50 }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share <= MOST_TOLERATED);
    share.ok_or_else(|| format!("expected a share above 0 and at most {MOST_TOLERATED}, such as 0.1 for 10 %"))
}

fn time(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text).ok().filter(|time| BUDGETS.contains(time));
    time.ok_or_else(|| "expected a duration from 1m to 24h, such as 15m".to_owned())
}

/// The cells that take part, the cells that do not, and the number of blocks. Decided before the first block.
fn chosen(options: &PairedOptions, candidates: &[Candidate]) -> Result<(Vec<Cell>, Vec<Cell>, u32), Failure> {
    if let Some(blocks) = options.blocks {
        let cells: Vec<Cell> = candidates.iter().map(|candidate| candidate.cell.clone()).collect();
        return Ok((cells, Vec::new(), blocks));
    }
    let time = options.budget.unwrap_or(BUDGET);
    let choice = budget::choose(candidates, time.as_secs_f64(), &tolerated(options)).map_err(Failure::usage)?;
    choice.sees.iter().for_each(|said| output::say(said));
    Ok((choice.cells, choice.left_out, choice.blocks))
}
