//! What one event costs per byte, from 1 KiB to 1 MiB of payload: server, sockets and client of every approach, in
//! one thread. A cost per byte that grows with the size shows something that is read or copied again and again.

use approaches::conformance::{Fixture, Subject};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use harness::gate::lockstep;
use proto::{Quote, symbol_name};
use servers::Limits;
use tokio::runtime::Runtime;

/// Sizes of the payload; the last is the largest that a scenario may ask for.
const PAYLOADS_BYTES: [usize; 4] = [1 << 10, 1 << 14, 1 << 17, 1 << 20];

fn payload(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system gives one");
    for subject in lockstep::all() {
        let mut group = criterion.benchmark_group(format!("payload/{}", subject.name));
        group.sample_size(10);
        for payload_bytes in PAYLOADS_BYTES {
            group.throughput(Throughput::Bytes(payload_bytes as u64));
            let id = BenchmarkId::from_parameter(payload_bytes);
            group.bench_with_input(id, &payload_bytes, |bencher, &payload_bytes| {
                let mut delivery = Delivery::begin(&runtime, &subject, payload_bytes);
                bencher.iter(|| delivery.deliver(&runtime));
            });
        }
        group.finish();
    }
}

/// A server and its client.
struct Delivery {
    fixture: Fixture,
    client: Box<dyn clients::Subscription>,
    quote: Quote,
}

impl Delivery {
    fn begin(runtime: &Runtime, subject: &Subject, payload_bytes: usize) -> Self {
        // A ring of the usual size would hold gigabytes of these events.
        let limits = Limits { replay_events: 64, ..Limits::default() };
        let symbol = symbol_name(0);
        runtime.block_on(async {
            let mut fixture = Fixture::start(subject.clone(), limits).expect("a port is free");
            // A client that polls does so as soon as it is asked.
            let (ticks, orders) = (clients::Ticks::default(), clients::Orders::default());
            let client = fixture.open_paced(vec![symbol.clone()], Some(0), ticks, orders).await;
            let quote = Quote { symbol, payload: "x".repeat(payload_bytes), ..Quote::default() };
            Self { fixture, client: client.unwrap_or_else(|error| panic!("{}: {error}", subject.name)), quote }
        })
    }

    /// Publishes one event and waits until the client has it.
    fn deliver(&mut self, runtime: &Runtime) {
        self.quote.sequence += 1;
        self.quote.symbol_sequence += 1;
        self.fixture.hub.publish(self.quote.clone());
        runtime.block_on(async { while self.client.next().await.expect("the client goes on").events.is_empty() {} });
    }
}

criterion_group!(payloads, payload);
criterion_main!(payloads);
