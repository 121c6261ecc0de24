//! Removes duplicates from lists.

use std::{collections::HashSet, hash::Hash};

/// Returns each value once, in the order of first appearance.
#[must_use]
pub fn unique<T: Clone + Eq + Hash>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.into_iter().filter(|one| seen.insert(one.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_of_equal_values() {
        assert_eq!(unique([3, 1, 3, 2, 1]), [3, 1, 2]);
    }
}
