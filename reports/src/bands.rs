//! Turns numbers into the article's words by published rules, and compares the two.
//!
//! The article has words without numbers, so the rules are this project's reading of it. They are fixed and printed under the
//! table.

use serde::Serialize;
use stats::difference::{FEWEST_ROUNDS, RESOLUTION, RULE};

use crate::saturation;

/// Bands of a latency, with the largest ratio to the floor's p50 of each.
const LATENCY: [(f64, &str); 3] = [(1.5, "very low"), (5.0, "low"), (50.0, "medium")];

/// All bands, from the lowest to the highest.
const BANDS: [&str; 4] = ["very low", "low", "medium", "high"];
/// Words for a latency that are upper bounds: a lower value keeps them, too.
const BOUNDS: [&str; 2] = ["very low", "low"];

/// The article's word and the measured band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Judged {
    /// The article's word.
    pub(crate) word: Option<String>,
    /// The measured band.
    pub(crate) measured: Option<&'static str>,
    /// Whether they agree. `None` if one is missing, the word is not a band, or the rounds do not decide.
    pub(crate) agrees: Option<bool>,
    /// For a latency: the bands of the interval, or why there is none.
    pub(crate) found: Option<String>,
}

impl Judged {
    /// Compares a word with a band.
    pub(crate) fn new(word: Option<String>, measured: Option<&'static str>) -> Self {
        let band = word.as_deref().and_then(band_of_word);
        let agrees = band.zip(measured).map(|(band, measured)| band == measured);
        Self { word, measured, agrees, found: None }
    }

    /// Compares the article's word for a latency with the whole interval of its ratio to the floor.
    pub(crate) fn from_latency(
        word: Option<String>,
        times_floor: Option<f64>,
        interval: Option<[f64; 2]>,
        overloaded: bool,
    ) -> Self {
        let mut judged = Self::new(word, times_floor.map(latency));
        if judged.agrees.is_some() {
            let word = judged.word.as_deref().unwrap_or_default();
            judged.agrees = interval.filter(|_| !overloaded).and_then(|interval| keeps(word, interval));
            judged.found = Some(match interval {
                _ if overloaded => "overload".to_owned(),
                None => "too few rounds".to_owned(),
                Some(interval) => latencies(interval),
            });
        }
        judged
    }

    /// Returns the measured band if it differs from the word.
    pub(crate) fn beside(&self) -> Option<&str> {
        let found = self.found.as_deref().or(self.measured.filter(|_| self.agrees.is_some()))?;
        (self.word.as_deref().and_then(band_of_word) != Some(found)).then_some(found)
    }
}

/// Returns the band of a p50, given as a multiple of the floor's.
pub(crate) fn latency(times_floor: f64) -> &'static str {
    LATENCY.iter().find(|(most, _)| times_floor <= *most).map_or("high", |(_, band)| band)
}

/// Describes all bands from the smallest to the largest ratio.
pub(crate) fn latencies([least, most]: [f64; 2]) -> String {
    match [least, most].map(latency) {
        [least, most] if least == most => least.to_owned(),
        [least, most] => format!("{least} to {most}"),
    }
}

/// Returns whether all ratios keep a word, or none does. Returns `None` if only some do, or if the word is not a
/// band. “Low” and “very low” are upper bounds; “medium” and “high” are only kept within their band.
pub(crate) fn keeps(word: &str, ratios: [f64; 2]) -> Option<bool> {
    let rank = |band: &str| BANDS.iter().position(|known| *known == band);
    let claimed = rank(band_of_word(word)?)?;
    let [least, most] = ratios.map(|ratio| rank(latency(ratio)));
    let (least, most) = least.zip(most)?;
    let from = if BOUNDS.contains(&BANDS[claimed]) { 0 } else { claimed };
    match () {
        () if least >= from && most <= claimed => Some(true),
        () if least > claimed || most < from => Some(false),
        () => None,
    }
}

/// The rules, as printed.
pub(crate) fn rules() -> Vec<String> {
    let bounds: Vec<String> = LATENCY.iter().map(|(most, band)| format!("{band}: at most {most} ×")).collect();
    vec![
        format!(
            "Latency: the p50 divided by the floor's p50 in the same run; {}; high: more. On one machine the network adds \
             nothing. Over a longer path, round trips count more and CPU time counts less.",
            bounds.join("; ")
        ),
        format!(
            "Complexity: lines of code and cognitive complexity of the source that ran; the higher band counts; {}. The \
             bounds divide these clients and servers into three groups of about the same size.",
            complexity::rule()
        ),
        format!("{RULE} ≈: no difference from the floor is shown."),
        RESOLUTION.to_owned(),
        "! after a p99: a check of a valid trial warned that the approach alone does not explain the tail. The mark names \
         the check: lateness or omission-gap if events were published late, stall if nothing was delivered for a while, \
         pause if a process did not run."
            .to_owned(),
        "OVERLOAD: in a valid trial the server waited so long for a core that the figures describe a queue. They would \
         differ at a lower load."
            .to_owned(),
        saturation::RULE.to_owned(),
        format!(
            "= the article's word agrees with the measured band; ≠ it does not. Low and very low agree with smaller bands, too. \
             For a latency, the whole interval of the ratio counts. ? means that only a part of it agrees, that there are fewer \
             than {FEWEST_ROUNDS} common rounds, or OVERLOAD."
        ),
    ]
}

/// Returns the band in the article's word, without its addition in parentheses.
fn band_of_word(word: &str) -> Option<&'static str> {
    let plain = word.split('(').next().unwrap_or("").trim().to_lowercase();
    BANDS.into_iter().find(|band| *band == plain)
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
    fn a_word_for_latency_must_hold_for_every_ratio_the_rounds_allow() {
        for (word, ratios, kept) in [
            ("Low", [1.6, 4.0], Some(true)),
            ("Low", [1.2, 1.3], Some(true)),
            ("Low", [1.2, 4.0], Some(true)),
            ("Low", [4.0, 6.0], None),
            ("Low", [6.0, 60.0], Some(false)),
            ("Very low", [1.4, 1.6], None),
            ("Medium", [1.2, 4.0], Some(false)),
            ("Medium", [4.0, 6.0], None),
            ("High (interval)", [60.0, 90.0], Some(true)),
            ("Splendid", [1.0, 1.0], None),
        ] {
            assert_eq!(keeps(word, ratios), kept, "{word} {ratios:?}");
        }
        let judged = |allowed, overloaded| {
            let judged = Judged::from_latency(Some("Very low".to_owned()), Some(1.4), allowed, overloaded);
            (judged.agrees, judged.found.unwrap_or_default())
        };
        assert_eq!(judged(Some([1.4, 1.4]), false), (Some(true), "very low".to_owned()));
        assert_eq!(judged(Some([1.4, 1.6]), false), (None, "very low to low".to_owned()));
        assert_eq!(judged(Some([1.4, 1.4]), true), (None, "overload".to_owned()));
        assert_eq!(judged(None, false), (None, "too few rounds".to_owned()));
    }

    #[test]
    fn words_are_compared_without_their_qualifiers() {
        let judged = |word: &str, band| Judged::new(Some(word.to_owned()), Some(band)).agrees;
        assert_eq!(judged("High (interval)", "high"), Some(true));
        assert_eq!(judged("Very low", "low"), Some(false));
        assert_eq!(judged("Splendid", "low"), None);
        assert_eq!(Judged::new(None, Some("low")).agrees, None);
    }
}
