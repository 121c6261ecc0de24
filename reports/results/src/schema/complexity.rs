//! What is measured on the source of one half of an approach. The rule of each figure is printed where it is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Measured on the source of one half of an approach, unit tests left out. Lists are sorted and name each thing once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Complexity {
    /// Files that were measured, relative to the repository: the approach's own first.
    pub sources: Vec<String>,
    /// Lines of all of them that carry a token of code.
    pub code_lines: u32,
    /// Lines of code of the generated client or service that they name; 0 where they name none.
    pub generated_lines: u32,
    /// Lines of the .proto file that it is generated from, neither blank nor comment; 0 where they name none.
    pub proto_lines: u32,
    /// Cognitive complexity of their functions.
    pub cognitive: Cognitive,
    /// Crates that they build on.
    pub crates: Crates,
    /// What they have to do and to keep in mind.
    pub obligations: Obligations,
}

/// Cognitive complexity after SonarSource's rules; see docs/method.md.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cognitive {
    /// Of all functions together.
    pub sum: u32,
    /// Of the function that has the most.
    pub worst: u32,
    /// Name of that function, after that of its type where it has one; of several the first.
    pub worst_function: String,
}

/// Crates of other people, by the lock file, which covers all platforms and features.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crates {
    /// Those that the half names, or the generated code that it names.
    pub named: Vec<String>,
    /// Of those, the ones that are not in the closure of what the floor's half names.
    pub named_beyond_floor: Vec<String>,
    /// Those and all that they need: the number of crates in the closure.
    pub closure: u32,
    /// Of those, the number that is not in the closure of what the floor's half names.
    pub closure_beyond_floor: u32,
}

/// An inventory that is read off the syntax, and nothing in it is entered by hand.
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
