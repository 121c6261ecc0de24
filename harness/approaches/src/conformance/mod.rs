//! The conformance suite, which every approach must pass before it is measured: the same cases for all, over real sockets
//! on port 0.
//!
//! `subject` lists the registry's approaches and their variants. `fixture` runs one server and publishes to it, `reader`
//! drives one client and keeps its events, and `judge` compares them with the owed ones. The cases are in `delivery`,
//! `endurance` (idleness and slow readers) and `edges` (shutdown, refusal, orders). `outcome` is the result of a case, and
//! `suite` lists and runs the cases. A case asks for facts, never for a name, so a new approach in the registry is tested
//! without further edits. Nothing here measures time.

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
