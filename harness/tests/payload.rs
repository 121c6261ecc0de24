//! Every approach delivers the largest payload that a scenario allows, alone and in a page with others.

use anyhow::{Context as _, Result};
use approaches::conformance::{Fixture, Subject, subjects};
use harness::gate::lockstep;
use results::schema::MOST_PAYLOAD_BYTES;
use servers::Limits;

/// Events that are already published when the client subscribes.
const WAITING: u64 = 3;

async fn receive(subject: Subject) -> Result<()> {
    // The ring is small because the events are large.
    let mut fixture = Fixture::start(subject, Limits { replay_events: 16, ..Limits::default() })?;
    for _ in 0..WAITING {
        fixture.publish_one(0, MOST_PAYLOAD_BYTES as usize);
    }
    let mut reader = fixture.subscribe(&[0], Some(0)).await?;
    fixture.expect_complete(&mut reader, 0).await?;
    fixture.publish_one(0, MOST_PAYLOAD_BYTES as usize);
    fixture.expect_complete(&mut reader, 0).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_approach_delivers_the_largest_payload() {
    let counted: Vec<String> = lockstep::all().into_iter().map(|subject| subject.name).collect();
    for subject in subjects().into_iter().filter(|subject| counted.contains(&subject.name)) {
        let name = subject.name.clone();
        receive(subject).await.with_context(|| name).unwrap();
    }
}
