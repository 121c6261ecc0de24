//! Ranks the halves of the approaches by each metric of complexity, which shows where the metrics disagree.

use complexity::{
    band,
    metrics::{METRICS, Metric},
};
use results::schema::{ApproachFacts, ArticleWords, Complexity};
use serde::Serialize;

use crate::bands::Judged;

/// The ranking of clients or servers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ranking {
    /// `client` or `server`.
    pub(crate) side: &'static str,
    /// The halves: the article's approaches first, then the others, each in the order of the registry.
    pub(crate) halves: Vec<Half>,
    /// A sentence. `None` if fewer than two halves besides the floor were measured.
    pub(crate) disagreement: Option<String>,
}

/// One half of an approach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Half {
    /// Name of the approach.
    pub(crate) approach: String,
    /// Its position among the approaches of the record.
    pub(crate) order: usize,
    /// Whether it is the floor.
    pub(crate) floor: bool,
    /// The article's word and the measured band.
    pub(crate) judged: Judged,
    /// One figure per metric.
    pub(crate) figures: Vec<Figure>,
}

/// A figure with its rank among the halves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// The metric.
    pub(crate) metric: &'static str,
    /// The value.
    pub(crate) value: u32,
    /// The rank: 1 plus the number of halves with less.
    pub(crate) rank: usize,
    /// Number of halves with the same value, itself included.
    pub(crate) sharing: usize,
}

impl Figure {
    /// Formats the rank.
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

/// Ranks the clients and the servers.
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

/// Describes the half that two metrics rank most differently. A rank that at least half of all share does not count.
/// The floor is left out, because it is not a choice.
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
        "The metrics disagree most on the {side} of {}: of {} it is {}, and {}. Ranks shared by half of them or more are \
         left out.",
        half.approach,
        halves.len(),
        placed(low),
        placed(high)
    ))
}
