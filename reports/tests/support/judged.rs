//! A run whose claims are judged, and the claims as its page and its data have them.

#![allow(dead_code, reason = "shared by test crates that each use a part")]

use std::fs;

use reports::page;
use results::store::Run;
use serde_json::Value;
use tempfile::TempDir;

use crate::support;

/// The synthetic run, with the facts that the registry has.
pub(crate) fn base() -> Run {
    let mut run = support::run();
    for facts in &mut run.run.approaches {
        facts.browser =
            ["short-poll", "conditional-get", "long-poll", "sse", "websocket"].contains(&facts.name.as_str());
        facts.bidirectional = ["websocket", "grpc-bidi"].contains(&facts.name.as_str());
    }
    run
}

/// Its page, and the claims in its data.
pub(crate) fn written(run: &Run) -> (String, Vec<Value>) {
    let directory = TempDir::new().unwrap();
    let written = page::write(run, directory.path()).unwrap();
    let data: Value = serde_json::from_str(&fs::read_to_string(&written.data).unwrap()).unwrap();
    (fs::read_to_string(&written.page).unwrap(), data["claims"].as_array().unwrap().clone())
}

/// The claims as its data has them.
pub(crate) fn claims(run: &Run) -> Vec<Value> {
    let json = reports::export::text(std::slice::from_ref(run), reports::export::Form::Json);
    serde_json::from_str::<Value>(&json).unwrap()["claims"].as_array().unwrap().clone()
}

/// One of them.
pub(crate) fn find<'a>(claims: &'a [Value], id: &str) -> &'a Value {
    claims.iter().find(|claim| claim["id"] == id).unwrap_or_else(|| panic!("no claim {id}"))
}
