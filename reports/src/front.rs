//! The Pareto front of latency against complexity: the approaches that no other is both simpler and at least as fast
//! as. Simpler means fewer lines of code. Approaches without a shown difference count as equally fast. The floor is
//! left out.

use crate::{difference, merge::Merged, rows::Row};

/// Lines of code, and the median with its figures.
struct Place<'a> {
    lines: u32,
    p50: u64,
    merged: &'a Merged,
}

/// Returns the rows on the front, from the fewest lines on, each faster than the one before. `side` is 0 for the
/// client and 1 for the server.
pub(crate) fn pareto_front<'a>(rows: &[&'a Row], side: usize) -> Vec<&'a Row> {
    let placed: Vec<(&Row, Place<'_>)> =
        rows.iter().filter(|row| !row.floor).filter_map(|row| Some((*row, place(row, side)?))).collect();
    let is_beaten = |own: &Place<'_>| placed.iter().any(|(_, other)| beats(other, own));
    let mut front: Vec<&(&Row, Place<'_>)> = placed.iter().filter(|(_, own)| !is_beaten(own)).collect();
    front.sort_by_key(|(_, place)| (place.lines, place.p50));
    front.into_iter().map(|(row, _)| *row).collect()
}

fn place(row: &Row, side: usize) -> Option<Place<'_>> {
    let merged = row.merged.as_ref()?;
    Some(Place { lines: row.code_lines[side], p50: merged.latency_ns.p50?, merged })
}

fn beats(a: &Place<'_>, b: &Place<'_>) -> bool {
    a.lines <= b.lines && !is_quicker(b, a) && (a.lines < b.lines || is_quicker(a, b))
}

/// Compares only the medians if there are too few rounds for the rule.
fn is_quicker(a: &Place<'_>, b: &Place<'_>) -> bool {
    a.p50 < b.p50 && !difference::is_absent(a.merged, b.merged)
}
