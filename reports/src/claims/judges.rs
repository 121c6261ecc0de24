//! The judges of the claims, by the names that `article.toml` gives them. A judge returns one figure per row, or pair of
//! rows, that a claim is about.

mod connections;
mod latency;
mod polls;
mod source;

use super::{article::Stated, claim::Figure, evidence::Evidence};

/// Judges a claim by the rows of a run.
pub(super) type Judge = fn(&Evidence<'_>, &Stated) -> Vec<Figure>;

/// The judge of a claim about every pair.
pub(super) const ALL_DIFFER: &str = "all-differ";

const JUDGES: [(&str, Judge); 31] = [
    (ALL_DIFFER, latency::all_differ),
    ("latency-band", latency::band),
    ("conditional-band", latency::conditional_band),
    ("slower", latency::slower),
    ("faster", latency::faster),
    ("interval-is-latency", latency::interval),
    ("p99-below", latency::p99_below),
    ("p99-below-at-volume", latency::p99_below_at_volume),
    ("others-p99-above", latency::others_p99_above),
    ("webhooks-deliver", latency::webhooks_deliver),
    ("webhooks-fall-behind", latency::webhooks_fall_behind),
    ("client-complexity", source::client_complexity),
    ("server-complexity", source::server_complexity),
    ("fewest-lines", source::fewest_lines),
    ("beats-grpc-web", source::beats_grpc_web),
    ("mostly-empty", polls::mostly_empty),
    ("request-rate", polls::request_rate),
    ("held-until-data", polls::held_until_data),
    ("nothing-polled", polls::nothing_polled),
    ("not-modified", polls::not_modified),
    ("conditional-bytes", polls::conditional_bytes),
    ("fewer-bytes", polls::fewer_bytes),
    ("round-trip-per-event", connections::round_trip_per_event),
    ("connection-per-request", connections::per_request),
    ("connection-per-event", connections::per_event),
    ("few-requests", connections::few_requests),
    ("one-way-bytes", connections::one_way_bytes),
    ("orders-beside-events", connections::orders_beside_events),
    ("others-confirm-no-orders", connections::others_confirm_no_orders),
    ("nothing-missed-on-reconnect", connections::nothing_missed_on_reconnect),
    ("needs-proxy", connections::needs_proxy),
];

/// Returns the judge with this name.
pub(super) fn find(name: &str) -> Option<Judge> {
    JUDGES.iter().find(|(known, _)| *known == name).map(|(_, judge)| *judge)
}
