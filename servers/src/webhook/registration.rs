//! Validates registrations before the server stores anything.

use std::net::SocketAddr;

use axum::{
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use proto::{
    printable,
    webhook::{Registration, Secret},
};
use url::{Host, Position, Url};

use crate::{Ended, http::media_type};

/// The media type of a registration. Requiring it prevents web pages from registering: without a CORS preflight, they
/// can send only other types.
const MEDIA_TYPE: &str = "application/json";
/// Maximum length of a URL, in bytes. Each subscription stores one.
const MAX_URL_BYTES: usize = 2_048;
/// Maximum number of secrets per endpoint. Rotating a secret needs two.
const MAX_SECRETS: usize = 4;

/// A valid registration.
pub(super) struct Request {
    pub(super) destination: Destination,
    pub(super) secrets: Vec<Secret>,
    pub(super) registration: Registration,
}

/// The address and path that a consumer listens on.
#[derive(Debug, PartialEq)]
pub(super) struct Destination {
    /// Loopback addresses. The server connects to the first one that accepts a connection.
    pub(super) addresses: Vec<SocketAddr>,
    /// Host and port from the consumer's URL.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: String,
}

/// Why the server refuses a registration.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The content type is not JSON.
    MediaType,
    /// The registration is invalid.
    Invalid(String),
    /// The server has reached its maximum number of subscriptions.
    Full,
    /// The server is shutting down.
    Closed,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::MediaType => {
                let reason = format!("unsupported media type: send content-type {MEDIA_TYPE}\n");
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, reason).into_response()
            }
            Self::Invalid(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            Self::Full => {
                let reason = "too many subscriptions: remove one, or retry later\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "60")], reason).into_response()
            }
            Self::Closed => Ended::Closed.into_response(),
        }
    }
}

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Invalid(printable(&error))
    }
}

/// Parses a registration and resolves its URL.
///
/// # Errors
/// The registration is not JSON, or is invalid.
pub(super) async fn read(headers: &HeaderMap, body: &[u8]) -> Result<Request, Refusal> {
    if media_type(headers, &[MEDIA_TYPE]).is_none() {
        return Err(Refusal::MediaType);
    }
    let registration: Registration = serde_json::from_slice(body)?;
    let secrets = registration.secrets.iter().map(|text| Secret::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if !(1..=MAX_SECRETS).contains(&secrets.len()) {
        return Err(Refusal::Invalid(format!("a registration must have 1 to {MAX_SECRETS} secrets")));
    }
    let destination = resolve(&registration.url).await.map_err(Refusal::Invalid)?;
    Ok(Request { destination, secrets, registration })
}

/// Resolves a URL. The endpoint must be on this machine, because otherwise anyone could use the server to attack other
/// machines. The addresses are stored, so a later change of the name has no effect.
async fn resolve(text: &str) -> Result<Destination, String> {
    if text.len() > MAX_URL_BYTES {
        return Err(format!("the url is longer than {MAX_URL_BYTES} bytes"));
    }
    let url = Url::parse(text);
    let text = text.escape_debug();
    let url = url.map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    let refused = || format!("`{text}` is not an http URL of a loopback address");
    let port = url.port_or_known_default().filter(|port| *port > 0).ok_or_else(|| format!("`{text}` has no port"))?;
    if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
        return Err(refused());
    }
    let addresses: Vec<SocketAddr> = match url.host().ok_or_else(refused)? {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        // Other names are not looked up, because even a lookup sends packets.
        Host::Domain("localhost") => tokio::net::lookup_host(("localhost", port))
            .await
            .map_err(|error| format!("localhost has no address: {error}"))?
            .collect(),
        Host::Domain(_) => return Err(refused()),
    };
    if addresses.is_empty() || !addresses.iter().all(|address| address.ip().is_loopback()) {
        return Err(refused());
    }
    let authority = url[Position::BeforeHost..Position::AfterPort].to_owned();
    Ok(Destination { addresses, authority, target: url[Position::BeforePath..Position::AfterQuery].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn destination(url: &str) -> Destination {
        resolve(url).await.unwrap_or_else(|reason| panic!("{url}: {reason}"))
    }

    #[tokio::test]
    async fn resolves_a_loopback_address_with_its_path() {
        let expected = Destination {
            addresses: vec![([127, 3, 2, 1], 81).into()],
            authority: "127.3.2.1:81".into(),
            target: "/in?a=b".into(),
        };
        assert_eq!(destination("http://127.3.2.1:81/in?a=b#part").await, expected);
        let destination = destination("http://[::1]").await;
        assert_eq!(
            (destination.addresses[0].port(), destination.target.as_str(), destination.authority.as_str()),
            (80, "/", "[::1]")
        );
    }

    #[tokio::test]
    async fn resolves_localhost_to_loopback_addresses() {
        for url in ["http://localhost:8080/in", "http://LOCALHOST:8080/in"] {
            let destination = destination(url).await;
            assert!(!destination.addresses.is_empty());
            assert!(
                destination.addresses.iter().all(|it| it.ip().is_loopback() && it.port() == 8080),
                "{destination:?}"
            );
            assert_eq!(destination.authority, "localhost:8080");
        }
    }

    #[tokio::test]
    async fn refuses_urls_that_are_not_on_this_machine() {
        for url in [
            "http://192.0.2.1/in",
            "http://0.0.0.0/in",
            "http://[::]/in",
            "https://127.0.0.1/in",
            "http://localhost.example/in",
            "http://127.0.0.1.example/in",
            "http://user:word@127.0.0.1/in",
            "http://127.0.0.1@192.0.2.1/in",
            "file:///in",
            "/in",
            "",
        ] {
            assert!(resolve(url).await.is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn accepts_ports_from_1_to_65535() {
        for port in ["0", "65536", "99999", "-1", "4294967376", "1x", "+1"] {
            assert!(resolve(&format!("http://127.0.0.1:{port}/in")).await.is_err(), "{port}");
        }
        assert_eq!(destination("http://127.0.0.1:65535/in").await.addresses[0].port(), 65_535);
    }

    #[tokio::test]
    async fn the_refusal_of_a_long_url_does_not_repeat_it() {
        let reason = resolve(&format!("http://127.0.0.1:81/{}", "x".repeat(60_000))).await.unwrap_err();
        assert!(reason.len() < 100, "{reason}");
    }
}
