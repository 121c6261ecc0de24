//! Measures the event log that every approach serves from: publishing, reading, and waking waiting readers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proto::{Quote, symbol_name};
use servers::{Hub, Limits};
use tokio::{runtime::Runtime, sync::Notify};

/// Symbols of the feed.
const SYMBOLS: u32 = 200;
/// Subscriptions that one event wakes.
const SUBSCRIPTIONS: usize = 1_000;

/// A hub and the events that it is given.
struct Source {
    hub: Arc<Hub>,
    sequence: u64,
    names: Vec<String>,
}

impl Source {
    /// Must be called inside a runtime.
    fn new() -> Self {
        let names: Vec<String> = (0..SYMBOLS).map(symbol_name).collect();
        Self { hub: Hub::new(&names, Limits::default()), sequence: 0, names }
    }

    /// Publishes one event of the next symbol, or of the first.
    fn publish(&mut self, is_first: bool) {
        let symbol = if is_first { 0 } else { self.sequence as usize % self.names.len() };
        self.sequence += 1;
        let symbol = self.names[symbol].clone();
        self.hub.publish(Quote { symbol, bid: 123.41, ask: 123.46, sequence: self.sequence, ..Quote::default() });
    }
}

fn publish(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    let mut source = Source::new();
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(1));
    group.bench_function("publish", |bencher| bencher.iter(|| source.publish(false)));
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let _inside = runtime.enter();
    let mut source = Source::new();
    (0..Limits::default().replay_events).for_each(|_| source.publish(false));
    let (hub, head) = (&source.hub, source.sequence);
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(1));
    group.bench_function("read nothing new", |bencher| bencher.iter(|| hub.read(&[0], head)));
    // Events of one symbol lie as far apart as there are symbols.
    let after = head - 16 * u64::from(SYMBOLS);
    group.bench_function("read 16 events", |bencher| bencher.iter(|| hub.read(&[0], after)));
    group.finish();
}

/// From publishing one event until the last of its subscribers has read it.
fn fan_out(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut source = runtime.block_on(async { Source::new() });
    let (waiting, all_read) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    for _ in 0..SUBSCRIPTIONS {
        let mut subscription = source.hub.subscribe(vec![0], Some(0.into()));
        let (waiting, all_read) = (Arc::clone(&waiting), Arc::clone(&all_read));
        runtime.spawn(async move {
            while let Ok(page) = subscription.next().await {
                if waiting.fetch_sub(page.entries.len(), Ordering::Relaxed) == 1 {
                    all_read.notify_one();
                }
            }
        });
    }
    let mut group = criterion.benchmark_group("hub");
    group.throughput(Throughput::Elements(SUBSCRIPTIONS as u64));
    group.bench_function(format!("fan out to {SUBSCRIPTIONS}"), |bencher| {
        bencher.iter(|| {
            waiting.store(SUBSCRIPTIONS, Ordering::Relaxed);
            source.publish(true);
            runtime.block_on(all_read.notified());
        });
    });
    group.finish();
    source.hub.close();
}

criterion_group!(hub, publish, read, fan_out);
criterion_main!(hub);
