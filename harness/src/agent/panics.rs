//! Counts the panics of this process, whichever thread or task they end, and keeps the message of the first.
//!
//! A runtime catches the panic of a task and continues. Without this count, a client or connection that panicked
//! would only fall silent.

use std::{
    any::Any,
    panic::{self, PanicHookInfo},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use serde::{Deserialize, Serialize};

static HOOK: Once = Once::new();
static PANICS: Mutex<Panics> = Mutex::new(Panics { count: 0, first: None });

/// The panics of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panics {
    /// Number of panics.
    pub count: u64,
    /// Message and place of the first one.
    pub first: Option<String>,
}

impl Panics {
    /// Adds the panics of another process.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.first = self.first.take().or_else(|| other.first.clone());
    }
}

/// Starts to count from 0. The previous hook still runs, so the panic is printed, too.
pub(crate) fn watch() {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            before(panic);
            note(panic);
        }));
    });
    *panics() = Panics::default();
}

/// Returns the panics since [`watch`] was called.
pub(crate) fn so_far() -> Panics {
    panics().clone()
}

/// Creates an error that names the thread and its panic.
pub(crate) fn failure(thread: &str) -> anyhow::Error {
    match so_far().first {
        Some(first) => anyhow::anyhow!("the {thread} thread panicked: {first}"),
        None => anyhow::anyhow!("the {thread} thread ended early"),
    }
}

/// Returns the message of a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

fn note(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
    let text = message(panic.payload());
    let mut panics = panics();
    panics.count += 1;
    panics.first.get_or_insert_with(|| format!("{text}{place}"));
}

fn panics() -> MutexGuard<'static, Panics> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}
