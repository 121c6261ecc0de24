//! What the kernel holds for everybody on this machine: its objects, stacks, page tables and socket buffers. It cannot
//! say for whom, so what a trial takes is the growth while it runs, of both ends of its connections together.

use procfs::{Current, Meminfo};

use super::environment;

/// Below so many clients their part cannot be told from what else comes and goes. What a trial leaves behind in the
/// kernel's slabs the next one uses again without growth: with 10,000 clients that was up to three quarters of their
/// part, with 30,000 a tenth.
const FEWEST_CLIENTS: u32 = 30_000;

/// The kernel's memory in bytes, at three moments of a trial; none where the system does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelMemory {
    /// Before the trial's processes were there.
    pub(crate) before: Option<u64>,
    /// When all clients had subscribed.
    pub(crate) connected: Option<u64>,
    /// At the end of the window.
    pub(crate) settled: Option<u64>,
}

impl KernelMemory {
    /// Growth until all clients had subscribed, in bytes for each client.
    pub(crate) fn until_connected(self, clients: u32) -> Option<u64> {
        self.growth(self.connected, clients)
    }

    /// Growth until the end of the window, in bytes for each client.
    pub(crate) fn until_settled(self, clients: u32) -> Option<u64> {
        self.growth(self.settled, clients)
    }

    fn growth(self, until: Option<u64>, clients: u32) -> Option<u64> {
        // What shrank was held for something else, before.
        let growth = until?.checked_sub(self.before?)?;
        (clients >= FEWEST_CLIENTS).then(|| growth / u64::from(clients))
    }
}

/// What the kernel holds now, in bytes; none where the system does not say.
pub(crate) fn now() -> Option<u64> {
    let memory = Meminfo::current().ok()?;
    let pages = socket_buffer_pages(&environment::file("/proc/net/sockstat"))?;
    let buffers = pages * rustix::param::page_size() as u64;
    Some(memory.slab + memory.kernel_stack.unwrap_or_default() + memory.page_tables.unwrap_or_default() + buffers)
}

/// Pages in the buffers of all TCP sockets: `mem` in the line `TCP: inuse 5 orphan 0 tw 2 alloc 9 mem 3`.
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
    fn buffers_are_read_from_the_line_of_tcp() {
        let text = "sockets: used 92\nTCP: inuse 5 orphan 0 tw 2 alloc 9 mem 30\nUDP: inuse 1 mem 2\n";
        assert_eq!(socket_buffer_pages(text), Some(30));
        assert_eq!(socket_buffer_pages("sockets: used 92\n"), None);
    }

    #[test]
    fn growth_is_for_each_client_and_only_of_many() {
        let memory = KernelMemory { before: Some(1 << 20), connected: Some(501 << 20), settled: None };
        assert_eq!(memory.until_connected(100_000), Some(5_242));
        assert_eq!(memory.until_connected(10_000), None);
        assert_eq!(memory.until_settled(100_000), None);
        assert_eq!(KernelMemory { settled: Some(1), ..memory }.until_settled(100_000), None);
    }
}
