//! What the control group of this process says of processor time: whether there is a limit, and whether it held anybody
//! back. Of either version; it judges nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use procfs::process::Process;

const ROOT: &str = "/sys/fs/cgroup";

/// Some group that this process is in may use only a part of the processors' time.
pub(crate) fn is_limited() -> bool {
    folders().iter().any(|folder| {
        let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
        // Version 2 says "max 100000" where there is no limit, version 1 says -1.
        let second = read("cpu.max").is_some_and(|text| !text.starts_with("max"));
        second || read("cpu.cfs_quota_us").is_some_and(|text| text.trim().parse().is_ok_and(|quota: i64| quota > 0))
    })
}

/// Time for which a limit held this process's group back, from some time in the past on; none where it does not say.
pub(crate) fn throttled_us() -> Option<u64> {
    let text = folders().iter().find_map(|folder| fs::read_to_string(folder.join("cpu.stat")).ok())?;
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse::<u64>().ok();
    value("throttled_usec ").or_else(|| value("throttled_time ").map(|nanoseconds| nanoseconds / 1_000))
}

/// The group of this process that is for processor time, then those that it is in, up to the root.
fn folders() -> Vec<PathBuf> {
    let groups = Process::myself().and_then(|process| process.cgroups());
    let of_processor = groups.into_iter().flatten().filter_map(|group| {
        let is_second = group.controllers.iter().all(String::is_empty);
        let is_first = group.controllers.iter().any(|name| name == "cpu");
        let root = if is_second { Some(ROOT.to_owned()) } else { is_first.then(|| format!("{ROOT}/cpu")) }?;
        Some(PathBuf::from(format!("{root}{}", group.pathname)))
    });
    let up = |folder: PathBuf| {
        let ancestors = folder.ancestors().take_while(|ancestor| ancestor.starts_with(ROOT)).map(Path::to_path_buf);
        ancestors.collect::<Vec<_>>()
    };
    of_processor.flat_map(up).collect()
}
