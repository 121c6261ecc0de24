//! A need: inputs with units and limits.

use results::format;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::numbers::{two_digits, typed};

/// A need. Each client follows one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Simultaneous clients.
    pub clients: f64,
    /// Mean events per second and client, with Poisson arrivals.
    pub events_per_client: f64,
    /// Payload of an event, in bytes.
    pub payload_bytes: f64,
    /// Maximum age of a client's data, in milliseconds.
    pub staleness_ms: f64,
    /// Whether clients also send on the same connection.
    pub sends: bool,
    /// Whether clients are browsers, without library or proxy.
    pub browser: bool,
    /// Whether clients have an address that a server can call.
    pub inbound: bool,
    /// Whether requests and connections may stay open while nothing happens.
    pub persistent: bool,
    /// Whether every event matters, not only the newest state.
    pub every_event: bool,
}

impl Default for Need {
    /// The load of the article: a thousand clients, an event every four seconds, a staleness of one second.
    fn default() -> Self {
        Self {
            clients: 1000.0,
            events_per_client: 0.25,
            payload_bytes: 0.0,
            staleness_ms: 1000.0,
            sends: false,
            browser: false,
            inbound: false,
            persistent: true,
            every_event: true,
        }
    }
}

/// An invalid input.
#[derive(Debug, Error, PartialEq)]
#[error("{input} is {}, expected from {least} to {most}", typed(*.value))]
pub struct NeedError {
    input: &'static str,
    value: f64,
    least: f64,
    most: f64,
}

/// A numeric input.
pub(crate) struct Quantity {
    /// Its name in words.
    pub(crate) name: &'static str,
    /// Smallest and largest value.
    pub(crate) limits: [f64; 2],
    /// Reads it.
    pub(crate) get: fn(&Need) -> f64,
    /// Writes it.
    pub(super) set: fn(&mut Need, f64),
}

/// Name of the input that is a time.
const STALENESS: &str = "milliseconds of staleness";

/// The numeric inputs.
pub(crate) const QUANTITIES: [Quantity; 4] = [
    Quantity { name: "clients", limits: [1.0, 1e8], get: |need| need.clients, set: |need, value| need.clients = value },
    Quantity {
        name: "events a second for each client",
        limits: [1e-6, 1e5],
        get: |need| need.events_per_client,
        set: |need, value| need.events_per_client = value,
    },
    Quantity {
        name: "payload bytes",
        limits: [0.0, 16_777_216.0],
        get: |need| need.payload_bytes,
        set: |need, value| need.payload_bytes = value,
    },
    Quantity {
        name: STALENESS,
        limits: [1.0, 8.64e7],
        get: |need| need.staleness_ms,
        set: |need, value| need.staleness_ms = value,
    },
];

/// Formats a value of the input with this name.
pub(crate) fn in_words(input: &str, value: f64) -> String {
    match input {
        STALENESS => format!("a staleness of {}", format::duration((value * 1e6) as u64)),
        input => format!("{} {input}", two_digits(value)),
    }
}

/// A yes-or-no input: the text when it is changed, and the change.
pub(crate) struct Condition {
    pub(crate) yes: &'static str,
    pub(crate) no: &'static str,
    pub(crate) get: fn(&Need) -> bool,
    pub(super) set: fn(&mut Need, bool),
}

/// The yes-or-no inputs.
pub(crate) const CONDITIONS: [Condition; 5] = [
    Condition {
        yes: "clients send on the same connection",
        no: "clients need not send",
        get: |need| need.sends,
        set: |need, value| need.sends = value,
    },
    Condition {
        yes: "clients are browsers",
        no: "clients are no browsers",
        get: |need| need.browser,
        set: |need, value| need.browser = value,
    },
    Condition {
        yes: "a server can call the clients",
        no: "no server can call the clients",
        get: |need| need.inbound,
        set: |need, value| need.inbound = value,
    },
    Condition {
        yes: "connections may stay open",
        no: "no connection may stay open",
        get: |need| need.persistent,
        set: |need, value| need.persistent = value,
    },
    Condition {
        yes: "every event matters",
        no: "the newest state is enough",
        get: |need| need.every_event,
        set: |need, value| need.every_event = value,
    },
];

impl Need {
    /// Checks the limits of all inputs.
    ///
    /// # Errors
    /// An input is outside its limits.
    pub fn checked(self) -> Result<Self, NeedError> {
        for quantity in &QUANTITIES {
            let (value, [least, most]) = ((quantity.get)(&self), quantity.limits);
            if !(least..=most).contains(&value) {
                return Err(NeedError { input: quantity.name, value, least, most });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_number_or_out_of_range() {
        assert!(Need::default().checked().is_ok());
        for quantity in &QUANTITIES {
            for value in [f64::NAN, f64::INFINITY, -1.0, 1e12] {
                let mut need = Need::default();
                (quantity.set)(&mut need, value);
                assert!(need.checked().unwrap_err().to_string().starts_with(quantity.name));
            }
        }
    }
}
