//! The encoding told from the protocol: main effects of a run that has every protocol with JSON and with protobuf.
//!
//! All effects are ratios within a round, so they are compared by the one rule of [`crate::difference`].

use std::collections::BTreeMap;

use results::{
    format::{self, or_none},
    sanitize,
    schema::Encoding,
};
use serde::Serialize;

use crate::{
    difference::{self, Difference},
    merge::RoundFigures,
    rows::{LoadPoint, Row},
};

/// Fewest protocols with both encodings.
const FEWEST_PROTOCOLS: usize = 2;

/// A figure that is compared, with its name.
type Figure = (&'static str, fn(&RoundFigures) -> Option<f64>);

const FIGURES: [Figure; 4] = [
    ("bytes per event", |round| round.bytes_per_event),
    ("server CPU", |round| round.server_us_per_event),
    ("client CPU", |round| round.client_us_per_event),
    ("latency p50", |round| round.latency_ns.p50.map(|p50| p50 as f64)),
];

/// The headings of a table, the first column apart.
pub(crate) const HEADINGS: [&str; 4] = [FIGURES[0].0, FIGURES[1].0, FIGURES[2].0, FIGURES[3].0];

/// How the table is to be read.
pub(crate) const RULE: &str = "Protobuf ÷ JSON: the mean over the protocols, as a ratio. A protocol: its mean over both encodings, \
     divided by that of all protocols. In brackets: the 99 % interval over rounds; ≈: the ratio is not told apart from 1. Beyond: \
     by what factor the ratio of a protocol's encodings differs from the mean ratio; without an interaction it is 1.";

/// The effects under one load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Factorial {
    /// The load, in words.
    pub(crate) load: String,
    /// The encoding, then the protocols, then the interactions.
    pub(crate) effects: Vec<Effect>,
}

/// One effect, as a ratio, on each figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Effect {
    /// What is compared.
    pub(crate) name: String,
    /// The ratios, in the order of [`HEADINGS`]. `None` if a variant lacks the figure.
    pub(crate) ratios: Vec<Option<Difference>>,
}

/// A protocol with the rows of both encodings.
struct Protocol<'a> {
    name: &'a str,
    /// JSON, then protobuf.
    rows: [&'a Row; 2],
}

/// Computes the effects under every load that has at least two protocols with both encodings.
pub(crate) fn factorials(loads: &[LoadPoint]) -> Vec<Factorial> {
    let of = |point: &LoadPoint| {
        let protocols = protocols(point);
        (protocols.len() >= FEWEST_PROTOCOLS)
            .then(|| Factorial { load: crate::describe(&point.load), effects: effects(&protocols) })
    };
    loads.iter().filter_map(of).collect()
}

/// Returns the approaches whose variants differ in the encoding and in nothing else.
fn protocols<'a>(point: &'a LoadPoint) -> Vec<Protocol<'a>> {
    let mut pairs: BTreeMap<usize, Vec<(Encoding, &Row)>> = BTreeMap::new();
    for row in point.rows.iter().filter(|row| row.merged.is_some()) {
        pairs.entry(row.order).or_default().extend(row.encoding.map(|encoding| (encoding, row)));
    }
    let of = |mut rows: Vec<(Encoding, &'a Row)>| {
        rows.sort_by_key(|(encoding, _)| *encoding);
        match rows[..] {
            [(Encoding::Json, json), (Encoding::Protobuf, protobuf)] => {
                Some(Protocol { name: &json.approach, rows: [json, protobuf] })
            }
            _ => None,
        }
    };
    pairs.into_values().filter_map(of).collect()
}

fn effects(protocols: &[Protocol<'_>]) -> Vec<Effect> {
    let effect = |name: String, of: &dyn Fn(&Logarithms) -> [f64; 2]| Effect {
        name,
        ratios: FIGURES.iter().map(|(_, figure)| ratio(&logarithms(protocols, *figure), of)).collect(),
    };
    let mut effects = vec![effect("protobuf ÷ JSON".to_owned(), &|all| {
        [mean(all.iter().map(|cell| cell[1])), mean(all.iter().map(|cell| cell[0]))]
    })];
    for (index, protocol) in protocols.iter().enumerate() {
        effects.push(effect(protocol.name.to_owned(), &|all| {
            [mean(all[index].into_iter()), mean(all.iter().flatten().copied())]
        }));
    }
    for (index, protocol) in protocols.iter().enumerate() {
        effects.push(effect(format!("beyond, {}", protocol.name), &|all| {
            [all[index][1] - all[index][0], mean(all.iter().map(|cell| cell[1] - cell[0]))]
        }));
    }
    effects
}

/// The logarithms of a figure in one round: JSON and protobuf of each protocol.
type Logarithms = Vec<[f64; 2]>;

/// Returns the logarithms of the rounds in which every variant has the figure.
fn logarithms(protocols: &[Protocol<'_>], figure: fn(&RoundFigures) -> Option<f64>) -> BTreeMap<u32, Logarithms> {
    let mut rounds: BTreeMap<u32, Logarithms> = BTreeMap::new();
    for protocol in protocols {
        let [json, protobuf] = protocol.rows.map(|row| {
            let merged = row.merged.as_ref().expect("rows without figures were left out");
            difference::rounds(merged, figure).into_iter().collect::<BTreeMap<u32, f64>>()
        });
        for (round, value) in json {
            let both =
                protobuf.get(&round).map(|other| [value, *other]).filter(|both| both.iter().all(|one| *one > 0.0));
            rounds.entry(round).or_default().extend(both.map(|both| both.map(f64::ln)));
        }
    }
    rounds.retain(|_, cells| cells.len() == protocols.len());
    rounds
}

/// Compares both sides of an effect over the rounds.
fn ratio(rounds: &BTreeMap<u32, Logarithms>, of: &dyn Fn(&Logarithms) -> [f64; 2]) -> Option<Difference> {
    let side = |side: usize| -> Vec<(u32, f64)> {
        rounds.iter().map(|(round, cells)| (*round, of(cells)[side].exp())).collect()
    };
    Difference::between(&side(0), &side(1))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// Formats a ratio with its interval, and marks one that is not told apart from 1.
pub(crate) fn text(ratio: &Difference) -> String {
    let mark = if ratio.interval.is_some() && ratio.shown().is_none() { "≈ " } else { "" };
    let interval = ratio.interval.map_or_else(String::new, |interval| format!(" [{}]", format::ratios(interval)));
    format!("{mark}{}{interval}", format::significant(ratio.ratio))
}

/// Renders the tables for the terminal. The text is empty without one.
pub(crate) fn render(factorials: &[Factorial], width: usize) -> String {
    let mut said = String::new();
    for factorial in factorials {
        let mut lines = vec![["ratio", HEADINGS[0], HEADINGS[1], HEADINGS[2], HEADINGS[3]].map(str::to_owned)];
        lines.extend(factorial.effects.iter().map(|effect| {
            std::array::from_fn(|column| match column {
                0 => sanitize::text(&effect.name),
                _ => or_none(effect.ratios[column - 1].as_ref(), text),
            })
        }));
        let title = format!("Encoding and protocol apart, with {}", factorial.load);
        said += &format!("\n{title}\n{}", format::aligned(&lines, 1, width));
    }
    if said.is_empty() { said } else { said + &format::wrapped(RULE, width, "", "  ") + "\n" }
}
