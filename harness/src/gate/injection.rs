//! Injects a known slowdown into the head, for the study of the gate: CPU work before each event, so that one metric
//! grows by a known share.

use std::{fmt, str::FromStr};

use gate::paired::Metric;
use results::schema::TrialRecord;

/// Maximum work per event, as a share of the time between events. More would be an overload.
const MOST_WORK: f64 = 0.1;

/// The metric to slow down, and by how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Injection {
    metric: Metric,
    share: f64,
}

impl FromStr for Injection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no slowdown: expected cpu=SHARE or p50=SHARE, such as cpu=0.3");
        let (metric, share) = text.split_once('=').ok_or_else(expected)?;
        let metric = match metric {
            "cpu" => Metric::Cpu,
            "p50" => Metric::P50,
            _ => return Err(expected()),
        };
        let share: f64 = share.parse().map_err(|_| expected())?;
        if share > 0.0 && share <= 10.0 { Ok(Self { metric, share }) } else { Err(expected()) }
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "+{:.0} % {}", self.share * 100.0, self.metric.name())
    }
}

impl Injection {
    /// Returns the scenario key that injects the slowdown, given the base's measurements.
    ///
    /// # Errors
    /// The base lacks the metric, or the work does not fit between two events.
    pub(crate) fn key(self, base: &TrialRecord) -> Result<String, String> {
        let variant = &base.variant;
        let measured = base.measured.as_ref().ok_or_else(|| format!("{variant} measured nothing"))?;
        let figure = match self.metric {
            // All deliveries of an event share its work.
            Metric::Cpu => {
                let sides = measured.cpu.server_us_per_event.zip(measured.cpu.client_us_per_event);
                let deliveries =
                    measured.events.delivered as f64 / measured.events.published.unwrap_or_default().max(1) as f64;
                sides.map(|(server, client)| (server + client) * deliveries)
            }
            _ => measured.latency_ns.p50.map(|p50| p50 as f64 / 1e3),
        };
        let work_us = self.share * figure.ok_or_else(|| format!("{variant} has no {}", self.metric.name()))?;
        let most_us = MOST_WORK * 1e6 / base.load.events_per_second;
        if work_us > most_us {
            return Err(format!(
                "{self} of {variant} would be {work_us:.0} µs of work for each event, more than {most_us:.0} µs: leave it \
                 out, with --set approaches=…, or publish fewer events"
            ));
        }
        Ok(format!("faults.publish_work_us={}", work_us.round()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_slowdown_as_metric_and_share() {
        let parsed = |text: &str| text.parse::<Injection>();
        assert_eq!(parsed("cpu=0.3").map(|it| it.to_string()), Ok("+30 % CPU time per event".to_owned()));
        for wrong in ["cpu", "cpu=", "p99=0.1", "cpu=-1", "cpu=NaN", "p50=11"] {
            assert!(parsed(wrong).is_err_and(|error| error.contains("expected cpu=SHARE")), "{wrong}");
        }
    }
}
