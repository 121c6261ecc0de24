//! Checks that each conformance case can fail. Each approach here has one deliberate fault, and a case must detect it.
//! Most of them are the floor with a faulty client or server around it.

use std::time::Duration;

use approaches::{
    conformance::{CASES, Case, Outcome, PATIENCE, Subject, check, check_within},
    registry::{APPROACHES, Approach, Delivery, Exchange, Facts, Serve, Setting, Subscribe, Values},
};
use clients::{Batch, ClientError, Subscription};
use futures_util::future::{BoxFuture, join_all};
use proto::Params;
use servers::ServeError;

/// First timeout of a case. It is short, because with most faults a case waits for something that never happens. If a
/// slow machine makes the case fail for another reason, it runs again with [`PATIENCE`].
const LITTLE_PATIENCE: Duration = Duration::from_secs(2);

/// A client's fault: it changes a received batch. The vector keeps sequence numbers between batches.
type Fault = fn(&mut Batch, &mut Vec<u64>);

struct Faulty {
    inner: Box<dyn Subscription>,
    fault: Fault,
    memory: Vec<u64>,
}

impl Subscription for Faulty {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = self.inner.next().await?;
            (self.fault)(&mut batch, &mut self.memory);
            Ok(batch)
        })
    }
}

fn floor() -> &'static Approach {
    APPROACHES.iter().find(|approach| approach.facts.floor).expect("there is a floor")
}

/// Returns an approach whose clients only see the newest state.
fn coalescing() -> &'static Approach {
    let is_snapshot = |approach: &&Approach| approach.facts.delivery == Delivery::Snapshot;
    APPROACHES.iter().find(is_snapshot).expect("one of them coalesces")
}

async fn break_client(
    approach: &Approach,
    context: clients::Context,
    fault: Fault,
) -> Result<Box<dyn Subscription>, ClientError> {
    let inner = (approach.subscribe)(context).await?;
    Ok(Box::new(Faulty { inner, fault, memory: Vec::new() }))
}

/// Creates a subscribe function whose client has this fault.
macro_rules! client {
    ($fault:expr) => {
        client!(floor(), $fault)
    };
    ($approach:expr, $fault:expr) => {
        |context| Box::pin(break_client($approach, context, $fault))
    };
}

/// Returns the floor with these functions.
fn faulty(serve: Serve, subscribe: Subscribe) -> Approach {
    Approach { name: "faulty", serve, subscribe, ..*floor() }
}

fn faulty_client(subscribe: Subscribe) -> Approach {
    faulty(floor().serve, subscribe)
}

fn faulty_server(serve: Serve) -> Approach {
    faulty(serve, floor().subscribe)
}

/// Loses the twentieth event.
fn lose(batch: &mut Batch, seen: &mut Vec<u64>) {
    batch.events.retain(|quote| {
        seen.push(quote.sequence);
        seen.len() != 20
    });
}

/// Delivers the last event of each batch twice.
fn duplicate(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.events.extend(batch.events.last().cloned());
}

fn reverse(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.events.reverse();
}

fn corrupt(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.events.iter_mut().for_each(|quote| quote.bid += 0.01);
}

fn count_empty_responses(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.cost.empty += 1;
}

fn hide_reconnects(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.cost.reconnects = 0;
}

fn hide_resets(batch: &mut Batch, _: &mut Vec<u64>) {
    batch.cost.resets = 0;
}

/// Drops every state whose version it has seen before, even if the state is from another log.
fn keep_the_known(batch: &mut Batch, seen: &mut Vec<u64>) {
    batch.events.retain(|quote| seen.iter().all(|&seen| quote.sequence != seen));
    seen.extend(batch.events.iter().map(|quote| quote.sequence));
}

/// Delivers the last event of a batch twice if the batch follows a reconnect.
fn repeat_after_reconnect(batch: &mut Batch, seen: &mut Vec<u64>) {
    if batch.cost.reconnects > 0 && !seen.is_empty() {
        batch.events.extend(batch.events.last().cloned());
    }
    seen.extend(batch.events.iter().map(|quote| quote.sequence));
}

/// Ignores the cursor, so it always starts from now.
fn forget_the_cursor(mut context: clients::Context) -> BoxFuture<'static, Result<Box<dyn Subscription>, ClientError>> {
    context.after = None;
    (floor().subscribe)(context)
}

/// Always starts from the beginning.
fn start_over(mut context: clients::Context) -> BoxFuture<'static, Result<Box<dyn Subscription>, ClientError>> {
    context.after = Some(0);
    (floor().subscribe)(context)
}

/// Only requests the known symbol, so the server never sees the unknown one.
fn hide_the_unknown(mut context: clients::Context) -> BoxFuture<'static, Result<Box<dyn Subscription>, ClientError>> {
    context.symbols.truncate(1);
    (floor().subscribe)(context)
}

/// Never returns after shutdown.
fn never_end(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async {
        let _ = (floor().serve)(context).await;
        std::future::pending().await
    })
}

/// Leaves a connection to itself open when it ends.
fn leave_a_connection(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async {
        let (transport, shutdown) = (context.transport.clone(), context.shutdown.clone());
        let served = tokio::spawn((floor().serve)(context));
        let connection = transport.connect(transport.address()).await.expect("it listens");
        shutdown.cancelled().await;
        served.abort();
        std::mem::forget(connection);
        Ok(())
    })
}

/// Accepts connections and never answers.
fn stay_silent(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async move {
        let mut connections = Vec::new();
        loop {
            tokio::select! {
                connection = context.transport.accept() => connections.push(connection),
                () = context.shutdown.cancelled() => return Ok(()),
            }
        }
    })
}

fn with_facts(approach: Approach, facts: Facts) -> Approach {
    Approach { facts, ..approach }
}

/// A fault, the case that must fail, a part of its failure message, and the faulty approach.
type Row = (&'static str, &'static str, &'static str, Approach);

#[rustfmt::skip]
fn faults() -> Vec<Row> {
    let facts = floor().facts;
    let snapshot = Facts { delivery: Delivery::Snapshot, ..facts };
    const HEARTBEAT: &[Setting] = &[Setting::new("heartbeat", Values::Duration("15s"))];
    vec![
        ("loses an event", "receives-in-order", "but owed is", faulty_client(client!(lose))),
        ("duplicates", "receives-in-order", "came after", faulty_client(client!(duplicate))),
        ("reorders", "receives-in-order", "came after", faulty_client(client!(reverse))),
        ("corrupts", "receives-in-order", "was changed on the way", faulty_client(client!(corrupt))),
        ("is pushed empty responses", "receives-in-order", "sent an empty response", faulty_client(client!(count_empty_responses))),
        ("is silent", "receives-in-order", "in vain for everything", faulty_server(stay_silent)),
        ("brings an older state after a newer one", "receives-in-order", "came after", with_facts(faulty_client(client!(reverse)), snapshot)),
        ("brings a state twice", "receives-in-order", "came after", with_facts(faulty_client(client!(duplicate)), snapshot)),
        ("forgets the cursor", "starts-from-a-cursor", "in vain for everything", faulty_client(forget_the_cursor)),
        ("starts over", "starts-from-now", "before the subscription", faulty_client(start_over)),
        ("repeats after a reconnect", "resumes-after-a-cut", "came after", faulty_client(client!(repeat_after_reconnect))),
        ("hides reconnects", "resumes-after-a-cut", "no reconnect was counted", faulty_client(client!(hide_reconnects))),
        ("hides resets", "resets-an-old-cursor", "no reset was counted", faulty_client(client!(hide_resets))),
        ("hides resets", "resets-a-cursor-from-elsewhere", "no reset was counted", faulty_client(client!(hide_resets))),
        ("hides resets", "resets-at-another-log", "no reset was counted", faulty_client(client!(hide_resets))),
        ("takes another log's state for known", "resets-at-another-log", "in vain for everything", Approach { subscribe: client!(coalescing(), keep_the_known), ..*coalescing() }),
        ("hides resets", "bounds-a-slow-reader", "no reset was counted", faulty_client(client!(hide_resets))),
        ("never times out a hold", "outlasts-idleness", "in vain for a timed-out hold", with_facts(*floor(), Facts { exchange: Exchange::Hold("hold"), ..facts })),
        ("never receives an empty response", "outlasts-idleness", "in vain for an empty response", with_facts(*floor(), Facts { exchange: Exchange::Poll("interval"), ..facts })),
        ("sends no heartbeat", "outlasts-idleness", "in vain for a heartbeat", Approach { settings: HEARTBEAT, ..*floor() }),
        ("does not end", "shuts-down-cleanly", "does not end", faulty_server(never_end)),
        ("leaves a connection", "shuts-down-cleanly", "open after the end", faulty_server(leave_a_connection)),
        ("hides the unknown symbol", "refuses-an-unknown-symbol", "goes on where it should give up", faulty_client(hide_the_unknown)),
        ("names no symbol", "refuses-an-unknown-symbol", "does not name the symbol", with_facts(*floor(), Facts { floor: false, ..facts })),
        ("ignores garbage", "survives-garbage", "neither answered nor sent away", faulty_server(stay_silent)),
        ("confirms nothing", "confirms-orders", "takes no orders", with_facts(*floor(), Facts { bidirectional: true, ..facts })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_fails_its_case() {
    let examined = join_all(faults().into_iter().map(|(fault, case, complaint, approach)| async move {
        let case: &Case = CASES.iter().find(|it| it.name == case).expect("the case exists");
        let subject = subject(approach);
        let mut verdict = None;
        for patience in [LITTLE_PATIENCE, PATIENCE] {
            verdict = match check_within(patience, &subject, case).await {
                Ok(_) => Some(format!("{} overlooks an approach that {fault}", case.name)),
                Err(failure) if failure.reason.contains(complaint) => return None,
                Err(failure) => Some(format!("an approach that {fault}: {failure}, and not `{complaint}`")),
            };
        }
        verdict
    }));
    let overlooked: Vec<String> = examined.await.into_iter().flatten().collect();
    assert!(overlooked.is_empty(), "{}", overlooked.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_floor_without_a_fault_passes() {
    let floor = subject(faulty(floor().serve, floor().subscribe));
    for case in CASES {
        let outcome = check(&floor, case).await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(outcome == Outcome::Passed, case.name != "confirms-orders", "{}", case.name);
    }
}

fn subject(approach: Approach) -> Subject {
    let settings = [("interval", "20ms"), ("hold", "150ms"), ("heartbeat", "150ms")];
    let params = Params(settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    Subject { name: approach.name.to_owned(), approach: Box::leak(Box::new(approach)), params }
}
