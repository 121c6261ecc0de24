//! The words of a record that are one of a few. Their names in a file are in lower case.

use std::fmt::{self, Display, Formatter};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which end decides when an event is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The server sends as soon as there is an event.
    Push,
    /// The client asks.
    Pull,
}

/// Which events a client receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Every event.
    Log,
    /// The newest state. Older states are coalesced.
    Snapshot,
}

/// One of the two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The subscriber.
    Client,
    /// The system under test.
    Server,
}

/// How events are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Independent events: exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
    /// Ten at once, with exponential gaps between the bursts.
    Burst,
}

/// The encoding of an event, below the framing of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// JSON.
    Json,
    /// Protobuf, in base64 where the protocol carries text.
    Protobuf,
}

/// The part of a report that a trial is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The table, the charts and all comparisons.
    #[default]
    Table,
    /// The cost of a delivery: a further rate, which may be more than the machine can carry.
    Cost,
    /// The median with cores kept awake.
    Awake,
}

impl Part {
    /// Returns whether it is the table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        *self == Self::Table
    }
}

/// Displays each value by its name in a file.
macro_rules! display {
    ($($type:ident { $($value:ident => $word:literal),+ })+) => {$(
        impl Display for $type {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$value => $word),+ })
            }
        }
    )+};
}

display! {
    Flow { Push => "push", Pull => "pull" }
    Delivery { Log => "log", Snapshot => "snapshot" }
    Side { Client => "client", Server => "server" }
    Encoding { Json => "json", Protobuf => "protobuf" }
    Part { Table => "table", Cost => "cost", Awake => "awake" }
    Arrival { Poisson => "poisson", Constant => "constant", Burst => "burst" }
}
