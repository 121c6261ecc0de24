//! `advise`: ranks approaches for a described need, from the constants of a run.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use ::results::store::{self, StoreError};
use anyhow::anyhow;
use clap::Args;
use proto::parse_duration;
use reports::advice::{self, Advice, MachineSize, Need};
use scenario::numbers;

use super::{output, results};
use crate::failure::Failure;

/// Cores and GiB that a machine may have.
const SIZES: RangeInclusive<f64> = 0.1..=100_000.0;

/// Where the repository keeps runs.
const PUBLISHED: &str = "reports/published";

/// Options of `advise`.
#[derive(Debug, Args)]
pub(crate) struct AdviseOptions {
    /// Clients that are connected at once, such as 20k
    #[arg(long, value_name = "N", default_value = "1000", value_parser = numbers::amount)]
    pub(crate) clients: u32,
    /// Events per second for each client, on average, such as 5
    #[arg(long, value_name = "RATE", default_value = "0.25", value_parser = numbers::decimal)]
    pub(crate) events_per_client: f64,
    /// Bytes of an event besides symbol, prices and numbers, such as 1KiB
    #[arg(long, value_name = "BYTES", default_value = "0", value_parser = numbers::amount)]
    pub(crate) payload_bytes: u32,
    /// How old what a client knows may be, with its unit, such as 50ms, 1s or 1m
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    pub(crate) staleness: String,
    /// Clients also send, on the same connection
    #[arg(long)]
    pub(crate) sends: bool,
    /// Clients are browsers, without library or proxy
    #[arg(long)]
    pub(crate) browser: bool,
    /// Clients have an address that the server can call
    #[arg(long)]
    pub(crate) inbound: bool,
    /// No request and no connection may stay open while nothing happens
    #[arg(long)]
    pub(crate) nothing_open: bool,
    /// The newest state is enough; not every event matters
    #[arg(long)]
    pub(crate) newest_state: bool,
    /// Size of the machines that the budget counts: cores and GiB, such as 8x32
    #[arg(long, value_name = "CORESxGIB", default_value = "8x32", value_parser = machine_size)]
    pub(crate) machine: MachineSize,
    /// Result directory that the constants come from, or its results.jsonl, such as reports/published/<run>
    #[arg(long, value_name = "DIR", default_value = "results/latest")]
    pub(crate) from: PathBuf,
    /// Print JSON instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn advise(options: &AdviseOptions) -> Result<(), Failure> {
    let need = need(options).map_err(Failure::usage)?;
    let run = results::read(&options.from).map_err(|failure| with_a_way(failure, &options.from))?;
    let models = advice::models(&run).map_err(Failure::usage)?;
    let advice = Advice { budget: advice::budget(&models, &need, options.machine), ..advice::advise(&models, &need) };
    if options.json {
        return output::json(&advice);
    }
    output::data(&advice::render(&advice))
}

fn machine_size(text: &str) -> Result<MachineSize, String> {
    let parts = text.split_once(['x', 'X', '×']).map(|(cores, gib)| (cores.trim().parse(), gib.trim().parse()));
    match parts {
        Some((Ok(cores), Ok(gib))) if SIZES.contains(&cores) && SIZES.contains(&gib) => Ok(MachineSize { cores, gib }),
        _ => Err(format!("expected cores and GiB, each from {} to {}, such as 8x32", SIZES.start(), SIZES.end())),
    }
}

/// Adds how to get a run to the failure, if there is none, and none in the directory that was named.
fn with_a_way(failure: Failure, from: &Path) -> Failure {
    let Failure::Usage(error) = &failure else { return failure };
    match error.downcast_ref() {
        Some(StoreError::Missing { newest, .. }) if newest.is_empty() => {}
        _ => return failure,
    }
    let stored = match store::newest_in(Path::new(PUBLISHED)).first() {
        Some(newest) => format!("take a stored one with `--from {}`", newest.display()),
        None => format!("take one that is stored in the repository's {PUBLISHED} with --from"),
    };
    Failure::Usage(anyhow!(
        "no run at {} to take constants from: measure this machine with `delivery-bench bench-all`, in about six \
         minutes, or {stored}",
        from.display()
    ))
}

fn need(options: &AdviseOptions) -> anyhow::Result<Need> {
    let staleness = parse_duration(&options.staleness)
        .map_err(|_| anyhow!("--staleness is {}, expected a duration such as 50ms, 1s or 1m", options.staleness))?;
    let need = Need {
        clients: f64::from(options.clients),
        events_per_client: options.events_per_client,
        payload_bytes: f64::from(options.payload_bytes),
        staleness_ms: staleness.as_secs_f64() * 1e3,
        sends: options.sends,
        browser: options.browser,
        inbound: options.inbound,
        persistent: !options.nothing_open,
        every_event: !options.newest_state,
    };
    Ok(need.checked()?)
}
