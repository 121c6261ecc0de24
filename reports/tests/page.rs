//! Tests that the page is self-contained, escapes foreign text, and shows the values in `report.json`.

mod support;

use results::{
    schema::{Check, Status, Verdict},
    statistics,
};
use serde_json::Value;
use support::written;

#[test]
fn the_page_loads_nothing_from_a_network() {
    let (page, _) = written::report(&support::run());
    for asking in ["http://", "https://", "src=", "@import", "url(", "<link rel=\"stylesheet", "fetch("] {
        assert!(!page.contains(asking), "{asking}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("base-uri 'none'; form-action 'none'"));
    assert!(!page.contains("unsafe-inline") && !page.contains(" style=\"") && !page.contains(" onclick"));
    assert!(page.len() < 1 << 20);
}

#[test]
fn a_sample_of_events_is_called_a_sample() {
    let mut run = support::run();
    assert!(!written::report(&run).0.contains(">one in "));
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "sse") {
        trial.measured.as_mut().unwrap().event_entries_one_of = 8;
    }
    let (page, data) = written::report(&run);
    assert_eq!(page.matches(">one in 8</small>").count(), 1);
    assert_eq!(data["loads"][0]["rows"][2]["merged"]["event_entries_one_of"], 8);
}

#[test]
fn a_long_sweep_keeps_the_page_small() {
    let clients: Vec<u32> = (1..=8).map(|step| step * 100).collect();
    let (page, data) = written::report(&support::run_under(&clients));
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert!(page.contains("Left out here to keep the page small: "));
    assert_eq!(data["loads"].as_array().unwrap().len(), 8);
    assert!(page.contains("p50 against clients, with 50 events a second"));
}

#[test]
fn every_figure_of_the_table_is_in_the_data() {
    let (page, data) = written::report(&support::run());
    let rows = data["loads"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 11);
    for row in rows {
        let merged = &row["merged"];
        let p50 = merged["latency_ns"]["p50"].as_u64().unwrap();
        let histogram = statistics::decode(merged["latency_ns"]["histogram"].as_str().unwrap()).unwrap();
        assert_eq!(histogram.value_at_quantile(0.5), p50);
        assert!(page.contains(&format!("data-order=\"{p50}\"")), "p50 of {}", row["variant"]);
        for key in ["bytes_per_event", "empty_share"] {
            let number = merged[key].as_f64().unwrap();
            assert!(page.contains(&format!("data-order=\"{number}\"")), "{key} of {}", row["variant"]);
        }
    }
}

#[test]
fn the_distance_from_theory_is_computed_once() {
    let mut run = support::run();
    let (page, data) = written::report(&run);
    let deviation = |data: &Value| data["loads"][0]["rows"][0]["merged"]["empty_deviation"].as_f64();
    assert!(deviation(&data).is_some_and(|far| far < 4.0));
    assert!(page.contains(">within chance</small>") && !page.contains("beyond chance"));
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "short-poll") {
        let theory = trial.measured.as_mut().unwrap().responses.empty_theory.as_mut().unwrap();
        theory.observed = (theory.responses as f64 * theory.probability + 10.0 * theory.standard_deviation) as u64;
    }
    let (page, data) = written::report(&run);
    // Ten standard deviations in each of three rounds add up to 10 · √3.
    assert!((17.2..17.4).contains(&deviation(&data).unwrap()), "{:?}", deviation(&data));
    assert_eq!(page.matches("from theory; chance explains up to 4\">≠ beyond chance</small>").count(), 1);
    assert_eq!(page.matches("title=\"17.").count(), 1);
    assert_eq!(page.matches("(17.3 standard deviations off)").count() + page.matches("(17.2 standard").count(), 1);
}

#[test]
fn the_articles_word_stands_beside_the_measured_one() {
    let (page, data) = written::report(&support::decisive::run());
    let row = &data["loads"][0]["rows"][1];
    assert_eq!((&row["approach"], &row["latency"]["word"]), (&"long-poll".into(), &"Medium".into()));
    assert_eq!((&row["latency"]["measured"], &row["latency"]["agrees"]), (&"low".into(), &false.into()));
    assert!(page.contains(&complexity::rule()));
    assert!(page.contains("Synthetic numbers, for looking at the page."));
    assert!(page.contains("delivery-bench run scenarios/bench-all.toml --seed 1"));
}

#[test]
fn every_mark_in_a_chart_carries_its_variant() {
    let (page, _) = written::report(&support::run());
    for approach in support::APPROACHES {
        // The curves have a second mark at the end of the line, four charts also mark the name of the row, and both
        // fronts have one mark.
        let marks = page.matches(&format!("<g data-v=\"{}\"", approach.name)).count();
        assert!(marks >= 14, "{}: {marks}", approach.name);
    }
    assert!(page.contains("<g data-v=\"sse\" data-c=\"3\">"), "the client's column in a chart with both sides");
}

#[test]
fn methodology_and_biases_are_on_the_page() {
    let (page, _) = written::report(&support::run());
    for said in [
        "href=\"#method\"",
        "href=\"#validity\"><span class=\"agrees\">✓ valid: 33 of 33 trials</span>",
        "<strong>The load is an open loop.</strong>",
        "<strong>Loopback.</strong>",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn each_chart_has_a_text_alternative_and_a_table() {
    let (page, _) = written::report(&support::run());
    let drawings = page.matches("<svg class=\"chart\"").count();
    assert_eq!(drawings, 10);
    assert_eq!(page.matches("role=\"img\" aria-labelledby=").count(), drawings);
    assert_eq!(page.matches("<desc id=").count(), drawings);
    // One table per drawing. Five more: the article, the checks, the samples, the other durations, and memory. Two per
    // side: the metrics, and the names behind them. One from a document, and two for the advice.
    let claims = page.matches("<table class=\"claims\"").count();
    assert_eq!(page.matches("<table").count() - claims, drawings + 5 + 4 + 3);
}

#[test]
fn the_same_results_make_the_same_page() {
    assert_eq!(written::report(&support::run()), written::report(&support::run()));
}

#[test]
fn a_run_without_a_valid_trial_is_reported_as_such() {
    let mut run = support::run();
    for trial in &mut run.trials {
        trial.status = Status::Invalid;
        trial.error = Some("the clock went backwards".into());
    }
    let (page, _) = written::report(&run);
    assert!(page.contains("no approach has a valid median: nothing can be said."));
    assert!(page.contains("the clock went backwards"));
    run.trials.clear();
    let (page, _) = written::report(&run);
    assert!(page.contains("No trial of the table was recorded: nothing can be said."));
}

#[test]
fn the_page_shows_the_sample_behind_a_median() {
    let (page, data) = written::report(&support::decisive::run());
    let row = &data["loads"][0]["rows"][2];
    let merged = &row["merged"];
    assert_eq!((&merged["effective_observations"], merged["rounds"].as_array().unwrap().len()), (&2036.into(), 8));
    let bounds = |value: &Value| [0, 1].map(|index| value[index].as_f64().unwrap());
    let [least, most] = bounds(&merged["interval_over_rounds_ns"]);
    let p50s = merged["rounds"].as_array().unwrap().iter().map(|round| round["latency_ns"]["p50"].as_f64().unwrap());
    // With eight rounds, the interval is from the least to the largest.
    assert!(p50s.clone().all(|p50| (least..=most).contains(&p50)), "{merged:#}");
    assert!(p50s.clone().any(|p50| p50 < least + 2.0) && p50s.clone().any(|p50| p50 > most - 2.0), "{merged:#}");
    let [least, most] = bounds(&row["times_floor_interval"]);
    let times = row["times_floor"].as_f64().unwrap();
    assert!(least < times && times < most && row["least_detectable_ratio"].as_f64().unwrap() > 1.0, "{row:#}");
    for said in [
        "<td data-order=\"2036\">2,036</td>",
        "What each median rests on",
        "title=\"99 % interval of the median, from the differences between rounds\">",
        "title=\"99 % interval of the ratio\">",
        ">least shown ",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn a_check_of_two_values_has_two_lines() {
    let (page, data) = written::report(&support::run());
    let totals = data["validity"]["checks"].as_array().unwrap();
    let empties: Vec<_> = totals.iter().filter(|total| total["id"] == "empties-oracle").collect();
    assert_eq!(empties.len(), 2);
    assert_eq!([&empties[0]["passed"], &empties[1]["passed"]], [&9, &24]);
    assert!(page.contains("All 3 warnings, one by one"));
    let mut run = support::run();
    run.trials.retain(|trial| trial.approach != "sse" || trial.round == 1);
    assert!(written::report(&run).0.contains("The warning, with its round"));
}

#[test]
fn injected_faults_are_named_at_the_top() {
    let mut run = support::run();
    assert!(!written::report(&run).0.contains("No measurement"));
    run.run.scenario["faults"] = serde_json::json!({ "drop": "<b>" });
    let (page, data) = written::report(&run);
    let said = "No measurement: faults were injected on purpose: drop = &lt;b&gt;; this is a test of the checks and no \
                measurement.";
    assert!(page.find(said).unwrap() < page.find("class=\"verdict\"").unwrap());
    assert!(data["faults"].is_string());
}

#[test]
fn the_page_shows_the_machines_worst_moment() {
    let (page, data) = written::report(&support::run());
    let surroundings = &data["validity"]["surroundings"];
    assert_eq!((&surroundings["foreign_share"], &surroundings["throttled_us"]), (&0.03.into(), &Value::Null));
    assert_eq!(surroundings["sleeper_ns"]["count"], 66_000);
    assert!(page.contains("Host, at worst, of each in any valid trial"));
    assert!(page.contains("steal 0.1 %, other processes 3.0 %"));
    assert!(page.contains("of the time</dd>"));
    assert!(page.contains(">lines</small><small>cognitive "));
}

#[test]
fn a_mark_beside_a_latency_agrees_with_the_claim() {
    let mut run = support::decisive::run();
    run.trials.retain(|trial| !(trial.approach == "websocket" && trial.round == 2));
    // The rounds are in different bands, which the ratio of the medians does not show.
    for trial in run.trials.iter_mut().filter(|trial| trial.approach == "grpc-bidi") {
        let middle = if trial.round % 2 == 1 { 180_000 } else { 400_000 };
        let medians = support::histogram((0..250).map(|k| middle + k * 10));
        let measured = trial.measured.as_mut().unwrap();
        measured.latency_ns = statistics::summarise(&medians, 250);
        measured.event_median_ns = measured.latency_ns.clone();
    }
    let (page, data) = written::report(&run);
    let verdict = |id: &str| {
        let claims = data["claims"].as_array().unwrap();
        claims.iter().find(|claim| claim["id"] == id).unwrap()["verdict"].clone()
    };
    let rows = data["loads"][0]["rows"].as_array().unwrap();
    for (approach, claim, holding, agrees) in [
        ("short-poll", "latency-short-polling", "holds", Value::Bool(true)),
        ("long-poll", "latency-long-polling", "does_not_hold", Value::Bool(false)),
        ("sse", "latency-sse", "holds", Value::Bool(true)),
        ("websocket", "latency-websocket", "not_measured", Value::Null),
        ("grpc-bidi", "latency-grpc-bidirectional", "not_decided", Value::Null),
    ] {
        let row = rows.iter().find(|row| row["approach"] == approach).unwrap();
        assert_eq!((verdict(claim), &row["latency"]["agrees"]), (holding.into(), &agrees), "{row:#}");
    }
    let sign = |said: &str, sign: &str| format!("aria-label=\"{said}\" title=\"{said}\">{sign}</span>");
    for said in [sign("as measured", "="), sign("not as measured", "≠"), sign("not decided", "?")] {
        assert!(page.contains(&said), "{said}");
    }
    // The word "low" is an upper bound, which "very low" meets too. "Low" does not meet the word "very low".
    for (found, count) in [("<small>too few rounds</small>", 1), ("<small>very low to low</small>", 2)] {
        assert_eq!(page.matches(found).count(), count, "{found}");
    }
}

#[test]
fn a_tail_with_a_warning_is_marked_and_the_first_screen_warns() {
    let mut run = support::run();
    let (page, _) = written::report(&run);
    assert!(!page.contains("title=\"warned: "));
    let glance = "✓ valid: 33 of 33 trials</span>; <span class=\"warns\">! 3 warnings: hiccup (sse)</span></a>";
    assert!(page.contains(glance));
    for (round, id) in [(1, "lateness"), (2, "omission-gap")] {
        let trial = run.trials.iter_mut().find(|trial| trial.approach == "webhook" && trial.round == round).unwrap();
        let checks = &mut trial.measured.as_mut().unwrap().checks;
        checks.retain(|check| check.id != id);
        let (value, note) = (Some(0.12), "late".into());
        checks.push(Check { id: id.into(), value, threshold: Some(0.1), verdict: Verdict::Warn, note });
    }
    let (page, data) = written::report(&run);
    // The mark is in the article's table and beside the curves.
    let said =
        "role=\"img\" aria-label=\"warned: lateness, omission-gap\" title=\"warned: lateness, omission-gap\">!</span>";
    assert_eq!(page.matches(said).count(), 2);
    let warned = data["loads"][0]["rows"].as_array().unwrap().iter().filter(|row| row["tail_warnings"][0].is_string());
    assert_eq!(warned.map(|row| &row["approach"]).collect::<Vec<_>>(), ["webhook"]);
    for trial in &mut run.trials {
        trial.measured.as_mut().unwrap().checks.clear();
    }
    assert!(written::report(&run).0.contains("trials</span>; <span class=\"agrees\">no warnings</span></a>"));
}
