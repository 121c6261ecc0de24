//! What the article says of SSE in browsers, and of the gRPC that a browser can speak.

use std::cmp::Ordering;

use results::{
    format::{bytes, count, percent},
    schema::{Flow, Side},
};

use super::{
    claim::{Claim, Figure, Says, Stated, untested},
    evidence::{Evidence, Seen},
};
use crate::merge::share;

const PART: &str = "SSE and browsers";
const EVENTS: [&str; 1] = ["SSE"];

/// Most bytes towards the server that leave it one way.
const ONE_WAY: f64 = 0.01;

pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let mut claims = vec![one_way(evidence), beats(evidence), proxy(evidence)];
    claims.extend(not_tested());
    claims
}

/// What pushes one way to a client that connects, and is neither in the table nor in a browser as it is nor the floor.
fn grpc_of_browsers<'a>(evidence: &Evidence<'a>) -> Vec<Seen<'a>> {
    evidence.that(|facts| {
        facts.flow == Flow::Push
            && facts.connects == Side::Client
            && facts.article.is_none()
            && !(facts.browser || facts.bidirectional || facts.floor)
    })
}

fn one_way(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&EVENTS);
    let judged = rows.iter().filter_map(|seen| {
        let wire = seen.merged.wire?;
        let (up, all) = (wire.client_to_server_bytes, wire.both_ways());
        let part = share(up, all)?;
        let text = format!("{} of {} towards the server, {}", bytes(up as f64), bytes(all as f64), percent(part));
        Some(evidence.figure(seen, text, Says::of(part <= ONE_WAY)))
    });
    Stated {
        id: "sse-one-way".to_owned(),
        part: PART,
        quote: "data only flows server → client".to_owned(),
        measured: "bytes from clients to the server inside the window, after the request",
        threshold: format!("At most {} of all: only connections that were cut off ask again.", percent(ONE_WAY)),
        elsewhere: "No valid trial of SSE here: run bench-all.",
    }
    .judged(judged.collect())
}

/// Each quantity is a figure of its own, so that beating in some and not in others holds within limits.
fn beats(evidence: &Evidence<'_>) -> Claim {
    let others = grpc_of_browsers(evidence);
    let mut figures = Vec::new();
    for seen in evidence.called(&EVENTS) {
        for other in others.iter().filter(|other| other.load == seen.load) {
            figures.extend(contest(evidence, &seen, other));
        }
    }
    Stated {
        id: "sse-beats-grpc".to_owned(),
        part: PART,
        quote: "When your consumer is a browser and data only flows server → client, SSE beats gRPC".to_owned(),
        measured: "median latency, bytes for each event, and lines of code of either half, beside gRPC-Web, which is the gRPC \
                   of browsers; no browser takes part",
        threshold: "Less in each of them; a difference in latency by the rule under the table, and not decided where none is \
                    shown. Native support, proxies and tools, which the article means as well, are not measured."
            .to_owned(),
        elsewhere: "SSE and gRPC-Web did not run under the same load here: run bench-all.",
    }
    .judged(figures)
}

fn contest(evidence: &Evidence<'_>, seen: &Seen<'_>, other: &Seen<'_>) -> Vec<Figure> {
    let mut figures = evidence.order(&[(*seen, *other)], Ordering::Less);
    for figure in &mut figures {
        figure.text.insert_str(0, "latency ");
    }
    let mut add = |text: String, says: Says| figures.push(evidence.figure_of_two(seen, other, text, says));
    if let Some((own, its)) = seen.merged.bytes_per_event.zip(other.merged.bytes_per_event) {
        add(format!("{} an event against {}", bytes(own), bytes(its)), Says::of(own < its));
    }
    // Once: lines are the same under each load.
    let is_first = evidence.loads.first().is_some_and(|point| point.load == *seen.load);
    let halves = if is_first { &["client", "server"][..] } else { &[] };
    for (side, half) in halves.iter().enumerate() {
        let [own, its] = [seen, other].map(|seen| seen.row.code_lines[side]);
        add(format!("{half}: {own} lines against {its}"), Says::of(own < its));
    }
    figures
}

fn proxy(evidence: &Evidence<'_>) -> Claim {
    let rows = grpc_of_browsers(evidence);
    let judged = rows.iter().filter(|seen| seen.merged.events.expected > 0).map(|seen| {
        let events = &seen.merged.events;
        let text = format!("{} of {} events without a proxy", count(events.delivered), count(events.expected));
        let says = match events.delivered {
            0 => Says::Kept,
            delivered if delivered == events.expected => Says::Broken,
            _ => Says::Open,
        };
        evidence.figure(seen, text, says)
    });
    Stated {
        id: "grpc-web-proxy".to_owned(),
        part: PART,
        quote: "gRPC-Web […] requires a proxy (Envoy or grpc-web server) to translate".to_owned(),
        measured: "events delivered over HTTP/1.1 where nothing stands between client and server; no trial here has a proxy",
        threshold: "Required, if none arrives without. If all arrive, none is: the server translates by itself, which is work \
                    all the same. What a proxy would cost is not measured."
            .to_owned(),
        elsewhere: "No valid trial of gRPC-Web here: run bench-all.",
    }
    .judged(judged.collect())
}

fn not_tested() -> Vec<Claim> {
    vec![
        untested(
            "native-support",
            PART,
            "browsers have native EventSource support",
            "No browser takes part in any scenario.",
        ),
        untested(
            "no-generated-code",
            PART,
            "no code generation is required",
            "Which code is generated is no figure of a trial. The lines that are written by hand are judged under The spectrum.",
        ),
        untested(
            "operational-complexity",
            PART,
            "This adds operational complexity that SSE avoids.",
            "What it takes to operate a proxy is nothing that a trial could measure, and none has one.",
        ),
        untested(
            "through-proxies",
            PART,
            "the connection survives through HTTP/2 proxies transparently",
            "No trial has a proxy between client and server.",
        ),
    ]
}
