//! Counts of lock step against a baseline: equal, or not.
//!
//! What every repeat of both jobs counted alike is gated exactly: one more fails, and so does one fewer. What was not
//! is demoted to a bound, and each demotion is told. What stands on one side only, crashed or cannot be set side by
//! side makes the outcome invalid: absence is never a pass.

use std::collections::{BTreeMap, BTreeSet};

use results::format;

use super::{
    Finding, Outcome, Tier, Verdict,
    baseline::Baseline,
    counts::{ALLOCATIONS, Agreed, Count, Measured, agreed, each, per_unit, several},
};

/// The name of the metric where a finding is of a whole cell, and the end of it where it is of a whole phase.
const ALL: &str = "all counts";

/// What stands on one side only.
const NOT_MEASURED: &str = "in the baseline, and not measured: renamed or removed";
const NOT_IN_BASELINE: &str = "measured, and not in the baseline: take it into the baseline";

/// Compares what a job measured with the baseline. What only one compiler counts alike is compared where `compiler`, of
/// the build that measured, is the baseline's, and else it is said that it is not.
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
    let mut said = Said { skips_allocations: baseline.compiler != compiler, ..Said::default() };
    for cell in union(&baseline.cells, &measured.cells) {
        match (baseline.cells.get(cell), measured.cells.get(cell).map(|repeats| agreed(repeats))) {
            (_, Some(Err(reason))) => said.invalid(cell, ALL, &reason),
            (Some(_), None) => said.invalid(cell, ALL, NOT_MEASURED),
            (None, _) => said.invalid(cell, ALL, NOT_IN_BASELINE),
            (Some(before), Some(Ok(after))) => said.phases(cell, before, &after),
        }
    }
    let exact = format!("Counts gated exactly: {}; by a bound: {}.", said.exact, said.demotions.len());
    let skipped = format!(
        "Allocations are not compared: the baseline's are of {}, and this build is by {compiler}. Take the baseline again \
         by the compiler that the gate builds with.",
        baseline.compiler
    );
    let skipped = said.skips_allocations.then_some(skipped);
    let notes = [exact].into_iter().chain(skipped).chain(said.demotions).collect();
    Outcome::from_findings(Tier::Exact, compared, said.findings, notes)
}

/// What has been said so far.
#[derive(Default)]
struct Said {
    findings: Vec<Finding>,
    demotions: Vec<String>,
    exact: usize,
    skips_allocations: bool,
}

impl Said {
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

/// One count of both sides.
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

    /// How far beyond the baseline's range a demoted count may lie: strictly less than half a unit, so that one more
    /// for each of them does not fit in.
    fn widening(&self) -> u64 {
        (self.phase.units - 1) / 2
    }

    /// The range in which a demoted count passes.
    fn bound(&self) -> [u64; 2] {
        [self.old.low.saturating_sub(self.widening()), self.old.high.saturating_add(self.widening())]
    }

    /// The repeat that lies furthest off, and what of the baseline is nearest to it.
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
                "{cell}, {metric}: {changed}: fewer than in the baseline; an unexplained improvement fails until a \
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
        // One more for each unit in every repeat must lift even the least of them over the bound.
        let is_blind = self.old.low.saturating_add(self.phase.units) <= most;
        if is_blind {
            let spread = format!("{} to {}", format::count(self.old.low), format::count(self.old.high));
            let each = each(&self.phase.unit_name);
            let said = format!(
                "{cell}, {metric}: the baseline's own repeats lie from {spread}, so far apart that one more {each} might \
                 not be seen; make it repeatable, or leave it out of the count"
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
            (true, _) => format!("was exact in the baseline, and the repeats of this job lie from {}", range(self.new)),
            (_, true) => format!("is exact in this job, and was not in the baseline ({})", range(self.old)),
            (false, false) => {
                format!("lies from {} in this job and {} in the baseline", range(self.new), range(self.old))
            }
        };
        let [least, most] = self.bound().map(format::count);
        format!("{cell}, {metric}: demoted to a bound of {least} to {most}, since it {why}.")
    }

    /// `8,100 → 8,200 (81.0 → 82.0 bytes an event)`.
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

/// The keys of both, each once, in their order.
pub(super) fn union<'a, K: Ord, A, B>(one: &'a BTreeMap<K, A>, another: &'a BTreeMap<K, B>) -> BTreeSet<&'a K> {
    one.keys().chain(another.keys()).collect()
}
