//! Checks that chance explains the counts: arrivals, phases, polls, empty responses, and deliveries under way.

use approaches::registry::Exchange;
use results::{
    schema::{Check, Measured, Verdict},
    theory::FAR_DEVIATIONS,
};
use scenario::plan::{Polls, Trial};

use super::form::{check, none_of, nothing};
use crate::coordinator::evidence::Evidence;

/// Exponential gaps exceed this Anderson–Darling A² less than once in ten thousand feeds. At the usual 1 % (1.959), one feed
/// in a hundred would cause a warning by chance, in every trial that delivers it.
const ARRIVALS_LIMIT: f64 = 4.0;
/// Random phases exceed this Rayleigh statistic once in a million trials: exp(−13.8).
const PHASE_LIMIT: f64 = 13.8;
/// If the median poll is late by more than this share of its interval, the clients cannot keep up.
const BEHIND: f64 = 0.05;
/// Deviation from Little's law.
const LITTLE_WARN: f64 = 0.05;
const LITTLE_INVALID: f64 = 0.15;

pub(super) fn arrivals(evidence: &Evidence) -> Check {
    let Some(statistic) = evidence.arrivals else { return nothing("arrivals", "not Poisson, or too few to tell") };
    let (verdict, note) = if statistic > ARRIVALS_LIMIT {
        let note = "the gaps between events are not those of a Poisson process, so that polls may be in step with \
                    events: leave the machine alone, lower the rate, or try another seed";
        (Verdict::Warn, note)
    } else {
        (Verdict::Pass, "events came at random, as planned")
    };
    check("arrivals", Some(statistic), Some(ARRIVALS_LIMIT), verdict, note.into())
}

pub(super) fn poll_phase(evidence: &Evidence) -> Check {
    let Some(statistic) = evidence.poll_phase else { return nothing("poll-phase", "no client polls") };
    let (verdict, note) = if statistic > PHASE_LIMIT {
        let note = "the clients poll in step, so that their phase decides the latency: more clients, or another seed";
        (Verdict::Invalid, note)
    } else {
        (Verdict::Pass, "the clients poll at random phases")
    };
    check("poll-phase", Some(statistic), Some(PHASE_LIMIT), verdict, note.into())
}

/// Compares polls and requests with the schedule. clients × window ÷ interval polls are due in the window. Each client's
/// phase is random, so it may poll once more or less. A poll is one request for the log, or one per symbol. Polls under way
/// at an edge of the window may count on the other side; the later polls are, the more of them there are.
pub(super) fn polls(trial: &Trial, measured: &Measured) -> Check {
    let (Some(Polls { interval, requests }), Some(late)) = (trial.polls(), &measured.poll_lateness_ns) else {
        return nothing("polls", "no client polls");
    };
    if measured.clients.connected == 0 {
        return nothing("polls", "no client is there to poll");
    }
    let clients = f64::from(measured.clients.connected);
    let intervals = |nanoseconds: Option<u64>| nanoseconds.unwrap_or_default() as f64 / interval.as_nanos() as f64;
    let of_one = measured.window.measure_ms as f64 / 1e3 / interval.as_secs_f64();
    let planned = clients * of_one;
    let chance = (of_one.fract() * (1.0 - of_one.fract())).max(0.1);
    let (due, requested) = (late.count as f64, measured.requests as f64 / f64::from(requests));
    let from_plan = (due - planned).abs() / (clients * chance).sqrt();
    let under_way = clients.sqrt() + clients * intervals(late.max).min(1.0) / 2.0;
    let distance = from_plan.max((requested - due).abs() / under_way);
    let note = format!("{due:.0} polls were due and {requested:.0} requested, {planned:.0} planned");
    if distance <= FAR_DEVIATIONS {
        return check("polls", Some(distance), Some(FAR_DEVIATIONS), Verdict::Pass, note);
    }
    let (verdict, why) = if behind(trial, measured) {
        (Verdict::Warn, "the clients could not keep their intervals; use fewer, or a longer interval")
    } else {
        (Verdict::Invalid, "polls were lost or counted wrongly; report it")
    };
    check("polls", Some(distance), Some(FAR_DEVIATIONS), verdict, format!("{note}: {why}"))
}

/// Returns whether half of the polls start late by a good part of their interval.
fn behind(trial: &Trial, measured: &Measured) -> bool {
    let (Some(polls), Some(late)) = (trial.polls(), &measured.poll_lateness_ns) else { return false };
    late.p50.is_some_and(|late_ns| late_ns as f64 > BEHIND * polls.interval.as_nanos() as f64)
}

pub(super) fn empties(trial: &Trial, measured: &Measured) -> Check {
    let responses = measured.responses;
    if trial.approach.facts.exchange == Exchange::Push {
        let note = "a server that pushes sent nothing empty";
        return none_of("empties-oracle", responses.empty, note, || {
            format!("{} empty messages where a server pushes: it sends what nobody needs", responses.empty)
        });
    }
    let Some(theory) = responses.empty_theory else {
        return nothing("empties-oracle", "no theory for these arrivals");
    };
    let Some(distance) = results::theory::deviation(&theory) else {
        if could_time_out(trial, measured) {
            return nothing("empties-oracle", "only holds that began while clients still subscribed could time out");
        }
        let note = "the run is shorter than a hold, so none could time out";
        return none_of("empties-oracle", responses.timed_out, note, || {
            let count = responses.timed_out;
            format!(
                "{count} holds timed out in a run shorter than a hold: they ended early or were miscounted; report it"
            )
        });
    };
    let expected = theory.responses as f64 * theory.probability;
    let note = format!("{} of {} responses were empty, theory says {expected:.0}", theory.observed, theory.responses);
    if distance > FAR_DEVIATIONS {
        let why = if behind(trial, measured) {
            "the clients could not keep the intervals that theory is told; use fewer, or a longer interval"
        } else {
            "chance does not explain it, so that events or responses were counted wrongly; report it"
        };
        let note = format!("{note}: {why}");
        return check("empties-oracle", Some(distance), Some(FAR_DEVIATIONS), Verdict::Invalid, note);
    }
    check("empties-oracle", Some(distance), Some(FAR_DEVIATIONS), Verdict::Pass, note)
}

/// Returns whether a hold that began with the first client could time out before the window closed.
fn could_time_out(trial: &Trial, measured: &Measured) -> bool {
    let Exchange::Hold(name) = trial.approach.facts.exchange else { return false };
    let passed = measured.connect.seconds + trial.phases.measured_ns() as f64 / 1e9;
    trial.params.duration(name).is_ok_and(|hold| hold.as_secs_f64() <= passed)
}

/// Checks Little's law: deliveries under way = rate × mean latency. Deliveries under way are counted without latencies or
/// histograms, so a wrongly recorded latency breaks the law. A wrong clock does not, because both sides share it.
pub(super) fn little(measured: &Measured, evidence: &Evidence) -> Check {
    let events = measured.events;
    if trial_is_incomplete(measured, evidence) {
        return nothing("little", "not everything that was due arrived with a latency, so the law does not apply");
    }
    let Some(mean_ns) = measured.latency_ns.mean else { return nothing("little", "nothing arrived") };
    let by_latency_ns = events.delivered as f64 * mean_ns;
    let deviation = (evidence.in_flight_ns / by_latency_ns - 1.0).abs();
    let verdict = match deviation {
        deviation if deviation > LITTLE_INVALID => Verdict::Invalid,
        deviation if deviation > LITTLE_WARN => Verdict::Warn,
        _ => Verdict::Pass,
    };
    let window_ns = measured.window.measure_ms as f64 * 1e6;
    let in_flight = evidence.in_flight_ns / window_ns;
    let note =
        format!("{in_flight:.3} deliveries under way on average, {:.3} by their latencies", by_latency_ns / window_ns);
    let why = if verdict == Verdict::Pass { "" } else { ": latencies were recorded wrongly; report it" };
    check("little", Some(deviation), Some(LITTLE_WARN), verdict, format!("{note}{why}"))
}

/// Coalesced states have no latency, and missed events never arrive.
fn trial_is_incomplete(measured: &Measured, evidence: &Evidence) -> bool {
    let events = measured.events;
    events.coalesced + events.missed + evidence.negative + evidence.out_of_range > 0
}
