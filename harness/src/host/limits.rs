//! The files and threads that a process may have. A verb checks before it begins, so that it does not fail halfway.

use std::{sync::Mutex, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::environment;
use crate::failure::Failure;

/// Files that every verb needs: standard streams, signals, a runtime, its results, and pipes to children.
const FEWEST_DESCRIPTORS: u64 = 64;
/// Threads of a process besides those of its runtime: publisher, sampler, commands and the like.
const THREADS_BESIDE: usize = 8;
/// What to do if the system refuses a thread.
pub(crate) const MORE_THREADS: &str = "allow more of them with ulimit -u, or with pids.max of the control group";
/// Stack of a thread that does nothing.
const SMALL_STACK_BYTES: usize = 64 << 10;

/// Raises the soft descriptor limit to the hard one, and returns it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // A refusal leaves the soft limit, which the plan reads from here.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Refuses a descriptor limit that is too low for libraries and child processes.
///
/// # Errors
/// The process may open fewer files than any verb needs.
pub(crate) fn room_for_files() -> Result<(), Failure> {
    match raise_descriptor_limit() {
        FEWEST_DESCRIPTORS.. => Ok(()),
        allowed => Err(Failure::Machine(format!(
            "this process may open {allowed} files, and needs {FEWEST_DESCRIPTORS}: allow more of them with ulimit -n"
        ))),
    }
}

/// Returns the threads of a coordinator and of the two processes of each shard, whose runtimes share the cores.
pub(crate) fn threads_of(shards: usize) -> usize {
    let cores = environment::cores() as usize;
    cores + THREADS_BESIDE + 2 * shards * (cores.div_ceil(shards.max(1)) + THREADS_BESIDE)
}

/// Checks whether this user may start this many more threads, by starting them. They end at once.
///
/// # Errors
/// The system refuses one of them.
pub(crate) fn room_for(threads: usize) -> Result<(), Failure> {
    let hold = Mutex::new(());
    let started = thread::scope(|scope| {
        let held = hold.lock();
        let wait = || drop(hold.lock());
        let start = || thread::Builder::new().stack_size(SMALL_STACK_BYTES).spawn_scoped(scope, wait).map(drop);
        let started = (0..threads).try_for_each(|_| start());
        drop(held);
        started
    });
    started.map_err(|error| {
        Failure::Machine(format!("cannot start {threads} threads and processes: {error}; {MORE_THREADS}"))
    })
}
