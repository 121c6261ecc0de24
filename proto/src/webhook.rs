//! What the producer and the consumer of webhooks agree on: the registration, the bodies, and the signature of the
//! Standard Webhooks specification (<https://www.standardwebhooks.com>), symmetric version `v1`.
//!
//! It must not know where the time comes from.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{CodecError, Cursor, Quote};

/// What a secret in its text form starts with.
const SECRET_PREFIX: &str = "whsec_";
/// What a signature of this version starts with.
const SIGNATURE_PREFIX: &str = "v1,";
/// Shortest key that the specification allows.
const KEY_BYTES_LEAST: usize = 24;
/// Longest key that the specification allows.
const KEY_BYTES_MOST: usize = 64;

/// Body of a request that registers an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Where the events are to be sent.
    pub url: String,
    /// Symbols to follow.
    pub symbols: Vec<String>,
    /// Start after this cursor; absent: from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
    /// Text forms of the secrets to sign with: more than one while they are being exchanged.
    pub secrets: Vec<String>,
}

/// Answer to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The subscription's id.
    pub id: String,
    /// The cursor that the deliveries start after. A consumer that registers again, as after a restart of the producer,
    /// sends it with the sequence number of its last event.
    pub cursor: Cursor,
}

/// Body of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// One event.
    Quote(Quote),
    /// Events were skipped, those up to this cursor: the consumer fell too far behind, or registered with a cursor of
    /// another log.
    Reset(Cursor),
}

impl Notice {
    /// The JSON form, `{"quote":{…}}` or `{"reset":"…"}`.
    pub fn to_json(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).expect("a notice has only string keys and finite numbers"))
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// `bytes` is no JSON object of one of these forms.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// Text that is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `{SECRET_PREFIX}` followed by the base64 of {KEY_BYTES_LEAST} to {KEY_BYTES_MOST} bytes")]
pub struct InvalidSecret;

/// A key that both ends hold.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// Reads the text form.
    ///
    /// # Errors
    /// The text is no secret.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let key = text.strip_prefix(SECRET_PREFIX).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
        let key = key.filter(|key| (KEY_BYTES_LEAST..=KEY_BYTES_MOST).contains(&key.len())).ok_or(InvalidSecret)?;
        Hmac::new_from_slice(&key).map(Self).map_err(|_| InvalidSecret)
    }

    /// The text form of a secret with this key.
    pub fn text(key: &[u8]) -> String {
        format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(key))
    }

    /// The signature of one message, for a header that may hold several.
    pub fn sign(&self, id: &str, timestamp_seconds: u64, body: &[u8]) -> String {
        let signature = self.digest(id, timestamp_seconds, body).finalize().into_bytes();
        format!("{SIGNATURE_PREFIX}{}", BASE64_STANDARD.encode(signature))
    }

    /// Whether one of the header's signatures is this message's. Each comparison takes the same time wherever a wrong
    /// signature differs.
    pub fn verify(&self, id: &str, timestamp_seconds: u64, body: &[u8], signatures: &str) -> bool {
        signatures.split(' ').any(|signature| {
            let encoded = signature.strip_prefix(SIGNATURE_PREFIX);
            let decoded = encoded.and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
            decoded.is_some_and(|bytes| self.digest(id, timestamp_seconds, body).verify_slice(&bytes).is_ok())
        })
    }

    fn digest(&self, id: &str, timestamp_seconds: u64, body: &[u8]) -> Hmac<Sha256> {
        let mut digest = self.0.clone();
        digest.update(format!("{id}.{timestamp_seconds}.").as_bytes());
        digest.update(body);
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's example.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP_SECONDS: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_published_example_is_signed_as_published() {
        let secret = Secret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, TIMESTAMP_SECONDS, BODY), SIGNATURE);
    }

    #[test]
    fn any_of_several_signatures_will_do() {
        let secret = Secret::parse(SECRET).unwrap();
        let other = Secret::parse(&Secret::text(b"another key of 24 bytes.")).unwrap();
        let both = format!("{} v1a,unknown {SIGNATURE}", other.sign(ID, TIMESTAMP_SECONDS, BODY));
        assert!(secret.verify(ID, TIMESTAMP_SECONDS, BODY, &both));
        assert!(other.verify(ID, TIMESTAMP_SECONDS, BODY, &both));
    }

    #[test]
    fn whatever_was_changed_is_found_out() {
        let secret = Secret::parse(SECRET).unwrap();
        assert!(!secret.verify("msg_other", TIMESTAMP_SECONDS, BODY, SIGNATURE));
        assert!(!secret.verify(ID, TIMESTAMP_SECONDS + 1, BODY, SIGNATURE));
        assert!(!secret.verify(ID, TIMESTAMP_SECONDS, b"{}", SIGNATURE));
        assert!(!secret.verify(ID, TIMESTAMP_SECONDS, BODY, "v1,"));
        assert!(!secret.verify(ID, TIMESTAMP_SECONDS, BODY, ""));
        assert!(!Secret::parse(&Secret::text(b"another key of 24 bytes.")).unwrap().verify(
            ID,
            TIMESTAMP_SECONDS,
            BODY,
            SIGNATURE
        ));
    }

    #[test]
    fn a_secret_needs_its_prefix_and_its_base64() {
        assert!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        assert!(Secret::parse("whsec_~").is_err());
    }

    #[test]
    fn a_key_has_24_to_64_bytes() {
        for bytes in [0, 1, 23, 65, 1_000] {
            assert_eq!(Secret::parse(&Secret::text(&vec![7; bytes])).err(), Some(InvalidSecret), "{bytes}");
        }
        for bytes in [24, 32, 64] {
            assert!(Secret::parse(&Secret::text(&vec![7; bytes])).is_ok(), "{bytes}");
        }
    }
}
