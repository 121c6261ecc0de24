//! Tests that the tool replaces only files that it wrote. It follows no links, removes no results, and names any other
//! file that is already there.

mod support;

use std::{fs, os::unix::fs::symlink, path::Path};

use gate::{Outcome, Tier, baseline, surface};
use reports::{
    manifest::WriteError,
    page,
    site::{self, Stored},
};
use results::store::FILE_NAME;
use tempfile::TempDir;

/// Stores a short run in a subfolder with this name, unless it exists.
fn stored(folder: &Path, name: &str) -> Stored {
    let (run, directory) = (short(), folder.join(name));
    if !directory.exists() {
        support::written::results(&run, &directory);
    }
    Stored { name: name.to_owned(), results: directory.join(FILE_NAME), run }
}

fn short() -> results::store::Run {
    let mut run = support::run();
    run.trials.truncate(2);
    run
}

#[test]
fn a_site_in_a_folder_of_results_removes_no_results() {
    // Same as `run --out p/runs/one`, `run --out p/runs/two`, `report p/runs/two --site p`.
    let folder = TempDir::new().unwrap();
    let runs = folder.path().join("runs");
    let one = stored(&runs, "one");
    page::write(&one.run, &runs.join("one")).unwrap();
    let before = fs::read(&one.results).unwrap();
    site::write(vec![stored(&runs, "two")], folder.path()).unwrap();
    site::write(vec![stored(&runs, "two")], folder.path()).unwrap();
    assert_eq!(fs::read(&one.results).unwrap(), before);
    assert!(runs.join("one/report/index.html").exists());
}

#[test]
fn a_site_removes_only_what_it_wrote() {
    let (kept, site) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let runs = site.path().join("runs");
    let write = |names: &[&str]| {
        let stored = names.iter().map(|name| stored(kept.path(), name));
        site::write(stored.collect(), site.path())
    };
    write(&["one", "two"]).unwrap();
    fs::write(runs.join("one/notes.txt"), "mine").unwrap();
    fs::create_dir(runs.join("mine")).unwrap();
    write(&["two"]).unwrap();
    assert!(!runs.join("one/report").exists(), "the site's own page is gone");
    assert!(runs.join("one").join(FILE_NAME).exists(), "results are never removed");
    assert_eq!(fs::read_to_string(runs.join("one/notes.txt")).unwrap(), "mine");
    assert!(runs.join("mine").exists() && runs.join("two/report/index.html").exists());
    write(&["one", "two"]).unwrap();
    assert!(runs.join("one/report/index.html").exists(), "a removed run can be added again");
}

#[test]
fn a_site_names_and_refuses_foreign_files() {
    let (kept, site) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let write = || site::write(vec![stored(kept.path(), "one")], site.path());
    fs::write(site.path().join("index.html"), "mine").unwrap();
    let said = write().unwrap_err();
    assert!(matches!(&said, WriteError::NotOurs { path } if path.ends_with("index.html")), "{said}");
    assert_eq!(fs::read_to_string(site.path().join("index.html")).unwrap(), "mine");
    assert!(!site.path().join("runs").exists(), "a refused site must write nothing");
    fs::remove_file(site.path().join("index.html")).unwrap();

    fs::create_dir_all(site.path().join("runs/one")).unwrap();
    fs::write(site.path().join("runs/one").join(FILE_NAME), "other results").unwrap();
    assert!(matches!(write(), Err(WriteError::OtherResults { .. })));
    assert_eq!(fs::read_to_string(site.path().join("runs/one").join(FILE_NAME)).unwrap(), "other results");
}

#[test]
fn a_manifest_with_paths_outside_its_folder_is_refused() {
    let (kept, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let site = folder.path().join("site");
    fs::create_dir(&site).unwrap();
    fs::write(folder.path().join("mine"), "mine").unwrap();
    for outside in ["../mine", "/etc/hostname", "runs/../../mine"] {
        let list = serde_json::json!({ "written": [outside] });
        fs::write(site.join(reports::manifest::FILE_NAME), list.to_string()).unwrap();
        let written = site::write(vec![stored(kept.path(), "one")], &site);
        assert!(matches!(written, Err(WriteError::List { .. })), "{outside}");
    }
    assert!(folder.path().join("mine").exists());
}

#[test]
fn links_are_not_followed() {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::write(place("mine"), "kept").unwrap();
    fs::create_dir_all(place("run/report")).unwrap();
    symlink(place("mine"), place("run/report/index.html")).unwrap();
    let said = page::write(&short(), &place("run")).unwrap_err().to_string();
    assert!(said.contains("index.html") && said.contains("links are not followed"), "{said}");
    assert_eq!(fs::read_to_string(place("mine")).unwrap(), "kept");

    fs::create_dir(place("elsewhere")).unwrap();
    fs::create_dir(place("other")).unwrap();
    symlink(place("elsewhere"), place("other/report")).unwrap();
    assert!(page::write(&short(), &place("other")).is_err());
    assert_eq!(fs::read_dir(place("elsewhere")).unwrap().count(), 0);

    // A run's folder in the site has become a link since it was written.
    let site = place("site");
    site::write(vec![stored(&place("kept"), "one"), stored(&place("kept"), "two")], &site).unwrap();
    fs::rename(site.join("runs/one"), place("moved")).unwrap();
    symlink(place("moved"), site.join("runs/one")).unwrap();
    site::write(vec![stored(&place("kept"), "two")], &site).unwrap();
    assert!(place("moved/report/index.html").exists(), "the site must not remove the target of a link");
}

#[test]
fn a_report_replaces_only_its_own_files() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let first = page::write_into(&short(), &out, false).unwrap();
    assert_eq!(first.page, out.join("index.html"));
    assert!(out.join("table.csv").exists() && out.join("histograms").is_dir());
    page::write_into(&short(), &out, false).unwrap();

    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("table.csv"), "mine").unwrap();
    let said = page::write_into(&short(), &other, false).unwrap_err();
    assert!(matches!(&said, WriteError::NotOurs { path } if path.ends_with("table.csv")), "{said}");
    assert_eq!(fs::read_to_string(other.join("table.csv")).unwrap(), "mine");
    page::write_into(&short(), &other, true).unwrap();
    assert!(fs::read_to_string(other.join("table.csv")).unwrap().starts_with("clients,"));
}

#[test]
fn a_gate_overwrites_only_its_own_outcome() {
    let folder = TempDir::new().unwrap();
    let outcomes = [Outcome::invalid(Tier::Exact, "nothing".to_owned(), "a test".to_owned())];
    fs::write(folder.path().join("summary.md"), "mine").unwrap();
    let said = surface::write_all(&outcomes, folder.path()).unwrap_err().to_string();
    assert!(said.contains("summary.md"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("summary.md")).unwrap(), "mine");
    fs::remove_file(folder.path().join("summary.md")).unwrap();
    surface::write_all(&outcomes, folder.path()).unwrap();
    surface::write_all(&outcomes, folder.path()).unwrap();
}

#[test]
fn a_file_that_is_not_a_baseline_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("README.md");
    fs::write(&path, "# Mine\n").unwrap();
    let said = baseline::check_replaceable(&path).unwrap_err().to_string();
    assert!(said.contains("README.md exists and is not a baseline"), "{said}");
    for replaceable in ["", "{\"schema_version\": 2, <<<<<<< ours", "\u{feff}{\"schema_version\": 1}"] {
        fs::write(&path, replaceable).unwrap();
        baseline::check_replaceable(&path).unwrap();
    }
    assert!(baseline::check_replaceable(Path::new("/dev/full")).is_err());
    assert!(baseline::read(Path::new("/dev/zero"), "script").unwrap_err().to_string().contains("it is a device"));
}
