//! Finds the ends of lines in bytes that arrive in parts, and looks at no byte twice: a search that started again with
//! every part would cost the square of a line's length.

/// How far a buffer has been searched for the end of its first line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LineEnd {
    searched: usize,
}

impl LineEnd {
    /// Returns the index of the first `\n`, or `None` if it has not arrived. The buffer may only grow until it is found.
    pub(crate) fn find(&mut self, unread: &[u8]) -> Option<usize> {
        let from = std::mem::take(&mut self.searched);
        let found = search(&unread[from..], |new| memchr::memchr(b'\n', new)).map(|index| from + index);
        self.searched = if found.is_some() { 0 } else { unread.len() };
        found
    }
}

/// Searches bytes that nobody has searched before. Tests count them.
pub(crate) fn search(new: &[u8], find: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let found = find(new);
    #[cfg(test)]
    counted::add(found.map_or(new.len(), |index| index + 1));
    found
}

/// How many bytes this thread's searches have looked at.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        static EXAMINED_BYTES: Cell<usize> = const { Cell::new(0) };
    }

    pub(crate) fn add(bytes: usize) {
        EXAMINED_BYTES.set(EXAMINED_BYTES.get() + bytes);
    }

    /// Returns the count since it was last asked for.
    pub(crate) fn take() -> usize {
        EXAMINED_BYTES.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_an_unfinished_line_is_searched_twice() {
        let line = [vec![b'x'; 100_000], b"\n".to_vec()].concat();
        let mut end = LineEnd::default();
        counted::take();
        let found: Vec<usize> = (1..=line.len()).filter_map(|arrived| end.find(&line[..arrived])).collect();
        assert_eq!(found, [100_000]);
        assert_eq!(counted::take(), line.len());
    }
}
