//! The verbs that read results: what they accept, skip and report. They only overwrite their own files.

mod command;

use std::{fs, path::Path};

use command::{bench, published_run};
use tempfile::{TempDir, tempdir};

/// Returns a folder with the first trials of a published run under each of these names.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    for name in names {
        published_run(&folder.path().join(name), 6);
    }
    folder
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().to_str().unwrap().to_owned()
}

#[test]
fn exports_results_and_locates_a_truncation() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let directory = out.to_str().unwrap();
    let run =
        bench(&["run", "smoke", "--approach", "raw-tcp", "--measure", "200ms", "--out", directory, "--no-report"]);
    assert!([0, 4].contains(&run.code), "{run:?}");
    for (format, start) in
        [("csv", "clients,symbols,"), ("markdown", "| approach variant |"), ("json", "{\n  \"run\": {")]
    {
        let printed = bench(&["report", directory, "--format", format]);
        assert!(printed.code == 0 && printed.stdout.starts_with(start), "{format}: {printed:?}");
    }
    let file = out.join("results.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() - 100]).unwrap();
    let cut = bench(&["report", directory]);
    assert!(cut.code == 0 && cut.stderr.contains("results.jsonl:2: a crash cut this line in half"), "{cut:?}");
}

#[test]
fn several_runs_make_one_document_and_an_aborted_run_is_named() {
    let folder = folder(&["one", "two", "three"]);
    let [one, two, three] = ["one", "two", "three"].map(|name| text(folder.path().join(name)));
    fs::write(folder.path().join("three/results.jsonl"), "").unwrap();
    let json = bench(&["report", &one, &two, &three, "--format", "json"]);
    assert_eq!(json.code, 0, "{json:?}");
    let list: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert!(json.stderr.contains(&format!("skipped: {three}/results.jsonl holds no record")), "{json:?}");
    let csv = bench(&["report", &one, &two, "--format", "csv"]);
    assert_eq!(csv.stdout.matches("approach,").count(), 1, "{}", csv.stdout);
    assert!(csv.stdout.starts_with("run,scenario,started,git_revision,clients,"), "{}", csv.stdout);
    let alone = bench(&["report", &three]);
    assert!(alone.code == 2 && alone.stderr.contains("ended before its first"), "{alone:?}");
}

#[test]
fn accepts_a_result_file_for_its_directory_and_names_a_truncated_line() {
    let folder = folder(&["run"]);
    let file = folder.path().join("run/results.jsonl");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("\u{feff}{}", &whole[..whole.len() - 50])).unwrap();
    let file = text(file);
    for arguments in [vec!["report", &file], vec!["compare", &file, &file], vec!["advise", "--from", &file]] {
        let finished = bench(&arguments);
        assert_eq!(finished.code, 0, "{arguments:?} {finished:?}");
        assert!(finished.stderr.contains(":7: a crash cut this line in half: it is skipped"), "{finished:?}");
    }
    assert!(folder.path().join("run/report/index.html").exists());
}

#[test]
fn report_out_writes_there_and_overwrites_no_foreign_file() {
    let folder = folder(&["one", "two"]);
    let path = |name: &str| text(folder.path().join(name));
    let out = path("out");
    let written = bench(&["report", &path("one"), "--out", &out]);
    assert!(written.code == 0 && Path::new(&out).join("index.html").exists(), "{written:?}");
    assert!(!folder.path().join("one/report").exists(), "nothing is written beside the results");
    let both = path("both");
    assert_eq!(bench(&["report", &path("one"), &path("two"), "--out", &both]).code, 0);
    assert!(Path::new(&both).join("two/index.html").exists());
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/index.html"), "mine").unwrap();
    let refused = bench(&["report", &path("one"), "--out", &path("mine")]);
    assert!(refused.code == 2 && refused.stderr.contains("mine/index.html exists"), "{refused:?}");
    assert_eq!(fs::read_to_string(folder.path().join("mine/index.html")).unwrap(), "mine");
    assert_eq!(bench(&["report", &path("one"), "--out", &path("mine"), "--force"]).code, 0);
}

#[test]
fn a_site_never_deletes_results() {
    let folder = folder(&["runs/one", "runs/two"]);
    let [one, two] = ["runs/one", "runs/two"].map(|name| text(folder.path().join(name)));
    assert_eq!(bench(&["report", &one]).code, 0);
    let site = bench(&["report", &two, "--site", folder.path().to_str().unwrap()]);
    assert!(site.code == 0 && Path::new(&one).join("results.jsonl").exists(), "{site:?}");
    assert!(Path::new(&one).join("report/index.html").exists());
}

#[test]
fn every_verb_refuses_what_is_not_a_file() {
    for arguments in [
        vec!["report", "/dev/zero"],
        vec!["compare", "/dev/zero", "/dev/zero"],
        vec!["advise", "--from", "/dev/zero"],
        vec!["gate", "judge", "/dev/zero"],
        vec!["gate", "judge", "/dev/full"],
        vec!["gate", "exact", "--baseline", "/dev/zero"],
        vec!["gate", "exact", "--baseline", "/dev/full", "--update-baseline"],
    ] {
        let refused = bench(&arguments);
        assert!(refused.code == 2 && refused.stderr.contains("it is a device"), "{arguments:?} {refused:?}");
    }
}
