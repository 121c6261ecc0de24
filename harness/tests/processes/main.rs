//! Processes, signals and files: however a run or a gate ends, no process keeps running, no partial file stays, and the
//! recorded results are readable.

mod builds;
#[path = "../command/mod.rs"]
mod command;

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use command::{Finished, bench, finish, heed_hang_ups, start};
use results::{schema::Status, store};
use tempfile::tempdir;

/// Timeout of a wait, as a guard against hanging. No test asserts how long a step takes.
const PATIENCE: Duration = Duration::from_secs(120);
const PROGRAM: &str = env!("CARGO_BIN_EXE_delivery-bench");
/// Arguments of a short run of two trials.
const TWO_TRIALS: [&str; 14] = [
    "run",
    "smoke",
    "--approach",
    "raw-tcp",
    "--trials",
    "2",
    "--clients",
    "4",
    "--warmup",
    "50ms",
    "--measure",
    "300ms",
    "--set",
    "window.drain=300ms",
];

fn text(path: &Path) -> &str {
    path.to_str().expect("a path is text")
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let pause = Duration::from_millis(20);
    for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
        if is_so() {
            return;
        }
        std::thread::sleep(pause);
    }
    panic!("timeout while waiting until {what}");
}

/// Returns the descendants of a process by ID and start time. Together these are unique, even if an ID is reused.
fn below(process: u32) -> Vec<(u32, u64)> {
    let all = procfs::process::all_processes().unwrap().filter_map(|process| process.ok()?.stat().ok());
    let all: Vec<_> = all.map(|stat| (stat.pid as u32, stat.ppid as u32, stat.starttime)).collect();
    let (mut found, mut parents) = (Vec::new(), vec![process]);
    while let Some(parent) = parents.pop() {
        for (child, _, started) in all.iter().filter(|(_, its_parent, _)| *its_parent == parent) {
            found.push((*child, *started));
            parents.push(*child);
        }
    }
    found
}

/// Returns whether all of these processes have ended.
fn are_gone(processes: &[(u32, u64)]) -> bool {
    processes.iter().all(|(process, started)| {
        let stat = procfs::process::Process::new(*process as i32).and_then(|process| process.stat());
        stat.is_ok_and(|stat| stat.starttime != *started || stat.state == 'Z')
            || !Path::new(&format!("/proc/{process}")).exists()
    })
}

/// Returns whether a process handles signals yet.
fn listens(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let mut names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    names.any(|name| name.trim_end() == "signals")
}

/// Reads the child's standard error up to a line with these words.
fn read_until(child: &mut Child, words: &str) {
    let lines = BufReader::new(child.stderr.as_mut().expect("stderr is piped")).lines();
    let mut read = Vec::new();
    for line in lines.map_while(Result::ok) {
        if line.contains(words) {
            return;
        }
        read.push(line);
    }
    panic!("the command never printed {words:?}: {read:?}");
}

#[test]
fn interrupted_during_conformance_a_run_leaves_nothing() {
    let folder = tempdir().unwrap();
    let runs: Vec<(PathBuf, Child)> = ["-INT", "-QUIT", "-TERM", "-HUP"]
        .map(|signal| {
            let out = folder.path().join(signal).join("out");
            let mut run = start(&["run", "smoke", "--out", text(&out)]);
            read_until(&mut run, "examining");
            kill(signal, run.id());
            (out, run)
        })
        .into();
    for (out, run) in runs {
        let finished = finish(run);
        assert_eq!(finished.code, 130, "{finished:?}");
        assert!(!out.exists() && !out.parent().unwrap().exists(), "{finished:?}");
    }
}

#[test]
fn every_long_verb_can_be_interrupted() {
    let folder = tempdir().unwrap();
    let baseline = folder.path().join("baseline.json");
    let verbs: [&[&str]; 3] =
        [&["verify"], &["selftest", "--quick"], &["gate", "exact", "--update-baseline", "--baseline", text(&baseline)]];
    let begun = verbs.map(start);
    for process in &begun {
        until("it listens to signals", || listens(process.id()));
        kill("-TERM", process.id());
    }
    for process in begun {
        assert_eq!(finish(process).code, 130);
    }
    assert!(!baseline.exists());
}

#[test]
fn a_hang_up_interrupts_unless_ignored() {
    heed_hang_ups();
    let folder = tempdir().unwrap();
    let begin = |name: &str, before: &str| {
        let out = folder.path().join(name);
        let run = format!("{before} exec {PROGRAM} run smoke --approach raw-tcp --measure 60s --out {}", text(&out));
        let run = Command::new("sh").args(["-c", &run]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        (out, run)
    };
    let [(hung_up, first), (ignored, second)] = [begin("hung-up", ""), begin("ignored", "trap '' HUP;")];
    until("both measure", || [&first, &second].iter().all(|run| below(run.id()).len() == 2));
    let children = [below(first.id()), below(second.id())].concat();
    kill("-HUP", first.id());
    kill("-HUP", second.id());
    assert_eq!(finish(first).code, 130);
    assert_eq!(below(second.id()).len(), 2, "a run that ignores the signal continues");
    kill("-TERM", second.id());
    assert_eq!(finish(second).code, 130);
    for out in [hung_up, ignored] {
        assert!(store::read(&out).unwrap().interrupted.is_some());
    }
    until("the children are gone", || are_gone(&children));
}

#[test]
fn a_server_closes_cleanly_after_every_ending_signal() {
    for signal in ["-INT", "-QUIT", "-TERM", "-HUP"] {
        let mut server = start(&["serve", "raw-tcp", "--listen", "127.0.0.1:0"]);
        let mut listening = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut listening).unwrap();
        assert!(listening.starts_with("listening on 127.0.0.1:"), "{listening}");
        kill(signal, server.id());
        let finished = finish(server);
        assert_eq!(finished.code, 0, "{signal}: {finished:?}");
        assert!(finished.stderr.contains("clients are told to go"), "{finished:?}");
    }
}

#[test]
fn a_run_survives_replacing_its_program_and_keeps_foreign_files() {
    // The folder is on the filesystem of the build, because hard links cannot cross filesystems.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = folder.path().join("program");
    fs::hard_link(PROGRAM, &program).unwrap();
    fs::create_dir(folder.path().join("results")).unwrap();
    let latest = folder.path().join("results/latest");
    fs::write(&latest, "mine").unwrap();
    let mut run = Command::new(&program)
        .args(TWO_TRIALS)
        .arg("--no-report")
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    read_until(&mut run, "examining");
    fs::copy("/bin/false", folder.path().join("other")).unwrap();
    fs::rename(folder.path().join("other"), &program).unwrap();
    let finished = finish(run);
    assert_eq!(fs::read_to_string(&latest).unwrap(), "mine");
    assert!(finished.stderr.contains("results/latest"), "the message names the kept file: {}", finished.stderr);
    let made = fs::read_dir(folder.path().join("results")).unwrap().map(|entry| entry.unwrap().path());
    let out: Vec<PathBuf> = made.filter(|path| path.is_dir()).collect();
    let trials = store::read(&out[0]).unwrap().trials;
    assert_eq!(trials.len(), 2);
    assert!(trials.iter().all(|trial| trial.status != Status::Failed), "{trials:?}");
}

#[test]
fn a_failed_write_is_an_error_and_earlier_results_stay_readable() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("none/out");
    let limited = format!("ulimit -f 1; exec {PROGRAM} run smoke --approach raw-tcp --out {}", text(&out));
    let limited: Finished = Command::new("sh").args(["-c", &limited]).output().unwrap().into();
    assert_eq!(limited.code, 1, "{limited:?}");
    assert!(limited.stderr.contains("cannot write"), "{limited:?}");
    assert!(!folder.path().join("none").exists());

    let out = folder.path().join("some");
    let run = start(&[&TWO_TRIALS[..], &["--set", "trials=50", "--out", text(&out)]].concat());
    let file = out.join(store::FILE_NAME);
    let lines = || fs::read_to_string(&file).map_or(0, |text| text.lines().count());
    until("a trial is recorded", || lines() >= 2);
    let limit = fs::metadata(&file).unwrap().len() + 500;
    let limited = Command::new("prlimit").args(["--pid", &run.id().to_string(), &format!("--fsize={limit}")]).status();
    assert!(limited.unwrap().success());
    let finished = finish(run);
    assert_eq!(finished.code, 1, "{finished:?}");
    assert!(finished.stderr.contains("cannot write"), "{finished:?}");
    let run = store::read(&out).unwrap();
    assert!(run.interrupted.is_some(), "an unfinished run is marked");
    assert!(!run.trials.is_empty() && bench(&["report", text(&out)]).code != 2);
}

#[test]
fn names_a_low_process_limit() {
    let is_root = procfs::process::Process::myself().unwrap().uid().unwrap() == 0;
    let folder = tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = folder.path().join("program");
    fs::copy(PROGRAM, &program).unwrap();
    for verb in [
        &["verify"][..],
        &["selftest", "--quick"],
        &["run", "smoke", "--out", "out"],
        &["gate", "exact", "--baseline", "none"],
    ] {
        let mut limited = Command::new("prlimit");
        limited.arg("--nproc=2").current_dir(folder.path());
        if is_root {
            // The limit does not apply to root.
            limited.args(["setpriv", "--reuid=65534", "--clear-groups"]);
        }
        let limited: Finished = limited.arg(&program).args(verb).output().unwrap().into();
        assert_eq!(limited.code, 6, "{verb:?}: {limited:?}");
        assert!(limited.stderr.contains("ulimit -u"), "{limited:?}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn names_a_low_descriptor_limit() {
    for files in [6, 7, 9, 12, 14, 63] {
        for verb in [&["list"][..], &["verify", "--approach", "raw-tcp"], &["serve", "sse", "--listen", "127.0.0.1:0"]]
        {
            let limited =
                Command::new("prlimit").arg(format!("--nofile={files}:{files}")).arg(PROGRAM).args(verb).output();
            let limited: Finished = limited.unwrap().into();
            assert_eq!(limited.code, 6, "{files} files, {verb:?}: {limited:?}");
            assert!(limited.stderr.contains("ulimit -n") && limited.stderr.lines().count() == 1, "{limited:?}");
        }
    }
}
