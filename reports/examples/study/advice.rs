//! How far the model of `advise` is off: it is fitted without one load of a sweep and predicts that load, for each load
//! in turn.

#[cfg(test)]
mod tests;

use anyhow::{Result, bail};
use reports::{
    advice::{At, Candidate, Point, Prediction, candidates, fitted, loads, predict, without},
    describe,
};
use results::{
    format::{self, WIDTH},
    sanitize,
    schema::Load,
    store::Run,
    unique::unique,
};

/// How far the model was off.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Validation {
    /// The run.
    pub(crate) source: String,
    /// Its loads. Each was left out once.
    pub(crate) loads: Vec<String>,
    /// Every figure of every candidate under every load.
    pub(crate) deviations: Vec<Deviation>,
}

/// One figure of one candidate under a load that the model had not seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deviation {
    /// The candidate.
    pub(crate) name: String,
    /// Clients of the load.
    pub(crate) clients: f64,
    /// Its events per second and client.
    pub(crate) events_per_client: f64,
    /// Whether the load lies between others. Otherwise the model extrapolates.
    pub(crate) between: bool,
    /// The figure, with its unit.
    pub(crate) metric: &'static str,
    /// The predicted value.
    pub(crate) predicted: f64,
    /// The measured value.
    pub(crate) measured: f64,
}

impl Deviation {
    /// Returns predicted ÷ measured or its inverse, whichever is above 1.
    fn factor(&self) -> f64 {
        let ratio = self.predicted / self.measured;
        ratio.max(1.0 / ratio)
    }
}

/// A figure that is both predicted and measured.
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

/// Leaves out each load in turn and predicts it from the others.
pub(crate) fn validate(run: &Run) -> Result<Validation> {
    let candidates = candidates(run)?;
    let loads = loads(&candidates);
    if loads.len() < 2 {
        bail!("the run has one load only: take a sweep");
    }
    let mut by_size: Vec<Load> = run.trials.iter().map(|trial| trial.load.without_orders()).collect();
    by_size.sort_by(|a, b| a.clients.cmp(&b.clients).then(a.events_per_second.total_cmp(&b.events_per_second)));
    let described = unique(by_size.iter().map(describe));
    let mut deviations = Vec::new();
    for (clients, events_per_client) in &loads {
        let is_left_out = |point: &Point| (point.clients, point.events_per_client) == (*clients, *events_per_client);
        let rest = without(&candidates, (*clients, *events_per_client));
        let models = fitted(&rest);
        for (candidate, seen) in candidates.iter().zip(&rest) {
            let Some(model) = models.iter().find(|model| model.name == candidate.name) else { continue };
            for point in candidate.points.iter().filter(|point| is_left_out(point)) {
                let prediction = predict(model, &At::from(point), f64::INFINITY);
                deviations.extend(of_point(candidate, seen, point, &prediction));
            }
        }
    }
    Ok(Validation { source: format!("{} of {}", run.run.scenario_name, run.run.started), loads: described, deviations })
}

/// Returns every figure that is above 0 on both sides.
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

/// Renders the largest factor by which the model was off, per candidate and figure, as `docs/validation.md` shows it.
pub(crate) fn render(validation: &Validation) -> String {
    let mut text =
        format!("{}: the model, fitted without a load, against that load\n", sanitize::text(&validation.source));
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
    let names = unique(deviations.iter().map(|one| one.name.as_str()));
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
            0 => sanitize::short(&sanitize::text(name)),
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
