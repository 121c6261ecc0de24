//! Tells the tool which commit and compiler it is built from.

use std::{env, process::Command};

fn main() {
    revision();
    compiler();
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
        "approaches/src",
        "scenario/src",
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
