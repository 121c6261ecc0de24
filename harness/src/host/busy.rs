//! Looks at what other processes do before the first trial, so that a run warns about a busy machine beforehand.

use std::collections::BTreeMap;

use procfs::process::all_processes;

use super::{
    clock,
    watcher::{Counters, FOREIGN_SHARES, counters},
};

/// Shortest time to look at the machine.
const LOOK_NS: u64 = 300_000_000;
/// Most processes that are named.
const NAMED: usize = 3;
/// Smallest share of a core for which a process is named.
const NAMED_SHARE: f64 = 0.05;

/// A look at the machine that has begun and not ended.
#[derive(Debug)]
pub(crate) struct Look {
    began_ns: u64,
    own_ns: u64,
    counters: Counters,
    processes: BTreeMap<i32, Process>,
}

/// One of the other processes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    name: String,
    /// CPU time since it began, in the system's ticks.
    ticks: u64,
}

impl Look {
    /// Begins to look.
    pub(crate) fn begin() -> Self {
        Self {
            began_ns: clock::now_ns(),
            own_ns: clock::process_cpu_ns(),
            counters: counters(),
            processes: processes(),
        }
    }

    /// Ends the look, and returns a line for people if other processes keep the machine busy: how much CPU time they
    /// use, which they are, and what to do. Blocks until the shortest time has passed since the beginning.
    pub(crate) fn end(self) -> Option<String> {
        clock::block_until(self.began_ns + LOOK_NS);
        let passed_ns = clock::now_ns() - self.began_ns;
        let own_us = clock::process_cpu_ns().saturating_sub(self.own_ns) / 1_000;
        let foreign = self.counters.foreign_share(&counters(), own_us)?;
        line(foreign, &busiest(&self.processes, &processes(), passed_ns as f64 / 1e9))
    }
}

/// Returns the busiest processes, each with the share of a core that it used.
fn busiest(before: &BTreeMap<i32, Process>, after: &BTreeMap<i32, Process>, seconds: f64) -> Vec<(String, f64)> {
    let ticks_per_second = procfs::ticks_per_second() as f64;
    let share = |(number, process): (&i32, &Process)| {
        let earlier = before.get(number).filter(|earlier| earlier.name == process.name).map_or(0, |one| one.ticks);
        let share = process.ticks.saturating_sub(earlier) as f64 / ticks_per_second / seconds;
        // A process that began during this time cannot have run longer.
        (process.name.clone(), share.min(seconds.max(1.0)))
    };
    let mut shares: Vec<(String, f64)> = after.iter().map(share).filter(|(_, share)| *share >= NAMED_SHARE).collect();
    shares.sort_by(|one, other| other.1.total_cmp(&one.1));
    shares.truncate(NAMED);
    shares
}

fn line(foreign: f64, busiest: &[(String, f64)]) -> Option<String> {
    let [warns, invalidates] = FOREIGN_SHARES.map(|share| share * 100.0);
    let percent = foreign * 100.0;
    if percent <= warns {
        return None;
    }
    let named: Vec<String> =
        busiest.iter().map(|(name, share)| format!("{name} {:.0} % of a core", share * 100.0)).collect();
    let who = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
    let then = if percent > invalidates {
        format!("above {invalidates:.0} % a trial is invalid")
    } else {
        "the check host will warn".into()
    };
    Some(format!("the machine is busy: other processes take {percent:.0} % of its CPU time{who}; stop them, {then}"))
}

/// Lists all processes except this one. Leaves out processes that end during the listing.
fn processes() -> BTreeMap<i32, Process> {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let all = all_processes().into_iter().flatten().flatten().filter(|process| process.pid != own);
    let stats = all.filter_map(|process| process.stat().ok());
    stats.map(|stat| (stat.pid, Process { name: stat.comm, ticks: stat.utime + stat.stime })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(name: &str, ticks: u64) -> Process {
        Process { name: name.into(), ticks }
    }

    #[test]
    fn a_quiet_machine_is_not_mentioned() {
        assert_eq!(line(0.08, &[("sshd".into(), 0.1)]), None);
    }

    #[test]
    fn a_busy_machine_is_reported_with_the_busiest_process() {
        let second = procfs::ticks_per_second();
        let before = BTreeMap::from([(1, process("idle", 900)), (2, process("find", 10)), (3, process("old", 5_000))]);
        let after = BTreeMap::from([
            (1, process("idle", 900)),
            (2, process("find", 10 + second)),
            (3, process("new", second / 2)),
            (4, process("tar", second / 4)),
        ]);
        let busiest = busiest(&before, &after, 1.0);
        assert_eq!(busiest, [("find".into(), 1.0), ("new".into(), 0.5), ("tar".into(), 0.25)]);
        let told = line(0.46, &busiest).unwrap();
        assert!(told.contains("46 % of its CPU time (find 100 % of a core, new 50 % of a core"), "{told}");
        assert!(told.ends_with("above 25 % a trial is invalid"), "{told}");
        assert!(line(0.2, &[]).unwrap().ends_with("the check host will warn"));
    }
}
