//! What every approach must do before it is measured: the same cases for all of them, over real sockets on port 0.
//!
//! `subject` says who is examined: the registry's approaches and their variants. `fixture` runs one server and is what
//! a case publishes through; `reader` drives one client and keeps what it brought; `judge` knows what a client is owed.
//! The cases are in `delivery` (what arrives), `endurance` (idleness and slowness) and `edges` (shutdown, refusal,
//! orders); `outcome` is how one may end, and `suite` lists and runs them.
//! A case asks the facts, never the name: an approach that joins the registry is examined with no further edit.
//! Nothing here measures time.

mod delivery;
mod edges;
mod endurance;
mod fixture;
mod judge;
mod outcome;
mod reader;
mod subject;
mod suite;

pub use fixture::{Fixture, PATIENCE};
pub use outcome::Outcome;
pub use reader::Reader;
pub use subject::{Subject, subject, subjects};
pub use suite::{CASES, Case, Failure, check, check_within, failures};
