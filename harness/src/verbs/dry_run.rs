//! `--dry-run`: prints the effective scenario, the trials in order, and their needs.

use std::fmt::Write;

use approaches::registry::Side;
use scenario::{
    Loaded,
    plan::{self, Trial, descriptors_per_client},
};

use super::output::{data, one_line, whole_line};
use crate::{
    failure::Failure,
    host::{
        capacity::{self, Capacity},
        ports,
    },
};

pub(super) fn print(loaded: &Loaded, trials: &[Trial], capacity: Capacity) -> Result<(), Failure> {
    let mut shown = loaded.scenario.clone();
    for text in [&mut shown.title, &mut shown.question, &mut shown.analysis] {
        *text = whole_line(text);
    }
    let scenario = toml::to_string(&shown).map_err(|error| Failure::Internal(error.into()))?;
    let mut text =
        format!("# scenario {}, as it would run\n{scenario}\n# trials, in this order\n", one_line(&loaded.name));
    for (index, trial) in trials.iter().enumerate() {
        let load = &trial.load;
        line(
            &mut text,
            &format!(
                "{:>4}  round {}  {:<28} {:>7} clients  {:>8} events/s  {} shard(s)  {}",
                index + 1,
                trial.round,
                one_line(&trial.variant),
                load.clients,
                load.events_per_second,
                trial.shards.count(),
                trial.part
            ),
        );
    }
    let largest = |count: fn(&Trial) -> u64| trials.iter().map(count).max().unwrap_or_default();
    line(&mut text, "\n# what they need");
    line(&mut text, &format!("duration: at most {:.0?}, and the time to connect", plan::duration(trials)));
    line(&mut text, &format!("connections at once: {}", largest(|trial| u64::from(trial.load.clients))));
    let memory = trials.iter().map(|trial| capacity::need_of(trial, capacity).bytes() >> 20);
    let mebibytes = memory.max().unwrap_or_default();
    line(&mut text, &format!("memory: {mebibytes} MiB"));
    line(&mut text, &format!("descriptors of the largest process: {}", largest(largest_process)));
    line(&mut text, &format!("listening ports: {}", largest(listening)));
    line(&mut text, &format!("ports between two addresses: {}", largest(ports::taken)));
    data(text.trim_end())
}

/// Ports of the servers, and of the clients that are called.
fn listening(trial: &Trial) -> u64 {
    let called = if trial.approach.facts.connects == Side::Server { trial.load.clients } else { 0 };
    u64::from(trial.shards.count()) + u64::from(called)
}

/// Descriptors that the larger process of the largest shard opens.
fn largest_process(trial: &Trial) -> u64 {
    u64::from(trial.shards.largest()) * descriptors_per_client(trial.approach)
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string grows as needed");
}
