//! Typical needs, and the recommendation of a run for each, for the table on the page.

use results::store::Run;
use serde::Serialize;

use super::{
    advise::{Advice, advise},
    fit::{self, AdviceError},
    model::Models,
    need::Need,
};
use crate::rows::LoadPoint;

/// The constants of a run, with advice for typical needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Offer {
    pub(crate) models: Models,
    pub(crate) answers: Vec<Answer>,
}

/// Advice for a typical need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answer {
    /// Its title.
    pub(crate) title: &'static str,
    pub(crate) advice: Advice,
}

/// Advises on typical needs.
///
/// # Errors
/// The run has no constants.
pub(crate) fn offer(run: &Run, loads: &[&LoadPoint]) -> Result<Offer, AdviceError> {
    let models = fit::fit_loads(run, loads)?;
    let answers = needs().map(|(title, need)| Answer { title, advice: advise(&models, &need) }).into();
    Ok(Offer { models, answers })
}

fn needs() -> [(&'static str, Need); 6] {
    let usual = Need::default();
    [
        ("The article's quotes: an event every four seconds, a second of staleness", usual),
        (
            "A dashboard in a browser, where the newest state is enough",
            Need {
                clients: 200.0,
                events_per_client: 1.0,
                staleness_ms: 5e3,
                browser: true,
                every_event: false,
                ..usual
            },
        ),
        (
            "Trading: frequent events within 50 ms, and clients that send orders",
            Need { events_per_client: 5.0, staleness_ms: 50.0, sends: true, ..usual },
        ),
        (
            "Notices from service to service, each of which can be called",
            Need { clients: 100.0, events_per_client: 1.0 / 600.0, staleness_ms: 3e4, inbound: true, ..usual },
        ),
        (
            "Phones behind proxies that leave nothing open, once a minute",
            Need { clients: 1e4, events_per_client: 1.0 / 60.0, staleness_ms: 6e4, persistent: false, ..usual },
        ),
        (
            "A hundred thousand browsers, an event every 20 seconds",
            Need { clients: 1e5, events_per_client: 0.05, browser: true, ..usual },
        ),
    ]
}
