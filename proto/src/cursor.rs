//! A client's position in a server's log, and its text form: the epoch of the log, `-`, and a sequence number, such as
//! `5bdf83ng-291`. Every protocol formats and parses cursors with this module.
//!
//! A server that starts a new log draws a new epoch, so a cursor of the old log is never mistaken for one of the new
//! log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::SubscribeRequest;

/// Digits of an epoch. HPACK encodes each of them in six bits, so the length of a header with a cursor does not depend
/// on the epoch.
const DIGITS: &[u8; 16] = b"3456789bdfghlmnp";
/// Number of digits of every epoch.
const EPOCH_DIGITS: usize = 8;

/// The error for text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid cursor: send one that this server returned, or the sequence number of an event")]
pub struct InvalidCursor;

/// Identifies one log among all that a server has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// Creates the epoch with this number.
    pub fn new(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; EPOCH_DIGITS];
        for (place, digit) in text.iter_mut().rev().enumerate() {
            *digit = DIGITS[(self.0 >> (4 * place)) as usize & 0xf];
        }
        formatter.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Epoch {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() != EPOCH_DIGITS {
            return Err(InvalidCursor);
        }
        let value = |digit: u8| DIGITS.iter().position(|&known| known == digit).ok_or(InvalidCursor);
        text.bytes().try_fold(0, |number, digit| Ok(number << 4 | value(digit)? as u32)).map(Self)
    }
}

/// The position after the event with this sequence number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The log. `None` means the current log of the server that receives the cursor, as when a person types a bare
    /// number.
    pub epoch: Option<Epoch>,
    /// Sequence number, from 1. 0 is the position before the first event.
    pub sequence: u64,
}

impl From<u64> for Cursor {
    /// Creates a cursor in the current log of the server that receives it.
    fn from(sequence: u64) -> Self {
        Self { epoch: None, sequence }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.epoch {
            Some(epoch) => write!(formatter, "{epoch}-{}", self.sequence),
            None => write!(formatter, "{}", self.sequence),
        }
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (epoch, digits) = match text.split_once('-') {
            Some((epoch, digits)) => (Some(epoch.parse()?), digits),
            None => (None, text),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidCursor);
        }
        Ok(Self { epoch, sequence: digits.parse().map_err(|_| InvalidCursor)? })
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.epoch {
            Some(_) => serializer.collect_str(self),
            None => serializer.serialize_u64(self.sequence),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrNumber)
    }
}

struct TextOrNumber;

impl de::Visitor<'_> for TextOrNumber {
    type Value = Cursor;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a cursor or a sequence number")
    }

    fn visit_u64<E: de::Error>(self, sequence: u64) -> Result<Cursor, E> {
        Ok(Cursor::from(sequence))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cursor, E> {
        text.parse().map_err(E::custom)
    }
}

impl SubscribeRequest {
    /// Returns the cursor after which the client wants events, or `None` if it wants only new events.
    ///
    /// # Errors
    /// The epoch is invalid.
    pub fn cursor(&self) -> Result<Option<Cursor>, InvalidCursor> {
        let epoch = self.epoch.as_deref().map(str::parse).transpose()?;
        Ok(self.after.map(|sequence| Cursor { epoch, sequence }))
    }

    /// Asks for the events after this cursor.
    pub fn start_after(&mut self, cursor: Cursor) {
        self.after = Some(cursor.sequence);
        self.epoch = cursor.epoch.map(|epoch| epoch.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_round_trip_through_text_and_json() {
        for number in [0, 1, 0x1234_5678, 0xdead_beef, u32::MAX] {
            for sequence in [0, 291, u64::MAX] {
                let cursor = Cursor { epoch: Some(Epoch::new(number)), sequence };
                assert_eq!(cursor.to_string().parse(), Ok(cursor));
                assert_eq!(serde_json::from_str::<Cursor>(&serde_json::to_string(&cursor).unwrap()).unwrap(), cursor);
            }
        }
        assert_eq!(Cursor { epoch: Some(Epoch::new(0x0123_cdef)), sequence: 7 }.to_string(), "3456lmnp-7");
    }

    #[test]
    fn all_epochs_have_the_same_length() {
        let lengths = [0, 1, u32::MAX].map(|number| Epoch::new(number).to_string().len());
        assert_eq!(lengths, [EPOCH_DIGITS; 3]);
    }

    #[test]
    fn a_bare_number_is_a_cursor_without_an_epoch() {
        assert_eq!("291".parse(), Ok(Cursor::from(291)));
        assert_eq!(serde_json::from_str::<Cursor>("291").unwrap(), Cursor::from(291));
        assert_eq!(serde_json::from_str::<Cursor>("\"291\"").unwrap(), Cursor::from(291));
        assert_eq!(Cursor::from(291).to_string(), "291");
    }

    #[test]
    fn rejects_text_that_is_not_a_cursor() {
        for text in [
            "",
            "-",
            "-1",
            "+1",
            " 1",
            "1.5",
            "soon",
            "18446744073709551616",
            "3456lmnp",
            "3456lmnp-",
            "3456lmnp--1",
            "3456lmn-1",
            "3456lmnpp-1",
            "3456lmn0-1",
            "3456LMNP-1",
            "3456lmnp-+1",
            "3456lmnp-1-1",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
    }

    #[test]
    fn a_request_returns_the_cursor_that_it_was_given() {
        let mut request = SubscribeRequest { after: Some(3), ..SubscribeRequest::default() };
        assert_eq!(request.cursor(), Ok(Some(Cursor::from(3))));
        let cursor = Cursor { epoch: Some(Epoch::new(9)), sequence: 4 };
        request.start_after(cursor);
        assert_eq!(request.cursor(), Ok(Some(cursor)));
        assert_eq!(SubscribeRequest { after: None, ..request.clone() }.cursor(), Ok(None));
        assert_eq!(SubscribeRequest { epoch: Some("?".into()), ..request }.cursor(), Err(InvalidCursor));
    }
}
