//! What a run record says of the run itself: the scenario, the machine, and each approach with the size of its source.

use std::time::Duration;

use reports::schema::{ApproachFacts, ArticleWords, Complexity, RunRecord, SCHEMA_VERSION};

use crate::{
    environment,
    plan::Trial,
    registry::{APPROACHES, Approach, Side, Source},
    scenario::Loaded,
    variants::{delivery_word, flow_word},
};

/// The first record of a run.
pub(crate) fn run_record(loaded: &Loaded, trials: &[Trial], started: Duration) -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        tool: environment::tool(),
        started: humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + started).to_string(),
        command: command(),
        scenario_name: loaded.name.clone(),
        scenario: serde_json::to_value(&loaded.scenario).expect("a scenario has only string keys and finite numbers"),
        planned_trials: u32::try_from(trials.len()).expect("trials are counted in 32 bits"),
        environment: environment::environment(),
        approaches: APPROACHES
            .iter()
            .filter(|approach| trials.iter().any(|trial| trial.approach.name == approach.name))
            .map(facts)
            .collect(),
    }
}

/// What the record says of an approach.
pub(crate) fn facts(approach: &Approach) -> ApproachFacts {
    let facts = approach.facts;
    ApproachFacts {
        name: approach.name.into(),
        summary: facts.summary.into(),
        flow: flow_word(facts.flow).into(),
        delivery: delivery_word(facts.delivery).into(),
        connects: if facts.connects == Side::Client { "client" } else { "server" }.into(),
        browser: facts.browser,
        bidirectional: facts.bidirectional,
        resumable: facts.resumable,
        floor: facts.floor,
        article: facts.article.map(|[label, latency, client_complexity, server_complexity]| ArticleWords {
            label: label.into(),
            latency: latency.into(),
            client_complexity: client_complexity.into(),
            server_complexity: server_complexity.into(),
        }),
        client_complexity: measure(approach.client_source),
        server_complexity: measure(approach.server_source),
    }
}

/// The command line that reproduces the run: this program under its own name wherever it stands, and without the
/// directory, which is taken now.
fn command() -> String {
    let mut words = vec!["delivery-bench".to_owned()];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--out" {
            arguments.next();
        } else if !argument.starts_with("--out=") {
            words.push(argument);
        }
    }
    words.join(" ")
}

/// The size of one half of an approach: its file and the parts that it is divided into.
fn measure(source: Source) -> Complexity {
    let files: Vec<Complexity> = std::iter::once(&source)
        .chain(source.parts)
        .map(|source| reports::complexity::measure(source.path, source.text))
        .collect();
    Complexity {
        code_lines: files.iter().map(|file| file.code_lines).sum(),
        sources: files.into_iter().flat_map(|file| file.sources).collect(),
    }
}
