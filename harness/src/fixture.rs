//! A planned trial for unit tests.

use scenario::{
    plan::{Trial, trials},
    source::Override,
};

/// Returns the first trial of the scenario `smoke` with this variant and these overrides.
pub(crate) fn trial(variant: &str, overrides: &[&str]) -> Trial {
    let mut all = vec![format!("approaches=[\"{variant}\"]")];
    all.extend(overrides.iter().map(|one| (*one).to_owned()));
    let overrides = Override::all(&all).expect("they are keys and values");
    let smoke = scenario::load("smoke".as_ref(), &overrides).expect("the tool embeds it");
    trials(&smoke.scenario, 20_000).expect("it can be planned").swap_remove(0)
}
