//! Standard output, for data, and standard error, for people. A reader who stops reading, as `head` does, ends the
//! writing and is no error.

use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Writes text and a line end.
pub(super) fn data(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Internal(error.into())),
        _ => Ok(()),
    }
}

/// Writes a value as indented JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    data(&serde_json::to_string_pretty(value).map_err(|error| Failure::Internal(error.into()))?)
}

/// Says something to people.
pub(super) fn say(text: &str) {
    // Nobody need be listening.
    let _ = writeln!(io::stderr(), "{text}");
}

/// A runtime on all processors, as servers and workers alike use it.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Internal(error.into()))
}
