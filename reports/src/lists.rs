//! What is asked of any list. Knows nothing of what stands in it.

/// Each once, in the order of their first appearance.
pub(crate) fn unique<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut unique = Vec::new();
    for one in all {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_stays() {
        assert_eq!(unique([3, 1, 3, 2, 1]), [3, 1, 2]);
    }
}
