//! What the article's decision guide presupposes: that a reason to use an approach is true of it, and of no other.

use results::format::{bytes, count, duration, or_none, significant};

use super::{
    claim::{Claim, Says, Stated, untested},
    evidence::{Evidence, Seen},
    spectrum::LOW,
};
use crate::merge::share;

const PART: &str = "The decision guide";
const STREAMS: [&str; 2] = ["gRPC server streaming", "gRPC bidirectional"];

/// The article's "sub-100ms".
const SUB_100_MS: u64 = 100_000_000;
/// A high volume: so many events a second for each client, as in the article's example ("10Hz updates").
const HIGH_VOLUME: f64 = 10.0;
/// The article's "once per minute or less", in events a second; a hair more, so that exactly one counts.
const ONCE_A_MINUTE: f64 = 1.0001 / 60.0;

pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let mut claims = vec![sub_100_ms(evidence), only_streams(evidence), only_both_ways(evidence), infrequent(evidence)];
    claims.push(reconnection(evidence));
    claims.extend(not_tested());
    claims
}

fn sub_100_ms(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&STREAMS);
    let mut figures = evidence.p99_below(&rows, SUB_100_MS);
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        figure.text += &volume(seen);
        if figure.says == Says::Kept && seen.load.events_per_client() < HIGH_VOLUME {
            figure.says = Says::Partly;
        }
    }
    Stated {
        id: "streams-sub-100-ms".to_owned(),
        part: PART,
        quote: "Use gRPC streaming when: Latency must be sub-100ms and data volume is high".to_owned(),
        measured: "p99 of gRPC’s streams, in every round that supports one",
        threshold: format!(
            "Below {}, the article’s own figure, with at least {HIGH_VOLUME} events a second for each client, as in its \
             example; within limits with fewer.",
            duration(SUB_100_MS)
        ),
        elsewhere: "No valid trial of a gRPC stream here: run fan-out.",
    }
    .judged(figures)
}

fn volume(seen: &Seen<'_>) -> String {
    format!(", {} events a second for each client", significant(seen.load.events_per_client()))
}

/// Whether that tells gRPC from what else the table calls low, where the volume is high.
fn only_streams(evidence: &Evidence<'_>) -> Claim {
    let others: Vec<&str> = LOW.into_iter().filter(|label| !STREAMS.contains(label)).collect();
    let mut rows = evidence.called(&others);
    rows.retain(|seen| seen.load.events_per_client() >= HIGH_VOLUME);
    let mut figures = evidence.p99_below(&rows, SUB_100_MS);
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        figure.text += &volume(seen);
        figure.says = match figure.says {
            Says::Kept => Says::Broken,
            Says::Broken => Says::Kept,
            other => other,
        };
    }
    Stated {
        id: "only-streams-sub-100-ms".to_owned(),
        part: PART,
        quote: "Use gRPC streaming when: Latency must be sub-100ms and data volume is high".to_owned(),
        measured: "whether that tells gRPC from SSE and WebSocket: their p99 where the volume is high",
        threshold: format!(
            "It does where they are not below {} with at least {HIGH_VOLUME} events a second for each client, as in the \
             article’s example. Higher volumes than were run may say otherwise.",
            duration(SUB_100_MS)
        ),
        elsewhere: "No client of SSE or WebSocket here has ten events a second: run fan-out.",
    }
    .judged(figures)
}

fn only_both_ways(evidence: &Evidence<'_>) -> Claim {
    let others = evidence.that(|facts| {
        let label = facts.article.as_ref().map(|words| words.label.as_str());
        facts.bidirectional && label.is_none_or(|label| !STREAMS.contains(&label))
    });
    let judged = others.iter().filter_map(|seen| {
        let confirmed = seen.merged.confirmation_ns.as_ref()?;
        let text = format!(
            "{} orders confirmed beside {} events, p50 {}",
            count(confirmed.count),
            count(seen.merged.events.delivered),
            or_none(confirmed.p50, duration)
        );
        Some(evidence.figure(seen, text, Says::of(confirmed.count == 0)))
    });
    Stated {
        id: "only-grpc-both-ways".to_owned(),
        part: PART,
        quote: "Use gRPC streaming when: Bidirectional streaming is required".to_owned(),
        measured: "whether that leaves gRPC alone: orders that other approaches confirmed on the connection that brought the \
                   events",
        threshold: "It does if none of them confirms any.".to_owned(),
        elsewhere: "No other approach was sent an order here: run bench-all.",
    }
    .judged(judged.collect())
}

fn infrequent(evidence: &Evidence<'_>) -> Claim {
    let mut pairs = evidence.pairs(&["Short polling"], &["SSE"]);
    pairs.retain(|(polling, _)| polling.load.events_per_client() <= ONCE_A_MINUTE);
    let judged = pairs.iter().filter_map(|(polling, pushed)| {
        let polling_bytes = polling.merged.wire?.both_ways();
        let own = share(polling_bytes, polling.merged.events.arrived)?;
        let other = share(pushed.merged.wire?.both_ways(), pushed.merged.events.arrived)?;
        let interval = polling.interval_seconds()?;
        let each = share(polling_bytes, polling.merged.responses.total)?;
        let text = format!(
            "polling every {} s: {} an event, {} a poll; against {} an event",
            significant(interval),
            bytes(own),
            bytes(each),
            bytes(other)
        );
        Some(evidence.figure_of_two(polling, pushed, text, Says::of(own <= other)))
    });
    Stated {
        id: "polling-when-infrequent".to_owned(),
        part: PART,
        quote: "Use REST polling when: Events are infrequent (once per minute or less)".to_owned(),
        measured: "bytes for each event, both ways, beside SSE’s under the same load, at the interval that was run",
        threshold:
            "At most what SSE takes, its heartbeats included. A longer interval takes fewer and is later; memory and \
                    servers that hold no connections are other reasons, and not in this figure."
                .to_owned(),
        elsewhere: "Clients here have more than one event a minute: run event-rate.",
    }
    .judged(judged.collect())
}

fn reconnection(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&["SSE"]);
    let judged = rows.iter().filter(|seen| seen.merged.reconnects > 0).map(|seen| {
        let missed = seen.merged.events.missed;
        let text = format!("{} reconnects, {} events missed", count(seen.merged.reconnects), count(missed));
        evidence.figure(seen, text, Says::of(missed == 0))
    });
    Stated {
        id: "sse-reconnection".to_owned(),
        part: PART,
        quote: "Use SSE when: Built-in reconnection with Last-Event-ID matters".to_owned(),
        measured: "events missed by clients that were cut off and came back inside the window",
        threshold: "None.".to_owned(),
        elsewhere: "No client of SSE was cut off, and no scenario cuts any: the conformance case resumes-after-a-cut examines \
                    it before a run.",
    }
    .judged(judged.collect())
}

fn not_tested() -> Vec<Claim> {
    vec![
        untested(
            "no-browser",
            PART,
            "Use gRPC streaming when: Both client and server are non-browser services (microservices, native apps)",
            "No browser takes part in any scenario: all clients are native.",
        ),
        untested(
            "serverless",
            PART,
            "Use REST polling when: Infrastructure does not support persistent connections (serverless)",
            "Every server here holds connections; none runs where they are cut.",
        ),
        untested(
            "webhook-retries",
            PART,
            "Use webhooks when: You need delivery guarantees with retry logic on the producer side",
            "No scenario takes a consumer away: the conformance case resumes-after-a-cut examines retries before a run.",
        ),
        untested(
            "third-parties",
            PART,
            "Use webhooks when: You are integrating with third-party services […] and the consumer controls its own endpoint",
            "Who runs the ends is nothing that a trial could measure.",
        ),
    ]
}
