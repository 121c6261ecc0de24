//! Judges of polls and their responses.

use results::{
    format::{bytes, count, or_none, percent, plain, significant},
    theory,
};

use super::super::{
    article::Stated,
    claim::{Figure, Support},
    evidence::{Evidence, Seen},
};
use crate::{
    headline::describe,
    merge::{polls, share},
    saturation::Saturated,
};

/// The bound is the share of empty responses. A share that chance could explain decides nothing.
pub(super) fn mostly_empty(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        let share = seen.merged.empty_share?;
        let events = seen.load.events_per_client() * seen.interval_seconds()?;
        let chance = theory::chance(&seen.merged.responses);
        let off = format!("± {} by chance", percent(chance));
        let text = format!("{} empty, {off}, with {} events an interval", percent(share), significant(events));
        let is_decided = (share - claim.bounds[0]).abs() > chance;
        let says = if is_decided { Support::decided(share > claim.bounds[0]) } else { Support::Open };
        Some((text, says))
    })
}

/// The bounds are the tolerated deviation from clients ÷ interval, and the clients of the claim. A saturated trial decides
/// nothing.
pub(super) fn request_rate(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let rows = evidence.called(&claim.labels);
    let mut figures = evidence.figures(&rows, |seen| rate_of(claim, seen));
    for point in evidence.loads {
        let is_own = |label: &Option<String>| label.as_ref().is_some_and(|label| claim.labels.contains(label));
        let saturated = point.rows.iter().filter(|row| is_own(&row.label) && row.merged.is_none());
        figures.extend(saturated.filter_map(|row| {
            let Saturated { offered_per_second, achieved_per_second, side, .. } = row.saturated.as_ref()?;
            Some(Figure {
                variant: row.variant.clone(),
                load: Some(describe(&point.load)),
                trials: Some(0),
                text: format!(
                    "offered {} requests a second, achieved {}; saturated: {side}",
                    significant(*offered_per_second),
                    significant(*achieved_per_second)
                ),
                says: Support::Open,
            })
        }));
    }
    figures
}

fn rate_of(claim: &Stated, seen: &Seen<'_>) -> Option<(String, Support)> {
    let interval = seen.interval_seconds()?;
    let served = seen.merged.requests as f64 / seen.merged.window_seconds.max(1e-3);
    let law = f64::from(seen.load.clients) / interval;
    let is_that_size = f64::from(seen.load.clients) >= claim.bounds[1] && (interval - 1.0).abs() < 0.01;
    // Chance decides which polls fall into a window, and with few polls that is a large part.
    let clients = f64::from(seen.load.clients) * seen.merged.rounds.len() as f64;
    let chance = polls::chance(clients) / seen.merged.window_seconds.max(1e-3);
    let (off, tolerance) = ((served - law).abs(), claim.bounds[0] * law);
    let says = match is_that_size {
        _ if off - chance > tolerance => Support::Broken,
        _ if off + chance > tolerance => Support::Open,
        true => Support::Kept,
        false => Support::Partly,
    };
    let text = format!(
        "{} requests a second, ± {} by chance; {} clients ÷ {} s = {}",
        significant(served),
        significant(chance),
        count(seen.load.clients.into()),
        plain(interval),
        significant(law)
    );
    Some((text, says))
}

/// An empty response must have been held to its end. If no hold could end in the window, the claim is supported within
/// limits.
pub(super) fn held_until_data(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.called(&claim.labels);
    rows.retain(|seen| seen.merged.responses.total > 0);
    evidence.figures(&rows, |seen| {
        let responses = &seen.merged.responses;
        let untried = responses.empty_theory.is_some_and(|theory| theory.responses == 0) && responses.timed_out == 0;
        let says = match (responses.empty, responses.empty - responses.timed_out.min(responses.empty)) {
            (_, 1..) => Support::Broken,
            (0, _) if !untried => Support::Kept,
            _ => Support::Partly,
        };
        let untried = if untried { "; no hold could be over in so short a window" } else { "" };
        let [total, empty, whole] = [responses.total, responses.empty, responses.timed_out].map(count);
        let text = format!("{total} responses, {empty} empty, {whole} of them after a whole hold{untried}");
        Some((text, says))
    })
}

/// Webhooks do not poll, and no message is empty.
pub(super) fn nothing_polled(evidence: &Evidence<'_>, _: &Stated) -> Vec<Figure> {
    let mut rows = evidence.webhooks();
    rows.retain(|seen| seen.merged.responses.total > 0);
    evidence.figures(&rows, |seen| {
        let responses = &seen.merged.responses;
        let polls = seen.merged.offered_requests.unwrap_or(0);
        let [polled, empty, total] = [polls, responses.empty, responses.total].map(count);
        let text = format!("{polled} polls, {empty} of {total} messages empty");
        Some((text, Support::decided(polls == 0 && responses.empty == 0)))
    })
}

/// Every unchanged answer is a 304 without a body.
pub(super) fn not_modified(evidence: &Evidence<'_>, _: &Stated) -> Vec<Figure> {
    let mut rows = evidence.conditional();
    rows.retain(|seen| seen.merged.responses.empty > 0);
    evidence.figures(&rows, |seen| {
        let responses = &seen.merged.responses;
        let [unmodified, empty] = [responses.not_modified, responses.empty].map(count);
        let text = format!("{unmodified} of {empty} unchanged answers without a body");
        Some((text, Support::decided(responses.not_modified == responses.empty)))
    })
}

/// Compares bytes per answer with plain polling at the same interval, where nearly nothing changes. The bounds are the
/// share of unchanged answers, and the shares of plain polling's bytes for "near zero" and "well below".
pub(super) fn conditional_bytes(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let is_stable = |seen: &Seen<'_>| seen.merged.empty_share.is_some_and(|share| share >= claim.bounds[0]);
    let plain = evidence.called(&claim.beside);
    let rows = evidence.conditional();
    let judged = rows.iter().filter(|seen| is_stable(seen)).filter_map(|seen| {
        let is_like = |other: &&Seen<'_>| {
            other.load == seen.load && other.row.poll_interval_ns == seen.row.poll_interval_ns && is_stable(other)
        };
        Some(beside_plain(evidence, seen, plain.iter().find(is_like)?, &claim.bounds[1..]))
    });
    judged.collect()
}

fn beside_plain(evidence: &Evidence<'_>, seen: &Seen<'_>, plain: &Seen<'_>, bounds: &[f64]) -> Figure {
    let each = |seen: &Seen<'_>| share(seen.merged.wire?.both_ways(), seen.merged.responses.total);
    let (own, other) = (each(seen), each(plain));
    let ratio = own.zip(other).filter(|(_, other)| *other > 0.0).map(|(own, other)| own / other);
    let says = match ratio {
        None => Support::Open,
        Some(ratio) if ratio <= bounds[0] => Support::Kept,
        Some(ratio) if ratio <= bounds[1] => Support::Partly,
        Some(_) => Support::Broken,
    };
    let filler = bytes(seen.load.payload_bytes.into());
    let text = format!(
        "{} an answer, {} of {}, with {filler} of filler; {} events a second for each client",
        or_none(own, bytes),
        or_none(ratio, percent),
        or_none(other, bytes),
        significant(seen.load.events_per_client())
    );
    evidence.figure_of_two(seen, plain, text, says)
}

/// Compares bytes per event where events are rare. The bound is the most events per minute and client.
pub(super) fn fewer_bytes(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    // A little more, so that exactly that many count.
    let most_per_second = claim.bounds[0] * 1.0001 / 60.0;
    let mut pairs = evidence.pairs(&claim.labels, &claim.beside);
    pairs.retain(|(polling, _)| polling.load.events_per_client() <= most_per_second);
    let judged = pairs.iter().filter_map(|(polling, pushed)| {
        let polling_bytes = polling.merged.wire?.both_ways();
        let own = share(polling_bytes, polling.merged.events.arrived)?;
        let other = share(pushed.merged.wire?.both_ways(), pushed.merged.events.arrived)?;
        let interval = significant(polling.interval_seconds()?);
        let [event, poll, pushed_event] =
            [own, share(polling_bytes, polling.merged.responses.total)?, other].map(bytes);
        let text =
            format!("polling every {interval} s: {event} an event, {poll} a poll; against {pushed_event} an event");
        Some(evidence.figure_of_two(polling, pushed, text, Support::decided(own <= other)))
    });
    judged.collect()
}
