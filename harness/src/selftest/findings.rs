//! The findings of the self-test, one structure per section, as printed and written as JSON. Times are in nanoseconds.

use std::fmt;

use serde::Serialize;

/// The verdict on one comparison, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Correct.
    Ok,
    /// The machine wakes threads so late that a wrong value could look right.
    TooNoisy,
    /// The instrument is wrong.
    Failed,
}

impl Verdict {
    /// Returns the worst of several verdicts, or the best one without any.
    pub(super) fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Ok)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ok => "ok",
            Self::TooNoisy => "machine too noisy to tell",
            Self::Failed => "FAILED",
        })
    }
}

/// All findings.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
    /// Known delays compared with measured latencies.
    pub(crate) compared: Vec<Compared>,
    /// The events of the stall, as an open and as a closed loop see them.
    pub(crate) stall: Stall,
    /// Instruments with a known fault, which must be detected.
    pub(crate) unfaithful: Vec<Unfaithful>,
    /// Approaches whose servers were stopped for a while.
    pub(crate) stops: Vec<Stop>,
    /// The worst verdict of all sections.
    pub(crate) verdict: Verdict,
}

/// One trial with known delays.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Compared {
    /// The delay, and where it was injected.
    pub(crate) trial: String,
    /// Number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// Events in the window.
    pub(crate) events: usize,
    /// Quantiles of the delays compared with those of the latencies.
    pub(crate) comparisons: Vec<Comparison>,
    /// Events that did not arrive exactly once and in order.
    pub(crate) complaint: Option<String>,
    /// The worst verdict of these.
    pub(crate) verdict: Verdict,
}

impl Compared {
    /// Returns whether no machine explains the result: less than was injected, or another number of events.
    pub(super) fn is_inexplicable(&self) -> bool {
        self.complaint.is_some() || self.comparisons.iter().any(|one| one.difference_ns < one.least_ns)
    }
}

/// A quantile of known delays compared with the same quantile of measured latencies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// The quantile.
    pub(crate) quantile: f64,
    /// Quantile of the delays, computed from the feed.
    pub(crate) injected_ns: u64,
    /// Quantile of the latencies, from the trial's record.
    pub(crate) measured_ns: u64,
    /// Measured minus injected.
    pub(crate) difference_ns: i64,
    /// The smallest possible difference.
    pub(crate) least_ns: i64,
    /// The largest difference that passes: as much as the machine explains, but at most a fifth of the injected
    /// delay.
    pub(crate) most_ns: i64,
    /// The verdict.
    pub(crate) verdict: Verdict,
}

/// An instrument with a known fault.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unfaithful {
    /// The trial, whose worst comparison must fail.
    pub(crate) compared: Compared,
    /// `ok` if the fault was detected.
    pub(crate) verdict: Verdict,
}

/// A stall and its share of the tail.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stall {
    /// Its duration.
    pub(crate) stall_ns: u64,
    /// The window.
    pub(crate) window_ns: u64,
    /// Events later than each of several limits.
    pub(crate) beyond: Vec<Beyond>,
    /// Latencies as measured: of every event, from its scheduled time.
    pub(crate) open_loop: Loop,
    /// Latencies as a closed-loop client would have measured them.
    pub(crate) closed_loop: Loop,
}

/// Events later than a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Beyond {
    /// The limit.
    pub(crate) beyond_ns: u64,
    /// Share of the events in theory: (stall − limit) ÷ window.
    pub(crate) theory: f64,
    /// Expected events, from the feed.
    pub(crate) injected: usize,
    /// Measured events.
    pub(crate) measured: usize,
    /// Whether expected and measured agree.
    pub(crate) verdict: Verdict,
}

/// A distribution of latencies, event by event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Loop {
    /// Number of events.
    pub(crate) events: usize,
    /// Median.
    pub(crate) p50_ns: u64,
    /// 90 of 100 are at most this.
    pub(crate) p90_ns: u64,
    /// 99 of 100 are at most this.
    pub(crate) p99_ns: u64,
    /// Largest.
    pub(crate) max_ns: u64,
}

/// An approach whose servers were stopped for a while.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stop {
    /// The approach.
    pub(crate) approach: String,
    /// Events scheduled while the servers were stopped.
    pub(crate) events: usize,
    /// The largest latency of these.
    pub(crate) largest_ns: u64,
    /// Slope of the latency of these events over their scheduled time, by least squares. `None` if there are too few.
    pub(crate) slope: Option<f64>,
    /// Events of the window that never arrived.
    pub(crate) missed: u64,
    /// Median latency of the events well before the stop. `None` if there are too few.
    pub(crate) before_ns: Option<u64>,
    /// The failures in words.
    pub(crate) complaint: Option<String>,
    /// Whether the stop explains the latencies.
    pub(crate) verdict: Verdict,
}
