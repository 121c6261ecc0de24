//! The advice for a need, from the constants of a run, and its rules.

use results::format;
use serde::Serialize;

use super::{
    budget::{Budget, MachineSize, budget},
    filters::Reason,
    front::{self, Choice, Standing},
    missing::Missing,
    model::{History, Models},
    need::Need,
    sensitivity::{self, Sensitivity},
};

/// The part of a variant's name that says that each exchange opens a connection.
const NEW_CONNECTION: &str = "new-connection";

/// The advice for a need.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    /// The need.
    pub need: Need,
    /// The run with the constants.
    pub source: String,
    /// All candidates: the recommended one, the rest of the front, dominated ones, excluded ones.
    pub choices: Vec<Choice>,
    /// What the run lacks.
    pub missing: Missing,
    /// What the run lacks, and what the recommended candidate assumes, in words.
    pub notes: Vec<String>,
    /// What the need takes as its clients grow.
    pub budget: Budget,
    /// The changes of single inputs that would change the answer.
    pub sensitivities: Vec<Sensitivity>,
    /// The rules, as printed.
    pub rules: Vec<String>,
    /// The assumptions of the model that the run does not test.
    pub assumptions: Vec<String>,
}

impl Advice {
    /// Whether nothing is recommended, and only an unknown p99 rules out some candidate.
    pub(crate) fn is_unknown(&self) -> bool {
        self.would_be_possible_but_for(Reason::Unknown)
    }

    /// Whether nothing is recommended, and only a lack of cores in the measured machine rules out some candidate.
    pub(crate) fn needs_more_cores(&self) -> bool {
        self.would_be_possible_but_for(Reason::Cores)
    }

    fn would_be_possible_but_for(&self, reason: Reason) -> bool {
        let is_alone =
            |choice: &Choice| matches!(&choice.standing, Standing::Excluded { reasons } if reasons[..] == [reason]);
        self.choices.iter().all(|choice| choice.standing != Standing::Recommended) && self.choices.iter().any(is_alone)
    }
}

/// Advises on a need.
#[must_use]
pub fn advise(models: &Models, need: &Need) -> Advice {
    let choices = front::choices(models, need);
    let mut notes = models.missing.notes();
    let recommended = choices.first().filter(|choice| choice.standing == Standing::Recommended);
    notes.extend(recommended.and_then(|choice| history_note(choice, models.history?, need)));
    notes.extend(recommended.and_then(|choice| connection_note(choice, need)));
    Advice {
        need: *need,
        source: models.source.clone(),
        choices,
        missing: models.missing.clone(),
        notes,
        budget: budget(models, need, MachineSize::default()),
        sensitivities: sensitivity::scan(models, need),
        rules: rules(),
        assumptions: models.assumptions.clone(),
    }
}

/// Says how many events the servers must keep if polls are so rare that the history of the run would lose some.
fn history_note(choice: &Choice, history: History, need: &Need) -> Option<String> {
    let interval_s = choice.prediction.interval_s?;
    let events = need.clients * need.events_per_client / history.fan_out.max(1.0) * interval_s;
    (need.every_event && events > history.events).then(|| {
        format!(
            "About {} events happen between two polls, with {} clients for each event as in the run. Servers must keep more than \
             that; those of the run kept {}, and clients would miss the others.",
            format::significant(events),
            format::significant(history.fan_out.max(1.0)),
            format::plain(history.events)
        )
    })
}

/// Says that costs are those of open connections if none may stay open.
fn connection_note(choice: &Choice, need: &Need) -> Option<String> {
    let is_open = !choice.name.split('/').any(|part| part == NEW_CONNECTION);
    (!need.persistent && is_open).then(|| {
        "Its connections stayed open between exchanges in the run. If one has to be opened for each exchange, that costs more \
         than these numbers say; `--set 'params.…connection=[\"new-connection\"]'` measures it where the approach has the setting."
            .to_owned()
    })
}

/// Returns the rules, as printed.
pub(crate) fn rules() -> Vec<String> {
    [
        "Staleness is met where the predicted p99 is within it. Polling approaches use the longest interval that meets it: the \
         staleness less the p99 of one exchange.",
        "Dominated: another is within a tenth of it or better in p99, server cores, bytes, server memory and lines of \
         code, and better by half in one of them. Lines are those of both halves, or of the server alone if clients are browsers, \
         which have the client already.",
        "Score: the geometric mean of server cores, bytes, server memory and lines, each over the least of the front. Each \
         of the four counts alike, and latency within the staleness does not count. Less than a hundredth of a core, 1 KB a \
         second and 1 MB count as these.",
        "Recommended: the least score of the front. Those whose score is within a quarter of it count as equal and are named \
         beside it. What exists for browsers is last of \
         the equals if no client is a browser, and decides who is equal only if it wins by more than that.",
    ]
    .map(str::to_owned)
    .to_vec()
}
