//! Which approach fits a described need, and why, by the constants of one run: hard filters, a cost model, a Pareto
//! front, and what would change the answer.
//!
//! Pure: a run and a need in, an [`Advice`] out. Knows approaches by the facts in the run record only. The page has the
//! same formulas in `page/advice.js`, over the same [`Models`]; a test holds the two together.

mod filters;
mod fit;
mod front;
mod missing;
mod model;
mod need;
mod points;
mod sensitivity;
mod text;
mod typical;
mod validation;

use serde::Serialize;

pub use filters::Reason;
pub use fit::{AdviceError, models};
pub use front::{Choice, Standing};
pub use missing::{Absent, Missing};
pub use model::{At, Beyond, Costs, Latency, Line, Measured, Model, Models, Prediction, Way, predict};
pub(crate) use need::{CONDITIONS, QUANTITIES};
pub use need::{Need, NeedError};
pub use sensitivity::Sensitivity;
pub use text::render;
pub(crate) use text::{NO_CHANGE, UNKNOWN_CHANGE, need as describe, unknown};
pub(crate) use typical::{Offer, offer};
pub use validation::{Deviation, Validation, render as render_validation, validate};

/// What is advised for a need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The need.
    pub need: Need,
    /// Run that the constants come from.
    pub source: String,
    /// Every candidate: the recommended one, the others of the front, the dominated ones, the excluded ones.
    pub choices: Vec<Choice>,
    /// What the run lacks.
    pub missing: Missing,
    /// What is said of that beside the recommendation.
    pub notes: Vec<String>,
    /// What would change the answer, one input at a time.
    pub sensitivities: Vec<Sensitivity>,
    /// The rules, as they are printed.
    pub rules: Vec<String>,
    /// What the model takes for granted where the run does not say.
    pub assumptions: Vec<String>,
}

impl Advice {
    /// Whether nothing is recommended, although only an unknown p99 rules some candidate out.
    pub(crate) fn is_unknown(&self) -> bool {
        let is_unknown = |choice: &Choice| match &choice.standing {
            Standing::Excluded { reasons } => reasons[..] == [Reason::Unknown],
            _ => false,
        };
        self.choices.iter().all(|choice| choice.standing != Standing::Recommended)
            && self.choices.iter().any(is_unknown)
    }
}

/// Advises.
#[must_use]
pub fn advise(models: &Models, need: &Need) -> Advice {
    Advice {
        need: *need,
        source: models.source.clone(),
        choices: front::choices(models, need),
        missing: models.missing.clone(),
        notes: models.missing.notes(),
        sensitivities: sensitivity::of(models, need),
        rules: rules(),
        assumptions: models.assumptions.clone(),
    }
}

/// The rules, as they are printed.
pub(crate) fn rules() -> Vec<String> {
    [
        "Staleness is met where the predicted p99 is within it. What polls takes the longest interval that meets it: the \
         staleness less the p99 of one exchange.",
        "Dominated: another is within a tenth of it or better in p99, server processors, bytes, server memory and lines of \
         code of both halves, and better by half in one of them.",
        "Recommended, and in this order: of the front, the least geometric mean of server processors, bytes, server memory \
         and lines, each over the least of the front. Each of the four counts alike, and latency within the staleness \
         does not count. Within a quarter of the least it is not told apart. Less than a hundredth of a processor, 1 KB a second and 1 MB count as these.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The thresholds of the rules, for whatever evaluates them elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Rules {
    within: f64,
    no_worse: f64,
    better: f64,
    close: f64,
    immaterial: [f64; 4],
    step: f64,
    steps: usize,
    halvings: usize,
    from: f64,
}

/// Those that hold here.
pub(crate) const RULES: Rules = Rules {
    within: model::WITHIN,
    no_worse: front::NO_WORSE,
    better: front::BETTER,
    close: front::CLOSE,
    immaterial: front::IMMATERIAL,
    step: sensitivity::STEP,
    steps: sensitivity::STEPS,
    halvings: sensitivity::HALVINGS,
    from: sensitivity::FROM,
};
