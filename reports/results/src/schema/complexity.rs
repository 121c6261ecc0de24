//! The complexity of the source of one half of an approach. `docs/method.md` has the rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The complexity of one half of an approach, without unit tests. Lists are sorted and have no duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complexity {
    /// The files, relative to the repository. The approach's own file comes first.
    pub sources: Vec<String>,
    /// Lines with code.
    pub code_lines: u32,
    /// Lines of the generated client or service that the files use, or 0.
    pub generated_lines: u32,
    /// Lines of the .proto file behind it, without blank lines and comments, or 0.
    pub proto_lines: u32,
    /// Cognitive complexity of the functions.
    pub cognitive: Cognitive,
    /// Third-party crates that the files depend on.
    pub crates: Crates,
    /// An inventory of earlier versions; absent in new records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligations: Option<Obligations>,
}

/// Cognitive complexity by SonarSource's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cognitive {
    /// The sum over all functions.
    pub sum: u32,
    /// The largest value of one function.
    pub worst: u32,
    /// Name of that function, with its type; the first of several.
    pub worst_function: String,
}

/// Third-party crates by `Cargo.lock`, which covers all platforms and features.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crates {
    /// Crates that the half or its generated code names.
    pub named: Vec<String>,
    /// Named crates that the floor's half does not need.
    pub named_beyond_floor: Vec<String>,
    /// Number of named crates and all their dependencies.
    pub closure: u32,
    /// Number of those that the floor's half does not need.
    pub closure_beyond_floor: u32,
}

/// An inventory of a half, as earlier versions recorded it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obligations {
    /// Number of calls that start or set a timer.
    pub timers: u32,
    /// Number of places where a task waits.
    pub suspension_points: u32,
    /// Error variants and statuses that are made or told apart.
    pub error_kinds: Vec<String>,
    /// Settings that are read.
    pub knobs: Vec<String>,
    /// Messages of the contract, and kinds of frames, that are sent or understood.
    pub message_kinds: Vec<String>,
    /// Fields of the half's own structs.
    pub remembered: Vec<String>,
    /// Variants of the half's own enums.
    pub states: Vec<String>,
}
