//! Runs a plan: starts the processes of each trial, brings them to the start together, and makes one record of what
//! they measured. A trial that fails is a record too, and the run goes on.

mod checks;
pub(crate) mod events;
mod evidence;
pub(crate) mod merge;
mod observe;
pub mod run;
mod stall;
pub(crate) mod stop;
mod theory;
mod trend;
pub(crate) mod trial;

pub use observe::{Observer, Phase, Progress};
