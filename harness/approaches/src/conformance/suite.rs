//! Lists the cases, and runs a case on a subject.

use std::{fmt, time::Duration};

use anyhow::Result;
use futures_util::{StreamExt, future::BoxFuture, stream};
use servers::Limits;

use super::{Fixture, Outcome, PATIENCE, Subject, delivery, edges, endurance};

/// Maximum duration of a case, in maximum waits.
const MOST_WAITS: u32 = 2;

/// Number of cases at the same time. Cases mostly wait, so this exceeds the number of cores.
const SIDE_BY_SIDE: usize = 8;

/// Limits that a few events exceed.
const SMALL: Limits = Limits { replay_events: 256, queue_events: 128, batch_events: 8 };
/// A ring that a few events overwrite.
const TINY_RING: Limits = Limits { replay_events: 16, queue_events: 128, batch_events: 8 };

/// A requirement on every approach.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// The hub's limits.
    pub limits: Limits,
    /// Tests a new server.
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

/// Returns all cases.
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

/// Runs every case on these subjects, several at the same time, and returns the failures.
pub async fn failures(subjects: &[Subject]) -> Vec<Failure> {
    let checks = subjects.iter().flat_map(|subject| CASES.iter().map(move |case| check(subject, case)));
    let checked = stream::iter(checks).buffer_unordered(SIDE_BY_SIDE);
    checked.filter_map(|checked| async { checked.err() }).collect().await
}

/// Runs one case on one subject, in the current runtime.
///
/// # Errors
/// The subject fails the case.
pub async fn check(subject: &Subject, case: &Case) -> Result<Outcome, Failure> {
    check_within(PATIENCE, subject, case).await
}

/// Runs one case on one subject with a shorter wait, for a subject that should fail.
///
/// # Errors
/// The subject fails the case, or is too slow.
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
