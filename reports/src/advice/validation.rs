//! The model against what was measured: fitted without one load, it predicts that load, for each load in turn.

use results::{
    format::{self, WIDTH},
    plain,
    store::Run,
};
use serde::Serialize;

use super::{
    fit::{AdviceError, fitted, measured, source},
    model::{At, Prediction, predict},
    points::{Candidate, Point},
};
use crate::{headline, rows};

/// How far the model was off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// Run that was taken.
    pub source: String,
    /// Loads of it, each of which was left out once.
    pub loads: Vec<String>,
    /// Each figure of each candidate under each load.
    pub deviations: Vec<Deviation>,
}

/// One figure of one candidate under one load that the model had not seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deviation {
    /// The candidate.
    pub name: String,
    /// Clients of the load.
    pub clients: f64,
    /// Its events a second for each client.
    pub events_per_client: f64,
    /// The load lies between others; otherwise the model had to go beyond what it was fitted to.
    pub between: bool,
    /// The figure, with its unit.
    pub metric: &'static str,
    /// What the model said.
    pub predicted: f64,
    /// What was measured.
    pub measured: f64,
}

impl Deviation {
    /// The prediction over what was measured, or the other way round, whichever is above 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        let ratio = self.predicted / self.measured;
        ratio.max(1.0 / ratio)
    }
}

/// A figure that is predicted and was measured.
struct Metric {
    name: &'static str,
    heading: [&'static str; 2],
    predicted: fn(&Prediction) -> Option<f64>,
    measured: fn(&Point) -> Option<f64>,
}

const METRICS: [Metric; 9] = [
    Metric {
        name: "requests_per_second",
        heading: ["requests", "/s"],
        predicted: |it| it.requests_per_second,
        measured: |it| Some(it.exchanges),
    },
    Metric {
        name: "empty_share",
        heading: ["empty", "share"],
        predicted: |it| it.empty_share,
        measured: |it| Some(it.empty_share),
    },
    Metric {
        name: "bytes_per_second",
        heading: ["bytes", "/s"],
        predicted: |it| it.bytes_per_second,
        measured: |it| Some(it.bytes),
    },
    Metric {
        name: "server_cores",
        heading: ["CPU", "server"],
        predicted: |it| it.server_cores,
        measured: |it| Some(it.server_us / 1e6),
    },
    Metric {
        name: "client_cores",
        heading: ["CPU", "client"],
        predicted: |it| it.client_cores,
        measured: |it| Some(it.client_us / 1e6),
    },
    Metric {
        name: "server_memory_bytes",
        heading: ["memory", "server"],
        predicted: |it| Some(it.server_memory_bytes),
        measured: |it| Some(it.server_memory),
    },
    Metric {
        name: "client_memory_bytes",
        heading: ["memory", "client"],
        predicted: |it| Some(it.client_memory_bytes),
        measured: |it| Some(it.client_memory),
    },
    Metric { name: "p50_ns", heading: ["latency", "p50"], predicted: |it| it.p50_ns, measured: |it| it.p50_ns },
    Metric { name: "p99_ns", heading: ["latency", "p99"], predicted: |it| it.p99_ns, measured: |it| it.p99_ns },
];

/// Leaves out each load in turn, and predicts it from the others.
///
/// # Errors
/// The run measures nothing, or has one load only.
pub fn validate(run: &Run) -> Result<Validation, AdviceError> {
    let load_points = rows::load_points(run);
    let candidates = measured(run, &load_points)?;
    let mut loads: Vec<(f64, f64)> = Vec::new();
    for point in candidates.iter().flat_map(|candidate| &candidate.points) {
        if !loads.contains(&(point.clients, point.events_per_client)) {
            loads.push((point.clients, point.events_per_client));
        }
    }
    if loads.len() < 2 {
        return Err(AdviceError::OneLoad);
    }
    loads.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut deviations = Vec::new();
    for (clients, events_per_client) in &loads {
        let is_left_out = |point: &Point| (point.clients, point.events_per_client) == (*clients, *events_per_client);
        let rest: Vec<Candidate> = candidates
            .iter()
            .map(|candidate| {
                let points = candidate.points.iter().filter(|point| !is_left_out(point)).copied().collect();
                Candidate { points, ..candidate.clone() }
            })
            .collect();
        let models = fitted(&rest);
        for (candidate, seen) in candidates.iter().zip(&rest) {
            let Some(model) = models.iter().find(|model| model.name == candidate.name) else { continue };
            for point in candidate.points.iter().filter(|point| is_left_out(point)) {
                let prediction = predict(model, &at(point), f64::INFINITY);
                deviations.extend(of_point(candidate, seen, point, &prediction));
            }
        }
    }
    Ok(Validation {
        source: source(run),
        loads: load_points.iter().map(|point| headline::describe(&point.load)).collect(),
        deviations,
    })
}

fn at(point: &Point) -> At {
    At {
        clients: point.clients,
        events_per_client: point.events_per_client,
        symbols: point.symbols,
        payload_bytes: point.payload_bytes,
        interval_s: point.interval_s,
    }
}

/// Every figure that is above 0 on both sides.
fn of_point<'a>(
    candidate: &'a Candidate,
    seen: &'a Candidate,
    point: &'a Point,
    prediction: &'a Prediction,
) -> impl Iterator<Item = Deviation> + 'a {
    let size = |point: &Point| point.clients * point.events_per_client;
    let between = seen.points.iter().any(|other| size(other) < size(point))
        && seen.points.iter().any(|other| size(other) > size(point));
    METRICS.iter().filter_map(move |metric| {
        let predicted = (metric.predicted)(prediction).filter(|value| *value > 0.0)?;
        let measured = (metric.measured)(point).filter(|value| *value > 0.0)?;
        Some(Deviation {
            name: candidate.name.clone(),
            clients: point.clients,
            events_per_client: point.events_per_client,
            between,
            metric: metric.name,
            predicted,
            measured,
        })
    })
}

/// The validation as text: for each candidate and figure the factor by which the model was off, at most.
#[must_use]
pub fn render(validation: &Validation) -> String {
    let mut text =
        format!("{}: the model, fitted without a load, against that load\n", plain::text(&validation.source));
    text += &format::wrapped(&format!("loads: {}", validation.loads.join("; ")), WIDTH, "", "  ");
    let between = "Loads between others: by what factor the model was off, at most";
    let beyond = "The least and the largest load: by what factor the model was off, at most, beyond what it had seen";
    for (title, is_between) in [(between, true), (beyond, false)] {
        let of: Vec<&Deviation> = validation.deviations.iter().filter(|one| one.between == is_between).collect();
        if !of.is_empty() {
            text += &format!("\n{title}\n{}", table(&of));
        }
    }
    text.trim_end().to_owned()
}

fn table(deviations: &[&Deviation]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for one in deviations {
        if !names.contains(&one.name.as_str()) {
            names.push(&one.name);
        }
    }
    let heading = |line: usize| -> [String; METRICS.len() + 1] {
        std::array::from_fn(|column| match column {
            0 => ["approach", ""][line].to_owned(),
            _ => METRICS[column - 1].heading[line].to_owned(),
        })
    };
    let mut lines = vec![heading(0), heading(1)];
    let factors = |name: Option<&str>, metric: &str| -> Vec<f64> {
        let of = deviations.iter().filter(|one| name.is_none_or(|name| name == one.name) && one.metric == metric);
        let mut factors: Vec<f64> = of.map(|one| one.factor()).collect();
        factors.sort_by(f64::total_cmp);
        factors
    };
    let said = |factor: Option<f64>| format::or_none(factor, |factor| format!("×{}", format::significant(factor)));
    for name in names {
        lines.push(std::array::from_fn(|column| match column {
            0 => plain::short(&plain::text(name)),
            _ => said(factors(Some(name), METRICS[column - 1].name).last().copied()),
        }));
    }
    lines.push(std::array::from_fn(|column| match column {
        0 => "median of all".to_owned(),
        _ => {
            let all = factors(None, METRICS[column - 1].name);
            said(all.get(all.len() / 2).copied())
        }
    }));
    format::aligned(&lines, 2, WIDTH)
}
