//! The sweeps among the loads of a run: over clients or over the event rate, with everything else constant.

use results::{format, schema::Load};

use crate::rows::LoadPoint;

/// An axis of a sweep.
pub(crate) struct Axis {
    /// Name of the varied quantity.
    pub(crate) name: &'static str,
    /// Returns its value under a load.
    pub(crate) value: fn(&Load) -> f64,
    /// Returns the value of the constant quantity.
    held_name: &'static str,
    held: fn(&Load) -> f64,
}

/// Name of the axis of event rates.
pub(crate) const RATE: &str = "events a second";

const AXES: [Axis; 2] = [
    Axis {
        name: "clients",
        value: |load| f64::from(load.clients),
        held_name: RATE,
        held: |load| load.events_per_second,
    },
    Axis {
        name: RATE,
        value: |load| load.events_per_second,
        held_name: "clients",
        held: |load| f64::from(load.clients),
    },
];

/// Several loads that differ in one quantity.
pub(crate) struct Sweep<'a> {
    /// The axis.
    pub(crate) axis: &'static Axis,
    /// Its number among the sweeps of this axis, for identifiers on the page.
    pub(crate) index: usize,
    /// Value of the constant quantity.
    held: f64,
    /// The loads, from the smallest value.
    pub(crate) points: Vec<&'a LoadPoint>,
}

impl Sweep<'_> {
    /// Describes the constant quantity.
    pub(crate) fn held(&self) -> String {
        format!("{} {}", format::plain(self.held), self.axis.held_name)
    }
}

/// Returns the sweeps of each axis with at least two loads, the heaviest first.
pub(crate) fn sweeps<'a>(loads: impl IntoIterator<Item = &'a LoadPoint>) -> Vec<Sweep<'a>> {
    let loads: Vec<&LoadPoint> = loads.into_iter().collect();
    let mut sweeps = Vec::new();
    for axis in &AXES {
        let mut points: Vec<(f64, &LoadPoint)> = loads.iter().map(|point| ((axis.held)(&point.load), *point)).collect();
        points.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        for (index, of_one) in points.chunk_by(|(a, _), (b, _)| a == b).enumerate() {
            if let [(held, _), _, ..] = of_one {
                let points = of_one.iter().map(|(_, point)| *point).collect();
                sweeps.push(Sweep { axis, index, held: *held, points });
            }
        }
    }
    sweeps
}
