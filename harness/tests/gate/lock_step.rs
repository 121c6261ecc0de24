//! Compares lock step with its baseline. The gate names every deliberate regression, and a crash never passes.

use std::sync::{Arc, OnceLock};

use approaches::{
    conformance::Subject,
    registry::{Approach, Serve, Subscribe, find},
};
use clients::{Batch, ClientError, Subscription};
use futures_util::future::BoxFuture;
use gate::{
    Outcome, Verdict,
    baseline::{Origin, baseline_of},
    counts::Measured,
    exact::compare,
};
use harness::gate::lockstep::{self, REPEATS, SCRIPT};
use proto::Quote;
use servers::{Hub, Limits, ServeError};

/// Compiler recorded with all counts. It is always the same, because one program makes them.
const COMPILER: &str = "the same";

/// Polls per extra empty response of the faulty poller.
const POLLS: u64 = 100;

/// Returns the subject of this approach with its default settings.
fn subject(name: &str) -> Subject {
    lockstep::all().into_iter().find(|subject| subject.name == name).expect("the subject runs in lock step")
}

/// Returns the same subject with another server or client.
fn changed(name: &str, serve: Option<Serve>, subscribe: Option<Subscribe>) -> Subject {
    let sound = find(name).expect("it is registered");
    let approach =
        Approach { serve: serve.unwrap_or(sound.serve), subscribe: subscribe.unwrap_or(sound.subscribe), ..*sound };
    Subject { approach: Box::leak(Box::new(approach)), ..subject(name) }
}

/// Returns every subject of these tests with the name of its part: the subjects of the baseline, the same subjects
/// again, and the faulty ones.
fn parts() -> Vec<(&'static str, Subject)> {
    let crash: Serve = |_| Box::pin(async { Err(ServeError::Protocol("out of order".into())) });
    let client = |name, subscribe: Subscribe| changed(name, None, Some(subscribe));
    vec![
        ("raw-tcp", subject("raw-tcp")),
        ("short-poll", subject("short-poll")),
        ("sse", client("sse", |context| Box::pin(faulty("sse", context, sound)))),
        ("raw-tcp again", subject("raw-tcp")),
        ("short-poll again", subject("short-poll")),
        ("one more empty", client("short-poll", |context| Box::pin(faulty("short-poll", context, one_more_empty)))),
        ("one more request", client("sse", |context| Box::pin(faulty("sse", context, one_more_request)))),
        ("one more allocation", client("sse", |context| Box::pin(faulty("sse", context, one_more_allocation)))),
        (
            "one more byte",
            changed(
                "raw-tcp",
                Some(one_more_byte),
                Some(|context| Box::pin(faulty("raw-tcp", context, take_a_byte_off))),
            ),
        ),
        ("crash", changed("raw-tcp", Some(crash), None)),
    ]
}

/// Returns the counts of all subjects. They are measured at the same time, and once for all tests.
pub(super) fn measured() -> &'static Measured {
    static MEASURED: OnceLock<Measured> = OnceLock::new();
    MEASURED.get_or_init(|| {
        let subjects = parts().into_iter().map(|(part, subject)| Subject { name: part.to_owned(), ..subject });
        lockstep::measure(&subjects.collect::<Vec<_>>(), REPEATS, |_, _| {})
    })
}

/// Returns the counts of these parts. Each pair is the name of a cell and a part.
fn cells(parts: &[(&str, &str)]) -> Measured {
    super::begin();
    let cell = |&(cell, part): &(&str, &str)| (cell.to_owned(), measured().cells[part].clone());
    Measured { cells: parts.iter().map(cell).collect() }
}

/// Compares these cells and parts with a baseline of the sound subjects, and returns the outcome.
fn judged(now: &[(&str, &str)]) -> Outcome {
    let origin =
        Origin { tool_version: "1".into(), revision: "a".into(), compiler: COMPILER.into(), script: SCRIPT.into() };
    let sound: Vec<_> = now.iter().map(|&(cell, _)| (cell, cell)).collect();
    let baseline = baseline_of(&cells(&sound), origin).expect("sound approaches can be counted");
    compare(&baseline, &cells(now), COMPILER)
}

struct Faulty {
    inner: Box<dyn Subscription>,
    fault: fn(&mut Batch, &mut u64),
    seen: u64,
}

impl Subscription for Faulty {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut batch = self.inner.next().await?;
            (self.fault)(&mut batch, &mut self.seen);
            Ok(batch)
        })
    }
}

async fn faulty(
    name: &str,
    context: clients::Context,
    fault: fn(&mut Batch, &mut u64),
) -> Result<Box<dyn Subscription>, ClientError> {
    let inner = (find(name).expect("it is registered").subscribe)(context).await?;
    Ok(Box::new(Faulty { inner, fault, seen: 0 }))
}

/// Reports one extra empty response every [`POLLS`] polls.
fn one_more_empty(batch: &mut Batch, polls: &mut u64) {
    *polls += 1;
    batch.cost.empty += u64::from(polls.is_multiple_of(POLLS));
}

/// Counts one extra request per reconnect.
fn one_more_request(batch: &mut Batch, _: &mut u64) {
    batch.cost.requests += batch.cost.reconnects;
}

/// Changes nothing. Sound subjects have the same wrapper as faulty ones.
fn sound(_: &mut Batch, _: &mut u64) {}

/// Makes one extra allocation per event.
fn one_more_allocation(batch: &mut Batch, _: &mut u64) {
    batch.events.iter().for_each(|quote| drop(std::hint::black_box(Box::new(quote.sequence))));
}

/// Removes the byte that [`one_more_byte`] has added.
fn take_a_byte_off(batch: &mut Batch, _: &mut u64) {
    for quote in &mut batch.events {
        quote.payload.pop();
    }
}

/// Serves every event with one extra byte.
fn one_more_byte(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async move {
        let symbols: Vec<String> = (0..6).map(proto::symbol_name).collect();
        let inner = Hub::new(&symbols, Limits::default());
        let mut events = context.hub.subscribe((0..6).collect(), Some(0.into()));
        let longer = Arc::clone(&inner);
        let forwarded = tokio::spawn(async move {
            while let Ok(page) = events.next().await {
                for entry in page.entries {
                    let payload = format!("{}x", entry.quote.payload);
                    longer.publish(Quote { payload, ..entry.quote.clone() });
                }
            }
            longer.close();
        });
        let served =
            (find("raw-tcp").expect("it is registered").serve)(servers::Context { hub: inner, ..context }).await;
        forwarded.abort();
        served
    })
}

#[track_caller]
fn names(outcome: &Outcome, cell: &str, metric: &str, [before, after]: [f64; 2]) {
    assert_eq!(outcome.verdict, Verdict::Regression, "{}", outcome.reason);
    let of_metric = |finding: &&gate::Finding| finding.cell == cell && finding.metric == metric;
    let found = outcome.findings.iter().find(of_metric).expect("the metric is compared");
    assert_eq!((found.verdict, found.before, found.after), (Verdict::Regression, Some(before), Some(after)));
    for said in [cell, metric, "→"] {
        assert!(found.explanation.contains(said), "{}", found.explanation);
    }
}

#[test]
fn equal_builds_pass() {
    let outcome = judged(&[("raw-tcp", "raw-tcp again"), ("short-poll", "short-poll again")]);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.reason);
    assert!(outcome.findings.len() > 60, "{}", outcome.findings.len());
}

#[test]
fn one_more_empty_response_per_hundred_polls_fails() {
    // Three clients make a hundred empty polls each.
    names(&judged(&[("short-poll", "one more empty")]), "short-poll", "idle empty", [300.0, 303.0]);
}

#[test]
fn one_more_byte_per_event_fails() {
    let outcome = judged(&[("raw-tcp", "one more byte")]);
    let bytes = outcome.findings.iter().find(|finding| finding.metric == "deliver server-to-client-bytes").unwrap();
    let deliveries = 100.0;
    names(&outcome, "raw-tcp", &bytes.metric, [bytes.before.unwrap(), bytes.before.unwrap() + deliveries]);
}

#[test]
fn one_more_request_per_reconnect_fails() {
    names(&judged(&[("sse", "one more request")]), "sse", "reconnect requests", [15.0, 30.0]);
}

#[test]
fn one_more_allocation_per_event_fails() {
    let outcome = judged(&[("sse", "one more allocation")]);
    let found = outcome.findings.iter().find(|finding| finding.metric == "deliver allocations").unwrap();
    assert_eq!(found.verdict, Verdict::Regression, "{}", found.explanation);
    assert_eq!(found.after.unwrap() - found.before.unwrap(), 100.0, "{}", found.explanation);
}

#[test]
fn a_crash_is_invalid() {
    let outcome = judged(&[("raw-tcp", "crash")]);
    assert_eq!(outcome.verdict, Verdict::Invalid, "{}", outcome.reason);
}
