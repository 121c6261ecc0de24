//! `compare`: two runs of the command side by side, and what it refuses.

mod command;

use std::fs;

use command::{bench, take_for_valid};
use tempfile::tempdir;

#[test]
fn two_runs_are_set_side_by_side_and_judged_by_nobody() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = ["run", "smoke", "--approach", "raw-tcp,sse", "--measure", "200ms", "--no-report", "--out", &path("a")];
    let run = bench(&run);
    assert!([0, 4].contains(&run.code), "{run:?}");
    take_for_valid(&path("a"));
    fs::create_dir(path("b")).unwrap();
    let results = fs::read_to_string(format!("{}/results.jsonl", path("a"))).unwrap();
    fs::write(format!("{}/results.jsonl", path("b")), &results).unwrap();
    let compared = bench(&["compare", &path("a"), &path("b")]);
    assert!(compared.code == 0 && compared.stderr.is_empty(), "{compared:?}");
    for words in ["A: smoke, ", "B: smoke, ", "No difference shown"] {
        assert!(compared.stdout.contains(words), "`{words}` is not in: {}", compared.stdout);
    }
    let json = bench(&["compare", &path("a"), &path("b"), "--json"]);
    let comparison: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, comparison["shown"].as_u64()), (0, Some(0)));
    let valid = results.matches("\"status\":\"ok\"").count();
    assert_eq!(comparison["loads"][0]["variants"].as_array().map(Vec::len), Some(valid));
}

#[test]
fn a_directory_that_cannot_be_read_is_named() {
    let folder = tempdir().unwrap();
    let absent = folder.path().join("absent");
    let broken = folder.path().join("broken");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("results.jsonl"), "{\n").unwrap();
    for path in [&absent, &broken] {
        let path = path.to_str().unwrap();
        let refused = bench(&["compare", path, path]);
        assert!(refused.code == 2 && refused.stderr.contains(path) && refused.stdout.is_empty(), "{refused:?}");
    }
    assert_eq!(bench(&["compare", absent.to_str().unwrap()]).code, 2);
}
