//! The list of cases, and how one of them is run on one subject.

use std::{fmt, time::Duration};

use anyhow::Result;
use futures_util::{StreamExt, future::BoxFuture, stream};
use servers::Limits;

use super::{Fixture, Outcome, PATIENCE, Subject, delivery, edges, endurance};

/// A case that waits more than once may take this many times as long, so that each one ends.
const MOST_WAITS: u32 = 2;

/// Cases spend their time waiting, so that more of them than there are cores run side by side.
const SIDE_BY_SIDE: usize = 8;

/// Limits that a few events reach.
const SMALL: Limits = Limits { replay_events: 256, queue_events: 128, batch_events: 8 };
/// A ring that is gone after a few events.
const TINY_RING: Limits = Limits { replay_events: 16, queue_events: 128, batch_events: 8 };

/// One thing that every approach must do.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Limits of the hub that it needs.
    pub limits: Limits,
    /// Examines a fresh server.
    pub run: fn(Fixture) -> BoxFuture<'static, Result<Outcome>>,
}

/// A subject that failed a case.
#[derive(Debug, thiserror::Error)]
#[error("{subject} fails {case}: {reason}")]
pub struct Failure {
    /// The subject's name.
    pub subject: String,
    /// The case's name.
    pub case: &'static str,
    /// What was expected and what happened.
    pub reason: String,
}

impl fmt::Debug for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Case").field("name", &self.name).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// All cases.
#[rustfmt::skip]
pub static CASES: &[Case] = &[
    Case { name: "receives-in-order", limits: SMALL, run: |fixture| Box::pin(delivery::receives_in_order(fixture)) },
    Case { name: "starts-from-a-cursor", limits: SMALL, run: |fixture| Box::pin(delivery::starts_from_a_cursor(fixture)) },
    Case { name: "starts-from-now", limits: SMALL, run: |fixture| Box::pin(delivery::starts_from_now(fixture)) },
    Case { name: "resumes-after-a-cut", limits: SMALL, run: |fixture| Box::pin(delivery::resumes_after_a_cut(fixture)) },
    Case { name: "resets-an-old-cursor", limits: TINY_RING, run: |fixture| Box::pin(delivery::resets_an_old_cursor(fixture)) },
    Case { name: "resets-a-cursor-from-elsewhere", limits: SMALL, run: |fixture| Box::pin(delivery::resets_a_cursor_from_elsewhere(fixture)) },
    Case { name: "resets-at-another-log", limits: SMALL, run: |fixture| Box::pin(delivery::resets_at_another_log(fixture)) },
    Case { name: "outlasts-idleness", limits: SMALL, run: |fixture| Box::pin(endurance::outlasts_idleness(fixture)) },
    Case { name: "bounds-a-slow-reader", limits: endurance::SLOW_READER_LIMITS, run: |fixture| Box::pin(endurance::bounds_a_slow_reader(fixture)) },
    Case { name: "shuts-down-cleanly", limits: SMALL, run: |fixture| Box::pin(edges::shuts_down_cleanly(fixture)) },
    Case { name: "refuses-an-unknown-symbol", limits: SMALL, run: |fixture| Box::pin(edges::refuses_an_unknown_symbol(fixture)) },
    Case { name: "survives-garbage", limits: SMALL, run: |fixture| Box::pin(edges::survives_garbage(fixture)) },
    Case { name: "confirms-orders", limits: SMALL, run: |fixture| Box::pin(edges::confirms_orders(fixture)) },
];

/// Runs every case on these subjects, several side by side, and gives those that failed.
pub async fn failures(subjects: &[Subject]) -> Vec<Failure> {
    let checks = subjects.iter().flat_map(|subject| CASES.iter().map(move |case| check(subject, case)));
    let checked = stream::iter(checks).buffer_unordered(SIDE_BY_SIDE);
    checked.filter_map(|checked| async { checked.err() }).collect().await
}

/// Runs one case on one subject, in the current runtime.
///
/// # Errors
/// The subject does not do what the case asks for.
pub async fn check(subject: &Subject, case: &Case) -> Result<Outcome, Failure> {
    check_within(PATIENCE, subject, case).await
}

/// Runs one case on one subject, in the current runtime, with less patience: for a subject that should fail it.
///
/// # Errors
/// The subject does not do what the case asks for, or not in time.
pub async fn check_within(patience: Duration, subject: &Subject, case: &Case) -> Result<Outcome, Failure> {
    let examined = async {
        let mut fixture = Fixture::start(subject.clone(), case.limits)?;
        fixture.patience = patience;
        (case.run)(fixture).await
    };
    let deadline = MOST_WAITS * patience;
    let examined = tokio::time::timeout(deadline, examined).await;
    let examined = examined.unwrap_or_else(|_| Err(anyhow::anyhow!("the case has not ended after {deadline:?}")));
    let failure = |error| Failure { subject: subject.name.clone(), case: case.name, reason: format!("{error:#}") };
    examined.map_err(failure)
}
