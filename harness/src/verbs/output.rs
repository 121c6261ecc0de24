//! The only module that writes to standard output and standard error, except for messages between the processes of a
//! run. Names, paths and reasons come from files, options and children, so control characters are escaped. If a
//! reader stops, as `head` does, the output ends without an error. Failures to write to standard error are ignored.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    env,
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
    panic::PanicHookInfo,
};

use clap::builder::StyledStr;
use indicatif::{ProgressBar, ProgressDrawTarget};
use results::{
    format,
    sanitize::{cut, is_obeyed},
};
use rustix::termios;
use serde::Serialize;

use crate::{agent::panics, failure::Failure, host::environment};

/// Updates of a progress bar per second.
const RATE: u8 = 4;
/// Maximum length of a line for people, in characters. Text from a file or an option may be longer than anyone reads.
const LONGEST_LINE: usize = 2_000;
/// Fewest and most columns of a terminal that a text is fitted to.
const WIDTHS: [usize; 2] = [60, 160];
/// Stack of a runtime's threads, in bytes: tokio's default, independent of the environment.
const STACK_BYTES: usize = 2 << 20;

/// Returns the columns for a table and its sentences: the terminal's within bounds, or a fixed number if standard
/// output is not a terminal.
#[expect(clippy::disallowed_methods, reason = "this module is where standard output is written")]
pub(crate) fn width() -> usize {
    match termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col).clamp(WIDTHS[0], WIDTHS[1]),
        _ => format::WIDTH,
    }
}

/// Writes text and a line end to standard output. Line ends and tabs in the text are written as they are; a caller that
/// puts a name into the text escapes them with [`one_line`].
///
/// # Errors
/// Standard output cannot be written, as on a full disk.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    generated(&visible(text))
}

/// Writes a value as indented JSON.
///
/// # Errors
/// As [`data`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Internal(error.into()))?;
    document(&text)
}

/// Writes text without escapes. For text without user input, such as a shell's completions.
///
/// # Errors
/// As [`data`].
#[expect(clippy::disallowed_methods, reason = "this module is where standard output is written")]
pub(crate) fn generated(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Internal(anyhow::Error::from(error).context("cannot write to standard output")))
        }
        _ => Ok(()),
    }
}

/// Writes clap's help, in bold where standard output is a terminal.
///
/// # Errors
/// As [`data`].
#[expect(clippy::disallowed_methods, reason = "this module is where standard output is written")]
pub(crate) fn help(text: &StyledStr) -> Result<(), Failure> {
    let is_styled = io::stdout().is_terminal() && is_coloured();
    let text = if is_styled { text.ansi().to_string() } else { text.to_string() };
    generated(text.trim_end())
}

/// Writes JSON text.
///
/// # Errors
/// As [`data`].
pub(crate) fn document(text: &str) -> Result<(), Failure> {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        // JSON escapes ASCII controls. The others are inside strings.
        if is_obeyed(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("a string grows as needed");
            }
        } else {
            escaped.push(character);
        }
    }
    generated(&escaped)
}

/// Writes one line to standard error.
pub(crate) fn say(line: &str) {
    lines(&one_line(line));
}

/// Writes several lines to standard error.
#[expect(clippy::disallowed_methods, reason = "this module is where standard error is written")]
pub(crate) fn lines(text: &str) {
    // Standard error may be closed.
    let _ = writeln!(io::stderr().lock(), "{}", visible(text));
}

/// Reports a panic in one line, so that a coordinator can show a child's panic.
pub(crate) fn panicked(panic: &PanicHookInfo<'_>) {
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        lines(&backtrace.to_string());
    }
    let message = panics::message(panic.payload());
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = std::thread::current();
    say(&format!("thread '{}' panicked at {place}: {message}", thread.name().unwrap_or("unnamed")));
}

/// Escapes each control character, such as `\u{1b}`, except line ends and tabs.
pub(crate) fn visible(text: &str) -> String {
    escaped(text, |character| !matches!(character, '\n' | '\t'))
}

/// The same in one line, cut at the maximum length.
pub(crate) fn one_line(text: &str) -> String {
    cut(&whole_line(text), LONGEST_LINE)
}

/// The same in one line of any length.
pub(crate) fn whole_line(text: &str) -> String {
    escaped(text, |_| true)
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) && is_escaped(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Creates a progress line on standard error. Returns `None` if standard error is not a terminal, or if the user
/// asked for plain text.
#[expect(clippy::disallowed_methods, reason = "this module is where standard error is written")]
pub(crate) fn bar() -> Option<ProgressBar> {
    let moves = io::stderr().is_terminal() && is_coloured();
    moves.then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(RATE)))
}

/// Returns whether colours are allowed, see <https://no-color.org>.
pub(crate) fn is_coloured() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Creates a runtime on all cores, as servers and workers use it. It takes no setting from the environment.
///
/// # Errors
/// No thread can be started.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    threads(environment::cores() as usize).map_err(|error| Failure::Internal(error.into()))
}

/// Creates a runtime with this many threads. It takes no setting from the environment.
///
/// # Errors
/// No thread can be started.
pub(crate) fn threads(count: usize) -> io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(count.max(1)).thread_stack_size(STACK_BYTES).enable_all().build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_on_the_terminal() {
        let attack = "a\u{1b}]0;x\u{7}b\u{9b}2Jc\u{202e}d\u{7f}\r\u{2028}e\n\tü→🦀";
        assert_eq!(visible(attack), "a\\u{1b}]0;x\\u{7}b\\u{9b}2Jc\\u{202e}d\\u{7f}\\r\\u{2028}e\n\tü→🦀");
        assert_eq!(one_line("a\nerror: b\t"), "a\\nerror: b\\t");
        let long = one_line(&"ä".repeat(LONGEST_LINE + 1));
        assert_eq!((long.chars().count(), long.ends_with('…')), (LONGEST_LINE + 1, true));
    }
}
