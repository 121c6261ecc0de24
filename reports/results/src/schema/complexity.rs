//! What is measured on the source of one half of an approach. The page prints the rule of each figure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Figures of the source of one half of an approach, without its unit tests. Lists are sorted and have no duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complexity {
    /// The files, relative to the repository. The approach's own file is the first.
    pub sources: Vec<String>,
    /// Lines with a token of code.
    pub code_lines: u32,
    /// Lines of code of the generated client or service that the files name, or 0.
    pub generated_lines: u32,
    /// Lines of the .proto file of that client or service, without blank lines and comments, or 0.
    pub proto_lines: u32,
    /// Cognitive complexity of the functions.
    pub cognitive: Cognitive,
    /// Crates that the files depend on.
    pub crates: Crates,
    /// An inventory that earlier builds made. Newer records do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obligations: Option<Obligations>,
}

/// Cognitive complexity by SonarSource's rules; see docs/method.md.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cognitive {
    /// The sum over all functions.
    pub sum: u32,
    /// The largest of one function.
    pub worst: u32,
    /// The name of that function, after the name of its type. The first one if there are several.
    pub worst_function: String,
}

/// Third-party crates by the lock file, which covers all platforms and features.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crates {
    /// Crates that the half or its generated code names.
    pub named: Vec<String>,
    /// Those of them that the floor's half does not need.
    pub named_beyond_floor: Vec<String>,
    /// Number of these crates with all their dependencies.
    pub closure: u32,
    /// How many of those the floor's half does not need.
    pub closure_beyond_floor: u32,
}

/// An inventory of what a half does, read off the syntax.
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
