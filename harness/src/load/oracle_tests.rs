//! Tests of the oracle with complete, missing and wrong deliveries.

use std::sync::LazyLock;

use proptest::prelude::*;
use scenario::feed::{Arrival, Feed, FeedSpec};

use super::*;
use crate::agent::message::Reception;

fn spec() -> FeedSpec {
    FeedSpec {
        seed: 3,
        symbols: 4,
        events_per_second: 100.0,
        arrival: Arrival::Poisson,
        payload_bytes: 0,
        duration_ns: 1_000_000_000,
        epoch_ms: 0,
    }
}

const PHASES: Phases = Phases { warmup_ns: 200_000_000, measure_ns: 800_000_000, drain_ns: 0 };

/// Returns an oracle for eight clients that follow two symbols each, so each symbol has four subscribers.
fn oracle(delivery: Delivery) -> Oracle {
    Oracle::new(
        Expectation::from_feed(&spec()),
        Sample::new(&spec(), PHASES),
        PHASES,
        Audience { first_client: 0, clients: 8, symbols_per_client: 2, delivery },
    )
}

fn events_of(client: u32) -> Vec<FeedEvent> {
    let symbols: Vec<u32> = spec().symbols_of(client, 2).collect();
    Feed::new(&spec()).filter(|event| symbols.contains(&event.symbol)).collect()
}

fn receive(oracle: &mut Oracle, client: u32, event: &FeedEvent) -> Option<Delivered> {
    oracle.receive(client, &event.quote(&spec()), event.scheduled_ns + 10)
}

fn in_window() -> u64 {
    Feed::new(&spec()).filter(|event| PHASES.in_window(event.scheduled_ns)).count() as u64
}

#[test]
fn events_received_in_order_are_delivered() {
    let mut oracle = oracle(Delivery::Log);
    for client in 0..8 {
        for event in events_of(client) {
            assert!(receive(&mut oracle, client, &event).is_some());
        }
    }
    oracle.expect_until(u64::MAX);
    assert!(oracle.is_settled());
    let Account { events, receptions, .. } = oracle.finish(2_000_000_000);
    let expected = 4 * in_window();
    assert_eq!(events, Events { expected, delivered: expected, ..Events::default() });
    assert_eq!(receptions.len() as u64, in_window());
    assert!(receptions.iter().all(|reception| (reception.median_ns, reception.last_ns) == (10, 10)));
}

#[test]
fn events_in_flight_match_the_latencies_and_an_event_has_its_receivers_median() {
    let mut oracle = oracle(Delivery::Log);
    // The four subscribers have latencies of 10, 20, 30 and 40 ms. Arrivals are in order of time, as from a worker.
    let mut told: Vec<(u64, u32, FeedEvent)> = Vec::new();
    for client in 0..8 {
        let of_client = events_of(client).into_iter();
        told.extend(
            of_client.map(|event| (event.scheduled_ns + u64::from(client / 2 + 1) * 10_000_000, client, event)),
        );
    }
    told.sort_unstable_by_key(|(arrival_ns, client, event)| (*arrival_ns, *client, event.sequence));
    for (arrival_ns, client, event) in &told {
        assert!(oracle.receive(*client, &event.quote(&spec()), *arrival_ns).is_some());
    }
    let account = oracle.finish(5_000_000_000);
    assert_eq!(account.in_flight_ns, (in_window() * 100_000_000) as f64);
    let of_event = |reception: &Reception| (reception.median_ns, reception.last_ns);
    assert!(account.receptions.iter().all(|reception| of_event(reception) == (25_000_000, 40_000_000)));
    assert!(account.position.correlation().unwrap() > 0.9);
}

#[test]
fn a_dropped_event_is_missed_by_exactly_its_subscribers() {
    let dropped = Feed::new(&spec()).find(|event| event.scheduled_ns > 500_000_000).unwrap();
    let mut oracle = oracle(Delivery::Log);
    for client in 0..8 {
        for event in events_of(client).iter().filter(|event| event.sequence != dropped.sequence) {
            receive(&mut oracle, client, event);
        }
    }
    let events = oracle.finish(0).events;
    assert_eq!((events.missed, events.delivered), (4, events.expected - 4));
}

#[test]
fn tells_a_duplicate_from_a_late_event() {
    let mut oracle = oracle(Delivery::Log);
    let mut of_client = events_of(0);
    of_client.retain(|event| event.scheduled_ns > 300_000_000 && event.symbol == 0);
    let first = events_of(0).into_iter().find(|event| event.symbol == 0).unwrap();
    receive(&mut oracle, 0, &first);
    assert!(receive(&mut oracle, 0, &of_client[1]).is_some());
    assert!(receive(&mut oracle, 0, &of_client[0]).is_some());
    assert!(receive(&mut oracle, 0, &of_client[1]).is_none());
    let events = oracle.finish(0).events;
    assert_eq!((events.delivered, events.reordered, events.duplicate), (2, 1, 1));
}

#[test]
fn an_event_that_differs_from_the_feed_is_corrupt() {
    let mut oracle = oracle(Delivery::Log);
    let event = events_of(0)[0];
    let forged = Quote { bid: 1.0, ..event.quote(&spec()) };
    let foreign = Feed::new(&spec()).find(|event| !spec().symbols_of(0, 2).any(|own| own == event.symbol)).unwrap();
    assert!(oracle.receive(0, &forged, 0).is_none());
    assert!(oracle.receive(0, &Quote { sequence: 1_000_000, ..forged }, 0).is_none());
    assert!(receive(&mut oracle, 0, &foreign).is_none());
    assert_eq!(oracle.finish(0).events.corrupt, 3);
}

#[test]
fn a_snapshot_coalesces_skipped_events_and_misses_unseen_ones() {
    let mut oracle = oracle(Delivery::Snapshot);
    let of_symbol: Vec<FeedEvent> = events_of(0).into_iter().filter(|event| event.symbol == 0).collect();
    let inside: Vec<&FeedEvent> = of_symbol.iter().filter(|event| PHASES.in_window(event.scheduled_ns)).collect();
    let before_last = inside[inside.len() - 2];
    assert!(receive(&mut oracle, 0, before_last).is_some());
    assert!(receive(&mut oracle, 0, inside[0]).is_none());
    let events = oracle.finish(0).events;
    assert_eq!((events.delivered, events.coalesced, events.reordered), (1, inside.len() as u64 - 2, 1));
    assert_eq!(events.missed, events.expected - events.delivered - events.coalesced);
}

/// Events of each client, computed once because the property test uses them often.
static OF_CLIENTS: LazyLock<Vec<Vec<FeedEvent>>> = LazyLock::new(|| (0..8).map(events_of).collect());

proptest! {
    /// Every expected event is in exactly one count, even if events are lost, duplicated or reordered.
    #[test]
    fn the_accounts_balance(choices in prop::collection::vec((0_u32..8, 0_usize..60), 0..400), snapshot: bool) {
        let mut oracle = oracle(if snapshot { Delivery::Snapshot } else { Delivery::Log });
        for (client, index) in choices {
            if let Some(event) = OF_CLIENTS[client as usize].get(index) {
                receive(&mut oracle, client, event);
            }
        }
        let events = oracle.finish(0).events;
        prop_assert_eq!(events.expected, 4 * in_window());
        prop_assert_eq!(events.delivered + events.missed + events.coalesced, events.expected);
        prop_assert_eq!(events.corrupt, 0);
    }
}
