//! Finds line ends in bytes that arrive in parts. It searches each byte once: a search that started over with every
//! part would be quadratic in the length of the line.

/// Remembers how far a buffer has been searched for the end of its first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEnd {
    searched: usize,
}

impl LineEnd {
    /// Returns the index of the first `\n`, or `None` if it has not arrived. Until it is found, the buffer must only
    /// grow.
    pub(crate) fn find(&mut self, unread: &[u8]) -> Option<usize> {
        let from = std::mem::take(&mut self.searched);
        let found = search(&unread[from..], |new| memchr::memchr(b'\n', new)).map(|index| from + index);
        self.searched = if found.is_some() { 0 } else { unread.len() };
        found
    }
}

/// Searches bytes that have not been searched before. Tests count them.
pub(crate) fn search(new: &[u8], find: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let found = find(new);
    #[cfg(test)]
    counted::add(found.map_or(new.len(), |index| index + 1));
    found
}

/// Counts the bytes that this thread has searched.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        static EXAMINED_BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn add(bytes: usize) {
        EXAMINED_BYTES.set(EXAMINED_BYTES.get() + bytes);
    }

    /// Returns the count since the last call.
    pub(crate) fn take() -> usize {
        EXAMINED_BYTES.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_each_byte_of_an_unfinished_line_once() {
        let line = [vec![b'x'; 100_000], b"\n".to_vec()].concat();
        let mut end = LineEnd::default();
        counted::take();
        let found: Vec<usize> = (1..=line.len()).filter_map(|arrived| end.find(&line[..arrived])).collect();
        assert_eq!(found, [100_000]);
        assert_eq!(counted::take(), line.len());
    }
}
