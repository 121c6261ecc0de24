//! Describes a judgement in words: one sentence per test, and notes on the session.

use results::format;

use super::{LEVEL, MOST_BLOCKS, Plan, Sides, Test, TestResult, blocks, blocks::Pairs, rule};
use crate::{Finding, Verdict};
use rule::{Decision, Estimate};

/// Builds the finding of a test. If the control failed, no test counts.
pub(super) fn finding(plan: &Plan, test: &Test, tests: usize, is_valid: bool) -> Finding {
    let (verdict, explanation) = if is_valid {
        (test.result.verdict(), explanation(plan, test, tests))
    } else {
        let reason = "not judged, because the control of the session failed";
        (Verdict::Invalid, format!("{}; {reason}", subject(test)))
    };
    row(plan, test, test.metric.name().to_owned(), test.head.more.shift, verdict, explanation)
}

/// Builds the finding of a failed control.
pub(super) fn control_finding(plan: &Plan, test: &Test) -> Finding {
    let explanation = format!(
        "{}: a copy of the base differs from the base, {} {}. A build does not differ from itself, so the session is invalid: \
         whatever caused this difference may have caused any other",
        blocks::said(&test.cell),
        test.metric.name(),
        size(&test.control.more)
    );
    let metric = format!("{} of a copy of the base", test.metric.name());
    row(plan, test, metric, test.control.more.shift, Verdict::Invalid, explanation)
}

/// Builds a finding. Before is the base's median, and after is that median with the estimated shift.
fn row(plan: &Plan, test: &Test, metric: String, shift: f64, verdict: Verdict, explanation: String) -> Finding {
    let several_loads = plan.cells.iter().any(|cell| cell.load != plan.cells[0].load);
    Finding {
        cell: if several_loads { blocks::said(&test.cell) } else { test.cell.variant.clone() },
        metric,
        unit: test.metric.unit().to_owned(),
        before: Some(test.base),
        after: Some(test.base * shift.exp()),
        verdict,
        explanation,
    }
}

/// Returns the direction in which the control of a test differs, if it does.
pub(super) fn failing_side(plan: &Plan, test: &Test) -> Option<Estimate> {
    let limit = plan.tolerated.limit(test.metric);
    let Sides { more, less } = test.control;
    [more, less].into_iter().find(|estimate| estimate.decide(limit) == Decision::Regression)
}

/// Describes the change, without the conclusion.
fn subject(test: &Test) -> String {
    format!("{}: {} changed by {}", blocks::said(&test.cell), test.metric.name(), size(&test.head.more))
}

fn explanation(plan: &Plan, test: &Test, tests: usize) -> String {
    let head = &test.head.more;
    let tolerated = share(plan.tolerated.share(test.metric));
    let subject = subject(test);
    let wanted = |needed: Option<usize>| match needed {
        Some(blocks) => format!("a new session of {blocks} blocks"),
        None => format!("more than {MOST_BLOCKS} blocks"),
    };
    match test.result {
        TestResult::Regression => format!(
            "{subject}. That is more than the tolerated {tolerated} and significant (adjusted p {})",
            probability(head.adjusted_p)
        ),
        TestResult::Pass => format!("{subject}. More than the tolerated {tolerated} is excluded with 95 % confidence"),
        TestResult::Blind { needed } => {
            let shown = test
                .detectable
                .map_or_else(|| "no shift".to_owned(), |it| format!("only a shift of {} or more", change(it.shown)));
            let remedy = match needed {
                Some(_) => format!("run {} to detect the tolerated change", wanted(needed)),
                None => format!("to detect the tolerated change, {} or a quieter machine is needed", wanted(needed)),
            };
            format!(
                "{subject}. The gate is blind: pairs of one build differ so much that {} pairs detect {shown} in 80 of 100 \
                 sessions, but {tolerated} is tolerated; {remedy}",
                head.pairs
            )
        }
        TestResult::Few { needed } => format!(
            "{subject}. With {tests} tests, {} pairs cannot be significant: run at least {needed} blocks",
            head.pairs
        ),
        TestResult::Open { needed } => {
            let remedy = match needed {
                Some(_) => format!("{} would decide in 80 of 100 cases", wanted(needed)),
                None => format!(
                    "{} would be needed to decide, because the shift is close to the tolerance or the machine is noisy",
                    wanted(needed)
                ),
            };
            format!("{subject}. More than the tolerated {tolerated} is neither shown nor excluded; {remedy}")
        }
    }
}

/// Returns the notes on the session as a whole.
pub(super) fn notes(plan: &Plan, tests: &[Test]) -> Vec<String> {
    let mut notes = vec![format!(
        "{} tests in {} blocks, after one that is discarded. At most {} of sessions with equal builds fail, over all tests \
         (exact signed-rank test, Holm). Each end of a 90 % interval is a bound with 95 % confidence.",
        tests.len(),
        plan.blocks,
        share(LEVEL)
    )];
    notes.extend(control_note(plan, tests));
    notes.extend(sight(tests));
    if tests.iter().all(|test| failing_side(plan, test).is_none()) {
        notes.extend(tests.iter().filter_map(|test| improvement(plan, test)));
        notes.extend(tests.iter().filter_map(small_slowdown));
    }
    if tests.iter().any(|test| test.result.verdict() == Verdict::Inconclusive) {
        notes.push(
            "A new session decides by itself; this one does not count in it. Do not repeat sessions of the same builds until \
             one passes or fails: the error rates add up."
                .to_owned(),
        );
    }
    notes
}

fn control_note(plan: &Plan, tests: &[Test]) -> Option<String> {
    let largest = tests.iter().max_by(|a, b| a.control.more.shift.abs().total_cmp(&b.control.more.shift.abs()))?;
    let failed = tests.iter().filter(|test| failing_side(plan, test).is_some()).count();
    let said = match failed {
        0 => "none fails".to_owned(),
        1 => "1 fails".to_owned(),
        _ => format!("{failed} fail"),
    };
    Some(format!(
        "Control: of {} tests of a copy of the base against the base {said}; the largest shift is {} of {}.",
        tests.len(),
        size(&largest.control.more),
        place(largest)
    ))
}

/// Describes the smallest and the largest shift that the session could have detected.
fn sight(tests: &[Test]) -> Option<String> {
    let range = |of: fn(&rule::Detectable) -> f64| {
        let mut all: Vec<(f64, &Test)> =
            tests.iter().filter_map(|test| Some((of(test.detectable.as_ref()?), test))).collect();
        all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let ((least, sharpest), (most, bluntest)) = (all.first().copied()?, all.last().copied()?);
        Some(format!("{} ({}) to {} ({})", change(least), place(sharpest), change(most), place(bluntest)))
    };
    let (shown, failed) = (range(|it| it.shown)?, range(|it| it.failed)?);
    Some(format!(
        "Least detectable change, in 80 of 100 such sessions with the noise of the control: a shift of {shown} is significant; \
         one of {failed} fails, because it must also be above the tolerance."
    ))
}

/// Describes a significant decrease.
fn improvement(plan: &Plan, test: &Test) -> Option<String> {
    let less = test.head.less;
    (less.adjusted_p <= LEVEL).then(|| {
        let much = if less.shift > plan.tolerated.limit(test.metric) {
            ", more than the tolerance in the other direction"
        } else {
            ""
        };
        format!(
            "Improvement: {} is less in the head than in the base, {}, adjusted p {}{much}.",
            place(test),
            size(&test.head.more),
            probability(less.adjusted_p)
        )
    })
}

/// Describes a significant increase within the tolerance. Unreported, many of them would add up to a regression.
fn small_slowdown(test: &Test) -> Option<String> {
    let more = test.head.more;
    let is_shown = more.adjusted_p <= LEVEL && test.result != TestResult::Regression;
    is_shown.then(|| {
        format!(
            "Slowdown: {} is more in the head than in the base: {}, adjusted p {}. It is within the tolerance, but such changes \
             add up.",
            place(test),
            size(&more),
            probability(more.adjusted_p)
        )
    })
}

/// Describes a metric that is not judged. Returns `None` with too few pairs.
pub(super) fn advice(pairs: &Pairs) -> Option<String> {
    let estimate = rule::estimates(&[pairs.differences()]).pop().filter(|estimate| estimate.interval.is_some())?;
    Some(format!("Not judged: {}: {} changed by {}.", blocks::said(&pairs.cell), pairs.metric.name(), size(&estimate)))
}

/// Describes the size of a shift, with its interval and number of pairs.
fn size(estimate: &Estimate) -> String {
    let pairs = if estimate.pairs == 1 { "1 pair".to_owned() } else { format!("{} pairs", estimate.pairs) };
    match estimate.interval {
        Some([lower, upper]) => {
            format!("{} (90 % interval {} to {}, {pairs})", change(estimate.shift), change(lower), change(upper))
        }
        None if estimate.shift.is_finite() => format!("{} ({pairs}, too few for an interval)", change(estimate.shift)),
        None => format!("an unknown amount ({pairs})"),
    }
}

fn place(test: &Test) -> String {
    format!("{}, {}", blocks::said(&test.cell), test.metric.name())
}

/// Formats the logarithm of a ratio as a signed percentage of change.
#[must_use]
pub fn change(logarithm: f64) -> String {
    let percent = logarithm.exp_m1() * 100.0;
    if percent.abs() < 0.05 { "0.0 %".to_owned() } else { format!("{percent:+.1} %") }
}

/// Formats a share as a percentage.
fn share(share: f64) -> String {
    format!("{} %", format::plain((share * 1e6).round() / 1e4))
}

fn probability(p: f64) -> String {
    format::significant(p)
}
