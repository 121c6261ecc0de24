//! Cases about time and pressure: long idleness, and a reader that does not keep up.

use std::time::Duration;

use anyhow::{Result, ensure};
use clients::Orders;
use proto::symbol_name;
use servers::Limits;

use super::{Fixture, Outcome};
use crate::registry::{Exchange, chooses_its_buffers};

/// Longer than every quick setting, so that each timer fires.
const IDLE: Duration = Duration::from_millis(400);
/// Twice the size of the ring, and much more than all buffers of sockets, servers and clients.
const SLOW_READER_EVENTS: usize = 256;
/// Payload of these events, in bytes.
const SLOW_READER_BYTES: usize = 16 * 1024;
/// Number of events between two waits for the reader that keeps up.
const BURST: usize = 32;
/// Limits that the slow reader exceeds, and the other one does not.
pub(super) const SLOW_READER_LIMITS: Limits = Limits { replay_events: 128, queue_events: 64, batch_events: 16 };

/// A subscription outlives its hold or heartbeat, counts its idle traffic, and still delivers.
pub(super) async fn outlasts_idleness(mut fixture: Fixture) -> Result<Outcome> {
    let mut reader = fixture.subscribe(&[0], Some(0)).await?;
    match fixture.subject.approach.facts.exchange {
        Exchange::Poll(_) => reader.until("an empty response", |reader| reader.cost.empty > 0).await?,
        Exchange::Hold(_) => reader.until("a timed-out hold", |reader| reader.cost.timed_out > 0).await?,
        Exchange::Push if fixture.subject.has_setting("heartbeat") => {
            reader.until("a heartbeat", |reader| reader.cost.heartbeats > 0).await?;
        }
        Exchange::Push => {
            reader.wait(IDLE, |_| false).await?;
        }
    }
    fixture.publish_one(0, 0);
    fixture.expect_complete(&mut reader, 0).await?;
    let cost = reader.cost;
    if fixture.subject.approach.facts.exchange == Exchange::Push {
        ensure!(cost.empty == 0, "a push approach sent an empty response: {cost:?}");
    }
    ensure!(cost.timed_out + cost.not_modified <= cost.empty, "parts are more than the whole: {cost:?}");
    ensure!(cost.resets + cost.errors == 0, "nothing went wrong, but was counted: {cost:?}");
    Ok(Outcome::Passed)
}

/// A client that stops reading does not delay others, does not exceed the server's limits, and learns of its gap.
pub(super) async fn bounds_a_slow_reader(mut fixture: Fixture) -> Result<Outcome> {
    let slow = fixture.open(vec![symbol_name(0)], Some(0), Orders::default()).await?;
    let mut fast = fixture.subscribe(&[0], Some(0)).await?;
    for _ in 0..SLOW_READER_EVENTS / BURST {
        for _ in 0..BURST {
            fixture.publish_one(0, SLOW_READER_BYTES);
        }
        fast.until("the burst beside a slow reader", |fast| fixture.is_complete(fast, 0)).await?;
    }
    fixture.expect_complete(&mut fast, 0).await?;
    let disturbances = fast.cost.reconnects + fast.cost.resets + fast.cost.errors;
    ensure!(disturbances == 0, "a slow reader disturbed another: {:?}", fast.cost);
    let symbol = fixture.hub.resolve([symbol_name(0).as_str()])?;
    let beyond_ring = fixture.head() - SLOW_READER_LIMITS.replay_events as u64 - 1;
    ensure!(fixture.hub.read(&symbol, beyond_ring).is_err(), "the ring holds more than its limit");

    let mut slow = fixture.reader(&[0], slow);
    fixture.expect_fresh(&mut slow, 0).await?;
    fixture.judge_order(&slow)?;
    let skipped = slow.events.last().map_or(0, |quote| quote.sequence) - slow.events.len() as u64;
    // Buffers that a library chooses may hold all events.
    let is_bounded = !chooses_its_buffers(&fixture.subject.params);
    ensure!(skipped > 0 || !is_bounded || !fixture.is_log(), "a slow reader was owed events from before the ring");
    if fixture.is_log() && skipped > 0 {
        ensure!(slow.cost.resets > 0, "{skipped} events are missing, but no reset was counted: {:?}", slow.cost);
    }
    fixture.expect_complete(&mut fast, 0).await?;
    Ok(Outcome::Passed)
}
