//! Tests how the page shows a sweep: every quantity against the number of clients, the largest load that each approach
//! carries, and loads at which the harness was the limit and not the server.

mod support;

use reports::saturation::Side;
use results::{schema::Status, statistics, store::Run};
use serde_json::Value;
use support::{
    saturated::{of, saturate},
    written,
};

const LOADS: [u32; 3] = [1_000, 5_000, 20_000];

/// Returns the figure with this heading.
fn figure<'a>(page: &'a str, title: &str) -> &'a str {
    let heading = format!("<h3>{title}</h3>");
    let (_, rest) = page.split_once(&heading).unwrap_or_else(|| panic!("no figure {title}"));
    rest.split_once("</figure>").unwrap().0
}

/// Returns the row of an approach in a figure's table.
fn row<'a>(figure: &'a str, approach: &str) -> &'a str {
    let (_, rest) = figure.split_once(&format!("<i>{approach}</i>")).unwrap_or_else(|| panic!("no row {approach}"));
    rest.split_once("</tr>").unwrap().0
}

const P50: &str = "Latency, p50 against clients, with 50 events a second";
const DELIVERED: &str = "Delivered over expected against clients, with 50 events a second";
const REACH: &str = "Most clients that meet the objective, with 50 events a second";

#[test]
fn charts_every_quantity_against_clients() {
    let (page, data) = written::report(&support::run_under(&LOADS));
    for title in [
        "Latency, p50",
        "Latency, p99",
        "Time to last, p50",
        "Delivered over expected",
        "Achieved over offered",
        "CPU time of the server",
        "CPU time of the clients",
        "Memory of the server, idle",
        "Memory of the server, active",
        "Memory of the clients, idle",
        "Memory of the clients, active",
        "Memory of the kernel for both ends, idle",
        "Memory of the kernel for both ends, active",
    ] {
        let figure = figure(&page, &format!("{title} against clients, with 50 events a second"));
        assert!(figure.contains("<desc id=\"sweep-clients-0-") && figure.contains("<polyline"), "{title}: {figure}");
        let rows = figure.matches("<th scope=\"row\"").count();
        assert_eq!(rows, if title.starts_with("Achieved") { 3 } else { 11 }, "{title}");
        assert!(!figure.contains("hollow") && !figure.contains("Hollow"), "{title}");
    }
    // The table shows the merged values of the heaviest load.
    let merged = &data["loads"][2]["rows"][2]["merged"];
    for (title, value) in [
        ("Time to last, p50", &merged["time_to_last_ns"]["p50"]),
        ("Memory of the kernel for both ends, active", &merged["memory"]["kernel_bytes"]),
    ] {
        let figure = figure(&page, &format!("{title} against clients, with 50 events a second"));
        assert!(row(figure, "sse").contains(&format!("<td data-order=\"{}\">", value.as_f64().unwrap())), "{title}");
    }
    // The kernel's memory is unknown below 5,000 clients.
    let kernel = figure(&page, "Memory of the kernel for both ends, idle against clients, with 50 events a second");
    assert!(row(kernel, "sse").contains("</th><td>–</td><td data-order=\"7000\">7.00 KB</td>"), "{kernel}");
}

#[test]
fn charts_a_sweep_of_rates_against_rates() {
    let mut run = support::run_under(&LOADS);
    for trial in &mut run.trials {
        trial.load.events_per_second = f64::from(trial.load.clients) / 100.0;
        trial.load.clients = 700;
    }
    let (page, data) = written::report(&run);
    let p99 = figure(&page, "Latency, p99 against events a second, with 700 clients");
    assert!(p99.contains("<th scope=\"col\">200 events a second</th>"), "{p99}");
    assert!(!page.contains(" against clients, ") && data["reaches"].as_array().unwrap().len() == 1);
    let reach = figure(&page, "Most events a second that meet the objective, with 700 clients");
    assert!(row(reach, "sse").contains("<td data-order=\"200\">200 events a second</td>"), "{reach}");
}

#[test]
fn a_point_limited_by_the_harness_is_hollow() {
    let plain = written::report(&support::run_under(&LOADS)).0;
    let mut run = support::run_under(&LOADS);
    of(&mut run, "sse", 20_000).for_each(|trial| saturate(trial, Side::LoadGenerator));
    let (page, data) = written::report(&run);
    let p50 = figure(&page, P50);
    assert!(
        p50.contains("hollow: SATURATED, the load generator was the limit, or one of two; no valid trial</text>"),
        "{p50}"
    );
    assert!(p50.contains(
        "Hollow: the load generator was the bottleneck, alone or with the server: sse at 20,000 clients.</desc>"
    ));
    // The line to the point is dotted, and the marker is filled with the paper's color.
    assert_eq!((p50.matches(" d6\"").count(), p50.matches("class=\"f-paper\"").count()), (1, 1), "{p50}");
    assert!(!figure(&plain, P50).contains(" d6\"") && !figure(&plain, P50).contains("f-paper"));
    assert!(row(p50, "sse").ends_with(" <small class=\"differs\">SATURATED</small></td>"), "{p50}");
    let saturated = &data["loads"][2]["rows"][2]["saturated"];
    assert_eq!((&saturated["side"], &saturated["trials"]), (&"load_generator".into(), &3.into()));
    assert_eq!(data["loads"][2]["rows"][2]["merged"], Value::Null);
    assert!(page.contains("0 of 3 <small class=\"differs\">3 saturated</small></td>"));
    assert!(page.contains("<p class=\"warns\">sse: offered 5,040 deliveries a second, achieved 2,016 (40.0 %); "));
    // If both sides are saturated, the harness is still a limit.
    of(&mut run, "sse", 20_000).for_each(|trial| saturate(trial, Side::Server));
    assert!(figure(&written::report(&run).0, P50).contains("hollow: "));
}

#[test]
fn marks_saturation_and_overload_and_omits_other_invalid_trials() {
    let mut run = support::run_under(&LOADS);
    of(&mut run, "sse", 20_000).for_each(|trial| saturate(trial, Side::Server));
    // A valid trial with a saturated server is an overload.
    for trial in of(&mut run, "long-poll", 20_000) {
        saturate(trial, Side::Server);
        trial.status = Status::Ok;
    }
    for trial in of(&mut run, "websocket", 20_000) {
        trial.status = Status::Invalid;
        trial.error = Some("delivery: missed 1".into());
    }
    let page = written::report(&run).0;
    let p50 = figure(&page, P50);
    for legend in [
        "hollow and ringed: SATURATED, the server alone was short of CPU time; no valid trial</text>",
        "ringed: OVERLOAD, valid, and the server was short of CPU time</text>",
        " Hollow and ringed, since the server alone was the limit: sse at 20,000 clients.</desc>",
    ] {
        assert!(p50.contains(legend), "{p50}");
    }
    assert!(!p50.contains("hollow: "), "{p50}");
    let drawn = ["r=\"15\"", " d6\"", "class=\"f-paper\""].map(|mark| p50.matches(mark).count());
    assert_eq!(drawn, [2, 1, 1], "expected two rings, one around a hollow mark at the end of a dotted line: {p50}");
    assert!(row(p50, "sse").ends_with(" <small class=\"differs\">SATURATED</small></td>"), "{p50}");
    assert!(row(p50, "long-poll").ends_with(" <small class=\"differs\">OVERLOAD</small></td>"), "{p50}");
    assert!(row(p50, "websocket").ends_with("<td>–</td>"), "{p50}");
}

#[test]
fn the_takeaway_names_what_falls_short_of_the_offered_load() {
    let mut run = support::run_under(&LOADS);
    // A snapshot skips states that newer ones have replaced: here a tenth of them.
    let least = "All of it under every load: 10 of 11 variants. Least: conditional-get, 90.0 % at 20,000 clients.";
    assert!(
        figure(&written::report(&run).0, DELIVERED).contains(least),
        "{}",
        figure(&written::report(&run).0, DELIVERED)
    );
    // Invalid trials are not compared, so they do not fall short.
    of(&mut run, "short-poll", 20_000).for_each(|trial| saturate(trial, Side::Both));
    let page = written::report(&run).0;
    let least = "All of it under every load with valid trials: 10 of 11 variants. Least: conditional-get, 90.0 % at \
                 20,000 clients. Hollow: ";
    assert!(figure(&page, DELIVERED).contains(least), "{}", figure(&page, DELIVERED));
    let achieved = figure(&page, "Achieved over offered against clients, with 50 events a second");
    assert!(achieved.contains(">All of it of every variant, under every load with valid trials. Hollow: "));
}

#[test]
fn saturated_trials_do_not_count_as_growth() {
    let mut run = support::run_under(&LOADS);
    let growth = |run: &Run| {
        figure(&written::report(run).0, P50).split_once("<desc").unwrap().1.split_once("</desc>").unwrap().0.to_owned()
    };
    for side in [Side::Server, Side::LoadGenerator] {
        for trial in of(&mut run, "sse", 20_000) {
            saturate(trial, side);
            let slow = statistics::summarise(&support::histogram([3_000_000_000; 1_000]), 1_000);
            let measured = trial.measured.as_mut().unwrap();
            (measured.latency_ns, measured.event_median_ns) = (slow.clone(), slow);
        }
        let said = growth(&run);
        let (compared, _) = said.split_once(" Hollow").unwrap();
        assert!(!compared.contains("sse") && compared.contains(" what it was, and "), "{said}");
    }
}

#[test]
fn says_how_far_each_approach_meets_the_slo() {
    let mut run = support::run_under(&LOADS);
    of(&mut run, "sse", 20_000).for_each(|trial| saturate(trial, Side::LoadGenerator));
    for (approach, clients) in [("websocket", 5_000), ("grpc-stream", 20_000)] {
        for trial in of(&mut run, approach, clients) {
            let events = &mut trial.measured.as_mut().unwrap().events;
            (events.delivered, events.missed) = (events.delivered - 1, 1);
        }
    }
    of(&mut run, "grpc-web", 5_000).for_each(|trial| trial.status = Status::Failed);
    of(&mut run, "grpc-web", 20_000).for_each(|trial| trial.status = Status::Failed);
    let (page, data) = written::report(&run);
    let reach = figure(&page, REACH);
    // The poll interval of 1 s, plus 100 ms.
    assert!(
        row(reach, "short-poll").contains("</th><td data-order=\"1100000000\">1.10 s</td><td data-order=\"20000\">")
    );
    assert!(row(reach, "long-poll").contains("</th><td data-order=\"100000000\">100 ms</td>"));
    assert!(row(reach, "long-poll").ends_with("<td>no load that was tried</td><td>–</td>"), "{reach}");
    let harness = "<td data-order=\"20000\">20,000 clients</td><td>saturated: load generator <small>the server may carry \
                   more</small></td>";
    assert!(row(reach, "sse").ends_with(harness), "{reach}");
    // Meeting the objective under a heavier load does not undo the failure at 5,000 clients.
    let first = "<td data-order=\"5000\">5,000 clients</td><td>3 deliveries missed</td>";
    assert!(row(reach, "websocket").contains("<td data-order=\"1000\">1,000 clients</td><td data-order="), "{reach}");
    assert!(row(reach, "websocket").ends_with(first), "{reach}");
    let missed = "<td data-order=\"20000\">20,000 clients</td><td>3 deliveries missed</td>";
    assert!(row(reach, "grpc-stream").ends_with(missed), "{reach}");
    let failed = "<td data-order=\"5000\">5,000 clients</td><td>3 of 3 trials not valid</td>";
    assert!(row(reach, "grpc-web").ends_with(failed), "{reach}");
    assert!(reach.contains("7 of 11 meet it up to the heaviest load that was tried. Where sse falls short, "));
    let variants = data["reaches"][0]["variants"].as_array().unwrap();
    assert_eq!((&variants[2]["variant"], &variants[2]["met"][0]), (&"sse".into(), &5000.0.into()));
}

#[test]
fn too_few_events_neither_meet_nor_fail_the_slo() {
    let mut run = support::run_under(&LOADS);
    let mut few = |approach, clients| {
        for measured in of(&mut run, approach, clients).filter_map(|trial| trial.measured.as_mut()) {
            measured.event_median_ns = statistics::summarise(&support::histogram([300_000; 100]), 100);
            measured.effective_events = 100;
        }
    };
    few("sse", 1_000);
    few("websocket", 20_000);
    LOADS.iter().for_each(|clients| few("long-poll", *clients));
    let page = written::report(&run).0;
    let [sse, websocket] = ["sse", "websocket"].map(|approach| row(figure(&page, REACH), approach));
    let unjudged = "<small>too few events for a p99 under 1 load</small></td>";
    assert!(sse.contains(&format!("<td data-order=\"20000\">20,000 clients {unjudged}")), "{sse}");
    assert!(websocket.contains(&format!("<td data-order=\"5000\">5,000 clients {unjudged}")), "{websocket}");
    assert!(websocket.ends_with("20,000 clients</td><td>no p99: it needs 368 events</td>"), "{websocket}");
    let held = row(figure(&page, REACH), "long-poll");
    assert!(held.contains(">not known <small>too few events for a p99 under 3 loads</small></td>"), "{held}");
}

#[test]
fn a_p99_above_the_slo_does_not_meet_it() {
    let mut run = support::run_under(&LOADS);
    for clients in [5_000, 20_000] {
        let poll = of(&mut run, "short-poll", clients).map(|trial| trial.measured.clone().unwrap()).next().unwrap();
        of(&mut run, "sse", clients)
            .for_each(|trial| trial.measured.as_mut().unwrap().latency_ns = poll.latency_ns.clone());
    }
    let page = written::report(&run).0;
    let sse = row(figure(&page, REACH), "sse");
    assert!(sse.contains("<td data-order=\"1000\">1,000 clients</td>") && sse.contains("<td>p99 9"), "{sse}");
}

#[test]
fn the_cost_per_client_is_a_table() {
    let page = written::report(&support::run_under(&LOADS)).0;
    let memory = figure(&page, "Memory of one client");
    assert!(memory.contains("Memory of one client, with 20,000 clients and 50 events a second"), "{memory}");
    // Means of three rounds. Server: 160 · 30, 35 and 40 bytes, plus 400. Clients: 8,000, 8,500 and 9,000, plus 300.
    // Kernel: 7,000, plus 200 when active.
    let values = [
        "5200\">5.20 KB",
        "6000\">6.00 KB",
        "6800\">6.80 KB",
        "8300\">8.30 KB",
        "8800\">8.80 KB",
        "9300\">9.30 KB",
        "7000\">7.00 KB",
        "7200\">7.20 KB",
    ];
    assert!(memory.contains(">Server, at the window&#39;s start</th>"), "{memory}");
    let cells: String = values.iter().map(|value| format!("<td data-order=\"{value}</td>")).collect();
    assert!(row(memory, "sse").ends_with(&cells), "{memory}");
    let small = written::report(&support::run()).0;
    assert!(row(figure(&small, "Memory of one client"), "sse").ends_with("<td>–</td><td>–</td>"));
}

#[test]
fn a_sweep_of_many_variants_keeps_the_page_small() {
    let mut run = support::run_under(&[1_000, 5_000, 10_000, 30_000, 100_000]);
    for approach in ["short-poll", "webhook"] {
        let mut more: Vec<_> = run.trials.iter().filter(|trial| trial.approach == approach).cloned().collect();
        more.iter_mut().for_each(|trial| trial.variant += "/new-connection");
        run.trials.extend(more);
    }
    let page = written::report(&run).0;
    assert!(page.len() < 1_000_000, "{}", page.len());
    let groups = page.matches("against clients, with 50 events a second</summary>").count();
    assert_eq!((groups, page.contains("groups of charts over loads")), (4, false), "a single sweep fits on the page");
}
