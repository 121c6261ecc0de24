//! The single metrics of complexity: of each its name, its rule as it is printed, and its figure.

use results::schema::Complexity;

/// One metric; less is simpler.
pub struct Metric {
    /// For names in data.
    pub id: &'static str,
    /// As a heading begins.
    pub title: &'static str,
    /// After "by", in a sentence.
    pub phrase: &'static str,
    /// What is counted, as it is printed.
    pub rule: &'static str,
    /// The figure of a half.
    pub of: fn(&Complexity) -> u32,
    /// The names behind a figure that counts them.
    pub names: Option<fn(&Complexity) -> &[String]>,
}

/// All of them, in the order of the page.
pub static METRICS: [Metric; 14] = [
    Metric {
        id: "code_lines",
        title: "Lines",
        phrase: "lines",
        rule: "hand-written lines that carry a token of code, in the approach's own file and in the parts that its \
               duties stand in; documentation, comments and unit tests left out.",
        of: |half| half.code_lines,
        names: Some(|half| &half.sources),
    },
    Metric {
        id: "generated_lines",
        title: "Generated lines",
        phrase: "generated lines",
        rule: "lines of code of the generated client or service that the half names. The generated messages are \
               shared by all and counted for none.",
        of: |half| half.generated_lines,
        names: None,
    },
    Metric {
        id: "proto_lines",
        title: ".proto lines",
        phrase: ".proto lines",
        rule: "lines of market.proto, neither blank nor comment, where the half names what is generated from its \
               service.",
        of: |half| half.proto_lines,
        names: None,
    },
    Metric {
        id: "cognitive_sum",
        title: "Cognitive complexity",
        phrase: "cognitive complexity",
        rule: "SonarSource's published rules, summed over functions: one each for if, match, loop and select!, and \
               one more for every level of nesting; one for each else and each run of like logical operators; ? \
               costs nothing; closures and async blocks are levels.",
        of: |half| half.cognitive.sum,
        names: None,
    },
    Metric {
        id: "cognitive_worst",
        title: "Worst function",
        phrase: "its worst function",
        rule: "the cognitive complexity of the function that has the most.",
        of: |half| half.cognitive.worst,
        names: None,
    },
    Metric {
        id: "crates_named",
        title: "Crates named",
        phrase: "crates named",
        rule: "crates of other people that the half names, or the generated code that it names, beyond the closure \
               of the floor's.",
        of: |half| count(&half.crates.named_beyond_floor),
        names: Some(|half| &half.crates.named_beyond_floor),
    },
    Metric {
        id: "crates_closure",
        title: "Crates in all",
        phrase: "crates in all",
        rule: "those and all that they need, beyond the closure of the floor's. By the lock file, which covers all \
               platforms and features: fewer are built. What the shared plumbing names is counted for nobody.",
        of: |half| half.crates.closure_beyond_floor,
        names: None,
    },
    Metric {
        id: "timers",
        title: "Timers",
        phrase: "timers",
        rule: "calls whose name has the word sleep, timeout, interval or pause.",
        of: |half| half.obligations.timers,
        names: None,
    },
    Metric {
        id: "suspension_points",
        title: "Suspension points",
        phrase: "suspension points",
        rule: "every .await, and every branch of select! and join!.",
        of: |half| half.obligations.suspension_points,
        names: None,
    },
    Metric {
        id: "error_kinds",
        title: "Error kinds",
        phrase: "error kinds",
        rule: "distinct variants, constants and constructors that are named of types which say how something went: \
               their name ends in Error or Status, or is Code, StatusCode or CloseCode, or they are the error of a \
               Result, stand in an Err(…), or such a one is made from them. Statuses of success are among them; an \
               error that is passed on unnamed is not.",
        of: |half| count(&half.obligations.error_kinds),
        names: Some(|half| &half.obligations.error_kinds),
    },
    Metric {
        id: "knobs",
        title: "Knobs",
        phrase: "knobs",
        rule: "distinct settings that are read by params.text or params.duration.",
        of: |half| count(&half.obligations.knobs),
        names: Some(|half| &half.obligations.knobs),
    },
    Metric {
        id: "message_kinds",
        title: "Message kinds",
        phrase: "message kinds",
        rule: "distinct types that are imported from the shared contract (proto), or where variants of one are \
               named those; its constants that end in EVENT or COMMENT; and the variants that are named of any type \
               called Message or Frame. Errors, settings and generated services left out.",
        of: |half| count(&half.obligations.message_kinds),
        names: Some(|half| &half.obligations.message_kinds),
    },
    Metric {
        id: "remembered",
        title: "Remembered",
        phrase: "what is remembered",
        rule: "fields of the half's own structs.",
        of: |half| count(&half.obligations.remembered),
        names: Some(|half| &half.obligations.remembered),
    },
    Metric {
        id: "states",
        title: "States",
        phrase: "states",
        rule: "variants of the half's own enums.",
        of: |half| count(&half.obligations.states),
        names: Some(|half| &half.obligations.states),
    },
];

fn count(names: &[String]) -> u32 {
    u32::try_from(names.len()).expect("a source names fewer things")
}
