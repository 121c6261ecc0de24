//! What the article says of short and long polling.

use results::{
    format::{count, duration, or_none, percent, plain, significant},
    theory::{self, FAR_DEVIATIONS},
};

use super::{
    claim::{Claim, Figure, Says, Stated},
    evidence::{Evidence, NEXT_TO_NONE, ONE_EACH, Seen},
};
use crate::{
    headline::describe,
    merge::{polls, share},
    saturation::Saturated,
};

const PART: &str = "Short and long polling";
const SHORT: [&str; 1] = ["Short polling"];
const LONG: [&str; 1] = ["Long polling"];
const ELSEWHERE: &str = "No valid trial of it here: run bench-all.";

/// Events fall anywhere into an interval, so the median should be half of it and the p99 nearly all. A fifth and a
/// tenth either way is what some hundred events leave to chance.
const HALF_INTERVAL: [f64; 2] = [0.4, 0.6];
const WHOLE_INTERVAL: [f64; 2] = [0.9, 1.1];
/// More than half is what "most" says.
const MOST: f64 = 0.5;
/// The article's example.
const MANY_CLIENTS: u32 = 100_000;
/// How far counted requests may lie off clients ÷ interval: the polls at both ends of a window.
const RATE_TOLERANCE: f64 = 0.05;
/// The article's "sub-second".
const SUB_SECOND_NS: u64 = 1_000_000_000;

pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    vec![
        interval(evidence),
        simple(evidence),
        empty(evidence),
        requests(evidence),
        held(evidence),
        sub_second(evidence),
        round_trip(evidence),
        reconnects(evidence),
    ]
}

fn interval(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&SHORT);
    let judged = rows.iter().filter_map(|seen| {
        let interval = seen.row.poll_interval_ns?;
        let (p50, p99) = (seen.merged.latency_ns.p50, seen.merged.latency_ns.p99);
        let of_interval = |latency: u64| latency as f64 / interval as f64;
        let text = format!(
            "p50 {} and p99 {} of {}",
            or_none(p50, |p50| percent(of_interval(p50))),
            or_none(p99, |p99| percent(of_interval(p99))),
            duration(interval)
        );
        let within = |latency: u64, [least, most]: [f64; 2]| (least..=most).contains(&of_interval(latency));
        let says = match p50.zip(p99) {
            Some((p50, p99)) if !seen.row.overloaded => {
                Says::of(within(p50, HALF_INTERVAL) && within(p99, WHOLE_INTERVAL))
            }
            _ => Says::Open,
        };
        Some(evidence.figure(seen, text, says))
    });
    Stated {
        id: "interval-is-latency".to_owned(),
        part: PART,
        quote: "Short polling: latency High (interval)".to_owned(),
        measured: "p50 and p99 of the latency as parts of the poll interval",
        threshold: format!(
            "The interval bounds it: p99 from {} to {} of the interval, and p50 from {} to {}, since events fall anywhere \
             into it.",
            percent(WHOLE_INTERVAL[0]),
            percent(WHOLE_INTERVAL[1]),
            percent(HALF_INTERVAL[0]),
            percent(HALF_INTERVAL[1])
        ),
        elsewhere: ELSEWHERE,
    }
    .judged(judged.collect())
}

fn simple(evidence: &Evidence<'_>) -> Claim {
    let table = evidence.that(|facts| facts.article.is_some());
    let own = evidence.called(&SHORT);
    let judged = own.first().filter(|_| table.iter().any(|seen| seen.facts.name != own[0].facts.name)).map(|seen| {
        let least = |side: usize| table.iter().map(|other| other.row.code_lines[side]).min().unwrap_or_default();
        let shortest = [0, 1].map(|side| seen.row.code_lines[side] <= least(side));
        let [client, server] = seen.row.code_lines;
        Figure {
            variant: seen.row.approach.clone(),
            load: None,
            trials: None,
            text: format!(
                "client {client} lines, server {server}; the least of the table {} and {}",
                least(0),
                least(1)
            ),
            says: match shortest {
                [true, true] => Says::Kept,
                [false, false] => Says::Broken,
                _ => Says::Partly,
            },
        }
    });
    Stated {
        id: "polling-is-simple".to_owned(),
        part: PART,
        quote: "Short polling […] Simple, but wasteful".to_owned(),
        measured: "lines of code of both halves beside those of the table’s other approaches that ran",
        threshold: "Each half is the shortest of them. Lines are one measure of simplicity among several.".to_owned(),
        elsewhere: "Nothing to compare it with here: run bench-all.",
    }
    .judged(judged.into_iter().collect())
}

fn empty(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&SHORT);
    let judged = rows.iter().filter_map(|seen| {
        let share = seen.merged.empty_share?;
        let events = seen.load.events_per_client() * seen.interval_seconds()?;
        let chance = theory::chance(&seen.merged.responses);
        let off = format!("± {} by chance", percent(chance));
        let text = format!("{} empty, {off}, with {} events an interval", percent(share), significant(events));
        let decided = ((share - MOST).abs() > chance).then(|| Says::of(share > MOST));
        Some(evidence.figure(seen, text, decided.unwrap_or(Says::Open)))
    });
    Stated {
        id: "mostly-empty".to_owned(),
        part: PART,
        quote: "wasteful: most responses contain no new data".to_owned(),
        measured: "share of the responses that carried no event",
        threshold: format!(
            "More than {}, which is what “most” says, and by more than {FAR_DEVIATIONS} standard deviations. It depends on the load: by theory exp(−events an interval) are empty, \
             more than half below 0.693.",
            percent(MOST)
        ),
        elsewhere: ELSEWHERE,
    }
    .judged(judged.collect())
}

fn requests(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&SHORT);
    let mut figures: Vec<Figure> = rows.iter().filter_map(|seen| request_rate(evidence, seen)).collect();
    for point in evidence.loads {
        let ours = |label: &Option<String>| label.as_ref().is_some_and(|label| SHORT.contains(&label.as_str()));
        let short = point.rows.iter().filter(|row| ours(&row.label) && row.merged.is_none());
        figures.extend(short.filter_map(|row| {
            let Saturated { offered_per_second, achieved_per_second, side, .. } = row.saturated.as_ref()?;
            Some(Figure {
                variant: row.variant.clone(),
                load: Some(describe(&point.load)),
                trials: Some(0),
                text: format!(
                    "offered {} requests a second, achieved {}; saturated: {side}",
                    significant(*offered_per_second),
                    significant(*achieved_per_second)
                ),
                says: Says::Open,
            })
        }));
    }
    Stated {
        id: "hundred-thousand-requests".to_owned(),
        part: PART,
        quote: "At 1-second poll intervals with 100K clients, you serve 100K requests/second of mostly empty responses"
            .to_owned(),
        measured: "requests answered a second beside clients ÷ interval",
        threshold: format!(
            "Within {} of clients ÷ interval, by {} clients each second; open where {FAR_DEVIATIONS} standard deviations \
             reach over that bound. With fewer clients or a longer interval the same \
             law holds within limits: the size itself was not served. A saturated trial decides nothing.",
            percent(RATE_TOLERANCE),
            count(MANY_CLIENTS.into())
        ),
        elsewhere: ELSEWHERE,
    }
    .judged(figures)
}

fn request_rate(evidence: &Evidence<'_>, seen: &Seen<'_>) -> Option<Figure> {
    let interval = seen.interval_seconds()?;
    let served = seen.merged.requests as f64 / seen.merged.window_seconds.max(1e-3);
    let law = f64::from(seen.load.clients) / interval;
    let is_that_size = seen.load.clients >= MANY_CLIENTS && (interval - 1.0).abs() < 0.01;
    // Which polls fall into a window is chance, and of few polls a large part.
    let clients = f64::from(seen.load.clients) * seen.merged.rounds.len() as f64;
    let chance = polls::chance(clients) / seen.merged.window_seconds.max(1e-3);
    let (off, tolerance) = ((served - law).abs(), RATE_TOLERANCE * law);
    let says = match is_that_size {
        _ if off - chance > tolerance => Says::Broken,
        _ if off + chance > tolerance => Says::Open,
        true => Says::Kept,
        false => Says::Partly,
    };
    let text = format!(
        "{} requests a second, ± {} by chance; {} clients ÷ {} s = {}",
        significant(served),
        significant(chance),
        count(seen.load.clients.into()),
        plain(interval),
        significant(law)
    );
    Some(evidence.figure(seen, text, says))
}

fn held(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&LONG);
    let judged = rows.iter().filter(|seen| seen.merged.responses.total > 0).map(|seen| {
        let responses = &seen.merged.responses;
        // Where no hold is short enough to be over, none could have been broken.
        let untried = responses.empty_theory.is_some_and(|theory| theory.responses == 0) && responses.timed_out == 0;
        let says = match (responses.empty, responses.empty - responses.timed_out.min(responses.empty)) {
            (_, 1..) => Says::Broken,
            (0, _) if !untried => Says::Kept,
            _ => Says::Partly,
        };
        let untried = if untried { "; no hold could be over in so short a window" } else { "" };
        let [total, empty, whole] = [responses.total, responses.empty, responses.timed_out].map(count);
        let text = format!("{total} responses, {empty} empty, {whole} of them after a whole hold{untried}");
        evidence.figure(seen, text, says)
    });
    Stated {
        id: "held-until-data".to_owned(),
        part: PART,
        quote: "the server holds the request open until new data arrives, then responds".to_owned(),
        measured: "responses without an event, and how many of them had been held to the end",
        threshold: "No response is empty, though holds are short enough to be over. Within limits: some are, and each \
                    of those was held to the end, which no server can do without; or no hold could be over."
            .to_owned(),
        elsewhere: ELSEWHERE,
    }
    .judged(judged.collect())
}

fn sub_second(evidence: &Evidence<'_>) -> Claim {
    Stated {
        id: "held-is-sub-second".to_owned(),
        part: PART,
        quote: "Latency matches the event itself (sub-second)".to_owned(),
        measured: "p99 of the latency, in every round that supports one",
        threshold: format!("Below {}, the article’s own figure.", duration(SUB_SECOND_NS)),
        elsewhere: ELSEWHERE,
    }
    .judged(evidence.p99_below(&evidence.called(&LONG), SUB_SECOND_NS))
}

fn round_trip(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&LONG);
    let judged = rows.iter().filter_map(|seen| {
        let (carried, arrived) = (seen.merged.responses.with_events, seen.merged.events.arrived);
        let each = share(carried, arrived)?;
        let text = format!("{} responses carried {} events", count(carried), count(arrived));
        Some(evidence.figure(seen, text, Says::of(each >= ONE_EACH)))
    });
    Stated {
        id: "held-round-trip".to_owned(),
        part: PART,
        quote: "each ‘event’ requires a full HTTP round trip".to_owned(),
        measured: "responses that carried events, each of which is a round trip, for each event that arrived",
        threshold: format!(
            "At least {ONE_EACH}: one each, but for a few that were ready together. Fewer where events come so quickly that \
             several share a response."
        ),
        elsewhere: ELSEWHERE,
    }
    .judged(judged.collect())
}

fn reconnects(evidence: &Evidence<'_>) -> Claim {
    let rows = evidence.called(&LONG);
    let judged = rows.iter().filter_map(|seen| evidence.connection_each(seen, seen.merged.requests, "requests"));
    Stated {
        id: "held-reconnects".to_owned(),
        part: PART,
        quote: "The client immediately reconnects.".to_owned(),
        measured: "connections opened for each request inside the window; how soon the next request follows is not recorded",
        threshold: format!(
            "Taken at its word, a connection for each request: at least {ONE_EACH}. At most {NEXT_TO_NONE} and it asks \
             again over the connection that it has."
        ),
        elsewhere: ELSEWHERE,
    }
    .judged(judged.collect())
}
