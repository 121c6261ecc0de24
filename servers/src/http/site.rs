//! The responses that every HTTP server gives besides its approach: a description at `GET /`, errors that refer to it,
//! and the CORS headers that let pages of other origins read the responses.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, Method, Request, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::{Either, ready};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use net::Endpoint;
use proto::wire::CURSOR_HEADER;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::head;

/// How long a browser may cache the response to a preflight request.
const PREFLIGHT_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The routes of one server.
#[derive(Clone)]
pub(crate) struct Site {
    plain: Router,
    /// For requests from pages of other origins. Responses to other requests have no CORS headers, which saves bytes.
    cross_origin: Option<Router>,
}

impl Site {
    /// Combines the routes of an approach with their description. In it, `{address}`, `{http}` and `{websocket}` are
    /// replaced by the address of this server and by the start of its URLs.
    pub(crate) fn new(routes: Router, description: &str, address: SocketAddr) -> Self {
        let endpoint = Endpoint::new(address);
        let description = description
            .replace("{address}", &endpoint.authority())
            .replace("{http}", &endpoint.http_url(""))
            .replace("{websocket}", &endpoint.web_socket_url(""));
        let plain = routes
            .route("/", get(|| async { description }))
            .fallback(not_found)
            .method_not_allowed_fallback(not_allowed);
        Self { plain, cross_origin: None }
    }

    /// Lets pages of any origin read the responses.
    pub(crate) fn allow_any_origin(self) -> Self {
        let exposed = [HeaderName::from_static(CURSOR_HEADER), header::ETAG, header::RETRY_AFTER];
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::GET, Method::HEAD])
            // The headers that approaches read, such as `If-None-Match`, and headers that client libraries add.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(exposed)
            .max_age(PREFLIGHT_LIFETIME);
        Self { cross_origin: Some(self.plain.clone().layer(cors)), ..self }
    }

    pub(crate) fn respond(&self, request: Request<Body>) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        if let Some(error) = head::host_error(&request) {
            return Either::Left(ready(Ok((StatusCode::BAD_REQUEST, error).into_response())));
        }
        let cross_origin = self.cross_origin.as_ref().filter(|_| request.headers().contains_key(header::ORIGIN));
        Either::Right(TowerToHyperService::new(cross_origin.unwrap_or(&self.plain).clone()).call(request))
    }
}

async fn not_found(uri: Uri) -> (StatusCode, String) {
    (
        StatusCode::NOT_FOUND,
        format!("{} does not exist: see `GET /` for the paths of this server\n", uri.path().escape_debug()),
    )
}

async fn not_allowed(method: Method, uri: Uri) -> (StatusCode, String) {
    let reason =
        format!("{} does not allow {method}: see `GET /` for the methods of this server\n", uri.path().escape_debug());
    (StatusCode::METHOD_NOT_ALLOWED, reason)
}
