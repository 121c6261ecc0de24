//! By what factor the model is off: each load is left out in turn, predicted from the others, and compared.

use super::{
    fit::fitted,
    model::{At, predict},
    points::{Candidate, Point},
};

/// Most loads that are left out in turn.
const MOST_LOADS: usize = 20;

impl From<&Point> for At {
    fn from(point: &Point) -> Self {
        Self {
            clients: point.clients,
            events_per_client: point.events_per_client,
            symbols: point.symbols,
            payload_bytes: point.payload_bytes,
            interval_s: point.interval_s,
        }
    }
}

/// Returns the candidates without the points of one load: clients, and events per second and client.
#[must_use]
pub fn without(candidates: &[Candidate], load: (f64, f64)) -> Vec<Candidate> {
    let rest = |candidate: &Candidate| {
        let points = candidate.points.iter().filter(|point| (point.clients, point.events_per_client) != load);
        Candidate { points: points.copied().collect(), ..candidate.clone() }
    };
    candidates.iter().map(rest).collect()
}

/// Returns the typical factor of each candidate in CPU time of the server: e to the root of the mean square of the logarithms.
/// `None` with fewer than three loads, because two fit any line.
pub(super) fn of_cpu(candidates: &[Candidate]) -> Vec<Option<f64>> {
    let mut squares: Vec<Vec<f64>> = vec![Vec::new(); candidates.len()];
    let loads = loads(candidates);
    for load in loads.iter().step_by(loads.len().div_ceil(MOST_LOADS).max(1)).copied() {
        let rest = without(candidates, load);
        let models = fitted(&rest);
        for (candidate, squares) in candidates.iter().zip(&mut squares) {
            let point = candidate.points.iter().find(|point| (point.clients, point.events_per_client) == load);
            let model = models.iter().find(|model| model.name == candidate.name);
            let Some((point, model)) = point.zip(model) else { continue };
            let predicted = predict(model, &At::from(point), f64::INFINITY).server_cores.unwrap_or(0.0);
            let measured = point.server_us / 1e6;
            if predicted > 0.0 && measured > 0.0 {
                squares.push((predicted / measured).ln().powi(2));
            }
        }
    }
    let typical = |squares: &Vec<f64>| {
        (squares.len() > 2).then(|| (squares.iter().sum::<f64>() / squares.len() as f64).sqrt().exp())
    };
    squares.iter().map(typical).collect()
}

/// Returns the loads of all candidates, from the fewest clients: clients, and events per second and client.
#[must_use]
pub fn loads(candidates: &[Candidate]) -> Vec<(f64, f64)> {
    let points = candidates.iter().flat_map(|candidate| &candidate.points);
    let mut loads: Vec<(f64, f64)> = points.map(|point| (point.clients, point.events_per_client)).collect();
    loads.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    loads.dedup();
    loads
}
