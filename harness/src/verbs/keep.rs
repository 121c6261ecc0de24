//! `keep`: started by a gate, and cleans up after it, even if the gate is killed.

use crate::{failure::Failure, gate::keeper};

pub(crate) fn keep() -> Result<(), Failure> {
    keeper::keep().map_err(Failure::usage)
}
