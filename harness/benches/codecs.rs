//! What one event costs in each of its forms: encoding at the server, once an event, and decoding at the client, once a
//! delivery.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use proto::{EventPage, Quote};

/// Sizes of the payload: none, and one that fills a packet.
const PAYLOADS_BYTES: [usize; 2] = [0, 1_024];
/// Events of a page that polling answers with.
const PAGE_EVENTS: usize = 64;

fn quote(payload_bytes: usize) -> Quote {
    Quote {
        symbol: "S00042".into(),
        bid: 123.41,
        ask: 123.46,
        timestamp_ms: 1_700_000_000_123,
        sequence: 123_456,
        symbol_sequence: 1_234,
        payload: "x".repeat(payload_bytes),
    }
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for payload_bytes in PAYLOADS_BYTES {
        let quote = quote(payload_bytes);
        group.throughput(Throughput::Elements(1));
        group.bench_with_input(BenchmarkId::new("json", payload_bytes), &quote, |bencher, quote| {
            bencher.iter(|| black_box(quote).to_json());
        });
        group.bench_with_input(BenchmarkId::new("protobuf", payload_bytes), &quote, |bencher, quote| {
            bencher.iter(|| black_box(quote).to_protobuf());
        });
    }
    group.finish();
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for payload_bytes in PAYLOADS_BYTES {
        let (json, protobuf) = (quote(payload_bytes).to_json(), quote(payload_bytes).to_protobuf());
        group.throughput(Throughput::Elements(1));
        group.bench_with_input(BenchmarkId::new("json", payload_bytes), &json, |bencher, json| {
            bencher.iter(|| Quote::from_json(black_box(json)).expect("it was encoded here"));
        });
        group.bench_with_input(BenchmarkId::new("protobuf", payload_bytes), &protobuf, |bencher, protobuf| {
            bencher.iter(|| Quote::from_protobuf(black_box(protobuf)).expect("it was encoded here"));
        });
    }
    group.finish();
}

fn page(criterion: &mut Criterion) {
    let events: Vec<Bytes> = vec![quote(0).to_json(); PAGE_EVENTS];
    let joined = EventPage::join(123_456.into(), false, &events);
    let mut group = criterion.benchmark_group("page");
    group.throughput(Throughput::Elements(PAGE_EVENTS as u64));
    group.bench_function("join", |bencher| bencher.iter(|| EventPage::join(123_456.into(), false, black_box(&events))));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| EventPage::from_json(black_box(&joined)).expect("it was joined here"));
    });
    group.finish();
}

criterion_group!(codecs, encode, decode, page);
criterion_main!(codecs);
