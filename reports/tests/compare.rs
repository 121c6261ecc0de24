//! Tests comparisons of two runs. Only differences that the intervals show are reported, and other differences between
//! the runs are listed first.

mod support;

use reports::compare::{CompareError, Comparison, Figure, Judgement, compare, render};
use results::{
    schema::{Status, TrialRecord},
    statistics,
    store::Run,
};
use serde_json::json;

fn figure<'a>(comparison: &'a Comparison, variant: &str, metric: &str) -> &'a Figure {
    let pair = comparison.loads[0].variants.iter().find(|pair| pair.variant == variant).unwrap();
    pair.figures.iter().find(|figure| figure.metric == metric).unwrap()
}

/// Multiplies all latencies and event medians of an approach by a factor.
fn slower(run: &mut Run, approach: &str, times: f64) {
    for trial in of(run, approach) {
        let measured = trial.measured.as_mut().unwrap();
        for summary in [&mut measured.latency_ns, &mut measured.event_median_ns] {
            let old = statistics::decode(&summary.histogram).unwrap();
            let values = old.iter_recorded().flat_map(|value| {
                std::iter::repeat_n((value.value_iterated_to() as f64 * times) as u64, value.count_at_value() as usize)
            });
            *summary = statistics::summarise(&support::histogram(values), summary.count);
        }
    }
}

fn of<'a>(run: &'a mut Run, approach: &'a str) -> impl Iterator<Item = &'a mut TrialRecord> {
    run.trials.iter_mut().filter(move |trial| trial.approach == approach)
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let run = support::decisive::run();
    let comparison = compare(&run, &run).unwrap();
    assert!(comparison.like_with_like && comparison.apart.is_empty());
    assert_eq!(comparison.notices, ["A and B are the same run, so no figure can differ"]);
    assert_eq!((comparison.shown, comparison.loads[0].variants.len()), (0, support::APPROACHES.len()));
    let judged = comparison.loads[0].variants.iter().flat_map(|pair| &pair.figures);
    assert!(judged.clone().all(|figure| figure.ratio.is_none_or(|ratio| ratio == 1.0)), "{comparison:?}");
    let p50s = judged.filter(|figure| figure.metric == "p50_ns");
    assert!(p50s.map(|figure| figure.judgement).all(|judgement| judgement == Judgement::NoneShown));
    let text = render(&comparison);
    assert!(text.contains("No difference shown, of ") && !text.contains("NOT LIKE WITH LIKE"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn a_clear_shift_is_shown_only_where_it_is() {
    let (a, mut b) = (support::decisive::run(), support::decisive::run());
    slower(&mut b, "sse", 1.5);
    for trial in of(&mut b, "webhook") {
        let cpu = &mut trial.measured.as_mut().unwrap().cpu;
        cpu.server_us = cpu.server_us.map(|used_us| used_us / 2);
    }
    let comparison = compare(&a, &b).unwrap();
    let p50 = figure(&comparison, "sse", "p50_ns");
    assert!(p50.judgement == Judgement::More && (1.45..1.55).contains(&p50.ratio.unwrap()), "{p50:?}");
    let cpu = figure(&comparison, "webhook", "server_us_per_event");
    assert!(cpu.judgement == Judgement::Less && (0.49..0.51).contains(&cpu.ratio.unwrap()), "{cpu:?}");
    assert_eq!(figure(&comparison, "sse", "p99_ns").judgement, Judgement::NotJudged);
    assert_eq!(comparison.shown, 2);
    let text = render(&comparison);
    assert!(text.contains("↑ 1.50") && text.contains("↓ 0.500") && text.contains("2 shown, of "), "{text}");
    let back = compare(&b, &a).unwrap();
    assert_eq!(figure(&back, "sse", "p50_ns").judgement, Judgement::Less);
}

#[test]
fn one_round_shows_no_difference() {
    let (mut a, mut b) = (support::run(), support::run());
    for run in [&mut a, &mut b] {
        run.trials.retain(|trial| trial.round == 1);
        run.run.planned_trials = run.trials.len() as u32;
    }
    slower(&mut b, "sse", 9.0);
    let comparison = compare(&a, &b).unwrap();
    assert_eq!((comparison.judged, comparison.shown), (0, 0));
    let text = render(&comparison);
    assert!(text.contains("No difference shown: no figure has an interval"), "{text}");
    assert!(!text.contains('↑') && !text.contains('≈'), "{text}");
}

#[test]
fn other_differences_are_named_first() {
    let (a, mut b) = (support::run(), support::run());
    b.run.environment.boot_id = "another".into();
    b.run.tool.git_revision = "fedcba9876543210".into();
    b.run.tool.dirty = true;
    b.run.scenario["window"] = json!({ "measure": "10s" });
    b.run.scenario["title"] = json!("another title");
    for trial in of(&mut b, "sse") {
        trial.parameters.insert("heartbeat".into(), "1s".into());
    }
    let comparison = compare(&a, &b).unwrap();
    let what: Vec<&str> = comparison.apart.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["commit", "boot", "beside the commit", "window.measure", "settings of sse"]);
    assert!(!comparison.like_with_like);
    let text = render(&comparison);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("`{words}` is not in {text}"));
    assert!(at("NOT LIKE WITH LIKE") < at("boot: 00000000-0000-0000-0000-000000000000 in A, another in B"));
    assert!(at("beside the commit: none in A, uncommitted changes in B") < at("× floor"));
}

#[test]
fn a_different_floor_is_named() {
    let (a, mut b) = (support::decisive::run(), support::decisive::run());
    slower(&mut b, "raw-tcp", 2.0);
    let comparison = compare(&a, &b).unwrap();
    assert!(comparison.notices[0].starts_with("raw-tcp, the floor, differs by itself (p50_ns × 2.0"), "{comparison:?}");
}

#[test]
fn lists_loads_and_variants_of_only_one_run() {
    let a = support::run_under(&[100, 1000]);
    let mut b = support::run_under(&[1000, 5000]);
    b.trials.retain(|trial| trial.approach != "sse");
    for trial in of(&mut b, "webhook") {
        trial.status = Status::Failed;
        trial.error = Some("it broke".into());
    }
    let comparison = compare(&a, &b).unwrap();
    assert_eq!(comparison.loads.len(), 1);
    assert_eq!(comparison.loads[0].load_a.clients, 1000);
    let only_in_a = comparison.only_in_a.join("\n");
    assert!(only_in_a.contains("100 clients and 50 events a second: short-poll, "), "{only_in_a}");
    assert!(only_in_a.contains("sse under 1,000 clients"), "{only_in_a}");
    assert!(
        only_in_a.contains("webhook under 1,000 clients and 50 events a second, without a valid trial in the other")
    );
    assert_eq!(comparison.only_in_b.len(), 1);
    assert!(!comparison.like_with_like && comparison.notices[0].starts_with("B is not whole: "));
}

#[test]
fn different_single_loads_are_compared_and_marked() {
    let comparison = compare(&support::run_under(&[1000]), &support::run_under(&[5000])).unwrap();
    assert_eq!(comparison.loads.len(), 1);
    assert_eq!((comparison.apart[0].what.as_str(), comparison.apart[0].b.as_str()), ("load.clients", "5000"));
    assert!(!comparison.like_with_like);
}

#[test]
fn a_run_with_faults_is_refused() {
    let (a, mut b) = (support::run(), support::run());
    b.run.scenario["faults"] = json!({ "drop": 0.01 });
    let refused = compare(&a, &b).unwrap_err();
    assert!(matches!(&refused, CompareError::Faults { which: "second", faults } if faults.contains("drop = 0.01")));
    assert!(refused.to_string().starts_with("the second run is no measurement: faults were injected"));
}

#[test]
fn names_have_no_control_characters() {
    let name = "\u{1b}[2J\u{1b}]0;owned\u{7}<b>\r\n";
    let mut run = support::run();
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.variant = name.into();
    }
    let mut other = run.clone();
    other.run.scenario_name = name.into();
    other.run.scenario["\u{1b}[31m"] = json!("\u{1b}[0m");
    other.trials.retain(|trial| trial.approach != "sse");
    for text in [render(&compare(&run, &run).unwrap()), render(&compare(&run, &other).unwrap())] {
        assert!(text.contains("[2J") && text.chars().all(|one| one == '\n' || !one.is_control()), "{text:?}");
    }
}
