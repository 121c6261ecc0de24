//! Totals of checks over trials, in the order of their first appearance.

use std::collections::{HashMap, HashSet};

use results::schema::{Check, TrialRecord, Verdict};

use super::{CheckTotal, Warning, WarningTotal};

/// Returns each check that warned once.
pub(super) fn warned(warnings: &[Warning]) -> Vec<WarningTotal> {
    let mut totals: Vec<WarningTotal> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    for Warning { check, variant, .. } in warnings {
        let index = *places.entry(&check.id).or_insert_with(|| {
            totals.push(WarningTotal {
                id: check.id.clone(),
                trials: 0,
                variants: Vec::new(),
                worst: None,
                threshold: check.threshold,
                note: check.note.clone(),
            });
            totals.len() - 1
        });
        let total = &mut totals[index];
        total.trials += 1;
        if seen.insert((index, variant)) {
            total.variants.push(variant.clone());
        }
        if check.value.is_some_and(|value| total.worst.is_none_or(|worst| value.abs() > worst.abs())) {
            total.worst = check.value;
            total.threshold = check.threshold;
            total.note.clone_from(&check.note);
        }
    }
    totals
}

/// Returns each check over all trials, once per threshold.
pub(super) fn checks(trials: &[TrialRecord]) -> Vec<CheckTotal> {
    let mut totals: Vec<(usize, CheckTotal)> = Vec::new();
    let mut firsts: HashMap<&str, usize> = HashMap::new();
    let mut places: HashMap<(&str, Option<u64>), usize> = HashMap::new();
    for check in trials.iter().filter_map(|trial| trial.measured.as_ref()).flat_map(|measured| &measured.checks) {
        let index = *places.entry((&check.id, check.threshold.map(f64::to_bits))).or_insert_with(|| {
            let first = *firsts.entry(&check.id).or_insert(totals.len());
            totals.push((first, unseen(check)));
            totals.len() - 1
        });
        add(&mut totals[index].1, check);
    }
    // Thresholds of one check stay together.
    totals.sort_by_key(|(first, _)| *first);
    totals.into_iter().map(|(_, total)| total).collect()
}

fn unseen(check: &Check) -> CheckTotal {
    CheckTotal {
        id: check.id.clone(),
        passed: 0,
        warned: 0,
        invalid: 0,
        range: None,
        threshold: check.threshold,
        note: check.note.clone(),
        worst: check.verdict,
    }
}

fn add(total: &mut CheckTotal, check: &Check) {
    match check.verdict {
        Verdict::Pass => total.passed += 1,
        Verdict::Warn => total.warned += 1,
        Verdict::Invalid => total.invalid += 1,
    }
    if check.verdict > total.worst {
        total.worst = check.verdict;
        total.note.clone_from(&check.note);
    }
    let Some(value) = check.value.filter(|value| value.is_finite()) else { return };
    let [least, most] = total.range.unwrap_or([value, value]);
    total.range = Some([least.min(value), most.max(value)]);
}
