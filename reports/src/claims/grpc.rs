//! What the article says of gRPC's streams, one way and both.

use results::format::{count, percent};

use super::{
    claim::{Claim, Says, Stated, untested},
    evidence::Evidence,
};
use crate::merge::share;

const PART: &str = "gRPC streaming";
const ONE_WAY: [&str; 1] = ["gRPC server streaming"];
const BOTH_WAYS: [&str; 1] = ["gRPC bidirectional"];

/// Most requests for each message that leave it one request for many: calls that were cut off are made again.
const FEW: f64 = 0.01;
pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let mut claims = vec![one_request(evidence)];
    claims.extend(not_tested());
    claims.extend([both_ways(evidence), ideal()]);
    claims
}

fn one_request(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&ONE_WAY);
    let judged = rows.iter().filter_map(|seen| {
        let each = share(seen.merged.requests, seen.merged.responses.total)?;
        let (requests, messages) = (count(seen.merged.requests), count(seen.merged.responses.total));
        let text = format!("{requests} requests beside {messages} messages in the window");
        Some(evidence.figure(seen, text, Says::of(each <= FEW)))
    });
    Stated {
        id: "one-request-many-answers".to_owned(),
        part: PART,
        quote: "Server streaming: client sends one request, server sends many".to_owned(),
        measured: "requests inside the window beside the messages that came; the one request was sent before",
        threshold: format!("At most {} of the messages: only calls that were cut off are made again.", percent(FEW)),
        elsewhere: "No valid trial of it here: run bench-all.",
    }
    .judged(judged.collect())
}

fn not_tested() -> Vec<Claim> {
    vec![
        untested(
            "flow-control",
            PART,
            "If the client cannot consume messages fast enough, the server-side yield will block — preventing unbounded \
             memory growth",
            "No scenario has a client that reads too slowly. Before a run, the conformance case bounds-a-slow-reader sees \
             that the server ends or slows each; how its memory grows meanwhile is not recorded.",
        ),
        untested(
            "deadline-propagation",
            PART,
            "Deadlines propagate through the call chain […] cancellation propagates to all downstream RPCs",
            "There is one server and no chain of calls: it would take a scenario with a service behind the service.",
        ),
        untested(
            "deadline-fires",
            PART,
            "Stream for 30 seconds, then deadline fires",
            "No scenario gives a stream a deadline: a stream that ends early would be a missed event in every trial here.",
        ),
        untested(
            "typed",
            PART,
            "You need strongly-typed streaming with protobuf schemas",
            "That types are checked is a property of a compiler, and nothing that a trial could measure.",
        ),
    ]
}

fn both_ways(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&BOTH_WAYS);
    let judged = rows.iter().filter_map(|seen| {
        let confirmed = seen.merged.confirmation_ns.as_ref().filter(|summary| summary.count > 0)?;
        let events = &seen.merged.events;
        let opened = seen.merged.connections_opened?;
        let text = format!(
            "{} of {} events and {} confirmations of orders; {} connections opened",
            count(events.delivered),
            count(events.expected),
            count(confirmed.count),
            count(opened)
        );
        Some(evidence.figure(seen, text, Says::of(events.missed == 0 && opened == 0)))
    });
    Stated {
        id: "both-ways-at-once".to_owned(),
        part: PART,
        quote: "enables both sides to send messages independently over the same HTTP/2 stream".to_owned(),
        measured: "orders that were confirmed while events came, and connections opened meanwhile",
        threshold: "Orders are confirmed, nothing is missed, and no connection is opened inside the window.".to_owned(),
        elsewhere: "No order was sent here: run bench-all.",
    }
    .judged(judged.collect())
}

fn ideal() -> Claim {
    untested(
        "ideal-for-both-ways",
        PART,
        "ideal for: collaborative editing […] interactive AI inference […] real-time sync",
        "No scenario edits, infers or synchronises. Orders beside events, a few a second, are the only traffic of clients.",
    )
}
