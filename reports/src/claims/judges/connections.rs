//! Judges of requests, connections, and what goes over them.

use results::format::{bytes, count, duration, or_none, percent};

use super::super::{
    article::Stated,
    claim::{Figure, Support},
    evidence::{Evidence, Seen},
};
use crate::merge::share;

/// The bound is the responses per event from which on each event has a round trip of its own. Events that are ready
/// together share one.
pub(super) fn round_trip_per_event(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        let (carried, arrived) = (seen.merged.responses.with_events, seen.merged.events.arrived);
        let text = format!("{} responses carried {} events", count(carried), count(arrived));
        Some((text, Support::decided(share(carried, arrived)? >= claim.bounds[0])))
    })
}

pub(super) fn per_request(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        connection_each(seen, seen.merged.requests, "requests", &claim.bounds)
    })
}

/// A webhook that is set to open a connection per request does not show that it must.
pub(super) fn per_event(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.webhooks();
    rows.retain(|seen| !seen.is_set("connection", "new-connection"));
    evidence.figures(&rows, |seen| connection_each(seen, seen.merged.events.arrived, "events", &claim.bounds))
}

/// Compares the connections opened with a count: at least `bounds[0]` of it is one each, at most `bounds[1]` is next to
/// none. Returns `None` if the count is 0.
fn connection_each(seen: &Seen<'_>, whole: u64, name: &str, bounds: &[f64]) -> Option<(String, Support)> {
    let opened = seen.merged.connections_opened?;
    let says = match share(opened, whole)? {
        each if each >= bounds[0] => Support::Kept,
        each if each <= bounds[1] => Support::Broken,
        _ => Support::Partly,
    };
    Some((format!("{} connections opened for {} {name}", count(opened), count(whole)), says))
}

/// The bound is the most requests per message: calls that were cut off are made again.
pub(super) fn few_requests(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        let (requests, messages) = (seen.merged.requests, seen.merged.responses.total);
        let text = format!("{} requests beside {} messages in the window", count(requests), count(messages));
        Some((text, Support::decided(share(requests, messages)? <= claim.bounds[0])))
    })
}

/// The bound is the share of the bytes that go to the server.
pub(super) fn one_way_bytes(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        let wire = seen.merged.wire?;
        let (up, all) = (wire.client_to_server_bytes, wire.both_ways());
        let part = share(up, all)?;
        let text = format!("{} of {} towards the server, {}", bytes(up as f64), bytes(all as f64), percent(part));
        Some((text, Support::decided(part <= claim.bounds[0])))
    })
}

pub(super) fn orders_beside_events(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
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
        Some((text, Support::decided(events.missed == 0 && opened == 0)))
    })
}

/// The claim names the approaches that should be alone in confirming orders.
pub(super) fn others_confirm_no_orders(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let others = evidence.that(|facts| {
        let label = facts.article.as_ref().map(|words| &words.label);
        facts.bidirectional && label.is_none_or(|label| !claim.labels.contains(label))
    });
    evidence.figures(&others, |seen| {
        let confirmed = seen.merged.confirmation_ns.as_ref()?;
        let text = format!(
            "{} orders confirmed beside {} events, p50 {}",
            count(confirmed.count),
            count(seen.merged.events.delivered),
            or_none(confirmed.p50, duration)
        );
        Some((text, Support::decided(confirmed.count == 0)))
    })
}

pub(super) fn nothing_missed_on_reconnect(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.called(&claim.labels);
    rows.retain(|seen| seen.merged.reconnects > 0);
    evidence.figures(&rows, |seen| {
        let missed = seen.merged.events.missed;
        let text = format!("{} reconnects, {} events missed", count(seen.merged.reconnects), count(missed));
        Some((text, Support::decided(missed == 0)))
    })
}

/// A proxy is needed if no event arrives without one, and not if all do.
pub(super) fn needs_proxy(evidence: &Evidence<'_>, _: &Stated) -> Vec<Figure> {
    let mut rows = evidence.browser_rpc();
    rows.retain(|seen| seen.merged.events.expected > 0);
    evidence.figures(&rows, |seen| {
        let events = &seen.merged.events;
        let text = format!("{} of {} events without a proxy", count(events.delivered), count(events.expected));
        let says = match events.delivered {
            0 => Support::Kept,
            delivered if delivered == events.expected => Support::Broken,
            _ => Support::Open,
        };
        Some((text, says))
    })
}
