//! What the loads of a run are a sweep of: clients with everything else held, or events a second.

use results::{format, schema::Load};

use crate::rows::LoadPoint;

/// What is varied: its name, its value, and what is held.
pub(crate) struct Axis {
    /// What is counted along it.
    pub(crate) name: &'static str,
    /// Its value under a load.
    pub(crate) value: fn(&Load) -> f64,
    /// What is held meanwhile.
    held_name: &'static str,
    held: fn(&Load) -> f64,
}

const AXES: [Axis; 2] = [
    Axis {
        name: "clients",
        value: |load| f64::from(load.clients),
        held_name: "events a second",
        held: |load| load.events_per_second,
    },
    Axis {
        name: "events a second",
        value: |load| load.events_per_second,
        held_name: "clients",
        held: |load| f64::from(load.clients),
    },
];

/// Several loads that differ in one thing.
pub(crate) struct Sweep<'a> {
    /// What they differ in.
    pub(crate) axis: &'static Axis,
    /// Its number among the sweeps of this axis, which a name on the page may be made of.
    pub(crate) index: usize,
    /// Value of what is held.
    held: f64,
    /// From the least value.
    pub(crate) points: Vec<&'a LoadPoint>,
}

impl Sweep<'_> {
    /// What is held, as a phrase.
    pub(crate) fn held(&self) -> String {
        format!("{} {}", format::plain(self.held), self.axis.held_name)
    }
}

/// For each axis, and each value of what it holds, the loads along it, where they are several; the heaviest first.
pub(crate) fn sweeps(loads: &[LoadPoint]) -> Vec<Sweep<'_>> {
    let mut sweeps = Vec::new();
    for axis in &AXES {
        let mut points: Vec<(f64, &LoadPoint)> = loads.iter().map(|point| ((axis.held)(&point.load), point)).collect();
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
