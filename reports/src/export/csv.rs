//! One line per variant and load: plain numbers with units in the headings, and an empty cell if there is no figure. The
//! lines of several runs form one series per variant, which a change-point tool can read.
//!
//! RFC 4180. Text that a spreadsheet would treat as a formula gets an apostrophe in front.

use std::fmt::Display;

use results::{sanitize, theory};

use crate::{
    cost::Cost,
    merge::Merged,
    report::Report,
    rows::{LoadPoint, Row},
};

/// A heading and the function for its cells.
type Column = (&'static str, fn(&LoadPoint, &Row) -> Cell);

/// One cell.
enum Cell {
    Text(String),
    Number(String),
}

/// Columns that name the run of a line, if there are several runs.
const RUN: [&str; 4] = ["run", "scenario", "started", "git_revision"];

const LOAD: [Column; 6] = [
    ("clients", |point, _| number(Some(point.load.clients))),
    ("symbols", |point, _| number(Some(point.load.symbols))),
    ("symbols_per_client", |point, _| number(Some(point.load.symbols_per_client))),
    ("events_per_second", |point, _| number(Some(point.load.events_per_second))),
    ("payload_bytes", |point, _| number(Some(point.load.payload_bytes))),
    ("arrival", |point, _| text(&point.load.arrival.to_string())),
];

const NAMES: [Column; 11] = [
    ("approach", |_, row| text(&row.approach)),
    ("variant", |_, row| text(&row.variant)),
    ("article_label", |_, row| text(row.label.as_deref().unwrap_or_default())),
    ("floor", |_, row| text(word(row.floor))),
    ("trials_valid", |_, row| number(Some(row.trials.valid))),
    ("trials_invalid", |_, row| number(Some(row.trials.invalid))),
    ("trials_failed", |_, row| number(Some(row.trials.failed))),
    ("overloaded", |_, row| text(word(row.overloaded))),
    ("saturated_side", |_, row| text(&row.saturated.as_ref().map_or(String::new(), |one| one.side.to_string()))),
    ("client_code_lines", |_, row| number(Some(row.code_lines[0]))),
    ("server_code_lines", |_, row| number(Some(row.code_lines[1]))),
];

const LATENCY: [Column; 16] = [
    ("window_seconds", |_, row| figure(row, |merged| Some(merged.window_seconds))),
    ("latency_count", |_, row| figure(row, |merged| Some(merged.latency_ns.count))),
    ("latency_min_ns", |_, row| figure(row, |merged| merged.latency_ns.min)),
    ("latency_mean_ns", |_, row| figure(row, |merged| merged.latency_ns.mean)),
    ("latency_p50_ns", |_, row| figure(row, |merged| merged.latency_ns.p50)),
    ("latency_p90_ns", |_, row| figure(row, |merged| merged.latency_ns.p90)),
    ("latency_p99_ns", |_, row| figure(row, |merged| merged.latency_ns.p99)),
    ("latency_p999_ns", |_, row| figure(row, |merged| merged.latency_ns.p999)),
    ("latency_max_ns", |_, row| figure(row, |merged| merged.latency_ns.max)),
    ("rounds_p50_low_ns", |_, row| figure(row, |merged| merged.interval_over_rounds_ns.map(|[low, _]| low))),
    ("rounds_p50_high_ns", |_, row| figure(row, |merged| merged.interval_over_rounds_ns.map(|[_, high]| high))),
    ("round_spread_factor", |_, row| figure(row, |merged| merged.round_spread)),
    ("times_floor", |_, row| number(row.times_floor)),
    ("times_floor_low", |_, row| number(row.times_floor_interval.map(|[low, _]| low))),
    ("times_floor_high", |_, row| number(row.times_floor_interval.map(|[_, high]| high))),
    ("least_detectable_ratio", |_, row| number(row.least_detectable_ratio)),
];

const COUNTS: [Column; 17] = [
    ("events_expected", |_, row| figure(row, |merged| Some(merged.events.expected))),
    ("events_delivered", |_, row| figure(row, |merged| Some(merged.events.delivered))),
    ("events_missed", |_, row| figure(row, |merged| Some(merged.events.missed))),
    ("events_duplicate", |_, row| figure(row, |merged| Some(merged.events.duplicate))),
    ("events_reordered", |_, row| figure(row, |merged| Some(merged.events.reordered))),
    ("events_corrupt", |_, row| figure(row, |merged| Some(merged.events.corrupt))),
    ("events_coalesced", |_, row| figure(row, |merged| Some(merged.events.coalesced))),
    ("events_arrived", |_, row| figure(row, |merged| Some(merged.events.arrived))),
    ("responses", |_, row| figure(row, |merged| Some(merged.responses.total))),
    ("responses_empty", |_, row| figure(row, |merged| Some(merged.responses.empty))),
    ("responses_not_modified", |_, row| figure(row, |merged| Some(merged.responses.not_modified))),
    ("responses_timed_out", |_, row| figure(row, |merged| Some(merged.responses.timed_out))),
    ("empty_share", |_, row| figure(row, |merged| merged.empty_share)),
    ("empty_share_in_theory", |_, row| figure(row, |merged| Some(theory::expected(&merged.responses)?.probability))),
    ("requests", |_, row| figure(row, |merged| Some(merged.requests))),
    ("connections_opened", |_, row| figure(row, |merged| merged.connections_opened)),
    ("reconnects", |_, row| figure(row, |merged| Some(merged.reconnects))),
];

const COSTS: [Column; 13] = [
    ("client_to_server_bytes", |_, row| figure(row, |merged| Some(merged.wire?.client_to_server_bytes))),
    ("server_to_client_bytes", |_, row| figure(row, |merged| Some(merged.wire?.server_to_client_bytes))),
    ("bytes_per_event", |_, row| figure(row, |merged| merged.bytes_per_event)),
    ("server_cpu_us_per_event", |_, row| figure(row, |merged| merged.cpu.server_us_per_event)),
    ("client_cpu_us_per_event", |_, row| figure(row, |merged| merged.cpu.client_us_per_event)),
    ("server_cpu_us_per_delivery_slope", |_, row| marginal(row, |cost| cost.server?.us_per_delivery)),
    ("client_cpu_us_per_delivery_slope", |_, row| marginal(row, |cost| cost.client?.us_per_delivery)),
    ("server_idle_cores", |_, row| marginal(row, |cost| Some(cost.server?.idle_cores))),
    ("client_idle_cores", |_, row| marginal(row, |cost| Some(cost.client?.idle_cores))),
    ("latency_p50_awake_ns", |_, row| number(row.awake_p50_ns)),
    ("server_bytes_per_client", |_, row| figure(row, |merged| merged.memory.server_bytes)),
    ("client_bytes_per_client", |_, row| figure(row, |merged| Some(merged.memory.client_bytes))),
    ("kernel_bytes_per_client", |_, row| figure(row, |merged| merged.memory.kernel_bytes)),
];

/// Renders the lines of every load of every run. With several runs, the first columns name the run.
pub(super) fn table(reports: &[&Report]) -> String {
    let columns = || LOAD.iter().chain(&NAMES).chain(&LATENCY).chain(&COUNTS).chain(&COSTS);
    let of_run =
        |cells: [&str; RUN.len()]| cells.map(quoted).into_iter().take(if reports.len() > 1 { RUN.len() } else { 0 });
    let mut csv = line(of_run(RUN).chain(columns().map(|(heading, _)| (*heading).to_owned())));
    for (number, report) in (1_u32..).zip(reports) {
        let (number, run) = (number.to_string(), &report.run);
        for point in &report.loads {
            for row in &point.rows {
                let cells = columns().map(|(_, cell)| match cell(point, row) {
                    Cell::Text(text) => quoted(&text),
                    Cell::Number(number) => number,
                });
                csv += &line(of_run([&number, &run.scenario_name, &run.started, &run.tool.git_revision]).chain(cells));
            }
        }
    }
    csv
}

/// Returns a figure of a row. The cell is empty without a valid trial.
fn figure<T: Display>(row: &Row, read: impl Fn(&Merged) -> Option<T>) -> Cell {
    number(row.merged.as_ref().and_then(read))
}

/// Returns a figure of the cost over rates. The cell is empty with too few rates.
fn marginal(row: &Row, read: impl Fn(&Cost) -> Option<f64>) -> Cell {
    number(row.cost.as_ref().and_then(read))
}

fn number<T: Display>(value: Option<T>) -> Cell {
    Cell::Number(value.map_or_else(String::new, |value| value.to_string()))
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn word(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Quotes a text. A spreadsheet treats text that begins with one of these characters as a formula, in quotes or not.
fn quoted(text: &str) -> String {
    let text = &sanitize::text(text);
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '\u{fffd}']);
    let text = if is_formula { format!("'{text}") } else { text.clone() };
    if text.contains([',', '"', '\n', '\r', '\t', ';', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1+1", "\"' =1+1\""),
            ("\n=1", "\"'\u{fffd}=1\""),
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
        ] {
            assert_eq!(quoted(text), cell);
        }
    }
}
