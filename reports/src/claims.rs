//! The article's claims, judged by the results of one run and by nothing else.
//!
//! `article` has the claims as data, with thresholds that were written before any result. `judges` looks at the figures of a
//! run, which `evidence` finds, and `claim` draws the conclusion.
//!
//! No approach is known by name. The run record says which approach the article calls by which name (`article.label`). What
//! the article only describes in prose is found by facts: an approach whose server connects is a webhook; one that polls for
//! the newest state over plain HTTP is a conditional GET; a push approach without a row in the table, which no browser can
//! use directly and which is not the floor, is gRPC-Web.
//!
//! Only valid trials decide. A row that is labelled OVERLOAD leaves every claim of latency open. An order of medians is
//! decided by [`stats::difference`] alone. A run with injected faults decides nothing.

mod article;
mod claim;
mod evidence;
mod judges;

use results::store::Run;

use crate::{rows::LoadPoint, validity};
use article::CLAIMS;
use evidence::Evidence;

pub(crate) use claim::{Claim, Figure, Holding, Support};

/// What the verdicts mean, as printed.
pub(crate) const RULE: &str = "A claim has a threshold, which stands in the source with its reason and does not depend on the \
     run. It is tested in every variant and under every load that it is about; with more than a hundred variants under one \
     load, in the first hundred. A figure decides nothing if no difference is shown, chance explains it, it has too few \
     events, or the row is overloaded. Holds: all deciding figures support the claim. Does not hold: none does. Holds within \
     limits: some do, or only within the limits of the threshold. Not decided: at most half of the figures decide; the \
     number that decide is shown with the verdict. Not measured here: no valid trial of this run is about it.";

/// Judges every claim of the article by this run.
pub(crate) fn judge(run: &Run, loads: &[LoadPoint]) -> Vec<Claim> {
    let is_faulty = validity::faults(&run.run.scenario).is_some();
    let evidence = Evidence::new(run, loads);
    let claims = CLAIMS.iter().map(|stated| {
        let judge = stated.judge.as_deref().filter(|_| !is_faulty).and_then(judges::find);
        let mut claim = Claim::judged(stated, judge.map_or_else(Vec::new, |judge| judge(&evidence, stated)));
        // "Each" is said of all pairs, so that a pair that decides nothing limits the claim.
        let is_limited = stated.judge.as_deref() == Some(judges::ALL_DIFFER) && claim.verdict == Holding::Holds;
        if is_limited && claim.figures.iter().any(|figure| figure.says == Support::Open) {
            claim.verdict = Holding::WithinLimits;
        }
        if is_faulty {
            claim.missing = Some("Faults were injected on purpose: this run measures nothing.");
        }
        claim
    });
    claims.collect()
}

/// Counts the claims by verdict, in words.
pub(crate) fn tally(claims: &[Claim]) -> String {
    let counts = Holding::ALL.map(|holding| (holding, claims.iter().filter(|claim| claim.verdict == holding).count()));
    let said = counts.into_iter().filter(|(_, count)| *count > 0).map(|(holding, count)| {
        let word = match (holding, count) {
            (_, 1) => holding.word(),
            (Holding::Holds, _) => "hold",
            (Holding::WithinLimits, _) => "hold within limits",
            (Holding::DoesNotHold, _) => "do not hold",
            _ => holding.word(),
        };
        format!("{count} {word}")
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_counted_in_words() {
        let mut claims: Vec<Claim> = CLAIMS.iter().take(4).map(|stated| Claim::judged(stated, Vec::new())).collect();
        (claims[0].verdict, claims[1].verdict) = (Holding::Holds, Holding::Holds);
        claims[2].verdict = Holding::DoesNotHold;
        assert_eq!(tally(&claims), "2 hold, 1 does not hold, 1 not measured here");
    }
}
