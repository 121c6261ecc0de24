//! What a delivery costs: the slope of CPU time over rates at both ends, and CPU time per delivery against the rate.

use results::format::{self, or_none};

use super::{
    canvas::style,
    markup::{self, Cell},
    quantities, sweep_chart,
};
use crate::{
    cost::{Cost, Marginal, RULE, cores},
    report::Report,
    rows::{self, LoadPoint},
    sweep,
};

const TITLE: &str = "What a delivery costs";
const HEADINGS: [&str; 5] =
    ["Approach", "One more delivery", "Deliveries per second and core", "Without events", "Measured up to"];

/// Renders the table and the charts, if the run has further rates. The text is empty otherwise.
pub(super) fn figures(report: &Report) -> String {
    if report.further.is_empty() {
        return String::new();
    }
    let mut html = String::new();
    let all = rows::together(&report.loads, &report.further);
    for sweep in sweep::sweeps(all).iter().filter(|sweep| sweep.axis.name == sweep::RATE) {
        let charts = quantities::PROCESSORS.iter().map(|quantity| sweep_chart::figure(sweep, quantity));
        html += &format!("<div class=\"board\">{}</div>\n", charts.collect::<String>());
    }
    let tables: String = report.loads.iter().map(table).collect();
    tables + &html
}

fn table(point: &LoadPoint) -> String {
    let rows: Vec<Vec<Cell>> = point
        .rows
        .iter()
        .filter_map(|row| Some((row, row.cost.as_ref()?)))
        .map(|(row, cost)| [vec![markup::name(style(row), &row.variant, "")], cells(cost)].concat())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let title = format!("{TITLE}: {} clients", format::count(point.load.clients.into()));
    let table = markup::table("figures cost", &title, &HEADINGS, &rows);
    let caption = format!(
        "{RULE} ≈ 0: not told apart from 0. –: fewer than three valid rates, the lowest is not valid, or a snapshot, whose deliveries stop growing when every poll finds a new state."
    );
    markup::figure(&title, &caption, &table)
}

fn cells(cost: &Cost) -> Vec<Cell> {
    let sides = |text: fn(Marginal) -> String, order: fn(Marginal) -> Option<f64>| {
        markup::two_sides(
            [cost.server, cost.client].map(|side| or_none(side, text)),
            cost.server.zip(cost.client).and_then(|(server, client)| Some(order(server)? + order(client)?)),
        )
    };
    let rate = |rate: f64| format!("{} a second", format::significant(rate));
    let saturated =
        cost.saturated_at.map_or_else(String::new, |at| format!(" <small>not carried: {}</small>", rate(at)));
    vec![
        sides(|side| side.text(format::processor_time), |side| side.us_per_delivery),
        sides(|side| or_none(side.deliveries_per_core, format::significant), |side| side.deliveries_per_core),
        sides(|side| cores(side.idle_cores), |side| Some(side.idle_cores)),
        Cell::html(format!("{}{saturated}", rate(cost.deliveries[1])), Some(cost.deliveries[1])),
    ]
}
