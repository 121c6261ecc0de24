//! Recommends an approach for a described need, from the constants of one run: filters, a cost model, a Pareto front, and
//! what would change the answer.

mod advise;
mod budget;
mod error;
mod filters;
mod fit;
mod front;
mod missing;
mod model;
mod need;
mod numbers;
mod points;
mod sensitivity;
mod text;
mod typical;

pub(crate) use advise::rules;
pub use advise::{Advice, advise};
pub use budget::{Amount, Budget, BudgetLine, MachineSize, budget};
pub(crate) use budget::{CLIENTS, clients};
pub use error::{loads, without};
pub use filters::Reason;
pub use fit::{AdviceError, candidates, fitted, models};
pub use front::{Choice, Standing};
pub use missing::{Absent, Missing};
pub use model::{At, Beyond, Costs, Latency, LinearCost, Measured, Model, Models, Prediction, Way, predict};
pub use need::{Need, NeedError};
pub use points::{Candidate, Point};
pub use sensitivity::Sensitivity;
pub use text::render;
pub(crate) use text::{UNKNOWN_CHANGE, need as describe};
pub(crate) use typical::{Offer, offer};
