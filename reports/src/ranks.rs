//! The halves of the approaches under each single metric of complexity, so that a reader sees where the metrics
//! disagree. Knows approaches by the facts in the run record only.

use complexity::{
    band,
    metrics::{METRICS, Metric},
};
use results::schema::{ApproachFacts, ArticleWords, Complexity};
use serde::Serialize;

use crate::bands::Judged;

/// The clients, or the servers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ranking {
    /// `client` or `server`.
    pub(crate) side: &'static str,
    /// The article's approaches first, then the others, each in the registry's order.
    pub(crate) halves: Vec<Half>,
    /// A sentence; none where fewer than two halves beside the floor were measured.
    pub(crate) disagreement: Option<String>,
}

/// One half of an approach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Half {
    /// Name of the approach.
    pub(crate) approach: String,
    /// Its place among the approaches of the record.
    pub(crate) order: usize,
    /// What the others are compared with.
    pub(crate) floor: bool,
    /// The article's word and the band.
    pub(crate) judged: Judged,
    /// One for each metric, in their order.
    pub(crate) figures: Vec<Figure>,
}

/// A figure, and where it stands among those of the other halves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// Which metric.
    pub(crate) metric: &'static str,
    /// What was measured.
    pub(crate) value: u32,
    /// Halves with less, and one.
    pub(crate) rank: usize,
    /// Halves with as much, itself included.
    pub(crate) sharing: usize,
}

impl Figure {
    /// The rank as a reader sees it.
    pub(crate) fn place(&self) -> String {
        let ending = match (self.rank % 10, self.rank % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        let shared = if self.sharing > 1 { "=" } else { "" };
        format!("{}{ending}{shared}", self.rank)
    }
}

/// Ranks the clients, and the servers.
pub(crate) fn rank(approaches: &[ApproachFacts]) -> [Ranking; 2] {
    [
        ranking("client", approaches, |facts| &facts.client_complexity, |words| &words.client_complexity),
        ranking("server", approaches, |facts| &facts.server_complexity, |words| &words.server_complexity),
    ]
}

fn ranking(
    side: &'static str,
    approaches: &[ApproachFacts],
    measured: fn(&ApproachFacts) -> &Complexity,
    word: fn(&ArticleWords) -> &String,
) -> Ranking {
    let figure = |metric: &Metric, own: &Complexity| {
        let (value, all) = ((metric.of)(own), approaches.iter().map(|facts| (metric.of)(measured(facts))));
        let (rank, sharing) = (all.clone().filter(|other| *other < value), all.filter(|other| *other == value));
        Figure { metric: metric.id, value, rank: 1 + rank.count(), sharing: sharing.count() }
    };
    let half = |(order, facts): (usize, &ApproachFacts)| {
        let own = measured(facts);
        Half {
            approach: facts.name.clone(),
            order,
            floor: facts.floor,
            judged: Judged::new(facts.article.as_ref().map(word).cloned(), Some(band(own))),
            figures: METRICS.iter().map(|metric| figure(metric, own)).collect(),
        }
    };
    let mut halves: Vec<Half> = approaches.iter().enumerate().map(half).collect();
    halves.sort_by_key(|half| approaches[half.order].article.is_none());
    let disagreement = disagreement(side, &halves);
    Ranking { side, halves, disagreement }
}

/// The half that two metrics place furthest apart, by the ranks that are printed; a rank that half of all or more share,
/// as of what most have none of, says nothing of one of them. The floor is no choice, and its crates are what nobody is charged
/// with, so it is left out.
fn disagreement(side: &str, halves: &[Half]) -> Option<String> {
    let mut furthest: Option<(usize, &Half, [usize; 2])> = None;
    for half in halves.iter().filter(|half| !half.floor) {
        for (low, first) in half.figures.iter().enumerate() {
            for (high, second) in half.figures.iter().enumerate() {
                if [first, second].iter().any(|figure| figure.sharing * 2 >= halves.len()) {
                    continue;
                }
                let apart = second.rank.saturating_sub(first.rank);
                if furthest.is_none_or(|(most, ..)| apart > most) {
                    furthest = Some((apart, half, [low, high]));
                }
            }
        }
    }
    let (apart, half, [low, high]) = furthest.filter(|_| halves.len() > 2)?;
    if apart == 0 {
        return Some(format!("Every metric places the {side}s alike."));
    }
    let placed = |metric: usize| format!("{} by {}", half.figures[metric].place(), METRICS[metric].phrase);
    Some(format!(
        "The metrics disagree most on the {side} of {}: of {} it is {}, and {}. A rank that half of them share or more is \
         not taken.",
        half.approach,
        halves.len(),
        placed(low),
        placed(high)
    ))
}
