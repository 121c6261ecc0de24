//! Helpers that run `delivery-bench` in tests.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{
        Once,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// Checks that may fire on a busy machine.
pub(crate) const OF_THE_MACHINE: [&str; 12] = [
    "arrivals",
    "polls",
    "lateness",
    "omission-gap",
    "hiccup",
    "host",
    "client-saturation",
    "server-saturation",
    "warm-up",
    "pause",
    "stall",
    "disturbances",
];

/// Timeout after which a command is considered to hang.
const HANGING: Duration = Duration::from_secs(300);

/// Exit code and output of a finished command.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Ensures that programs started by a test react to a hang-up, even if the tests run under `nohup`. A child inherits an
/// ignored signal, but a signal with a handler is reset to its default in the child.
pub(crate) fn heed_hang_ups() {
    static HEEDED: Once = Once::new();
    HEEDED.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let _inside = runtime.enter();
        drop(signal(SignalKind::hangup()).expect("a handler is installed"));
    });
}

fn command(arguments: &[&str]) -> Command {
    heed_hang_ups();
    let mut command = Command::new(env!("CARGO_BIN_EXE_delivery-bench"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `delivery-bench` and waits for it.
pub(crate) fn bench(arguments: &[&str]) -> Finished {
    command(arguments).output().expect("the command runs").into()
}

/// Runs `delivery-bench` as a step of a workflow whose summary goes to this file, and waits for it.
pub(crate) fn bench_in_a_step(arguments: &[&str], summary: &Path) -> Finished {
    command(arguments).env("GITHUB_STEP_SUMMARY", summary).output().expect("the command runs").into()
}

/// Creates a directory with the results of a published run, cut to at most `trials` trials. These results do not depend
/// on the machine of the test.
pub(crate) fn published_run(directory: &Path, trials: usize) {
    const FILE: &str =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/published/2026-11-23T0053-bench-all/results.jsonl");
    let text = fs::read_to_string(FILE).expect("the run is published");
    fs::create_dir_all(directory).expect("a directory can be made");
    let lines: String = text.split_inclusive('\n').take(1 + trials).collect();
    fs::write(directory.join("results.jsonl"), lines).expect("results can be written");
}

/// Starts `delivery-bench`.
pub(crate) fn start(arguments: &[&str]) -> Child {
    command(arguments).spawn().expect("the command starts")
}

/// Waits for a started command. Kills it and panics if it hangs.
pub(crate) fn finish(child: Child) -> Finished {
    let process = child.id().to_string();
    let (ended, ending) = mpsc::channel::<()>();
    let guard = thread::spawn(move || {
        let is_hanging = ending.recv_timeout(HANGING) == Err(RecvTimeoutError::Timeout);
        if is_hanging {
            let _ = Command::new("kill").args(["-KILL", &process]).status();
        }
        is_hanging
    });
    let output = child.wait_with_output().expect("the command ends");
    drop(ended);
    let is_hanging = guard.join().expect("the guard ends");
    assert!(!is_hanging, "the command did not end within {HANGING:?}: {output:?}");
    output.into()
}

/// Writes the smoke scenario with a change to its own folder. Returns the folder and the path of the file.
pub(crate) fn scenario_file(change: impl Fn(&str) -> String) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let text = include_str!("../../../scenarios/smoke.toml");
    let changed = change(text);
    assert_ne!(changed, text, "the change has no effect");
    let path = folder.path().join("scenario.toml");
    fs::write(&path, changed).expect("the scenario can be written");
    let path = path.to_str().expect("a path is text").to_owned();
    (folder, path)
}
