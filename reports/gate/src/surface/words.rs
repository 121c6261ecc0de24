//! The words that several surfaces share: verdicts, tiers, values and changes.

use std::borrow::Cow;

use results::{format, sanitize};

use crate::{Finding, Outcome, Tier, Verdict};

/// Name of the file with the outcomes.
pub const OUTCOME: &str = "outcome.json";

/// Returns the gravest verdict of all outcomes. Without outcomes it is invalid.
#[must_use]
pub fn overall(outcomes: &[Outcome]) -> Verdict {
    outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::Invalid)
}

/// Returns the outcomes. Without any, returns an invalid one that says so.
pub(super) fn whole(outcomes: &[Outcome]) -> Cow<'_, [Outcome]> {
    if outcomes.is_empty() {
        let none = "no gate has run, and nothing was compared".to_owned();
        return vec![Outcome::invalid(Tier::Exact, "nothing".to_owned(), none)].into();
    }
    outcomes.into()
}

/// Returns the findings. If the verdict is graver than all of them, the first one is the reason of the outcome.
pub(super) fn findings(outcome: &Outcome) -> Vec<Cow<'_, Finding>> {
    let gravest = outcome.findings.iter().map(|finding| finding.verdict).max();
    let own = (gravest < Some(outcome.verdict)).then(|| Finding {
        cell: "gate".to_owned(),
        metric: name(outcome.tier).to_owned(),
        unit: String::new(),
        before: None,
        after: None,
        verdict: outcome.verdict,
        explanation: outcome.reason.clone(),
    });
    own.map(Cow::Owned).into_iter().chain(outcome.findings.iter().map(Cow::Borrowed)).collect()
}

pub(super) fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Exact => "exact",
        Tier::Paired => "paired",
    }
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Regression => "regression",
        Verdict::Invalid => "invalid",
    }
}

/// Formats a value in its unit. Counts and bytes are exact integers.
pub(super) fn figure(value: Option<f64>, unit: &str) -> String {
    format::or_none(value, |value| match unit {
        "" | "count" | "bytes" => format::plain(value),
        "ns" if value >= 0.0 => format::duration(value.round() as u64),
        unit => format!("{} {unit}", format::significant(value)),
    })
}

/// Formats the change of a value, such as `+1.23 %`.
pub(super) fn change(finding: &Finding) -> String {
    format::or_none(finding.change(), |change| match change * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent > 0.0 => format!("+{} %", format::significant(percent)),
        percent => format!("{} %", format::significant(percent).replace('-', "−")),
    })
}

/// Returns the text in one line, without control characters.
pub(super) fn line(text: &str) -> String {
    sanitize::text(&sanitize::one_line(text))
}

pub(super) fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data with text keys can be written");
    text.push('\n');
    text
}
