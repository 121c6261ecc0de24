//! What the self-test found: one structure a section, as they are printed and written as JSON. Times are in
//! nanoseconds.

use std::fmt;

use serde::Serialize;

/// What may be said of one comparison, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As it must be.
    Ok,
    /// The machine wakes threads so late that a wrong figure could not be told from a right one.
    TooNoisy,
    /// The instrument is wrong.
    Failed,
}

impl Verdict {
    /// The worst of several; of none, good.
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

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
    /// Known delays against measured latencies.
    pub(crate) compared: Vec<Compared>,
    /// The events of the stall, seen by an open and by a closed loop.
    pub(crate) stall: Stall,
    /// Instruments with a known fault, which must be found out.
    pub(crate) unfaithful: Vec<Unfaithful>,
    /// Approaches whose servers were stopped for a while.
    pub(crate) stops: Vec<Stop>,
    /// The worst of all.
    pub(crate) verdict: Verdict,
}

/// One trial with known delays.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Compared {
    /// What was injected, into what.
    pub(crate) trial: String,
    /// Which attempt this is, from 1.
    pub(crate) attempt: u32,
    /// Events in the window.
    pub(crate) events: usize,
    /// Quantiles of the delays against those of the latencies.
    pub(crate) comparisons: Vec<Comparison>,
    /// What did not arrive exactly once and in order.
    pub(crate) complaint: Option<String>,
    /// The worst of these.
    pub(crate) verdict: Verdict,
}

impl Compared {
    /// Whether it shows what no machine can have made of it: less than was injected, or another number of events.
    pub(super) fn is_inexplicable(&self) -> bool {
        self.complaint.is_some() || self.comparisons.iter().any(|one| one.difference_ns < one.least_ns)
    }
}

/// A quantile of known delays against the same quantile of measured latencies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// Which quantile.
    pub(crate) quantile: f64,
    /// Of the delays, computed from the feed.
    pub(crate) injected_ns: u64,
    /// Of the latencies, out of the trial's record.
    pub(crate) measured_ns: u64,
    /// Measured minus injected.
    pub(crate) difference_ns: i64,
    /// What the difference must be at least.
    pub(crate) least_ns: i64,
    /// Up to what it passes: what the machine explains, but never more than a fifth of what was injected.
    pub(crate) most_ns: i64,
    /// Whether it is.
    pub(crate) verdict: Verdict,
}

/// An instrument with a known fault.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unfaithful {
    /// The trial; the worst of its comparisons is the one that must fail.
    pub(crate) compared: Compared,
    /// `ok` where the fault was found out.
    pub(crate) verdict: Verdict,
}

/// A stall: its weight in the tail.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Stall {
    /// How long it lasted.
    pub(crate) stall_ns: u64,
    /// The window.
    pub(crate) window_ns: u64,
    /// How many events were later than so much.
    pub(crate) beyond: Vec<Beyond>,
    /// As measured: every event counts, from its scheduled time.
    pub(crate) open_loop: Loop,
    /// As a client would have measured the same events that sends its next request when the last one was answered.
    pub(crate) closed_loop: Loop,
}

/// Events later than so much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Beyond {
    /// Later than this.
    pub(crate) beyond_ns: u64,
    /// Share of the events in theory: (stall − this) ÷ window.
    pub(crate) theory: f64,
    /// Events that the feed itself puts there.
    pub(crate) injected: usize,
    /// Events that were measured there.
    pub(crate) measured: usize,
    /// Whether the last two agree.
    pub(crate) verdict: Verdict,
}

/// A distribution of latencies, event by event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Loop {
    /// Events in it.
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
    /// Events scheduled while the servers stood still.
    pub(crate) events: usize,
    /// The largest latency of these.
    pub(crate) largest_ns: u64,
    /// Of the latency of these over their scheduled time, by least squares; none where there are too few.
    pub(crate) slope: Option<f64>,
    /// Events of the window that never arrived.
    pub(crate) missed: u64,
    /// Median latency of the events well before the stop; none where there are too few.
    pub(crate) before_ns: Option<u64>,
    /// What is wrong, in words.
    pub(crate) complaint: Option<String>,
    /// Whether it is as the stop makes it.
    pub(crate) verdict: Verdict,
}
