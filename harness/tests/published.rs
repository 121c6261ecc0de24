//! The published runs: they can be read, they are of clean builds and measure, and the README shows one of them as it is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reports::table;
use results::store::{self, Run};

/// Where runs are kept that the site is made of, from the top of the repository.
const PUBLISHED: &str = "reports/published";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// Every published run, by the name of its directory.
fn published() -> Vec<(String, Run)> {
    let directory = root().join(PUBLISHED);
    let mut directories: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.retain(|path| path.is_dir());
    directories.sort();
    let read = |path: &PathBuf| store::read(path).unwrap_or_else(|error| panic!("{error}"));
    directories.iter().map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), read(path))).collect()
}

#[test]
fn published_runs_are_measurements_of_clean_builds() {
    let runs = published();
    assert!(runs.iter().any(|(_, run)| run.run.scenario_name == "bench-all"), "the main job's run is published");
    for (name, run) in runs {
        assert!(!run.run.tool.dirty, "{name} was measured by a build with uncommitted changes");
        assert!(run.interrupted.is_none(), "{name} was interrupted");
        let faults = run.run.scenario.get("faults").and_then(|faults| faults.as_object());
        assert!(faults.is_none_or(|all| all.values().all(serde_json::Value::is_null)), "{name} has faults");
    }
}

/// To renew the table: run `bench-all` into a new directory there, and put what `report` prints of it between the marks.
#[test]
fn the_readme_shows_the_newest_published_run_of_the_main_job() {
    let runs = published().into_iter().filter(|(_, run)| run.run.scenario_name == "bench-all");
    let (name, run) = runs.max_by_key(|(_, run)| run.run.started.clone()).expect("there is one");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, marked) = readme.split_once("<!-- table -->").expect("the mark before the table");
    let (marked, _) = marked.split_once("<!-- /table -->").expect("the mark after it");
    let fence = marked.split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a block of text").1;
    let rendered = table::render(&run);
    assert!(rendered.starts_with(fence.trim_end()), "README.md's table is not that of {name}, which is:\n{rendered}");
    for said in [&run.run.started[..10], &run.run.tool.git_revision[..12]] {
        assert!(marked.contains(said), "README.md says {said} of {name}'s table");
    }
}
