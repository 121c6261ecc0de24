//! Tests the sentences at the top of the report of a sweep. Page, data and terminal show the same ones.

mod support;

use reports::{saturation::Side, table};
use results::{
    schema::{Check, Status, Verdict},
    statistics,
    store::Run,
};
use support::saturated::{of, saturate};

const LOADS: [u32; 3] = [1_000, 5_000, 20_000];
const OBJECTIVE: &str = " The objective: every trial valid, nothing missed, p99 at most 100 ms or, for polling \
                         approaches, the interval plus 100 ms. ";

/// Writes the report of a run. Returns its page, and the verdict in its data.
fn written(run: &Run) -> (String, String) {
    let (page, data) = support::written::report(run);
    (page, data["verdict"].as_str().unwrap().to_owned())
}

/// Returns the part of the verdict that says up to which load each variant meets the objective.
fn how_far(run: &Run) -> String {
    let verdict = written(run).1;
    verdict.split_once(OBJECTIVE).unwrap_or_else(|| panic!("no objective: {verdict}")).0.to_owned()
}

#[test]
fn page_data_and_terminal_say_the_same() {
    let run = support::run_under(&LOADS);
    let (page, verdict) = written(&run);
    assert!(table::render(&run).replace('\n', " ").starts_with(&format!("{verdict} ")), "{verdict}");
    assert!(page.contains(&format!("<p class=\"verdict\">{verdict}</p>")), "{verdict}");
    let (far, of_heaviest) = verdict.split_once(OBJECTIVE).unwrap();
    let all = "all 11 variants meet the objective up to 20,000 clients, the heaviest load that was tried.";
    assert_eq!(far, format!("With 50 events a second, {all}"));
    assert!(of_heaviest.starts_with("With 20,000 clients and 50 events a second, "), "{of_heaviest}");
}

#[test]
fn each_load_has_one_headline_on_the_page() {
    let (page, _) = written(&support::run_under(&[1_000, 20_000]));
    for clients in ["1,000", "20,000"] {
        let load = format!("{clients} clients and 50 events a second");
        assert_eq!(page.matches(&format!("With {load}, ")).count(), 1, "{load}");
        assert_eq!(page.matches(&format!("<summary>{load}</summary>")).count(), 3, "{load}");
    }
}

#[test]
fn a_single_load_is_not_a_sweep() {
    let (_, verdict) = written(&support::run());
    assert!(verdict.starts_with("With 1,000 clients ") && !verdict.contains("objective"), "{verdict}");
}

#[test]
fn names_variants_with_fewer_loads() {
    let mut run = support::run_under(&LOADS);
    of(&mut run, "sse", 20_000).for_each(|trial| saturate(trial, Side::LoadGenerator));
    for (approach, clients) in [("grpc-stream", 20_000), ("websocket", 5_000), ("grpc-web", 5_000), ("webhook", 1_000)]
    {
        of(&mut run, approach, clients).for_each(|trial| trial.status = Status::Failed);
    }
    let said = "With 50 events a second, 6 of 11 variants meet the objective up to 20,000 clients, the heaviest load that \
                was tried; sse and grpc-stream up to 5,000 clients; websocket and grpc-web up to 1,000 clients; webhook \
                under no load that was tried. Where sse falls short, the load generator was the limit, or one of two.";
    assert_eq!(how_far(&run), said);
}

#[test]
fn says_nothing_that_no_figure_supports() {
    let mut run = support::run_under(&LOADS);
    let few = statistics::summarise(&support::histogram([300_000; 100]), 100);
    for clients in LOADS {
        for measured in of(&mut run, "long-poll", clients).filter_map(|trial| trial.measured.as_mut()) {
            (measured.event_median_ns, measured.effective_events) = (few.clone(), 100);
        }
    }
    let far = how_far(&run);
    assert!(far.contains(", 10 of 11 variants meet the objective up to 20,000 clients, "), "{far}");
    assert!(far.ends_with("; long-poll has too few events to be judged."), "{far}");
    run.trials.retain(|trial| trial.approach == "long-poll");
    assert_eq!(how_far(&run), "With 50 events a second, long-poll has too few events to be judged.");
}

#[test]
fn names_few_variants_and_speaks_of_rates_in_a_sweep_of_rates() {
    let mut run = support::run_under(&LOADS);
    run.trials.retain(|trial| ["sse", "websocket"].contains(&trial.approach.as_str()));
    for trial in &mut run.trials {
        trial.load.events_per_second = f64::from(trial.load.clients) / 100.0;
        trial.load.clients = 700;
    }
    let said = "With 700 clients, sse and websocket meet the objective up to 200 events a second, the heaviest load that \
                was tried.";
    assert_eq!(how_far(&run), said);
}

/// Spreads the latencies and the event medians of an approach evenly over a range in microseconds.
fn medians(run: &mut Run, approach: &str, [least, most]: [u64; 2]) {
    for measured in of(run, approach, 1_000).filter_map(|trial| trial.measured.as_mut()) {
        let values = (0..1_000).map(|k| least * 1_000 + (most - least) * k);
        let summary = statistics::summarise(&support::histogram(values), 1_000);
        (measured.latency_ns, measured.event_median_ns) = (summary.clone(), summary);
    }
}

#[test]
fn names_a_difference_below_the_floor() {
    let mut run = support::decisive::run();
    for (approach, range) in [("websocket", [70, 125]), ("sse", [130, 193]), ("raw-tcp", [200, 210])] {
        medians(&mut run, approach, range);
    }
    let (_, verdict) = written(&run);
    let said = ", websocket has the smallest p50, and sse is below the floor, too, which is noise: ";
    assert!(verdict.contains(said) && !verdict.contains("no difference"), "{verdict}");
    assert!(verdict.contains("A ratio below 1 does not mean faster than the floor"), "{verdict}");
    medians(&mut run, "grpc-web", [65, 130]);
    let (_, verdict) = written(&run);
    let said =
        " have the smallest p50 (no difference between them is shown), and sse is below the floor, too, which is noise";
    assert!(verdict.contains(said), "{verdict}");
}

#[test]
fn says_what_the_run_cannot_tell_and_what_the_floor_is() {
    let mut run = support::decisive::run();
    run.run.approaches.iter_mut().find(|facts| facts.floor).unwrap().summary = "bare frames: no advice".into();
    let (page, verdict) = written(&run);
    let each = "With 1,000 clients and 50 events a second, each for 5 clients (one per client every 4 s), sse and ";
    assert!(verdict.starts_with(each), "{verdict}");
    let (taken, hidden) = verdict.split_once(" Differences from the floor of less than ").expect("the run has a limit");
    assert!(hidden.ends_with(
        " may go unnoticed, and the run does not say what a network, TLS or a proxy adds: both ends share one machine."
    ));
    assert_eq!(taken.matches(". ").count(), 0, "one sentence says what to take from the run: {taken}");
    let floor = "The floor is raw-tcp: bare frames.";
    assert!(table::render(&run).contains(floor) && page.contains(floor));
    run.trials.retain(|trial| trial.approach != "raw-tcp");
    run.trials.iter_mut().for_each(|trial| trial.load.symbols = 1);
    let (_, verdict) = written(&run);
    assert!(verdict.contains(" a second, each for every client, ") && !verdict.contains("floor"), "{verdict}");
    assert!(
        verdict.ends_with(" The run does not say what a network, TLS or a proxy adds: both ends share one machine.")
    );
}

#[test]
fn an_overload_never_has_the_smallest_p50() {
    let mut run = support::decisive::run();
    overload(&mut run, "sse");
    let (_, verdict) = written(&run);
    assert!(verdict.contains(", of those compared, websocket has the smallest p50: "), "{verdict}");
    assert!(verdict.contains(" sse was overloaded and is not compared."), "{verdict}");
    for approach in support::APPROACHES {
        overload(&mut run, approach.name);
    }
    let (_, verdict) = written(&run);
    assert!(verdict.contains(", no median but those of an overload is there to compare. short-poll, "), "{verdict}");
    assert!(!verdict.contains("smallest p50"), "{verdict}");
}

/// Adds a warning that the server of this approach was short of CPU time.
fn overload(run: &mut Run, approach: &str) {
    for measured in of(run, approach, 1_000).filter_map(|trial| trial.measured.as_mut()) {
        let note = "short of CPU time".into();
        let id = "server-saturation".into();
        measured.checks.push(Check { id, value: Some(0.4), threshold: Some(0.1), verdict: Verdict::Warn, note });
    }
}

#[test]
fn a_variant_without_a_valid_trial_is_not_compared() {
    let mut run = support::decisive::run();
    for approach in ["sse", "grpc-stream"] {
        of(&mut run, approach, 1_000).for_each(|trial| trial.status = Status::Invalid);
    }
    let (_, verdict) = written(&run);
    assert!(verdict.contains(", of those compared, websocket has the smallest p50: "), "{verdict}");
    assert!(verdict.contains(" sse and grpc-stream have no valid trial and are not compared."), "{verdict}");
    of(&mut run, "grpc-stream", 1_000).for_each(|trial| trial.status = Status::Ok);
    assert!(written(&run).1.contains(" sse has no valid trial and is not compared."));
}
