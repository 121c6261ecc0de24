//! Finds the advice about one approach.

use reports::advice::{Choice, Models, Need, Reason, Standing, advise};

pub(crate) fn choice<'a>(choices: &'a [Choice], name: &str) -> &'a Choice {
    choices.iter().find(|choice| choice.name == name).unwrap_or_else(|| panic!("no {name}"))
}

pub(crate) fn reasons(models: &Models, need: &Need, name: &str) -> Vec<Reason> {
    match &choice(&advise(models, need).choices, name).standing {
        Standing::Excluded { reasons } => reasons.clone(),
        _ => Vec::new(),
    }
}
