//! The published runs are readable and come from clean builds, and the documents show the newest one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use reports::{export, page, table};
use results::store::{self, Run};

/// Directory of the published runs, from which the site is built, relative to the root of the repository.
const PUBLISHED: &str = "reports/published";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the repository")
}

/// Returns every published run with the name of its directory.
fn published() -> Vec<(String, Run)> {
    let directory = root().join(PUBLISHED);
    let mut directories: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.retain(|path| path.is_dir());
    directories.sort();
    let read = |path: &PathBuf| store::read(path).unwrap_or_else(|error| panic!("{error}"));
    directories.iter().map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), read(path))).collect()
}

#[test]
fn published_runs_come_from_clean_builds() {
    let runs = published();
    assert!(runs.iter().any(|(_, run)| run.run.scenario_name == "bench-all"), "the main job's run is published");
    for (name, run) in runs {
        assert!(!run.run.tool.dirty, "{name} was measured by a build with uncommitted changes");
        assert!(run.interrupted.is_none(), "{name} was interrupted");
        let faults = run.run.scenario.get("faults").and_then(|faults| faults.as_object());
        assert!(faults.is_none_or(|all| all.values().all(serde_json::Value::is_null)), "{name} has faults");
    }
}

/// Returns the newest published run of the main job with the name of its directory.
fn newest() -> (String, Run) {
    let runs = published().into_iter().filter(|(_, run)| run.run.scenario_name == "bench-all");
    runs.max_by_key(|(_, run)| run.run.started.clone()).expect("a run is published")
}

/// Runs in a row, of one build and one machine, tell different things apart, but recommend the same.
#[test]
fn runs_in_a_row_recommend_the_same_for_every_typical_need() {
    let (_, newest) = newest();
    let is_like = |run: &Run| {
        run.run.tool.git_revision == newest.run.tool.git_revision && run.run.scenario_name == newest.run.scenario_name
    };
    let folder = tempfile::tempdir().unwrap();
    let first_choices = published().into_iter().filter(|(_, run)| is_like(run)).map(|(name, run)| {
        let written = page::write(&run, &folder.path().join(name)).unwrap();
        let data: serde_json::Value = serde_json::from_str(&fs::read_to_string(written.data).unwrap()).unwrap();
        let answers = data["advice"]["answers"].as_array().unwrap();
        answers.iter().map(|answer| answer["advice"]["choices"][0]["name"].clone()).collect::<Vec<_>>()
    });
    let first_choices: Vec<_> = first_choices.collect();
    assert!(first_choices.len() >= 3 && first_choices[0].len() == 6, "{first_choices:?}");
    assert!(first_choices.windows(2).all(|pair| pair[0] == pair[1]), "{first_choices:?}");
}

/// Returns the text between the table marks of a document. Asserts that it names the date and the commit of the run.
fn table_of(document: &str, run: &Run) -> String {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let (_, marked) = text.split_once("<!-- table -->").expect("the mark before the table");
    let (marked, _) = marked.split_once("<!-- /table -->").expect("the mark after it");
    for said in [&run.run.started[..10], &run.run.tool.git_revision[..12]] {
        assert!(marked.contains(said), "{document} does not name {said} beside its table");
    }
    marked.trim().to_owned()
}

/// To update the table, run `bench-all` into a new directory in [`PUBLISHED`], and paste the output of `report` between
/// the marks.
#[test]
fn results_page_shows_the_newest_published_bench_all() {
    let (name, run) = newest();
    let marked = table_of("docs/results.md", &run);
    let fence = marked.split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a block of text").1;
    let rendered = table::render(&run);
    assert!(rendered.starts_with(fence.trim_end()), "the table differs from that of {name}:\n{rendered}");
}

/// Checks that the README's table has the article's approaches and the figures that decide most often.
#[test]
fn readme_shows_the_articles_rows_of_the_same_run() {
    const COLUMNS: [&str; 7] = [
        "latency p50",
        "p99",
        "× floor p50",
        "99 % interval",
        "bytes /event",
        "CPU µs/extra server/client",
        "KB/client server/client",
    ];
    let (name, run) = newest();
    let exported = export::text(std::slice::from_ref(&run), export::Form::Markdown);
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = exported.lines().filter(|line| line.starts_with('|')).map(cells);
    let heading = lines.next().expect("the table has a heading");
    let places: Vec<usize> = COLUMNS.iter().map(|column| heading.iter().position(|it| it == column).unwrap()).collect();
    let article = run.run.approaches.iter().filter(|facts| facts.article.is_some()).map(|facts| &facts.name);
    let article: Vec<&String> = article.collect();
    let is_of = |row: &[String]| article.iter().any(|name| row[0].trim_matches('`').split('/').next() == Some(name));
    let rows = lines.filter(|row| is_of(row)).map(|row| {
        let figures: Vec<&str> = places.iter().map(|place| row[*place].as_str()).collect();
        format!("| {} | {} |", row[0], figures.join(" | "))
    });
    let expected = rows.collect::<Vec<_>>().join("\n");
    let marked = table_of("README.md", &run);
    assert!(marked.contains(&expected), "README.md lacks these rows of {name}:\n{expected}");
    assert_eq!(marked.lines().filter(|line| line.starts_with("| `")).count(), article.len());
}
