//! Renders a study as text, as `docs/validation.md` shows it.

use results::format::{self, or_none};

use super::{Calibration, SelfComparison, Study};

/// Width of the sentences, in columns. Documents are narrower than a terminal.
const WIDTH: usize = 100;

/// Characters of a shortened revision.
const REVISION: usize = 12;

/// Renders both tables with their sentences.
pub(crate) fn render(study: &Study) -> String {
    let mut text = format::wrapped(
        &format!(
            "{} of {} measured trials are valid. Of each variant the 1st, 3rd and 5th of six rounds are compared with the \
             2nd, 4th and 6th: the same build on both sides, so that each difference is a false one.",
            format::count(study.valid as u64),
            format::count(study.trials as u64)
        ),
        WIDTH,
        "",
        "",
    );
    text += &format::wrapped(&mixture(study), WIDTH, "", "");
    text += &format!("\n{}\n", comparisons(&study.variants));
    text += &format::wrapped(&sentence(study), WIDTH, "", "");
    text + &format!("\n{}", calibrations(&study.checks))
}

/// Warns if the trials come from several revisions or boots.
fn mixture(study: &Study) -> String {
    let revisions: Vec<String> = study.revisions.iter().map(|revision| shortened(revision)).collect();
    let mut of = Vec::new();
    if revisions.len() > 1 {
        of.push(format!("{} revisions of the tool ({})", revisions.len(), format::listed(&revisions)));
    }
    if study.boots > 1 {
        of.push(format!("{} boots, of one machine or of several", study.boots));
    }
    if of.is_empty() {
        return String::new();
    }
    let said = "No pair mixes them; rates and readings are of all together.";
    format!("MIXED: the trials come from {}. {said}", of.join(" and from "))
}

/// The first characters of a revision, and the mark of uncommitted changes.
fn shortened(revision: &str) -> String {
    let mark = if revision.ends_with('+') { "+" } else { "" };
    revision.trim_end_matches('+').chars().take(REVISION).chain(mark.chars()).collect()
}

fn sentence(study: &Study) -> String {
    let Study { pairs, differences, upper_bound, .. } = study;
    if *pairs == 0 {
        return "No six rounds of a variant could be compared.".to_owned();
    }
    format!(
        "False differences: {} of {} pairs, {}; at most {} with 95 % confidence, if pairs are independent.",
        format::count(*differences),
        format::count(*pairs),
        format::percent(*differences as f64 / *pairs as f64),
        format::percent(*upper_bound)
    )
}

fn comparisons(variants: &[SelfComparison]) -> String {
    let headings = ["variant", "rounds", "spread", "pairs", "differences", "largest ratio"];
    let factor = |factor: f64| format!("× {factor:.3}");
    let rows = variants.iter().map(|one| {
        [
            one.variant.clone(),
            format::count(one.rounds as u64),
            or_none(one.round_spread, factor),
            format::count(one.pairs),
            format::count(one.differences),
            or_none(one.largest_log_ratio.map(f64::exp), factor),
        ]
    });
    table(headings, rows)
}

fn calibrations(checks: &[Calibration]) -> String {
    let headings = ["check", "limit", "trials", "p50", "p90", "p99", "max", "warned", "invalid"];
    let value = |value: Option<f64>| or_none(value, format::significant);
    let rows = checks.iter().map(|one| {
        let [p50, p90, p99] = one.quantiles.map(value);
        [
            one.check.clone(),
            or_none(one.threshold, format::plain),
            format::count(one.trials),
            p50,
            p90,
            p99,
            value(one.largest),
            format::count(one.warned),
            format::count(one.invalid),
        ]
    });
    table(headings, rows)
}

fn table<const COLUMNS: usize>(headings: [&str; COLUMNS], rows: impl Iterator<Item = [String; COLUMNS]>) -> String {
    let lines: Vec<[String; COLUMNS]> = std::iter::once(headings.map(str::to_owned)).chain(rows).collect();
    format::aligned(&lines, 1, usize::MAX)
}
