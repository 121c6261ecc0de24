//! The latencies in the two text forms of HdrHistogram: the log of interval histograms for its log tools, and percentile
//! distributions for its plotter.
//!
//! The log has nanoseconds, and milliseconds in its column of maxima, as is usual. Distributions have milliseconds. Records
//! have no absolute times of rounds, so the windows in the log follow each other from the start of the run.

use std::time::UNIX_EPOCH;

use results::{sanitize, statistics};

use super::names;
use crate::{merge::histogram, report::Report, rows::Row};

/// Nanoseconds per printed unit.
const MILLISECOND: f64 = 1e6;
/// Steps until the distance to 100 % halves, as in HdrHistogram's own tools.
const TICKS: u32 = 5;

/// Renders all rows in one log, with one interval per round, tagged with the row's name.
pub(super) fn log(report: &Report) -> String {
    let run = &report.run;
    // A line break would end the comment.
    let mut text = format!("#{}\n", sanitize::one_line(&format!("delivery-bench, {}", run.scenario_name)));
    text += "#[Histogram log format version 1.3]\n";
    if let Some(seconds) = seconds_since_epoch(&run.started) {
        let started = sanitize::one_line(&run.started);
        text += &format!("#[BaseTime: {seconds}.000 (seconds since epoch)]\n");
        text += &format!("#[StartTime: {seconds}.000 (seconds since epoch), {started}]\n");
    }
    text += "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
    let mut intervals: Vec<(u32, String)> = Vec::new();
    for (tag, row) in names::row_names(&report.loads) {
        let Some(merged) = &row.merged else { continue };
        let length = merged.window_seconds / merged.rounds.len().max(1) as f64;
        intervals.extend(merged.rounds.iter().map(|round| {
            let start = f64::from(round.round.saturating_sub(1)) * length;
            let max = round.latency_ns.max.unwrap_or(0) as f64 / MILLISECOND;
            let packed = &round.latency_ns.histogram;
            (round.round, format!("Tag={tag},{start:.3},{length:.3},{max:.6},{packed}\n"))
        }));
    }
    // Readers expect intervals sorted by their start.
    intervals.sort_by_key(|(round, _)| *round);
    intervals.into_iter().fold(text, |text, (_, line)| text + &line)
}

/// Renders the percentiles of a row that its events support. Returns `None` without a valid trial.
pub(super) fn distribution(row: &Row) -> Option<String> {
    let merged = row.merged.as_ref()?;
    let latencies = histogram(&merged.latency_ns);
    let supported = statistics::largest_supported(merged.events_received);
    let mut text = format!("{:>14} {:>14} {:>10} {:>16}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut seen = 0;
    for step in latencies.iter_quantiles(TICKS) {
        let quantile = step.quantile_iterated_to();
        // Higher percentiles would come from a few events, and at 1 the last column would be infinite.
        if quantile > supported {
            break;
        }
        seen += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64 / MILLISECOND;
        text += &format!("{value:14.6} {quantile:14.12} {seen:10} {:16.2}\n", 1.0 / (1.0 - quantile));
    }
    text += &format!(
        "#[Mean    = {:14.6}, StdDeviation   = {:14.6}]\n#[Max     = {:14.6}, Total count    = {:14}]\n",
        latencies.mean() / MILLISECOND,
        latencies.stdev() / MILLISECOND,
        latencies.max() as f64 / MILLISECOND,
        latencies.len()
    );
    text +=
        &format!("# milliseconds; cut at {supported:.6}, above which {} events say nothing\n", merged.events_received);
    Some(text)
}

/// Parses a time in RFC 3339 and UTC. Returns `None` for any other text.
fn seconds_since_epoch(started: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(started).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_a_time_as_a_calendar_date() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-01-02T03:04:05Z", Some(1_767_323_045)),
            ("2026-01-02T03:04:05.5Z", Some(1_767_323_045)),
            ("2026-13-02T03:04:05Z", None),
            ("0000-01-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(seconds_since_epoch(text), seconds, "{text}");
        }
    }
}
