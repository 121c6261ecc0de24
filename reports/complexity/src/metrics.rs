//! The metrics of complexity, with name, printed rule and value.

use results::schema::Complexity;

/// A metric. A smaller value is simpler.
pub struct Metric {
    /// Its name in data.
    pub id: &'static str,
    /// Its name as a heading.
    pub title: &'static str,
    /// Its name in a sentence, after "by".
    pub phrase: &'static str,
    /// The rule of counting, as printed.
    pub rule: &'static str,
    /// Returns the value of a half.
    pub of: fn(&Complexity) -> u32,
    /// Returns the counted names, if it counts names.
    pub names: Option<fn(&Complexity) -> &[String]>,
}

/// All metrics, in the order of the page.
pub static METRICS: [Metric; 7] = [
    Metric {
        id: "code_lines",
        title: "Lines",
        phrase: "lines",
        rule: "hand-written lines with a token of code, in the approach's own file and in the further files of its \
               duties, without documentation, comments and unit tests.",
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
        rule: "third-party crates that the half or its generated code names, without those that the floor needs, too.",
        of: |half| count(&half.crates.named_beyond_floor),
        names: Some(|half| &half.crates.named_beyond_floor),
    },
    Metric {
        id: "crates_closure",
        title: "Crates in all",
        phrase: "crates in all",
        rule: "those crates and all their dependencies, without those that the floor needs, too. The lock file covers \
               all platforms and features, so fewer are built. Crates that only shared plumbing names do not count.",
        of: |half| half.crates.closure_beyond_floor,
        names: None,
    },
];

fn count(names: &[String]) -> u32 {
    u32::try_from(names.len()).expect("a source names fewer things")
}
