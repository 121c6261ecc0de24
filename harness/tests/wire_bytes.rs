//! The bytes that the transport counts are the bytes that the kernel counted, for every subject in both directions:
//! so that no approach's framing, handshake or heartbeat escapes the count.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use approaches::conformance::{Fixture, PATIENCE, Subject, subjects};
use futures_util::{StreamExt, stream};
use net::Traffic;
use servers::Limits;

/// Events that cross the sockets while both are counting.
const EVENTS: u32 = 300;
/// Events between two waits, so that nobody falls behind.
const BURST: u32 = 30;
/// Payload of each, so that headers are not all there is.
const PAYLOAD_BYTES: usize = 256;
/// Where nothing is read for so long, nothing was there to be read.
const QUIET: Duration = Duration::from_millis(5);
/// Looks at the counts before they are taken as they are.
const MOST_LOOKS: u32 = 20;
/// Subjects that are compared at the same time: more of them than cores would keep each other from being quiet.
const SIDE_BY_SIDE: usize = 2;
/// How far the counts may lie apart.
const TOLERANCE: f64 = 0.01;

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_agrees_with_the_kernel() {
    let subjects = subjects();
    let total = subjects.len();
    let compared = subjects.into_iter().map(|subject| async move { (subject.name.clone(), compare(subject).await) });
    let mut compared = stream::iter(compared).buffer_unordered(SIDE_BY_SIDE);
    let mut failures = Vec::new();
    let mut incomparable = Vec::new();
    while let Some((name, result)) = compared.next().await {
        match result {
            Ok(true) => {}
            Ok(false) => incomparable.push(name),
            Err(error) => failures.push(format!("{name}: {error:#}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(incomparable.len() * 2 < total, "most subjects cannot be compared: {incomparable:?}");
}

/// Compares what both counted between two moments; false where it cannot be compared: a socket that is opened and
/// closed in between takes the kernel's count with it, so approaches that do so for each request are left out.
async fn compare(subject: Subject) -> Result<bool> {
    let mut fixture = Fixture::start(subject, Limits::default())?;
    let mut readers = Vec::new();
    for symbols in [&[0][..], &[1], &[2, 3, 4]] {
        readers.push(fixture.subscribe(symbols, Some(0)).await?);
    }
    let mut before = None;
    for _ in 0..=EVENTS / BURST {
        for event in 0..BURST {
            fixture.publish_one(event % 5, PAYLOAD_BYTES);
        }
        for reader in &mut readers {
            fixture.expect_complete(reader, 0).await?;
        }
        // The first burst sets up whatever is set up once.
        if before.is_none() {
            before = Some(both_counts(&fixture).await);
        }
    }
    let before = before.expect("there is a first burst");
    let requests = readers.iter().map(|reader| reader.cost.requests).sum();
    let mut found = Found::Apart(String::new());
    // What is on its way is counted by one of the two only, which on a busy machine may last for long.
    let agreed = async {
        while matches!(found, Found::Apart(_)) {
            found = look(&fixture, requests, before).await?;
        }
        anyhow::Ok(())
    };
    if let Ok(agreed) = tokio::time::timeout(PATIENCE, agreed).await {
        agreed?;
    }
    match found {
        Found::Alike => Ok(true),
        Found::Incomparable => Ok(false),
        Found::Apart(difference) => bail!(difference),
    }
}

/// What a look at both counts finds.
enum Found {
    Alike,
    /// Connections came or went in between.
    Incomparable,
    /// By this much.
    Apart(String),
}

/// Compares what both have counted since, when that many requests had been answered.
async fn look(fixture: &Fixture, requests: u64, before: (Traffic, Traffic)) -> Result<Found> {
    let (metered_before, kernel_before) = before;
    let (metered, kernel) = both_counts(fixture).await;
    ensure!(metered.connections_opened >= kernel.connections_opened, "more connections are open than were opened");
    if fixture.subject.params.text("connection") == Ok("new-connection") {
        let opened = metered.connections_opened;
        ensure!(opened >= requests, "{requests} requests on new connections, but only {opened} were counted");
    }
    if metered.connections_opened != metered_before.connections_opened
        || kernel.connections_opened != kernel_before.connections_opened
    {
        return Ok(Found::Incomparable);
    }
    let (metered, kernel) = (since(metered, metered_before), since(kernel, kernel_before));
    let payloads = u64::from(EVENTS) * PAYLOAD_BYTES as u64;
    let moved = metered.server_to_client_bytes + metered.client_to_server_bytes;
    // A snapshot passes over states, and their payloads.
    ensure!(moved > payloads || !fixture.is_log(), "fewer bytes than payloads");
    let is_alike = are_close(metered.server_to_client_bytes, kernel.server_to_client_bytes)
        && are_close(metered.client_to_server_bytes, kernel.client_to_server_bytes);
    Ok(if is_alike {
        Found::Alike
    } else {
        Found::Apart(format!("metered {metered:?}, but the kernel counted {kernel:?}"))
    })
}

/// Both counts of one moment: taken again until they are the same, since what is on its way, such as what the kernel has
/// received and the server has not read, is counted by one of them only. Where connections come and go they are never the
/// same, and the last look has to do.
async fn both_counts(fixture: &Fixture) -> (Traffic, Traffic) {
    let mut looks = 0;
    loop {
        let metered = fixture.meter.traffic();
        let kernel = fixture.meter.kernel_traffic();
        tokio::time::sleep(QUIET).await;
        if fixture.meter.traffic() != metered {
            continue;
        }
        looks += 1;
        let bytes = |traffic: Traffic| (traffic.client_to_server_bytes, traffic.server_to_client_bytes);
        if bytes(metered) == bytes(kernel) || looks == MOST_LOOKS {
            return (metered, kernel);
        }
    }
}

fn since(now: Traffic, before: Traffic) -> Traffic {
    Traffic {
        client_to_server_bytes: now.client_to_server_bytes - before.client_to_server_bytes,
        server_to_client_bytes: now.server_to_client_bytes - before.server_to_client_bytes,
        connections_opened: now.connections_opened - before.connections_opened,
    }
}

fn are_close(metered: u64, kernel: u64) -> bool {
    metered.abs_diff(kernel) as f64 <= TOLERANCE * kernel as f64
}
