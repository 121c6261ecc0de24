//! Synthetic lock-step counts of two variants: 100 events, 100 polls and 10 reconnects.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by test crates that each use a part")]

use std::collections::BTreeMap;

use gate::{
    baseline::{Baseline, Origin, baseline_of},
    counts::{Measured, Phase, Repeat},
};

pub const SCRIPT: &str = "lock-step 1: 100 events, 100 polls, 10 reconnects";

pub const COMPILER: &str = "rustc 1.0.0, release";

pub fn origin() -> Origin {
    Origin {
        tool_version: "0.1.0".into(),
        revision: "0123abc".into(),
        compiler: COMPILER.into(),
        script: SCRIPT.into(),
    }
}

/// Returns three equal repeats of both variants.
pub fn measured() -> Measured {
    let cells = ["pulling/1s", "pushing"].map(|cell| (cell.to_owned(), vec![repeat(); 3]));
    Measured { cells: cells.into() }
}

pub fn baseline() -> Baseline {
    baseline_of(&measured(), origin()).expect("every repeat is complete")
}

fn repeat() -> Repeat {
    let phase = |units, unit_name: &str, counts: &[(&str, u64)]| Phase {
        units,
        unit_name: unit_name.to_owned(),
        counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
    };
    let deliver = phase(100, "event", &[("messages", 100), ("server-to-client-bytes", 8_100)]);
    let poll = phase(100, "poll", &[("requests", 100), ("empty", 37)]);
    let reconnect = phase(10, "reconnect", &[("requests", 10), ("client-to-server-bytes", 1_230)]);
    let phases = [("deliver", deliver), ("poll", poll), ("reconnect", reconnect)];
    Ok(phases.map(|(name, phase)| (name.to_owned(), phase)).into())
}

/// Returns the phases of one repeat of a cell.
pub fn phases<'a>(measured: &'a mut Measured, cell: &str, repeat: usize) -> &'a mut BTreeMap<String, Phase> {
    measured.cells.get_mut(cell).expect("the cell exists")[repeat].as_mut().expect("the repeat did not crash")
}

/// Returns one count in one repeat. `place` is the phase and the name of the count.
pub fn count<'a>(measured: &'a mut Measured, cell: &str, repeat: usize, place: [&str; 2]) -> &'a mut u64 {
    let phase = phases(measured, cell, repeat).get_mut(place[0]).expect("the phase exists");
    phase.counts.get_mut(place[1]).expect("the count exists")
}

/// Adds `more` to a count in every repeat.
pub fn add(measured: &mut Measured, cell: &str, place: [&str; 2], more: i64) {
    for repeat in 0..measured.cells[cell].len() {
        let count = count(measured, cell, repeat, place);
        *count = count.checked_add_signed(more).expect("the count stays within the range of u64");
    }
}
