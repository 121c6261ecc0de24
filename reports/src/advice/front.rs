//! Ranks candidates: the Pareto front, dominated candidates, excluded candidates.

use serde::Serialize;

use super::{
    filters::{self, Reason},
    model::{At, Model, Models, Prediction, predict},
    need::Need,
};

/// A value within this factor is no worse.
pub(super) const NO_WORSE: f64 = 1.1;
/// A value that is smaller by this factor is better.
pub(super) const BETTER: f64 = 1.5;
/// Scores within this factor of the best one count as equal.
pub(super) const CLOSE: f64 = 1.25;
/// Differences below these values do not matter: cores, bytes per second, bytes of memory, lines.
pub(super) const IMMATERIAL: [f64; 4] = [0.01, 1e3, 1e6, 1.0];

/// A candidate with its rank.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// Name of the approach, with given settings after a slash.
    pub name: String,
    /// Position in the registry.
    pub order: usize,
    /// Its standing.
    #[serde(flatten)]
    pub standing: Standing,
    /// Geometric mean of four costs relative to the best of the front. `None` if it is excluded.
    pub score: Option<f64>,
    /// Lines of code of both halves, or of the server if clients are browsers.
    pub lines: f64,
    /// The prediction.
    pub prediction: Prediction,
}

/// The standing of a candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Recommended: it has the best score.
    Recommended,
    /// On the front, and equal to the recommended one within the accuracy of the model.
    Close,
    /// On the front: no other dominates it.
    Front,
    /// Dominated: another is no worse in anything and better in something.
    Dominated {
        /// The other candidate.
        by: String,
    },
    /// Excluded.
    Excluded {
        /// The reasons.
        reasons: Vec<Reason>,
    },
}

/// Ranks all candidates, the recommended one first.
pub(super) fn choices(models: &Models, need: &Need) -> Vec<Choice> {
    let judged = judged(models, need);
    let mut choices: Vec<(u8, Choice)> = models
        .models
        .iter()
        .zip(judged)
        .map(|(model, (prediction, place))| {
            let (rank, standing, score) = match place {
                Place::Excluded(reasons) => (3, Standing::Excluded { reasons }, None),
                Place::Dominated(by, score) => {
                    (2, Standing::Dominated { by: models.models[by].name.clone() }, Some(score))
                }
                Place::Front(score) => (1, Standing::Front, Some(score)),
            };
            let (name, order, lines) = (model.name.clone(), model.order, lines(model, need));
            (rank, Choice { name, order, standing, score, lines, prediction })
        })
        .collect();
    let best = best(models, need);
    for (index, (_, choice)) in choices.iter_mut().enumerate() {
        if let Some(place) = best.close.iter().position(|close| *close == index) {
            choice.standing = if place == 0 { Standing::Recommended } else { Standing::Close };
        }
    }
    // The candidates that count as equal come first, in their order.
    let place = |index: usize| best.close.iter().position(|close| *close == index).unwrap_or(usize::MAX);
    let mut ordered: Vec<(usize, (u8, Choice))> = choices.into_iter().enumerate().collect();
    ordered.sort_by(|(index_a, (rank_a, a)), (index_b, (rank_b, b))| {
        let scores = a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0));
        place(*index_a).cmp(&place(*index_b)).then(rank_a.cmp(rank_b)).then(scores).then(a.order.cmp(&b.order))
    });
    ordered.into_iter().map(|(_, (_, choice))| choice).collect()
}

/// The best candidates for a need.
pub(super) struct Best {
    /// The recommended candidate. `None` if all are excluded.
    pub(super) first: Option<usize>,
    /// The recommended candidate and those that count as equal, by their scores. What exists for browsers comes last if none is
    /// involved.
    pub(super) close: Vec<usize>,
}

/// Returns the best candidates for a need.
pub(super) fn best(models: &Models, need: &Need) -> Best {
    let on_front = judged(models, need).into_iter().enumerate().filter_map(|(index, (_, place))| match place {
        Place::Front(score) => Some((score, models.models[index].order, index)),
        Place::Dominated(..) | Place::Excluded(_) => None,
    });
    let mut close: Vec<(f64, usize, usize)> = on_front.collect();
    let alien = |index: usize| models.models[index].for_browsers && !need.browser;
    let least_of = |is_alien: bool| {
        let scores = close.iter().filter(|(.., index)| alien(*index) == is_alien).map(|(score, ..)| *score);
        scores.fold(f64::INFINITY, f64::min)
    };
    // What exists for browsers decides who is equal only if it wins by more than the error of the model.
    let (own, others) = (least_of(false), least_of(true));
    let least = if others * CLOSE < own { others } else { own };
    close.retain(|(score, ..)| *score <= least * CLOSE);
    close.sort_by(|(score_a, order_a, a), (score_b, order_b, b)| {
        alien(*a).cmp(&alien(*b)).then(score_a.total_cmp(score_b)).then(order_a.cmp(order_b))
    });
    let close: Vec<usize> = close.into_iter().map(|(.., index)| index).collect();
    Best { first: close.first().copied(), close }
}

/// Predicts a candidate for this need.
pub(super) fn prediction(model: &Model, need: &Need, cores: f64) -> Prediction {
    let at = At {
        clients: need.clients,
        events_per_client: need.events_per_client,
        symbols: 1.0,
        payload_bytes: need.payload_bytes,
        interval_s: model.interval_within(need.staleness_ms, need.clients * need.events_per_client),
    };
    predict(model, &at, cores)
}

enum Place {
    Front(f64),
    /// The dominating candidate, and the score.
    Dominated(usize, f64),
    Excluded(Vec<Reason>),
}

fn judged(models: &Models, need: &Need) -> Vec<(Prediction, Place)> {
    let predictions: Vec<Prediction> =
        models.models.iter().map(|model| prediction(model, need, models.cores)).collect();
    let reasons: Vec<Vec<Reason>> = models
        .models
        .iter()
        .zip(&predictions)
        .map(|(model, prediction)| filters::reasons(model, need, prediction))
        .collect();
    let possible: Vec<usize> = (0..predictions.len()).filter(|index| reasons[*index].is_empty()).collect();
    let measures: Vec<[f64; 5]> =
        models.models.iter().zip(&predictions).map(|(model, prediction)| measures(model, need, prediction)).collect();
    let mut dominated: Vec<Option<usize>> = vec![None; predictions.len()];
    for index in &possible {
        dominated[*index] = possible.iter().copied().find(|other| dominates(&measures[*other], &measures[*index]));
    }
    // With the tolerance, candidates may dominate each other in a circle. Then none is dominated.
    if possible.iter().all(|index| dominated[*index].is_some()) {
        dominated.fill(None);
    }
    let on_front = possible.iter().filter(|index| dominated[**index].is_none());
    let least: [f64; 4] = std::array::from_fn(|cost| {
        on_front.clone().map(|index| measures[*index][cost + 1]).fold(f64::INFINITY, f64::min)
    });
    let score =
        |index: usize| (0..4).map(|cost| (measures[index][cost + 1] / least[cost]).ln()).sum::<f64>().exp().powf(0.25);
    let places: Vec<Place> = reasons
        .into_iter()
        .enumerate()
        .map(|(index, reasons)| match dominated[index] {
            _ if !reasons.is_empty() => Place::Excluded(reasons),
            Some(by) => Place::Dominated(by, score(index)),
            None => Place::Front(score(index)),
        })
        .collect();
    predictions.into_iter().zip(places).collect()
}

/// Returns the p99 and the four costs, raised to the smallest values that matter. Candidates without a p99 are
/// excluded before.
fn measures(model: &Model, need: &Need, prediction: &Prediction) -> [f64; 5] {
    let [cores, bytes] = [prediction.server_cores, prediction.bytes_per_second].map(|cost| cost.unwrap_or(0.0));
    let costs = [cores, bytes, prediction.server_memory_bytes, lines(model, need)];
    let costs: [f64; 4] = std::array::from_fn(|cost| costs[cost].max(IMMATERIAL[cost]));
    [prediction.p99_ns.unwrap_or(0.0), costs[0], costs[1], costs[2], costs[3]]
}

/// Returns the lines of code of both halves. A browser has the client already, so that only the server counts.
fn lines(model: &Model, need: &Need) -> f64 {
    let [client, server] = model.lines;
    if need.browser { server } else { client + server }
}

fn dominates(other: &[f64; 5], own: &[f64; 5]) -> bool {
    let mut both = other.iter().zip(own);
    let mut again = both.clone();
    both.all(|(other, own)| *other <= own * NO_WORSE) && again.any(|(other, own)| other * BETTER <= *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dominating_means_never_worse_and_once_better() {
        let one = [1.0, 1.0, 1.0, 1.0, 1.0];
        assert!(!dominates(&one, &one));
        assert!(dominates(&one, &[1.0, 1.0, 1.0, 1.0, 1.5]));
        assert!(!dominates(&one, &[1.0, 1.0, 1.0, 1.0, 1.4]), "a difference of less than half does not count");
        assert!(dominates(&[1.0, 1.1, 1.0, 1.0, 1.0], &[1.5, 1.0, 1.0, 1.0, 1.0]), "a tenth more is not worse");
        assert!(!dominates(&[1.0, 1.2, 1.0, 1.0, 1.0], &[1.5, 1.0, 1.0, 1.0, 1.0]));
    }
}
