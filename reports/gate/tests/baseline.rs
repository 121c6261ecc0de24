//! Tests the committed baseline. It is readable, survives a round trip, and errors about it say where the problem is.

#[path = "support/lock_step.rs"]
mod lock_step;

use std::fs;

use gate::{
    baseline::{self, Baseline, BaselineError, baseline_of},
    counts::Measured,
};
use lock_step::{SCRIPT, baseline, count, measured, origin};
use tempfile::TempDir;

fn read(text: &str) -> Result<Baseline, BaselineError> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("baseline.json");
    fs::write(&path, text).unwrap();
    baseline::read(&path, SCRIPT)
}

fn with_a_range() -> Baseline {
    let mut counted = measured();
    *count(&mut counted, "pushing", 1, ["deliver", "messages"]) += 2;
    baseline_of(&counted, origin()).unwrap()
}

#[test]
fn the_text_is_sorted_and_read_back() {
    let text = with_a_range().text();
    let pushing = r#"    "pushing": {
      "deliver": {
        "units": 100,
        "unit": "event",
        "counts": {
          "messages": { "low": 100, "high": 102 },
          "server-to-client-bytes": 8100
        }
      },
"#;
    let head = format!(
        "{{\n  \"schema_version\": 2,\n  \"tool_version\": \"0.1.0\",\n  \"revision\": \"0123abc\",\n  \"compiler\": \"rustc 1.0.0, release\",\n  \
         \"script\": \"{SCRIPT}\",\n  \"cells\": {{\n    \"pulling/1s\": {{\n"
    );
    assert!(text.starts_with(&head) && text.contains(pushing) && text.ends_with("}\n"), "{text}");
    assert_eq!(read(&text).unwrap(), with_a_range());
}

#[test]
fn names_with_json_syntax_are_escaped() {
    let mut counted = measured();
    let repeats = counted.cells["pushing"].clone();
    counted.cells.insert("\"quoted\"\\\n\u{1}".to_owned(), repeats);
    let baseline = baseline_of(&counted, origin()).unwrap();
    assert_eq!(read(&baseline.text()).unwrap(), baseline);
}

#[test]
fn it_is_written_to_the_given_path() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("baseline.json");
    baseline::write(&baseline(), &path).unwrap();
    assert_eq!(baseline::read(&path, SCRIPT).unwrap(), baseline());
    let nowhere = directory.path().join("absent/baseline.json");
    assert!(matches!(baseline::write(&baseline(), &nowhere), Err(BaselineError::Write { .. })));
}

#[test]
fn a_missing_file_is_an_error() {
    let directory = TempDir::new().unwrap();
    let absent = baseline::read(&directory.path().join("absent.json"), SCRIPT).unwrap_err();
    assert!(matches!(absent, BaselineError::Missing { .. }) && absent.to_string().contains("--update-baseline"));
    assert!(matches!(baseline::read(directory.path(), SCRIPT), Err(BaselineError::Read { .. })));
    for empty in ["", " \n\t"] {
        assert!(matches!(read(empty), Err(BaselineError::Empty { .. })));
    }
}

#[test]
fn another_schema_or_script_is_refused() {
    let text = baseline().text();
    for (other, found) in [("1", "1"), ("\"2\"", "\"2\""), ("2.0", "2.0"), ("null", "none")] {
        let text = text.replace("\"schema_version\": 2", &format!("\"schema_version\": {other}"));
        let error = read(&text).unwrap_err();
        assert!(matches!(&error, BaselineError::Schema { found: said, .. } if said == found), "{error}");
    }
    let error = read("{}").unwrap_err();
    assert!(matches!(error, BaselineError::Schema { .. }), "{error}");
    let error = read(&text.replace(SCRIPT, "lock-step 0")).unwrap_err();
    assert!(matches!(&error, BaselineError::Script { .. }), "{error}");
    assert!(error.to_string().contains("lock-step 0") && error.to_string().contains(SCRIPT), "{error}");
}

#[test]
fn every_fault_is_reported_with_its_position() {
    let whole = with_a_range().text();
    let number = "\"server-to-client-bytes\": 8100";
    let cases = [
        (number, "\"server-to-client-bytes\": 8100.5", "invalid type: floating point"),
        (number, "\"server-to-client-bytes\": -1", "invalid"),
        (number, "\"server-to-client-bytes\": \"8100\"", "a whole number"),
        (number, "\"server-to-client-bytes\": null", "a whole number"),
        (number, "\"server-to-client-bytes\": 99999999999999999999", "a whole number"),
        (number, "\"messages\": 100", "`messages` stands twice"),
        (number, "\"\": 8100", "without a name"),
        ("\"low\": 100, \"high\": 102", "\"low\": 103, \"high\": 102", "low 103 is not below high 102"),
        ("\"low\": 100, \"high\": 102", "\"low\": 100", "missing field `high`"),
        ("\"units\": 100", "\"units\": 0", "0 units"),
        ("\"units\": 100", "\"unit_count\": 100", "unknown field `unit_count`"),
        ("\"revision\"", "\"revisions\"", "unknown field `revisions`"),
    ];
    for (old, new, said) in cases {
        let text = whole.replacen(old, new, 1);
        let error = read(&text).unwrap_err();
        let BaselineError::Fault { line, column, problem, .. } = &error else { panic!("{error}") };
        assert!(problem.contains(said), "{problem}");
        assert!(*line > 1 && *column > 0, "{error}");
    }
    let error = read(&whole.replacen(number, "\"server-to-client-bytes\": 8100.5", 1)).unwrap_err().to_string();
    assert!(error.contains("cells.pulling/1s.deliver.counts.server-to-client-bytes: "), "{error}");
    for no_json in ["<<<<<<< HEAD\n", "{\"schema_version\": 2", "\u{feff}[]", "[1]", "7"] {
        assert!(matches!(read(no_json), Err(BaselineError::Fault { .. })), "{no_json}");
    }
}

#[test]
fn editors_may_change_line_ends() {
    let whole = baseline().text();
    let as_edited = format!("\u{feff}{}\r\n \r\n", whole.replace('\n', "\r\n"));
    assert_eq!(read(&as_edited).unwrap(), read(&whole).unwrap());
}

#[test]
fn a_baseline_without_cells_is_refused() {
    let head = format!(
        "{{\"schema_version\": 2, \"tool_version\": \"0\", \"revision\": \"0\", \"compiler\": \"0\", \"script\": \"{SCRIPT}\", \"cells\": "
    );
    for cells in ["{}", "{\"a\": {}}", "{\"a\": {\"b\": {\"units\": 1, \"unit\": \"event\", \"counts\": {}}}}"] {
        let error = read(&format!("{head}{cells}}}")).unwrap_err().to_string();
        assert!(error.contains("an empty object: nothing could be compared with it"), "{error}");
    }
}

#[test]
fn single_cells_can_be_compared_and_updated() {
    let only = baseline().only(|cell| cell == "pushing");
    assert_eq!(only.cells.keys().collect::<Vec<_>>(), ["pushing"]);
    let cells = measured().cells.into_iter().filter(|(cell, _)| cell == "pushing").collect();
    let mut newer = Measured { cells };
    *count(&mut newer, "pushing", 1, ["deliver", "messages"]) += 2;
    let newer = baseline_of(&newer, gate::baseline::Origin { revision: "4567def".into(), ..origin() }).unwrap();
    let updated = baseline().updated_by(newer);
    assert_eq!((updated.revision.as_str(), updated.cells.len()), ("4567def", 2));
    assert_eq!(updated.cells, with_a_range().cells);
}

#[test]
fn names_in_errors_are_escaped() {
    let whole = baseline().text().replacen("\"units\": 100", "\"\\u001b[2J\": 100", 1);
    let error = read(&whole).unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && error.contains("unknown field"), "{error}");
}
