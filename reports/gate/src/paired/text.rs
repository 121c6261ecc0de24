//! What a judgement says in words: a sentence a test that stands alone, and what a reader must know beside them.
//!
//! Prints numbers and computes none but percentages.

use results::format;

use super::{LEVEL, MOST_BLOCKS, Plan, Sides, Test, TestResult, blocks, blocks::Pairs, rule};
use crate::{Finding, Verdict};
use rule::{Decision, Estimate};

/// The finding of a test; where the control failed, nothing of the session counts.
pub(super) fn finding(plan: &Plan, test: &Test, tests: usize, is_valid: bool) -> Finding {
    let (verdict, explanation) = if is_valid {
        (test.result.verdict(), explanation(plan, test, tests))
    } else {
        let reason = "not judged, because the control of the session failed";
        (Verdict::Invalid, format!("{}; {reason}", subject(test)))
    };
    row(plan, test, test.metric.name().to_owned(), test.head.more.shift, verdict, explanation)
}

/// The finding of a control that failed.
pub(super) fn control_finding(plan: &Plan, test: &Test) -> Finding {
    let explanation = format!(
        "{}: a copy of the base differs from the base, {} {}, and no build differs from itself: the session is invalid, \
         because whatever made this difference may have made any other",
        blocks::said(&test.cell),
        test.metric.name(),
        size(&test.control.more)
    );
    let metric = format!("{} of a copy of the base", test.metric.name());
    row(plan, test, metric, test.control.more.shift, Verdict::Invalid, explanation)
}

/// Before is the base's median, and after is that with the estimated shift: so both agree with what the words say.
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

/// The direction in which the rule calls the control of a test a difference.
pub(super) fn failing_side(plan: &Plan, test: &Test) -> Option<Estimate> {
    let limit = plan.tolerated.limit(test.metric);
    let Sides { more, less } = test.control;
    [more, less].into_iter().find(|estimate| estimate.decide(limit) == Decision::Regression)
}

/// What was found, without what follows of it.
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
            "{subject}; the estimate is beyond the tolerated {tolerated}, and that there is a shift is no chance (adjusted p {})",
            probability(head.adjusted_p)
        ),
        TestResult::Pass => format!("{subject}; more than the tolerated {tolerated} is excluded with 95 % confidence"),
        TestResult::Blind { needed } => {
            let shown = test.detectable.map_or_else(
                || "no shift at all".to_owned(),
                |it| format!("only a shift of {} or more", change(it.shown)),
            );
            let remedy = match needed {
                Some(_) => format!("it takes {} to see what is tolerated", wanted(needed)),
                None => format!("to see what is tolerated takes {}, or a quieter machine", wanted(needed)),
            };
            format!(
                "{subject}; gate blind: pairs of one build differ so much that {} pairs show {shown} in 80 of 100 \
                 sessions, and {tolerated} is tolerated; {remedy}",
                head.pairs
            )
        }
        TestResult::Few { needed } => format!(
            "{subject}; among {tests} tests no result of {} pairs can be significant: it takes {needed} blocks at least",
            head.pairs
        ),
        TestResult::Open { needed } => {
            let remedy = match needed {
                Some(_) => format!("{} would decide in 80 of 100 cases", wanted(needed)),
                None => format!(
                    "to decide takes {}, because the shift is close to what is tolerated or the machine is noisy",
                    wanted(needed)
                ),
            };
            format!("{subject}; more than the tolerated {tolerated} is neither shown nor excluded; {remedy}")
        }
    }
}

/// What holds of the session as a whole.
pub(super) fn notes(plan: &Plan, tests: &[Test]) -> Vec<String> {
    let mut notes = vec![format!(
        "{} tests of {} blocks and one that is thrown away. Of equal builds at most {} of sessions fail, over all tests \
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
            "A new session decides by itself, and what this one measured does not count in it. To repeat sessions of the \
             same builds until one passes or fails is no test: its errors add up."
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

/// The smallest and the largest shift that the session could have found.
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
        "Least detectable, in 80 of 100 such sessions, from the control's own noise: a shift is shown from {shown} on; one \
         that fails, which must be beyond what is tolerated too, is {failed}."
    ))
}

/// What became less, and not by chance.
fn improvement(plan: &Plan, test: &Test) -> Option<String> {
    let less = test.head.less;
    (less.adjusted_p <= LEVEL).then(|| {
        let much =
            if less.shift > plan.tolerated.limit(test.metric) { ", more than is tolerated the other way" } else { "" };
        format!(
            "Improvement: {} is less in the head than in the base, {}, adjusted p {}{much}.",
            place(test),
            size(&test.head.more),
            probability(less.adjusted_p)
        )
    })
}

/// What became more, not by chance, and yet makes no regression: unsaid, many such changes would add up to one.
fn small_slowdown(test: &Test) -> Option<String> {
    let more = test.head.more;
    let is_shown = more.adjusted_p <= LEVEL && test.result != TestResult::Regression;
    is_shown.then(|| {
        format!(
            "Slowdown: {} takes more in the head than in the base: {}, adjusted p {}, less than is tolerated; such changes \
             add up.",
            place(test),
            size(&more),
            probability(more.adjusted_p)
        )
    })
}

/// What is shown and makes no verdict; none with too few pairs.
pub(super) fn advice(pairs: &Pairs) -> Option<String> {
    let estimate = rule::estimates(&[pairs.differences()]).pop().filter(|estimate| estimate.interval.is_some())?;
    Some(format!("Advice only: {}: {} changed by {}.", blocks::said(&pairs.cell), pairs.metric.name(), size(&estimate)))
}

/// The size of a shift, with its interval and what it rests on.
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

/// The logarithm of a ratio as a percentage of change, signed.
#[must_use]
pub fn change(logarithm: f64) -> String {
    let percent = logarithm.exp_m1() * 100.0;
    if percent.abs() < 0.05 { "0.0 %".to_owned() } else { format!("{percent:+.1} %") }
}

/// A share without needless digits.
fn share(share: f64) -> String {
    format!("{} %", format::plain((share * 1e6).round() / 1e4))
}

fn probability(p: f64) -> String {
    format::significant(p)
}
