//! The load and the instrument: what runs inside a worker process.
//!
//! `worker` opens subscriptions and stamps what arrives, `oracle` knows what must arrive, `recorder` keeps the
//! histograms and counts, `pace` and `orders` are the open-loop schedules. None of them knows an approach by name.

pub mod oracle;
mod orders;
mod pace;
pub mod recorder;
pub mod worker;
