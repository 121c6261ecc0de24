//! Keeps the end of what a program writes to standard error, which explains why it died.

use std::sync::{Arc, Mutex, PoisonError};

use results::sanitize::cut;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes that are kept.
const KEPT_BYTES: usize = 8 << 10;
/// Characters that are shown.
const SHOWN: usize = 500;
/// Lines of a panic's message that are shown.
const LINES_OF_PANIC: usize = 6;

/// The end of a program's standard error.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastWords(Arc<Mutex<Vec<u8>>>);

/// How listening ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Everything was heard.
    All,
    /// Whether text was cut.
    TooMuch,
}

impl LastWords {
    /// Listens until the speaker ends, or until it has said more than this many bytes.
    pub(crate) async fn hear(&self, mut speaker: impl AsyncRead + Unpin, most_bytes: u64) -> Heard {
        let (mut buffer, mut heard_bytes) = ([0; 4096], 0);
        loop {
            let Ok(read @ 1..) = speaker.read(&mut buffer).await else { return Heard::All };
            heard_bytes += read as u64;
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&buffer[..read]);
            let excess = kept.len().saturating_sub(KEPT_BYTES);
            kept.drain(..excess);
            if heard_bytes > most_bytes {
                return Heard::TooMuch;
            }
        }
    }

    /// Returns the last line that says something, or of a panic its place and its message. Returns `None` if there is
    /// no such line.
    pub(crate) fn line(&self) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| says_something(line)).collect();
        let panic = lines.iter().rposition(|line| line.starts_with("thread '") && line.contains("panicked at "));
        let panic = panic.filter(|panic| lines.len() - panic <= LINES_OF_PANIC);
        let said = panic.map_or_else(|| lines.last().map(ToString::to_string), |at| Some(lines[at..].join(" ")))?;
        Some(cut(&said, SHOWN))
    }
}

/// Whether a line is more than what Rust adds to a panic: a hint, or a frame of the backtrace.
fn says_something(line: &str) -> bool {
    let line = line.trim_start();
    let is_frame = line.starts_with("at ")
        || line.split_once(": ").is_some_and(|(number, _)| number.bytes().all(|digit| digit.is_ascii_digit()));
    let hints = ["note: run with `RUST_BACKTRACE", "note: Some details are omitted", "stack backtrace:"];
    !line.is_empty() && !is_frame && !hints.iter().any(|hint| line.starts_with(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(text: &[u8]) -> (Heard, Option<String>) {
        let words = LastWords::default();
        let heard = words.hear(text, 1 << 20).await;
        (heard, words.line())
    }

    #[tokio::test]
    async fn a_panic_is_reported_with_its_place_and_message() {
        let panic = "before\n\nthread 'main' (7) panicked at src/a.rs:1:2:\nleft is\n  3\n";
        let shown = Some("thread 'main' (7) panicked at src/a.rs:1:2: left is   3".to_owned());
        for below in [
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
            "stack backtrace:\n   0: main\n             at src/a.rs:1:2\n",
            "",
        ] {
            assert_eq!(said(format!("{panic}{below}").as_bytes()).await, (Heard::All, shown.clone()));
        }
    }

    #[tokio::test]
    async fn without_a_panic_reports_the_last_line_shortened() {
        assert_eq!(said(b"").await, (Heard::All, None));
        assert_eq!(said(b"one\nmemory allocation failed\n\n").await.1.as_deref(), Some("memory allocation failed"));
        let (heard, line) = said(&b"\xff".repeat(2 << 20)).await;
        assert_eq!((heard, line.unwrap().chars().count()), (Heard::TooMuch, SHOWN + 1));
    }
}
