//! A child as the coordinator sees it: a process, told in JSON lines, heard in JSON lines, and never outliving it. Only
//! the self-test has children that are tasks of this process, which the rest of the coordinator cannot tell apart.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
};

use anyhow::Context as _;
use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout},
};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    message::{Command, Report},
    process::{Control, Peer},
};

/// Where the children of a trial live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// In processes of their own, as in every measurement.
    Processes,
    /// In tasks of this process, for what has no socket.
    Tasks,
}

/// A server or worker.
#[derive(Debug)]
pub(crate) struct Child {
    role: String,
    link: Link,
}

#[derive(Debug)]
enum Link {
    Process(Box<Process>),
    Task { peer: Peer, _life: AbortOnDropHandle<()> },
}

#[derive(Debug)]
struct Process {
    process: tokio::process::Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    last_words: Arc<Mutex<String>>,
}

impl Child {
    /// Starts this program again in the given role, and tells it its plan.
    pub(crate) async fn start(role: &str, plan: &impl Serialize) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program to start it again")?;
        let mut process = tokio::process::Command::new(program)
            .args([role, "--coordinated"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Ctrl-C at the terminal is for the coordinator, which ends its children itself.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start a {role} process"))?;
        let stdin = process.stdin.take().context("a piped standard input")?;
        let stdout = BufReader::new(process.stdout.take().context("a piped standard output")?).lines();
        let stderr = process.stderr.take().context("a piped standard error")?;
        let last_words = Arc::default();
        tokio::spawn(remember_last(stderr, Arc::clone(&last_words)));
        let mut process = Process { process, stdin, stdout, last_words };
        process.write(role, plan).await?;
        Ok(Self { role: role.to_owned(), link: Link::Process(Box::new(process)) })
    }

    /// Lives the life of a child in a task of the current runtime.
    pub(crate) fn here<Life>(role: &str, live: impl FnOnce(Control) -> Life) -> Self
    where
        Life: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (control, peer) = Control::inside();
        let reporter = control.reporter();
        let life = live(control);
        let life = tokio::spawn(async move {
            if let Err(error) = life.await {
                reporter.report(&Report::Failed { message: format!("{error:#}") });
            }
        });
        Self { role: role.to_owned(), link: Link::Task { peer, _life: AbortOnDropHandle::new(life) } }
    }

    /// The process, by its number; none of a task, or of a process that has ended.
    pub(crate) fn process_id(&self) -> Option<u32> {
        match &self.link {
            Link::Process(process) => process.process.id(),
            Link::Task { .. } => None,
        }
    }

    /// Tells it something.
    pub(crate) async fn send(&mut self, command: &Command) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Process(process) => process.write(&self.role, command).await,
            Link::Task { peer, .. } => {
                peer.commands.send(command.clone()).ok().with_context(|| format!("the {} task has ended", self.role))
            }
        }
    }

    /// Waits for its next report. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Report> {
        let report = match &mut self.link {
            Link::Process(process) => process.next(&self.role).await?,
            Link::Task { peer, .. } => {
                peer.reports.recv().await.with_context(|| format!("the {} task ended early", self.role))?
            }
        };
        match report {
            Report::Failed { message } => anyhow::bail!("{} failed: {message}", self.role),
            report => Ok(report),
        }
    }
}

impl Process {
    async fn next(&mut self, role: &str) -> anyhow::Result<Report> {
        match self.stdout.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).with_context(|| format!("{role} said what is no report")),
            _ => Err(self.death(role).await),
        }
    }

    async fn write(&mut self, role: &str, line: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        if self.stdin.write_all(&line).await.is_err() {
            return Err(self.death(role).await);
        }
        Ok(())
    }

    async fn death(&mut self, role: &str) -> anyhow::Error {
        let status = self.process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        let last_words = self.last_words.lock().expect("no holder panics").clone();
        let said = if last_words.is_empty() { "it said nothing".into() } else { format!("it last said: {last_words}") };
        anyhow::anyhow!("{role} process ended early, {status}; {said}")
    }
}

async fn remember_last(stderr: impl AsyncRead + Unpin, last_words: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        *last_words.lock().expect("no holder panics") = line;
    }
}
