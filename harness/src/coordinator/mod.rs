//! Runs a plan: starts the processes of each trial, gives them a common start, and merges their measurements into one
//! record. A failed trial is recorded, too, and the run continues.

mod checks;
pub(crate) mod events;
mod evidence;
pub(crate) mod host;
pub(crate) mod merge;
mod observe;
pub mod run;
mod stall;
pub(crate) mod stop;
mod target;
mod theory;
mod trend;
pub(crate) mod trial;

pub use observe::{Observer, Phase, Progress};
