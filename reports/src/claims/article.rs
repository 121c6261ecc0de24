//! The article's claims as data: `article.toml`, embedded and read once.

use std::sync::LazyLock;

use serde::Deserialize;

/// A claim as it was written down before any result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    /// A name that does not change.
    pub(super) id: String,
    /// The part of the article.
    pub(super) part: String,
    /// The article's words.
    pub(super) quote: String,
    /// Name of the judge. `None` if nothing here measures the claim.
    pub(super) judge: Option<String>,
    /// The article's names of the approaches that it is about.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    /// The article's names of the approaches that they are compared with.
    #[serde(default)]
    pub(super) beside: Vec<String>,
    /// The band that a cell of the article's table names.
    #[serde(default)]
    pub(super) band: String,
    /// The numbers of the threshold.
    #[serde(default)]
    pub(super) bounds: Vec<f64>,
    /// What is measured.
    pub(super) measured: Option<String>,
    /// When the claim holds, and why then.
    pub(super) threshold: Option<String>,
    /// What would measure it, or why nothing does.
    pub(super) missing: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Article {
    claims: Vec<Stated>,
}

/// The claims, in the order of the article.
pub(super) static CLAIMS: LazyLock<Vec<Stated>> = LazyLock::new(|| {
    let article: Article = toml::from_str(include_str!("article.toml")).expect("a unit test reads it");
    article.claims
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::judges::find, *};

    #[test]
    fn every_claim_is_complete_and_has_a_predicate() {
        let mut ids = BTreeSet::new();
        for claim in CLAIMS.iter() {
            assert!(ids.insert(&claim.id), "{} twice", claim.id);
            let is_judged = claim.judge.is_some();
            assert_eq!([claim.measured.is_some(), claim.threshold.is_some()], [is_judged; 2], "{}", claim.id);
            if let Some(judge) = &claim.judge {
                assert!(find(judge).is_some(), "{}: no judge is called {judge}", claim.id);
            }
        }
    }
}
