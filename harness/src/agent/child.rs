//! A child as the coordinator sees it: a process that exchanges JSON lines with it and never outlives it. The self-test also
//! has children that are tasks of this process; the coordinator treats them alike.

use std::{process::Stdio, time::Duration};

use anyhow::Context as _;
use futures_util::StreamExt;
use serde::Serialize;
use tokio::{
    io::AsyncWriteExt,
    process::{ChildStdin, ChildStdout},
};
use tokio_util::{
    codec::{FramedRead, LinesCodec, LinesCodecError},
    task::AbortOnDropHandle,
};

use super::{
    last_words::{Heard, LastWords},
    message::{AgentEvent, Command},
    process::{Control, NAME, Peer, THIS_PROGRAM},
};

/// Longest line that a child may write, in bytes: five times the report of the longest window.
const LINE_LIMIT_BYTES: usize = 64 << 20;
/// Characters shown of a line that is not a report.
const SHOWN: usize = 100;
/// Maximum time to read what a dead process left in the pipe. Another process may still hold the other end open.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

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
    stdout: FramedRead<ChildStdout, LinesCodec>,
    last_words: LastWords,
    hearing: AbortOnDropHandle<Heard>,
}

impl Child {
    /// Starts this program again in the given role, and tells it its plan.
    pub(crate) async fn start(role: &str, plan: &impl Serialize) -> anyhow::Result<Self> {
        let mut program = tokio::process::Command::new(THIS_PROGRAM);
        program.arg0(NAME).args([role, "--coordinated"]);
        let mut process = Process::start(program).with_context(|| format!("cannot start a {role} process"))?;
        process.write(role, plan).await?;
        Ok(Self { role: role.to_owned(), link: Link::Process(Box::new(process)) })
    }

    /// Starts a child as a task of the current runtime.
    pub(crate) fn here<Life>(role: &str, live: impl FnOnce(Control) -> Life) -> Self
    where
        Life: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (control, peer) = Control::inside();
        let reporter = control.reporter();
        let life = live(control);
        let life = tokio::spawn(async move {
            if let Err(error) = life.await {
                reporter.report(&AgentEvent::Failed { message: format!("{error:#}") });
            }
        });
        Self { role: role.to_owned(), link: Link::Task { peer, _life: AbortOnDropHandle::new(life) } }
    }

    /// Returns the process id, or `None` for a task or a process that has ended.
    pub(crate) fn process_id(&self) -> Option<u32> {
        match &self.link {
            Link::Process(process) => process.process.id(),
            Link::Task { .. } => None,
        }
    }

    /// Sends it a command.
    pub(crate) async fn send(&mut self, command: &Command) -> anyhow::Result<()> {
        match &mut self.link {
            Link::Process(process) => process.write(&self.role, command).await,
            Link::Task { peer, .. } => {
                peer.commands.send(command.clone()).ok().with_context(|| format!("the {} task has ended", self.role))
            }
        }
    }

    /// Waits for its next report. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> anyhow::Result<AgentEvent> {
        let report = match &mut self.link {
            Link::Process(process) => process.next(&self.role).await?,
            Link::Task { peer, .. } => {
                peer.reports.recv().await.with_context(|| format!("the {} task ended early", self.role))?
            }
        };
        match report {
            AgentEvent::Failed { message } => anyhow::bail!("{} failed: {message}", self.role),
            report => Ok(report),
        }
    }
}

impl Process {
    fn start(mut program: tokio::process::Command) -> anyhow::Result<Self> {
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // Ctrl-C at the terminal is for the coordinator, which ends its children itself.
        let mut process = program.process_group(0).spawn()?;
        let stdin = process.stdin.take().context("a piped standard input")?;
        let stdout = process.stdout.take().context("a piped standard output")?;
        let stdout = FramedRead::new(stdout, LinesCodec::new_with_max_length(LINE_LIMIT_BYTES));
        let stderr = process.stderr.take().context("a piped standard error")?;
        let last_words = LastWords::default();
        let listener = last_words.clone();
        let hearing = AbortOnDropHandle::new(tokio::spawn(async move { listener.hear(stderr, u64::MAX).await }));
        Ok(Self { process, stdin, stdout, last_words, hearing })
    }

    async fn next(&mut self, role: &str) -> anyhow::Result<AgentEvent> {
        match self.stdout.next().await {
            Some(Ok(line)) => serde_json::from_str(&line).with_context(|| {
                let shown: String = line.chars().take(SHOWN).collect();
                format!("the {role} process wrote a line that is not a report: {shown:?}")
            }),
            Some(Err(LinesCodecError::MaxLineLengthExceeded)) => {
                anyhow::bail!("the {role} process wrote a line of more than {} MiB", LINE_LIMIT_BYTES >> 20)
            }
            Some(Err(LinesCodecError::Io(_))) | None => Err(self.death(role).await),
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

    /// Explains why the process writes no more reports.
    async fn death(&mut self, role: &str) -> anyhow::Error {
        let ended = tokio::time::timeout(LAST_WORDS_LIMIT, self.process.wait()).await;
        let how = match ended {
            Ok(Ok(status)) => format!("ended early, {status}"),
            Ok(Err(error)) => format!("ended early: {error}"),
            Err(_) => "closed its standard output or input".to_owned(),
        };
        let _ = tokio::time::timeout(LAST_WORDS_LIMIT, &mut self.hearing).await;
        let said = self.last_words.line().map_or("it said nothing".into(), |line| format!("it last said: {line}"));
        anyhow::anyhow!("{role} process {how}; {said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the coordinator's error for a program that does this.
    async fn heard(script: &str) -> String {
        let mut shell = tokio::process::Command::new("sh");
        shell.args(["-c", script]);
        let mut process = Process::start(shell).unwrap();
        process.next("serve").await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_child_that_dies_or_sends_garbage_is_named_with_the_reason() {
        let panics = "printf 'thread \\047main\\047 panicked at a.rs:1:2:\\nno\\nnote: run with `RUST_BACKTRACE=1`\\n' >&2; exit 101";
        let panicked = heard(panics).await;
        assert!(
            panicked.ends_with("exit status: 101; it last said: thread 'main' panicked at a.rs:1:2: no"),
            "{panicked}"
        );
        assert!(heard("exit 3").await.ends_with("exit status: 3; it said nothing"));
        assert_eq!(heard("echo hello").await, "the serve process wrote a line that is not a report: \"hello\"");
        assert_eq!(heard("cat /dev/zero").await, "the serve process wrote a line of more than 64 MiB");
        assert!(heard("exec 1>&- 2>&-; exec sleep 1000").await.contains("closed its standard output"));
    }
}
