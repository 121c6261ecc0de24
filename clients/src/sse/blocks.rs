//! Splits an event stream into blocks, which are the lines between two empty lines, and removes what the parser cannot
//! read. The grammar is in WHATWG HTML, section 9.2.5. It must not know more about the fields than their syntax.

use bytes::{Buf, Bytes};
use proto::wire::MESSAGE_LIMIT_BYTES;

use crate::{ClientError, line_end::search};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Length of the longest field names, `event` and `retry`.
const LONGEST_NAME: usize = 5;
/// Most digits of a reconnection time in milliseconds. A server may send more digits than an integer can hold.
const RETRY_DIGITS: usize = 12;
/// Replaces every reconnection time with more digits.
const LONGEST_RETRY: &str = "999999999999";

/// The lines of one event that have a known field, each with a line feed at its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) text: String,
    pub(super) has_data: bool,
}

/// Buffers the part of a stream that is not a complete block yet.
///
/// Chunks may end anywhere, even inside a character or between the two bytes of a line end.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// The unread part of the newest chunk.
    chunk: Bytes,
    /// The start of the current line, from earlier chunks.
    line: Vec<u8>,
    /// Whether the last line ended with a carriage return. A line feed that follows belongs to it.
    after_return: bool,
    /// Whether the first line has been read, which may start with a byte order mark.
    has_begun: bool,
    block: Block,
    comments: u64,
}

impl Blocks {
    /// Adds the next chunk. All blocks of the previous chunk must have been taken.
    pub(super) fn add(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "a chunk must be read before the next is added");
        self.chunk = chunk;
    }

    /// Returns the next complete block, or `None` if more chunks are needed.
    ///
    /// # Errors
    /// An event is larger than the message limit.
    pub(super) fn next(&mut self) -> Result<Option<Block>, ClientError> {
        while let Some(line) = self.line()? {
            if line.is_empty() && !self.block.text.is_empty() {
                return Ok(Some(std::mem::take(&mut self.block)));
            }
            self.read(&line)?;
        }
        Ok(None)
    }

    /// Returns how many comments have been skipped since the last call.
    pub(super) fn take_comments(&mut self) -> u64 {
        std::mem::take(&mut self.comments)
    }

    /// Returns the next line without its end, which is CR, LF or CR LF.
    fn line(&mut self) -> Result<Option<Bytes>, ClientError> {
        if self.after_return && !self.chunk.is_empty() {
            self.after_return = false;
            if self.chunk[0] == b'\n' {
                self.chunk.advance(1);
            }
        }
        let end = search(&self.chunk, |new| memchr::memchr2(b'\r', b'\n', new));
        let part = self.chunk.split_to(end.unwrap_or(self.chunk.len()));
        // The text of a comment is not buffered, so a comment may be of any length.
        let is_comment = self.line.first() == Some(&b':');
        if !is_comment {
            check_limit(self.line.len() + part.len())?;
        }
        if end.is_none() {
            let kept = if is_comment { &[] } else { part.as_ref() };
            self.line.extend_from_slice(kept);
            return Ok(None);
        }
        self.after_return = self.chunk.get_u8() == b'\r';
        let mut line = if self.line.is_empty() {
            part
        } else {
            self.line.extend_from_slice(if is_comment { &[] } else { &part });
            std::mem::take(&mut self.line).into()
        };
        if !std::mem::replace(&mut self.has_begun, true) && line.starts_with(BYTE_ORDER_MARK) {
            line.advance(BYTE_ORDER_MARK.len());
        }
        Ok(Some(line))
    }

    /// Adds a line to the block if it has a known field.
    fn read(&mut self, line: &[u8]) -> Result<(), ClientError> {
        let colon = line.iter().take(LONGEST_NAME + 1).position(|&byte| byte == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        match name {
            b"" if colon.is_some() => self.comments += 1,
            b"data" | b"event" | b"id" => {
                check_limit(self.block.text.len() + line.len())?;
                // Bytes that are not UTF-8 become U+FFFD, as in a browser.
                self.block.text.push_str(&String::from_utf8_lossy(line));
                self.block.text.push('\n');
                self.block.has_data |= name == b"data";
            }
            b"retry" => self.read_retry(&line[name.len()..]),
            _ => {}
        }
        check_limit(self.block.text.len())
    }

    /// Adds a reconnection time to the block if it has only digits. The parser would accept a sign, and would reject
    /// more digits than its integer can hold.
    fn read_retry(&mut self, value: &[u8]) {
        let value = value.strip_prefix(b":").unwrap_or(value);
        let digits = value.strip_prefix(b" ").unwrap_or(value);
        let Some(text) = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|it| it.is_ascii_digit()))
        else {
            return;
        };
        let time = match text.trim_start_matches('0') {
            "" if text.is_empty() => return,
            "" => "0",
            significant if significant.len() > RETRY_DIGITS => LONGEST_RETRY,
            significant => significant,
        };
        self.block.text.extend(["retry:", time, "\n"]);
    }
}

/// Rejects an event that is larger than the message limit. An event that never ends would use up all memory.
fn check_limit(bytes: usize) -> Result<(), ClientError> {
    if bytes <= MESSAGE_LIMIT_BYTES {
        return Ok(());
    }
    Err(ClientError::Protocol(format!("an event of the stream is larger than {MESSAGE_LIMIT_BYTES} bytes")))
}

#[cfg(test)]
#[path = "blocks_tests.rs"]
mod tests;
