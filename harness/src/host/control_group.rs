//! The limits that the control group of this process sets, of either version: CPU time and memory. It judges nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use procfs::process::Process;

const ROOT: &str = "/sys/fs/cgroup";

/// Returns whether a group that this process is in may use only a part of the cores' time.
pub(crate) fn is_limited() -> bool {
    folders("cpu").iter().any(|folder| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        // Version 2 says "max 100000" where there is no limit, version 1 says -1.
        let second = read("cpu.max").is_some_and(|text| !text.starts_with("max"));
        second || read("cpu.cfs_quota_us").is_some_and(|text| text.trim().parse().is_ok_and(|quota: i64| quota > 0))
    })
}

/// Returns the time, in microseconds since some moment in the past, for which a limit held this process's group back.
/// Returns `None` if the group does not say.
pub(crate) fn throttled_us() -> Option<u64> {
    let text = folders("cpu").iter().find_map(|folder| fs::read_to_string(folder.join("cpu.stat")).ok())?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse::<u64>().ok();
    value("throttled_usec ").or_else(|| value("throttled_time ").map(|nanoseconds| nanoseconds / 1_000))
}

/// Returns the memory, in bytes, that the groups of this process may still take: the least of all that have a limit.
/// Returns `None` without a limit.
pub(crate) fn available_memory_bytes() -> Option<u64> {
    folders("memory").iter().filter_map(|folder| memory_left_bytes(folder)).min()
}

/// Returns what is left of a group's memory, in bytes. Pages of files that are not in use can be taken back, and count
/// as left.
fn memory_left_bytes(folder: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let number = |second, first| read(second).or_else(|| read(first))?.trim().parse::<u64>().ok();
    let limit = number("memory.max", "memory.limit_in_bytes")?;
    let used = number("memory.current", "memory.usage_in_bytes")?;
    let counts = read("memory.stat").unwrap_or_default();
    let count = |key: &str| counts.lines().find_map(|line| line.strip_prefix(key))?.trim().parse::<u64>().ok();
    let idle = count("total_inactive_file ").or_else(|| count("inactive_file ")).unwrap_or_default();
    Some(limit.saturating_sub(used.saturating_sub(idle)))
}

/// Returns the group of this process that has this controller, then those that it is in, up to the root.
fn folders(controller: &str) -> Vec<PathBuf> {
    let groups = Process::myself().and_then(|process| process.cgroups());
    let of_controller = groups.into_iter().flatten().filter_map(|group| {
        let is_second = group.controllers.iter().all(String::is_empty);
        let is_first = group.controllers.iter().any(|name| name == controller);
        let root = if is_second { Some(ROOT.to_owned()) } else { is_first.then(|| format!("{ROOT}/{controller}")) }?;
        Some(PathBuf::from(format!("{root}{}", group.pathname)))
    });
    let up = |folder: PathBuf| {
        let ancestors = folder.ancestors().take_while(|ancestor| ancestor.starts_with(ROOT)).map(Path::to_path_buf);
        ancestors.collect::<Vec<_>>()
    };
    of_controller.flat_map(up).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a group whose folder holds these files.
    fn left(files: &[(&str, &str)]) -> Option<u64> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        memory_left_bytes(folder.path())
    }

    #[test]
    fn reads_the_memory_limit_of_both_cgroup_versions() {
        let stat = ("memory.stat", "anon 100\nfile 700\ninactive_file 300\nactive_file 400\n");
        assert_eq!(left(&[("memory.max", "2000\n"), ("memory.current", "800\n"), stat]), Some(1_500));
        assert_eq!(left(&[("memory.max", "2000\n"), ("memory.current", "800\n")]), Some(1_200));
        assert_eq!(left(&[("memory.max", "500\n"), ("memory.current", "800\n")]), Some(0));
        assert_eq!(left(&[("memory.max", "max\n"), ("memory.current", "800\n"), stat]), None);
        assert_eq!(left(&[]), None, "the root of version 2");
        let first = ("memory.stat", "inactive_file 1\ntotal_inactive_file 300\n");
        let files = [("memory.limit_in_bytes", "2000\n"), ("memory.usage_in_bytes", "800\n"), first];
        assert_eq!(left(&files), Some(1_500));
    }
}
