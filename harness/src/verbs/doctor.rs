//! `doctor`: what this machine can hold, what limits it, and what to change.

use reports::statistics::{new_histogram, quantile};
use serde_json::json;

use super::output;
use crate::{capacity, clock, environment, failure::Failure, plan, registry::APPROACHES};

/// Sleeps that show how late this machine wakes a thread.
const SLEEPS: u64 = 200;
/// Length of one of them.
const SLEEP_NS: u64 = 1_000_000;

pub(crate) fn doctor(clients: Option<u32>, as_json: bool) -> Result<(), Failure> {
    let environment = environment::environment();
    let capacity = capacity::read();
    let bounds = capacity::bounds(capacity);
    let tightest = &bounds[0];
    let overshoot_ns = overshoot_ns();
    let shards = clients.map(|clients| {
        let per_client = APPROACHES.iter().map(plan::descriptors_per_client);
        let count = |per_client| plan::shards(clients, per_client, capacity.descriptors).len();
        (per_client.clone().min().map(count), per_client.max().map(count))
    });
    if as_json {
        output::json(&json!({
            "environment": environment,
            "available_memory_bytes": capacity.memory_bytes,
            "process_descriptors": capacity.descriptors,
            "system_descriptors": capacity.system_descriptors,
            "ports": capacity.ports,
            "timer_overshoot_ns": { "p50": overshoot_ns.0, "p99": overshoot_ns.1 },
            "largest_client_count": tightest.clients,
            "limited_by": tightest.what,
            "remedy": tightest.remedy,
        }))?;
    } else {
        let mut lines = vec![
            format!("processor      {} × {}", environment.cores, environment.cpu),
            format!("kernel         {} {}", environment.os, environment.kernel),
            format!("clock source   {}", environment.clocksource),
            format!(
                "timer          a thread wakes {} µs late (median), {} µs (p99)",
                overshoot_ns.0 / 1_000,
                overshoot_ns.1 / 1_000
            ),
            format!(
                "memory         {} MiB available of {} MiB",
                capacity.memory_bytes >> 20,
                environment.memory_bytes >> 20
            ),
            format!("descriptors    {} a process, {} the system", capacity.descriptors, capacity.system_descriptors),
            format!("ports          {} an address", capacity.ports),
            String::new(),
            format!(
                "largest client count: {}, limited by {}; to hold more, {}",
                tightest.clients, tightest.what, tightest.remedy
            ),
        ];
        if let (Some(clients), Some((Some(fewest), Some(most)))) = (clients, shards) {
            lines.push(format!("{clients} clients: {fewest} to {most} shard(s), depending on the approach"));
        }
        output::data(&lines.join("\n"))?;
    }
    clients.map_or(Ok(()), |clients| capacity::admit(clients, &bounds))
}

/// Median and p99 of how late a sleeping thread wakes.
fn overshoot_ns() -> (u64, u64) {
    clock::be_punctual();
    let mut histogram = new_histogram();
    for _ in 0..SLEEPS {
        let due_ns = clock::now_ns() + SLEEP_NS;
        clock::block_until(due_ns);
        histogram.saturating_record((clock::now_ns() - due_ns).max(1));
    }
    let value = |q| quantile(&histogram, u64::MAX, q).unwrap_or_default();
    (value(0.5), value(0.99))
}
