//! The outcome of a gate, in one form for both tiers.

use serde::{Deserialize, Serialize};

/// One of the two ways to look for a regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Counts in lock step, compared with a baseline.
    Exact,
    /// Times of two builds, compared in pairs.
    Paired,
}

/// The verdict of a gate, from the mildest to the gravest. The gravest of several decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No change is above the tolerance, and one would have been detected.
    Pass,
    /// No change was shown, but one might not have been detected.
    Inconclusive,
    /// A change is above the tolerance, or a count changed.
    Regression,
    /// A comparison was impossible, or the control failed.
    Invalid,
}

/// The outcome of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The tier.
    pub tier: Tier,
    /// The gravest verdict of the findings, or `Invalid` if nothing was compared.
    pub verdict: Verdict,
    /// The reason, in one sentence.
    pub reason: String,
    /// What was compared, such as a baseline or two revisions.
    pub compared: String,
    /// The findings, one per cell and metric, the gravest first.
    pub findings: Vec<Finding>,
    /// Notes for the reader: demotions, limits of the gate, and their remedies.
    pub notes: Vec<String>,
}

/// What became of one metric of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The variant, and where a gate has several loads the load.
    pub cell: String,
    /// The metric, such as `deliver requests` or `p50 latency`.
    pub metric: String,
    /// Its unit: `count`, `bytes`, `ns`, `us/event`.
    pub unit: String,
    /// Before; none where the baseline has no such metric.
    pub before: Option<f64>,
    /// After; none where it was not measured.
    pub after: Option<f64>,
    /// Its verdict.
    pub verdict: Verdict,
    /// The finding in one complete sentence.
    pub explanation: String,
}

impl Finding {
    /// How much larger it became, as a factor less one; none where a side is missing or the first is nothing.
    #[must_use]
    pub fn change(&self) -> Option<f64> {
        let (before, after) = self.before.zip(self.after)?;
        (before != 0.0).then(|| after / before - 1.0)
    }
}

impl Outcome {
    /// An outcome of these findings, the gravest first, in their order otherwise; without any it is invalid.
    #[must_use]
    pub fn from_findings(tier: Tier, compared: String, mut findings: Vec<Finding>, notes: Vec<String>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
        let verdict = findings.first().map_or(Verdict::Invalid, |gravest| gravest.verdict);
        let reason = reason(&findings, verdict);
        Self { tier, verdict, reason, compared, findings, notes }
    }

    /// An outcome of a gate that could not compare.
    #[must_use]
    pub fn invalid(tier: Tier, compared: String, reason: String) -> Self {
        Self { tier, verdict: Verdict::Invalid, reason, compared, findings: Vec::new(), notes: Vec::new() }
    }
}

fn reason(findings: &[Finding], verdict: Verdict) -> String {
    let of_verdict: Vec<&Finding> = findings.iter().filter(|finding| finding.verdict == verdict).collect();
    match (verdict, of_verdict.as_slice()) {
        (_, []) => "nothing was compared".to_owned(),
        (Verdict::Pass, all) => format!("{} comparisons, none of them a regression", all.len()),
        (_, [only]) => only.explanation.clone(),
        (_, [first, rest @ ..]) => format!("{}; and {} more", first.explanation, rest.len()),
    }
}
