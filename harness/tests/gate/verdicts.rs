//! The gate as users see it: its messages on every surface, and the exit code of each verdict. It never passes if it
//! cannot compare.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock, thread};

use harness::gate::lockstep::SCRIPT;

use crate::command::{Finished, bench, bench_in_a_step};

/// A change of a baseline's text.
type Change = fn(&str) -> String;

/// Returns the arguments of `gate exact` for one approach and this baseline.
fn of_one(baseline: &Path) -> [&str; 6] {
    ["gate", "exact", "--baseline", baseline.to_str().unwrap(), "--approach", "raw-tcp"]
}

/// Returns a directory with the committed baseline after this change.
fn committed(change: Change) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/gate-baseline.json")).unwrap();
    fs::write(directory.path().join("baseline.json"), change(&text)).unwrap();
    directory
}

/// The result of one run of `gate exact`.
pub(super) struct Judged {
    finished: Finished,
    /// Text of each file that it wrote, by name.
    files: BTreeMap<String, String>,
    /// Summary of the workflow step.
    summary: String,
}

/// Changes of the baseline, by name.
const CHANGES: [(&str, Change); 5] = [
    ("nothing", str::to_owned),
    ("one fewer", |text| with_events_changed(text, -1)),
    ("one more", |text| with_events_changed(text, 1)),
    ("another count", |text| text.replace("\"with-events\"", "\"with-quotes\"")),
    ("another variant", |text| text.replace("\"raw-tcp\"", "\"raw-udp\"")),
];

/// Returns the baseline with raw-tcp's number of events changed by `by`.
fn with_events_changed(text: &str, by: i64) -> String {
    let (_, own) = text.split_once("\"raw-tcp\"").unwrap();
    let (before, after) = own.split_once("\"with-events\": ").unwrap();
    let count: i64 = after.split(|other: char| !other.is_ascii_digit()).next().unwrap().parse().unwrap();
    let changed = format!("{before}\"with-events\": {}", count + by);
    text.replacen(&format!("{before}\"with-events\": {count}"), &changed, 1)
}

/// Runs `gate exact` against each changed baseline. The runs are concurrent, and shared by all tests.
pub(super) fn judged() -> &'static BTreeMap<&'static str, Judged> {
    static JUDGED: OnceLock<BTreeMap<&str, Judged>> = OnceLock::new();
    JUDGED.get_or_init(|| {
        thread::scope(|scope| {
            let runs = CHANGES.map(|(name, change)| (name, scope.spawn(move || judge(change))));
            runs.into_iter().map(|(name, run)| (name, run.join().expect("the command runs"))).collect()
        })
    })
}

fn judge(change: Change) -> Judged {
    let directory = committed(change);
    let [baseline, out, summary] = ["baseline.json", "out", "summary.md"].map(|name| directory.path().join(name));
    fs::write(&summary, "of the step before\n").unwrap();
    let arguments = [&of_one(&baseline)[..], &["--github", "--out", out.to_str().unwrap()]].concat();
    let finished = bench_in_a_step(&arguments, &summary);
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).expect("a text file"))
    };
    let files = fs::read_dir(&out).unwrap().map(|entry| read(entry.unwrap())).collect();
    Judged { finished, files, summary: fs::read_to_string(summary).unwrap() }
}

/// Returns the result for the baseline with this change.
fn against(baseline: &str) -> &'static Judged {
    super::begin();
    &judged()[baseline]
}

#[test]
fn the_command_compares_with_the_committed_baseline() {
    let Judged { finished: passed, files, .. } = against("nothing");
    assert_eq!(passed.code, 0, "{}{}", passed.stdout, passed.stderr);
    for file in ["outcome.json", "summary.md", "junit.xml"] {
        assert!(files.get(file).is_some_and(|text| !text.is_empty()), "{file}");
    }
    let out = tempfile::tempdir().expect("a directory");
    let out = out.path();
    files.iter().for_each(|(name, text)| fs::write(out.join(name), text).unwrap());
    let says = |word: &str| {
        fs::read_to_string(out.join("summary.md")).unwrap().starts_with(&format!("## Delivery gate: {word}"))
    };
    assert!(says("pass"));
    let absent = bench(&["gate", "exact", "--baseline", "no-such-file.json", "--out", out.to_str().unwrap()]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(says("invalid") && !says("pass"), "the outcome of the earlier gate is replaced");
}

#[test]
fn a_different_count_is_a_regression_in_either_direction() {
    for by in ["one fewer", "one more"] {
        let Judged { finished: failed, summary, .. } = against(by);
        assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
        let annotated = failed.stdout.split_once("::error").unwrap();
        assert!(summary.starts_with("of the step before\n"), "{summary}");
        for surface in [annotated.0, annotated.1, summary] {
            for said in ["raw-tcp", "with-events", "→"] {
                assert!(surface.contains(said), "{surface}");
            }
        }
    }
}

#[test]
fn nothing_to_compare_with_never_passes() {
    let absent = bench(&["gate", "exact", "--baseline", "no-such-file.json"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("no baseline at no-such-file.json"), "{}", absent.stderr);
    let unreadable: [Change; 3] = [
        |_| String::new(),
        |text| text.replace("\"schema_version\": 2", "\"schema_version\": 9"),
        |text| text.replace(SCRIPT, "another script"),
    ];
    for change in unreadable {
        let directory = committed(change);
        let refused = bench(&of_one(&directory.path().join("baseline.json")));
        assert_eq!(refused.code, 2, "{}{}", refused.stdout, refused.stderr);
    }
    for other in ["another count", "another variant"] {
        let refused = &against(other).finished;
        assert_eq!(refused.code, 4, "{}{}", refused.stdout, refused.stderr);
    }
}

#[test]
fn stored_sessions_are_judged_by_their_exit_codes() {
    for (session, code, said) in
        [("equal", 0, "2 of 2 comparisons passed"), ("cpu30", 3, "websocket"), ("p50-10", 5, "blocks")]
    {
        let session = format!("{}/../reports/studies/gate/{session}", env!("CARGO_MANIFEST_DIR"));
        let judged = bench(&["gate", "judge", &session]);
        assert_eq!(judged.code, code, "{}{}", judged.stdout, judged.stderr);
        assert!(judged.stdout.contains(said), "{}", judged.stdout);
    }
    assert_eq!(bench(&["gate", "judge", "no-such-session"]).code, 2);
}
