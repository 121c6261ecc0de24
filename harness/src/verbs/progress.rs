//! Shows a run on standard error: a line that moves if it is a terminal, otherwise one line per trial. The coordinator draws
//! at most four times a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reports::saturation;
use results::{
    format::count,
    schema::{Status, TrialRecord},
};
use scenario::plan::Trial;

use super::output::{bar, one_line, say};
use crate::coordinator::{Observer, Phase, Progress};

/// The display of a run.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    total: Duration,
    /// Maximum remaining time.
    left: String,
    trial: String,
    clients: u32,
}

impl Display {
    /// Creates the display of a run that takes about this long.
    pub(super) fn new(total: Duration) -> Self {
        let bar = bar();
        if let Some(bar) = &bar {
            bar.set_style(
                ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}").expect("the template is valid"),
            );
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { bar, total, left: String::new(), trial: String::new(), clients: 0 }
    }

    /// Ends the display.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(one_line(line)),
            None => say(line),
        }
    }
}

impl Observer for Display {
    fn began(&mut self, trial: &Trial, index: usize, of: usize) {
        let left = self.total.mul_f64((of - index) as f64 / of as f64);
        let left = humantime::format_duration(Duration::from_secs(left.as_secs()));
        self.left = format!("at most {left} left");
        self.trial = format!("[{}/{of}] round {} {}", index + 1, trial.round, trial.variant);
        self.clients = trial.load.clients;
    }

    fn progressed(&mut self, progress: Progress) {
        if let Some(bar) = &self.bar {
            let now = describe(progress, self.clients);
            bar.set_message(one_line(&format!("{} · {} · {now}", self.trial, self.left)));
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
        self.line(&format!("{}: {outcome}{reason}", self.trial));
    }
}

/// Describes the progress of a trial with this many clients.
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
    fn progress_shows_how_many_clients_are_subscribed() {
        let at = |phase| describe(Progress { phase, connected: 43_210, events: 1_234_567 }, 100_000);
        assert_eq!(at(Phase::Connecting), "connecting 43,210 of 100,000 clients");
        assert_eq!(at(Phase::Measuring), "measuring 100,000 clients · 1,234,567 events");
        assert_eq!([1, 12, 123, 1_000].map(count), ["1", "12", "123", "1,000"]);
    }
}
