//! The quantities that a sweep's charts show, in groups.

use results::{format, schema::Summary};

use crate::merge::{self, Merged};

/// A quantity of a variant under a load.
pub(super) struct Quantity {
    /// Unique identifier on the page.
    pub(super) id: &'static str,
    /// Its name, as a heading.
    pub(super) title: &'static str,
    /// Title of the axis.
    pub(super) what: &'static str,
    /// Formats a value.
    pub(super) text: fn(f64) -> String,
    /// Returns the value, if there is one.
    pub(super) of: fn(&Merged) -> Option<f64>,
    /// For a share, the value from which on it counts as the whole. `None` for an amount.
    pub(super) whole: Option<f64>,
}

/// A group of quantities that answer one question.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) quantities: &'static [Quantity],
}

pub(super) const GROUPS: [Group; 4] = [
    Group { title: "How soon: latency and time to last", quantities: &SOON },
    Group { title: "How much of what was offered", quantities: &OFFERED },
    Group { title: "CPU time", quantities: &PROCESSORS },
    Group { title: "Memory", quantities: &MEMORY },
];

/// The time to last is that of the median event, because it is already a tail over clients.
const SOON: [Quantity; 3] = [
    duration("p50", "Latency, p50", "latency, p50", |merged| percentile(&merged.latency_ns, |summary| summary.p50)),
    duration("p99", "Latency, p99", "latency, p99", |merged| percentile(&merged.latency_ns, |summary| summary.p99)),
    duration("last", "Time to last, p50", "until the last client had an event, p50 of the events", |merged| {
        percentile(&merged.time_to_last_ns, |summary| summary.p50)
    }),
];

/// A share that rounds to 100 % counts as all.
const OFFERED: [Quantity; 2] = [
    share(
        0.9995,
        "delivered",
        "Delivered over expected",
        "deliveries of those expected; a snapshot leaves out old states",
        |merged| merge::share(merged.events.delivered, merged.events.expected),
    ),
    share(
        0.9995,
        "achieved",
        "Achieved over offered",
        "requests answered, of those that the schedule holds",
        |merged| merged.achieved_share,
    ),
];

/// CPU time at both ends.
pub(super) const PROCESSORS: [Quantity; 2] = [
    Quantity {
        id: "server-cpu",
        title: "CPU time of the server",
        what: "user and system time for each event delivered",
        text: format::processor_time,
        of: |merged| merged.cpu.server_us_per_event,
        whole: None,
    },
    Quantity {
        id: "client-cpu",
        title: "CPU time of the clients",
        what: "user and system time for each event delivered",
        text: format::processor_time,
        of: |merged| merged.cpu.client_us_per_event,
        whole: None,
    },
];

const IDLE: &str = "growth for each client, all subscribed and nothing published";
const ACTIVE: &str = "growth for each client, at the end of the window";

const MEMORY: [Quantity; 6] = [
    bytes("server-idle", "Memory of the server, idle", IDLE, |merged| merged.memory.server_idle_bytes),
    bytes("server-memory", "Memory of the server, active", ACTIVE, |merged| merged.memory.server_bytes),
    bytes("client-idle", "Memory of the clients, idle", IDLE, |merged| Some(merged.memory.client_idle_bytes)),
    bytes("client-memory", "Memory of the clients, active", ACTIVE, |merged| Some(merged.memory.client_bytes)),
    bytes("kernel-idle", "Memory of the kernel for both ends, idle", IDLE, |merged| merged.memory.kernel_idle_bytes),
    bytes("kernel-memory", "Memory of the kernel for both ends, active", ACTIVE, |merged| merged.memory.kernel_bytes),
];

type Of = fn(&Merged) -> Option<f64>;

const fn duration(id: &'static str, title: &'static str, what: &'static str, of: Of) -> Quantity {
    Quantity { id, title, what, text: |nanoseconds| format::duration(nanoseconds as u64), of, whole: None }
}

const fn share(whole: f64, id: &'static str, title: &'static str, what: &'static str, of: Of) -> Quantity {
    Quantity { id, title, what, text: format::percent, of, whole: Some(whole) }
}

const fn bytes(id: &'static str, title: &'static str, what: &'static str, of: Of) -> Quantity {
    Quantity { id, title, what, text: format::bytes, of, whole: None }
}

fn percentile(summary: &Summary, of: fn(&Summary) -> Option<u64>) -> Option<f64> {
    of(summary).map(|nanoseconds| nanoseconds as f64)
}
