//! The complexity band of a half, by its lines of code and cognitive complexity.

use results::schema::Complexity;

/// Maximum lines of code and cognitive complexity that count as low.
const LOW: [u32; 2] = [125, 15];
/// Maximum that counts as medium.
const MEDIUM: [u32; 2] = [225, 30];

/// The rule of [`band`], as printed under a table.
#[must_use]
pub fn rule() -> String {
    let bounds =
        |[lines, cognitive]: [u32; 2]| format!("at most {lines} lines and a cognitive complexity of {cognitive}");
    format!("low: {}; medium: {}; high: more of either", bounds(LOW), bounds(MEDIUM))
}

/// Returns the article's word for a half: the higher band of its lines of code and its cognitive complexity, because
/// code can be hard to understand for either reason. The bounds are fixed, so a band does not depend on what else was
/// measured. They were chosen so that the halves at that time formed three groups of similar size. 15 is also
/// SonarSource's limit for one function, and 30 is twice that.
#[must_use]
pub fn band(half: &Complexity) -> &'static str {
    let sizes = [half.code_lines, half.cognitive.sum];
    let within = |bounds: [u32; 2]| sizes.iter().zip(bounds).all(|(size, most)| *size <= most);
    if within(LOW) {
        "low"
    } else if within(MEDIUM) {
        "medium"
    } else {
        "high"
    }
}
