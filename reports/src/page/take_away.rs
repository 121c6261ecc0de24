//! What a reader may take away from a sweep's chart, computed from what is drawn.

use super::{
    marks::{Line, Mark, Standing},
    quantities::Quantity,
};
use crate::{format, sweep::Sweep};

/// Names that are said before the rest is counted.
const NAMED: usize = 3;

/// One sentence or a few.
pub(super) fn of(sweep: &Sweep<'_>, quantity: &Quantity, lines: &[Line<'_>]) -> String {
    let said = match quantity.whole {
        Some(whole) => share(sweep, quantity, whole, lines),
        None => growth(sweep, lines),
    };
    said + &limited(sweep, lines)
}

/// What grows least and most, of what was not limited by the harness.
fn growth(sweep: &Sweep<'_>, lines: &[Line<'_>]) -> String {
    let axis = sweep.axis.name;
    let grown = lines.iter().filter_map(|(row, marks)| {
        let mut own = marks.iter().filter(|mark| mark.standing != Standing::Limited && mark.value > 0.0);
        let (first, last) = (own.next()?, own.next_back()?);
        Some((last.value / first.value, &row.variant, [first.load, last.load]))
    });
    let least = grown.clone().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = grown.max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((least, most)) = least.zip(most) else {
        return format!("Too few figures to compare different numbers of {axis}.");
    };
    let from_to = |loads: [f64; 2]| format!("from {} to {}", format::plain(loads[0]), format::plain(loads[1]));
    // Not every variant has a figure under the same loads.
    let other = if most.2 == least.2 { String::new() } else { format!(", {}", from_to(most.2)) };
    format!(
        "F{} {axis}, {} comes to {} × what it was, the least, and {} to {} ×, the most{other}.",
        &from_to(least.2)[1..],
        least.1,
        format::significant(least.0),
        most.1,
        format::significant(most.0)
    )
}

/// Who falls furthest short of the whole, and how many do not.
fn share(sweep: &Sweep<'_>, quantity: &Quantity, whole: f64, lines: &[Line<'_>]) -> String {
    let lowest = |marks: &[Mark]| marks.iter().copied().min_by(|a, b| a.value.total_cmp(&b.value));
    let mut short: Vec<(Mark, &str)> =
        lines.iter().filter_map(|(row, marks)| Some((lowest(marks)?, row.variant.as_str()))).collect();
    let of = short.len();
    short.retain(|(mark, _)| mark.value < whole);
    short.sort_by(|(a, _), (b, _)| a.value.total_cmp(&b.value));
    let all = if whole > 0.999 { "All of it".to_owned() } else { format!("At least {}", format::percent(whole)) };
    let Some((mark, variant)) = short.first() else { return format!("{all} of every variant, under every load.") };
    format!(
        "{all} under every load: {} of {of} variants. Least: {variant}, {} at {} {}.",
        of - short.len(),
        (quantity.text)(mark.value),
        format::plain(mark.load),
        sweep.axis.name
    )
}

/// Where the harness was the limit; nothing where it never was.
fn limited(sweep: &Sweep<'_>, lines: &[Line<'_>]) -> String {
    let hollow: Vec<String> = lines
        .iter()
        .filter_map(|(row, marks)| {
            let own = marks.iter().filter(|mark| mark.standing == Standing::Limited);
            let loads: Vec<String> = own.map(|mark| format::plain(mark.load)).collect();
            (!loads.is_empty()).then(|| format!("{} at {}", row.variant, loads.join(" and ")))
        })
        .collect();
    if hollow.is_empty() {
        return String::new();
    }
    let named = hollow.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = match hollow.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} variants more"),
    };
    format!(" Hollow, since the harness and not the server alone was the limit: {named} {}{more}.", sweep.axis.name)
}
