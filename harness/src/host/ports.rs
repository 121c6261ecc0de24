//! Ports for outgoing connections: how many a trial needs between two addresses if each request opens a connection.
//!
//! A port stays in use for a while after its connection was closed, so every request of that time needs a port.

use std::time::Duration;

use approaches::registry::{Exchange, Side, opens_connection_for_each_request};
use scenario::plan::Trial;

use super::environment;
use crate::failure::Failure;

/// Loopback addresses that clients connect from.
pub(crate) const SOURCE_ADDRESSES: u32 = 250;
/// How long a closed connection keeps its port (TIME_WAIT). The kernel has no setting for it.
const HELD_SECONDS: f64 = 60.0;
/// The default range of every kernel since 3.2, used if the system does not report one.
const USUAL_PORTS: u32 = 28_232;

/// Returns the number of ports for outgoing connections from one address to one port of another.
pub(crate) fn of_an_address() -> u32 {
    let range = environment::file("/proc/sys/net/ipv4/ip_local_port_range");
    let bounds: Vec<u32> = range.split_whitespace().filter_map(|bound| bound.parse().ok()).collect();
    if let [first, last] = bounds[..] { last.saturating_sub(first) + 1 } else { USUAL_PORTS }
}

/// Returns the largest number of ports in use between one address and one port of another: one per open connection, and
/// one per connection that was closed recently.
pub(crate) fn taken(trial: &Trial) -> u64 {
    let largest = trial.shards.largest();
    // A server calls each client at an address and port of its own; clients of one address call one server.
    let clients_of_pair = match trial.approach.facts.connects {
        Side::Client => largest.div_ceil(SOURCE_ADDRESSES),
        Side::Server => 1,
    };
    let closed =
        if opens_connection_for_each_request(&trial.params) { requests_per_second(trial) * HELD_SECONDS } else { 0.0 };
    u64::from(clients_of_pair) + (f64::from(clients_of_pair) * closed).ceil() as u64
}

/// Refuses a trial whose requests need more ports than there are.
///
/// # Errors
/// The trial needs too many ports. The error says how many, and what to change.
pub(crate) fn admit(trial: &Trial, ports: u32) -> Result<(), Failure> {
    let taken = taken(trial);
    if taken <= u64::from(ports) {
        return Ok(());
    }
    let (variant, clients) = (&trial.variant, trial.load.clients);
    Err(Failure::Machine(format!(
        "{variant} with {clients} clients takes {taken} ports between two addresses, which have {ports}: each request opens a \
         connection, and its port stays taken for {HELD_SECONDS} s; have fewer requests or clients, or widen \
         net.ipv4.ip_local_port_range"
    )))
}

/// Returns the requests per second between one client and its server.
fn requests_per_second(trial: &Trial) -> f64 {
    let events = trial.load.events_per_client();
    let each = |duration: Duration| 1.0 / duration.as_secs_f64().max(1e-9);
    match trial.approach.facts.exchange {
        Exchange::Push => events,
        Exchange::Hold(name) => events + trial.params.duration(name).map_or(0.0, each),
        Exchange::Poll(_) => trial.polls().map_or(0.0, |polls| each(polls.interval) * f64::from(polls.requests)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::trial;

    #[test]
    fn polls_on_new_connections_hold_a_port_for_a_minute() {
        let with = |interval| {
            let interval = format!("params.short-poll.interval=[\"{interval}\"]");
            trial("short-poll/new-connection", &["load.clients=10000", &interval])
        };
        // Forty clients per address: forty open connections, and sixty seconds of closed ones.
        assert_eq!(taken(&with("1s")), 40 + 40 * 60);
        assert!(admit(&with("1s"), 28_232).is_ok());
        assert_eq!(taken(&with("50ms")), 40 + 40 * 60 * 20);
        let refusal = admit(&with("50ms"), 28_232).unwrap_err();
        assert!(matches!(refusal, Failure::Machine(_)));
        assert!(refusal.to_string().contains("48040 ports") && refusal.to_string().contains("ip_local_port_range"));
    }

    #[test]
    fn calls_on_new_connections_hold_a_port_for_a_minute() {
        let with = |rate| {
            let rate = format!("load.events_per_second={rate}");
            trial("webhook/new-connection", &["load.symbols=10", "load.symbols_per_client=2", &rate])
        };
        // Each client follows two symbols of ten, at its own address.
        assert_eq!(taken(&with("100.0")), 1 + 20 * 60);
        assert!(admit(&with("100.0"), 28_232).is_ok());
        assert!(admit(&with("5000.0"), 28_232).is_err());
    }

    #[test]
    fn open_connections_hold_one_port_each() {
        let many = ["load.clients=10000", "load.events_per_second=5000.0"];
        for variant in ["short-poll", "conditional-get", "long-poll", "grpc-unary", "sse", "raw-tcp"] {
            assert_eq!(taken(&trial(variant, &many)), 40, "{variant}");
        }
        assert_eq!(taken(&trial("webhook", &many)), 1);
    }
}
