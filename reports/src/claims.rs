//! The article's claims: its words, what is measured, a threshold that was stated before any result, and the verdict
//! that follows from the results of this run and from nothing else.
//!
//! Knows the article and no approach by name. The article has names of its own, and the run record says which approach
//! has which of them (`article.label`). What the article describes in prose only has no such name, and is found by
//! facts: what the server connects to is a webhook; what asks for the newest state over plain HTTP, as a browser could,
//! is a conditional GET; what pushes one way to a client that connects, and is neither in the table nor in a browser nor
//! the floor, is gRPC-Web. A later approach with the same facts would be judged by the same claim: each figure names
//! its variant, so that a reader sees it.
//!
//! What decides. Only valid trials do: those that are invalid, saturated or failed are in no row's figures, and a row
//! that is labelled OVERLOAD leaves every claim of latency open. An order of medians is decided by
//! [`stats::difference`] alone, and where that shows none the claim is open. A run with injected faults decides
//! nothing.

mod browsers;
mod claim;
mod evidence;
mod grpc;
mod guide;
mod polling;
mod rest;
mod spectrum;

use results::store::Run;

use crate::{rows::LoadPoint, validity};
use evidence::Evidence;

pub(crate) use claim::{Claim, Figure, Holding, Says};

/// What a verdict means, as it is printed.
pub(crate) const RULE: &str = "Each claim is judged by its threshold, which stands in the source beside its reason and does \
     not depend on the run, in every variant and under every load that the claim speaks of; of more than a hundred variants under one load, in the first hundred. A figure decides nothing where no \
     difference is shown, chance explains it, it has too few events, or it is that of an overload. Holds: in all that decide. \
     Does not hold: in none that decides. Holds within limits: in some and not in others, or no further than its threshold \
     says. Not decided: it was measured, and no more than half of the figures decide; how many do stands beside a verdict. Not measured here: no valid trial of this run bears on it.";

/// Judges every claim of the article by this run.
pub(crate) fn of(run: &Run, loads: &[LoadPoint]) -> Vec<Claim> {
    let evidence = Evidence::new(run, loads);
    let mut claims: Vec<Claim> =
        [spectrum::claims, polling::claims, grpc::claims, rest::claims, browsers::claims, guide::claims]
            .into_iter()
            .flat_map(|part| part(&evidence))
            .collect();
    if validity::faults(&run.run.scenario).is_some() {
        for claim in &mut claims {
            claim.verdict = Holding::NotMeasured;
            claim.missing = Some("Faults were injected on purpose: this run measures nothing.".to_owned());
            claim.figures.clear();
        }
    }
    claims
}

/// How many claims came to each verdict, as a sentence's part.
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
    use super::{claim::untested, *};

    #[test]
    fn claims_are_counted_in_words() {
        let mut claims: Vec<Claim> = (0..4).map(|_| untested("a", "b", "c", "d")).collect();
        (claims[0].verdict, claims[1].verdict) = (Holding::Holds, Holding::Holds);
        claims[2].verdict = Holding::DoesNotHold;
        assert_eq!(tally(&claims), "2 hold, 1 does not hold, 1 not measured here");
    }
}
