//! What the instrument itself costs: making the feed, and keeping account of a delivery. This runs in the read path, so
//! it is part of what a busy worker measures.

use std::time::Duration;

use approaches::registry::{Delivery, Exchange};
use clients::{Batch, Cost};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use harness::load::{
    expectation::Expectation,
    oracle::{Audience, Oracle},
    recorder::{Recorder, Theory},
};
use scenario::feed::{Arrival, Feed, FeedSpec, Phases, sample::Sample};

/// Long enough that no benchmark comes to the feed's end.
const DURATION: Duration = Duration::from_secs(24 * 3600);
/// Events that the feed's benchmark makes at a time.
const FEED_EVENTS: usize = 1_000;
/// Clients that each event is delivered to.
const CLIENTS: u32 = 1_000;
/// Sizes of the payload, which is compared with the feed completely.
const PAYLOADS_BYTES: [u32; 2] = [0, 1_024];

fn duration_ns() -> u64 {
    u64::try_from(DURATION.as_nanos()).expect("a day in nanoseconds fits 64 bits")
}

fn spec(symbols: u32, payload_bytes: u32) -> FeedSpec {
    FeedSpec {
        seed: 1,
        symbols,
        events_per_second: 1_000.0,
        arrival: Arrival::Poisson,
        payload_bytes,
        duration_ns: duration_ns(),
        epoch_ms: 1_700_000_000_000,
    }
}

fn feed(criterion: &mut Criterion) {
    let spec = spec(200, 0);
    let event = Feed::new(&spec).next().expect("a feed of a day has an event");
    let mut group = criterion.benchmark_group("feed");
    group.throughput(Throughput::Elements(FEED_EVENTS as u64));
    group.bench_function("events", |bencher| {
        bencher.iter_batched(|| Feed::new(&spec), |feed| feed.take(FEED_EVENTS).last(), BatchSize::SmallInput);
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("quote", |bencher| bencher.iter(|| event.quote(&spec)));
    group.finish();
}

/// One event at each of a thousand clients, from the decoded batch to the histogram.
fn deliver(criterion: &mut Criterion) {
    let phases = Phases { warmup_ns: 0, measure_ns: duration_ns(), drain_ns: 0 };
    let mut group = criterion.benchmark_group("recorder");
    group.throughput(Throughput::Elements(u64::from(CLIENTS)));
    for payload_bytes in PAYLOADS_BYTES {
        let spec = spec(1, payload_bytes);
        let audience = Audience { first_client: 0, clients: CLIENTS, symbols_per_client: 1, delivery: Delivery::Log };
        let oracle = Oracle::new(Expectation::from_feed(&spec), Sample::new(&spec, phases), phases, audience);
        let mut recorder = Recorder::new(oracle, phases, Theory::new(Exchange::Push, None), CLIENTS);
        recorder.start(0, spec.epoch_ms);
        let mut events = Feed::new(&spec);
        let mut next = || {
            let event = events.next().expect("the feed lasts longer than the benchmark");
            let cost = Cost { with_events: 1, ..Cost::default() };
            (event.scheduled_ns + 50_000, Batch { events: vec![event.quote(&spec)], cost, ..Batch::default() })
        };
        group.bench_function(BenchmarkId::new("delivery", payload_bytes), |bencher| {
            bencher.iter_batched(
                &mut next,
                |(arrival_ns, batch)| {
                    for client in 0..CLIENTS {
                        recorder.batch(client, arrival_ns, &batch);
                    }
                },
                // Events must come in their order, and are delivered one at a time.
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(instrument, feed, deliver);
criterion_main!(instrument);
