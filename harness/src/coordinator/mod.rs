//! Runs a plan: starts the processes of each trial, brings them to the start together, and makes one record of what
//! they measured. A trial that fails is a record too, and the run goes on.

mod checks;
mod child;
mod events;
mod evidence;
mod machine;
mod merge;
mod observe;
pub mod run;
mod spinners;
mod stop;
mod theory;
mod trial;

pub use observe::{Observer, Phase, Progress};
