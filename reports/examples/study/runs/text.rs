//! Renders a study as text, as `docs/validation.md` shows it.

use results::format::{self, or_none};

use super::{Calibration, Drawn, SelfComparison, Study};

/// Width of the sentences, in columns. Documents are narrower than a terminal.
const WIDTH: usize = 100;

/// Characters of a shortened revision.
const REVISION: usize = 12;

/// Renders both tables with their sentences.
pub(crate) fn render(study: &Study) -> String {
    let mut text = format::wrapped(
        &format!(
            "{} of {} measured trials are valid. Two neighbouring rounds of a variant are a pair, like two variants of one \
             round. Runs of ten pairs are drawn, with either round of a pair as the first side. Both sides are the same, so \
             each difference is a false one. Then the first side is slowed down by the ratio that another run printed as the \
             least it would show.",
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
    let drawn = || study.variants.iter().filter_map(|one| one.drawn);
    let sum = |count: fn(Drawn) -> u32| drawn().map(|one| u64::from(count(one))).sum::<u64>();
    let [runs, differences, found] = [sum(|one| one.runs), sum(|one| one.differences), sum(|one| one.found)];
    if runs == 0 {
        return "No variant has the twenty rounds that a comparison needs.".to_owned();
    }
    let share = |count: u64| format::percent(count as f64 / runs as f64);
    format!(
        "False differences: {} of {} runs, {}. A ratio at the printed limit was shown in {}.",
        format::count(differences),
        format::count(runs),
        share(differences),
        share(found)
    )
}

fn comparisons(variants: &[SelfComparison]) -> String {
    let headings = ["variant", "rounds", "spread", "pairs", "runs", "differences", "limit", "shown at it"];
    let factor = |factor: f64| format!("× {factor:.3}");
    let rows = variants.iter().map(|one| {
        let count = |count: fn(Drawn) -> u32| or_none(one.drawn, |drawn| format::count(count(drawn).into()));
        [
            one.variant.clone(),
            format::count(one.rounds as u64),
            or_none(one.round_spread, factor),
            format::count(one.pairs as u64),
            count(|drawn| drawn.runs),
            count(|drawn| drawn.differences),
            or_none(one.drawn.map(|drawn| drawn.limit), factor),
            or_none(one.drawn, |drawn| format::percent(f64::from(drawn.found) / f64::from(drawn.runs))),
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
