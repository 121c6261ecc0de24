//! What each verb does, one file a verb. `output` is the only way to standard output; `progress` shows a run on
//! standard error.

pub(crate) mod advise;
mod child;
pub(crate) mod compare;
pub(crate) mod doctor;
mod dry_run;
pub(crate) mod gate;
pub(crate) mod keep;
pub(crate) mod list;
mod output;
mod progress;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod selftest;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod study;
pub(crate) mod verify;
pub(crate) mod work;
