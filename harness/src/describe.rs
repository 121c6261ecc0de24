//! Describes a run for its record: the scenario, the machine, and each approach with its complexity.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    sync::LazyLock,
    time::Duration,
};

use approaches::registry::{APPROACHES, Approach, Source};
use complexity::{Base, SourceFile};
use results::{
    sanitize::is_obeyed,
    schema::{ApproachFacts, ArticleWords, Complexity, RunRecord, SCHEMA_VERSION},
};
use scenario::{Loaded, plan::Trial};

use crate::host::environment;

/// The lock file and the generated code, embedded like the sources so that they belong to the same state.
const LOCK: &str = include_str!("../../Cargo.lock");
const MESSAGES: &str = include_str!("../../proto/market.proto");
const GENERATED: [SourceFile<'_>; 2] = [
    SourceFile {
        path: "proto/src/generated/market_data.rs",
        text: include_str!("../../proto/src/generated/market_data.rs"),
    },
    SourceFile {
        path: "proto/src/generated/market_data_server.rs",
        text: include_str!("../../proto/src/generated/market_data_server.rs"),
    },
];
static BASE: LazyLock<Base> =
    LazyLock::new(|| complexity::base(LOCK, &GENERATED, MESSAGES).expect("the compiler has read what is embedded"));

/// Builds the first record of a run.
pub(crate) fn run_record(loaded: &Loaded, trials: &[Trial], started: Duration) -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        tool: environment::tool(),
        started: humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + started).to_string(),
        command: command(std::env::args_os()),
        scenario_name: loaded.name.clone(),
        scenario: serde_json::to_value(&loaded.scenario).expect("a scenario has only string keys and finite numbers"),
        planned_trials: u32::try_from(trials.len()).expect("trials are counted in 32 bits"),
        environment: environment::environment(),
        approaches: APPROACHES
            .iter()
            .filter(|approach| trials.iter().any(|trial| trial.approach.name == approach.name))
            .map(facts)
            .collect(),
    }
}

/// Describes an approach.
pub(crate) fn facts(approach: &Approach) -> ApproachFacts {
    let facts = approach.facts;
    ApproachFacts {
        name: approach.name.into(),
        summary: facts.summary.into(),
        flow: facts.exchange.flow(),
        delivery: facts.delivery,
        connects: facts.connects,
        browser: facts.browser,
        bidirectional: facts.bidirectional,
        resumable: facts.resumable,
        floor: facts.floor,
        article: facts.article.map(|[label, latency, client_complexity, server_complexity]| ArticleWords {
            label: label.into(),
            latency: latency.into(),
            client_complexity: client_complexity.into(),
            server_complexity: server_complexity.into(),
        }),
        client_complexity: measure(approach, |approach| approach.client_source),
        server_complexity: measure(approach, |approach| approach.server_source),
    }
}

/// Returns the command line that reproduces the run: the program's plain name, without the output directory, which exists
/// now. It can be pasted into a shell, which executes nothing inside it.
fn command(arguments: impl IntoIterator<Item = OsString>) -> String {
    let mut words = vec!["delivery-bench".to_owned()];
    let mut arguments = arguments.into_iter().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--out" {
            arguments.next();
        } else if !argument.as_bytes().starts_with(b"--out=") {
            words.push(quoted(&argument));
        }
    }
    words.join(" ")
}

/// One argument as a shell reads it: as it is, in single quotes, or, where it holds what a terminal obeys or is not
/// text, in the quotes in which bytes can be written by number.
fn quoted(argument: &OsStr) -> String {
    const HARMLESS: &str = "_@%+=:,./-";
    match argument.to_str() {
        Some(text)
            if !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || HARMLESS.contains(one)) =>
        {
            text.to_owned()
        }
        Some(text) if !text.contains(is_obeyed) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => {
            let byte = |byte: &u8| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                _ => format!("\\{byte:03o}"),
            };
            format!("$'{}'", argument.as_bytes().iter().map(byte).collect::<String>())
        }
    }
}

/// Measures one half of an approach, its file and its parts, against the same half of the floor.
fn measure(approach: &Approach, half: fn(&Approach) -> Source) -> Complexity {
    let files = |source: Source| -> Vec<SourceFile<'static>> {
        let all = std::iter::once(source).chain(source.parts.iter().copied());
        all.map(|Source { path, text, .. }| SourceFile { path, text }).collect()
    };
    let floor = APPROACHES.iter().find(|approach| approach.facts.floor);
    let floor = floor.map_or_else(Vec::new, |floor| files(half(floor)));
    let measured = complexity::measure(&files(half(approach)), &floor, &BASE);
    measured.expect("the compiler has read what is embedded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_parses_the_recorded_command_as_given() {
        let given: Vec<OsString> = [
            b"/somewhere/else".as_slice(),
            b"run",
            b"it's here.toml",
            b"--set",
            b"title=My run; $HOME `id` \"x\" \\ \xc3\xa9",
            b"--set",
            b"params.short-poll.interval=[\"1s\"]",
            b"--approach=a\nb\x1b[2J\xff\xe2\x80\xae'\\",
            b"",
            b"-n",
        ]
        .map(|bytes| OsStr::from_bytes(bytes).to_owned())
        .into();
        let mut with_out = given.clone();
        with_out.splice(2..2, ["--out", "somewhere"].map(OsString::from));
        with_out.push("--out=elsewhere".into());
        let command = command(with_out);
        assert!(!command.contains(is_obeyed), "{command:?}");
        // Bash stands for the shells that know the last kind of quotes: ksh, zsh, and POSIX since 2024.
        let script = format!("delivery-bench() {{ printf '%s\\0' \"$@\"; }}; {command}");
        let shell = std::process::Command::new("bash").args(["-c", &script]).output().expect("there is a shell");
        let read: Vec<&[u8]> = shell.stdout.split(|byte| *byte == 0).collect();
        let expected: Vec<&[u8]> = given[1..].iter().map(|argument| argument.as_bytes()).chain([&b""[..]]).collect();
        assert_eq!(read, expected, "{command}");
    }

    #[test]
    fn measures_both_halves_of_every_approach() {
        for approach in APPROACHES {
            let facts = facts(approach);
            for half in [facts.client_complexity, facts.server_complexity] {
                let name = &half.sources[0];
                assert!(half.code_lines > 0 && half.cognitive.sum >= half.cognitive.worst, "{name}");
                assert!(!half.crates.named.is_empty(), "{name}");
                assert!(half.crates.closure as usize >= half.crates.named.len(), "{name}");
                assert_eq!(half.generated_lines > 0, half.proto_lines > 0, "{name}");
                assert!(!approach.facts.floor || half.crates.closure_beyond_floor == 0, "{name}");
            }
        }
    }

    #[test]
    fn generated_code_of_both_ends_counts_for_grpc_only() {
        let generated: Vec<[u32; 2]> = APPROACHES
            .iter()
            .map(|approach| {
                let facts = facts(approach);
                [facts.client_complexity.generated_lines, facts.server_complexity.generated_lines]
            })
            .collect();
        for side in 0..2 {
            assert!(generated.iter().any(|lines| lines[side] > 100) && generated.iter().any(|lines| lines[side] == 0));
        }
    }
}
