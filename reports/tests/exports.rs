//! Tests the report's other formats. Read back, they have the report's values, whatever the names are.

mod support;

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{
    Deserializer,
    interval_log::{IntervalLogIterator, LogEntry},
};
use reports::{
    export::{self, Form},
    page, table,
};
use results::{schema::Status, statistics::Histogram, store::Run};
use serde_json::Value;
use tempfile::TempDir;

const HOSTILE: &str = "=cmd|'/c calc'!A1, \"x\"\n`@someone` ../../../etc <b> \\| [a](b)";

#[test]
fn csv_has_the_numbers_of_the_report() {
    let run = support::run_under(&[100, 1000]);
    let csv = parsed(&export::text(std::slice::from_ref(&run), Form::Csv));
    let report: Value = serde_json::from_str(&export::text(std::slice::from_ref(&run), Form::Json)).unwrap();
    let rows: Vec<&Value> =
        report["loads"].as_array().unwrap().iter().flat_map(|load| load["rows"].as_array().unwrap()).collect();
    assert_eq!(csv.len(), rows.len() + 1);
    let column = |name: &str| csv[0].iter().position(|heading| heading == name).unwrap_or_else(|| panic!("{name}"));
    for (line, row) in csv[1..].iter().zip(rows) {
        assert_eq!(line.len(), csv[0].len());
        assert_eq!(line[column("variant")], row["variant"]);
        assert_eq!(line[column("latency_p50_ns")].parse::<u64>().ok(), row["merged"]["latency_ns"]["p50"].as_u64());
        for (name, value) in [
            ("bytes_per_event", &row["merged"]["bytes_per_event"]),
            ("times_floor", &row["times_floor"]),
            ("empty_share_in_theory", &row["merged"]["responses"]["empty_theory"]["probability"]),
        ] {
            assert_eq!(line[column(name)].parse::<f64>().ok(), value.as_f64(), "{name}");
        }
    }
    assert_eq!(csv[1][column("clients")], "100");
}

#[test]
fn a_row_without_a_valid_trial_has_empty_cells() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        (trial.status, trial.error) = (Status::Failed, Some("gone".into()));
    }
    let csv = parsed(&export::text(std::slice::from_ref(&run), Form::Csv));
    let column = |name: &str| csv[0].iter().position(|heading| heading == name).unwrap();
    let row = csv.iter().find(|line| line[column("variant")] == "sse").unwrap();
    assert_eq!([&row[column("latency_p50_ns")], &row[column("trials_failed")]], ["", "3"]);
}

#[test]
fn markdown_has_the_cells_of_the_table() {
    let run = support::run();
    let (markdown, terminal) = (export::text(std::slice::from_ref(&run), Form::Markdown), table::render(&run));
    let words = |line: &str| line.replace(['|', '`'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = markdown.lines().filter(|line| line.starts_with("| `")).map(words).collect();
    assert_eq!(
        rows,
        terminal.lines().skip_while(|line| !line.starts_with('─')).skip(1).take(11).map(words).collect::<Vec<_>>()
    );
    let pipes: Vec<usize> =
        markdown.lines().filter(|line| line.starts_with("| ")).map(|line| line.matches('|').count()).collect();
    assert!(pipes.len() == 14 && pipes.iter().all(|count| *count == 12), "{markdown}");
    let said = terminal.lines().last().unwrap();
    assert!(markdown.lines().all(|line| line.starts_with('|') || line.chars().count() <= 120), "{markdown}");
    assert!(markdown.contains(said) && markdown.trim_end().ends_with("```"), "{markdown}");
}

#[test]
fn other_readers_parse_the_histogram_log() {
    let run = support::run();
    let log = written(&run, "latency.hlog");
    let entries: Vec<LogEntry<'_>> = IntervalLogIterator::new(log.as_bytes()).map(Result::unwrap).collect();
    let [LogEntry::BaseTime(base), LogEntry::StartTime(start), ..] = entries[..] else { panic!("{log}") };
    assert_eq!([base.as_secs(), start.as_secs()], [1_767_323_045; 2]);
    let mut merged: Option<Histogram> = None;
    let mut last = 0.0;
    for entry in &entries[2..] {
        let LogEntry::Interval(interval) = entry else { panic!("{entry:?}") };
        assert!(interval.start_timestamp().as_secs_f64() >= last, "intervals are out of order");
        last = interval.start_timestamp().as_secs_f64();
        assert_eq!(interval.duration().as_secs(), 5);
        let packed = STANDARD.decode(interval.encoded_histogram()).unwrap();
        let histogram: Histogram =
            hdrhistogram::serialization::Deserializer::deserialize(&mut Deserializer::new(), &mut packed.as_slice())
                .unwrap();
        assert!((interval.max() - histogram.max() as f64 / 1e6).abs() < 1e-6);
        if interval.tag().unwrap().as_str() == "sse" {
            match &mut merged {
                Some(merged) => merged.add(histogram).unwrap(),
                None => merged = Some(histogram),
            }
        }
    }
    assert_eq!(entries.len(), 2 + 33);
    let report: Value = serde_json::from_str(&export::text(std::slice::from_ref(&run), Form::Json)).unwrap();
    let p50 = report["loads"][0]["rows"][2]["merged"]["latency_ns"]["p50"].as_u64().unwrap();
    assert_eq!(merged.unwrap().value_at_quantile(0.5), p50);
    assert!(log.contains("\n#[Histogram log format version 1.3]\n") && log.contains("\n\"StartTimestamp\","));
}

/// Parses like HdrHistogram's plotter, which uses lines of four numbers and draws the first against the last.
#[test]
fn the_distribution_parses_as_the_plotter_expects() {
    let run = support::run();
    let text = written(&run, "histograms/sse.hgrm");
    let plotted: Vec<[f64; 4]> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let numbers: Vec<f64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
            numbers.try_into().ok()
        })
        .collect();
    assert!(plotted.len() > 20, "{text}");
    assert!(plotted.is_sorted_by(|a, b| a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] && a[3] <= b[3]), "{text}");
    let report: Value = serde_json::from_str(&export::text(std::slice::from_ref(&run), Form::Json)).unwrap();
    let latency = &report["loads"][0]["rows"][2]["merged"]["latency_ns"];
    let median = plotted.iter().find(|line| line[1] >= 0.5).unwrap();
    assert!((median[0] * 1e6 / latency["p50"].as_f64().unwrap() - 1.0).abs() < 0.001, "{median:?}");
    // 756 events support no higher percentile.
    let last = plotted.last().unwrap();
    assert!(last[1] < 0.9952 && last[1] > 0.99, "{last:?}");
}

#[test]
fn hostile_names_stay_names() {
    let mut run = support::run();
    run.run.scenario_name = HOSTILE.into();
    run.run.started = HOSTILE.into();
    run.run.tool.git_revision = HOSTILE.into();
    for trial in &mut run.trials {
        trial.variant = format!("{HOSTILE}{}", trial.approach);
    }
    let csv = parsed(&export::text(std::slice::from_ref(&run), Form::Csv));
    let column = |name: &str| csv[0].iter().position(|heading| heading == name).unwrap();
    assert_eq!(csv.len(), 12);
    assert!(csv[1][column("variant")].starts_with("'=cmd|'/c calc'!A1, \"x\"\u{fffd}"));
    assert!(csv.iter().all(|line| line.len() == csv[0].len()));

    let markdown = export::text(std::slice::from_ref(&run), Form::Markdown);
    let (table, notes) = markdown.split_once("```").unwrap();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let (name, rest) = row[3..].split_once('`').unwrap();
        assert!(name.contains("@someone") && !rest.contains(['`', '@', '<', '\\']), "{row}");
    }
    assert_eq!(table.lines().filter(|line| line.starts_with('|')).count(), 14);
    assert_eq!(notes.matches("```").count(), 1, "{notes}");

    let directory = TempDir::new().unwrap();
    page::write(&run, directory.path()).unwrap();
    let report = directory.path().join(page::DIRECTORY);
    let log = fs::read_to_string(report.join("latency.hlog")).unwrap();
    assert!(IntervalLogIterator::new(log.as_bytes()).all(|entry| matches!(entry, Ok(LogEntry::Interval(_)))), "{log}");
    assert_eq!(names(&report.join("histograms")).len(), 11);
    assert_eq!(names(directory.path()), ["report"]);
    assert_eq!(names(&report), ["histograms", "index.html", "latency.hlog", "report.json", "table.csv", "table.md"]);
}

#[test]
fn the_pages_links_resolve() {
    let directory = TempDir::new().unwrap();
    let written = page::write(&support::run_under(&[100, 1000]), directory.path()).unwrap();
    let page = fs::read_to_string(&written.page).unwrap();
    let links: Vec<&str> = page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let files: Vec<&&str> = links.iter().filter(|link| !link.starts_with('#')).collect();
    assert!(files.len() >= 4 + 22, "{files:?}");
    for file in files {
        assert!(directory.path().join(page::DIRECTORY).join(file).is_file(), "{file}");
    }
}

fn written(run: &Run, file: &str) -> String {
    let directory = TempDir::new().unwrap();
    page::write(run, directory.path()).unwrap();
    fs::read_to_string(directory.path().join(page::DIRECTORY).join(file)).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Parses CSV (RFC 4180), with line endings in quoted cells.
fn parsed(csv: &str) -> Vec<Vec<String>> {
    let (mut lines, mut quoted) = (vec![vec![String::new()]], false);
    let mut characters = csv.chars().peekable();
    while let Some(character) = characters.next() {
        let line = lines.last_mut().unwrap();
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => line.last_mut().unwrap().push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(String::new()),
            '\r' if !quoted && characters.next_if_eq(&'\n').is_some() => lines.push(vec![String::new()]),
            other => line.last_mut().unwrap().push(other),
        }
    }
    assert_eq!(lines.pop(), Some(vec![String::new()]), "the last line has no CRLF");
    lines
}

#[test]
fn several_runs_make_one_document() {
    let mut second = support::run();
    second.run.started = "2026-02-03T04:05:06Z".into();
    second.run.scenario_name = "=scale".into();
    let runs = [support::run(), second];
    let csv = parsed(&export::text(&runs, Form::Csv));
    assert_eq!(csv.len(), 1 + 2 * 11, "expected one heading line");
    assert_eq!(csv[0][..4], ["run", "scenario", "started", "git_revision"]);
    assert_eq!(csv[1][..3], ["1", "bench-all", "2026-01-02T03:04:05Z"]);
    assert_eq!(csv[22][..3], ["2", "'=scale", "2026-02-03T04:05:06Z"]);
    assert!(csv.iter().all(|line| line.len() == csv[0].len()));
    let json: Value = serde_json::from_str(&export::text(&runs, Form::Json)).unwrap();
    assert_eq!(json.as_array().map(Vec::len), Some(2));
    assert_eq!(json[1]["run"]["scenario_name"], "=scale");
}
