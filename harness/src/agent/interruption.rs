//! Signals that tell this process to end. SIGINT, SIGQUIT, SIGTERM and SIGHUP mean the same, from a verb's first moment to
//! its last.
//!
//! Code that must finish something first takes [`Attention`], and is notified. While no code holds it, a signal ends the
//! process at once, but never with a file half replaced.

use std::{
    io,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    thread,
};

use futures_util::future::select_all;
use procfs::process::Process;
use results::replace;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::failure::Failure;

/// Whether some code holds [`Attention`].
static ATTENDED: Mutex<bool> = Mutex::new(false);
/// Whether this process was told to end.
static TOLD: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// Starts a thread that listens for signals.
///
/// # Errors
/// The system refuses a thread or a handler.
pub(crate) fn listen() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let listening = {
        let _inside = runtime.enter();
        signals()?
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(hear(listening)))?;
    Ok(())
}

/// Listens for the same signals on the current runtime: for a coordinated server, in which a thread of its own would be
/// measured. The future ends with the first signal.
///
/// # Errors
/// The system refuses a handler.
pub(crate) fn told() -> io::Result<impl Future<Output = ()>> {
    let mut signals = signals()?;
    Ok(async move { next(&mut signals).await })
}

/// Lets a write beyond the limit of a file's size fail, instead of ending the process.
#[expect(unsafe_code, reason = "no safe wrapper for signal: ignoring one installs no code that could run at any time")]
pub(crate) fn survive_full_files() {
    // SAFETY: SIG_IGN is a valid disposition, and nothing else in this program sets one for this signal.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// The signals that end a run. A hang-up is not among them if it was ignored when the process began, as under `nohup`.
fn kinds() -> Vec<SignalKind> {
    let status = Process::myself().and_then(|process| process.status());
    let ignored = status.map_or(0, |status| status.sigign);
    let hangs_up = ignored & 1 << (libc::SIGHUP - 1) == 0;
    let always = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::quit()];
    always.into_iter().chain(hangs_up.then(SignalKind::hangup)).collect()
}

/// Handlers of these signals, on the current runtime.
fn signals() -> io::Result<Vec<Signal>> {
    kinds().into_iter().map(signal).collect()
}

async fn next(signals: &mut [Signal]) {
    select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}

async fn hear(mut signals: Vec<Signal>) {
    loop {
        next(&mut signals).await;
        let attended = attended();
        TOLD.send_replace(true);
        if !*attended {
            let _whole = replace::pause();
            std::process::exit(Failure::INTERRUPTED.into());
        }
    }
}

fn attended() -> MutexGuard<'static, bool> {
    ATTENDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While this lives, being told to end does not end the process: its holder does.
#[derive(Debug)]
pub(crate) struct Attention(watch::Receiver<bool>);

impl Attention {
    /// Takes it. There is one holder at a time.
    pub(crate) fn take() -> Self {
        *attended() = true;
        Self(TOLD.subscribe())
    }

    /// Waits until this process is told to end.
    pub(crate) async fn told(&self) {
        // The sender is never dropped.
        let _ = self.0.clone().wait_for(|told| *told).await;
    }

    /// Whether it was told to end.
    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow()
    }
}

impl Drop for Attention {
    fn drop(&mut self) {
        *attended() = false;
    }
}
