//! Prints the findings: injected beside measured values.

use super::findings::{Beyond, Compared, Comparison, Findings, Loop, Stall, Stop, Unfaithful};

/// Returns all sections.
pub(crate) fn render(findings: &Findings) -> String {
    let mut lines =
        vec!["known delays: what went in, and what came out of worker, recorder, oracle and merge".to_owned()];
    lines.push(comparison_heading());
    findings.compared.iter().for_each(|compared| comparison_lines(compared, &mut lines));
    lines.push(String::new());
    stall_lines(&findings.stall, &mut lines);
    lines.push(String::new());
    lines.push("an instrument with a fault, in memory, constant 5 ms: it must be found out".into());
    lines.push(comparison_heading());
    findings.unfaithful.iter().for_each(|one| unfaithful_lines(one, &mut lines));
    lines.push(String::new());
    lines.push(
        "servers stopped for 300 ms: what is scheduled meanwhile arrives afterwards, late by what is left".into(),
    );
    let headings = ["events in it", "largest", "slope", "before", "missed"];
    lines.push(format!(
        "{:<30}{:>13}{:>12}{:>9}{:>12}{:>8}  verdict",
        "approach", headings[0], headings[1], headings[2], headings[3], headings[4]
    ));
    lines.extend(findings.stops.iter().map(stop_line));
    lines.push(String::new());
    lines.push(
        "allowed: from the delay line's own lateness up to what this machine takes to wake threads and to run them, at \
         most a fifth\nof what was injected; beyond that the machine is too noisy to tell, if it explains the difference. \
         The checks of a\nmeasurement, such as lateness, fire in these trials by design: the self-test has rules of its \
         own."
            .into(),
    );
    lines.push(format!("verdict: {}", findings.verdict));
    lines.join("\n")
}

fn comparison_heading() -> String {
    format!(
        "{:<30}{:<5}{:>12}{:>12}{:>12}{:>20}  verdict",
        "trial", "", "injected", "measured", "difference", "allowed, ms"
    )
}

fn comparison_lines(compared: &Compared, lines: &mut Vec<String>) {
    for (index, one) in compared.comparisons.iter().enumerate() {
        let name = if index == 0 { compared.trial.as_str() } else { "" };
        let attempt = if compared.attempt == 1 { String::new() } else { format!(", attempt {}", compared.attempt) };
        lines.push(comparison_line(name, one, &format!("{}{attempt}", one.verdict)));
    }
    lines.extend(compared.complaint.as_ref().map(|complaint| format!("{:<30}{complaint}: FAILED", compared.trial)));
}

fn comparison_line(name: &str, one: &Comparison, verdict: &str) -> String {
    let Comparison { quantile, injected_ns, measured_ns, difference_ns, least_ns, most_ns, .. } = one;
    let allowed = format!("{:+.3} .. {:+.3}", signed(*least_ns), signed(*most_ns));
    format!(
        "{name:<30}{:<5}{:>12}{:>12}{:>12}{allowed:>20}  {verdict}",
        format!("p{:.0}", quantile * 100.0),
        milliseconds(*injected_ns),
        milliseconds(*measured_ns),
        format!("{:+.3}", signed(*difference_ns)),
    )
}

fn unfaithful_lines(unfaithful: &Unfaithful, lines: &mut Vec<String>) {
    // One comparison that detects the fault is enough.
    let worst = unfaithful
        .compared
        .comparisons
        .iter()
        .max_by(|one, other| one.verdict.cmp(&other.verdict).then(other.quantile.total_cmp(&one.quantile)));
    let verdict = match unfaithful.verdict {
        super::Verdict::Ok => "found out".to_owned(),
        super::Verdict::TooNoisy => unfaithful.verdict.to_string(),
        super::Verdict::Failed => "NOT FOUND OUT".to_owned(),
    };
    lines.extend(worst.map(|one| comparison_line(&unfaithful.compared.trial, one, &verdict)));
}

fn stall_lines(stall: &Stall, lines: &mut Vec<String>) {
    let [length, window] = [stall.stall_ns, stall.window_ns].map(|nanoseconds| nanoseconds / 1_000_000);
    lines.push(format!("a stall of {length} ms in a window of {window} ms: how much of the tail it is"));
    lines.push(format!("{:<30}{:>10}{:>12}{:>12}  verdict", "later than", "theory", "injected", "measured"));
    let events = stall.open_loop.events as f64;
    for Beyond { beyond_ns, theory, injected, measured, verdict } in &stall.beyond {
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / events);
        lines.push(format!(
            "{:<30}{:>10}{:>12}{:>12}  {verdict}",
            milliseconds(*beyond_ns),
            format!("{:.1} %", 100.0 * theory),
            share(*injected),
            share(*measured),
        ));
    }
    lines.push(String::new());
    lines.push("the same events, had each request waited for the answer to the one before it".into());
    lines.push(format!("{:<30}{:>8}{:>12}{:>12}{:>12}{:>12}", "loop", "events", "p50", "p90", "p99", "max"));
    for (name, Loop { events, p50_ns, p90_ns, p99_ns, max_ns }) in
        [("open, as measured here", stall.open_loop), ("closed", stall.closed_loop)]
    {
        let [p50, p90, p99, max] = [p50_ns, p90_ns, p99_ns, max_ns].map(milliseconds);
        lines.push(format!("{name:<30}{events:>8}{p50:>12}{p90:>12}{p99:>12}{max:>12}"));
    }
}

fn stop_line(stop: &Stop) -> String {
    let Stop { approach, events, largest_ns, slope, missed, before_ns, complaint, verdict } = stop;
    let slope = slope.map_or("–".to_owned(), |slope| format!("{slope:+.3}"));
    let before = before_ns.map_or("–".to_owned(), milliseconds);
    let why = complaint.as_ref().map_or(String::new(), |complaint| format!(": {complaint}"));
    let largest = milliseconds(*largest_ns);
    format!("{approach:<30}{events:>13}{largest:>12}{slope:>9}{before:>12}{missed:>8}  {verdict}{why}")
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3} ms", nanoseconds as f64 / 1e6)
}

fn signed(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::Verdict;

    fn findings() -> Findings {
        let comparison = Comparison {
            quantile: 0.5,
            injected_ns: 5_000_000,
            measured_ns: 3_000_000,
            difference_ns: -2_000_000,
            least_ns: 20_000,
            most_ns: 300_000,
            verdict: Verdict::Failed,
        };
        let compared = |trial: &str, comparisons: &[Comparison]| Compared {
            trial: trial.into(),
            attempt: 2,
            events: 500,
            comparisons: comparisons.to_vec(),
            complaint: Some("2 missed".into()),
            verdict: Verdict::Failed,
        };
        let one = Loop { events: 500, p50_ns: 1, p90_ns: 2, p99_ns: 3, max_ns: 4 };
        let right = Comparison { verdict: Verdict::Ok, quantile: 0.9, ..comparison };
        Findings {
            compared: vec![compared("memory", &[comparison])],
            stall: Stall {
                stall_ns: 200_000_000,
                window_ns: 1_000_000_000,
                beyond: vec![Beyond {
                    beyond_ns: 50_000_000,
                    theory: 0.15,
                    injected: 80,
                    measured: 81,
                    verdict: Verdict::Ok,
                }],
                open_loop: one,
                closed_loop: Loop { events: 400, ..one },
            },
            unfaithful: vec![
                Unfaithful { compared: compared("clamped", &[right, comparison]), verdict: Verdict::Ok },
                Unfaithful { compared: compared("unseen", &[right]), verdict: Verdict::Failed },
            ],
            stops: vec![Stop {
                approach: "any".into(),
                events: 7,
                largest_ns: 300_000_000,
                slope: None,
                missed: 0,
                before_ns: Some(100_000),
                complaint: Some("too few events in it".into()),
                verdict: Verdict::TooNoisy,
            }],
            verdict: Verdict::Failed,
        }
    }

    #[test]
    fn every_section_shows_its_findings() {
        let text = render(&findings());
        let expected = [
            "memory                        p50      5.000 ms    3.000 ms      -2.000    +0.020 .. +0.300  FAILED, attempt 2",
            "memory                        2 missed: FAILED",
            "50.000 ms                         15.0 %      16.0 %      16.2 %  ok",
            "clamped                       p50      5.000 ms    3.000 ms      -2.000    +0.020 .. +0.300  found out",
            "unseen                        p90      5.000 ms    3.000 ms      -2.000    +0.020 .. +0.300  NOT FOUND OUT",
            "any                                       7  300.000 ms        –    0.100 ms       0  \
             machine too noisy to tell: too few events in it",
            "verdict: FAILED",
        ];
        for line in expected {
            assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
        }
    }

    #[test]
    fn the_findings_are_printed_as_data() {
        let json = serde_json::to_value(findings()).unwrap();
        assert_eq!(json["compared"][0]["comparisons"][0]["difference_ns"], -2_000_000);
        assert_eq!((&json["verdict"], &json["stops"][0]["verdict"]), (&"failed".into(), &"too_noisy".into()));
    }
}
