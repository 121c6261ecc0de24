//! The event in its two forms: JSON for the HTTP approaches and WebSocket text, protobuf for the others.

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{Cursor, Quote, printable};

/// The first two symbols are the article's, so that its client finds what it asks for.
const ARTICLE_SYMBOLS: [&str; 2] = ["BTC", "ETH"];

/// Bytes that cannot be decoded as what they should be.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not the JSON form of the message.
    #[error("cannot decode JSON message: {}", printable(.0))]
    Json(#[from] serde_json::Error),
    /// Not the protobuf form of the message.
    #[error("cannot decode protobuf message: {}", printable(.0))]
    Protobuf(#[from] prost::DecodeError),
}

/// Name of the symbol with this index, counted from 0.
pub fn symbol_name(index: u32) -> String {
    match ARTICLE_SYMBOLS.get(index as usize) {
        Some(name) => (*name).to_owned(),
        None => format!("S{index:05}"),
    }
}

impl Quote {
    /// The JSON form, an object with the field names of `market.proto`.
    pub fn to_json(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).expect("a quote has only string keys and finite numbers"))
    }

    /// The protobuf form, without any length prefix.
    pub fn to_protobuf(&self) -> Bytes {
        Bytes::from(self.encode_to_vec())
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// `bytes` is no JSON object with a quote's fields.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Reads the protobuf form.
    ///
    /// # Errors
    /// `bytes` is no protobuf message with a quote's fields.
    pub fn from_protobuf(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(Self::decode(bytes)?)
    }
}

/// Answer to `GET /events`: what happened after the cursor that was sent.
///
/// The server writes this form by joining events that it encoded once, see `EventPage::join`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventPage {
    /// Opaque position to send with the next request.
    pub cursor: String,
    /// More events are waiting: ask again at once.
    pub has_more: bool,
    /// Events in the order of their sequence numbers.
    pub events: Vec<Quote>,
}

impl EventPage {
    /// The JSON form of a page over events that are encoded already.
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

    /// Reads the JSON form.
    ///
    /// # Errors
    /// `bytes` is no JSON object with a page's fields.
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
    fn both_forms_give_the_quote_back() {
        assert_eq!(Quote::from_json(&quote().to_json()).unwrap(), quote());
        assert_eq!(Quote::from_protobuf(&quote().to_protobuf()).unwrap(), quote());
    }

    #[test]
    fn an_empty_payload_is_left_out_of_the_json() {
        let bare = Quote { payload: String::new(), ..quote() };
        assert!(!String::from_utf8_lossy(&bare.to_json()).contains("payload"));
        assert_eq!(Quote::from_json(&bare.to_json()).unwrap(), bare);
    }

    #[test]
    fn a_joined_page_reads_as_a_page() {
        let joined = EventPage::join(9.into(), true, &[quote().to_json(), quote().to_json()]);
        let page = EventPage { cursor: "9".into(), has_more: true, events: vec![quote(), quote()] };
        assert_eq!(EventPage::from_json(&joined).unwrap(), page);
        assert_eq!(EventPage::from_json(&EventPage::join(0.into(), false, &[])).unwrap().events, []);
    }

    #[test]
    fn the_article_finds_its_symbols() {
        assert_eq!([symbol_name(0), symbol_name(1), symbol_name(2)], ["BTC", "ETH", "S00002"]);
    }
}
