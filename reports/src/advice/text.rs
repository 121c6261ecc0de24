//! Renders advice for the terminal: the recommended candidate, the others with reasons, and what would change the answer.

use results::{
    format::{self, NONE, WIDTH, or_none},
    sanitize, statistics,
};

use super::{
    advise::Advice,
    budget,
    filters::Reason,
    front::{Choice, Standing},
    model::{Beyond, Prediction},
    need::{self, CONDITIONS, Condition, Need},
    numbers::rate,
    sensitivity::Sensitivity,
};

const HEADINGS: [[&str; 10]; 2] = [
    ["approach", "p50", "p99", "requests", "empty", "bytes", "CPU cores", "memory", "lines", "score"],
    ["", "", "", "/s", "%", "/s", "server/client", "server/client", "", ""],
];

/// Printed if no single change changes the answer.
pub(crate) const NO_CHANGE: &str = "nothing within a factor of ten thousand";
/// Printed instead if the answer is unknown.
pub(crate) const UNKNOWN_CHANGE: &str = "not known without a p99";

/// Renders the advice.
#[must_use]
pub fn render(advice: &Advice) -> String {
    let mut text = format::wrapped(&format!("need: {}", need(&advice.need, |_| true)), WIDTH, "", "  ");
    text += &format::wrapped(&format!("constants: {}", sanitize::text(&advice.source)), WIDTH, "", "  ");
    let said = [vec![sentence(advice)], advice.notes.clone()].concat().join(" ");
    text += &format!("\n{}\n", format::wrapped(&said, WIDTH, "", ""));
    let mut lines = HEADINGS.map(|line| line.map(str::to_owned)).to_vec();
    let told = advice.choices.iter().filter(|choice| is_told(choice));
    lines.extend(told.clone().map(cells));
    if told.clone().next().is_some() {
        text += &format::aligned(&lines, HEADINGS.len(), WIDTH);
    }
    let of_all: Vec<Beyond> =
        Beyond::ALL.into_iter().filter(|one| told.clone().all(|it| it.prediction.extrapolated.contains(one))).collect();
    if told.clone().any(|choice| !choice.prediction.extrapolated.is_empty()) {
        let each = "* extrapolated beyond what was measured";
        let all = format!("{each}, all of them: {}", words(&of_all));
        text += &format::wrapped(if of_all.is_empty() { each } else { &all }, WIDTH, "", "  ");
    }
    for choice in &advice.choices {
        text += &format::wrapped(&remark(choice, &of_all), WIDTH, "  ", "    ");
    }
    for absent in &advice.missing.candidates {
        let remark = format!("{} is out: {}.", sanitize::text(&absent.name), absent.sentence());
        text += &format::wrapped(&remark, WIDTH, "  ", "    ");
    }
    text += &budget::render(&advice.budget);
    text += "\nwhat would change the answer, one input at a time:\n";
    for sensitivity in &advice.sensitivities {
        text += &format::wrapped(&change(sensitivity), WIDTH, "  ", "    ");
    }
    if advice.sensitivities.is_empty() {
        let nothing = if advice.is_unknown() { UNKNOWN_CHANGE } else { NO_CHANGE };
        text += &format!("  {nothing}\n");
    }
    for (title, sentences) in [("rules", &advice.rules), ("assumed", &advice.assumptions)] {
        text += &format!("\n{title}:\n");
        for sentence in sentences {
            text += &format::wrapped(sentence, WIDTH, "  ", "    ");
        }
    }
    text.trim_end().to_owned()
}

/// Describes the need.
pub(crate) fn need(need: &Need, is_said: impl Fn(&Condition) -> bool) -> String {
    let conditions = CONDITIONS.iter().filter(|one| is_said(one));
    let conditions: Vec<&str> = conditions.map(|one| if (one.get)(need) { one.yes } else { one.no }).collect();
    format!(
        "{} client{}, {} event{} a second each, payload {}, staleness {}{}{}",
        format::plain(need.clients),
        plural(need.clients),
        rate(need.events_per_client),
        plural(need.events_per_client),
        format::bytes(need.payload_bytes),
        format::duration((need.staleness_ms * 1e6) as u64),
        if conditions.is_empty() { "" } else { "; " },
        conditions.join(", ")
    )
}

fn plural(count: f64) -> &'static str {
    if count == 1.0 { "" } else { "s" }
}

/// Returns whether its values are shown: if it is not excluded, or only because its latency is unknown.
fn is_told(choice: &Choice) -> bool {
    match &choice.standing {
        Standing::Excluded { reasons } => matches!(reasons[..], [Reason::Cores | Reason::Unknown]),
        _ => true,
    }
}

fn sentence(advice: &Advice) -> String {
    let Some(first) = advice.choices.first().filter(|choice| choice.standing == Standing::Recommended) else {
        if advice.is_unknown() {
            return unknown();
        }
        if advice.needs_more_cores() {
            return MORE_CORES.to_owned();
        }
        return "Nothing that was measured meets this need; what stands below says why.".to_owned();
    };
    let named = |standing: &Standing| -> String {
        let of = advice.choices.iter().filter(|choice| choice.standing == *standing);
        of.map(label).collect::<Vec<_>>().join(", ")
    };
    let (close, front) = (named(&Standing::Close), named(&Standing::Front));
    let mut said = format!("Recommended: {}.", label(first));
    if !close.is_empty() {
        said += &format!(" This model cannot tell these from it: {close}.");
    }
    if !front.is_empty() {
        said += &format!(" Also on the front, better in something: {front}.");
    }
    said
}

/// Printed if nothing is recommended, and only more cores than were measured could serve the need.
pub(crate) const MORE_CORES: &str = "Nothing is recommended: every server that could meet this need takes more cores than the \
     measured machine had, so that its latency is not known. The table of growth says how many machines each takes.";

/// Printed if nothing is recommended, and only an unknown p99 rules out some candidate.
pub(crate) fn unknown() -> String {
    format!(
        "Whether anything meets this need is not known: a p99 needs {} events in trials without a warning of the tail, \
         and the run has fewer. Run it again with a longer --measure or more --trials.",
        statistics::needed(0.99)
    )
}

fn label(choice: &Choice) -> String {
    let name = sanitize::text(&choice.name);
    match choice.prediction.interval_s {
        Some(interval) => format!("{name} every {}", format::duration((interval * 1e9) as u64)),
        None => name,
    }
}

fn cells(choice: &Choice) -> [String; 10] {
    let it: &Prediction = &choice.prediction;
    let mark = match choice.standing {
        Standing::Recommended => "→ ",
        Standing::Close => "≈ ",
        Standing::Front => "  ",
        Standing::Dominated { .. } | Standing::Excluded { .. } => "− ",
    };
    let star = if it.extrapolated.is_empty() { "" } else { " *" };
    let time = |value: Option<f64>| or_none(value, |value| format::duration(value as u64));
    [
        format!("{mark}{}{star}", sanitize::short(&label(choice))),
        time(it.p50_ns),
        time(it.p99_ns),
        or_none(it.requests_per_second, format::significant),
        or_none(it.empty_share, |share| format::percent(share).replace(" %", "")),
        or_none(it.bytes_per_second, format::bytes),
        [it.server_cores, it.client_cores].map(|cores| or_none(cores, format::significant)).join("/"),
        format!("{}/{}", format::bytes(it.server_memory_bytes), format::bytes(it.client_memory_bytes)),
        format::plain(choice.lines),
        choice.score.map_or_else(|| NONE.to_owned(), format::significant),
    ]
}

/// Describes why it is not recommended, and which of its inputs are extrapolated.
fn remark(choice: &Choice, of_all: &[Beyond]) -> String {
    let name = sanitize::text(&choice.name);
    let mut said = match &choice.standing {
        Standing::Recommended | Standing::Close | Standing::Front => String::new(),
        Standing::Dominated { by } => format!("{name} is dominated by {}. ", sanitize::text(by)),
        Standing::Excluded { reasons } => {
            let reasons: Vec<&str> = reasons.iter().map(|reason| Reason::sentence(*reason)).collect();
            return format!("{name} is out: {}.", reasons.join("; "));
        }
    };
    let own = choice.prediction.extrapolated.iter().filter(|one| !of_all.contains(one));
    let own: Vec<Beyond> = own.copied().collect();
    if !own.is_empty() {
        said += &format!("{name} is extrapolated: {}.", words(&own));
    }
    said
}

fn words(beyond: &[Beyond]) -> String {
    beyond.iter().map(|one| one.words()).collect::<Vec<_>>().join(", ")
}

impl Beyond {
    /// All inputs, in the order of printing.
    pub(crate) const ALL: [Self; 5] =
        [Self::Clients, Self::EventsPerClient, Self::Payload, Self::Interval, Self::Cores];

    /// Describes the input.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::EventsPerClient => "events a second",
            Self::Payload => "payload",
            Self::Interval => "interval",
            Self::Cores => "more cores for the server than the machine had, so that latency is not known",
        }
    }
}

fn change(one: &Sensitivity) -> String {
    let instead = one.instead.as_deref().map_or_else(|| "nothing".to_owned(), sanitize::text);
    match (one.value, one.above) {
        // Further away, the answer may change again.
        (Some(value), _) => format!("at {}: {instead}", need::in_words(one.input, value)),
        _ => format!("if {}: {instead}", one.input),
    }
}
