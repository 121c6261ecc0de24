//! `advise`: ranks approaches for a described need, from the constants of a run.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use proto::parse_duration;
use reports::{
    advice::{self, Need},
    store,
};

use super::output;
use crate::failure::Failure;

/// Options of `advise`.
#[derive(Debug, Args)]
pub(crate) struct AdviseOptions {
    /// Clients that are connected at once
    #[arg(long, default_value_t = 1000)]
    pub(crate) clients: u32,
    /// Events a second for each client, on average
    #[arg(long, default_value_t = 0.25)]
    pub(crate) events_per_client: f64,
    /// Bytes of an event beyond symbol, prices and numbers
    #[arg(long, default_value_t = 0)]
    pub(crate) payload_bytes: u32,
    /// How old what a client knows may be, such as 50ms, 1s or 1m
    #[arg(long, default_value = "1s")]
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
    /// Result directory that the constants come from
    #[arg(long, value_name = "DIR", default_value = "results/latest")]
    pub(crate) from: PathBuf,
    /// How far the model is off: fitted to this sweep without each load in turn, against that load
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    pub(crate) validate: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn advise(options: &AdviseOptions) -> Result<(), Failure> {
    if let Some(directory) = &options.validate {
        let validation = advice::validate(&store::read(directory)?).map_err(Failure::usage)?;
        if options.json {
            return output::json(&validation);
        }
        return output::data(&advice::render_validation(&validation));
    }
    let need = need(options).map_err(Failure::usage)?;
    let models = advice::models(&store::read(&options.from)?).map_err(Failure::usage)?;
    let advice = advice::advise(&models, &need);
    if options.json {
        return output::json(&advice);
    }
    output::data(&advice::render(&advice))
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
