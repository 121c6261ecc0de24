//! What machine this is and what built this tool, for the record.

use std::fs;

use procfs::Current;
use results::schema::{Environment, Tool};
use rustix::{
    process::{Resource, getrlimit},
    thread::{CpuSet, sched_getaffinity},
};

use super::control_group;

/// What the system does not say.
pub(crate) const UNKNOWN: &str = "unknown";

/// This machine.
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

/// Name of the kernel's clock source.
pub(crate) fn clocksource() -> String {
    file("/sys/devices/system/clocksource/clocksource0/current_clocksource")
}

/// Memory that new processes could take, in bytes: what the system has left, or less where a control group has a limit.
pub(crate) fn available_memory_bytes() -> u64 {
    let memory = procfs::Meminfo::current();
    let of_system = memory.map_or(0, |memory| memory.mem_available.unwrap_or(memory.mem_free));
    control_group::available_memory_bytes().map_or(of_system, |of_group| of_group.min(of_system))
}

/// Numbers of the processors that this process may run on.
pub(crate) fn processors() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|processor| allowed.is_set(*processor)).collect()
}

/// Processors that this process may use, or as many as a limit on their time amounts to.
pub(crate) fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// This tool, as its build saw it.
pub(crate) fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision: option_env!("DELIVERY_BENCH_REVISION").unwrap_or(UNKNOWN).into(),
        dirty: option_env!("DELIVERY_BENCH_DIRTY") == Some("true"),
    }
}

/// Compiler and profile of this build.
pub(crate) fn compiler() -> String {
    env!("DELIVERY_BENCH_COMPILER").into()
}

/// The text of a small file of the system's, without the space around it.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| UNKNOWN.into(), |text| text.trim().to_owned())
}
