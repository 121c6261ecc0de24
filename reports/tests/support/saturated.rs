//! Saturates trials of the synthetic run.

use reports::saturation::Side;
use results::{
    schema::{Check, Status, TrialRecord, Verdict},
    store::Run,
};

/// Makes a trial invalid because this side was short of CPU time. Two of five requests and deliveries are achieved.
pub fn saturate(trial: &mut TrialRecord, side: Side) {
    trial.status = Status::Invalid;
    trial.error = Some("polls: they were late".into());
    let measured = trial.measured.as_mut().unwrap();
    let events = &mut measured.events;
    events.delivered = events.expected * 2 / 5;
    events.missed = events.expected - events.delivered;
    events.coalesced = 0;
    measured.requests = measured.offered_requests.unwrap_or_default() * 2 / 5;
    for (id, of) in [("server-saturation", Side::Server), ("client-saturation", Side::LoadGenerator)] {
        let fires = side == of || side == Side::Both;
        measured.checks.push(Check {
            id: id.into(),
            value: Some(if fires { 0.97 } else { 0.2 }),
            threshold: Some(0.8),
            verdict: match (fires, of) {
                (false, _) => Verdict::Pass,
                (true, Side::Server) => Verdict::Warn,
                (true, _) => Verdict::Invalid,
            },
            note: "short of CPU time".into(),
        });
    }
}

/// Returns the trials of an approach with this number of clients.
pub fn of<'a>(run: &'a mut Run, approach: &'a str, clients: u32) -> impl Iterator<Item = &'a mut TrialRecord> {
    run.trials.iter_mut().filter(move |trial| trial.approach == approach && trial.load.clients == clients)
}
