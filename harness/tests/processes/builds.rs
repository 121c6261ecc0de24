//! The builds of `gate paired` end with the gate, however it ends, and leave no files behind.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
};

use tempfile::{TempDir, tempdir};

use crate::{
    are_gone, below,
    command::{finish, start},
    kill, text, until,
};

/// Creates a program from this shell script, in its own folder.
fn script(text: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("build");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

/// Starts `gate paired` of this build against itself.
fn start_paired(build: &Path, session: &Path) -> Child {
    let build = text(build);
    start(&["gate", "paired", "--base", build, "--head", build, "--session", text(session), "--blocks", "16"])
}

#[test]
fn no_process_of_a_gate_outlives_it() {
    // Both processes sleep until the gate kills them. The first one is an orphan, because its parent exits at once.
    let time = format!("1000.{}", std::process::id());
    let (_folder, build) = script(&format!("(sleep {time} &) ; sleep {time}"));
    let sessions = tempdir().unwrap();
    let gates: Vec<(PathBuf, &str, Child)> = ["-TERM", "-INT", "-HUP", "-KILL"]
        .map(|signal| {
            let session = sessions.path().join(signal);
            let gate = start_paired(&build, &session);
            (session, signal, gate)
        })
        .into();
    let sleepers = || {
        let all = procfs::process::all_processes().unwrap().filter_map(Result::ok);
        let of_build = all.filter(|process| process.cmdline().is_ok_and(|words| words == ["sleep", time.as_str()]));
        of_build.filter_map(|process| process.stat().ok()).map(|stat| (stat.pid as u32, stat.starttime))
    };
    until("the builds run", || sleepers().count() == 8);
    let left: Vec<(u32, u64)> = gates.iter().flat_map(|(_, _, gate)| below(gate.id())).chain(sleepers()).collect();
    for (_, signal, gate) in &gates {
        kill(signal, gate.id());
    }
    for (session, signal, gate) in gates {
        let ended = gate.wait_with_output().unwrap();
        let expected = if signal == "-KILL" { ExitStatus::from_raw(9) } else { ExitStatus::from_raw(130 << 8) };
        assert_eq!(ended.status, expected, "{signal}: {ended:?}");
        until("the builds and the empty session are removed", || !session.exists());
    }
    until("all processes are gone", || are_gone(&left));
}

#[test]
fn a_build_that_floods_its_output_is_killed_and_its_last_line_shown() {
    let (_folder, build) = script("exec yes 'a line without end' >&2");
    let sessions = tempdir().unwrap();
    let session = sessions.path().join("session");
    let finished = finish(start_paired(&build, &session));
    assert_eq!(finished.code, 4, "{}", finished.stderr);
    assert!(finished.stderr.contains("base wrote more than 16 MiB"), "{}", finished.stderr);
    assert!(!session.exists(), "an empty session is removed");
}

#[test]
fn a_session_overwrites_no_existing_path() {
    let (_folder, build) = script("exit 0");
    for name in ["session.jsonl", "gate.toml", "trials", "builds"] {
        let session = tempdir().unwrap();
        let mine = session.path().join(name);
        if name.contains('.') {
            fs::write(&mine, "mine").unwrap();
        } else {
            fs::create_dir(&mine).unwrap();
        }
        let finished = finish(start_paired(&build, session.path()));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("{name} already exists")), "{}", finished.stderr);
        assert!(mine.exists() && fs::read_dir(session.path()).unwrap().count() == 1);
    }
    let session = tempdir().unwrap();
    for (program, said) in [("/dev/zero", "not a regular file"), ("no-such-build", "cannot copy no-such-build")] {
        let finished = finish(start_paired(Path::new(program), &session.path().join("new")));
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        assert!(finished.stderr.contains(said) && !session.path().join("new").exists(), "{}", finished.stderr);
    }
}
