//! `advise`: its advice from a run, and the input that it refuses.

mod command;

use command::{bench, published_run};
use tempfile::tempdir;

#[test]
fn advise_answers_from_a_run_and_names_its_basis() {
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    published_run(&run, usize::MAX - 1);
    let out = run.to_str().unwrap();
    let advised =
        bench(&["advise", "--from", out, "--clients", "20", "--events-per-client", "5", "--staleness", "10s"]);
    assert!(advised.code == 0 && advised.stderr.is_empty(), "{advised:?}");
    for words in ["need: 20 clients, 5 events a second each", "raw-tcp is out: it is the floor", "assumed:"] {
        assert!(advised.stdout.contains(words), "`{words}` is not in: {}", advised.stdout);
    }
    let json = bench(&["advise", "--from", out, "--inbound", "--json"]);
    let advice: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(advice["choices"].as_array().is_some_and(|choices| !choices.is_empty()), "{advice}");
}

#[test]
fn an_invalid_need_is_refused() {
    let folder = tempdir().unwrap();
    let absent = folder.path().join("absent");
    let absent = absent.to_str().unwrap();
    let refused = |arguments: &[&str], words: &str| {
        let finished = bench(&[&["advise", "--from", absent], arguments].concat());
        assert!(finished.code == 2 && finished.stderr.contains(words), "{finished:?}");
    };
    refused(&[], "measure this machine with `delivery-bench bench-all`");
    refused(&["--staleness", "50"], "--staleness is 50, expected a duration");
    refused(&["--events-per-client", "nan"], "events a second for each client is NaN");
    refused(&["--clients", "0"], "clients is 0, expected from 1");
    published_run(&folder.path().join("runs/one"), usize::MAX - 1);
    let runs = folder.path().join("runs");
    for verb in [&["advise", "--from"][..], &["report"]] {
        let finished = bench(&[verb, &[runs.to_str().unwrap()]].concat());
        assert!(finished.code == 2 && finished.stderr.contains(", such as "), "{finished:?}");
        assert!(finished.stderr.contains("runs/one"), "{finished:?}");
    }
}
