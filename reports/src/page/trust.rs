//! The validity box: how far the numbers can be trusted, and how to reproduce them.

use results::{
    format::{self, NONE, or_none},
    schema::{RunRecord, Status, Verdict},
};

use super::{
    loads,
    markup::{self, Cell, escape},
    punctuality, samples, size_limit,
};
use crate::{
    headline::describe,
    host_noise::HostNoise,
    report::Report,
    validity::{CheckTotal, LISTED, Validity},
};

/// Maximum size of the tables of samples, in bytes.
const SAMPLES_LIMIT_BYTES: usize = 40_000;

/// Maximum number of listed checks.
const LISTED_CHECKS: usize = 60;

/// Maximum number of warnings that are explained above the list.
const EXPLAINED: usize = 20;

/// Maximum length of a note or a reason, in characters.
const LONGEST: usize = 400;

/// Renders the box.
pub(super) fn section(report: &Report) -> String {
    let validity = &report.validity;
    let mut html = format!(
        "<section class=\"trust\" id=\"validity\"><h2>Can it be trusted?</h2><p class=\"line\"><b>{}</b></p>\n",
        state(validity)
    );
    html += &problems(report);
    html += &warnings(validity);
    html += &machine(&report.run, validity.surroundings.as_ref());
    html +=
        "<details><summary>Every check, the sample behind each median, and how punctual the machine was</summary>\n";
    html += &checks(&validity.checks);
    html += &loads::each(&report.loads, SAMPLES_LIMIT_BYTES, |_, point| samples::table(point));
    html += &validity.surroundings.as_ref().map_or_else(String::new, punctuality::figure);
    html + "</details></section>\n"
}

/// Renders one line for the first screen: valid trials, warnings, and a link to the box.
pub(super) fn glance(report: &Report) -> String {
    format!("<p class=\"glance\"><a href=\"#validity\">{}</a></p>\n", state(&report.validity))
}

/// Renders which trials are valid, and the warnings with the same emphasis.
fn state(validity: &Validity) -> String {
    let (state, mark) = if validity.is_whole() { ("agrees", "✓") } else { ("differs", "✗") };
    let trials = format!("<span class=\"{state}\">{mark} {}</span>", escape(&validity.line_of_trials()));
    match validity.line_of_warnings() {
        Some(warnings) => format!("{trials}; <span class=\"warns\">! {}</span>", escape(&warnings)),
        None if validity.valid == 0 => trials,
        None => format!("{trials}; <span class=\"agrees\">no warnings</span>"),
    }
}

fn problems(report: &Report) -> String {
    let validity = &report.validity;
    if validity.problems.is_empty() {
        return String::new();
    }
    let mut rows = report.loads.iter().flat_map(|point| &point.rows);
    let but = if rows.any(|row| row.saturated.is_some()) { " but those labelled SATURATED" } else { "" };
    let mut html = format!("<p>Not valid, and left out of every number{but}:</p><ul>\n");
    for problem in validity.problems.iter().take(LISTED) {
        let status = if problem.status == Status::Failed { "failed" } else { "invalid" };
        html += &format!(
            "<li><b>{}</b>, {}, {}: <span class=\"differs\">{status}</span>, {}</li>\n",
            escape(&problem.variant),
            problem.place(),
            escape(&describe(&problem.load)),
            escape(&size_limit::text(&problem.reason, LONGEST))
        );
    }
    html + "</ul>\n" + &size_limit::more(validity.problems.len(), LISTED)
}

fn checks(checks: &[CheckTotal]) -> String {
    if checks.is_empty() {
        return "<p>No check was recorded.</p>\n".to_owned();
    }
    let rows: Vec<Vec<Cell>> = checks.iter().take(LISTED_CHECKS).map(check).collect();
    let headings = ["Check", "Worst verdict", "Passed", "Warned", "Invalid", "Values", "Threshold", "What it says"];
    let exceptions = "All trials count here, also those for the cost of a delivery, which go to the limit on purpose and whose \
                      warnings are not among those above. A value beyond its threshold passes where the check asks for more than that: docs/method.md says of \
                      each what it asks for. Notes are those of the worst trial.";
    let table = markup::table("checks", "Every check over all trials", &headings, &rows);
    let more = size_limit::more(checks.len(), LISTED_CHECKS);
    format!("{table}{more}<p class=\"rules\">{exceptions}</p>\n")
}

fn check(check: &CheckTotal) -> Vec<Cell> {
    let (class, worst) = match check.worst {
        Verdict::Pass => ("agrees", "✓ pass"),
        Verdict::Warn => ("warns", "! warn"),
        Verdict::Invalid => ("differs", "✗ invalid"),
    };
    let count = |count: u32| Cell::number(&count.to_string(), Some(f64::from(count)));
    let range = or_none(check.range, |[least, most]| match (format::significant(least), format::significant(most)) {
        (least, most) if least == most => least,
        (least, most) => format!("{least} to {most}"),
    });
    vec![
        Cell::text(&check.id),
        Cell::html(format!("<span class=\"{class}\">{worst}</span>"), None),
        count(check.passed),
        count(check.warned),
        count(check.invalid),
        Cell::text(&range),
        Cell::text(&or_none(check.threshold, format::significant)),
        Cell::text(&size_limit::text(&check.note, LONGEST)),
    ]
}

fn warnings(validity: &Validity) -> String {
    if validity.warnings.is_empty() {
        return String::new();
    }
    let mut html = String::new();
    for explanation in validity.explanations().iter().take(EXPLAINED) {
        html += &format!("<p class=\"warns\">! {}</p>\n", escape(explanation));
    }
    let summary = match validity.warnings.len() {
        1 => "The warning, with its round".to_owned(),
        several => format!("All {several} warnings, one by one"),
    };
    html += &format!("<details><summary>{summary}</summary><ul>\n");
    for warning in validity.warnings.iter().take(LISTED) {
        html += &format!(
            "<li><b>{}</b>, round {}, {}: {} {}: {}</li>\n",
            escape(&warning.variant),
            warning.round,
            escape(&describe(&warning.load)),
            escape(&warning.check.id),
            or_none(warning.check.value, format::significant),
            escape(&size_limit::text(&warning.check.note, LONGEST))
        );
    }
    html + "</ul>" + &size_limit::more(validity.warnings.len(), LISTED) + "</details>\n"
}

fn machine(run: &RunRecord, noise: Option<&HostNoise>) -> String {
    let environment = &run.environment;
    let dirty = if run.tool.dirty { ", with uncommitted changes" } else { "" };
    let [soft, hard] = [environment.nofile_soft, environment.nofile_hard].map(format::count);
    let descriptors = if soft == hard { soft } else { format!("{soft}, may be raised to {hard}") };
    let facts = [
        ("Started", run.started.clone()),
        ("Machine", format!("{}, {} cores, {}", environment.cpu, environment.cores, memory(environment.memory_bytes))),
        ("Kernel", format!("{} {}, clock {}", environment.os, environment.kernel, environment.clocksource)),
        ("Processors", noise.map_or(NONE, awake).to_owned()),
        ("Open descriptors, at most", descriptors),
        ("Host, at worst, of each in any valid trial", noise.map_or_else(|| NONE.to_owned(), host)),
        ("Commit", format!("{}{dirty}, version {}", run.tool.git_revision, run.tool.version)),
    ];
    let mut html = "<dl class=\"machine\">\n".to_owned();
    for (name, value) in facts {
        html += &format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(&value));
    }
    html + &format!("<div><dt>Command to reproduce it</dt><dd><code>{}</code></dd></div></dl>\n", escape(&run.command))
}

fn awake(noise: &HostNoise) -> &'static str {
    match noise.kept_awake {
        [_, 0] => "kept awake between events",
        [0, _] => "left to sleep between events",
        _ => "kept awake between events in some trials, left to sleep in others",
    }
}

fn host(noise: &HostNoise) -> String {
    let unknown = || "unknown".to_owned();
    let share = |share: Option<f64>| share.map_or_else(unknown, format::percent);
    format!(
        "steal {}, other processes {}, held back by a limit: {}, somebody waiting for a processor: {} of the time",
        share(noise.steal_share),
        share(noise.foreign_share),
        noise.throttled_us.map_or_else(unknown, |throttled| format::processor_time(throttled as f64)),
        share(noise.pressure_share)
    )
}

fn memory(bytes: u64) -> String {
    if bytes == 0 { NONE.to_owned() } else { format::bytes(bytes as f64) }
}
