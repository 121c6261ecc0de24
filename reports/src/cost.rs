//! The cost of a delivery: the slope of CPU time over rates. What a second costs without deliveries, such as polls and
//! heartbeats, is apart. At a low rate CPU time per delivery is mostly the price of waking up, not of the approach.

use std::collections::BTreeMap;

use results::{
    format::{self, NONE},
    schema::{Delivery, LoadKey},
    store::Run,
};
use serde::Serialize;
use stats::line::{self, Line};

use crate::{
    merge::Merged,
    rows::{self, LoadPoint, Row},
};

/// Fewest rates for a slope.
pub(crate) const FEWEST_RATES: usize = 3;
/// A rate counts if at least this share of what was due arrived, or if nothing but the wait for a poll held it back.
const CARRIED: f64 = 0.97;
/// A slope below this many standard errors is not told apart from 0.
const TOLD_APART: f64 = 2.0;

/// The rule, as printed below the table.
pub(crate) const RULE: &str = "CPU per extra event: the slope of CPU time over rates, up to the highest that was carried. What a second \
     costs without events is listed apart.";

/// The cost of a delivery at both ends, from several rates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Cost {
    /// At the servers. `None` if they do not report, or with too few rates.
    pub(crate) server: Option<Marginal>,
    /// At the clients. `None` with too few rates.
    pub(crate) client: Option<Marginal>,
    /// Number of rates that were carried.
    pub(crate) rates: usize,
    /// Fewest and most deliveries per second of these.
    pub(crate) deliveries: [f64; 2],
    /// Fewest deliveries per second that were offered and not carried. `None` if every rate was.
    pub(crate) saturated_at: Option<f64>,
}

/// The cost of a delivery at one end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Marginal {
    /// CPU time of one more delivery, in microseconds. `None` if it is not told apart from 0, and for a snapshot, whose
    /// deliveries stop growing when every poll finds a new state.
    pub(crate) us_per_delivery: Option<f64>,
    /// Deliveries per second for which a core has time. `None` without a slope, and for polling approaches.
    pub(crate) deliveries_per_core: Option<f64>,
    /// Cores in use without deliveries, for all clients together.
    pub(crate) idle_cores: f64,
    /// Whether only the newest state is delivered.
    pub(crate) is_snapshot: bool,
}

impl From<Line> for Marginal {
    fn from(line: Line) -> Self {
        let slope = Some(line.slope).filter(|slope| *slope > TOLD_APART * line.slope_error);
        Self {
            us_per_delivery: slope,
            deliveries_per_core: slope.map(|us| 1e6 / us),
            idle_cores: line.fixed / 1e6,
            is_snapshot: false,
        }
    }
}

impl Marginal {
    /// Returns the cost of a snapshot, from what its lowest rate uses, in microseconds per second.
    fn of_snapshot(lowest_us: f64) -> Self {
        Self { us_per_delivery: None, deliveries_per_core: None, idle_cores: lowest_us / 1e6, is_snapshot: true }
    }

    /// Formats the CPU time of a delivery, or says that it cannot be told apart from 0.
    pub(crate) fn text(&self, of: fn(f64) -> String) -> String {
        let without = if self.is_snapshot { NONE } else { "≈ 0" };
        self.us_per_delivery.map_or_else(|| without.to_owned(), of)
    }
}

/// The slopes of one variant under the loads of the table, from the lightest.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The variant.
    pub variant: String,
    /// CPU time of one more delivery at the server and at the client, in microseconds. `None` without a slope.
    pub us_per_delivery: [Option<f64>; 2],
}

/// Returns the slopes of a run, in the order of its table.
#[must_use]
pub fn slopes(run: &Run) -> Vec<Slope> {
    let mut loads = rows::load_points(run);
    attach(run, &mut loads, &rows::further_points(run));
    let of = |row: Row| {
        let cost = row.cost?;
        let us_per_delivery = [cost.server, cost.client].map(|side| side?.us_per_delivery);
        Some(Slope { variant: row.variant, us_per_delivery })
    };
    loads.into_iter().flat_map(|point| point.rows).filter_map(of).collect()
}

/// Adds to each row the cost of its variant, from all loads that differ only in the rate.
pub(crate) fn attach(run: &Run, loads: &mut [LoadPoint], further: &[LoadPoint]) {
    let mut series: BTreeMap<(String, LoadKey), Vec<(&LoadPoint, &Row)>> = BTreeMap::new();
    for point in rows::together(loads, further) {
        for row in &point.rows {
            series.entry((row.variant.clone(), without_rate(point))).or_default().push((point, row));
        }
    }
    let costs: BTreeMap<(String, LoadKey), Cost> =
        series.into_iter().filter_map(|(key, rows)| Some((key, cost(run, &rows)?))).collect();
    for point in loads {
        let key = without_rate(point);
        for row in &mut point.rows {
            row.cost = costs.get(&(row.variant.clone(), key)).cloned();
        }
    }
}

fn without_rate(point: &LoadPoint) -> LoadKey {
    let (counts, _, arrival) = point.load.key();
    (counts, 0, arrival)
}

/// A rate that was carried: deliveries per second, and CPU time at the servers and at the clients, in microseconds per second.
type Carried = (f64, Option<f64>, f64);

/// Computes the cost from the rows of one variant, which come sorted by rate. Returns `None` if too few rates were planned.
fn cost(run: &Run, rows: &[(&LoadPoint, &Row)]) -> Option<Cost> {
    if rows.len() < FEWEST_RATES {
        return None;
    }
    let is_snapshot = run.run.approaches[rows[0].1.order].delivery == Delivery::Snapshot;
    let polls = rows.iter().any(|(_, row)| row.poll_interval_ns.is_some());
    let offered = |point: &LoadPoint| f64::from(point.load.clients) * point.load.events_per_client();
    // Without the lowest rate, the line would begin where waking cores is most of the cost.
    let has_lowest = carried(rows[0].1).is_some();
    let rates: Vec<Carried> = rows.iter().filter_map(|(_, row)| carried(row)).collect();
    let deliveries = [rates.first(), rates.last()].map(|rate| rate.map_or(0.0, |rate| rate.0));
    let side = |of: fn(&Carried) -> Option<f64>| {
        let points: Option<Vec<[f64; 2]>> = rates.iter().map(|rate| Some([rate.0, of(rate)?])).collect();
        let points = points.filter(|_| has_lowest)?;
        if is_snapshot {
            Some(Marginal::of_snapshot(points[0][1]))
        } else {
            line::from_first(&points).map(Marginal::from).map(|cost| Marginal {
                // Polls use the core as well, however many events they find.
                deliveries_per_core: cost.deliveries_per_core.filter(|_| !polls),
                ..cost
            })
        }
    };
    let dropped = rows.iter().filter(|(_, row)| figures(row).is_some() && carried(row).is_none());
    Some(Cost {
        server: side(|(_, server, _)| *server),
        client: side(|(.., client)| Some(*client)),
        rates: rates.len(),
        deliveries,
        saturated_at: dropped.map(|(point, _)| offered(point)).reduce(f64::min),
    })
}

/// Returns the figures of a row. CPU time and counts are right even if a side was so short of CPU time that the latencies are
/// those of a queue.
fn figures(row: &Row) -> Option<&Merged> {
    row.merged.as_ref().or(row.saturated.as_ref().map(|saturated| &saturated.merged))
}

/// Returns the figures of a row whose clients got what was due. Some of what arrives in a window was due before it, and some of
/// what is due arrives after it, so that few arrivals may differ by two standard deviations of a Poisson count.
fn carried(row: &Row) -> Option<Carried> {
    let merged = figures(row)?;
    let a_second = |count: u64| count as f64 / merged.window_seconds.max(1e-9);
    let deliveries = a_second(merged.events.arrived);
    let [due, arrived] = [merged.events.expected, merged.events.arrived].map(|count| count as f64);
    let is_whole = arrived + 2.0 * due.sqrt() >= CARRIED * due;
    let is_carried = is_whole || (row.merged.is_some() && merged.offered_requests.is_some());
    is_carried.then(|| (deliveries, merged.cpu.server_us.map(a_second), a_second(merged.cpu.client_us)))
}

/// Formats cores as a share of one core, or as their number from one on.
pub(crate) fn cores(cores: f64) -> String {
    if cores < 1.0 { format!("{} of a core", format::percent(cores)) } else { format::significant(cores) + " cores" }
}
