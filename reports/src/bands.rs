//! Numbers to the article's words, by published rules, and whether the two agree.
//!
//! The article gives words without numbers, so the rules are this project's reading of it; they are fixed, printed
//! under the table, and the numbers stand beside the words.

use serde::Serialize;

use crate::{complexity, difference, saturation};

/// Bands of a latency: the largest ratio to the floor's p50 that each still holds.
const LATENCY: [(f64, &str); 3] = [(1.5, "very low"), (5.0, "low"), (50.0, "medium")];

/// The article's word beside the measured one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Judged {
    /// The article's.
    pub(crate) word: Option<String>,
    /// The rule's.
    pub(crate) measured: Option<&'static str>,
    /// Whether they agree; none where one of them is missing or the article's is no band.
    pub(crate) agrees: Option<bool>,
}

impl Judged {
    /// Compares the two.
    pub(crate) fn of(word: Option<String>, measured: Option<&'static str>) -> Self {
        let band = word.as_deref().and_then(band_of_word);
        let agrees = band.zip(measured).map(|(band, measured)| band == measured);
        Self { word, measured, agrees }
    }
}

/// The band of a p50 that is so many times the floor's.
pub(crate) fn latency(times_floor: f64) -> &'static str {
    LATENCY.iter().find(|(most, _)| times_floor <= *most).map_or("high", |(_, band)| band)
}

/// The rules, as they are printed.
pub(crate) fn rules() -> Vec<String> {
    let bounds: Vec<String> = LATENCY.iter().map(|(most, band)| format!("{band}: at most {most} ×")).collect();
    vec![
        format!(
            "Latency, by its p50 over the floor's p50 in the same run: {}; high: more. On one machine the network adds \
             nothing; over a longer way each round trip counts more, and the processor less.",
            bounds.join("; ")
        ),
        format!(
            "Complexity, by lines of code and cognitive complexity of the source that ran, the higher of the two: {}. \
             Bounds chosen so that these halves fall into three groups of about the same size.",
            complexity::rule()
        ),
        difference::RULE.to_owned(),
        "OVERLOAD: in a valid trial the server waited so long for processors that its figures are those of a queue; a \
         lower load gives others."
            .to_owned(),
        saturation::RULE.to_owned(),
        "= the article's word is the measured band; ≠ it is not.".to_owned(),
    ]
}

/// The band that the article's word names, what it adds in parentheses left out.
fn band_of_word(word: &str) -> Option<&'static str> {
    let plain = word.split('(').next().unwrap_or("").trim().to_lowercase();
    ["very low", "low", "medium", "high"].into_iter().find(|band| *band == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_lower_band() {
        assert_eq!(
            [0.9, 1.5, 1.51, 5.0, 50.0, 50.1].map(latency),
            ["very low", "very low", "low", "low", "medium", "high"]
        );
    }

    #[test]
    fn words_are_compared_without_what_they_add() {
        let judged = |word: &str, band| Judged::of(Some(word.to_owned()), Some(band)).agrees;
        assert_eq!(judged("High (interval)", "high"), Some(true));
        assert_eq!(judged("Very low", "low"), Some(false));
        assert_eq!(judged("Splendid", "low"), None);
        assert_eq!(Judged::of(None, Some("low")).agrees, None);
    }
}
