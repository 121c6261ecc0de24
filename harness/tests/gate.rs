//! The gate as its users have it: what was made worse on purpose is found and named, and what could not be compared
//! never passes.

mod command;

use std::{
    fs,
    path::Path,
    sync::{Arc, OnceLock},
};

use clients::{Batch, ClientError, Subscription};
use command::{Finished, bench, bench_in_a_step};
use futures_util::future::BoxFuture;
use harness::{
    conformance::Subject,
    gate::lockstep::{self, REPEATS, SCRIPT},
    registry::{Approach, Serve, Subscribe, find},
};
use proto::Quote;
use reports::gate::{
    Outcome, Verdict,
    baseline::{Baseline, Origin, baseline_of},
    counts::Measured,
    exact::compare,
};
use servers::{Hub, Limits, ServeError};

/// What is done to a baseline's text.
type Change = fn(&str) -> String;

/// All of them are counted by this program.
const COMPILER: &str = "the same";

/// Between two empty responses that a faulty poller is sent beyond those it asked for.
const POLLS: u64 = 100;

/// The subject of this approach with its default settings.
fn subject(name: &str) -> Subject {
    lockstep::all().into_iter().find(|subject| subject.name == name).expect("it runs in lock step")
}

/// The same subject with another server or client.
fn changed(name: &str, serve: Option<Serve>, subscribe: Option<Subscribe>) -> Subject {
    let sound = find(name).expect("it is registered");
    let approach =
        Approach { serve: serve.unwrap_or(sound.serve), subscribe: subscribe.unwrap_or(sound.subscribe), ..*sound };
    Subject { approach: Box::leak(Box::new(approach)), ..subject(name) }
}

/// What these count.
fn measure(subjects: &[Subject]) -> Measured {
    lockstep::measure(subjects, REPEATS, |_, _| {})
}

/// What sound approaches count, once for all tests.
fn baseline() -> &'static Baseline {
    static BASELINE: OnceLock<Baseline> = OnceLock::new();
    BASELINE.get_or_init(|| {
        let wrapped = changed("sse", None, Some(|context| Box::pin(faulty("sse", context, sound))));
        let origin =
            Origin { tool_version: "1".into(), revision: "a".into(), compiler: COMPILER.into(), script: SCRIPT.into() };
        let measured = measure(&[subject("raw-tcp"), wrapped, subject("short-poll")]);
        baseline_of(&measured, origin).expect("sound approaches can be counted")
    })
}

/// What the gate says where these subjects are in the place of the sound ones of their names.
fn judged(now: &[Subject]) -> Outcome {
    let sound = baseline().clone().only(|cell| now.iter().any(|subject| subject.name == cell));
    compare(&sound, &measure(now), COMPILER)
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

/// Is answered once more than it asked, every so many polls.
fn one_more_empty(batch: &mut Batch, polls: &mut u64) {
    *polls += 1;
    batch.cost.empty += u64::from(polls.is_multiple_of(POLLS));
}

/// Asks twice when it comes back.
fn one_more_request(batch: &mut Batch, _: &mut u64) {
    batch.cost.requests += batch.cost.reconnects;
}

/// Changes nothing, in the wrapping of those that do.
fn sound(_: &mut Batch, _: &mut u64) {}

/// Takes one allocation more for each event.
fn one_more_allocation(batch: &mut Batch, _: &mut u64) {
    batch.events.iter().for_each(|quote| drop(std::hint::black_box(Box::new(quote.sequence))));
}

/// Takes off what the server has put on.
fn take_a_byte_off(batch: &mut Batch, _: &mut u64) {
    for quote in &mut batch.events {
        quote.payload.pop();
    }
}

/// Serves every event with one byte more.
fn one_more_byte(context: servers::Context) -> BoxFuture<'static, Result<(), ServeError>> {
    Box::pin(async move {
        let symbols: Vec<String> = (0..6).map(proto::symbol_name).collect();
        let inner = Hub::new(&symbols, Limits::default());
        let mut events = context.hub.subscribe((0..6).collect(), Some(0));
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
    let of_metric = |finding: &&reports::gate::Finding| finding.cell == cell && finding.metric == metric;
    let found = outcome.findings.iter().find(of_metric).expect("it is compared");
    assert_eq!((found.verdict, found.before, found.after), (Verdict::Regression, Some(before), Some(after)));
    for said in [cell, metric, "→"] {
        assert!(found.explanation.contains(said), "{}", found.explanation);
    }
}

#[test]
fn what_is_the_same_passes() {
    let outcome = judged(&[subject("raw-tcp"), subject("short-poll")]);
    assert_eq!(outcome.verdict, Verdict::Pass, "{}", outcome.reason);
    assert!(outcome.findings.len() > 60, "{}", outcome.findings.len());
}

#[test]
fn an_empty_response_more_in_a_hundred_polls_fails() {
    let now = changed("short-poll", None, Some(|context| Box::pin(faulty("short-poll", context, one_more_empty))));
    // Three clients that poll a hundred times in vain.
    names(&judged(&[now]), "short-poll", "idle empty", [300.0, 303.0]);
}

#[test]
fn a_byte_more_an_event_fails() {
    let now =
        changed("raw-tcp", Some(one_more_byte), Some(|context| Box::pin(faulty("raw-tcp", context, take_a_byte_off))));
    let outcome = judged(&[now]);
    let bytes = outcome.findings.iter().find(|finding| finding.metric == "deliver server-to-client-bytes").unwrap();
    let deliveries = 100.0;
    names(&outcome, "raw-tcp", &bytes.metric, [bytes.before.unwrap(), bytes.before.unwrap() + deliveries]);
}

#[test]
fn a_request_more_a_reconnect_fails() {
    let now = changed("sse", None, Some(|context| Box::pin(faulty("sse", context, one_more_request))));
    names(&judged(&[now]), "sse", "reconnect requests", [15.0, 30.0]);
}

#[test]
fn an_allocation_more_an_event_fails() {
    let now = changed("sse", None, Some(|context| Box::pin(faulty("sse", context, one_more_allocation))));
    let outcome = judged(&[now]);
    let found = outcome.findings.iter().find(|finding| finding.metric == "deliver allocations").unwrap();
    assert_eq!(found.verdict, Verdict::Regression, "{}", found.explanation);
    assert_eq!(found.after.unwrap() - found.before.unwrap(), 100.0, "{}", found.explanation);
}

#[test]
fn a_crash_is_invalid() {
    let crash: Serve = |_| Box::pin(async { Err(ServeError::Protocol("out of order".into())) });
    let outcome = judged(&[changed("raw-tcp", Some(crash), None)]);
    assert_eq!(outcome.verdict, Verdict::Invalid, "{}", outcome.reason);
}

/// `gate exact` of one approach against a baseline.
fn of_one(baseline: &Path) -> [&str; 6] {
    ["gate", "exact", "--baseline", baseline.to_str().unwrap(), "--approach", "raw-tcp"]
}

/// The committed baseline, after a change of its text.
fn committed(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/gate-baseline.json")).unwrap();
    fs::write(directory.path().join("baseline.json"), change(&text)).unwrap();
    directory
}

#[test]
fn the_command_compares_with_the_committed_baseline() {
    let directory = committed(str::to_owned);
    let (baseline, out) = (directory.path().join("baseline.json"), directory.path().join("out"));
    let passed = bench(&[&of_one(&baseline)[..], &["--out", out.to_str().unwrap()]].concat());
    assert_eq!(passed.code, 0, "{}{}", passed.stdout, passed.stderr);
    for file in ["outcome.json", "summary.md", "junit.xml", "benchmark.json", "bencher.json", "badge.json"] {
        assert!(fs::metadata(out.join(file)).unwrap().len() > 0, "{file}");
    }
}

#[test]
fn a_count_that_differs_is_a_regression_either_way() {
    for by in [-1_i64, 1] {
        let directory = committed(|text| {
            let (_, own) = text.split_once("\"raw-tcp\"").unwrap();
            let (before, after) = own.split_once("\"with-events\": ").unwrap();
            let count: i64 = after.split(|other: char| !other.is_ascii_digit()).next().unwrap().parse().unwrap();
            let changed = format!("{before}\"with-events\": {}", count + by);
            text.replacen(&format!("{before}\"with-events\": {count}"), &changed, 1)
        });
        let (baseline, summary) = (directory.path().join("baseline.json"), directory.path().join("summary.md"));
        fs::write(&summary, "of the step before\n").unwrap();
        let failed = bench_in_a_step(&[&of_one(&baseline)[..], &["--github"]].concat(), &summary);
        assert_eq!(failed.code, 3, "{}{}", failed.stdout, failed.stderr);
        let (summary, annotated) = (fs::read_to_string(summary).unwrap(), failed.stdout.split_once("::error").unwrap());
        assert!(summary.starts_with("of the step before\n"), "{summary}");
        for surface in [annotated.0, annotated.1, &summary] {
            for said in ["raw-tcp", "with-events", "→"] {
                assert!(surface.contains(said), "{surface}");
            }
        }
    }
}

#[test]
fn without_anything_to_compare_with_it_never_passes() {
    let absent = bench(&["gate", "exact", "--baseline", "no-such-file.json"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("no baseline at no-such-file.json"), "{}", absent.stderr);
    let cases: [(Change, i32); 5] = [
        (|_| String::new(), 2),
        (|text| text.replace("\"schema_version\": 2", "\"schema_version\": 9"), 2),
        (|text| text.replace(SCRIPT, "another script"), 2),
        (|text| text.replace("\"with-events\"", "\"with-quotes\""), 4),
        (|text| text.replace("\"raw-tcp\"", "\"raw-udp\""), 4),
    ];
    for (change, code) in cases {
        let directory = committed(change);
        let refused = bench(&of_one(&directory.path().join("baseline.json")));
        assert_eq!(refused.code, code, "{}{}", refused.stdout, refused.stderr);
    }
}

/// `gate paired` of this program against another, with the shortest trials that can be.
fn paired(head: &str, session: &Path, more: &[&str]) -> Finished {
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    let mut arguments = vec!["gate", "paired", "--base", own, "--head", head, "--session", session.to_str().unwrap()];
    for key in [
        "approaches=[\"raw-tcp\"]",
        "load.clients=20",
        "window.warmup=50ms",
        "window.measure=300ms",
        "window.drain=300ms",
    ] {
        arguments.extend(["--set", key]);
    }
    arguments.extend(more);
    bench(&arguments)
}

#[test]
fn a_session_of_too_few_blocks_is_inconclusive_and_says_what_it_would_take() {
    let directory = tempfile::tempdir().expect("a directory");
    let session = directory.path().join("session");
    let own = env!("CARGO_BIN_EXE_delivery-bench");
    let judged = paired(own, &session, &["--blocks", "1", "--inject", "p50=0.5"]);
    // A busy machine may lose trials, and then nothing is compared; it never passes.
    assert!([4, 5].contains(&judged.code), "{}{}", judged.stdout, judged.stderr);
    if judged.code == 5 {
        assert!(judged.stdout.contains("raw-tcp") && judged.stdout.contains("blocks"), "{}", judged.stdout);
    }
    let lines = fs::read_to_string(session.join("session.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 1 + 2 * 3, "a plan, and three arms in block 0 and in the one that counts");
    assert!(lines.contains("+50 % p50 latency"), "what was injected is recorded");
    assert!(session.join("trials/block-01-raw-tcp-head/results.jsonl").is_file(), "what was measured is kept");
    assert!(!session.join("builds").exists(), "the copies of the programs are not");
    let again = paired(own, &session, &[]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("never overwritten"), "{}", again.stderr);
}

#[test]
fn builds_that_cannot_be_compared_never_pass() {
    let directory = tempfile::tempdir().expect("a directory");
    let crashed = paired("/bin/false", &directory.path().join("crashed"), &["--blocks", "1"]);
    assert_eq!(crashed.code, 4, "{}", crashed.stderr);
    assert!(crashed.stderr.contains("head ended with"), "{}", crashed.stderr);
    let absent = paired("no-such-build", &directory.path().join("absent"), &["--blocks", "1"]);
    assert_eq!(absent.code, 2, "{}", absent.stderr);
    assert!(absent.stderr.contains("cannot copy no-such-build"), "{}", absent.stderr);
    let several = paired("/bin/false", &directory.path().join("several"), &["--set", "load.clients=[1, 2]"]);
    assert_eq!(several.code, 2, "{}", several.stderr);
}

#[test]
fn history_advises_on_the_published_runs_and_blocks_nothing() {
    let published = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/published");
    let advised = bench(&["gate", "history", published]);
    assert_eq!(advised.code, 0, "{}{}", advised.stdout, advised.stderr);
    assert!(advised.stdout.contains("history"), "{}", advised.stdout);
    assert_eq!(bench(&["gate", "history", "no-such-directory"]).code, 2);
}
