//! The kernel's memory on this machine: objects, stacks, page tables and socket buffers. The kernel does not say for whom it
//! holds them, so a trial's share is their growth while it runs, for both ends of its connections together.

use procfs::{Current, Meminfo};

use super::environment;

/// With fewer clients their share cannot be told from other changes. The next trial reuses what a trial leaves in the
/// kernel's slabs without growth: with 10,000 clients up to three quarters of their share, with 30,000 a tenth.
const FEWEST_CLIENTS: u32 = 30_000;

/// The kernel's memory in bytes at three moments of a trial. `None` if the system does not report it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelMemory {
    /// Before the trial's processes started.
    pub(crate) before: Option<u64>,
    /// When all clients had subscribed.
    pub(crate) connected: Option<u64>,
    /// At the end of the window.
    pub(crate) settled: Option<u64>,
}

impl KernelMemory {
    /// Returns the growth until all clients had subscribed, in bytes per client.
    pub(crate) fn until_connected(self, clients: u32) -> Option<u64> {
        self.growth(self.connected, clients)
    }

    /// Returns the growth until the end of the window, in bytes per client.
    pub(crate) fn until_settled(self, clients: u32) -> Option<u64> {
        self.growth(self.settled, clients)
    }

    fn growth(self, until: Option<u64>, clients: u32) -> Option<u64> {
        // What shrank was held for something else, before.
        let growth = until?.checked_sub(self.before?)?;
        (clients >= FEWEST_CLIENTS).then(|| growth / u64::from(clients))
    }
}

/// Returns the kernel's memory now, in bytes. Returns `None` if the system does not report it.
pub(crate) fn now() -> Option<u64> {
    let memory = Meminfo::current().ok()?;
    let pages = socket_buffer_pages(&environment::file("/proc/net/sockstat"))?;
    let buffers = pages * rustix::param::page_size() as u64;
    Some(memory.slab + memory.kernel_stack.unwrap_or_default() + memory.page_tables.unwrap_or_default() + buffers)
}

/// Returns the pages in the buffers of all TCP sockets: `mem` in the line `TCP: inuse 5 orphan 0 tw 2 alloc 9 mem 3`.
fn socket_buffer_pages(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split_whitespace();
    words.find(|word| *word == "mem")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_buffers_from_the_tcp_line() {
        let text = "sockets: used 92\nTCP: inuse 5 orphan 0 tw 2 alloc 9 mem 30\nUDP: inuse 1 mem 2\n";
        assert_eq!(socket_buffer_pages(text), Some(30));
        assert_eq!(socket_buffer_pages("sockets: used 92\n"), None);
    }

    #[test]
    fn growth_is_per_client_and_needs_many_clients() {
        let memory = KernelMemory { before: Some(1 << 20), connected: Some(501 << 20), settled: None };
        assert_eq!(memory.until_connected(100_000), Some(5_242));
        assert_eq!(memory.until_connected(10_000), None);
        assert_eq!(memory.until_settled(100_000), None);
        assert_eq!(KernelMemory { settled: Some(1), ..memory }.until_settled(100_000), None);
    }
}
