//! The article's table, cell by cell, and what its first sentences say of it.

use std::cmp::Ordering;

use stats::difference::FEWEST_ROUNDS;

use super::{
    claim::{Claim, Figure, Holding, Says, Stated, untested},
    evidence::{Evidence, Seen, latency_band},
};
use crate::{bands::Judged, rows::Row};

const PART: &str = "The spectrum";

/// The article's table as it stands there: approach, latency, client complexity, server complexity.
const TABLE: [[&str; 4]; 6] = [
    ["Short polling", "High (interval)", "Low", "Low"],
    ["Long polling", "Medium", "Medium", "Medium"],
    ["SSE", "Low", "Low", "Low"],
    ["WebSocket", "Low", "Medium", "Medium"],
    ["gRPC server streaming", "Low", "Low (generated code)", "Medium"],
    ["gRPC bidirectional", "Very low", "Medium", "High"],
];
/// Those whose latency the table calls low.
pub(super) const LOW: [&str; 3] = ["SSE", "WebSocket", "gRPC server streaming"];

const ORDERS_ELSEWHERE: &str = "An order of medians needs three rounds: run bench-all.";

pub(super) fn claims(evidence: &Evidence<'_>) -> Vec<Claim> {
    let mut claims = vec![differs(evidence)];
    for row in TABLE {
        claims.push(latency(evidence, row));
    }
    claims.extend([polling_is_slowest(evidence), held_is_slower(evidence), both_ways_is_quickest(evidence)]);
    for row in TABLE {
        let of_client = |row: &Row| row.client_complexity.clone();
        claims.push(complexity(evidence, row, ("client", row[2], "Client complexity", of_client, 0)));
    }
    for row in TABLE {
        let of_server = |row: &Row| row.server_complexity.clone();
        claims.push(complexity(evidence, row, ("server", row[3], "Server complexity", of_server, 1)));
    }
    claims.push(untested(
        "infrastructure",
        PART,
        "each with different latency, complexity, and infrastructure requirements",
        "Infrastructure is not measured: every trial runs on one machine, with nothing between client and server.",
    ));
    claims
}

/// Every pair of the table's approaches.
fn differs(evidence: &Evidence<'_>) -> Claim {
    let labels = TABLE.map(|row| row[0]);
    let mut pairs = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        pairs.extend(evidence.pairs(&[label], &labels[index + 1..]));
    }
    let differ = |mut figure: Figure| {
        // Whichever is shorter, they differ.
        figure.says = if figure.says == Says::Open { Says::Open } else { Says::Kept };
        figure
    };
    let mut claim = Stated {
        id: "different-latencies".to_owned(),
        part: PART,
        quote: "there is a spectrum of approaches, each with different latency".to_owned(),
        measured: "whether a difference between the median latencies is shown, for every pair of the table’s approaches",
        threshold: "Each pair for which a difference is shown, by the rule under the table, has different latencies; \
                    where none is shown, that proves nothing, so that this claim may be left open and not be broken. Holds if every \
                    pair differs; within limits if most do."
            .to_owned(),
        elsewhere: ORDERS_ELSEWHERE,
    }
    .judged(evidence.order(&pairs, Ordering::Less).into_iter().map(differ).collect());
    // "Each" is said of all pairs, and a pair that is open is not counted out by one that could be broken.
    if claim.verdict == Holding::Holds && claim.figures.iter().any(|figure| figure.says == Says::Open) {
        claim.verdict = Holding::WithinLimits;
    }
    claim
}

fn latency(evidence: &Evidence<'_>, [label, words, ..]: [&str; 4]) -> Claim {
    let band = plain(words);
    let rows = evidence.called(&[label]);
    let judged = rows.iter().filter_map(|seen| {
        let (text, says) = latency_band(seen, &band)?;
        Some(evidence.figure(seen, text, says))
    });
    let below = if LOW.contains(&label) || band == "very low" { " or below it" } else { "" };
    Stated {
        id: format!("latency-{}", slug(label)),
        part: PART,
        quote: format!("{label}: latency {words}"),
        measured: "median ÷ the floor’s median, and every ratio that the rounds allow; over loopback, where a round trip costs next \
                   to nothing",
        threshold: format!("All of these ratios in the band “{band}”{below}, by the rule under the table."),
        elsewhere: "A ratio to the floor needs three rounds of both: run bench-all.",
    }
    .judged(judged.collect())
}

/// The band that a cell names, what it adds in parentheses left out.
fn plain(words: &str) -> String {
    words.split(" (").next().unwrap_or(words).to_lowercase()
}

fn slug(label: &str) -> String {
    label.to_lowercase().replace(' ', "-")
}

type Half<'a> = (&'a str, &'a str, &'a str, fn(&Row) -> Judged, usize);

/// Of the source, so that one figure says it for all loads.
fn complexity(evidence: &Evidence<'_>, [label, ..]: [&str; 4], (half, words, column, judged, side): Half<'_>) -> Claim {
    let rows = evidence.called(&[label]);
    let of_source = rows.first().and_then(|Seen { row, .. }| {
        let band = judged(row).measured?;
        Some(Figure {
            variant: row.approach.clone(),
            load: None,
            trials: None,
            text: format!("{} lines, cognitive complexity {}: {band}", row.code_lines[side], row.cognitive[side]),
            says: Says::of(band == plain(words)),
        })
    });
    Stated {
        id: format!("{half}-complexity-{}", slug(label)),
        part: PART,
        quote: format!("{label}: {} {words}", column.to_lowercase()),
        measured: "lines of code and cognitive complexity of this half, as it ran",
        threshold: format!("Their band, by the rule under the table, is “{}”.", plain(words)),
        elsewhere: "The approach has no valid trial here: run bench-all.",
    }
    .judged(of_source.into_iter().collect())
}

fn polling_is_slowest(evidence: &Evidence<'_>) -> Claim {
    let others = [&LOW[..], &["Long polling", "gRPC bidirectional"]].concat();
    order(
        "order-short-polling",
        "Short polling: High; Long polling: Medium; all others: Low or Very low",
        &evidence.order(&evidence.pairs(&["Short polling"], &others), Ordering::Greater),
    )
}

fn held_is_slower(evidence: &Evidence<'_>) -> Claim {
    order(
        "order-long-polling",
        "Long polling: Medium; SSE, WebSocket, gRPC server streaming: Low",
        &evidence.order(&evidence.pairs(&["Long polling"], &LOW), Ordering::Greater),
    )
}

fn both_ways_is_quickest(evidence: &Evidence<'_>) -> Claim {
    order(
        "order-bidirectional",
        "gRPC bidirectional: Very low; SSE, WebSocket, gRPC server streaming: Low",
        &evidence.order(&evidence.pairs(&["gRPC bidirectional"], &LOW), Ordering::Less),
    )
}

/// What the words of a column say of each other, whatever the bands are.
fn order(id: &str, quote: &str, figures: &[Figure]) -> Claim {
    Stated {
        id: id.to_owned(),
        part: PART,
        quote: quote.to_owned(),
        measured: "the order of the median latencies under the same load",
        threshold: format!(
            "A difference in this direction is shown, by the rule under the table, which needs {FEWEST_ROUNDS} rounds of both."
        ),
        elsewhere: ORDERS_ELSEWHERE,
    }
    .judged(figures.to_vec())
}
