//! What is drawn against what a sweep varied, in the groups that the page shows it in.
//!
//! Data: nothing here draws.

use results::{format, schema::Summary};

use crate::merge::{self, Merged};

/// One figure of a variant under a load.
pub(super) struct Quantity {
    /// For names on the page; one of its own.
    pub(super) id: &'static str,
    /// Name, as a heading begins.
    pub(super) title: &'static str,
    /// What it is, beside the axis.
    pub(super) what: &'static str,
    /// As a reader sees it.
    pub(super) text: fn(f64) -> String,
    /// The figure; none where there is none.
    pub(super) of: fn(&Merged) -> Option<f64>,
    /// It is a share, and from here on as good as the whole; none where it is an amount.
    pub(super) whole: Option<f64>,
}

/// Quantities that answer one question.
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

/// The time to last is that of the median event: it is a tail by itself, over clients.
const SOON: [Quantity; 3] = [
    duration("p50", "Latency, p50", "latency, p50", |merged| percentile(&merged.latency_ns, |summary| summary.p50)),
    duration("p99", "Latency, p99", "latency, p99", |merged| percentile(&merged.latency_ns, |summary| summary.p99)),
    duration("last", "Time to last, p50", "until the last client had an event, p50 of the events", |merged| {
        percentile(&merged.time_to_last_ns, |summary| summary.p50)
    }),
];

/// What rounds to all is all to a reader.
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

const PROCESSORS: [Quantity; 2] = [
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
