//! Limits a report to the size of a page: the first variants per load, the first rounds of each, and short texts. The
//! page says what is missing; `report.json` has everything.

use std::borrow::Cow;

use results::{format::count, sanitize};

use super::markup::escape;
use crate::{report::Report, rows::LoadPoint};

/// Maximum number of variants per load, from the first attempt to the last.
pub(super) const MOST_VARIANTS: [usize; 4] = [30, 15, 7, 3];

/// Maximum number of rounds of all variants under one load.
const MOST_ROUNDS: usize = 240;

/// Texts of a run record, with their maximum length in characters.
const TEXTS: [(&str, usize); 3] = [("title", 300), ("question", 1_000), ("analysis", 6_000)];

/// Maximum length of the command and of the headline, in characters.
const LONGEST: usize = 4_000;

/// Returns the report with at most this many variants per load.
pub(super) fn bounded(report: &Report, variants: usize) -> Report {
    let mut shown = report.clone();
    for point in &mut shown.loads {
        point.rows.truncate(variants);
        let rounds = (MOST_ROUNDS / point.rows.len().max(1)).max(3);
        for merged in point.rows.iter_mut().filter_map(|row| row.merged.as_mut()) {
            merged.rounds.truncate(rounds);
        }
    }
    for reach in &mut shown.reaches {
        reach.variants.truncate(variants);
    }
    for ranking in &mut shown.complexity {
        ranking.halves.truncate(variants.max(MOST_VARIANTS[1]));
    }
    for (key, longest) in TEXTS {
        if let Some(text) = shown.run.scenario.get(key).and_then(|text| text.as_str()) {
            shown.run.scenario[key] = sanitize::cut(text, longest).into();
        }
    }
    shown.run.command = sanitize::cut(&shown.run.command, LONGEST);
    shown.verdict = sanitize::cut(&shown.verdict, LONGEST);
    shown
}

/// Says how many variants and rounds of a load are not shown. The text is empty if all are.
pub(super) fn left_out(whole: &LoadPoint, shown: &LoadPoint) -> String {
    let variants = whole.rows.len() - shown.rows.len();
    let rounds = |point: &LoadPoint| -> usize {
        let shown = point.rows.iter().take(shown.rows.len());
        shown.filter_map(|row| row.merged.as_ref()).map(|merged| merged.rounds.len()).sum()
    };
    let rounds = rounds(whole) - rounds(shown);
    let parts = [(variants, "variants"), (rounds, "rounds of those shown")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{} {what}", count(number as u64))).collect();
    if parts.is_empty() { String::new() } else { said(&parts.join(" and ")) }
}

/// Says how much of a list is not shown. The text is empty if all of it is.
pub(super) fn more(length: usize, shown: usize) -> String {
    match length.saturating_sub(shown) {
        0 => String::new(),
        more => said(&format!("{more} more")),
    }
}

fn said(what: &str) -> String {
    format!("<p>Left out here to keep the page small: {}. report.json has them.</p>\n", escape(what))
}

/// Cuts a text to at most this many characters.
pub(super) fn text(text: &str, longest: usize) -> Cow<'_, str> {
    if text.len() <= longest { Cow::Borrowed(text) } else { Cow::Owned(sanitize::cut(text, longest)) }
}
