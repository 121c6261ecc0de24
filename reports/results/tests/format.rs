//! The tables of records in `docs/format.md` are those of the schema. `UPDATE_DOCS=1 cargo test -p results --test format`
//! writes them again.

use std::{env, fs};

use results::schema::{RunRecord, TrialRecord};
use serde_json::{Map, Value};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.md");
const BEGIN: &str = "<!-- records: begin -->\n";
const END: &str = "<!-- records: end -->\n";

/// The structures in the order of the document.
const STRUCTURES: [&str; 22] = [
    "RunRecord",
    "Tool",
    "Environment",
    "ApproachFacts",
    "ArticleWords",
    "Complexity",
    "Cognitive",
    "Crates",
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

#[test]
fn the_document_has_the_tables_of_the_schema() {
    let roots = [schemars::schema_for!(RunRecord), schemars::schema_for!(TrialRecord)];
    let mut definitions = Map::new();
    for (name, root) in ["RunRecord", "TrialRecord"].into_iter().zip(roots) {
        let root = serde_json::to_value(root).unwrap();
        definitions.extend(root["$defs"].as_object().unwrap().clone());
        definitions.insert(name.to_owned(), root);
    }
    let definitions = Value::Object(definitions);
    let sections = STRUCTURES.map(|name| section(name, &definitions));
    let expected = format!("{BEGIN}\n{}{END}", sections.concat());
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).expect("the document has the mark of the beginning");
    let (_, after) = rest.split_once(END).expect("the document has the mark of the end");
    let updated = format!("{before}{expected}{after}");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(DOCUMENT, &updated).unwrap();
    } else {
        assert!(document == updated, "docs/format.md is out of date: run this test again with UPDATE_DOCS=1");
    }
}

/// Renders one structure: a heading, its description and a table of its fields.
fn section(name: &str, definitions: &Value) -> String {
    let definition = &definitions[name];
    let rows = fields(name).into_iter().map(|field| {
        let property = &definition["properties"][&field];
        assert!(property.is_object(), "{name} has no {field}");
        format!("| `{field}` | {} | {} |\n", type_of(property, definitions), description(property))
    });
    let rows: String = rows.collect();
    let documented = definition["properties"].as_object().unwrap().len();
    assert_eq!(rows.lines().count(), documented, "every field of {name} is in the table");
    format!("#### {name}\n\n{}\n\n| field | type | meaning |\n|---|---|---|\n{rows}\n", description(definition))
}

/// Returns the fields in the order of the source, which the schema does not keep.
fn fields(name: &str) -> Vec<String> {
    let source = |file: &str| fs::read_to_string(format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let sources = ["schema.rs", "schema/measured.rs", "schema/complexity.rs"].map(source);
    let names = |name: &str| -> Vec<String> {
        let start = format!("pub struct {name} {{\n");
        let body = sources.iter().find_map(|source| source.split_once(&start)?.1.split_once("\n}\n"));
        let (body, _) = body.expect("the structure is in the source");
        let public = body.lines().filter_map(|line| line.trim().strip_prefix("pub "));
        public.filter_map(|line| line.split_once(':')).map(|(field, _)| field.to_owned()).collect()
    };
    // The measurements are flattened into the trial.
    let is_flattened = |field: &String| name == "TrialRecord" && field == "measured";
    names(name).into_iter().flat_map(|it| if is_flattened(&it) { names("Measured") } else { vec![it] }).collect()
}

fn description(value: &Value) -> String {
    value["description"].as_str().expect("everything is described").replace('\n', " ").replace('|', "\\|")
}

fn type_of(property: &Value, definitions: &Value) -> String {
    if let Some(name) = property["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        return named(name, &definitions[name]);
    }
    if let Some(variants) = property["anyOf"].as_array() {
        return variants.iter().map(|variant| type_of(variant, definitions)).collect::<Vec<_>>().join(" or ");
    }
    let one = |word: &str| match word {
        "array" => format!("list of {}", type_of(&property["items"], definitions)),
        "object" if property["additionalProperties"]["type"] == "string" => "object of strings".to_owned(),
        other => other.to_owned(),
    };
    match &property["type"] {
        Value::String(word) => one(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

/// Links to a structure, or lists the words of an enumeration.
fn named(name: &str, definition: &Value) -> String {
    let words = definition["oneOf"].as_array().map(|values| {
        let word = |value: &Value| format!("`{}`", value["const"].as_str().expect("an enumeration has words"));
        values.iter().map(word).collect::<Vec<_>>().join(", ")
    });
    words.unwrap_or_else(|| format!("[{name}](#{})", name.to_lowercase()))
}
