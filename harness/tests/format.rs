//! The tables of scenarios and records in `docs/format.md` match the schema. To update them, run
//! `UPDATE_DOCS=1 cargo test -p harness --test format`.

use std::{env, fs};

use approaches::registry::{APPROACHES, Values};
use results::schema::{RunRecord, TrialRecord};
use scenario::Scenario;
use serde_json::{Map, Value};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Structures of a scenario in the order of the document, each with its heading and the prefix of its keys.
const SCENARIO: [(&str, &str, &str); 8] = [
    ("Scenario", "Top level", ""),
    ("Properties", "`[approaches]`", ""),
    ("LoadKeys", "`[load]`", ""),
    ("WindowKeys", "`[window]`", ""),
    ("CostKeys", "`[cost]`", ""),
    ("HubLimits", "`[limits]`", ""),
    ("MachineKeys", "`[machine]`", ""),
    ("Faults", "`[faults]`", "faults."),
];
/// Structures of a record in the order of the document.
const RECORDS: [&str; 23] = [
    "RunRecord",
    "Tool",
    "Environment",
    "ApproachFacts",
    "ArticleWords",
    "Complexity",
    "Cognitive",
    "Crates",
    "Obligations",
    "TrialRecord",
    "Load",
    "Clients",
    "Connect",
    "Window",
    "Events",
    "Responses",
    "EmptyTheory",
    "Wire",
    "Summary",
    "Cpu",
    "Host",
    "Memory",
    "Check",
];
/// Source files that define these structures.
const SOURCES: [&str; 5] = [
    "harness/scenario/src/file.rs",
    "harness/scenario/src/faults.rs",
    "reports/results/src/schema.rs",
    "reports/results/src/schema/measured.rs",
    "reports/results/src/schema/complexity.rs",
];

#[test]
fn format_document_has_the_tables_of_the_schema() {
    let tables = Tables::new();
    let scenario = SCENARIO.map(|(name, heading, prefix)| tables.section(name, heading, prefix, true));
    let records = RECORDS.map(|name| tables.section(name, name, "", false));
    let path = format!("{ROOT}/docs/format.md");
    let document = fs::read_to_string(&path).unwrap();
    let updated = replaced(&document, "scenario", &scenario.concat());
    let updated = replaced(&updated, "records", &records.concat());
    let updated = replaced(&updated, "settings", &settings());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &updated).unwrap();
    } else {
        assert!(document == updated, "docs/format.md is out of date: run this test again with UPDATE_DOCS=1");
    }
}

#[test]
fn every_structure_of_the_schema_has_a_table() {
    let listed: Vec<&str> = SCENARIO.iter().map(|(name, ..)| *name).chain(RECORDS).collect();
    for (name, definition) in Tables::new().definitions {
        // The measurements are flattened into the trial.
        let is_listed = listed.contains(&name.as_str()) || name == "Measured";
        assert!(is_listed || definition["properties"].is_null(), "docs/format.md has no table of {name}");
    }
}

/// Renders the settings of every approach that has some, in the order of the registry.
fn settings() -> String {
    let mut table = "| approach | setting | values, the default first |\n|---|---|---|\n".to_owned();
    for approach in APPROACHES {
        for (index, setting) in approach.settings.iter().enumerate() {
            let name = if index == 0 { approach.name } else { "" };
            let values = match setting.values {
                Values::Duration(default) => format!("duration, {default}"),
                Values::Choice(choices) => choices.join(", "),
            };
            table += &format!("| {name} | `{}` | {values} |\n", setting.name);
        }
    }
    table + "\n"
}

/// Returns the document with new text between the marks of a part.
fn replaced(document: &str, part: &str, text: &str) -> String {
    let [begin, end] = ["begin", "end"].map(|mark| format!("<!-- {part}: {mark} -->\n"));
    let (before, rest) = document.split_once(&begin).expect("the document marks the beginning");
    let (_, after) = rest.split_once(&end).expect("the document marks the end");
    format!("{before}{begin}\n{text}{end}{after}")
}

/// Schemas of all structures, and the sources that define them.
struct Tables {
    definitions: Map<String, Value>,
    sources: Vec<String>,
}

impl Tables {
    fn new() -> Self {
        let roots = [
            ("Scenario", schemars::schema_for!(Scenario)),
            ("RunRecord", schemars::schema_for!(RunRecord)),
            ("TrialRecord", schemars::schema_for!(TrialRecord)),
        ];
        let mut definitions = Map::new();
        for (name, root) in roots {
            let root = serde_json::to_value(root).unwrap();
            definitions.extend(root["$defs"].as_object().unwrap().clone());
            definitions.insert(name.to_owned(), root);
        }
        let sources = SOURCES.map(|path| fs::read_to_string(format!("{ROOT}/{path}")).unwrap()).to_vec();
        Self { definitions, sources }
    }

    /// Renders one structure: a heading, its description and a table of its fields.
    fn section(&self, name: &str, heading: &str, prefix: &str, has_defaults: bool) -> String {
        let definition = &self.definitions[name];
        let required: Vec<&str> =
            definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let rows = self.fields(name).into_iter().map(|field| {
            let property = &definition["properties"][&field];
            assert!(property.is_object(), "{name} has no {field}");
            let default = match &property["default"] {
                _ if !has_defaults => String::new(),
                Value::Null if required.contains(&field.as_str()) => " required |".to_owned(),
                Value::Null | Value::Object(_) => " none |".to_owned(),
                value => format!(" {value} |"),
            };
            let mut kind = self.type_of(property);
            if has_defaults {
                // An absent key is null, which TOML cannot express.
                kind = kind.replace(" or null", "");
            }
            format!("| `{prefix}{field}` | {kind} |{default} {} |\n", description(property))
        });
        let rows: String = rows.collect();
        let documented = definition["properties"].as_object().unwrap().len();
        assert_eq!(rows.lines().count(), documented, "every field of {name} is in the table");
        let [head, rule] = if has_defaults { [" default |", "---|"] } else { [""; 2] };
        let intro = description(definition);
        format!("#### {heading}\n\n{intro}\n\n| field | type |{head} meaning |\n|---|---|{rule}---|\n{rows}\n")
    }

    /// Returns the fields in the order of the source. The schema does not preserve that order.
    fn fields(&self, name: &str) -> Vec<String> {
        let names = |name: &str| -> Vec<String> {
            let start = format!("pub struct {name} {{\n");
            let body = self.sources.iter().find_map(|source| source.split_once(&start)?.1.split_once("\n}\n"));
            let (body, _) = body.expect("the structure is in the source");
            let public = body.lines().filter_map(|line| line.trim().strip_prefix("pub "));
            public.filter_map(|line| line.split_once(':')).map(|(field, _)| field.to_owned()).collect()
        };
        // The measurements are flattened into the trial.
        let is_flattened = |field: &String| name == "TrialRecord" && field == "measured";
        names(name).into_iter().flat_map(|it| if is_flattened(&it) { names("Measured") } else { vec![it] }).collect()
    }

    fn type_of(&self, property: &Value) -> String {
        if let Some(name) = property["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            return self.named(name);
        }
        if let Some(variants) = property["anyOf"].as_array() {
            return variants.iter().map(|variant| self.type_of(variant)).collect::<Vec<_>>().join(" or ");
        }
        if let Some(words) = property["enum"].as_array() {
            return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        }
        let one = |word: &str| match word {
            "array" => format!("list of {}", self.type_of(&property["items"])),
            "object" => "table".to_owned(),
            other => other.to_owned(),
        };
        match &property["type"] {
            Value::String(word) => one(word),
            Value::Array(words) => words.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
            _ => "any".to_owned(),
        }
    }

    /// Returns a link to a structure that has a table, or a description of any other type.
    fn named(&self, name: &str) -> String {
        let definition = &self.definitions[name];
        let heading = SCENARIO.iter().find(|(known, ..)| *known == name).map(|(_, heading, _)| *heading);
        if let Some(heading) = heading.or(RECORDS.contains(&name).then_some(name)) {
            let anchor = heading.to_lowercase().replace(['`', '[', ']'], "");
            return format!("[{}](#{anchor})", heading.replace(['[', ']'], ""));
        }
        let words = definition["oneOf"].as_array().and_then(|values| {
            values
                .iter()
                .map(|value| value["const"].as_str().map(|word| format!("`{word}`")))
                .collect::<Option<Vec<_>>>()
        });
        words.map_or_else(|| self.type_of(definition), |words| words.join(", "))
    }
}

fn description(value: &Value) -> String {
    value["description"].as_str().expect("every item has a description").replace('\n', " ").replace('|', "\\|")
}
