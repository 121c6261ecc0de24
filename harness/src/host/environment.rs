//! Describes this machine and the build of this tool, for the record.

use std::fs;

use procfs::Current;
use results::schema::{Environment, Tool};
use rustix::{
    process::{Resource, getrlimit},
    thread::{CpuSet, sched_getaffinity},
};

use super::control_group;

/// Stands for what the system does not report.
pub(crate) const UNKNOWN: &str = "unknown";

/// Describes this machine.
pub(crate) fn environment() -> Environment {
    let system = rustix::system::uname();
    let limit = getrlimit(Resource::Nofile);
    Environment {
        os: system.sysname().to_string_lossy().into_owned(),
        kernel: system.release().to_string_lossy().into_owned(),
        cpu: procfs::CpuInfo::current()
            .ok()
            .and_then(|cpus| cpus.model_name(0).map(str::to_owned))
            .unwrap_or_else(|| UNKNOWN.into()),
        cores: cores(),
        memory_bytes: procfs::Meminfo::current().map_or(0, |memory| memory.mem_total),
        nofile_soft: limit.current.unwrap_or(u64::MAX),
        nofile_hard: limit.maximum.unwrap_or(u64::MAX),
        clocksource: clocksource(),
        boot_id: file("/proc/sys/kernel/random/boot_id"),
    }
}

/// Returns the name of the kernel's clock source.
pub(crate) fn clocksource() -> String {
    file("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// Returns the memory for new processes, in bytes: what the system has available, or less if a control group has a limit.
pub(crate) fn available_memory_bytes() -> u64 {
    let memory = procfs::Meminfo::current();
    let of_system = memory.map_or(0, |memory| memory.mem_available.unwrap_or(memory.mem_free));
    control_group::available_memory_bytes().map_or(of_system, |of_group| of_group.min(of_system))
}

/// Returns the numbers of the cores that this process may use.
pub(crate) fn processors() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|processor| allowed.is_set(*processor)).collect()
}

/// Returns the number of cores that this process may use, or fewer if their time is limited.
pub(crate) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// Describes this build of the tool.
pub(crate) fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision: option_env!("DELIVERY_BENCH_REVISION").unwrap_or(UNKNOWN).into(),
        dirty: option_env!("DELIVERY_BENCH_DIRTY") == Some("true"),
    }
}

/// Returns the compiler and profile of this build.
pub(crate) fn compiler() -> String {
    env!("DELIVERY_BENCH_COMPILER").into()
}

/// Returns the trimmed text of a small system file.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| UNKNOWN.into(), |text| text.trim().to_owned())
}
