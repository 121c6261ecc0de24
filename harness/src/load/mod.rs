//! The load and the instrument: what runs inside a worker process.
//!
//! `worker` opens subscriptions and timestamps arrivals, `expectation` computes the expected events, `oracle` compares both,
//! and `account` has the sums. `recorder` keeps histograms and counts, `pace` and `orders` are the open-loop schedules, and
//! `tamper` injects faults. They do not know approaches by name.

pub mod account;
pub mod expectation;
pub mod oracle;
mod orders;
mod pace;
pub mod recorder;
mod tamper;
pub mod worker;
