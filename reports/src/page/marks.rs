//! The marks of a sweep's chart: each variant's figure under each load, and what limited it there.
//!
//! Knows what a mark means and not where it is drawn.

use super::quantities::Quantity;
use crate::{
    merge::Merged,
    rows::Row,
    saturation::{Saturated, Side},
    sweep::Sweep,
};

/// What a mark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Valid trials.
    Valid,
    /// Valid trials in which the server was short of CPU time: what is drawn is the approach under overload.
    Overload,
    /// Trials that are invalid because the server alone was short of CPU time.
    Saturated,
    /// Trials that are invalid because the load generator was short of CPU time: what is drawn is the harness.
    Limited,
}

impl Standing {
    /// Whether the trials are valid, so that their figures may be compared.
    pub(super) fn is_valid(self) -> bool {
        matches!(self, Self::Valid | Self::Overload)
    }

    /// Whether the server alone was short of CPU time.
    pub(super) fn is_ringed(self) -> bool {
        matches!(self, Self::Overload | Self::Saturated)
    }
}

/// One figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Along the axis.
    pub(super) load: f64,
    /// Above 0 where it can be drawn.
    pub(super) value: f64,
    pub(super) standing: Standing,
}

/// A variant with its marks, from the lightest load.
pub(super) type Line<'a> = (&'a Row, Vec<Mark>);

/// Each variant that has a figure under some load. Trials that are invalid for any other reason than a lack of
/// CPU time have none.
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

/// Of the valid trials, and of those that are invalid for want of CPU time.
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
