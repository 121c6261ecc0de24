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
mod evidence;
mod grpc;
mod guide;
mod polling;
mod rest;
mod spectrum;

use results::store::Run;
use serde::Serialize;

use crate::{rows::LoadPoint, validity};
use evidence::Evidence;

/// What a verdict means, as it is printed.
pub(crate) const RULE: &str = "Each claim is judged by its threshold, which stands in the source beside its reason and does \
     not depend on the run, in every variant and under every load that the claim speaks of; of more than a hundred variants under one load, in the first hundred. A figure decides nothing where no \
     difference is shown, chance explains it, it has too few events, or it is that of an overload. Holds: in all that decide. \
     Does not hold: in none that decides. Holds within limits: in some and not in others, or no further than its threshold \
     says. Not decided: it was measured, and no more than half of the figures decide; how many do stands beside a verdict. Not measured here: no valid trial of this run bears on it.";

/// Between the names of two variants that are compared.
const BESIDE: &str = " beside ";

/// A sentence of the article, or a cell of its table, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Claim {
    /// Name that does not change.
    pub(crate) id: String,
    /// Part of the article.
    pub(crate) part: &'static str,
    /// The article's words.
    pub(crate) quote: String,
    /// What is measured; none where nothing here could.
    pub(crate) measured: Option<&'static str>,
    /// From where on it holds, and why from there; none where nothing is measured.
    pub(crate) threshold: Option<String>,
    /// What the figures say together.
    pub(crate) verdict: Holding,
    /// What would measure it, or why nothing does; none where it was.
    pub(crate) missing: Option<String>,
    /// One for each variant and load, or pair of variants, that it was looked for in.
    pub(crate) figures: Vec<Figure>,
}

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holding {
    /// Wherever it was looked for.
    Holds,
    /// In some variants or loads and not in others, or not as far as it says.
    WithinLimits,
    /// Nowhere that decides.
    DoesNotHold,
    /// It was looked for, and nothing decides.
    NotDecided,
    /// There was nothing to look at.
    NotMeasured,
}

/// What one variant under one load says of a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// The variant, or the two that are compared.
    pub(crate) variant: String,
    /// The load; none where the figure does not depend on one.
    pub(crate) load: Option<String>,
    /// Valid trials behind it; none where it comes from no trial.
    pub(crate) trials: Option<u32>,
    /// What was measured.
    pub(crate) text: String,
    /// What follows from it.
    pub(crate) says: Says,
}

/// What a figure says of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Says {
    /// As the claim says.
    Kept,
    /// As the claim says, and not as far.
    Partly,
    /// Not as the claim says.
    Broken,
    /// Nothing: no difference is shown, too few events, or an overload.
    Open,
}

impl Says {
    /// Kept or broken.
    fn of(kept: bool) -> Self {
        if kept { Self::Kept } else { Self::Broken }
    }
}

impl Holding {
    /// All, in the order in which they are counted.
    pub(crate) const ALL: [Self; 5] =
        [Self::Holds, Self::WithinLimits, Self::DoesNotHold, Self::NotDecided, Self::NotMeasured];

    /// As it is printed beside a claim.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::WithinLimits => "holds within limits",
            Self::DoesNotHold => "does not hold",
            Self::NotDecided => "not decided",
            Self::NotMeasured => "not measured here",
        }
    }

    /// What the figures say together. Those that decide say it, and only where they are more than those that do not: what
    /// one pair of three shows is no verdict, for or against. One exception limits a claim.
    fn of(figures: &[Figure]) -> Self {
        let count = |says: Says| figures.iter().filter(|figure| figure.says == says).count();
        let deciding = figures.len() - count(Says::Open);
        match (count(Says::Kept), count(Says::Broken)) {
            _ if figures.is_empty() => Self::NotMeasured,
            _ if deciding * 2 <= figures.len() => Self::NotDecided,
            (kept, _) if kept == deciding => Self::Holds,
            (_, broken) if broken == deciding => Self::DoesNotHold,
            _ => Self::WithinLimits,
        }
    }
}

impl Claim {
    /// How many of the figures decide, in words; none where all do or none does.
    pub(crate) fn deciding(&self) -> Option<String> {
        let deciding = self.figures.iter().filter(|figure| figure.says != Says::Open).count();
        let verb = if deciding == 1 { "decides" } else { "decide" };
        let of = if self.figures.iter().all(|figure| figure.variant.contains(BESIDE)) { "pairs" } else { "figures" };
        let is_partial = deciding > 0 && deciding < self.figures.len();
        is_partial.then(|| format!("{deciding} of {} {of} {verb}", self.figures.len()))
    }
}

/// A claim as it is stated, before there is any result.
struct Stated {
    id: String,
    part: &'static str,
    quote: String,
    measured: &'static str,
    threshold: String,
    /// What to run where this run has nothing to look at.
    elsewhere: &'static str,
}

impl Stated {
    /// The claim with what was found.
    fn judged(self, figures: Vec<Figure>) -> Claim {
        let verdict = Holding::of(&figures);
        Claim {
            id: self.id,
            part: self.part,
            quote: self.quote,
            measured: Some(self.measured),
            threshold: Some(self.threshold),
            verdict,
            missing: (verdict == Holding::NotMeasured).then(|| self.elsewhere.to_owned()),
            figures,
        }
    }
}

/// A claim that no trial of any scenario tests, and why.
fn untested(id: &str, part: &'static str, quote: &str, why: &str) -> Claim {
    Claim {
        id: id.to_owned(),
        part,
        quote: quote.to_owned(),
        measured: None,
        threshold: None,
        verdict: Holding::NotMeasured,
        missing: Some(why.to_owned()),
        figures: Vec::new(),
    }
}

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
    use super::*;

    fn figures(says: &[Says]) -> Vec<Figure> {
        let figure =
            |says: &Says| Figure { variant: "x".into(), load: None, trials: Some(1), text: "1".into(), says: *says };
        says.iter().map(figure).collect()
    }

    #[test]
    fn an_exception_limits_and_most_must_decide_either_way() {
        use Says::{Broken, Kept, Open, Partly};
        for (says, holding) in [
            (&[][..], Holding::NotMeasured),
            (&[Open, Open], Holding::NotDecided),
            (&[Kept, Kept], Holding::Holds),
            (&[Kept, Open], Holding::NotDecided),
            (&[Broken, Open], Holding::NotDecided),
            (&[Kept, Open, Open], Holding::NotDecided),
            (&[Broken, Open, Open], Holding::NotDecided),
            (&[Kept, Kept, Open], Holding::Holds),
            (&[Broken, Broken, Open], Holding::DoesNotHold),
            (&[Kept, Broken, Open], Holding::WithinLimits),
            (&[Partly, Partly, Open], Holding::WithinLimits),
            (&[Kept, Broken], Holding::WithinLimits),
            (&[Partly], Holding::WithinLimits),
            (&[Broken], Holding::DoesNotHold),
        ] {
            assert_eq!(Holding::of(&figures(says)), holding, "{says:?}");
        }
    }

    #[test]
    fn how_many_decide_is_said_where_not_all_do() {
        let mut claim = untested("a", "b", "c", "d");
        for (says, said) in [
            (&[Says::Kept, Says::Open, Says::Open][..], Some("1 of 3 figures decides")),
            (&[Says::Kept, Says::Broken, Says::Open], Some("2 of 3 figures decide")),
            (&[Says::Kept], None),
            (&[Says::Open], None),
        ] {
            claim.figures = figures(says);
            assert_eq!(claim.deciding().as_deref(), said);
        }
        claim.figures = figures(&[Says::Kept, Says::Open]);
        claim.figures.iter_mut().for_each(|figure| figure.variant = "x beside y".to_owned());
        assert_eq!(claim.deciding().as_deref(), Some("1 of 2 pairs decides"));
    }

    #[test]
    fn claims_are_counted_in_words() {
        let mut claims: Vec<Claim> = (0..4).map(|_| untested("a", "b", "c", "d")).collect();
        (claims[0].verdict, claims[1].verdict) = (Holding::Holds, Holding::Holds);
        claims[2].verdict = Holding::DoesNotHold;
        assert_eq!(tally(&claims), "2 hold, 1 does not hold, 1 not measured here");
    }
}
