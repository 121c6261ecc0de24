//! The band that a half falls in, by its lines of code and its cognitive complexity.

use results::schema::Complexity;

/// Most lines of code, and most cognitive complexity, that count as low.
const LOW: [u32; 2] = [125, 15];
/// Most that count as medium; more are high.
const MEDIUM: [u32; 2] = [225, 30];

/// The rule of [`band`], for printing under a table.
#[must_use]
pub fn rule() -> String {
    let bounds =
        |[lines, cognitive]: [u32; 2]| format!("at most {lines} lines and a cognitive complexity of {cognitive}");
    format!("low: {}; medium: {}; high: more of either", bounds(LOW), bounds(MEDIUM))
}

/// The article's word for a half: the higher of the bands of its lines of code and of its cognitive complexity, since
/// code may be hard to take in because there is much of it or because it is intricate, and neither makes up for the
/// other. The bounds are fixed and not taken from the run, so that a band does not change with what else was measured.
/// They were set so that the halves, as they stood when the bounds were chosen, fall into three groups of about the
/// same size: a band says how a half compares with the others. 15 is also what SonarSource lets a single function have,
/// and 30 is twice that.
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
