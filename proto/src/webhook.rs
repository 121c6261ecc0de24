//! The contract between producers and consumers of webhooks: the registration, the bodies, and the signature of the
//! Standard Webhooks specification (<https://www.standardwebhooks.com>), symmetric version `v1`.
//!
//! It must not know where the time comes from.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{CodecError, Cursor, Quote};

/// Prefix of the text form of a secret.
const SECRET_PREFIX: &str = "whsec_";
/// Prefix of a signature of this version.
const SIGNATURE_PREFIX: &str = "v1,";
/// Shortest key that the specification allows.
const MIN_KEY_BYTES: usize = 24;
/// Longest key that the specification allows.
const MAX_KEY_BYTES: usize = 64;

/// The body of a request that registers an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// URL to deliver the events to.
    pub url: String,
    /// Symbols to follow.
    pub symbols: Vec<String>,
    /// Cursor to start after. If absent, the subscription starts with the next event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
    /// Text forms of the secrets to sign with. There is more than one during a rotation.
    pub secrets: Vec<String>,
}

/// The response to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Id of the subscription.
    pub id: String,
    /// Cursor after which the deliveries start. A consumer that registers again, for example after the producer
    /// restarted, sends this cursor with the sequence number replaced by that of its last event.
    pub cursor: Cursor,
}

/// The body of a webhook request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// One event.
    Quote(Quote),
    /// Events up to this cursor were skipped, because the consumer fell too far behind or registered with a cursor of
    /// another log.
    Reset(Cursor),
}

impl Notice {
    /// Returns the JSON form, `{"quote":{…}}` or `{"reset":"…"}`.
    pub fn to_json(&self) -> Bytes {
        Bytes::from(serde_json::to_vec(self).expect("a notice has only string keys and finite numbers"))
    }

    /// Parses the JSON form.
    ///
    /// # Errors
    /// `bytes` is not a JSON object of either form.
    pub fn from_json(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

/// The error for text that is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid secret: write `{SECRET_PREFIX}` followed by the base64 of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes")]
pub struct InvalidSecret;

/// The key that the producer signs with and the consumer verifies with.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// Parses the text form.
    ///
    /// # Errors
    /// The text is not a secret.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let key = text.strip_prefix(SECRET_PREFIX).and_then(|encoded| BASE64_STANDARD.decode(encoded).ok());
        let key = key.filter(|key| (MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len())).ok_or(InvalidSecret)?;
        Hmac::new_from_slice(&key).map(Self).map_err(|_| InvalidSecret)
    }

    /// Returns the text form of a secret with this key.
    pub fn text(key: &[u8]) -> String {
        format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(key))
    }

    /// Returns the signature of one message with its version prefix. The header may hold several signatures, separated
    /// by spaces.
    pub fn sign(&self, id: &str, timestamp_seconds: u64, body: &[u8]) -> String {
        let signature = self.digest(id, timestamp_seconds, body).finalize().into_bytes();
        format!("{SIGNATURE_PREFIX}{}", BASE64_STANDARD.encode(signature))
    }

    /// Returns whether one of the signatures in the header is valid for this message. Each comparison takes constant
    /// time.
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
    fn signs_the_specifications_example() {
        let secret = Secret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, TIMESTAMP_SECONDS, BODY), SIGNATURE);
    }

    #[test]
    fn accepts_any_of_several_signatures() {
        let secret = Secret::parse(SECRET).unwrap();
        let other = Secret::parse(&Secret::text(b"another key of 24 bytes.")).unwrap();
        let both = format!("{} v1a,unknown {SIGNATURE}", other.sign(ID, TIMESTAMP_SECONDS, BODY));
        assert!(secret.verify(ID, TIMESTAMP_SECONDS, BODY, &both));
        assert!(other.verify(ID, TIMESTAMP_SECONDS, BODY, &both));
    }

    #[test]
    fn rejects_a_changed_message_signature_or_secret() {
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
    fn rejects_a_secret_without_the_prefix_or_valid_base64() {
        assert!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_err());
        assert!(Secret::parse("whsec_~").is_err());
    }

    #[test]
    fn accepts_keys_of_24_to_64_bytes_only() {
        for bytes in [0, 1, 23, 65, 1_000] {
            assert_eq!(Secret::parse(&Secret::text(&vec![7; bytes])).err(), Some(InvalidSecret), "{bytes}");
        }
        for bytes in [24, 32, 64] {
            assert!(Secret::parse(&Secret::text(&vec![7; bytes])).is_ok(), "{bytes}");
        }
    }
}
