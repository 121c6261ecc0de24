//! Synthetic runs whose values follow the cost model with known constants.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by test crates that each use a part")]

use results::{
    schema::{TrialRecord, Wire},
    statistics,
    store::Run,
};

use crate::support;

/// CPU time of the server in microseconds: per second, per exchange, and per delivery.
pub const POLLED: [f64; 3] = [2_000.0, 40.0, 8.0];
pub const HELD: [f64; 3] = [3_000.0, 60.0, 0.0];
pub const PUSHED: [f64; 3] = [1_000.0, 0.0, 30.0];
pub const HOLD_S: f64 = 30.0;
const WINDOW_S: f64 = 5.0;

/// Sets the values that the model predicts from these constants.
fn modelled(trial: &mut TrialRecord, line: [f64; 3], interval_s: Option<f64>, held: bool) {
    let clients = f64::from(trial.load.clients);
    let rate = trial.load.events_per_second / f64::from(trial.load.symbols);
    let exchanges = match interval_s {
        Some(interval) => clients / interval,
        None if held => clients * rate / (1.0 - (-rate * HOLD_S).exp()),
        None => 0.0,
    };
    let deliveries = clients * rate;
    let in_window = |each_second: f64| (each_second * WINDOW_S).round() as u64;
    let measured = trial.measured.as_mut().unwrap();
    measured.events.arrived = in_window(deliveries);
    measured.requests = in_window(exchanges);
    measured.offered_requests = interval_s.map(|_| in_window(exchanges));
    measured.cpu.server_us = Some(in_window(line[0] + line[1] * exchanges + line[2] * deliveries));
    measured.cpu.client_us = in_window(0.5 * (line[0] + line[1] * exchanges + line[2] * deliveries));
    measured.wire = Some(Wire {
        client_to_server_bytes: in_window(70.0 * exchanges),
        server_to_client_bytes: in_window(110.0 * exchanges + 100.0 * deliveries),
    });
    measured.memory.server_bytes_per_client = Some((1e6 / clients + 5_000.0).round() as u64);
    measured.memory.client_bytes_per_client = (2e6 / clients + 3_000.0).round() as u64;
    let quick = support::histogram((0..1_000).map(|k| 200_000 + k * 100));
    measured.event_median_ns = statistics::summarise(&quick, 1_000);
    if interval_s.is_none() {
        measured.latency_ns = statistics::summarise(&quick, 1_000);
    }
}

/// Returns a run of five approaches under these loads. A load is the number of clients, and the events per second over
/// all symbols.
pub fn run_of(loads: &[(u32, f64)]) -> Run {
    let mut trials = Vec::new();
    for (clients, events_per_second) in loads {
        for name in ["short-poll", "conditional-get", "long-poll", "sse", "raw-tcp"] {
            let approach = support::APPROACHES.iter().find(|one| one.name == name).unwrap();
            let mut trial = support::trial(approach, *clients, 1);
            trial.load.events_per_second = *events_per_second;
            trial.parameters =
                [("interval", "2s"), ("hold", "30s")].map(|(name, value)| (name.into(), value.into())).into();
            match name {
                "short-poll" | "conditional-get" => {
                    trial.variant = format!("{name}/2s");
                    modelled(&mut trial, POLLED, Some(2.0), false);
                }
                "long-poll" => modelled(&mut trial, HELD, None, true),
                _ => modelled(&mut trial, PUSHED, None, false),
            }
            trials.push(trial);
        }
    }
    let mut run = support::of_trials(trials);
    run.run.approaches.retain(|facts| run.trials.iter().any(|trial| trial.approach == facts.name));
    run
}

/// Returns a sweep over both the number of clients and the event rate.
pub fn sweep() -> Run {
    run_of(&[(200, 40.0), (1_000, 40.0), (1_000, 400.0), (10_000, 40.0), (10_000, 400.0)])
}
