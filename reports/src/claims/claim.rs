//! A claim with its figures and its verdict.

use serde::Serialize;

use super::article::Stated;

/// Between the names of two variants that are compared.
pub(super) const BESIDE: &str = " beside ";

/// A sentence of the article, or a cell of its table, judged by a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Claim {
    /// A name that does not change.
    pub(crate) id: &'static str,
    /// The part of the article.
    pub(crate) part: &'static str,
    /// The article's words.
    pub(crate) quote: &'static str,
    /// What is measured. `None` if nothing here measures the claim.
    pub(crate) measured: Option<&'static str>,
    /// When the claim holds, and why then. `None` if nothing here measures the claim.
    pub(crate) threshold: Option<&'static str>,
    /// The verdict of all figures.
    pub(crate) verdict: Holding,
    /// What would measure it, or why nothing does. `None` if it was measured.
    pub(crate) missing: Option<&'static str>,
    /// One figure per variant and load, or per pair of variants.
    pub(crate) figures: Vec<Figure>,
}

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holding {
    /// In every figure that decides.
    Holds,
    /// In some figures and not in others, or not as far as the claim goes.
    WithinLimits,
    /// In no figure that decides.
    DoesNotHold,
    /// It was measured, and at most half of the figures decide.
    NotDecided,
    /// No valid trial has a figure for it.
    NotMeasured,
}

/// What one variant under one load shows about a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// The variant, or the two that are compared.
    pub(crate) variant: String,
    /// The load. `None` if the figure does not depend on it.
    pub(crate) load: Option<String>,
    /// Valid trials behind it. `None` if it does not come from trials.
    pub(crate) trials: Option<u32>,
    /// The measured values, as text.
    pub(crate) text: String,
    /// What it shows.
    pub(crate) says: Support,
}

/// Whether a figure supports the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Support {
    /// It does.
    Kept,
    /// It does, but not as far as the claim goes.
    Partly,
    /// It contradicts the claim.
    Broken,
    /// It decides nothing: no difference is shown, there are too few events, or the row is overloaded.
    Open,
}

impl Support {
    /// Returns `Kept` or `Broken`.
    pub(super) fn decided(kept: bool) -> Self {
        if kept { Self::Kept } else { Self::Broken }
    }
}

impl Holding {
    /// All values, in the order in which they are counted.
    pub(crate) const ALL: [Self; 5] =
        [Self::Holds, Self::WithinLimits, Self::DoesNotHold, Self::NotDecided, Self::NotMeasured];

    /// Returns the text that is printed with a claim.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::WithinLimits => "holds within limits",
            Self::DoesNotHold => "does not hold",
            Self::NotDecided => "not decided",
            Self::NotMeasured => "not measured here",
        }
    }

    /// Returns the verdict of all figures. It follows from those that decide, if they are more than half: one deciding pair of
    /// three is no verdict. One exception limits a claim.
    pub(super) fn from_figures(figures: &[Figure]) -> Self {
        let count = |says: Support| figures.iter().filter(|figure| figure.says == says).count();
        let deciding = figures.len() - count(Support::Open);
        match (count(Support::Kept), count(Support::Broken)) {
            _ if figures.is_empty() => Self::NotMeasured,
            _ if deciding * 2 <= figures.len() => Self::NotDecided,
            (kept, _) if kept == deciding => Self::Holds,
            (_, broken) if broken == deciding => Self::DoesNotHold,
            _ => Self::WithinLimits,
        }
    }
}

impl Claim {
    /// Builds a claim from its figures.
    pub(super) fn judged(stated: &'static Stated, figures: Vec<Figure>) -> Self {
        let verdict = Holding::from_figures(&figures);
        Self {
            id: &stated.id,
            part: &stated.part,
            quote: &stated.quote,
            measured: stated.measured.as_deref(),
            threshold: stated.threshold.as_deref(),
            verdict,
            missing: (verdict == Holding::NotMeasured).then_some(&stated.missing),
            figures,
        }
    }

    /// Describes how many figures decide. Returns `None` if all of them do, or none does.
    pub(crate) fn deciding(&self) -> Option<String> {
        let deciding = self.figures.iter().filter(|figure| figure.says != Support::Open).count();
        let verb = if deciding == 1 { "decides" } else { "decide" };
        let of = if self.figures.iter().all(|figure| figure.variant.contains(BESIDE)) { "pairs" } else { "figures" };
        let is_partial = deciding > 0 && deciding < self.figures.len();
        is_partial.then(|| format!("{deciding} of {} {of} {verb}", self.figures.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::article::CLAIMS, *};

    fn figures(says: &[Support]) -> Vec<Figure> {
        let figure =
            |says: &Support| Figure { variant: "x".into(), load: None, trials: Some(1), text: "1".into(), says: *says };
        says.iter().map(figure).collect()
    }

    #[test]
    fn an_exception_limits_a_claim_and_most_pairs_must_decide() {
        use Support::{Broken, Kept, Open, Partly};
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
            assert_eq!(Holding::from_figures(&figures(says)), holding, "{says:?}");
        }
    }

    #[test]
    fn says_how_many_pairs_decide_unless_all_do() {
        let mut claim = Claim::judged(&CLAIMS[0], Vec::new());
        for (says, said) in [
            (&[Support::Kept, Support::Open, Support::Open][..], Some("1 of 3 figures decides")),
            (&[Support::Kept, Support::Broken, Support::Open], Some("2 of 3 figures decide")),
            (&[Support::Kept], None),
            (&[Support::Open], None),
        ] {
            claim.figures = figures(says);
            assert_eq!(claim.deciding().as_deref(), said);
        }
        claim.figures = figures(&[Support::Kept, Support::Open]);
        claim.figures.iter_mut().for_each(|figure| figure.variant = "x beside y".to_owned());
        assert_eq!(claim.deciding().as_deref(), Some("1 of 2 pairs decides"));
    }
}
