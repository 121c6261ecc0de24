//! Lists what an update changes in the baseline, for the person who reviews it.

use std::collections::BTreeMap;

use results::{format, sanitize};

use super::{
    baseline::Baseline,
    counts::{Agreed, Count, each, per_unit},
    exact::union,
};

/// Returns the differences of two baselines as a table: cell, metric, before, after, and both per unit. Returns an empty text
/// if there are none.
#[must_use]
pub fn differences(before: &Baseline, after: &Baseline) -> String {
    let [old, new] = [before, after].map(flattened);
    let cell_width = old.keys().chain(new.keys()).map(|(cell, _)| shown(cell).chars().count()).max().unwrap_or(0);
    let name = |cell: &str, metric: &str| format!("{:<cell_width$}  {}", shown(cell), shown(metric));
    let mut lines = vec![[name("cell", "metric"), "before".into(), "after".into(), "each".into(), String::new()]];
    for key in union(&old, &new) {
        let sides = [old.get(key), new.get(key)];
        if sides[0] == sides[1] {
            continue;
        }
        let [before, after] = sides.map(|side| format::or_none(side, |of| text(of.count)));
        let [figures, unit] = for_each(sides);
        lines.push([name(key.0, &key.1), before, after, figures, unit]);
    }
    if lines.len() == 1 { String::new() } else { format::aligned(&lines, 1, format::WIDTH) }
}

/// One count with its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Of<'a> {
    count: Count,
    units: u64,
    unit_name: &'a str,
}

fn flattened(baseline: &Baseline) -> BTreeMap<(&str, String), Of<'_>> {
    let mut flat = BTreeMap::new();
    for (cell, phases) in &baseline.cells {
        for (name, Agreed { units, unit_name, counts }) in phases {
            for (metric, count) in counts {
                let of = Of { count: *count, units: *units, unit_name };
                flat.insert((cell.as_str(), format!("{name} {metric}")), of);
            }
        }
    }
    flat
}

/// Formats both sides per unit, with the unit. A dash if they are of different phases.
fn for_each(sides: [Option<&Of<'_>>; 2]) -> [String; 2] {
    match sides {
        [Some(one), Some(another)] if (one.units, one.unit_name) == (another.units, another.unit_name) => {
            let [before, after] = per_unit([one.count.high, another.count.high], one.units);
            [format!("{before} → {after}"), each(one.unit_name)]
        }
        _ => [format::NONE.to_owned(), String::new()],
    }
}

fn shown(name: &str) -> String {
    sanitize::short(&sanitize::text(name))
}

fn text(count: Count) -> String {
    let [low, high] = [count.low, count.high].map(format::count);
    if count.is_exact() { low } else { format!("{low} to {high}") }
}
