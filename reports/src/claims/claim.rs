//! A claim: the article's words as they are stated before any result, the figures, and what follows from them.

use serde::Serialize;

/// Between the names of two variants that are compared.
pub(super) const BESIDE: &str = " beside ";

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
    pub(super) fn of(kept: bool) -> Self {
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
    pub(super) fn of(figures: &[Figure]) -> Self {
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
pub(super) struct Stated {
    pub(super) id: String,
    pub(super) part: &'static str,
    pub(super) quote: String,
    pub(super) measured: &'static str,
    pub(super) threshold: String,
    /// What to run where this run has nothing to look at.
    pub(super) elsewhere: &'static str,
}

impl Stated {
    /// The claim with what was found.
    pub(super) fn judged(self, figures: Vec<Figure>) -> Claim {
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
pub(super) fn untested(id: &str, part: &'static str, quote: &str, why: &str) -> Claim {
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
}
