//! Tells the tool which commit it is built from, and puts the scenario files into it: adding a scenario is adding a
//! file.

use std::{env, fs, path::Path, process::Command};

fn main() {
    revision();
    compiler();
    scenarios();
}

/// Without git, or outside a checkout, the tool does not know its commit.
fn revision() {
    // Git is asked where these files are: in a worktree they are elsewhere, and a missing file would rebuild every time.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for watched in ["HEAD"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--path-format=absolute", "--git-path", watched]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    for sources in [
        "src",
        "../clients/src",
        "../net/src",
        "../proto/src",
        "../reports/complexity/src",
        "../reports/gate/src",
        "../reports/results/src",
        "../reports/stats/src",
        "../reports/src",
        "../servers/src",
    ] {
        println!("cargo:rerun-if-changed={sources}");
    }
    if let Some(revision) = git(&["rev-parse", "HEAD"]) {
        println!("cargo:rustc-env=DELIVERY_BENCH_REVISION={revision}");
        let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
        println!("cargo:rustc-env=DELIVERY_BENCH_DIRTY={dirty}");
    }
}

/// What decides how often the same source allocates.
fn compiler() {
    let version =
        said(&env::var("RUSTC").expect("cargo sets it"), &["--version"]).unwrap_or_else(|| "unknown".to_owned());
    let profile = env::var("PROFILE").expect("cargo sets it");
    println!("cargo:rustc-env=DELIVERY_BENCH_COMPILER={version}, {profile}");
}

fn git(arguments: &[&str]) -> Option<String> {
    said("git", arguments)
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A list of names and texts, in the order of the names.
fn scenarios() {
    println!("cargo:rerun-if-changed=../scenarios");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../scenarios");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("there are scenarios")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    let lines: String = files
        .iter()
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy();
            format!("    ({name:?}, include_str!({path:?})),\n")
        })
        .collect();
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("scenarios.rs");
    fs::write(out, format!("&[\n{lines}]")).expect("the list can be written");
}
