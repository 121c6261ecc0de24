//! `compare`: the comparison of two runs, and the input that it refuses.

mod command;

use std::{collections::BTreeSet, fs};

use command::{bench, published_run};
use tempfile::tempdir;

#[test]
fn compare_shows_two_runs_without_a_verdict() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for name in ["a", "b"] {
        published_run(&folder.path().join(name), usize::MAX - 1);
    }
    let results = fs::read_to_string(folder.path().join("a/results.jsonl")).unwrap();
    let compared = bench(&["compare", &path("a"), &path("b")]);
    assert!(compared.code == 0 && compared.stderr.is_empty(), "{compared:?}");
    for words in ["A: bench-all, ", "B: bench-all, ", "No difference shown"] {
        assert!(compared.stdout.contains(words), "`{words}` is not in: {}", compared.stdout);
    }
    let json = bench(&["compare", &path("a"), &path("b"), "--json"]);
    let comparison: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, comparison["shown"].as_u64()), (0, Some(0)));
    let variants: BTreeSet<&str> =
        results.split("\"variant\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(comparison["loads"][0]["variants"].as_array().map(Vec::len), Some(variants.len()));
}

#[test]
fn an_unreadable_directory_is_named() {
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
