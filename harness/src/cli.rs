//! The command line: the list of verbs. Each verb and its options have a file in `verbs`.

use std::{
    ffi::OsString,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    agent::interruption,
    failure::{self, Failure},
    host::limits,
    verbs::{self, output, run::ScenarioOptions, serve::ServeOptions},
};

/// Measures ways to deliver real-time data: polling, long polling, SSE, WebSocket, gRPC and webhooks, side by side.
#[derive(Debug, Parser)]
#[command(
    name = "delivery-bench",
    bin_name = "delivery-bench",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 ok, 1 internal error, 2 usage or input, 3 regression, 4 invalid, 5 inconclusive, 6 this machine cannot run it, 130 interrupted."
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Measures every approach under the article's load, prints a table and writes a report
    BenchAll(verbs::run::RunOptions),
    /// Measures any scenario, such as smoke or a file
    Run(ScenarioOptions),
    /// Lists approaches with their facts and settings, and scenarios with their questions
    List(verbs::list::ListOptions),
    /// Starts one reference server, to try with curl, grpcurl or a browser
    Serve(ServeOptions),
    /// The load; started by the coordinator
    #[command(hide = true)]
    Work(verbs::work::WorkOptions),
    /// Removes what a gate leaves when it is killed; started by the gate
    #[command(hide = true)]
    Keep(verbs::keep::KeepOptions),
    /// Runs the conformance suite on every approach, without measuring
    Verify(verbs::verify::VerifyOptions),
    /// Tests the instrument with known delays: injected and measured side by side
    Selftest(verbs::selftest::SelftestOptions),
    /// Says how many clients this machine can hold, and what to change to hold more
    Doctor(verbs::doctor::DoctorOptions),
    /// Renders stored results again: page, Markdown, CSV or JSON
    Report(verbs::report::ReportOptions),
    /// Compares two runs, and shows a difference only if their intervals do
    Compare(verbs::compare::CompareOptions),
    /// Says whether a change made delivery slower, chattier or lossier
    #[command(subcommand)]
    Gate(verbs::gate::GateCommand),
    /// Recommends an approach for a described need, from the constants of a run
    Advise(verbs::advise::AdviseOptions),
    /// Prints the JSON Schema of scenarios and result records
    Schema,
    /// Prints shell completions
    Completions(verbs::shell::CompletionsOptions),
    /// Prints the manual page
    Man,
}

/// Reads the arguments, which begin with the program's name, runs the verb and returns the exit code.
pub fn enter(arguments: &[OsString]) -> ExitCode {
    panic::set_hook(Box::new(output::panicked));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| match Cli::read(arguments) {
        Ok(cli) => cli.run().map_or_else(
            |failure| {
                output::say(&format!("error: {failure}"));
                failure.exit_code()
            },
            |()| ExitCode::SUCCESS,
        ),
        Err(code) => code,
    }));
    ended.unwrap_or(failure::PANICKED)
}

impl Cli {
    /// Reads the arguments. If they ask for help or are wrong, prints that and returns the exit code.
    fn read(arguments: &[OsString]) -> Result<Self, ExitCode> {
        let error = match Self::try_parse_from(arguments) {
            Ok(cli) => return Ok(cli),
            Err(error) if error.use_stderr() => error,
            Err(help) => {
                let said = output::help(&help.render());
                return Err(said.map_or_else(|failure| failure.exit_code(), |()| ExitCode::SUCCESS));
            }
        };
        // Once more with arguments whose control characters are visible, so that none ends a line of the message.
        let shown = arguments.iter().map(|argument| output::one_line(&argument.to_string_lossy()));
        let error = Self::try_parse_from(shown).err().unwrap_or(error);
        output::lines(error.to_string().trim_end());
        Err(ExitCode::from(2))
    }

    /// Runs the verb.
    fn run(self) -> Result<(), Failure> {
        self.verb.begin()?;
        match self.verb {
            Verb::BenchAll(options) => verbs::run::run("bench-all".as_ref(), &options),
            Verb::Run(ScenarioOptions { scenario, options }) => verbs::run::run(&scenario, &options),
            Verb::List(options) => verbs::list::list(&options),
            Verb::Serve(options) => verbs::serve::serve(&options),
            Verb::Work(_) => verbs::work::work(),
            Verb::Keep(_) => verbs::keep::keep(),
            Verb::Verify(options) => verbs::verify::verify(&options),
            Verb::Selftest(options) => verbs::selftest::selftest(&options),
            Verb::Doctor(options) => verbs::doctor::doctor(&options),
            Verb::Report(options) => verbs::report::report(&options),
            Verb::Compare(options) => verbs::compare::compare(&options),
            Verb::Gate(command) => verbs::gate::gate(&command),
            Verb::Advise(options) => verbs::advise::advise(&options),
            Verb::Schema => verbs::schema::schema(),
            Verb::Completions(options) => verbs::shell::completions(&options, Self::command()),
            Verb::Man => verbs::shell::manual(Self::command()),
        }
    }
}

impl Verb {
    /// Checks the limits on files and processes, and listens for signals. A child does not, because it ends with its parent.
    fn begin(&self) -> Result<(), Failure> {
        interruption::survive_full_files();
        limits::room_for_files()?;
        let unable = |error| Failure::Machine(format!("cannot start a thread: {error}; {}", limits::MORE_THREADS));
        match self {
            Self::Serve(ServeOptions { coordinated: true, .. }) | Self::Work(_) | Self::Keep(_) => Ok(()),
            Self::Serve(_) | Self::BenchAll(_) | Self::Run(_) | Self::Verify(_) | Self::Selftest(_) | Self::Gate(_) => {
                interruption::listen().map_err(unable)?;
                limits::room_for(limits::threads_of(1))
            }
            // Without a thread that listens, a signal still ends it.
            _ => {
                drop(interruption::listen());
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn every_option_documents_its_default_and_an_example() {
        let mut root = Cli::command();
        root.build();
        let mut lacking = Vec::new();
        let mut commands: Vec<&Command> = vec![&root];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help"));
            for option in command.get_arguments().filter(|one| !one.is_hide_set() && one.get_action().takes_values()) {
                let help = option.get_help().map(ToString::to_string).unwrap_or_default();
                let has_default = option.is_positional()
                    || option.is_required_set()
                    || !option.get_default_values().is_empty()
                    || help.contains("[default: ");
                let has_example = option.is_positional()
                    || !option.get_possible_values().is_empty()
                    || ["such as ", "results/"].iter().any(|word| help.contains(word));
                if help.is_empty() || !has_default || !has_example {
                    lacking.push(format!("{} --{}: {help}", command.get_name(), option.get_id()));
                }
            }
        }
        assert!(lacking.is_empty(), "without default or example:\n{}", lacking.join("\n"));
    }

    #[test]
    fn accepts_numbers_as_people_type_them() {
        let read = |words: &[&str]| Cli::try_parse_from(["delivery-bench"].iter().chain(words));
        for words in [
            &["doctor", "--clients", "20k"][..],
            &["run", "smoke", "--clients", "1e6", "--trials", "100_000", "--seed", "-1"],
            &["serve", "sse", "--symbols", "1.5k", "--events-per-second", "1e3", "--for", "10m"],
            &["advise", "--clients", "100_000", "--events-per-client", "0.5", "--payload-bytes", "64KiB"],
        ] {
            assert!(read(words).is_ok(), "{words:?}: {}", read(words).unwrap_err());
        }
        for (words, bound) in [
            (&["serve", "sse", "--symbols", "100000000"], "1 to 10000000"),
            (&["serve", "sse", "--symbols", "0"], "1 to 10000000"),
            (&["serve", "sse", "--events-per-second", "1e300"], "0.0001 to 10000000"),
            (&["serve", "sse", "--events-per-second", "nan"], "0.0001 to 10000000"),
            (&["serve", "sse", "--for", "31days"], "1ms to 30days"),
            (&["serve", "sse", "--for", "0s"], "1ms to 30days"),
            (&["advise", "--sends", "--clients", "4294967296"], "0 to 4294967295"),
        ] {
            assert!(read(words).unwrap_err().to_string().contains(bound), "{words:?}");
        }
        assert!(read(&["doctor", "--clients", "4294967296"]).unwrap_err().to_string().contains("1 to 4294967295"));
    }
}
