//! The queues in which the system keeps connections that nobody has accepted yet: how long one may be, and how often
//! one was full. A connection that finds one full is tried again a second later, which would be measured as the
//! server's.

use super::environment;

/// Clients of one worker that may be connecting at the same time, however long the queue is: more make nothing quicker.
const MOST_CONNECTING: usize = 128;
/// Length of the queue where the system does not say: what it was in every kernel before 5.4.
const USUAL_LIMIT: usize = 128;
/// A client may hold its place in the queue after it has connected, until the server gets to it, where nothing answers
/// it: one in so many places is for those that are still connecting.
const PLACES_FOR_ONE: usize = 4;

/// Clients of one worker that may be connecting at the same time. Each worker has a server, and a queue, of its own. It
/// bounds those whose server answers before the next one connects; where nothing answers, the check `clients` says
/// whether the queue overflowed.
pub(crate) fn clients_at_once() -> usize {
    at_once(&environment::file("/proc/sys/net/core/somaxconn"))
}

/// Connections that a full queue has turned away since the system started; none where it does not say.
pub(crate) fn turned_away() -> Option<u64> {
    drops(&environment::file("/proc/net/netstat"))
}

fn at_once(longest: &str) -> usize {
    let places = longest.parse().unwrap_or(USUAL_LIMIT);
    (places / PLACES_FOR_ONE).clamp(1, MOST_CONNECTING)
}

/// The counter `ListenDrops`, which has the overflows in it: the words of one line say what the numbers of the next
/// are.
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
    fn those_that_connect_take_a_part_of_the_queue() {
        assert_eq!(at_once("4096"), 128);
        assert_eq!(at_once("128"), 32);
        assert_eq!(at_once("1"), 1);
        assert_eq!(at_once(environment::UNKNOWN), 32);
    }

    #[test]
    fn the_counter_is_found_by_its_name() {
        let netstat = "IpExt: ListenDrops\nIpExt: 5\nTcpExt: ListenOverflows ListenDrops TW\nTcpExt: 1 2 3\n";
        assert_eq!(drops(netstat), Some(2));
        assert_eq!(drops("TcpExt: TW\nTcpExt: 3\n"), None);
        assert_eq!(drops(environment::UNKNOWN), None);
    }
}
