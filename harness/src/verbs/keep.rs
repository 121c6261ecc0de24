//! `keep`: what ends and removes what a gate leaves when it is killed, as the gate starts it.

use crate::{failure::Failure, gate::keeper};

pub(crate) fn keep() -> Result<(), Failure> {
    keeper::keep().map_err(Failure::usage)
}
