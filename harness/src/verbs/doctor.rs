//! `doctor`: prints how many clients of each approach this machine can hold, what limits them, and what to change.

use approaches::registry::{APPROACHES, Approach};
use clap::Args;
use results::{
    schema::Environment,
    statistics::{new_histogram, quantile},
};
use scenario::{numbers, variants};
use serde_json::{Value, json};

use super::output;
use crate::{
    failure::Failure,
    host::{
        capacity::{self, Bound, Capacity, Need},
        clock, environment,
    },
};

/// Number of sleeps that measure how late this machine wakes a thread.
const SLEEPS: u64 = 200;
/// Length of one sleep.
const SLEEP_NS: u64 = 1_000_000;

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// Ask whether this many clients fit, such as 20k [default: only the largest count is shown]
    #[arg(long, value_name = "N", value_parser = numbers::count)]
    clients: Option<u32>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// What this machine can hold of one approach.
struct Prospect {
    approach: &'static Approach,
    /// The tightest limit.
    bound: Bound,
    /// What the requested clients need. `None` if no number was given.
    need: Option<Need>,
}

pub(crate) fn doctor(options: &DoctorOptions) -> Result<(), Failure> {
    let clients = options.clients;
    let environment = environment::environment();
    let capacity = capacity::read();
    let overshoot_ns = overshoot_ns();
    let prospects: Vec<Prospect> = APPROACHES
        .iter()
        .map(|approach| {
            let params = variants::defaults(approach);
            Prospect {
                approach,
                bound: capacity::bounds(approach, &params, capacity).swap_remove(0),
                need: clients.map(|clients| capacity::need(approach, &params, clients, capacity)),
            }
        })
        .collect();
    if options.json {
        output::json(&document(&environment, capacity, overshoot_ns, &prospects, clients))?;
    } else {
        let mut lines = machine(&environment, capacity, overshoot_ns);
        lines.push(String::new());
        lines.extend(table(&prospects, clients));
        lines.push(String::new());
        lines.push(answer(&prospects, clients));
        output::data(&lines.join("\n"))?;
    }
    clients.map_or(Ok(()), |clients| {
        APPROACHES.iter().try_for_each(|approach| {
            capacity::admit(approach.name, approach, &variants::defaults(approach), clients, capacity)
        })
    })
}

fn machine(environment: &Environment, capacity: Capacity, overshoot_ns: (u64, u64)) -> Vec<String> {
    vec![
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
    ]
}

/// Returns one line per approach: the largest number of clients, and what the requested clients need.
fn table(prospects: &[Prospect], clients: Option<u32>) -> Vec<String> {
    let mut heading = format!("{:<16} {:>12}", "approach", "most clients");
    if let Some(clients) = clients {
        heading += &format!("  MiB of {clients}: {:>8} {:>8} {:>8} {:>9}  shards", "server", "client", "kernel", "all");
    }
    let indent = clients.map_or(0, |clients| format!("MiB of {clients}:").len());
    let line = |prospect: &Prospect| {
        let mut line = format!("{:<16} {:>12}", prospect.approach.name, prospect.bound.clients);
        if let Some(need) = prospect.need {
            let mib = |bytes: u64| bytes >> 20;
            let fits = if fits(prospect, clients) { "" } else { "  does not fit" };
            line += &format!(
                "  {:indent$} {:>8} {:>8} {:>8} {:>9}  {:>6}{fits}",
                "",
                mib(need.server_bytes),
                mib(need.client_bytes),
                mib(need.kernel_bytes),
                mib(need.bytes()),
                need.shards
            );
        }
        line
    };
    [heading].into_iter().chain(prospects.iter().map(line)).collect()
}

fn fits(prospect: &Prospect, clients: Option<u32>) -> bool {
    clients.is_none_or(|clients| u64::from(clients) <= prospect.bound.clients)
}

/// Returns the approach with the fewest clients.
fn tightest(prospects: &[Prospect]) -> &Prospect {
    prospects.iter().min_by_key(|prospect| prospect.bound.clients).expect("there are approaches")
}

fn answer(prospects: &[Prospect], clients: Option<u32>) -> String {
    let Prospect { approach, bound, .. } = tightest(prospects);
    let largest = format!(
        "largest client count with every approach: {}, limited by {} with {}; to hold more, {}",
        bound.clients, bound.what, approach.name, bound.remedy
    );
    let largest = format!("{largest}\nonly a run shows whether the cores can carry their rate");
    let Some(clients) = clients else { return largest };
    let unfit = prospects.iter().filter(|prospect| !fits(prospect, Some(clients))).map(|unfit| unfit.approach.name);
    match unfit.collect::<Vec<_>>().as_slice() {
        [] => format!("{clients} clients fit with every approach\n{largest}"),
        all if all.len() == prospects.len() => format!("{clients} clients do not fit with any approach\n{largest}"),
        some => format!("{clients} clients fit, but not with {}\n{largest}", some.join(", ")),
    }
}

fn document(
    environment: &Environment,
    capacity: Capacity,
    overshoot_ns: (u64, u64),
    prospects: &[Prospect],
    clients: Option<u32>,
) -> Value {
    let approach = |prospect: &Prospect| {
        json!({
            "approach": prospect.approach.name,
            "largest_client_count": prospect.bound.clients,
            "limited_by": prospect.bound.what,
            "remedy": prospect.bound.remedy,
            "fits": clients.map(|_| fits(prospect, clients)),
            "shards": prospect.need.map(|need| need.shards),
            "server_bytes": prospect.need.map(|need| need.server_bytes),
            "client_bytes": prospect.need.map(|need| need.client_bytes),
            "kernel_bytes": prospect.need.map(|need| need.kernel_bytes),
        })
    };
    let tightest = &tightest(prospects).bound;
    json!({
        "environment": environment,
        "available_memory_bytes": capacity.memory_bytes,
        "process_descriptors": capacity.descriptors,
        "system_descriptors": capacity.system_descriptors,
        "ports": capacity.ports,
        "timer_overshoot_ns": { "p50": overshoot_ns.0, "p99": overshoot_ns.1 },
        "largest_client_count": tightest.clients,
        "limited_by": tightest.what,
        "remedy": tightest.remedy,
        "clients": clients,
        "fits": clients.map(|_| prospects.iter().all(|prospect| fits(prospect, clients))),
        "approaches": prospects.iter().map(approach).collect::<Vec<_>>(),
    })
}

/// Returns the median and p99 of how late a sleeping thread wakes.
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
