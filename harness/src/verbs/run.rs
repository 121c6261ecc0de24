//! `run` and `bench-all`: plan, check the machine, run the conformance suite, measure, record and render.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use approaches::conformance::{Subject, failures, subject};
use clap::Args;
use results::{replace, schema::Part, store::Store};
use scenario::{
    self, MachineKeys,
    plan::{self, Trial},
    source::Override,
};
use toml::Value;

use super::{
    dry_run, output,
    progress::Display,
    until::{Until, UntilOptions},
};
use crate::{
    agent::interruption::Attention,
    coordinator::run::{Outcome, run as run_trials},
    describe::run_record,
    failure::Failure,
    host::{awake::Awake, busy::Look, capacity, clock, limits, ports},
};

/// Options of `run` and `bench-all`. Options that set a key of the scenario keep the text; the scenario's rules parse it.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Only these approaches or variants, such as sse,websocket/binary [default: the scenario's]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    approach: Vec<String>,
    /// Simulated clients, such as 1000 or 20k [default: the scenario's load.clients]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    clients: Option<String>,
    /// Rounds, such as 5 [default: the scenario's trials]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    trials: Option<String>,
    /// Time before the window, with its unit, such as 500ms or 1s [default: the scenario's window.warmup]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    warmup: Option<String>,
    /// Time that is measured, with its unit, such as 5s or 2m [default: the scenario's window.measure]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    measure: Option<String>,
    /// Seed of everything random, such as 7 [default: the scenario's load.seed]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    seed: Option<String>,
    /// Any scenario key, such as load.symbols=50 or 'params.short-poll.interval=["1s"]'; can be repeated [default: what
    /// the scenario says]
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    until: UntilOptions,
    /// Directory for the results, such as results/before [default: results/<UTC time>-<scenario>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do not render the report
    #[arg(long)]
    no_report: bool,
    /// Print the effective scenario, the trials and what they need, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the records as JSON instead of the table
    #[arg(long)]
    json: bool,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct ScenarioOptions {
    /// A scenario file, or the name of one that the tool carries, such as fan-out; `list` shows them
    pub(crate) scenario: PathBuf,
    #[command(flatten)]
    pub(crate) options: RunOptions,
}

impl RunOptions {
    /// Returns the settings that the options override. Named options win over `--set`.
    ///
    /// # Errors
    /// A `--set` is not a key and a value.
    fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let mut overrides = Override::all(&self.set).map_err(Failure::usage)?;
        if !self.approach.is_empty() {
            let names = self.approach.iter().cloned().map(Value::String).collect();
            overrides.push(Override::option("--approach", "approaches", Value::Array(names)));
        }
        let typed = [
            ("--clients", "load.clients", &self.clients),
            ("--trials", "trials", &self.trials),
            ("--warmup", "window.warmup", &self.warmup),
            ("--measure", "window.measure", &self.measure),
            ("--seed", "load.seed", &self.seed),
        ];
        for (option, key, typed) in typed {
            overrides.extend(typed.clone().map(|typed| Override::option(option, key, Value::String(typed))));
        }
        Ok(overrides)
    }
}

pub(crate) fn run(scenario: &Path, options: &RunOptions) -> Result<(), Failure> {
    let loaded = scenario::load(scenario, &options.overrides()?).map_err(Failure::usage)?;
    let capacity = capacity::read();
    let mut trials = plan::trials(&loaded.scenario, capacity.descriptors).map_err(Failure::usage)?;
    let must_sleep = wants_awake(&loaded.scenario.machine) && Awake::request().is_none();
    trials.retain(|trial| !must_sleep || trial.part != Part::Awake);
    if must_sleep {
        output::say(
            "the cores may sleep: to keep them awake needs write access to /dev/cpu_dma_latency and a cpuidle driver; every \
             p50 is measured with cores that sleep, and the row (wake-up) says what waking them costs",
        );
    }
    let mut rounds = Until::new(&options.until, &loaded.scenario, &trials, capacity.descriptors)?;
    if options.dry_run {
        dry_run::print(&loaded, &trials, capacity)?;
        return fits(&trials, capacity);
    }
    fits(&trials, capacity)?;
    let attention = Attention::take();
    let started = clock::since_epoch();
    let directory = options.out.clone().unwrap_or_else(|| default_directory(&loaded.name, started));
    let store = Store::create(&directory)?;
    let look = Look::begin();
    let nonconforming = examine(&trials, &attention)?;
    if let Some(line) = look.end() {
        output::say(&line);
    }
    let record = run_record(&loaded, &trials, started);
    let mut display = Display::new(plan::duration(&trials));
    rounds.begin();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(error.into()))?
        .block_on(run_trials(record, trials, &mut rounds, &nonconforming, store, &mut display, attention.told()))?;
    display.finish();
    // The rest can be repeated from the records, so a signal may end the process from here on.
    drop(attention);
    if options.out.is_none() {
        point_latest_at(&directory);
    }
    show(&outcome, &directory, options)?;
    verdict(&outcome)?;
    rounds.verdict()
}

fn wants_awake(machine: &MachineKeys) -> bool {
    machine.keep_awake || machine.awake_rounds > 0
}

/// Refuses a plan that the machine cannot hold, before anything starts.
fn fits(trials: &[Trial], capacity: capacity::Capacity) -> Result<(), Failure> {
    trials.iter().try_for_each(|trial| {
        capacity::admit_trial(trial, capacity)?;
        ports::admit(trial, capacity.ports)
    })?;
    // Last, because the check starts threads.
    let shards = trials.iter().map(|trial| trial.shards.count() as usize).max().unwrap_or_default();
    limits::room_for(limits::threads_of(shards))
}

/// Runs the conformance suite on the variants of the plan. Returns why variants do not conform, by name.
///
/// # Errors
/// The run was told to end.
fn examine(trials: &[Trial], attention: &Attention) -> Result<BTreeMap<String, String>, Failure> {
    let subjects: BTreeMap<&str, Subject> = trials
        .iter()
        .map(|trial| (trial.variant.as_str(), subject(trial.approach, &trial.variant, &trial.params)))
        .collect();
    output::say(&format!("examining {} variants before they are measured", subjects.len()));
    let runtime = output::runtime()?;
    let subjects: Vec<Subject> = subjects.into_values().collect();
    let failures = runtime.block_on(async {
        tokio::select! {
            failures = failures(&subjects) => Ok(failures),
            () = attention.told() => Err(Failure::Interrupted("interrupted: nothing was recorded".into())),
        }
    });
    runtime.shutdown_background();
    let failures = failures?;
    let mut reasons = BTreeMap::<String, String>::new();
    for failure in failures {
        reasons.entry(failure.subject).or_insert_with(|| format!("{}: {}", failure.case, failure.reason));
    }
    Ok(reasons)
}

fn timestamp(since_epoch: std::time::Duration) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since_epoch)
}

pub(super) fn default_directory(scenario: &str, started: std::time::Duration) -> PathBuf {
    let time = timestamp(started).to_string().replace(':', "");
    Path::new("results").join(format!("{time}-{scenario}"))
}

/// Points `results/latest` to the newest run. If it is not a link, it belongs to the user and stays.
fn point_latest_at(directory: &Path) {
    let Some(name) = directory.file_name() else { return };
    let latest = directory.with_file_name("latest");
    if let Err(error) = replace::link(&latest, name.as_ref()) {
        output::say(&format!("{} does not name this run: {error}", latest.display()));
    }
}

fn show(outcome: &Outcome, directory: &Path, options: &RunOptions) -> Result<(), Failure> {
    let run = results::store::read(directory).map_err(|error| Failure::Internal(error.into()))?;
    if options.json {
        output::json(&serde_json::json!({ "run": run.run, "trials": run.trials }))?;
    } else {
        output::data(&reports::table::render_within(&run, output::width()))?;
    }
    output::say(&format!("results: {}", outcome.results.display()));
    if !options.no_report {
        let written = reports::page::write(&run, directory).map_err(|error| Failure::Internal(error.into()))?;
        let line = format!("report: {}", written.page.display());
        if options.json { output::say(&line) } else { output::data(&line)? }
    }
    Ok(())
}

fn verdict(outcome: &Outcome) -> Result<(), Failure> {
    if outcome.interrupted {
        return Err(Failure::Interrupted("interrupted: what was recorded is kept, and marked".into()));
    }
    match outcome.not_ok {
        0 => Ok(()),
        not_ok => Err(Failure::Invalid(format!(
            "{not_ok} of {} trials failed or are invalid: see the table",
            outcome.recorded
        ))),
    }
}
