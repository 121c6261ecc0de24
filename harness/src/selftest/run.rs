//! Runs the self-test: each trial as in a measurement, and then the comparison.

use approaches::registry::{APPROACHES, Approach, Exchange};
use proto::Params;
use results::{
    schema::{Cpu, Measured},
    statistics::decode,
};
use scenario::{
    feed::Feed,
    {plan::Trial, variants::variant},
};
use tokio::sync::mpsc;

use super::{
    closed_loop::Sample,
    compare::{Known, Machine, compare, queue},
    findings::{Compared, Findings, Stall, Stop, Unfaithful, Verdict},
    stall, stopped,
    trials::{self, Length, Named, STALL_MS},
};
use crate::{
    coordinator::host::{Children, Host},
    coordinator::{
        events::{self, Event},
        merge,
        trial::{self, TrialResult},
    },
    sut::delay_line::injected,
};

/// Threads that wake one after the other in each runtime that an event passes: the waiting one, and the one that may
/// take over the task. In memory there is one runtime; otherwise server and worker each have one.
const WAKES_OF_A_RUNTIME: u64 = 2;
/// Share of the cores above which other processes count as using them.
const SHARED: f64 = 0.05;

/// Runs the whole self-test and reports progress.
///
/// # Errors
/// A trial failed.
pub(crate) async fn run(length: Length, say: impl Fn(&str)) -> anyhow::Result<Findings> {
    let mut compared = Vec::new();
    for named in trials::in_memory(length) {
        compared.push(comparison(&named, Children::Tasks, length, &say).await?.compared);
    }
    let (stalled, stall) = stalled(&trials::stall(length), length, &say).await?;
    compared.push(stalled);
    for (approach, params) in defaults(|approach| approach.facts.floor)? {
        let named = trials::constant(approach, &params, length);
        compared.push(comparison(&named, Children::Processes, length, &say).await?.compared);
    }
    let mut unfaithful = Vec::new();
    for named in trials::unfaithful(length) {
        unfaithful.push(self::unfaithful(&named, length, &say).await?);
    }
    let mut stops = Vec::new();
    for (approach, params) in defaults(|approach| approach.facts.exchange == Exchange::Push)? {
        stops.push(stop(&trials::stopped(approach, &params, length), length, &say).await?);
    }
    let verdicts = compared.iter().map(|one| one.verdict).chain(stall.beyond.iter().map(|one| one.verdict));
    let verdicts = verdicts.chain(unfaithful.iter().map(|one| one.verdict)).chain(stops.iter().map(|one| one.verdict));
    let verdict = Verdict::worst(verdicts);
    Ok(Findings { compared, stall, unfaithful, stops, verdict })
}

/// Returns the approaches for which this is true, with their default settings.
fn defaults(is_wanted: impl Fn(&Approach) -> bool) -> anyhow::Result<Vec<(&'static Approach, Params)>> {
    let wanted = APPROACHES.iter().filter(|approach| is_wanted(approach));
    wanted.map(|approach| Ok(variant(approach.name)?)).collect()
}

/// A compared trial with known delays, and the machine's noise.
struct Examined {
    compared: Compared,
    known: Vec<Known>,
    arrived: Vec<Sample>,
    machine: Machine,
}

/// Repeats a trial until it passes, shows a result that no machine explains, or reaches the maximum number of
/// attempts. The best attempt counts: a wrong instrument is wrong every time, and a noisy machine is not.
async fn comparison(
    named: &Named,
    children: Children,
    length: Length,
    say: &impl Fn(&str),
) -> anyhow::Result<Examined> {
    let attempt = async |attempt: u32| examine(named, children, attempt, measure(&named.trial, children).await?);
    let is_settled =
        |examined: &Examined| examined.compared.verdict == Verdict::Ok || examined.compared.is_inexplicable();
    let attempts = Attempts { what: &named.name, most: length.attempts, say };
    best(attempts, attempt, is_settled, |examined| examined.compared.verdict).await
}

/// The same for the trial with the stall, whose share of the tail is compared, too.
async fn stalled(named: &Named, length: Length, say: &impl Fn(&str)) -> anyhow::Result<(Compared, Stall)> {
    let attempt = async |attempt: u32| {
        let examined = examine(named, Children::Tasks, attempt, measure(&named.trial, Children::Tasks).await?)?;
        let stall = stall_of(&named.trial, &examined)?;
        Ok((examined.compared, stall))
    };
    let verdict = |(compared, stall): &(Compared, Stall)| {
        Verdict::worst(stall.beyond.iter().map(|one| one.verdict).chain([compared.verdict]))
    };
    let is_settled = |both: &(Compared, Stall)| {
        let is_inexplicable = both.1.beyond.iter().any(|one| one.measured < one.injected);
        verdict(both) == Verdict::Ok || both.0.is_inexplicable() || is_inexplicable
    };
    best(Attempts { what: &named.name, most: length.attempts, say }, attempt, is_settled, verdict).await
}

/// Repeats a trial whose instrument has a fault, until the fault is detected or the maximum number of attempts is
/// reached.
async fn unfaithful(named: &Named, length: Length, say: &impl Fn(&str)) -> anyhow::Result<Unfaithful> {
    let attempt = async |attempt: u32| {
        Ok(found_out(examine(named, Children::Tasks, attempt, measure(&named.trial, Children::Tasks).await?)?.compared))
    };
    let attempts = Attempts { what: &named.name, most: length.attempts, say };
    best(attempts, attempt, |one| one.verdict == Verdict::Ok, |one| one.verdict).await
}

async fn stop(named: &Named, length: Length, say: &impl Fn(&str)) -> anyhow::Result<Stop> {
    let attempt = async |_| {
        let Measurement { result, measured, events } = measure(&named.trial, Children::Processes).await?;
        let stopped = result.stopped.ok_or_else(|| anyhow::anyhow!("nobody stopped the servers"))?;
        let waited_us = measured.cpu.server_wait_us.unwrap_or_default() + measured.cpu.client_wait_us;
        let noise_ns = result.machine.hiccup.max() + waited_us * 1_000;
        Ok(stopped::examine(&named.name, &events, &measured.events, stopped, noise_ns))
    };
    let attempts = Attempts { what: &format!("{}, servers stopped", named.name), most: length.attempts, say };
    best(attempts, attempt, |stop| stop.verdict != Verdict::TooNoisy, |stop| stop.verdict).await
}

/// The maximum number of attempts, and the receiver of progress.
struct Attempts<'a, Say> {
    what: &'a str,
    most: u32,
    say: &'a Say,
}

impl<Say: Fn(&str)> Attempts<'_, Say> {
    fn announce(&self, attempt: u32) {
        let again =
            if attempt == 1 { "" } else { &format!(", attempt {attempt}: the machine may have been too noisy") };
        (self.say)(&format!("{}{again}", self.what));
    }
}

/// Returns the best attempt up to the first decisive one; of equals the first.
async fn best<T>(
    attempts: Attempts<'_, impl Fn(&str)>,
    mut attempt: impl AsyncFnMut(u32) -> anyhow::Result<T>,
    is_settled: impl Fn(&T) -> bool,
    verdict: impl Fn(&T) -> Verdict,
) -> anyhow::Result<T> {
    attempts.announce(1);
    let mut best = attempt(1).await?;
    for number in 2..=attempts.most {
        if is_settled(&best) {
            break;
        }
        attempts.announce(number);
        let next = attempt(number).await?;
        if is_settled(&next) || verdict(&next) < verdict(&best) {
            best = next;
        }
    }
    Ok(best)
}

/// The merged record of a trial.
struct Measurement {
    result: TrialResult,
    measured: Measured,
    events: Vec<Event>,
}

async fn measure(trial: &Trial, children: Children) -> anyhow::Result<Measurement> {
    // Trials are short, so their progress is not shown.
    let (progress, _) = mpsc::unbounded_channel();
    let result = trial::run(trial, Host::local(children), progress).await?;
    let record = merge::record("selftest", trial, &result)?;
    let measured = record.measured.ok_or_else(|| anyhow::anyhow!("a trial without numbers: {:?}", record.error))?;
    let events = events::join_window(trial, &result.shards).kept;
    Ok(Measurement { result, measured, events })
}

fn examine(named: &Named, children: Children, attempt: u32, measurement: Measurement) -> anyhow::Result<Examined> {
    let Measurement { result, measured, events } = measurement;
    let mut known = known(&named.trial, &result)?;
    let Cpu { server_us, client_us, server_wait_us, client_wait_us, .. } = measured.cpu;
    let [server_us, server_wait_us] = [server_us, server_wait_us].map(Option::unwrap_or_default);
    let (runtimes, processor_us, waited_us) = match children {
        Children::Processes => (2, server_us + client_us, server_wait_us + client_wait_us),
        // Server and worker share a process, and each counted all of its CPU time.
        Children::Tasks => (1, server_us.max(client_us), server_wait_us.max(client_wait_us)),
    };
    let foreign_share = result.machine.host(processor_us, named.trial.phases).foreign_share;
    // If no other process runs, threads wait for the instrument itself.
    let waited_us = if foreign_share.is_none_or(|share| share > SHARED) { waited_us } else { 0 };
    queue(&mut known, processor_us * 1_000 / measured.events.scheduled.max(1));
    let machine = Machine::new(
        &result.machine.hiccup,
        runtimes * WAKES_OF_A_RUNTIME,
        waited_us * 1_000 / measured.events.scheduled.max(1),
    );
    let latency = decode(&measured.latency_ns.histogram)?;
    let comparisons = compare(&known, machine, &latency);
    let complaint = stopped::incomplete(&measured.events);
    let verdicts = comparisons.iter().map(|comparison| comparison.verdict);
    let verdict = Verdict::worst(verdicts.chain(complaint.as_ref().map(|_| Verdict::Failed)));
    let arrived = events
        .iter()
        .filter_map(|event| Some(Sample { scheduled_ns: event.scheduled_ns, latency_ns: event.median_ns? }));
    Ok(Examined {
        compared: Compared { trial: named.name.clone(), attempt, events: known.len(), comparisons, complaint, verdict },
        known,
        arrived: arrived.collect(),
        machine,
    })
}

/// Returns each event of the window with its injected delay from the feed, and the delay line's additional delay. The
/// window is short enough for an entry per event.
fn known(trial: &Trial, result: &TrialResult) -> anyhow::Result<Vec<Known>> {
    let delay = trial.faults.delivery_delay.ok_or_else(|| anyhow::anyhow!("nothing was injected"))?;
    let mut followers = vec![0; trial.load.symbols as usize];
    for client in 0..trial.load.clients {
        let symbols = trial.feed.symbols_of(client, trial.load.symbols_per_client);
        symbols.for_each(|symbol| followers[symbol as usize] += 1);
    }
    let planned = Feed::new(&trial.feed).zip(injected(&trial.feed, delay));
    let planned = planned.filter(|(event, _)| trial.phases.in_window(event.scheduled_ns));
    let mut stamps =
        result.shards.iter().filter_map(|shard| shard.served.as_ref()).flat_map(|served| &served.release_lateness_ns);
    planned
        .map(|(event, (sequence, injected_ns))| match stamps.next() {
            Some(&(stamped, lateness_ns)) if stamped == sequence => {
                let (scheduled_ns, deliveries) = (event.scheduled_ns, followers[event.symbol as usize]);
                Ok(Known { scheduled_ns, injected_ns, lateness_ns, processing_ns: 0, deliveries })
            }
            _ => anyhow::bail!("the delay line did not release event {sequence}"),
        })
        .collect()
}

fn stall_of(trial: &Trial, examined: &Examined) -> anyhow::Result<Stall> {
    let Examined { known, arrived, machine, .. } = examined;
    let stall = stall::examine(known, arrived, *machine, STALL_MS * 1_000_000, trial.phases.measure_ns);
    stall.ok_or_else(|| anyhow::anyhow!("nothing arrived"))
}

/// An instrument whose fault no comparison detects must fail the self-test.
fn found_out(compared: Compared) -> Unfaithful {
    let verdict = match compared.verdict {
        Verdict::Failed => Verdict::Ok,
        Verdict::TooNoisy => Verdict::TooNoisy,
        Verdict::Ok => Verdict::Failed,
    };
    Unfaithful { compared, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(verdict: Verdict) -> Compared {
        Compared { trial: "any".into(), attempt: 1, events: 0, comparisons: Vec::new(), complaint: None, verdict }
    }

    #[test]
    fn an_undetected_fault_fails_the_self_test() {
        let of = |verdict| found_out(compared(verdict)).verdict;
        assert_eq!(of(Verdict::Failed), Verdict::Ok);
        assert_eq!(of(Verdict::Ok), Verdict::Failed);
        assert_eq!(of(Verdict::TooNoisy), Verdict::TooNoisy);
    }

    /// Returns the verdict of a trial with these attempts, and their number. `true` means that no machine explains
    /// the attempt.
    async fn attempted(attempts: &[(Verdict, bool)]) -> (Verdict, u32) {
        let mut count = 0;
        let attempt = async |number: u32| {
            count = number;
            Ok(attempts[number as usize - 1])
        };
        let is_settled = |attempt: &(Verdict, bool)| attempt.0 == Verdict::Ok || attempt.1;
        let tried = Attempts { what: "any", most: 3, say: &|_: &str| {} };
        let (verdict, _) = best(tried, attempt, is_settled, |attempt| attempt.0).await.unwrap();
        (verdict, count)
    }

    #[tokio::test]
    async fn a_fault_that_the_machine_could_cause_must_show_every_time() {
        let (ok, noisy, failed) = ((Verdict::Ok, false), (Verdict::TooNoisy, false), (Verdict::Failed, false));
        assert_eq!(attempted(&[ok]).await, (Verdict::Ok, 1));
        assert_eq!(attempted(&[failed, noisy, ok]).await, (Verdict::Ok, 3));
        assert_eq!(attempted(&[failed, noisy, failed]).await, (Verdict::TooNoisy, 3));
        assert_eq!(attempted(&[failed; 3]).await, (Verdict::Failed, 3));
        assert_eq!(attempted(&[noisy, (Verdict::Failed, true), ok]).await, (Verdict::Failed, 2));
    }
}
