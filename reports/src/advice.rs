//! Which approach fits a described need, and why, by the constants of one run: hard filters, a cost model, a Pareto
//! front, and what would change the answer.
//!
//! Pure: a run and a need in, an [`Advice`] out. Knows approaches by the facts in the run record only. The page has the
//! same formulas in `page/advice.js`, over the same [`Models`]; a test holds the two together.

mod advise;
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

pub use advise::{Advice, advise};
pub(crate) use advise::{RULES, rules};
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
