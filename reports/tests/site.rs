//! Tests the published site: its list of runs, its trends, and that equal input gives an equal site.

mod support;

use std::{collections::BTreeMap, fs, path::Path};

use reports::site::{self, Stored};
use results::store::{self, Run};
use support::run;
use tempfile::TempDir;

/// Builds a site of these runs, which are named `run-1`, `run-2` and so on. Returns the text of every file by its path.
fn site_of(runs: &[Run]) -> BTreeMap<String, String> {
    let (kept, built) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let stored = runs.iter().zip(1..).map(|(run, number)| {
        let name = format!("run-{number}");
        let directory = kept.path().join(&name);
        support::written::results(run, &directory);
        Stored { name, results: directory.join(store::FILE_NAME), run: run.clone() }
    });
    site::write(stored.collect(), built.path()).unwrap();
    let mut files = BTreeMap::new();
    collect(built.path(), built.path(), &mut files);
    files
}

fn collect(root: &Path, directory: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn started(day: u32) -> Run {
    let mut run = run();
    run.run.started = format!("2026-01-{day:02}T03:04:05Z");
    run
}

#[test]
fn a_site_has_an_index_and_each_runs_page_figures_and_results() {
    let files = site_of(&[started(1), started(2)]);
    let index = &files["index.html"];
    for run in ["run-1", "run-2"] {
        assert!(files[&format!("runs/{run}/report/index.html")].contains("</html>"));
        assert!(files.contains_key(&format!("runs/{run}/report/report.json")));
        assert!(files.contains_key(&format!("runs/{run}/results.jsonl")));
        assert!(index.contains(&format!("href=\"runs/{run}/report/index.html\"")));
        assert!(index.contains(&format!("href=\"runs/{run}/results.jsonl\" download")));
    }
    let (newest, oldest) = (index.find(">run-2<").unwrap(), index.find(">run-1<").unwrap());
    assert!(newest < oldest, "the newest run comes first");
}

#[test]
fn the_same_runs_make_the_same_site_in_any_order() {
    let [one, same, turned] = [[1, 2], [1, 2], [2, 1]].map(|days| site_of(&days.map(started))["index.html"].clone());
    assert_eq!(one, same);
    let nameless = |text: &str| text.replace("run-1", "run").replace("run-2", "run");
    assert_eq!(nameless(&one), nameless(&turned));
}

#[test]
fn a_run_read_from_the_site_stays_intact() {
    let (kept, built) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (run, directory) = (started(1), kept.path().join("run-1"));
    support::written::results(&run, &directory);
    let stored = |results| vec![Stored { name: "run-1".into(), results, run: run.clone() }];
    site::write(stored(directory.join(store::FILE_NAME)), built.path()).unwrap();
    let copy = built.path().join("runs/run-1/results.jsonl");
    site::write(stored(copy.clone()), built.path()).unwrap();
    assert_eq!(fs::read(copy).unwrap(), fs::read(directory.join(store::FILE_NAME)).unwrap());
}

#[test]
fn a_trend_needs_two_runs_of_one_kind_without_faults() {
    let follows = |runs: &[Run]| site_of(runs)["index.html"].contains("id=\"trend0-bytes");
    assert!(follows(&[started(1), started(2)]));
    assert!(!follows(&[started(1)]));
    let mut other = started(2);
    other.trials.iter_mut().for_each(|trial| trial.load.clients += 1);
    assert!(!follows(&[started(1), other]), "runs with different loads are not comparable");
    let mut longer = started(2);
    longer.run.scenario["window"] = serde_json::json!({ "measure": "5s" });
    assert!(!follows(&[started(1), longer]), "runs with windows of different lengths are not comparable");
    let mut faulty = started(2);
    faulty.run.scenario["faults"] = serde_json::json!({ "drop_event": 3 });
    assert!(!follows(&[started(1), faulty]), "a run with injected faults is not a measurement");
}

#[test]
fn runs_of_one_day_are_distinguished_by_time() {
    let mut later = started(1);
    later.run.started = "2026-01-01T15:16:17Z".into();
    let index = &site_of(&[started(1), later])["index.html"];
    assert!(index.contains("2026-01-01 03:04") && index.contains("2026-01-01 15:16"), "{index}");
    let index = &site_of(&[started(1), started(2)])["index.html"];
    assert!(!index.contains("2026-01-01 03:04"), "dates alone distinguish the runs");
}

#[test]
fn a_trend_names_the_largest_change() {
    let mut later = started(2);
    for trial in later.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.measured.as_mut().unwrap().wire.as_mut().unwrap().server_to_client_bytes *= 8;
    }
    let index = &site_of(&[started(1), later])["index.html"];
    assert!(index.contains("From its first to its last run sse moved furthest"), "{index}");
}

#[test]
fn text_from_results_is_escaped() {
    let mut hostile = started(1);
    hostile.run.scenario_name = "<script>alert(1)</script>".into();
    hostile.run.environment.cpu = "<img src=x>".into();
    hostile.run.tool.git_revision = "<u>".into();
    let mut later = hostile.clone();
    later.run.started = "2026-01-09<s>".into();
    let index = &site_of(&[hostile, later])["index.html"];
    for markup in ["<script>alert", "<img", "<u>", "<s>"] {
        assert!(!index.contains(markup), "{markup}");
    }
}
