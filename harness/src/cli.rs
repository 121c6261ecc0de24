//! The command line: verbs and their options. What a verb does stands in `verbs`, one file each.

use std::{
    ffi::OsString,
    net::SocketAddr,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    failure::{self, Failure},
    interruption, process,
    verbs::{self, output},
};

/// Measures how real-time data is delivered: polling, long polling, SSE, WebSocket, gRPC, webhooks, side by side.
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
    /// The main job: every approach under the article's load, with a table and a report
    BenchAll(RunOptions),
    /// The same for any scenario file
    Run {
        /// A scenario file, or the name of one in scenarios/
        scenario: PathBuf,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Approaches with their facts, scenarios with their questions
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// One reference server alone, to poke with curl, grpcurl or a browser
    Serve(ServeOptions),
    /// The load; started by the coordinator
    #[command(hide = true)]
    Work {
        #[arg(long, required = true)]
        coordinated: bool,
    },
    /// Removes what a gate leaves when it is killed; started by the gate
    #[command(hide = true)]
    Keep {
        #[arg(long, required = true)]
        coordinated: bool,
    },
    /// Conformance of every approach, without measuring
    Verify {
        /// Only these approaches or variants
        #[arg(long, value_delimiter = ',')]
        approach: Vec<String>,
    },
    /// The instrument against known delays: injected and measured side by side
    Selftest {
        /// Shorter windows, and fewer attempts on a noisy machine
        #[arg(long)]
        quick: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// What this machine can hold, and what to change to hold more
    Doctor {
        /// Ask whether this many clients fit
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        clients: Option<u32>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Renders result directories
    Report {
        /// Directories with results.jsonl
        #[arg(required = true)]
        directories: Vec<PathBuf>,
        /// Write a static site of all of them here: an index, their pages, trends
        #[arg(long)]
        site: Option<PathBuf>,
        /// What is printed; the report's directory has all of them
        #[arg(long, value_enum, default_value_t, conflicts_with = "site")]
        format: verbs::report::Format,
    },
    /// Two runs side by side: a difference is shown only where intervals say so
    Compare(verbs::compare::CompareOptions),
    /// Whether a change made delivery slower, chattier or lossier
    #[command(subcommand)]
    Gate(verbs::gate::GateCommand),
    /// Which approach fits a described need, by the constants of a run
    Advise(verbs::advise::AdviseOptions),
    /// How often the tool calls a difference between a thing and itself, from runs with many rounds such as a-a
    Study {
        /// Result directories, or one CSV file of samples
        #[arg(required = true)]
        sources: Vec<PathBuf>,
        /// Write the samples here, as CSV
        #[arg(long)]
        csv: Option<PathBuf>,
    },
    /// JSON Schema of scenario and result records
    Schema,
    /// Shell completions, to standard output
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The manual page, to standard output
    Man,
}

/// Options of `run` and `bench-all`.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Only these approaches, or variants such as websocket/binary
    #[arg(long, value_delimiter = ',')]
    pub approach: Vec<String>,
    /// Simulated clients
    #[arg(long, allow_negative_numbers = true)]
    pub clients: Option<u32>,
    /// Rounds
    #[arg(long, allow_negative_numbers = true)]
    pub trials: Option<u32>,
    /// Before the window, such as 1s
    #[arg(long)]
    pub warmup: Option<String>,
    /// The window, such as 5s
    #[arg(long)]
    pub measure: Option<String>,
    /// Seed of everything random
    #[arg(long)]
    pub seed: Option<u64>,
    /// Any scenario key, such as load.symbols=50
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Where to write; default: results/<UTC time>-<scenario>
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Do not render the report
    #[arg(long)]
    pub no_report: bool,
    /// Print the effective scenario, the trials and what they need, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The records as JSON on standard output, instead of the table
    #[arg(long)]
    pub json: bool,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// The approach, or a variant such as websocket/binary
    #[arg(required_unless_present = "coordinated")]
    pub approach: Option<String>,
    /// Where to listen; other than loopback only if you say so here
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Events a second, over all symbols
    #[arg(long, default_value_t = 2.0)]
    pub events_per_second: f64,
    /// Symbols; the first two are BTC and ETH
    #[arg(long, default_value_t = 2)]
    pub symbols: u32,
    /// The server ends by itself after this time
    #[arg(long = "for", default_value = "1h")]
    pub duration: String,
    /// A limit of the server, such as limits.replay_events=16
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Started by the coordinator
    #[arg(long, hide = true)]
    pub coordinated: bool,
}

/// Reads the arguments, the program's own name first, runs the verb, and says how that ended.
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
    /// Reads the arguments. Where they ask for help, or are wrong, that is said and the exit code given.
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
            Verb::Run { scenario, options } => verbs::run::run(&scenario, &options),
            Verb::List { json } => verbs::list::list(json),
            Verb::Serve(options) => verbs::serve::serve(&options),
            Verb::Work { .. } => verbs::work::work(),
            Verb::Keep { .. } => verbs::keep::keep(),
            Verb::Verify { approach } => verbs::verify::verify(&approach),
            Verb::Selftest { quick, json } => verbs::selftest::selftest(quick, json),
            Verb::Doctor { clients, json } => verbs::doctor::doctor(clients, json),
            Verb::Report { directories, site, format } => verbs::report::report(&directories, site.as_deref(), format),
            Verb::Compare(options) => verbs::compare::compare(&options),
            Verb::Gate(command) => verbs::gate::gate(&command),
            Verb::Advise(options) => verbs::advise::advise(&options),
            Verb::Study { sources, csv } => verbs::study::study(&sources, csv.as_deref()),
            Verb::Schema => verbs::schema::schema(),
            Verb::Completions { shell } => verbs::shell::completions(shell),
            Verb::Man => verbs::shell::manual(),
        }
    }
}

impl Verb {
    /// Listens to signals, but not in a child, which ends with its parent, and looks whether there is room for the
    /// verb's processes.
    fn begin(&self) -> Result<(), Failure> {
        interruption::survive_full_files();
        let unable = |error| Failure::Machine(format!("cannot start a thread: {error}; {}", process::MORE_THREADS));
        match self {
            Self::Serve(ServeOptions { coordinated: true, .. }) | Self::Work { .. } | Self::Keep { .. } => Ok(()),
            Self::Serve(_)
            | Self::BenchAll(_)
            | Self::Run { .. }
            | Self::Verify { .. }
            | Self::Selftest { .. }
            | Self::Gate(_) => {
                interruption::listen().map_err(unable)?;
                process::room_for(process::threads_of(1))
            }
            // Without a thread that listens, a signal still ends it.
            _ => {
                drop(interruption::listen());
                Ok(())
            }
        }
    }
}
