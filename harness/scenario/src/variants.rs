//! The variants of a scenario: its approaches, their settings and their names. Synchronous and pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proto::{Params, parse_duration};
use results::store::TRIALS_LIMIT;

use super::{Properties, Scenario, Selection, error::ScenarioError};
use approaches::registry::{APPROACHES, Approach, Setting, Values, find};

/// Minimum duration of a setting. Timers have a resolution of milliseconds.
const SHORTEST_SETTING: Duration = Duration::from_millis(1);
/// Maximum duration of a setting.
const LONGEST_SETTING: Duration = Duration::from_secs(3_600);

type Settings = BTreeMap<String, Vec<String>>;

/// A variant: an approach with settings.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The approach.
    pub approach: &'static Approach,
    /// Its name, with each given value after a slash.
    pub name: String,
    /// Every setting.
    pub params: Params,
}

/// The key that selects approaches.
const SELECTION: &str = "approaches";

/// Parses the name of a variant, such as `websocket` or `websocket/binary`.
///
/// # Errors
/// There is no such approach or variant.
pub fn variant(name: &str) -> Result<(&'static Approach, Params), ScenarioError> {
    let (approach, settings) = named(name, |_| Settings::new())?;
    let variant = expand(approach, &settings).swap_remove(0);
    Ok((approach, variant.params))
}

/// Returns the variants that take part, in the order of the registry or of the scenario's list.
///
/// # Errors
/// The scenario names an approach, a setting or a value that does not exist.
pub fn variants(scenario: &Scenario) -> Result<Vec<Variant>, ScenarioError> {
    for (name, settings) in &scenario.params {
        let approach = find(name).ok_or_else(|| unknown_approach(&format!("params.{name}"), name))?;
        for (setting, values) in settings {
            let valid = approach.settings.iter().map(|setting| setting.name);
            let setting = approach.settings.iter().find(|known| known.name == setting).ok_or_else(|| {
                ScenarioError::unknown(&key(name, setting), &format!("setting of {name}"), setting, valid)
            })?;
            values.iter().try_for_each(|value| accept(name, setting, value))?;
        }
    }
    bound_variants(scenario)?;
    let mut variants = selected(scenario)?;
    let mut names = BTreeSet::new();
    variants.retain(|variant| names.insert(variant.name.clone()));
    if variants.is_empty() {
        let message = "`approaches` selects none: `delivery-bench list` shows their facts".to_owned();
        return Err(ScenarioError::Unknown { key: SELECTION.to_owned(), message });
    }
    // The file may name approaches that an option excludes.
    let given = |approach: &'static Approach| scenario.params.get(approach.name).cloned().unwrap_or_default();
    let all: Vec<Variant> = APPROACHES.iter().flat_map(|one| expand(one, &given(one))).collect();
    let known: BTreeSet<&str> = all.iter().chain(&variants).map(|variant| variant.name.as_str()).collect();
    if let Some(unknown) = scenario.overload.iter().find(|name| !known.contains(name.as_str())) {
        return Err(ScenarioError::unknown("overload", "variant under `overload`", unknown, known));
    }
    Ok(variants)
}

/// Refuses more variants than a run may have trials, before creating any.
fn bound_variants(scenario: &Scenario) -> Result<(), ScenarioError> {
    let combinations = |approach: &Approach| {
        let given = scenario.params.get(approach.name).into_iter().flat_map(BTreeMap::values);
        given.map(|values| values.len().max(1)).fold(1, usize::saturating_mul)
    };
    let each = |names: usize| APPROACHES.iter().map(combinations).fold(0, usize::saturating_add).saturating_mul(names);
    let most = match &scenario.approaches {
        Selection::All(_) | Selection::Properties(_) => each(1),
        Selection::Names(names) => {
            let different: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            let of = |name: &str| name.split('/').next().and_then(find).map_or(1, combinations);
            different.into_iter().map(of).fold(each(1), usize::saturating_add)
        }
    };
    if most <= TRIALS_LIMIT {
        return Ok(());
    }
    Err(ScenarioError::Contradiction(format!(
        "`approaches` and `params` make up to {most} variants, expected at most {TRIALS_LIMIT}: name fewer values"
    )))
}

fn selected(scenario: &Scenario) -> Result<Vec<Variant>, ScenarioError> {
    let given = |approach: &'static Approach| scenario.params.get(approach.name).cloned().unwrap_or_default();
    match &scenario.approaches {
        Selection::All(_) => Ok(APPROACHES.iter().flat_map(|one| expand(one, &given(one))).collect()),
        Selection::Properties(wanted) => {
            check_properties(wanted)?;
            let chosen = APPROACHES.iter().filter(|approach| has(approach, wanted));
            Ok(chosen.flat_map(|one| expand(one, &given(one))).collect())
        }
        Selection::Names(names) => {
            let mut seen = BTreeSet::new();
            let different = names.iter().map(|name| name.trim()).filter(|name| seen.insert(*name));
            let named: Vec<_> = different.map(|name| named(name, given)).collect::<Result<_, _>>()?;
            Ok(named.into_iter().flat_map(|(approach, settings)| expand(approach, &settings)).collect())
        }
    }
}

/// Parses `websocket`, or a variant such as `websocket/binary`. Each value after a slash belongs to the setting that
/// accepts it.
fn named(
    name: &str,
    given: impl Fn(&'static Approach) -> Settings,
) -> Result<(&'static Approach, Settings), ScenarioError> {
    let mut parts = name.split('/');
    let approach = parts.next().and_then(find).ok_or_else(|| unknown_approach(SELECTION, name))?;
    let mut settings = given(approach);
    let mut given_here = BTreeSet::new();
    for value in parts {
        let setting = approach.settings.iter().find(|setting| accept(approach.name, setting, value).is_ok());
        let setting = setting.ok_or_else(|| {
            let valid = approach.settings.iter().flat_map(|setting| match setting.values {
                Values::Choice(choices) => choices.to_vec(),
                Values::Duration(default) => vec![default],
            });
            ScenarioError::unknown(SELECTION, &format!("variant of {}", approach.name), value, valid)
        })?;
        if !given_here.insert(setting.name) {
            let message = format!("`{name}` has two values of {}, expected one", setting.name);
            return Err(ScenarioError::Unknown { key: SELECTION.to_owned(), message });
        }
        settings.insert(setting.name.to_owned(), vec![value.to_owned()]);
    }
    Ok((approach, settings))
}

fn unknown_approach(key: &str, name: &str) -> ScenarioError {
    ScenarioError::unknown(key, "approach", name, APPROACHES.iter().map(|approach| approach.name))
}

/// Returns the key of a setting.
fn key(approach: &str, setting: &str) -> String {
    format!("params.{approach}.{setting}")
}

fn accept(approach: &str, setting: &Setting, value: &str) -> Result<(), ScenarioError> {
    match setting.values {
        Values::Choice(choices) if choices.contains(&value) => Ok(()),
        Values::Choice(choices) => {
            let what = format!("{} of {approach}", setting.name);
            Err(ScenarioError::unknown(&key(approach, setting.name), &what, value, choices.iter().copied()))
        }
        Values::Duration(_) => match parse_duration(value) {
            Ok(duration) if (SHORTEST_SETTING..=LONGEST_SETTING).contains(&duration) => Ok(()),
            _ => {
                let expected = "expected a duration from 1ms to 1h, such as 250ms, 1s or 5m";
                let message = format!("{} of {approach} is `{value}`, {expected}", setting.name);
                Err(ScenarioError::Unknown { key: key(approach, setting.name), message })
            }
        },
    }
}

/// Returns every setting of an approach with its default.
pub fn defaults(approach: &Approach) -> Params {
    let default = |setting: &Setting| match setting.values {
        Values::Duration(default) => default.to_owned(),
        Values::Choice(choices) => choices[0].to_owned(),
    };
    Params(approach.settings.iter().map(|setting| (setting.name.to_owned(), default(setting))).collect())
}

/// Returns every combination of the given values, named by them.
fn expand(approach: &'static Approach, given: &Settings) -> Vec<Variant> {
    let mut variants = vec![Variant { approach, name: approach.name.to_owned(), params: defaults(approach) }];
    for setting in approach.settings {
        let Some(values) = given.get(setting.name).filter(|values| !values.is_empty()) else { continue };
        let with = |variant: &Variant, value: &String| {
            let mut variant = variant.clone();
            variant.params.0.insert(setting.name.to_owned(), value.clone());
            variant.name = format!("{}/{value}", variant.name);
            variant
        };
        variants = variants.iter().flat_map(|variant| values.iter().map(move |value| with(variant, value))).collect();
    }
    variants
}

fn check_properties(wanted: &Properties) -> Result<(), ScenarioError> {
    for (what, value, valid) in
        [("flow", &wanted.flow, ["push", "pull"]), ("delivery", &wanted.delivery, ["log", "snapshot"])]
    {
        if let Some(value) = value.as_deref().filter(|value| !valid.contains(value)) {
            return Err(ScenarioError::unknown(&format!("{SELECTION}.{what}"), what, value, valid));
        }
    }
    Ok(())
}

fn has(approach: &Approach, wanted: &Properties) -> bool {
    let facts = approach.facts;
    wanted.flow.as_deref().is_none_or(|flow| flow == facts.exchange.flow().to_string())
        && wanted.delivery.as_deref().is_none_or(|delivery| delivery == facts.delivery.to_string())
        && wanted.browser.is_none_or(|browser| browser == facts.browser)
        && wanted.bidirectional.is_none_or(|bidirectional| bidirectional == facts.bidirectional)
}
