//! Tests that predictions are accurate if the costs follow the model.

use super::*;
use crate::{modelled::sweep, support};

#[test]
fn predicts_an_omitted_load_only_if_the_model_is_true() {
    let run = sweep();
    let validation = validate(&run).unwrap();
    let of = |validation: &Validation, metric: &str, name: &str| {
        let of = validation.deviations.iter().filter(|one| one.metric == metric && one.name == name);
        of.map(Deviation::factor).fold(1.0, f64::max)
    };
    for metric in ["server_cores", "client_cores", "bytes_per_second", "server_memory_bytes", "requests_per_second"] {
        for name in ["short-poll", "long-poll", "sse"] {
            let worst = of(&validation, metric, name);
            assert!(worst == 1.0 && metric == "requests_per_second" || worst < 1.02, "{name} {metric}: {worst}");
        }
    }
    assert!(
        validation.deviations.iter().any(|one| one.between) && validation.deviations.iter().any(|one| !one.between)
    );
    let mut wrong = run;
    let changed = wrong.trials.iter_mut().filter(|trial| trial.approach == "sse" && trial.load.clients == 10_000);
    for trial in changed {
        let cpu = &mut trial.measured.as_mut().unwrap().cpu;
        cpu.server_us = cpu.server_us.map(|used_us| used_us * 3);
    }
    assert!(of(&validate(&wrong).unwrap(), "server_cores", "sse") > 2.0);
}

#[test]
fn a_run_with_one_load_is_refused() {
    assert!(validate(&support::run()).unwrap_err().to_string().contains("one load only"));
}
