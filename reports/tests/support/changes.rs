//! Changes a synthetic run so that a verdict changes.

use results::{
    schema::{Measured, Summary, Wire},
    statistics,
    store::Run,
};

use crate::support;

/// Changes the measurements of each trial of an approach, or of all trials if the name is empty.
pub(crate) fn each(run: &mut Run, approach: &str, change: impl Fn(&mut Measured)) {
    let own = run.trials.iter_mut().filter(|trial| approach.is_empty() || trial.approach == approach);
    own.for_each(|trial| change(trial.measured.as_mut().unwrap()));
}

/// Returns a summary of latencies within 2 % of this value.
pub(crate) fn summary(microseconds: f64) -> Summary {
    let values = (0..1_000).map(|k| (microseconds * 1e3 * (0.98 + 0.04 * f64::from(k) / 1e3)) as u64);
    statistics::summarise(&support::histogram(values), 1_000)
}

pub(crate) fn latency(measured: &mut Measured, microseconds: f64) {
    measured.latency_ns = summary(microseconds);
    measured.event_median_ns = summary(microseconds);
}

/// Makes this share of the responses empty.
pub(crate) fn empty(measured: &mut Measured, share: f64) {
    let responses = &mut measured.responses;
    responses.empty = (responses.total as f64 * share) as u64;
    responses.with_events = responses.total - responses.empty;
    responses.not_modified = 0;
}

pub(crate) fn miss(measured: &mut Measured, missed: u64) {
    measured.events.delivered -= missed;
    measured.events.missed += missed;
}

pub(crate) fn rate(run: &mut Run, events_per_second: f64) {
    run.trials.iter_mut().for_each(|trial| trial.load.events_per_second = events_per_second);
}

pub(crate) fn lines(run: &mut Run, approach: &str, [client, server]: [u32; 2]) {
    let facts = run.run.approaches.iter_mut().find(|facts| facts.name == approach).unwrap();
    for (half, lines) in [(&mut facts.client_complexity, client), (&mut facts.server_complexity, server)] {
        half.code_lines = lines;
        half.cognitive.sum = lines / 10;
    }
}

/// Makes 99 % of polls empty, and conditional responses smaller than plain ones by the factor `less`.
pub(crate) fn stable(run: &mut Run, less: u64) {
    each(run, "short-poll", |one| empty(one, 0.99));
    each(run, "conditional-get", |one| empty(one, 0.99));
    let bytes = |measured: &mut Measured, bytes: u64| {
        let server_to_client_bytes = measured.responses.total * bytes;
        measured.wire = Some(Wire { client_to_server_bytes: 0, server_to_client_bytes });
    };
    each(run, "short-poll", |one| bytes(one, 200));
    each(run, "conditional-get", |one| bytes(one, 200 / less));
}
