//! The verbs, one file each. Only `output` writes to standard output and standard error; `progress` shows a run.

pub(crate) mod advise;
mod child;
pub(crate) mod compare;
pub(crate) mod doctor;
mod dry_run;
pub(crate) mod gate;
pub(crate) mod keep;
pub(crate) mod list;
pub(crate) mod output;
mod progress;
pub(crate) mod report;
mod results;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod selftest;
pub(crate) mod serve;
pub(crate) mod shell;
mod until;
pub(crate) mod verify;
pub(crate) mod work;
