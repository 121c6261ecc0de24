//! The first page of a published site: all stored runs, newest first, and their trends.

use std::collections::HashMap;

use results::format;

use super::{
    canvas::{self, Ink},
    chart::{self, EndLabel, Frame, NAMES},
    markup::{self, Cell, escape},
    scale::{Scale, logarithmic_axis},
    sections, size_limit,
    trends::{Entry, History, METRICS, Metric},
};
use crate::{headline, rows::Row};

const SIZE: (i32, i32) = (1480, 760);
const FRAME: Frame = Frame { left: 170, right: SIZE.0 - NAMES, top: 56, bottom: SIZE.1 - 90 };
/// Distance between the axis and the first run, so that no mark covers the axis.
const MARGIN: i32 = 24;

/// Maximum number of scenarios and loads with trends.
const FOLLOWED: usize = 20;

/// A variant with its values: index of the run, and value.
type Line<'a> = (&'a Row, Vec<(usize, f64)>);

/// Renders the page. `newest_first` has all runs, `histories` the series that can be compared.
pub(crate) fn page(newest_first: &[Entry], histories: &[History<'_>]) -> String {
    let mut html = sections::head("delivery-bench: measured");
    html += "<header><p class=\"kind\">delivery-bench</p><h1>How real-time data is delivered, measured</h1>";
    for entry in newest_of_each(newest_first) {
        let (address, scenario) = (escape(&entry.address()), escape(&entry.report.run.scenario_name));
        let verdict = escape(&entry.report.verdict);
        html += &format!("<p class=\"verdict\"><a href=\"{address}\">{scenario}</a>: {verdict}</p>");
    }
    html += "<nav><a href=\"#runs\">All runs</a> <a href=\"#trends\">Trends</a></nav>";
    html += "</header>\n<main>\n<section id=\"runs\"><h2>Runs</h2>\n";
    html += &runs(newest_first);
    html += "</section>\n<section id=\"trends\"><h2>Trends</h2>\n";
    html += match histories {
        [] => "<p>No scenario has been run twice under the same load: there is nothing to follow yet.</p>\n",
        _ => {
            "<p>From run to run, as ratios to the floor of the same run and as counts: absolute times are those of a \
             machine and its day. A line says what was measured, and by itself not that anything changed; whether a \
             difference is shown, a comparison of two runs says by their intervals.</p>\n"
        }
    };
    for (number, history) in histories.iter().take(FOLLOWED).enumerate() {
        html += &trends(number, history);
    }
    html += &size_limit::more(histories.len(), FOLLOWED);
    html += "</section>\n";
    html += "</main>\n";
    html + &sections::foot()
}

/// Returns the newest run without faults of each scenario, by the name of the scenario.
fn newest_of_each(newest_first: &[Entry]) -> Vec<&Entry> {
    let mut newest: Vec<&Entry> = Vec::new();
    for entry in newest_first.iter().filter(|entry| entry.report.faults.is_none()) {
        if !newest.iter().any(|other| other.report.run.scenario_name == entry.report.run.scenario_name) {
            newest.push(entry);
        }
    }
    newest.sort_by(|a, b| a.report.run.scenario_name.cmp(&b.report.run.scenario_name));
    newest
}

fn runs(newest_first: &[Entry]) -> String {
    let headings = ["Run", "Scenario", "Started", "Valid trials", "Machine", "Built from", "Results"];
    let rows: Vec<Vec<Cell>> = newest_first.iter().map(run).collect();
    markup::table("figures runs", "Stored runs, the newest first", &headings, &rows)
}

fn run(entry: &Entry) -> Vec<Cell> {
    let run = &entry.report.run;
    let environment = &run.environment;
    let outcomes = entry.report.loads.iter().flat_map(|point| &point.rows).map(|row| row.trials);
    let (valid, recorded) =
        outcomes.fold((0, 0), |(valid, recorded), trials| (valid + trials.valid, recorded + trials.recorded()));
    let faults = entry.report.faults.as_ref().map_or("", |_| " <small class=\"differs\">faults on purpose</small>");
    let address = escape(&entry.address());
    let results = address.replace(&format!("{}/index.html", super::DIRECTORY), results::store::FILE_NAME);
    let dirty = if run.tool.dirty { " with changes" } else { "" };
    let revision = run.tool.short_revision();
    vec![
        Cell::html(format!("<a href=\"{address}\">{}</a>{faults}", escape(&entry.name)), None),
        Cell::text(&run.scenario_name),
        Cell::text(&run.started),
        Cell::number(&format!("{valid} of {recorded}"), Some(f64::from(valid))),
        Cell::text(&format!("{} × {}, {} {}", environment.cores, environment.cpu, environment.os, environment.kernel)),
        Cell::text(&format!("{} {revision}{dirty}", run.tool.version)),
        Cell::html(format!("<a href=\"{results}\" download>{}</a>", results::store::FILE_NAME), None),
    ]
}

fn trends(number: usize, history: &History<'_>) -> String {
    let title = format!("{}: {}", history.scenario, headline::describe(history.load));
    let charts: String = METRICS.iter().map(|metric| trend(number, history, metric)).collect();
    format!("<h3>{}</h3>\n<div class=\"board\">{charts}</div>\n", escape(&title))
}

/// Renders one metric of every variant over the runs. The text is empty if no variant has it.
fn trend(number: usize, history: &History<'_>, metric: &Metric) -> String {
    let lines = lines(history, metric);
    let Some((bounds, ticks)) = logarithmic_axis(lines.iter().flat_map(|(_, marks)| marks.iter().map(|mark| mark.1)))
    else {
        return String::new();
    };
    let upwards = Scale::logarithmic(bounds[0], bounds[1], FRAME.bottom, FRAME.top);
    let across = Scale::linear(0.0, (history.runs.len() - 1) as f64, FRAME.left + MARGIN, FRAME.right);
    let takeaway = takeaway(&lines);
    let drawing = canvas::svg(&format!("trend{number}-{}", metric.id), SIZE, metric.title, &takeaway, |canvas| {
        let days = days(history).into_iter().enumerate().map(|(run, day)| (across.at(run as f64), day));
        let days: Vec<(i32, String)> = days.collect();
        let values: Vec<(i32, String)> =
            ticks.iter().map(|tick| (upwards.at(*tick), format::tick(&(metric.text)(*tick)))).collect();
        chart::horizontal_axis(canvas, FRAME, &days, "run, by when it started");
        chart::vertical_axis(canvas, FRAME, &values, &format!("{}, logarithmic", metric.title));
        let labels = lines.iter().filter_map(|(row, marks)| {
            let points: Vec<(i32, i32)> =
                marks.iter().map(|(run, value)| (across.at(*run as f64), upwards.at(*value))).collect();
            let end = *points.last()?;
            canvas.line(points.clone(), Ink::Series(row.order), 4, 1.0);
            points.iter().for_each(|point| canvas.marker(row.order, *point, true));
            Some(EndLabel { order: Some(row.order), text: row.variant.clone(), end })
        });
        chart::end_labels(canvas, FRAME, &labels.collect::<Vec<_>>());
    });
    chart::figure(metric.title, &takeaway, &drawing, &table(history, metric, &lines))
}

fn lines<'a>(history: &History<'a>, metric: &Metric) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (index, (_, point)) in history.runs.iter().enumerate() {
        let floor = point.rows.iter().find(|row| row.floor);
        for row in &point.rows {
            let Some(value) = (metric.of)(row, floor).filter(|value| *value > 0.0) else { continue };
            let place = *places.entry(&row.variant).or_insert(lines.len());
            if place == lines.len() {
                lines.push((row, Vec::new()));
            }
            lines[place].1.push((index, value));
        }
    }
    lines.sort_by(|(a, _), (b, _)| a.place().cmp(&b.place()));
    lines.truncate(size_limit::MOST_VARIANTS[0]);
    lines
}

/// Describes which variant changed most between its first and its last run.
fn takeaway(lines: &[Line<'_>]) -> String {
    let moved = lines.iter().filter_map(|(row, marks)| {
        let ratio = marks.last()?.1 / marks.first()?.1;
        (marks.len() > 1).then_some((ratio, row.variant.as_str()))
    });
    match moved.max_by(|a, b| a.0.ln().abs().total_cmp(&b.0.ln().abs())) {
        Some((ratio, _)) if format::significant(ratio) == "1.00" => "No variant moved.".to_owned(),
        Some((ratio, name)) => format!(
            "From its first to its last run {name} moved furthest: to {} × what it was.",
            format::significant(ratio)
        ),
        None => "No variant has this figure in two runs.".to_owned(),
    }
}

/// Returns the day of each run, with the time if a day has several runs.
fn days(history: &History<'_>) -> Vec<String> {
    let started = |length: usize| -> Vec<String> {
        let runs = history.runs.iter().map(|(entry, _)| entry.report.run.started.chars().take(length).collect());
        runs.map(|started: String| started.replace('T', " ")).collect()
    };
    let days = started("2026-01-02".len());
    // Runs are sorted by time.
    if days.windows(2).any(|pair| pair[0] == pair[1]) { started("2026-01-02T03:04".len()) } else { days }
}

fn table(history: &History<'_>, metric: &Metric, lines: &[Line<'_>]) -> String {
    let names: Vec<&str> = history.runs.iter().map(|(entry, _)| entry.name.as_str()).collect();
    let headings: Vec<&str> = std::iter::once("Approach").chain(names).collect();
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|(row, marks)| {
            let value = |run| marks.iter().find(|(index, _)| *index == run).map(|(_, value)| *value);
            let cells =
                (0..history.runs.len()).map(|run| Cell::number(&format::or_none(value(run), metric.text), value(run)));
            std::iter::once(markup::name(row.order, &row.variant, "")).chain(cells).collect()
        })
        .collect();
    markup::table("figures", metric.title, &headings, &rows)
}
