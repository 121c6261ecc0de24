//! `schema`: JSON Schema of the scenario file and of the result records.

use scenario::Scenario;
use schemars::schema_for;
use serde_json::json;

use super::output;
use crate::failure::Failure;

pub(crate) fn schema() -> Result<(), Failure> {
    output::json(&json!({
        "scenario": schema_for!(Scenario),
        "result": schema_for!(results::schema::Record),
    }))
}
