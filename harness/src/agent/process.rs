//! The child's side of the conversation with the coordinator. A child is a process; the self-test also has children that are
//! tasks of the coordinator.

use std::{
    ffi::CString,
    io::{self, BufRead, Write},
    sync::{Arc, Mutex},
    thread,
};

use futures_util::future::BoxFuture;
use rustix::{
    process::{Signal, set_parent_process_death_signal},
    thread::set_name,
};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::{
    interruption,
    message::{AgentEvent, Command},
    panics,
};
use crate::host::limits;

/// The running image, so that a build that replaces the program does not change a run.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";
/// The name under which processes started from it are listed.
pub(crate) const NAME: &str = "delivery-bench";

/// Ties this process to its parent, lets it open as many descriptors as the system grants, and counts its panics.
///
/// # Errors
/// The system refuses to tie it.
pub(crate) fn become_child() -> io::Result<()> {
    panics::watch();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Without this, it would be listed as `exe`.
    let _ = set_name(&CString::new(NAME)?);
    limits::raise_descriptor_limit();
    Ok(())
}

/// Sends reports to the coordinator.
#[derive(Debug, Clone)]
pub struct Reporter(Outlet);

#[derive(Debug, Clone)]
enum Outlet {
    /// Standard output, a whole line at a time.
    Lines(Arc<Mutex<()>>),
    /// The coordinator's end of a channel in this process.
    Channel(mpsc::UnboundedSender<AgentEvent>),
}

impl Reporter {
    /// Sends one report. If the coordinator is gone, this process ends anyway.
    pub fn report(&self, report: &AgentEvent) {
        match &self.0 {
            Outlet::Lines(whole_lines) => {
                let line = serde_json::to_string(report).expect("a report has only string keys and finite numbers");
                let _whole_lines = whole_lines.lock().expect("no holder panics");
                #[expect(clippy::disallowed_methods, reason = "a child's standard output is its coordinator's")]
                let mut stdout = io::stdout();
                let _ = writeln!(stdout, "{line}");
            }
            Outlet::Channel(reports) => drop(reports.send(report.clone())),
        }
    }
}

/// The conversation with the coordinator.
#[derive(Debug)]
pub struct Control {
    reporter: Reporter,
    commands: mpsc::UnboundedReceiver<Command>,
}

/// The coordinator's end of a conversation inside one process.
#[derive(Debug)]
pub(crate) struct Peer {
    /// To the child.
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    /// From the child.
    pub(crate) reports: mpsc::UnboundedReceiver<AgentEvent>,
}

impl Control {
    /// Reads the plan from the first line of standard input, then commands from the following ones. The end of
    /// standard input is the end of the coordinator, and ends this process.
    ///
    /// # Errors
    /// The first line is no plan.
    pub fn open<Plan: DeserializeOwned>() -> io::Result<(Plan, Self)> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let plan = serde_json::from_str(&line).map_err(io::Error::other)?;
        let (sender, commands) = mpsc::unbounded_channel();
        thread::Builder::new().name("commands".into()).spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                match serde_json::from_str(&line) {
                    Ok(command) => drop(sender.send(command)),
                    Err(_) => break,
                }
            }
            std::process::exit(0);
        })?;
        Ok((plan, Self { reporter: Reporter(Outlet::Lines(Arc::default())), commands }))
    }

    /// Creates a conversation inside one process. Its end does not end the process.
    pub(crate) fn inside() -> (Self, Peer) {
        let (commands, heard) = mpsc::unbounded_channel();
        let (said, reports) = mpsc::unbounded_channel();
        (Self { reporter: Reporter(Outlet::Channel(said)), commands: heard }, Peer { commands, reports })
    }

    /// Returns a sender of reports.
    pub fn reporter(&self) -> Reporter {
        self.reporter.clone()
    }

    /// Sends one report.
    pub fn report(&self, report: &AgentEvent) {
        self.reporter.report(report);
    }

    /// Ends when a signal tells this child to end. A child that is a task leaves signals to the process it is part of,
    /// so its future never ends.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub(crate) fn told(&self) -> io::Result<BoxFuture<'static, ()>> {
        Ok(match self.reporter.0 {
            Outlet::Lines(_) => Box::pin(interruption::told()?),
            Outlet::Channel(_) => Box::pin(std::future::pending()),
        })
    }

    /// Waits for the next command.
    pub async fn next(&mut self) -> Option<Command> {
        self.commands.recv().await
    }
}
