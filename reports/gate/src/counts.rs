//! The counts of lock step by repeat, and what the repeats agree on.
//!
//! Repeats agree on a count or on its range. They must agree on which counts there are, and on the number of units.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Name of the count of heap allocations. It also depends on the compiler.
pub const ALLOCATIONS: &str = "allocations";

/// Fewest repeats that can show that a count is exact.
pub const FEWEST_REPEATS: usize = 3;

/// The counts of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The repeats by variant.
    pub cells: BTreeMap<String, Vec<Repeat>>,
}

/// The phases of one repeat by name, or why it crashed.
pub type Repeat = Result<BTreeMap<String, Phase>, String>;

/// The counts of one phase of one repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Number of deliveries, polls or reconnects that the script makes.
    pub units: u64,
    /// Name of one of them: `event`, `poll`, `reconnect`.
    pub unit_name: String,
    /// Counts by name, such as `requests`. A name that ends in `bytes` counts bytes.
    pub counts: BTreeMap<String, u64>,
}

/// The counts of one phase over all repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// As in [`Phase`].
    pub units: u64,
    /// As in [`Phase`].
    pub unit_name: String,
    /// Counts by name.
    pub counts: BTreeMap<String, Count>,
}

/// One count over the repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The smallest value.
    pub low: u64,
    /// The largest value.
    pub high: u64,
}

impl Count {
    /// Returns whether every repeat counted the same.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }
}

/// Merges the repeats of a cell.
///
/// # Errors
/// A repeat crashed, there are too few, nothing was counted, or repeats have different phases or counts.
pub fn agreed(repeats: &[Repeat]) -> Result<BTreeMap<String, Agreed>, String> {
    let mut whole = Vec::new();
    for (repeat, number) in repeats.iter().zip(1..) {
        match repeat {
            Ok(phases) => whole.push(phases),
            Err(reason) => return Err(format!("repeat {number} of {} crashed: {reason}", repeats.len())),
        }
    }
    if whole.len() < FEWEST_REPEATS {
        let count = whole.len();
        return Err(format!("{count} repeats, expected at least {FEWEST_REPEATS} to show whether a count is exact"));
    }
    let names: BTreeSet<&String> = whole.iter().flat_map(|phases| phases.keys()).collect();
    if names.is_empty() {
        return Err("no phase was measured".to_owned());
    }
    let in_every = |name: &String| {
        let own = whole.iter().zip(1..).map(|(phases, number)| {
            phases.get(name).ok_or_else(|| format!("repeat {number} has no phase {name}, but another has"))
        });
        own.collect::<Result<Vec<&Phase>, String>>()
    };
    names.into_iter().map(|name| Ok((name.clone(), over_repeats(name, &in_every(name)?)?))).collect()
}

fn over_repeats(name: &str, phases: &[&Phase]) -> Result<Agreed, String> {
    let first = phases[0];
    let (units, unit_name) = (first.units, first.unit_name.clone());
    if units == 0 {
        return Err(format!("the phase {name} consists of nothing"));
    }
    if let Some(other) = phases.iter().find(|phase| (phase.units, &phase.unit_name) != (units, &unit_name)) {
        let [one, another] = [first, *other].map(|phase| several(phase.units, &phase.unit_name));
        return Err(format!("the phase {name} consists of {one} in one repeat and of {another} in another"));
    }
    let metrics: BTreeSet<&String> = phases.iter().flat_map(|phase| phase.counts.keys()).collect();
    if metrics.is_empty() {
        return Err(format!("the phase {name} counted nothing"));
    }
    let mut counts = BTreeMap::new();
    for metric in metrics {
        let values: Vec<u64> = phases.iter().filter_map(|phase| phase.counts.get(metric).copied()).collect();
        if values.len() < phases.len() {
            return Err(format!("{name} {metric} was counted in {} of {} repeats", values.len(), phases.len()));
        }
        let [low, high] = [values.iter().min(), values.iter().max()].map(|value| *value.expect("there are repeats"));
        counts.insert(metric.clone(), Count { low, high });
    }
    Ok(Agreed { units, unit_name, counts })
}

/// `1 event`, `100 events`.
pub(super) fn several(units: u64, unit_name: &str) -> String {
    format!("{} {unit_name}{}", results::format::count(units), if units == 1 { "" } else { "s" })
}

/// `an event`, `a poll`.
pub(super) fn each(unit_name: &str) -> String {
    let vowel = unit_name.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {unit_name}", if vowel { "an" } else { "a" })
}

/// Two counts for each unit, with as many decimals as tell them apart, one at least.
pub(super) fn per_unit(counts: [u64; 2], units: u64) -> [String; 2] {
    let values = counts.map(|count| count as f64 / units as f64);
    let with = |decimals: usize| values.map(|value| format!("{value:.decimals$}"));
    let differ = |decimals: &usize| {
        let [one, another] = with(*decimals);
        one != another
    };
    with((1..=9).find(differ).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat(units: u64, counts: &[(&str, u64)]) -> Repeat {
        let counts = counts.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        Ok([("deliver".to_owned(), Phase { units, unit_name: "event".to_owned(), counts })].into())
    }

    #[test]
    fn repeats_give_a_count_or_a_range() {
        let repeats = [[7, 5], [7, 4], [7, 6]].map(|[a, b]| repeat(10, &[("a", a), ("b", b)]));
        let phases = agreed(&repeats).unwrap();
        assert_eq!(phases["deliver"].counts["a"], Count { low: 7, high: 7 });
        assert_eq!(phases["deliver"].counts["b"], Count { low: 4, high: 6 });
        assert!(phases["deliver"].counts["a"].is_exact() && !phases["deliver"].counts["b"].is_exact());
    }

    #[test]
    fn incomparable_repeats_give_no_count() {
        let whole = || repeat(10, &[("a", 1)]);
        let cases: [(Vec<Repeat>, &str); 8] = [
            (vec![], "0 repeats"),
            (vec![whole(), whole()], "2 repeats"),
            (vec![whole(), Err("no answer in 10 s".to_owned()), whole()], "repeat 2 of 3 crashed: no answer in 10 s"),
            (vec![Ok(BTreeMap::new()), Ok(BTreeMap::new()), Ok(BTreeMap::new())], "no phase"),
            (vec![whole(), whole(), Ok(BTreeMap::new())], "repeat 3 has no phase deliver"),
            (vec![whole(), whole(), repeat(9, &[("a", 1)])], "10 events in one repeat and of 9 events"),
            (vec![repeat(0, &[("a", 1)]), whole(), whole()], "consists of nothing"),
            (vec![whole(), repeat(10, &[("b", 1)]), whole()], "deliver a was counted in 2 of 3"),
        ];
        for (repeats, expected) in cases {
            let reason = agreed(&repeats).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
        let nothing = || repeat(10, &[]);
        assert!(agreed(&[nothing(), nothing(), nothing()]).unwrap_err().contains("counted nothing"));
    }

    #[test]
    fn units_are_words() {
        assert_eq!([several(1, "poll"), several(2000, "event")], ["1 poll", "2,000 events"]);
        assert_eq!(per_unit([8_100, 8_200], 100), ["81.0", "82.0"]);
        assert_eq!(per_unit([37, 38], 100), ["0.37", "0.38"]);
        assert_eq!(per_unit([5, 5], 100), ["0.1", "0.1"]);
        assert_eq!([each("event"), each("reconnect")], ["an event", "a reconnect"]);
    }
}
