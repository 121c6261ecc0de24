//! Judges of latencies: bands, orders, and limits that the article gives in numbers.

use std::cmp::Ordering;

use results::format::{count, duration, or_none, percent, significant};

use super::super::{
    article::Stated,
    claim::{Figure, Support},
    evidence::{Evidence, Seen, latency_band},
};

/// Every pair must differ, whichever is shorter.
pub(super) fn all_differ(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut pairs = Vec::new();
    for (index, label) in claim.labels.iter().enumerate() {
        pairs.extend(evidence.pairs(std::slice::from_ref(label), &claim.labels[index + 1..]));
    }
    let mut figures = evidence.order(&pairs, Ordering::Less);
    figures.iter_mut().filter(|figure| figure.says != Support::Open).for_each(|figure| figure.says = Support::Kept);
    figures
}

pub(super) fn band(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    in_band(evidence, &evidence.called(&claim.labels), &claim.band)
}

pub(super) fn conditional_band(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    in_band(evidence, &evidence.conditional(), &claim.band)
}

fn in_band(evidence: &Evidence<'_>, rows: &[Seen<'_>], band: &str) -> Vec<Figure> {
    evidence.figures(rows, |seen| latency_band(seen, band))
}

pub(super) fn slower(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.order(&evidence.pairs(&claim.labels, &claim.beside), Ordering::Greater)
}

pub(super) fn faster(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.order(&evidence.pairs(&claim.labels, &claim.beside), Ordering::Less)
}

/// Events fall anywhere into an interval, so the p50 should be half of it and the p99 nearly all. The bounds are those of
/// the p50 and of the p99: what some hundred events leave to chance.
pub(super) fn interval(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.figures(&evidence.called(&claim.labels), |seen| {
        let interval = seen.row.poll_interval_ns?;
        let (p50, p99) = (seen.merged.latency_ns.p50, seen.merged.latency_ns.p99);
        let share = |latency: u64| latency as f64 / interval as f64;
        let shares = [p50, p99].map(|latency| or_none(latency, |latency| percent(share(latency))));
        let text = format!("p50 {} and p99 {} of {}", shares[0], shares[1], duration(interval));
        let within = |latency: u64, bounds: &[f64]| (bounds[0]..=bounds[1]).contains(&share(latency));
        let says = match p50.zip(p99) {
            Some((p50, p99)) if !seen.row.overloaded => {
                Support::decided(within(p50, &claim.bounds[..2]) && within(p99, &claim.bounds[2..]))
            }
            _ => Support::Open,
        };
        Some((text, says))
    })
}

/// The bound is in seconds.
pub(super) fn p99_below(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    evidence.p99_below(&evidence.called(&claim.labels), nanoseconds(claim.bounds[0]))
}

/// The bounds are the p99 in seconds, and the events per second and client of a high volume. With a lower volume the claim
/// is supported within limits.
pub(super) fn p99_below_at_volume(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let rows = evidence.called(&claim.labels);
    let mut figures = evidence.p99_below(&rows, nanoseconds(claim.bounds[0]));
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        figure.text += &volume(seen);
        if figure.says == Support::Kept && seen.load.events_per_client() < claim.bounds[1] {
            figure.says = Support::Partly;
        }
    }
    figures
}

/// The approach is told from others if their p99 is above the bound at a high volume.
pub(super) fn others_p99_above(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.called(&claim.labels);
    rows.retain(|seen| seen.load.events_per_client() >= claim.bounds[1]);
    let mut figures = evidence.p99_below(&rows, nanoseconds(claim.bounds[0]));
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        figure.text += &volume(seen);
        figure.says = opposite(figure.says);
    }
    figures
}

/// The bounds are the most events per second and client, and the p99 in seconds.
pub(super) fn webhooks_deliver(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.webhooks();
    rows.retain(|seen| seen.load.events_per_client() <= claim.bounds[0]);
    let mut figures = evidence.p99_below(&rows, nanoseconds(claim.bounds[1]));
    for (figure, seen) in figures.iter_mut().zip(&rows) {
        let events = &seen.merged.events;
        figure.text += &format!(", {} missed, {} twice", count(events.missed), count(events.duplicate));
        if events.missed + events.duplicate > 0 {
            figure.says = Support::Broken;
        }
    }
    figures
}

/// A webhook falls behind if it misses events, or if its p99 is above the mean gap between two events of a client. The
/// bound is the events per second and client above which it is looked for.
pub(super) fn webhooks_fall_behind(evidence: &Evidence<'_>, claim: &Stated) -> Vec<Figure> {
    let mut rows = evidence.webhooks();
    rows.retain(|seen| seen.load.events_per_client() > claim.bounds[0]);
    evidence.figures(&rows, |seen| {
        let gap = (1e9 / seen.load.events_per_client()) as u64;
        let (p99, says) = seen.p99_below(gap);
        let missed = seen.merged.events.missed;
        let text = format!("{p99}, {} missed, with an event every {} for each client", count(missed), duration(gap));
        Some((text, if missed > 0 { Support::Kept } else { opposite(says) }))
    })
}

fn volume(seen: &Seen<'_>) -> String {
    format!(", {} events a second for each client", significant(seen.load.events_per_client()))
}

fn opposite(says: Support) -> Support {
    match says {
        Support::Kept => Support::Broken,
        Support::Broken => Support::Kept,
        other => other,
    }
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9).round() as u64
}
