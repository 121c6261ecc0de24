//! Scenario files: what is written in them.
//!
//! The structures here are the file, key by key; `plan` turns them into trials. A scenario names loads and
//! properties, never code.

use std::{collections::BTreeMap, path::Path};

use results::input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    faults::Faults,
    feed::Arrival,
    message::HubLimits,
    scenario_error::ScenarioError,
    scenario_rules::{bound_numbers, validate},
    scenario_source::{Override, Source},
};

/// Largest scenario file, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A few words.
    pub title: String,
    /// What the scenario answers.
    pub question: String,
    /// A paragraph that the report prints: what may be concluded, and what may not.
    pub analysis: String,
    /// Which approaches take part.
    pub approaches: Selection,
    /// Rounds; the order inside a round is shuffled with the seed.
    pub trials: u32,
    /// The load.
    pub load: LoadKeys,
    /// The phases.
    pub window: WindowKeys,
    /// Bounds of the servers.
    #[serde(default)]
    pub limits: HubLimits,
    /// Variants that are offered more than the machine may carry, to see what becomes of them.
    #[serde(default)]
    pub overload: Vec<String>,
    /// What is done to the machine.
    #[serde(default)]
    pub machine: MachineKeys,
    /// Deliberate faults, to prove that the checks see them; none in a measurement.
    #[serde(default)]
    pub faults: Faults,
    /// By approach and setting: the values that make its variants.
    #[serde(default)]
    pub params: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Which approaches take part: `"all"`, names, or properties that they must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected \"all\", a list of names, or a table of properties such as { flow = \"push\" }"
)]
pub enum Selection {
    /// Every approach.
    All(All),
    /// These.
    Names(Vec<String>),
    /// Those with all of these properties.
    Properties(Properties),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum All {
    /// Every approach.
    All,
}

/// Properties that an approach must have to take part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Properties {
    /// `push` or `pull`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// `log` or `snapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// A browser can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser: Option<bool>,
    /// The client can send orders on the same connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bidirectional: Option<bool>,
}

/// The table `[load]`. A list under `clients` or `events_per_second` sweeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadKeys {
    /// Simulated clients.
    pub clients: OneOrMany<u32>,
    /// Symbols in the feed.
    pub symbols: u32,
    /// Symbols that each client follows.
    #[serde(default = "one")]
    pub symbols_per_client: u32,
    /// Events a second, over all symbols.
    pub events_per_second: OneOrMany<f64>,
    /// Orders a second, over all clients of a bidirectional approach.
    #[serde(default)]
    pub orders_per_second: f64,
    /// How events are spread over time.
    pub arrival: Arrival,
    /// Filler in each event.
    #[serde(default)]
    pub payload_bytes: u32,
    /// Seed of everything random.
    #[serde(default = "one_long")]
    pub seed: u64,
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number that is not negative, or a list of them")]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// A sweep.
    Many(Vec<T>),
}

impl<T: Copy> OneOrMany<T> {
    /// All values.
    pub fn values(&self) -> Vec<T> {
        match self {
            Self::One(value) => vec![*value],
            Self::Many(values) => values.clone(),
        }
    }
}

/// The table `[window]`; durations such as `250ms`, `1s`, `5m`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowKeys {
    /// Before the window.
    pub warmup: String,
    /// The window.
    pub measure: String,
    /// After the window, at most.
    pub drain: String,
}

/// The table `[machine]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MachineKeys {
    /// Keeps the cores awake between events, by a request to the kernel that needs write access to
    /// `/dev/cpu_dma_latency`.
    pub keep_awake: bool,
}

/// A scenario and where it came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file's name without its ending.
    pub name: String,
    /// The effective scenario.
    pub scenario: Scenario,
}

/// The scenarios that this tool carries: names and texts.
pub static LIBRARY: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/scenarios.rs"));

/// Reads a scenario file, or the one of this name that the tool carries, and lays the overrides over it.
///
/// # Errors
/// The file cannot be read, or it or an override is not what a scenario may say.
pub fn load(path: &Path, overrides: &[Override]) -> Result<Loaded, ScenarioError> {
    let carried = LIBRARY.iter().find(|(name, _)| Path::new(name) == path);
    let (origin, text) = match carried {
        Some((name, text)) => (format!("scenarios/{name}.toml"), (*text).to_owned()),
        None => {
            let origin = path.display().to_string();
            match input::text(path, MOST_BYTES) {
                Ok(text) => (origin, text),
                Err(source) => {
                    let carried = LIBRARY.iter().map(|(name, _)| *name);
                    return Err(ScenarioError::unreadable(&origin, source, carried));
                }
            }
        }
    };
    let name = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
    Ok(Loaded { name, scenario: parse(&origin, &text, overrides)? })
}

/// Reads a scenario from the text of a file with this name, and lays the overrides over it.
///
/// # Errors
/// The text or an override is not what a scenario may say.
pub fn parse(origin: &str, text: &str, overrides: &[Override]) -> Result<Scenario, ScenarioError> {
    let source = Source { origin, text, overrides };
    let mut table = source.table()?;
    bound_numbers(&source, &mut table)?;
    let scenario = serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        ScenarioError::mistyped(&source, &path, error.inner().message())
    })?;
    validate(&source, &scenario)?;
    Ok(scenario)
}

fn one() -> u32 {
    1
}

fn one_long() -> u64 {
    1
}
