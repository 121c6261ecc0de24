//! The verdict as the endpoint that shields.io draws a badge from.

use serde_json::json;

use super::words::{is_advice, overall, pretty, whole, word};
use crate::{Outcome, Verdict};

/// The badge as JSON.
#[must_use]
pub fn render(outcomes: &[Outcome]) -> String {
    let verdict = overall(outcomes);
    let outcomes = whole(outcomes);
    let is_only_advice = outcomes.iter().all(|outcome| is_advice(outcome.tier));
    let blocking = outcomes.iter().filter(|outcome| is_only_advice || !is_advice(outcome.tier));
    let findings = || blocking.clone().flat_map(|outcome| &outcome.findings);
    let of_verdict = findings().filter(|finding| finding.verdict == verdict).count();
    let message = match (verdict, of_verdict) {
        (_, 0) => word(verdict).to_owned(),
        (Verdict::Pass, count) => format!("pass, {count} compared"),
        (Verdict::StandsOut, 1) => "1 stands out".to_owned(),
        (Verdict::StandsOut, count) => format!("{count} stand out"),
        (_, count) => format!("{}, {count} of {}", word(verdict), findings().count()),
    };
    let color = match verdict {
        Verdict::Pass => "brightgreen",
        Verdict::Inconclusive | Verdict::StandsOut => "yellow",
        Verdict::Regression => "red",
        Verdict::Invalid => "orange",
    };
    pretty(&json!({ "schemaVersion": 1, "label": "delivery gate", "message": message, "color": color }))
}
