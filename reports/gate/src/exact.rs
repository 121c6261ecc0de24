//! Compares the counts of lock step with a baseline.
//!
//! A count that all repeats of both sides agree on is compared exactly: one more fails, and so does one fewer. Any other count
//! is compared with a bound, which a note reports. A count that only one side has, or that crashed, makes the outcome invalid.

use std::collections::{BTreeMap, BTreeSet};

use results::format;

use super::{
    Finding, Outcome, Tier, Verdict,
    baseline::Baseline,
    counts::{ALLOCATIONS, Agreed, Count, Measured, agreed, each, per_unit, several},
};

/// The metric of a finding about a whole cell, and the suffix of the metric of a finding about a whole phase.
const ALL: &str = "all counts";

/// The reason when only one side has a count.
const NOT_MEASURED: &str = "in the baseline but not measured: renamed or removed";
const NOT_IN_BASELINE: &str = "measured but not in the baseline: add it to the baseline";

/// Compares the counts of a job with the baseline. Allocations are compared only if `compiler`, which built the measured
/// program, is the baseline's; otherwise a note says that they are not.
#[must_use]
pub fn compare(baseline: &Baseline, measured: &Measured, compiler: &str) -> Outcome {
    let compared = format!(
        "counts in lock step, of this build against the baseline of revision {}, version {}",
        baseline.revision, baseline.tool_version
    );
    if baseline.cells.is_empty() || measured.cells.is_empty() {
        let which = if baseline.cells.is_empty() { "the baseline holds no cell" } else { "no cell was measured" };
        return Outcome::invalid(Tier::Exact, compared, format!("{which}: nothing was compared"));
    }
    let mut comparison = Comparison { skips_allocations: baseline.compiler != compiler, ..Comparison::default() };
    for cell in union(&baseline.cells, &measured.cells) {
        match (baseline.cells.get(cell), measured.cells.get(cell).map(|repeats| agreed(repeats))) {
            (_, Some(Err(reason))) => comparison.invalid(cell, ALL, &reason),
            (Some(_), None) => comparison.invalid(cell, ALL, NOT_MEASURED),
            (None, _) => comparison.invalid(cell, ALL, NOT_IN_BASELINE),
            (Some(before), Some(Ok(after))) => comparison.phases(cell, before, &after),
        }
    }
    let exact = format!("Counts gated exactly: {}; by a bound: {}.", comparison.exact, comparison.demotions.len());
    let skipped = format!(
        "Allocations are not compared: the baseline was taken with {}, and this build is by {compiler}. Take the baseline \
         again with the compiler that the gate uses.",
        baseline.compiler
    );
    let skipped = comparison.skips_allocations.then_some(skipped);
    let notes = [exact].into_iter().chain(skipped).chain(comparison.demotions).collect();
    Outcome::from_findings(Tier::Exact, compared, comparison.findings, notes)
}

/// The findings so far.
#[derive(Default)]
struct Comparison {
    findings: Vec<Finding>,
    demotions: Vec<String>,
    exact: usize,
    skips_allocations: bool,
}

impl Comparison {
    fn invalid(&mut self, cell: &str, metric: &str, reason: &str) {
        self.findings.push(Finding {
            cell: cell.to_owned(),
            metric: metric.to_owned(),
            unit: unit(metric).to_owned(),
            before: None,
            after: None,
            verdict: Verdict::Invalid,
            explanation: format!("{cell}, {metric}: {reason}"),
        });
    }

    fn phases(&mut self, cell: &str, before: &BTreeMap<String, Agreed>, after: &BTreeMap<String, Agreed>) {
        for name in union(before, after) {
            let whole = format!("{name} {ALL}");
            match (before.get(name), after.get(name)) {
                (Some(old), Some(new)) if (old.units, &old.unit_name) == (new.units, &new.unit_name) => {
                    self.counts(cell, name, old, new);
                }
                (Some(old), Some(new)) => {
                    let [old, new] = [old, new].map(|phase| several(phase.units, &phase.unit_name));
                    self.invalid(cell, &whole, &format!("the phase consists of {new}, and of {old} in the baseline"));
                }
                (Some(_), None) => self.invalid(cell, &whole, NOT_MEASURED),
                (None, _) => self.invalid(cell, &whole, NOT_IN_BASELINE),
            }
        }
    }

    fn counts(&mut self, cell: &str, phase: &str, before: &Agreed, after: &Agreed) {
        for name in union(&before.counts, &after.counts) {
            if self.skips_allocations && name == ALLOCATIONS {
                continue;
            }
            let metric = format!("{phase} {name}");
            match (before.counts.get(name), after.counts.get(name)) {
                (Some(old), Some(new)) => self.count(&Compared { cell, metric, phase: before, old: *old, new: *new }),
                (Some(_), None) => self.invalid(cell, &metric, NOT_MEASURED),
                (None, _) => self.invalid(cell, &metric, NOT_IN_BASELINE),
            }
        }
    }

    fn count(&mut self, compared: &Compared<'_>) {
        let (before, after) = compared.sides();
        let finding = |verdict, explanation| Finding {
            cell: compared.cell.to_owned(),
            metric: compared.metric.clone(),
            unit: unit(&compared.metric).to_owned(),
            before: Some(before as f64),
            after: Some(after as f64),
            verdict,
            explanation,
        };
        let (verdict, explanation) = if compared.is_exact() {
            self.exact += 1;
            compared.exactly()
        } else {
            self.demotions.push(compared.demotion());
            compared.by_bound()
        };
        self.findings.push(finding(verdict, explanation));
    }
}

/// One count on both sides.
struct Compared<'a> {
    cell: &'a str,
    metric: String,
    phase: &'a Agreed,
    old: Count,
    new: Count,
}

impl Compared<'_> {
    fn is_exact(&self) -> bool {
        self.old.is_exact() && self.new.is_exact()
    }

    /// Returns how far a demoted count may lie outside the baseline's range: less than half the units, so that one more per
    /// unit does not fit.
    fn widening(&self) -> u64 {
        (self.phase.units - 1) / 2
    }

    /// Returns the range in which a demoted count passes.
    fn bound(&self) -> [u64; 2] {
        [self.old.low.saturating_sub(self.widening()), self.old.high.saturating_add(self.widening())]
    }

    /// Returns the baseline's value that is nearest to the most deviating repeat, and that repeat's value.
    fn sides(&self) -> (u64, u64) {
        let [above, below] = [self.new.high.saturating_sub(self.old.high), self.old.low.saturating_sub(self.new.low)];
        let after = if below > above { self.new.low } else { self.new.high };
        (after.clamp(self.old.low, self.old.high), after)
    }

    fn exactly(&self) -> (Verdict, String) {
        let (cell, metric) = (self.cell, &self.metric);
        let (before, after) = self.sides();
        if before == after {
            return (Verdict::Pass, format!("{cell}, {metric}: {}, as in the baseline", format::count(after)));
        }
        let changed = self.changed();
        let said = if after > before {
            format!("{cell}, {metric}: {changed}: more than in the baseline")
        } else {
            format!(
                "{cell}, {metric}: {changed}: fewer than in the baseline; an improvement fails, too, until a \
                 person updates the baseline"
            )
        };
        (Verdict::Regression, said)
    }

    fn by_bound(&self) -> (Verdict, String) {
        let (cell, metric) = (self.cell, &self.metric);
        let [least, most] = self.bound();
        let bound = format!("{} to {}", format::count(least), format::count(most));
        let (before, after) = self.sides();
        if after < least || after > most {
            let direction = if after > before { "above" } else { "below" };
            let changed = self.changed();
            return (Verdict::Regression, format!("{cell}, {metric}: {changed}: {direction} the bound of {bound}"));
        }
        // One more per unit must lift even the smallest repeat above the bound.
        let is_blind = self.old.low.saturating_add(self.phase.units) <= most;
        if is_blind {
            let spread = format!("{} to {}", format::count(self.old.low), format::count(self.old.high));
            let each = each(&self.phase.unit_name);
            let said = format!(
                "{cell}, {metric}: the baseline's own repeats range from {spread}, so one more {each} might not be detected; \
                 make it repeatable, or leave it out of the count"
            );
            return (Verdict::Inconclusive, said);
        }
        (
            Verdict::Pass,
            format!("{cell}, {metric}: at most {}, within the bound of {bound}", format::count(self.new.high)),
        )
    }

    fn demotion(&self) -> String {
        let (cell, metric) = (self.cell, &self.metric);
        let range = |count: Count| format!("{} to {}", format::count(count.low), format::count(count.high));
        let why = match (self.old.is_exact(), self.new.is_exact()) {
            (true, _) => {
                format!("was exact in the baseline, but the repeats of this job range from {}", range(self.new))
            }
            (_, true) => format!("is exact in this job, but was not in the baseline ({})", range(self.old)),
            (false, false) => {
                format!("ranges from {} in this job and from {} in the baseline", range(self.new), range(self.old))
            }
        };
        let [least, most] = self.bound().map(format::count);
        format!("{cell}, {metric}: compared with a bound of {least} to {most}, because it {why}.")
    }

    /// Describes the change, such as `8,100 → 8,200 (81.0 → 82.0 bytes an event)`.
    fn changed(&self) -> String {
        let (before, after) = self.sides();
        let [one, another] = per_unit([before, after], self.phase.units);
        let each = each(&self.phase.unit_name);
        let bytes = if unit(&self.metric) == "bytes" { "bytes " } else { "" };
        format!("{} → {} ({one} → {another} {bytes}{each})", format::count(before), format::count(after))
    }
}

fn unit(metric: &str) -> &'static str {
    if metric.ends_with("bytes") { "bytes" } else { "count" }
}

/// Returns the keys of both maps, sorted, without duplicates.
pub(super) fn union<'a, K: Ord, A, B>(one: &'a BTreeMap<K, A>, another: &'a BTreeMap<K, B>) -> BTreeSet<&'a K> {
    one.keys().chain(another.keys()).collect()
}
