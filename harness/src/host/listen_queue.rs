//! The queues of connections that are not accepted yet: how long one may be, and how often one was full. A connection that
//! meets a full queue is retried a second later, which would be measured as the server's time.

use super::environment;

/// At most this many clients of one worker connect at the same time. More would not be faster.
const MOST_CONNECTING: usize = 128;
/// Length of the queue in kernels before 5.4, used if the system does not report it.
const USUAL_LIMIT: usize = 128;
/// If the server does not answer, a client keeps its place in the queue after it has connected. So only one of this many
/// places is for clients that are connecting.
const PLACES_FOR_ONE: usize = 4;

/// Returns how many clients of one worker may connect at the same time. Each worker has its own server and queue. If the
/// server does not answer, the check `clients` reports a queue that overflowed.
pub(crate) fn clients_at_once() -> usize {
    at_once(&environment::file("/proc/sys/net/core/somaxconn"))
}

/// Returns the connections that full queues have refused since the system started. Returns `None` if it does not count.
pub(crate) fn refused_connections() -> Option<u64> {
    drops(&environment::file("/proc/net/netstat"))
}

fn at_once(longest: &str) -> usize {
    let places = longest.parse().unwrap_or(USUAL_LIMIT);
    (places / PLACES_FOR_ONE).clamp(1, MOST_CONNECTING)
}

/// Returns the counter `ListenDrops`, which includes overflows. One line has the names of the numbers in the next line.
fn drops(netstat: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, values) = (lines.next()?, lines.next()?);
    let place = names.split_whitespace().position(|name| name == "ListenDrops")?;
    values.split_whitespace().nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_clients_fill_part_of_the_listen_queue() {
        assert_eq!(at_once("4096"), 128);
        assert_eq!(at_once("128"), 32);
        assert_eq!(at_once("1"), 1);
        assert_eq!(at_once(environment::UNKNOWN), 32);
    }

    #[test]
    fn finds_the_counter_by_its_name() {
        let netstat = "IpExt: ListenDrops\nIpExt: 5\nTcpExt: ListenOverflows ListenDrops TW\nTcpExt: 1 2 3\n";
        assert_eq!(drops(netstat), Some(2));
        assert_eq!(drops("TcpExt: TW\nTcpExt: 3\n"), None);
        assert_eq!(drops(environment::UNKNOWN), None);
    }
}
