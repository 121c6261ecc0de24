//! Who is on the front of latency against complexity: beside the floor, those that no other is both simpler and no
//! slower than. Simpler is fewer lines of code; slower is asked of the one rule for calling one thing faster than
//! another, so that what is not told apart counts as equally quick.

use crate::{difference, merge::Merged, rows::Row};

/// What is compared: lines of code, and the median with what it rests on.
struct Place<'a> {
    lines: u32,
    p50: u64,
    merged: &'a Merged,
}

/// The rows on the front, from the fewest lines on, each quicker than the one before. `side` is 0 for the client, 1 for
/// the server.
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

/// By the digits alone where there are too few rounds for the rule.
fn is_quicker(a: &Place<'_>, b: &Place<'_>) -> bool {
    a.p50 < b.p50 && !difference::is_absent(a.merged, b.merged)
}
