//! Cases about delivery: every owed event arrives once, in order and unchanged, from any cursor.

use anyhow::{Result, ensure};

use super::{Fixture, Outcome};
use crate::registry::{Exchange, Side, hides_its_connections};

/// Several clients with one or more symbols receive the events of their symbols, with no unexplained traffic.
pub(super) async fn receives_in_order(mut fixture: Fixture) -> Result<Outcome> {
    let mut readers = Vec::new();
    for symbols in [&[0][..], &[0], &[1, 3, 5], &[5, 0, 2]] {
        readers.push(fixture.subscribe(symbols, Some(0)).await?);
    }
    // More than one batch at once, then single events: a duplicate would show before the last one.
    for burst in [90, 1, 1, 1, 1, 1, 1] {
        fixture.publish(burst);
        for reader in &mut readers {
            fixture.expect_complete(reader, 0).await?;
        }
    }
    for reader in &readers {
        let cost = reader.cost;
        ensure!(cost.with_events > 0, "no response with events was counted: {cost:?}");
        ensure!(cost.errors + cost.reconnects + cost.resets == 0, "nothing went wrong, but was counted: {cost:?}");
        if fixture.subject.approach.facts.exchange == Exchange::Push {
            ensure!(cost.empty == 0, "a push approach sent an empty response: {cost:?}");
        }
    }
    Ok(Outcome::Passed)
}

/// A client that starts from a cursor receives the events after it, and none before it.
pub(super) async fn starts_from_a_cursor(mut fixture: Fixture) -> Result<Outcome> {
    fixture.publish(60);
    // Every symbol has changed since, so that a snapshot owes an event, too.
    let after = 20;
    let mut reader = fixture.subscribe(&[0, 4], Some(after)).await?;
    fixture.expect_complete(&mut reader, after).await?;
    fixture.publish(12);
    fixture.expect_complete(&mut reader, after).await?;
    Ok(Outcome::Passed)
}

/// A client without a cursor receives the events from now on, and none from before.
pub(super) async fn starts_from_now(mut fixture: Fixture) -> Result<Outcome> {
    if !fixture.is_log() {
        return Ok(Outcome::NotApplicable("a snapshot starts with the present state, whenever it came about"));
    }
    fixture.publish(30);
    let before = fixture.head();
    let mut reader = fixture.subscribe(&[2], None).await?;
    // A subscription may not have arrived when its function returns, so it may miss the first events.
    fixture.expect_fresh(&mut reader, 2).await?;
    let first = reader.events[0].sequence;
    ensure!(first > before, "event {first} happened before the subscription, which came after {before}");
    fixture.publish(30);
    fixture.expect_complete(&mut reader, first - 1).await?;
    Ok(Outcome::Passed)
}

/// Clients whose connections are cut reconnect and continue without loss or duplicates.
pub(super) async fn resumes_after_a_cut(mut fixture: Fixture) -> Result<Outcome> {
    if !fixture.subject.approach.facts.resumable {
        return Ok(Outcome::NotApplicable("the protocol has no way to resume"));
    }
    let mut one = fixture.subscribe(&[0], Some(0)).await?;
    let mut three = fixture.subscribe(&[1, 2, 4], Some(0)).await?;
    fixture.publish(48);
    fixture.expect_complete(&mut one, 0).await?;
    fixture.expect_complete(&mut three, 0).await?;

    // A client with a connection per request may have none to cut, and a pool hides its connections.
    let is_pooled = hides_its_connections(&fixture.subject.params);
    let is_lasting =
        !is_pooled && fixture.meter.open_connections() == 2 && fixture.meter.traffic().connections_opened == 2;
    fixture.meter.cut();
    fixture.publish(24);
    fixture.expect_complete(&mut one, 0).await?;
    fixture.expect_complete(&mut three, 0).await?;
    // A second cut during a burst, when events may be lost in the sockets.
    fixture.publish(48);
    fixture.meter.cut();
    fixture.publish(24);
    fixture.expect_complete(&mut one, 0).await?;
    fixture.expect_complete(&mut three, 0).await?;

    let reconnects = one.cost.reconnects + three.cost.reconnects;
    if is_lasting && fixture.subject.approach.facts.connects == Side::Client {
        ensure!(reconnects > 0, "a connection was cut, but no reconnect was counted: {:?}", one.cost);
    }
    ensure!(one.cost.resets + three.cost.resets == 0, "a cursor within the ring was reset: {:?}", one.cost);
    Ok(Outcome::Passed)
}

/// A client whose cursor has left the ring is told so, counts the gap, and continues with new events.
pub(super) async fn resets_an_old_cursor(mut fixture: Fixture) -> Result<Outcome> {
    if !fixture.is_log() {
        return Ok(Outcome::NotApplicable("a snapshot has no history to lose"));
    }
    fixture.publish(120);
    let mut reader = fixture.subscribe(&[0, 1], Some(1)).await?;
    fixture.expect_fresh(&mut reader, 0).await?;
    fixture.judge_order(&reader)?;
    ensure!(reader.cost.resets > 0, "events were skipped, but no reset was counted: {:?}", reader.cost);
    let first = reader.events[0].sequence;
    fixture.publish(6);
    fixture.expect_complete(&mut reader, first - 1).await?;
    Ok(Outcome::Passed)
}

/// A client whose cursor is beyond the newest event, as after a server restart, is told so like one whose cursor is
/// too old.
pub(super) async fn resets_a_cursor_from_elsewhere(mut fixture: Fixture) -> Result<Outcome> {
    if !fixture.is_log() {
        return Ok(Outcome::NotApplicable("a snapshot has no cursor that could lie ahead"));
    }
    fixture.publish(6);
    let mut reader = fixture.subscribe(&[0, 1], Some(1_000_000)).await?;
    fixture.expect_fresh(&mut reader, 0).await?;
    fixture.judge_order(&reader)?;
    ensure!(reader.cost.resets > 0, "the cursor was of another log, but no reset was counted: {:?}", reader.cost);
    let first = reader.events[0].sequence;
    fixture.publish(6);
    fixture.expect_complete(&mut reader, first - 1).await?;
    Ok(Outcome::Passed)
}

/// A client that reconnects to a server with another log is told so, because its cursor has no meaning there. With a
/// snapshot it receives the newest state of the new log, even if the version is equal.
pub(super) async fn resets_at_another_log(mut fixture: Fixture) -> Result<Outcome> {
    if fixture.subject.approach.facts.connects == Side::Server {
        return Ok(Outcome::NotApplicable("the producer's subscriptions end with it: consumers register anew"));
    }
    fixture.publish(30);
    let mut reader = fixture.subscribe(&[0, 1], Some(0)).await?;
    fixture.expect_complete(&mut reader, 0).await?;
    reader.events.clear();
    if !fixture.is_log() {
        fixture.restart(30).await?;
        fixture.expect_complete(&mut reader, 0).await?;
        return Ok(Outcome::Passed);
    }
    fixture.restart(60).await?;
    fixture.expect_fresh(&mut reader, 0).await?;
    fixture.judge_order(&reader)?;
    ensure!(reader.cost.resets > 0, "the log is another one, but no reset was counted: {:?}", reader.cost);
    let first = reader.events[0].sequence;
    fixture.publish(6);
    fixture.expect_complete(&mut reader, first - 1).await?;
    Ok(Outcome::Passed)
}
