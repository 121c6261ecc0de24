//! Tests hostile result files: names that are markup or very long, values that are not numbers, and huge files. The
//! result is an escaped page or a clear error.

mod support;

use std::fs;

use results::{
    schema::{EmptyTheory, Record, Status, TrialRecord, Verdict},
    statistics,
    store::{self},
};
use support::written;
use tempfile::TempDir;

/// Changes the file of the synthetic run, and returns the error of reading it.
fn complaint(change: impl FnOnce(String) -> String) -> String {
    let run = support::run();
    let records = std::iter::once(Record::Run(Box::new(run.run)));
    let records = records.chain(run.trials.into_iter().map(|trial| Record::Trial(Box::new(trial))));
    let lines: String = records.map(|record| serde_json::to_string(&record).unwrap() + "\n").collect();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join(store::FILE_NAME);
    fs::write(&path, change(lines)).unwrap();
    store::read(directory.path()).unwrap_err().to_string().replace(&path.display().to_string(), "FILE")
}

fn complaint_about(from: &str, to: &str) -> String {
    complaint(|text| {
        assert!(text.contains(from), "{from} is not in the file");
        text.replacen(from, to, 1)
    })
}

#[test]
fn names_from_a_result_file_are_data() {
    let hostile = "<script>alert(1)</script>\"'&";
    let mut run = support::run();
    run.run.scenario["title"] = hostile.into();
    run.run.scenario["question"] = hostile.into();
    run.run.scenario["analysis"] = hostile.into();
    run.run.scenario_name = hostile.into();
    run.run.command = hostile.into();
    run.run.environment.cpu = hostile.into();
    run.run.tool.git_revision = hostile.into();
    let article = run.run.approaches[0].article.as_mut().unwrap();
    article.label = hostile.into();
    article.latency = hostile.into();
    let measured = &mut run.run.approaches[1].client_complexity;
    measured.cognitive.worst_function = hostile.into();
    measured.crates.named_beyond_floor = vec![hostile.into()];
    for trial in &mut run.trials {
        trial.variant += hostile;
        trial.parameters.insert(hostile.into(), hostile.into());
        let checks = &mut trial.measured.as_mut().unwrap().checks;
        checks[0].note = hostile.into();
        checks[1].id = hostile.into();
        checks[1].verdict = Verdict::Warn;
    }
    run.trials[3].status = Status::Failed;
    run.trials[3].error = Some(hostile.into());
    let (page, _) = written::report(&run);
    assert_eq!(page.matches("<script>").count(), 1, "only the page's own script");
    assert!(!page.contains("alert(1)</script>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn long_blank_and_control_names_stay_in_their_cells() {
    let mut run = support::run();
    for (index, name) in
        ["x".repeat(200), "<i>/".repeat(50), "  ".into(), "\u{202e}\u{0}\n\t".into()].iter().enumerate()
    {
        for trial in run.trials.iter_mut().filter(|trial| trial.approach == support::APPROACHES[index].name) {
            trial.variant.clone_from(name);
        }
    }
    let (page, data) = written::report(&run);
    assert!(page.contains(&format!("<i class=\"long\">{}</i>", "x".repeat(200))));
    assert!(!page.contains("<i>/<"), "names are escaped");
    assert!(!page.contains(['\u{0}', '\u{202e}']) && page.contains('\u{fffd}'));
    assert_eq!(data["loads"][0]["rows"].as_array().unwrap().len(), 11);
    assert!(page.len() < 1 << 20);
}

#[test]
fn nan_and_infinity_are_not_ranked_or_drawn() {
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        let measured = trial.measured.as_mut().unwrap();
        measured.cpu.server_us_per_event = Some(f64::NAN);
        measured.responses.empty_theory =
            Some(EmptyTheory { responses: 0, observed: 0, probability: f64::NAN, standard_deviation: f64::INFINITY });
        for check in &mut measured.checks {
            check.value = Some(f64::INFINITY);
        }
    }
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "websocket") {
        let measured = trial.measured.as_mut().unwrap();
        measured.latency_ns = statistics::summarise(&statistics::new_histogram(), 0);
        measured.event_median_ns = measured.latency_ns.clone();
        measured.events.arrived = 0;
        measured.responses = Default::default();
    }
    let (page, _) = written::report(&run);
    for none in ["data-order=\"NaN", "data-order=\"inf", "points=\"NaN", "\"NaN", "2147483647"] {
        assert!(!page.contains(none), "{none}");
    }
}

#[test]
fn long_lists_are_cut_with_a_count() {
    let mut run = support::run();
    let trial = run.trials[0].clone();
    for round in 4..400 {
        let error = Some("broken".into());
        run.trials.push(TrialRecord { round, status: Status::Failed, error, measured: None, ..trial.clone() });
    }
    let (page, data) = written::report(&run);
    assert_eq!(page.matches("broken</li>").count(), 200);
    assert!(page.contains("Left out here to keep the page small: 196 more. report.json has them."));
    assert_eq!(data["validity"]["problems"].as_array().unwrap().len(), 396);
}

#[test]
fn refuses_a_file_of_a_million_lines_before_it_fills_memory() {
    let said = complaint(|text| {
        let mut run = support::run();
        run.trials[0].measured = None;
        run.trials[0].status = Status::Failed;
        run.trials[0].error = Some("broken".into());
        let line = serde_json::to_string(&Record::Trial(Box::new(run.trials[0].clone()))).unwrap();
        let first = text.lines().next().unwrap().to_owned() + "\n";
        let lines = (1..=1_000_000).map(|round| line.replace("\"round\":1", &format!("\"round\":{round}")) + "\n");
        lines.fold(first, |text, line| text + &line)
    });
    assert!(said.starts_with("FILE:10002:1: more than 10000 trials; expected one run of fewer trials"), "{said}");
}

#[test]
fn an_invalid_number_is_located() {
    for (from, to) in [("\"seconds\":0.2", "\"seconds\":null"), ("\"seconds\":0.2", "\"seconds\":1e999")] {
        let said = complaint_about(from, to);
        assert!(said.starts_with("FILE:2:"), "{said}");
    }
    let said = complaint_about("\"seconds\":0.2", "\"seconds\":NaN");
    assert!(said.contains("expected one whole JSON object"), "{said}");
}

#[test]
fn a_very_long_name_is_refused() {
    let long = "x".repeat(256);
    let said = complaint_about("\"variant\":\"", &format!("\"variant\":\"{long}"));
    assert!(said.contains("variant: a name that is too long; expected at most 255 characters"), "{said}");
    let said = complaint_about("\"scenario_name\":\"", &format!("\"scenario_name\":\"{long}"));
    assert!(said.contains("scenario_name: a name that is too long"), "{said}");
}

#[test]
fn impossible_settings_are_located_and_refused() {
    for (from, to, said) in [
        (
            "\"events_per_second\":50.0",
            "\"events_per_second\":1e308",
            "load.events_per_second: 1e308; expected at most",
        ),
        ("\"clients\":1000", "\"clients\":4294967295", "load.clients: 4294967295; expected from 1 to 100000000"),
        ("\"measure_ms\":5000", "\"measure_ms\":0", "window.measure_ms: 0; expected from 1"),
        ("\"symbols_per_client\":1", "\"symbols_per_client\":900", "load.symbols_per_client: 900"),
        ("\"payload_bytes\":0", "\"payload_bytes\":4000000000", "load.payload_bytes"),
        (
            "\"verdict\":\"pass\"",
            "\"verdict\":\"invalid\"",
            "checks[0].verdict: invalid, in a trial whose status is ok",
        ),
    ] {
        let complaint = complaint_about(from, to);
        assert!(complaint.starts_with("FILE:2:") && complaint.contains(said), "{complaint}");
        assert!(complaint.contains("run again"), "{complaint}");
    }
    let complaint = complaint_about("\"started\":\"2026-01-02T03:04:05Z\"", "\"started\":\"<b>never</b>\"");
    assert!(complaint.starts_with("FILE:1:") && complaint.contains("RFC 3339"), "{complaint}");
}

#[test]
fn a_percentile_that_contradicts_its_histogram_is_refused() {
    for (name, of) in [("p50", 0), ("p90", 1), ("p99", 2)] {
        let said = complaint(|text| {
            let mut run = support::run();
            let summary = &mut run.trials[0].measured.as_mut().unwrap().hiccup_ns;
            let place = [&mut summary.p50, &mut summary.p90, &mut summary.p99].into_iter().nth(of).unwrap();
            *place = Some(place.unwrap() + 1);
            let line = serde_json::to_string(&Record::Trial(Box::new(run.trials[0].clone()))).unwrap();
            format!("{}\n{line}\n", text.lines().next().unwrap())
        });
        assert!(said.contains(&format!("hiccup_ns.{name}: ")) && said.contains("that of the histogram is"), "{said}");
    }
}

#[test]
fn a_number_of_three_hundred_digits_does_not_become_a_file_name() {
    let mut run = support::run_under(&[100, 1_000]);
    for trial in &mut run.trials {
        trial.variant += &"x".repeat(200);
        trial.load.events_per_second = 1e308;
    }
    written::report(&run);
}

#[test]
fn names_reach_the_terminal_without_control_characters() {
    let mut run = support::run();
    for trial in &mut run.trials {
        trial.variant += "\n\u{1b}[2Jgone";
    }
    run.trials[3].status = Status::Failed;
    run.trials[3].error = Some("\u{1b}]0;title\u{7}".into());
    let text = reports::table::render(&run);
    assert!(text.chars().all(|one| one == '\n' || !one.is_control()), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("gone")), "{text}");
}
