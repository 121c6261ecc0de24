//! The resolution that a run collects while it is measured is that of its table, and says how many rounds a finer one needs.

mod support;

use reports::{
    export,
    resolution::{Coarsest, Resolution},
};
use results::{schema::Status, store::Run};
use serde_json::Value;

fn of(run: &Run) -> Resolution {
    let mut resolution = Resolution::new("raw-tcp");
    run.trials.iter().for_each(|trial| resolution.add(trial));
    resolution
}

#[test]
fn the_coarsest_row_is_that_of_the_table() {
    let run = support::decisive::run();
    let data: Value = serde_json::from_str(&export::text(std::slice::from_ref(&run), export::Form::Json)).unwrap();
    let rows = data["loads"][0]["rows"].as_array().unwrap();
    let least = rows.iter().filter_map(|row| row["least_detectable_ratio"].as_f64());
    assert_eq!(of(&run).coarsest().unwrap().ratio, least.reduce(f64::max));
}

#[test]
fn a_row_with_too_few_valid_rounds_is_the_coarsest() {
    let mut run = support::decisive::run();
    run.trials.iter_mut().find(|trial| trial.approach == "sse").unwrap().status = Status::Invalid;
    assert_eq!(of(&run).coarsest(), Some(Coarsest { variant: "sse".into(), ratio: None }));
    assert_eq!(of(&run).rounds_for(1.2), None);
}

#[test]
fn a_finer_ratio_needs_more_rounds() {
    let resolution = of(&support::decisive::run());
    let [coarse, fine] = [1.5, 1.1].map(|ratio| resolution.rounds_for(ratio).unwrap());
    assert!(coarse == 8 && fine > 8, "{coarse} {fine}");
    assert_eq!(resolution.rounds_for(1.000_1), None);
}

#[test]
fn a_floor_alone_has_no_rows() {
    let mut run = support::decisive::run();
    run.trials.retain(|trial| trial.approach == "raw-tcp");
    assert_eq!(of(&run).coarsest(), None);
}
