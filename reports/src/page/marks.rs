//! The marks of a sweep's chart: the value of each variant under each load, and what limited it.

use super::quantities::Quantity;
use crate::{
    merge::Merged,
    rows::Row,
    saturation::{Saturated, Side},
    sweep::Sweep,
};

/// The limit of the trials behind a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing: valid trials.
    Valid,
    /// The server's CPU time, in valid trials: the approach under overload.
    Overload,
    /// The server's CPU time, in invalid trials.
    Saturated,
    /// The load generator's CPU time: the mark shows the harness.
    Limited,
}

impl Standing {
    /// Returns whether the trials are valid, so that their values may be compared.
    pub(super) fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::Overload)
    }

    /// Returns whether only the server was short of CPU time.
    pub(super) fn is_ringed(self) -> bool {
        matches!(self, Self::Overload | Self::Saturated)
    }
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Position on the axis.
    pub(super) load: f64,
    /// The value. Only values above 0 can be drawn.
    pub(super) value: f64,
    pub(super) standing: Standing,
}

/// A variant with its marks, sorted by load.
pub(super) type Line<'a> = (&'a Row, Vec<Mark>);

/// Returns the variants with a value under some load. Trials that are invalid for other reasons than CPU time have
/// none.
pub(super) fn lines<'a>(sweep: &Sweep<'a>, quantity: &Quantity) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for point in &sweep.points {
        let load = (sweep.axis.value)(&point.load);
        for row in &point.rows {
            let marks = figures(row).filter_map(|(standing, merged)| {
                let value = (quantity.of)(merged)?;
                Some(Mark { load, value, standing })
            });
            let marks: Vec<Mark> = marks.collect();
            match lines.iter_mut().find(|(other, _)| other.variant == row.variant) {
                Some((_, line)) => line.extend(marks),
                None if marks.is_empty() => {}
                None => lines.push((row, marks)),
            }
        }
    }
    lines.sort_by(|(a, _), (b, _)| a.place().cmp(&b.place()));
    lines
}

/// Returns the marks of valid trials and of trials that are invalid for lack of CPU time.
fn figures(row: &Row) -> impl Iterator<Item = (Standing, &Merged)> {
    let of_valid = if row.overloaded { Standing::Overload } else { Standing::Valid };
    let valid = row.merged.iter().map(move |merged| (of_valid, merged));
    valid.chain(row.saturated.iter().map(|saturated| (standing(saturated), &saturated.merged)))
}

fn standing(saturated: &Saturated) -> Standing {
    match saturated.side {
        Side::Server => Standing::Saturated,
        Side::LoadGenerator | Side::Both => Standing::Limited,
    }
}
