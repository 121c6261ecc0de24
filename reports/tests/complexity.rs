//! Tests that the page ranks clients and servers by every complexity metric, and shows which are simpler and no slower.

mod support;

use results::schema::Complexity;
use support::written;

#[test]
fn the_page_ranks_each_half_under_each_metric() {
    let (page, data) = written::report(&support::run());
    let servers = &data["complexity"][1];
    assert_eq!((&servers["side"], servers["halves"].as_array().unwrap().len()), (&"server".into(), 11));
    // The article's approaches come first. webhook has the most lines (148), raw-tcp the fewest (37).
    let names: Vec<&str> =
        servers["halves"].as_array().unwrap().iter().map(|half| half["approach"].as_str().unwrap()).collect();
    assert_eq!((names[0], names[6], names[10]), ("short-poll", "conditional-get", "raw-tcp"));
    assert_eq!(
        (&servers["halves"][10]["figures"][0]["rank"], &servers["halves"][9]["figures"][0]["rank"]),
        (&1.into(), &11.into())
    );
    for said in ["<b>148</b> <small>11th</small>", "The metrics disagree most on the server of ", "id=\"complexity\""] {
        assert!(page.contains(said), "{said}");
    }
}

#[test]
fn the_disagreement_is_computed() {
    let mut run = support::run();
    for facts in &mut run.run.approaches {
        // Lines and crates rank the approaches in opposite orders. All other metrics are equal.
        facts.client_complexity =
            Complexity { code_lines: facts.client_complexity.code_lines, ..Complexity::default() };
        facts.client_complexity.crates.closure_beyond_floor = 200 - facts.client_complexity.code_lines;
    }
    let (page, _) = written::report(&run);
    let said =
        "The metrics disagree most on the client of websocket: of 11 it is 1st by crates in all, and 11th by lines.";
    assert!(page.contains(said));
}

#[test]
fn the_pareto_front_has_the_simpler_and_no_slower() {
    let (page, _) = written::report(&support::decisive::run());
    let said = |side: &str| {
        page.split(&format!("from the simplest {side}: ")).nth(1).unwrap().split(". For every").next().unwrap()
    };
    // sse is the fastest approach except for the floor. Every simpler approach is slower.
    assert!(said("server").ends_with("sse (88 lines, 272 µs)"), "{}", said("server"));
    assert!(said("server").starts_with("short-poll (41 lines, "), "{}", said("server"));
    assert!(!said("client").contains("raw-tcp"));
    let mut run = support::decisive::run();
    assert!(!page.contains("the digits decide"));
    run.trials.retain(|trial| trial.round == 1);
    assert!(
        written::report(&run).0.contains("Where there are too few rounds to show a difference, the digits decide.")
    );
}

#[test]
fn the_disagreement_uses_printed_ranks() {
    let mut run = support::run();
    for (index, facts) in run.run.approaches.iter_mut().enumerate() {
        // Four approaches share second place by cognitive complexity. websocket is one of them and 11th by lines. That
        // is a larger gap than that of short-poll, which is first alone and 9th by lines.
        let lines = [90, 50, 60, 70, 110, 20, 30, 40, 80, 100, 10][index];
        facts.client_complexity = Complexity { code_lines: lines, ..Complexity::default() };
        facts.client_complexity.cognitive.sum = [1, 9, 2, 7, 2, 2, 5, 6, 8, 10, 2][index];
    }
    let (page, _) = written::report(&run);
    let said = "The metrics disagree most on the client of websocket: of 11 it is 2nd= by ";
    assert!(page.contains(said), "{}", page.split("disagree most").nth(1).unwrap().split("</p>").next().unwrap());
}
