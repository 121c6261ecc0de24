//! The two forms of an event: JSON for the HTTP approaches and for WebSocket text messages, protobuf for the others.

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{Cursor, Quote, printable};

/// The first two symbols. They are the article's, so that its client finds the symbols that it asks for.
const ARTICLE_SYMBOLS: [&str; 2] = ["BTC", "ETH"];

/// The error for bytes that cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not the JSON form of the message.
    #[error("cannot decode JSON message: {}", printable(.0))]
    Json(#[from] serde_json::Error),
    /// The bytes are not the protobuf form of the message.
    #[error("cannot decode protobuf message: {}", printable(.0))]
    Protobuf(#[from] prost::DecodeError),
}

/// Returns the name of the symbol with this index, counted from 0.
pub fn symbol_name(index: u32) -> String {
    match ARTICLE_SYMBOLS.get(index as usize) {
        Some(name) => (*name).to_owned(),
        None => format!("S{index:05}"),
    }
}

impl Quote {
    /// Returns the JSON form, an object with the field names of `market.proto`.
    pub fn to_json(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).expect("a quote has only string keys and finite numbers"))
    }

    /// Returns the protobuf form, without a length prefix.
    pub fn to_protobuf(&self) -> Bytes {
        Bytes::from(self.encode_to_vec())
    }

    /// Parses the JSON form.
    ///
    /// # Errors
    /// `bytes` is not a JSON object with a quote's fields.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Decodes the protobuf form.
    ///
    /// # Errors
    /// `bytes` is not a protobuf message with a quote's fields.
    pub fn from_protobuf(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(Self::decode(bytes)?)
    }
}

/// The response to `GET /events`: the events after the cursor of the request.
///
/// The server builds it from events that are already encoded, see `EventPage::join`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventPage {
    /// Opaque position to send with the next request.
    pub cursor: String,
    /// Whether more events are waiting. The client then polls again at once.
    pub has_more: bool,
    /// Events, ordered by sequence number.
    pub events: Vec<Quote>,
}

impl EventPage {
    /// Returns the JSON form of a page of events that are already encoded as JSON.
    pub fn join(cursor: Cursor, has_more: bool, events: &[Bytes]) -> Bytes {
        let size = events.iter().map(|event| event.len() + 1).sum::<usize>();
        let mut page = Vec::with_capacity(size + 64);
        page.extend_from_slice(format!(r#"{{"cursor":"{cursor}","has_more":{has_more},"events":["#).as_bytes());
        for (index, event) in events.iter().enumerate() {
            if index > 0 {
                page.push(b',');
            }
            page.extend_from_slice(event);
        }
        page.extend_from_slice(b"]}");
        Bytes::from(page)
    }

    /// Parses the JSON form.
    ///
    /// # Errors
    /// `bytes` is not a JSON object with a page's fields.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote() -> Quote {
        Quote {
            symbol: "BTC".into(),
            bid: 123.41,
            ask: 123.46,
            timestamp_ms: 1_700_000_000_123,
            sequence: 7,
            symbol_sequence: 3,
            payload: "xx".into(),
        }
    }

    #[test]
    fn a_quote_survives_the_round_trip_through_both_forms() {
        assert_eq!(Quote::from_json(&quote().to_json()).unwrap(), quote());
        assert_eq!(Quote::from_protobuf(&quote().to_protobuf()).unwrap(), quote());
    }

    #[test]
    fn the_json_form_omits_an_empty_payload() {
        let bare = Quote { payload: String::new(), ..quote() };
        assert!(!String::from_utf8_lossy(&bare.to_json()).contains("payload"));
        assert_eq!(Quote::from_json(&bare.to_json()).unwrap(), bare);
    }

    #[test]
    fn a_joined_page_parses_as_a_page() {
        let joined = EventPage::join(9.into(), true, &[quote().to_json(), quote().to_json()]);
        let page = EventPage { cursor: "9".into(), has_more: true, events: vec![quote(), quote()] };
        assert_eq!(EventPage::from_json(&joined).unwrap(), page);
        assert_eq!(EventPage::from_json(&EventPage::join(0.into(), false, &[])).unwrap().events, []);
    }

    #[test]
    fn the_first_symbols_are_those_of_the_article() {
        assert_eq!([symbol_name(0), symbol_name(1), symbol_name(2)], ["BTC", "ETH", "S00002"]);
    }
}
