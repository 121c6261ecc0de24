//! Tests the article's claims. Each verdict follows from the results, and changes with them.

#[path = "support/changes.rs"]
mod changes;
#[path = "support/judged.rs"]
mod judged;
mod support;

use std::collections::BTreeSet;

use changes::{each, empty, latency, lines, miss, rate, stable, summary};
use judged::{base, claims, find, written};
use reports::{saturation::Side, table};
use results::{
    schema::{Check, EmptyTheory, Status, TrialRecord, Verdict},
    statistics,
    store::Run,
};
use serde_json::Value;

/// A change to a run.
type Change = fn(&mut Run);
/// The ID of a claim, and two changes with the verdict that each leads to. Both changes start from [`base`].
type Turn = (&'static str, Change, &'static str, Change, &'static str);

/// Changes nothing.
const AS_IT_IS: Change = |_| {};

#[rustfmt::skip]
const TURNS: &[Turn] = &[
    ("different-latencies", AS_IT_IS, "within_limits", |run| each(run, "", |one| latency(one, 200.0)), "not_decided"),
    ("latency-short-polling", AS_IT_IS, "holds", |run| each(run, "short-poll", |one| latency(one, 200.0)), "does_not_hold"),
    ("latency-long-polling", AS_IT_IS, "does_not_hold", |run| each(run, "long-poll", |one| latency(one, 2_000.0)), "holds"),
    ("latency-sse", AS_IT_IS, "holds", |run| each(run, "sse", |one| latency(one, 5_000.0)), "does_not_hold"),
    ("latency-websocket", AS_IT_IS, "holds", |run| each(run, "websocket", |one| latency(one, 5_000.0)), "does_not_hold"),
    ("latency-grpc-server-streaming", AS_IT_IS, "holds", |run| each(run, "grpc-stream", |one| latency(one, 5_000.0)), "does_not_hold"),
    ("latency-grpc-bidirectional", AS_IT_IS, "does_not_hold", |run| each(run, "grpc-bidi", |one| latency(one, 150.0)), "holds"),
    ("order-short-polling", AS_IT_IS, "holds", |run| each(run, "short-poll", |one| latency(one, 100.0)), "does_not_hold"),
    ("order-long-polling", AS_IT_IS, "holds", |run| each(run, "long-poll", |one| latency(one, 100.0)), "does_not_hold"),
    ("order-bidirectional", AS_IT_IS, "does_not_hold", |run| each(run, "grpc-bidi", |one| latency(one, 50.0)), "holds"),
    ("interval-is-latency", AS_IT_IS, "holds", |run| each(run, "short-poll", |one| latency(one, 200.0)), "does_not_hold"),
    ("polling-is-simple", |run| lines(run, "short-poll", [1, 1]), "holds", |run| lines(run, "short-poll", [999, 999]), "does_not_hold"),
    ("mostly-empty", AS_IT_IS, "holds", |run| each(run, "short-poll", |one| empty(one, 0.1)), "does_not_hold"),
    ("hundred-thousand-requests", AS_IT_IS, "within_limits", |run| each(run, "short-poll", |one| one.requests /= 2), "does_not_hold"),
    ("held-until-data", AS_IT_IS, "holds", |run| each(run, "long-poll", |one| empty(one, 0.1)), "does_not_hold"),
    ("held-is-sub-second", AS_IT_IS, "holds", |run| each(run, "long-poll", |one| latency(one, 2e6)), "does_not_hold"),
    ("held-round-trip", AS_IT_IS, "holds", |run| each(run, "long-poll", |one| one.responses.with_events /= 10), "does_not_hold"),
    ("held-reconnects", AS_IT_IS, "does_not_hold", |run| each(run, "long-poll", |one| one.connections_opened = Some(one.requests)), "holds"),
    ("one-request-many-answers", AS_IT_IS, "holds", |run| each(run, "grpc-stream", |one| one.requests = one.responses.total), "does_not_hold"),
    ("both-ways-at-once", AS_IT_IS, "holds", |run| each(run, "grpc-bidi", |one| one.connections_opened = Some(5)), "does_not_hold"),
    ("webhooks-no-polling", AS_IT_IS, "holds", |run| each(run, "webhook", |one| empty(one, 0.1)), "does_not_hold"),
    ("webhooks-low-frequency", AS_IT_IS, "holds", |run| each(run, "webhook", |one| miss(one, 3)), "does_not_hold"),
    ("webhooks-new-connection", AS_IT_IS, "does_not_hold", |run| each(run, "webhook", |one| one.connections_opened = Some(one.events.arrived)), "holds"),
    ("webhooks-high-frequency", |run| rate(run, 500.0), "does_not_hold", |run| { rate(run, 500.0); each(run, "webhook", |one| latency(one, 2e6)) }, "holds"),
    ("conditional-no-body", AS_IT_IS, "holds", |run| each(run, "conditional-get", |one| one.responses.not_modified = 0), "does_not_hold"),
    ("conditional-bandwidth", |run| stable(run, 1), "does_not_hold", |run| stable(run, 20), "holds"),
    ("conditional-not-real-time", AS_IT_IS, "holds", |run| each(run, "conditional-get", |one| latency(one, 200.0)), "does_not_hold"),
    ("sse-one-way", |run| each(run, "sse", |one| one.wire.as_mut().unwrap().client_to_server_bytes = 0), "holds", AS_IT_IS, "does_not_hold"),
    ("sse-beats-grpc", |run| { lines(run, "sse", [1, 1]); each(run, "sse", |one| one.wire.as_mut().unwrap().server_to_client_bytes = 0) }, "holds",
        |run| { lines(run, "sse", [999, 999]); each(run, "sse", |one| latency(one, 5_000.0)) }, "does_not_hold"),
    ("grpc-web-proxy", AS_IT_IS, "does_not_hold", |run| each(run, "grpc-web", |one| miss(one, one.events.expected)), "holds"),
    ("streams-sub-100-ms", |run| rate(run, 2_000.0), "holds", |run| { each(run, "grpc-stream", |one| latency(one, 2e5)); each(run, "grpc-bidi", |one| latency(one, 2e5)) }, "does_not_hold"),
    ("only-streams-sub-100-ms", |run| rate(run, 2_000.0), "does_not_hold", |run| { rate(run, 2_000.0); each(run, "sse", |one| latency(one, 2e5)); each(run, "websocket", |one| latency(one, 2e5)) }, "holds"),
    ("only-grpc-both-ways", |run| each(run, "websocket", |one| one.confirmation_ns = Some(summary(100.0))), "does_not_hold",
        |run| each(run, "websocket", |one| one.confirmation_ns = Some(statistics::summarise(&statistics::new_histogram(), 0))), "holds"),
    ("polling-when-infrequent", |run| rate(run, 2.0), "does_not_hold", |run| { rate(run, 2.0); each(run, "short-poll", |one| one.wire = Some(Default::default())) }, "holds"),
    ("sse-reconnection", |run| each(run, "sse", |one| one.reconnects = 3), "holds", |run| each(run, "sse", |one| { one.reconnects = 3; miss(one, 1) }), "does_not_hold"),
];

/// The article's words for the complexity of the client and the server, in the order of its table. Each row has the
/// label in claim IDs and the name of the approach.
const HALVES: [(&str, &str, [&str; 2]); 6] = [
    ("short-polling", "short-poll", ["Low", "Low"]),
    ("long-polling", "long-poll", ["Medium", "Medium"]),
    ("sse", "sse", ["Low", "Low"]),
    ("websocket", "websocket", ["Medium", "Medium"]),
    ("grpc-server-streaming", "grpc-stream", ["Low", "Medium"]),
    ("grpc-bidirectional", "grpc-bidi", ["Medium", "High"]),
];

#[test]
fn every_verdict_follows_the_results() {
    let unchanged = base();
    let as_it_is = claims(&unchanged);
    for (id, change, verdict, other, turned) in TURNS {
        for (change, expected) in [(change, verdict), (other, turned)] {
            let mut run = unchanged.clone();
            change(&mut run);
            // Judging claims is slow, so the unchanged run is judged only once.
            let claims = if run == unchanged { as_it_is.clone() } else { claims(&run) };
            let claim = find(&claims, id);
            assert_eq!(claim["verdict"], **expected, "{id}: {claim:#}");
        }
    }
}

#[test]
fn every_word_for_complexity_follows_the_lines() {
    for (count, band) in [(50, "Low"), (180, "Medium"), (400, "High")] {
        let mut run = base();
        HALVES.iter().for_each(|(_, approach, _)| lines(&mut run, approach, [count, count]));
        let claims = claims(&run);
        for (label, _, words) in HALVES {
            for (half, word) in ["client", "server"].into_iter().zip(words) {
                let expected = if band == word { "holds" } else { "does_not_hold" };
                let id = format!("{half}-complexity-{label}");
                assert_eq!(find(&claims, &id)["verdict"], expected, "{id}, {count} lines");
            }
        }
    }
}

#[test]
fn no_measured_claim_is_left_out_of_these_tests() {
    let claims = claims(&base());
    let ids: BTreeSet<&str> = claims.iter().map(|claim| claim["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), claims.len(), "an ID appears twice");
    let measured =
        claims.iter().filter(|claim| !claim["measured"].is_null()).map(|claim| claim["id"].as_str().unwrap());
    let halves =
        HALVES.iter().flat_map(|(label, ..)| ["client", "server"].map(|half| format!("{half}-complexity-{label}")));
    let tested: BTreeSet<String> = TURNS.iter().map(|turn| turn.0.to_owned()).chain(halves).collect();
    assert_eq!(measured.map(str::to_owned).collect::<BTreeSet<_>>(), tested);
    for claim in &claims {
        assert_eq!(claim["threshold"].is_null(), claim["measured"].is_null(), "{claim:#}");
        assert_eq!(claim["missing"].is_null(), claim["verdict"] != "not_measured", "{claim:#}");
    }
}

#[test]
fn a_variant_without_a_valid_trial_is_not_measured() {
    for status in [Status::Invalid, Status::Failed] {
        let mut run = base();
        for trial in &mut run.trials {
            trial.status = status;
            trial.error = Some("no reason".into());
        }
        for claim in claims(&run) {
            assert_eq!(claim["verdict"], "not_measured", "{claim:#}");
            assert!(claim["missing"].as_str().unwrap().len() > 20, "{claim:#}");
        }
    }
    let mut run = base();
    run.trials.clear();
    assert!(claims(&run).iter().all(|claim| claim["verdict"] == "not_measured"));
}

#[test]
fn saturated_trials_decide_nothing() {
    let mut run = base();
    for trial in &mut run.trials {
        support::saturated::saturate(trial, Side::Both);
    }
    let claims = claims(&run);
    let decided =
        claims.iter().find(|claim| !["not_measured", "not_decided"].contains(&claim["verdict"].as_str().unwrap()));
    assert_eq!(decided, None);
    let polling = find(&claims, "hundred-thousand-requests");
    assert_eq!(polling["verdict"], "not_decided");
    assert!(polling["figures"][0]["text"].as_str().unwrap().contains("offered 1,000 requests a second, achieved 400"));
}

#[test]
fn an_invalid_trial_changes_no_verdict() {
    let mut run = base();
    let before = claims(&run);
    let mut wrong: Vec<TrialRecord> = run.trials.iter().filter(|trial| trial.round == 3).cloned().collect();
    for trial in &mut wrong {
        (trial.round, trial.status, trial.error) = (4, Status::Invalid, Some("wrong".into()));
        let measured = trial.measured.as_mut().unwrap();
        latency(measured, 3e6);
        measured.connections_opened = Some(1_000_000);
    }
    run.trials.extend(wrong);
    let verdicts = |claims: &[Value]| claims.iter().map(|claim| claim["verdict"].clone()).collect::<Vec<_>>();
    assert_eq!(verdicts(&before), verdicts(&claims(&run)));
}

#[test]
fn an_overload_decides_no_latency() {
    let mut run = base();
    for trial in &mut run.trials {
        let warned = Check {
            id: "server-saturation".into(),
            value: Some(0.4),
            threshold: Some(0.1),
            verdict: Verdict::Warn,
            note: "short of CPU time".into(),
        };
        trial.measured.as_mut().unwrap().checks.push(warned);
    }
    let claims = claims(&run);
    for id in ["latency-sse", "order-short-polling", "interval-is-latency", "held-is-sub-second", "streams-sub-100-ms"]
    {
        assert_eq!(find(&claims, id)["verdict"], "not_decided", "{id}");
    }
    assert_eq!(find(&claims, "mostly-empty")["verdict"], "holds", "an overload does not affect a claim about counts");
}

#[test]
fn an_order_needs_a_difference_that_is_shown() {
    let mut run = base();
    // The medians differ, but the rounds vary a lot.
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "long-poll") {
        latency(trial.measured.as_mut().unwrap(), if trial.round == 1 { 150.0 } else { 600.0 });
    }
    let order = find(&claims(&run), "order-long-polling").clone();
    assert_eq!(order["verdict"], "not_decided", "{order:#}");
    run.trials.retain(|trial| trial.round != 3);
    let order = find(&claims(&run), "order-long-polling").clone();
    assert_eq!(order["verdict"], "not_measured", "two rounds are too few to compare: {order:#}");
}

#[test]
fn limits_from_theory_and_settings_are_stated() {
    let mut run = base();
    each(&mut run, "long-poll", |one| {
        empty(one, 0.1);
        one.responses.timed_out = one.responses.empty;
    });
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "webhook") {
        trial.parameters.insert("connection".into(), "new-connection".into());
    }
    let claims = claims(&run);
    assert_eq!(find(&claims, "held-until-data")["verdict"], "within_limits");
    assert_eq!(find(&claims, "webhooks-new-connection")["verdict"], "not_measured");
    assert_eq!(find(&claims, "streams-sub-100-ms")["verdict"], "within_limits", "the volume is low");
    each(&mut run, "long-poll", |one| {
        empty(one, 0.0);
        one.responses.timed_out = 0;
        let theory = EmptyTheory { responses: 0, observed: 0, probability: 0.1, standard_deviation: 0.0 };
        one.responses.empty_theory = Some(theory);
    });
    let held = find(&judged::claims(&run), "held-until-data").clone();
    assert_eq!(held["verdict"], "within_limits", "the window was too short for any hold to end: {held:#}");
    let many = support::run_under(&[100_000]);
    assert_eq!(find(&judged::claims(&many), "hundred-thousand-requests")["verdict"], "holds");
}

#[test]
fn injected_faults_leave_every_claim_unmeasured() {
    let mut run = base();
    run.run.scenario["faults"] = serde_json::json!({ "lose_client": true });
    assert!(claims(&run).iter().all(|claim| claim["verdict"] == "not_measured"));
}

#[test]
fn page_and_table_count_the_claims_of_the_data() {
    let run = base();
    let (page, claims) = written(&run);
    let holding = claims.iter().filter(|claim| claim["verdict"] == "holds").count();
    assert!(table::render(&run).contains(&format!("The article's claims: {holding} hold, ")));
    assert!(page.contains(&format!("Of {} claims {holding} hold, ", claims.len())));
    assert!(page.contains("<a href=\"#claims\">") && page.contains("<section id=\"claims\">"));
    for claim in &claims {
        assert_eq!(page.matches(&format!("id=\"claim-{}\"", claim["id"].as_str().unwrap())).count(), 1, "{claim:#}");
    }
}
