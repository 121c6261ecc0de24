//! A child process as the coordinator sees it: told in JSON lines, heard in JSON lines, and never outliving it.

use std::{
    process::Stdio,
    sync::{Arc, Mutex},
};

use anyhow::Context as _;
use serde::Serialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout, Command as Process},
};

use crate::message::{Command, Report};

/// A server or worker process.
#[derive(Debug)]
pub(crate) struct Child {
    role: String,
    process: tokio::process::Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    last_words: Arc<Mutex<String>>,
}

impl Child {
    /// Starts this program again in the given role, and tells it its plan.
    pub(crate) async fn start(role: &str, plan: &impl Serialize) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find this program to start it again")?;
        let mut process = Process::new(program)
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
        let mut child = Self { role: role.to_owned(), process, stdin, stdout, last_words };
        child.write(plan).await?;
        Ok(child)
    }

    /// Tells it something.
    pub(crate) async fn send(&mut self, command: &Command) -> anyhow::Result<()> {
        self.write(command).await
    }

    /// Waits for its next report. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Report> {
        match self.stdout.next_line().await {
            Ok(Some(line)) => match serde_json::from_str(&line) {
                Ok(Report::Failed { message }) => anyhow::bail!("{} failed: {message}", self.role),
                Ok(report) => Ok(report),
                Err(error) => anyhow::bail!("{} said what is no report: {error}", self.role),
            },
            _ => Err(self.death().await),
        }
    }

    async fn write(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(line)?;
        line.push(b'\n');
        if self.stdin.write_all(&line).await.is_err() {
            return Err(self.death().await);
        }
        Ok(())
    }

    async fn death(&mut self) -> anyhow::Error {
        let status = self.process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        let last_words = self.last_words.lock().expect("no holder panics").clone();
        let said = if last_words.is_empty() { "it said nothing".into() } else { format!("it last said: {last_words}") };
        anyhow::anyhow!("{} process ended early, {status}; {said}", self.role)
    }
}

async fn remember_last(stderr: impl AsyncRead + Unpin, last_words: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        *last_words.lock().expect("no holder panics") = line;
    }
}
