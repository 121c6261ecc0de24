//! What the article says of webhooks and of conditional GET.

use results::{
    format::{bytes, count, duration, or_none, percent, significant},
    schema::{Delivery, Flow, Side},
};

use super::{
    claim::{Claim, Figure, Says, Stated},
    evidence::{Evidence, NEXT_TO_NONE, ONE_EACH, Seen, latency_band},
};
use crate::merge::share;

const PART: &str = "REST alternatives";
const WEBHOOKS_ELSEWHERE: &str = "No valid trial of webhooks here: run bench-all.";

/// Sub-second data: more than one event a second for each client. Up to there it is of low frequency.
const HIGH_FREQUENCY: f64 = 1.0;
const SECOND_NS: u64 = 1_000_000_000;
/// Stable: so many of the answers, at least, say that nothing has changed.
const STABLE: f64 = 0.95;
/// Near zero, and well below, of the bytes that plain polling takes.
const NEAR_ZERO: f64 = 0.1;
const WELL_BELOW: f64 = 0.5;

pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    vec![
        no_polling(evidence),
        low_frequency(evidence),
        new_connection(evidence),
        high_frequency(evidence),
        not_modified(evidence),
        bandwidth(evidence),
        not_real_time(evidence),
    ]
}

fn webhooks<'a>(evidence: &Evidence<'a>) -> Vec<Seen<'a>> {
    evidence.that(|facts| facts.connects == Side::Server)
}

/// What polls for the newest state and is answered by HTTP's own word for "unchanged".
fn conditional<'a>(evidence: &Evidence<'a>) -> Vec<Seen<'a>> {
    evidence.that(|facts| facts.flow == Flow::Pull && facts.delivery == Delivery::Snapshot && facts.browser)
}

fn no_polling(evidence: &Evidence<'_>) -> Claim {
    let rows = webhooks(evidence);
    let judged = rows.iter().filter(|seen| seen.merged.responses.total > 0).map(|seen| {
        let responses = &seen.merged.responses;
        let polls = seen.merged.offered_requests.unwrap_or(0);
        let text =
            format!("{} polls, {} of {} messages empty", count(polls), count(responses.empty), count(responses.total));
        evidence.figure(seen, text, Says::of(polls == 0 && responses.empty == 0))
    });
    Stated {
        id: "webhooks-no-polling".to_owned(),
        part: PART,
        quote: "the producer HTTP POSTs to the consumer when events occur. This eliminates polling entirely".to_owned(),
        measured: "polls that the clients’ schedules hold, and messages without an event",
        threshold: "None of either.".to_owned(),
        elsewhere: WEBHOOKS_ELSEWHERE,
    }
    .judged(judged.collect())
}

fn low_frequency(evidence: &Evidence<'_>) -> Claim {
    let mut rows = webhooks(evidence);
    rows.retain(|seen| seen.load.events_per_client() <= HIGH_FREQUENCY);
    let mut figures = evidence.p99_below(&rows, SECOND_NS);
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        let events = &seen.merged.events;
        figure.text += &format!(", {} missed, {} twice", count(events.missed), count(events.duplicate));
        if events.missed + events.duplicate > 0 {
            figure.says = Says::Broken;
        }
    }
    Stated {
        id: "webhooks-low-frequency".to_owned(),
        part: PART,
        quote: "Webhooks work well for low-frequency, high-importance events".to_owned(),
        measured: "events missed and received twice, and p99, where each client has at most one event a second",
        threshold: "Each event arrives once, and p99 is below 1 s: before the next is due, on average.".to_owned(),
        elsewhere: "No webhook client here has at most one event a second: run bench-all.",
    }
    .judged(figures)
}

fn new_connection(evidence: &Evidence<'_>) -> Claim {
    let mut rows = webhooks(evidence);
    // What is set to open one for each request shows nothing of what is required.
    rows.retain(|seen| !seen.is_set("connection", "new-connection"));
    let judged = rows.iter().filter_map(|seen| evidence.connection_each(seen, seen.merged.events.arrived, "events"));
    Stated {
        id: "webhooks-new-connection".to_owned(),
        part: PART,
        quote: "each event requires a new HTTP connection".to_owned(),
        measured: "connections opened for each event, where the sender may keep them",
        threshold: format!(
            "At least {ONE_EACH} for each event; at most {NEXT_TO_NONE} and none is required. The variant that is set to open \
             one for each event decides nothing."
        ),
        elsewhere: "No webhook that may keep its connections has a valid trial here: run bench-all.",
    }
    .judged(judged.collect())
}

fn high_frequency(evidence: &Evidence<'_>) -> Claim {
    let rows = webhooks(evidence);
    let judged = rows.iter().filter(|seen| seen.load.events_per_client() > HIGH_FREQUENCY).map(|seen| {
        let gap = (1e9 / seen.load.events_per_client()) as u64;
        let mut figure = evidence.p99_below(&[*seen], gap).remove(0);
        // Below the gap it keeps up, which is not failing.
        figure.says = match figure.says {
            _ if seen.merged.events.missed > 0 => Says::Kept,
            Says::Kept => Says::Broken,
            Says::Broken => Says::Kept,
            other => other,
        };
        let missed = count(seen.merged.events.missed);
        figure.text += &format!(", {missed} missed, with an event every {} for each client", duration(gap));
        figure
    });
    Stated {
        id: "webhooks-high-frequency".to_owned(),
        part: PART,
        quote: "They fail for high-frequency data (sub-second market data)".to_owned(),
        measured: "events missed, and p99 beside the time between two events of a client, where that is below a second",
        threshold:
            "It fails where an event is missed, or p99 is above the mean time between two events of a client, so that \
                    what arrives was overtaken. Higher rates than were run may say otherwise."
                .to_owned(),
        elsewhere: "No webhook client here has more than one event a second: run event-rate, or fan-out.",
    }
    .judged(judged.collect())
}

fn not_modified(evidence: &Evidence<'_>) -> Claim {
    let rows = conditional(evidence);
    let judged = rows.iter().filter(|seen| seen.merged.responses.empty > 0).map(|seen| {
        let responses = &seen.merged.responses;
        let text =
            format!("{} of {} unchanged answers without a body", count(responses.not_modified), count(responses.empty));
        evidence.figure(seen, text, Says::of(responses.not_modified == responses.empty))
    });
    Stated {
        id: "conditional-no-body".to_owned(),
        part: PART,
        quote: "conditional GET eliminates response bodies on cache hits".to_owned(),
        measured: "answers of 304 among those that brought nothing new",
        threshold: "All of them.".to_owned(),
        elsewhere: "No conditional GET with an unchanged answer here: run bench-all.",
    }
    .judged(judged.collect())
}

/// Both at the same interval under the same load, where nearly nothing changes.
fn bandwidth(evidence: &Evidence<'_>) -> Claim {
    let plain = evidence.called(&["Short polling"]);
    let rows = conditional(evidence);
    let stable = rows.iter().filter(|seen| seen.merged.empty_share.is_some_and(|share| share >= STABLE));
    let judged = stable.filter_map(|seen| {
        let same = |other: &&Seen<'_>| {
            other.load == seen.load
                && other.row.poll_interval_ns == seen.row.poll_interval_ns
                && other.merged.empty_share.is_some_and(|share| share >= STABLE)
        };
        Some(beside_plain(evidence, seen, plain.iter().find(same)?))
    });
    Stated {
        id: "conditional-bandwidth".to_owned(),
        part: PART,
        quote: "it reduces bandwidth from polling to near-zero when data is stable".to_owned(),
        measured: "bytes for each answer, both ways, beside short polling’s at the same interval, where at least 95 % of the \
                   answers of both bring nothing new; short polling here asks for what is new, so that its empty answers are \
                   small too, and against fetching a large resource each time more would be saved",
        threshold: format!(
            "At most {} of short polling’s; within limits up to {}.",
            percent(NEAR_ZERO),
            percent(WELL_BELOW)
        ),
        elsewhere: "Data is not stable here, fewer than 95 % of the answers bring nothing new: run event-rate.",
    }
    .judged(judged.collect())
}

fn beside_plain(evidence: &Evidence<'_>, seen: &Seen<'_>, plain: &Seen<'_>) -> Figure {
    let each = |seen: &Seen<'_>| share(seen.merged.wire?.both_ways(), seen.merged.responses.total);
    let (own, other) = (each(seen), each(plain));
    let ratio = own.zip(other).filter(|(_, other)| *other > 0.0).map(|(own, other)| own / other);
    let says = match ratio {
        None => Says::Open,
        Some(ratio) if ratio <= NEAR_ZERO => Says::Kept,
        Some(ratio) if ratio <= WELL_BELOW => Says::Partly,
        Some(_) => Says::Broken,
    };
    let filler = bytes(seen.load.payload_bytes.into());
    let text = format!(
        "{} an answer, {} of {}, with {filler} of filler; {} events a second for each client",
        or_none(own, bytes),
        or_none(ratio, percent),
        or_none(other, bytes),
        significant(seen.load.events_per_client())
    );
    evidence.figure_of_two(seen, plain, text, says)
}

fn not_real_time(evidence: &Evidence<'_>) -> Claim {
    let rows = conditional(evidence);
    let judged = rows.iter().filter_map(|seen| {
        let (text, says) = latency_band(seen, "high")?;
        Some(evidence.figure(seen, text, says))
    });
    Stated {
        id: "conditional-not-real-time".to_owned(),
        part: PART,
        quote: "This is not truly real-time".to_owned(),
        measured: "the median over the floor’s median under the same load",
        threshold: "All ratios that the rounds allow are in the band “high” by the rule under the table.".to_owned(),
        elsewhere: "A ratio to the floor needs three rounds of both: run bench-all.",
    }
    .judged(judged.collect())
}
