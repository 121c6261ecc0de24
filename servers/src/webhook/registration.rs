//! Registrations: checks what a consumer asks for before any of it is kept.

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

/// What a registration is written in. A web page can send other types to any server without being asked.
const MEDIA_TYPE: &str = "application/json";
/// Longest URL, in bytes: every subscription keeps one.
const URL_LIMIT_BYTES: usize = 2_048;
/// Secrets that one endpoint may have: an old one, a new one, and room.
const SECRETS: usize = 4;

/// A registration that makes sense.
pub(super) struct Request {
    pub(super) place: Place,
    pub(super) secrets: Vec<Secret>,
    pub(super) registration: Registration,
}

/// Where a consumer listens.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    /// All of this machine; the first that answers is the endpoint.
    pub(super) addresses: Vec<SocketAddr>,
    /// Host and port as the consumer wrote them.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: String,
}

/// Why there is no subscription.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// The body is not declared as JSON.
    MediaType,
    /// The registration makes no sense.
    Invalid(String),
    /// The server has as many subscriptions as it may.
    Full,
    /// The server is shutting down.
    Closed,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::MediaType => {
                let reason = format!("a registration is {MEDIA_TYPE}: say so in content-type\n");
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, reason).into_response()
            }
            Self::Invalid(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
            Self::Full => {
                let reason = "there are too many subscriptions: remove one, or come back later\n";
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

/// Reads a registration and finds its endpoint.
///
/// # Errors
/// It is not JSON, or makes no sense.
pub(super) async fn read(headers: &HeaderMap, body: &[u8]) -> Result<Request, Refusal> {
    if media_type(headers, &[MEDIA_TYPE]).is_none() {
        return Err(Refusal::MediaType);
    }
    let registration: Registration = serde_json::from_slice(body)?;
    let secrets = registration.secrets.iter().map(|text| Secret::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if !(1..=SECRETS).contains(&secrets.len()) {
        return Err(Refusal::Invalid(format!("a registration has 1 to {SECRETS} secrets")));
    }
    let place = locate(&registration.url).await.map_err(Refusal::Invalid)?;
    Ok(Request { place, secrets, registration })
}

/// Finds an endpoint. It must be on this machine: a server that sends wherever it is told is a weapon. The addresses are
/// kept, so that a name which means something else later makes no difference.
async fn locate(text: &str) -> Result<Place, String> {
    if text.len() > URL_LIMIT_BYTES {
        return Err(format!("the url has more than {URL_LIMIT_BYTES} bytes"));
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
        // No other name is looked up: that alone would send something.
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
    Ok(Place { addresses, authority, target: url[Position::BeforePath..Position::AfterQuery].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn place(url: &str) -> Place {
        locate(url).await.unwrap_or_else(|reason| panic!("{url}: {reason}"))
    }

    #[tokio::test]
    async fn an_endpoint_is_an_address_of_this_machine_and_a_path() {
        let expected = Place {
            addresses: vec![([127, 3, 2, 1], 81).into()],
            authority: "127.3.2.1:81".into(),
            target: "/in?a=b".into(),
        };
        assert_eq!(place("http://127.3.2.1:81/in?a=b#part").await, expected);
        let place = place("http://[::1]").await;
        assert_eq!((place.addresses[0].port(), place.target.as_str(), place.authority.as_str()), (80, "/", "[::1]"));
    }

    #[tokio::test]
    async fn localhost_is_this_machine() {
        for url in ["http://localhost:8080/in", "http://LOCALHOST:8080/in"] {
            let place = place(url).await;
            assert!(!place.addresses.is_empty());
            assert!(place.addresses.iter().all(|it| it.ip().is_loopback() && it.port() == 8080), "{place:?}");
            assert_eq!(place.authority, "localhost:8080");
        }
    }

    #[tokio::test]
    async fn only_this_machine_is_sent_to() {
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
            assert!(locate(url).await.is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_port_is_from_1_to_65535() {
        for port in ["0", "65536", "99999", "-1", "4294967376", "1x", "+1"] {
            assert!(locate(&format!("http://127.0.0.1:{port}/in")).await.is_err(), "{port}");
        }
        assert_eq!(place("http://127.0.0.1:65535/in").await.addresses[0].port(), 65_535);
    }

    #[tokio::test]
    async fn a_long_url_is_refused_without_being_repeated() {
        let reason = locate(&format!("http://127.0.0.1:81/{}", "x".repeat(60_000))).await.unwrap_err();
        assert!(reason.len() < 100, "{reason}");
    }
}
