//! `list`: approaches with their facts and settings, scenarios with their questions.

use approaches::registry::{APPROACHES, Approach, Side, Values};
use clap::Args;
use scenario::{self, LIBRARY, Scenario};
use serde_json::json;

use super::output;
use crate::{describe::facts, failure::Failure};

/// Options of `list`.
#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub(crate) fn list(options: &ListOptions) -> Result<(), Failure> {
    let scenarios: Vec<(&str, Scenario)> = LIBRARY
        .iter()
        .map(|&(name, text)| Ok((name, scenario::parse(name, text, &[]).map_err(Failure::usage)?)))
        .collect::<Result<_, Failure>>()?;
    if options.json {
        let scenarios: Vec<_> = scenarios
            .iter()
            .map(|(name, scenario)| json!({ "name": name, "title": scenario.title, "question": scenario.question }))
            .collect();
        let approaches: Vec<_> = APPROACHES.iter().map(facts).collect();
        return output::json(&json!({ "approaches": approaches, "scenarios": scenarios }));
    }
    let mut text = String::from("approaches\n");
    for approach in APPROACHES {
        text.push_str(&format!("  {:<16} {}\n", approach.name, describe(approach)));
    }
    text.push_str("\nscenarios\n");
    for (name, scenario) in scenarios {
        text.push_str(&format!("  {name:<16} {}\n", scenario.question));
    }
    output::data(text.trim_end())
}

fn describe(approach: &Approach) -> String {
    let facts = facts(approach);
    let mut words = vec![facts.flow.to_string(), facts.delivery.to_string()];
    words.extend((facts.connects == Side::Server).then(|| "server connects".to_owned()));
    words.extend(facts.browser.then(|| "browser".to_owned()));
    words.extend(facts.bidirectional.then(|| "bidirectional".to_owned()));
    let settings: Vec<String> = approach
        .settings
        .iter()
        .map(|setting| match setting.values {
            Values::Duration(default) => format!("{}={default}", setting.name),
            Values::Choice(choices) => format!("{}={}", setting.name, choices.join("|")),
        })
        .collect();
    let settings = if settings.is_empty() { String::new() } else { format!(" [{}]", settings.join(" ")) };
    format!("{} ({}){settings}", facts.summary, words.join(", "))
}
