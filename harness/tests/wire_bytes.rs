//! The transport counts the same bytes as the kernel, for every subject and in both directions. So no approach's
//! framing, handshake or heartbeat escapes the count.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use approaches::conformance::{Fixture, PATIENCE, Subject, subjects};
use futures_util::{StreamExt, stream};
use net::Traffic;
use servers::Limits;

/// Events that are delivered between the two moments.
const EVENTS: u32 = 300;
/// Events that are published before each wait, so that no reader falls behind.
const BURST: u32 = 30;
/// Payload per event, so that the traffic does not consist of headers only.
const PAYLOAD_BYTES: usize = 256;
/// Pause between two readings of the count. If it does not change, no bytes are waiting to be read.
const QUIET: Duration = Duration::from_millis(5);
/// Maximum number of attempts to find equal counts. After that the last ones are used.
const MOST_LOOKS: u32 = 20;
/// Subjects that are compared at the same time. More of them than cores would disturb each other.
const SIDE_BY_SIDE: usize = 2;
/// Maximum relative difference of the counts.
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

/// Compares the two counts between two moments. Returns `false` if they cannot be compared: the kernel's count of a
/// socket is lost when it closes, so approaches that open a connection per request are left out.
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
        // The first burst includes all one-time setup.
        if before.is_none() {
            before = Some(both_counts(&fixture).await);
        }
    }
    let before = before.expect("there is a first burst");
    let requests = readers.iter().map(|reader| reader.cost.requests).sum();
    let mut found = Found::Apart(String::new());
    // Bytes in transit are only in one of the counts. On a busy machine they may stay there for long.
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

/// The result of a comparison of both counts.
enum Found {
    Alike,
    /// Connections were opened or closed in between.
    Incomparable,
    /// The counts differ, as the text describes.
    Apart(String),
}

/// Compares both counts since `before`. `requests` is the number of requests that were answered until now.
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
    // A snapshot skips states and their payloads.
    ensure!(moved > payloads || !fixture.is_log(), "fewer bytes than payloads");
    let is_alike = are_close(metered.server_to_client_bytes, kernel.server_to_client_bytes)
        && are_close(metered.client_to_server_bytes, kernel.client_to_server_bytes);
    Ok(if is_alike {
        Found::Alike
    } else {
        Found::Apart(format!("metered {metered:?}, but the kernel counted {kernel:?}"))
    })
}

/// Returns both counts of one moment. Bytes in transit, such as those that the kernel has received but the server has
/// not read, are only in one of the counts. So it retries until the counts are equal. While connections open and close
/// they never are, and it returns the last attempt.
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
