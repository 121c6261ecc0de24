//! Judges of source code: lines and cognitive complexity.

use std::cmp::Ordering;

use results::format::bytes;

use super::super::{
    article::Stated,
    claim::{Figure, Support},
    evidence::{Evidence, Seen},
};
use crate::{bands::Judged, rows::Row};

pub(super) fn client_complexity(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    complexity(evidence, claim, |row| &row.client_complexity, 0)
}

pub(super) fn server_complexity(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    complexity(evidence, claim, |row| &row.server_complexity, 1)
}

/// One figure for all loads: the source is the same.
fn complexity(evidence: &Evidence<'_>, claim: &Stated, judged: fn(&Row) -> &Judged, side: usize) -> Vec<Figure> {
    let rows = evidence.called(&claim.labels);
    let figure = rows.first().and_then(|Seen { row, .. }| {
        let band = judged(row).measured?;
        let text = format!("{} lines, cognitive complexity {}: {band}", row.code_lines[side], row.cognitive[side]);
        Some(source_figure(row, text, Support::decided(band == claim.band)))
    });
    figure.into_iter().collect()
}

/// Both halves must be the shortest of the article's table.
pub(super) fn fewest_lines(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let table = evidence.that(|facts| facts.article.is_some());
    let own = evidence.called(&claim.labels);
    let figure = own.first().filter(|own| table.iter().any(|seen| seen.facts.name != own.facts.name)).map(|seen| {
        let least = [0, 1].map(|side| table.iter().map(|other| other.row.code_lines[side]).min().unwrap_or_default());
        let says = match [0, 1].map(|side| seen.row.code_lines[side] <= least[side]) {
            [true, true] => Support::Kept,
            [false, false] => Support::Broken,
            _ => Support::Partly,
        };
        let [client, server] = seen.row.code_lines;
        let text =
            format!("client {client} lines, server {server}; the least of the table {} and {}", least[0], least[1]);
        source_figure(seen.row, text, says)
    });
    figure.into_iter().collect()
}

/// Latency, bytes and lines are figures of their own, so that the claim holds within limits if only some are better.
pub(super) fn beats_grpc_web(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let others = evidence.browser_rpc();
    let mut figures = Vec::new();
    for seen in evidence.called(&claim.labels) {
        for other in others.iter().filter(|other| other.load == seen.load) {
            figures.extend(contest(evidence, &seen, other));
        }
    }
    figures
}

fn contest(evidence: &Evidence<'_>, seen: &Seen<'_>, other: &Seen<'_>) -> Vec<Figure> {
    let mut figures = evidence.order(&[(*seen, *other)], Ordering::Less);
    for figure in &mut figures {
        figure.text.insert_str(0, "latency ");
    }
    let mut add = |text: String, says: Support| figures.push(evidence.figure_of_two(seen, other, text, says));
    if let Some((own, its)) = seen.merged.bytes_per_event.zip(other.merged.bytes_per_event) {
        add(format!("{} an event against {}", bytes(own), bytes(its)), Support::decided(own < its));
    }
    // Lines are the same under each load.
    let is_first = evidence.loads.first().is_some_and(|point| point.load == *seen.load);
    let halves = if is_first { &["client", "server"][..] } else { &[] };
    for (side, half) in halves.iter().enumerate() {
        let [own, its] = [seen, other].map(|seen| seen.row.code_lines[side]);
        add(format!("{half}: {own} lines against {its}"), Support::decided(own < its));
    }
    figures
}

fn source_figure(row: &Row, text: String, says: Support) -> Figure {
    Figure { variant: row.approach.clone(), load: None, trials: None, text, says }
}
