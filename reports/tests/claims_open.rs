//! Tests results that do not decide a claim: equal pairs, and counts that chance explains.

#[path = "support/changes.rs"]
#[expect(dead_code, reason = "shared by test crates that each use a part")]
mod changes;
#[path = "support/judged.rs"]
mod judged;
mod support;

use changes::{each, empty, latency};
use judged::{base, claims, find, written};

#[test]
fn one_pair_of_three_does_not_decide() {
    // Two of the three pairs are equal. In the third, the other approach is faster or slower.
    for other in [100.0, 900.0] {
        let mut run = base();
        for approach in ["sse", "websocket", "grpc-bidi"] {
            each(&mut run, approach, |one| latency(one, 300.0));
        }
        each(&mut run, "grpc-stream", |one| latency(one, other));
        let order = find(&claims(&run), "order-bidirectional").clone();
        assert_eq!(order["verdict"], "not_decided", "{order:#}");
        assert!(written(&run).0.contains("<small>1 of 3 pairs decides</small>"));
    }
}

#[test]
fn differences_within_chance_do_not_decide() {
    for share in [0.497, 0.503] {
        let mut run = base();
        each(&mut run, "short-poll", |one| empty(one, share));
        let claim = find(&claims(&run), "mostly-empty").clone();
        assert_eq!(claim["verdict"], "not_decided", "{claim:#}");
    }
    // 100 clients poll every 15 seconds, and the window lasts 5 seconds. So 33 polls are due, ± 20 by chance.
    for requests in [31, 33, 36] {
        let mut run = support::run_under(&[100]);
        for trial in run.trials.iter_mut().filter(|trial| trial.approach == "short-poll") {
            let measured = trial.measured.as_mut().unwrap();
            (measured.offered_requests, measured.requests) = (Some(33), requests);
        }
        let claim = find(&claims(&run), "hundred-thousand-requests").clone();
        assert_eq!(claim["verdict"], "not_decided", "{claim:#}");
    }
}

#[test]
fn a_spectrum_needs_differences_in_most_pairs() {
    let mut run = base();
    for approach in ["sse", "websocket", "grpc-bidi", "grpc-stream", "long-poll"] {
        each(&mut run, approach, |one| latency(one, 300.0));
    }
    // Five of fifteen pairs differ.
    assert_eq!(find(&claims(&run), "different-latencies")["verdict"], "not_decided");
}
