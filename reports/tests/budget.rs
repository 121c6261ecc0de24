//! Tests what a need takes as its clients grow, on synthetic runs with known constants.

#[path = "support/modelled.rs"]
mod modelled;
mod support;

use std::fs;

use modelled::{PUSHED, run_of, sweep};
use reports::{
    advice::{Advice, BudgetLine, MachineSize, Need, advise, budget, models, render},
    page,
};

fn need() -> Need {
    Need { events_per_client: 0.5, staleness_ms: 5_000.0, ..Need::default() }
}

fn line<'a>(lines: &'a [BudgetLine], name: &str) -> &'a BudgetLine {
    lines.iter().find(|line| line.name == name).unwrap()
}

#[test]
fn cores_memory_and_machines_follow_from_the_constants() {
    let models = models(&sweep()).unwrap();
    let found = budget(&models, &need(), MachineSize { cores: 4.0, gib: 1.0 });
    for (amount, clients) in line(&found.lines, "sse").amounts.iter().zip([1e3, 1e4, 1e5, 1e6, 1e7]) {
        let amount = amount.unwrap();
        let cores = (PUSHED[0] + PUSHED[2] * clients * 0.5) / 1e6;
        let gib = (1e6 + 5_000.0 * clients) / f64::from(1 << 30);
        assert!((amount.cores / cores - 1.0).abs() < 0.01 && (amount.gib / gib - 1.0).abs() < 0.01, "{amount:?}");
        // The sweep has 200 to 10,000 clients; memory or cores run out, whichever is first.
        assert_eq!(amount.extrapolated, clients > 1e4, "{amount:?}");
        assert_eq!(amount.machines, ((cores / 4.0).max(gib) / 0.7).ceil(), "{amount:?}");
    }
    let error = line(&found.lines, "sse").error.unwrap();
    assert!((1.0..1.02).contains(&error), "the values follow the model: {error}");
}

#[test]
fn what_the_need_rules_out_for_its_facts_has_no_line() {
    let models = models(&sweep()).unwrap();
    let names = |need: &Need| {
        let lines = budget(&models, need, MachineSize::default()).lines;
        lines.into_iter().map(|line| line.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&need()), ["short-poll", "long-poll", "sse"]);
    assert_eq!(names(&Need { every_event: false, ..need() }), ["short-poll", "conditional-get", "long-poll", "sse"]);
    assert_eq!(names(&Need { persistent: false, ..need() }), ["short-poll"]);
    let sends = Need { sends: true, ..need() };
    assert_eq!(names(&sends), [""; 0]);
    assert!(!render(&advise(&models, &sends)).contains("as clients grow"));
}

#[test]
fn every_need_within_its_limits_gives_finite_numbers() {
    let models = models(&sweep()).unwrap();
    for events_per_client in [1e-6, 1e-4, 0.25, 1e5] {
        for staleness_ms in [1.0, 1_000.0, 8.64e7] {
            let need = Need { events_per_client, staleness_ms, ..need() };
            for line in budget(&models, &need, MachineSize::default()).lines {
                for amount in line.amounts.into_iter().flatten() {
                    let values = [amount.cores, amount.gib, amount.machines];
                    assert!(values.iter().all(|value| value.is_finite() && *value > 0.0), "{}: {amount:?}", line.name);
                }
            }
        }
    }
}

#[test]
fn one_load_has_no_error_and_everything_else_is_extrapolated() {
    let models = models(&run_of(&[(1_000, 40.0)])).unwrap();
    let need = Need { events_per_client: 0.2, ..need() };
    let found = budget(&models, &need, MachineSize::default());
    let sse = line(&found.lines, "sse");
    assert_eq!(sse.error, None);
    let marks: Vec<bool> = sse.amounts.iter().map(|amount| amount.unwrap().extrapolated).collect();
    assert_eq!(marks, [false, true, true, true, true]);
}

#[test]
fn terminal_and_page_show_the_same_amounts() {
    let run = sweep();
    let models = models(&run).unwrap();
    let advice =
        Advice { budget: budget(&models, &need(), MachineSize { cores: 16.0, gib: 64.0 }), ..advise(&models, &need()) };
    let text = render(&advice);
    let row = text.lines().skip_while(|line| !line.contains("as clients grow")).find(|line| line.starts_with("sse "));
    assert_eq!(
        row.unwrap().split_whitespace().collect::<Vec<_>>(),
        ["sse", "1.00", "<0.1/<0.1/1", "0.15/<0.1/1", "1.5/0.47/1*", "15/4.7/2*", "150/47/14*"]
    );
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("machines of 16 cores and 64 GiB that takes if 70.0 % of each is used"), "{flat}");
    assert!(flat.contains("Measured: 200 to 10,000 clients with 0.200 to 2 events a second each."), "{flat}");

    let folder = tempfile::tempdir().unwrap();
    let html = fs::read_to_string(page::write(&run, folder.path()).unwrap().page).unwrap();
    let (_, table) = html.split_once("What it takes as clients grow</h3>").unwrap();
    let (_, row) = table.split_once("<i>sse</i>").unwrap();
    assert!(row.contains("0.75 cores, 0.47 GiB*<small>1 machine</small>"), "{}", &row[..400]);
}
