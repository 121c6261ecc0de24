//! Shows a run on standard error: one line that moves where it is a terminal, one line a trial where it is not. Drawn
//! by the coordinator, at most four times a second.

use std::{env, io::IsTerminal, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::{
    format::count,
    saturation,
    schema::{Status, TrialRecord},
};

use super::output::say;
use crate::{
    coordinator::{Observer, Phase, Progress},
    plan::Trial,
};

/// Drawings a second.
const RATE: u8 = 4;

/// What a user sees of a run.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    total: Duration,
    trial: String,
    clients: u32,
}

impl Display {
    /// A display of a run that takes about so long.
    pub(super) fn new(total: Duration) -> Self {
        let plain = !std::io::stderr().is_terminal() || env::var_os("NO_COLOR").is_some();
        let bar = (!plain).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(RATE));
            bar.set_style(
                ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}").expect("the template is valid"),
            );
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, total, trial: String::new(), clients: 0 }
    }

    /// The run is over.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => say(line),
        }
    }
}

impl Observer for Display {
    fn began(&mut self, trial: &Trial, index: usize, of: usize) {
        let left = self.total.mul_f64((of - index) as f64 / of as f64);
        let left = humantime::format_duration(Duration::from_secs(left.as_secs()));
        self.trial = format!("[{}/{of}] round {} {} · at most {left} left", index + 1, trial.round, trial.variant);
        self.clients = trial.load.clients;
    }

    fn progressed(&mut self, progress: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} · {}", self.trial, describe(progress, self.clients)));
        }
    }

    fn ended(&mut self, record: &TrialRecord) {
        let outcome = match record.status {
            Status::Ok => "ok",
            _ if saturation::is_intended(record) => "overloaded, as intended",
            Status::Invalid => "INVALID",
            Status::Failed => "FAILED",
        };
        let reason = record.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
        self.line(&format!("{} {outcome}{reason}", self.trial));
    }
}

/// How far a trial with so many clients is, in a few words.
fn describe(progress: Progress, clients: u32) -> String {
    match progress.phase {
        Phase::Starting => "starting".into(),
        Phase::Connecting => {
            format!("connecting {} of {} clients", count(progress.connected.into()), count(clients.into()))
        }
        Phase::Measuring => format!("measuring {} clients · {} events", count(clients.into()), count(progress.events)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_says_how_many_clients_are_there() {
        let at = |phase| describe(Progress { phase, connected: 43_210, events: 1_234_567 }, 100_000);
        assert_eq!(at(Phase::Connecting), "connecting 43,210 of 100,000 clients");
        assert_eq!(at(Phase::Measuring), "measuring 100,000 clients · 1,234,567 events");
        assert_eq!([1, 12, 123, 1_000].map(count), ["1", "12", "123", "1,000"]);
    }
}
