//! A run with judgeable claims, and the claims on its page and in its data.

#![allow(dead_code, reason = "shared by test crates that each use a part")]

use results::store::Run;
use serde_json::Value;

use crate::support;

/// Returns the synthetic run with the same facts as in the registry.
pub(crate) fn base() -> Run {
    let mut run = support::decisive::run();
    for facts in &mut run.run.approaches {
        facts.browser =
            ["short-poll", "conditional-get", "long-poll", "sse", "websocket"].contains(&facts.name.as_str());
        facts.bidirectional = ["websocket", "grpc-bidi"].contains(&facts.name.as_str());
    }
    run
}

/// Writes the report of a run. Returns its page, and the claims in its data.
pub(crate) fn written(run: &Run) -> (String, Vec<Value>) {
    let (page, data) = support::written::report(run);
    (page, data["claims"].as_array().unwrap().clone())
}

/// Returns the claims in the data of a run.
pub(crate) fn claims(run: &Run) -> Vec<Value> {
    let json = reports::export::text(std::slice::from_ref(run), reports::export::Form::Json);
    serde_json::from_str::<Value>(&json).unwrap()["claims"].as_array().unwrap().clone()
}

/// Returns the claim with this ID.
pub(crate) fn find<'a>(claims: &'a [Value], id: &str) -> &'a Value {
    claims.iter().find(|claim| claim["id"] == id).unwrap_or_else(|| panic!("no claim {id}"))
}
