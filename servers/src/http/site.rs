//! What every HTTP server offers besides its approach: a description at `GET /`, errors that point to it, and the
//! headers by which a browser lets pages of other origins read the answers (CORS).

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
use proto::wire::CURSOR_HEADER;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use super::head;

/// How long a browser may remember what it was allowed.
const PREFLIGHT_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Stands for the server's address in a description.
const ADDRESS: &str = "{address}";

/// The routes of one server.
#[derive(Clone)]
pub(crate) struct Site {
    plain: Router,
    /// For requests that a browser sends on behalf of a page of another origin. Answers to other requests have no CORS
    /// headers, so other clients pay no bytes for them.
    cross_origin: Option<Router>,
}

impl Site {
    /// The routes of an approach, and the description of them, in which `{address}` is the server's.
    pub(crate) fn new(routes: Router, description: &str, address: SocketAddr) -> Self {
        let description = description.replace(ADDRESS, &address.to_string());
        let plain = routes
            .route("/", get(|| async { description }))
            .fallback(not_found)
            .method_not_allowed_fallback(not_allowed);
        Self { plain, cross_origin: None }
    }

    /// Lets any page read the answers.
    pub(crate) fn open_to_pages(self) -> Self {
        let exposed = [HeaderName::from_static(CURSOR_HEADER), header::ETAG, header::RETRY_AFTER];
        let cors = CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([Method::GET, Method::HEAD])
            // Those that the approaches read, such as `If-None-Match`, and those that libraries add.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(exposed)
            .max_age(PREFLIGHT_LIFETIME);
        Self { cross_origin: Some(self.plain.clone().layer(cors)), ..self }
    }

    pub(crate) fn answer(&self, request: Request<Body>) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        if let Some(fault) = head::fault(&request) {
            return Either::Left(ready(Ok((StatusCode::BAD_REQUEST, fault).into_response())));
        }
        let cross_origin = self.cross_origin.as_ref().filter(|_| request.headers().contains_key(header::ORIGIN));
        Either::Right(TowerToHyperService::new(cross_origin.unwrap_or(&self.plain).clone()).call(request))
    }
}

async fn not_found(uri: Uri) -> (StatusCode, String) {
    (
        StatusCode::NOT_FOUND,
        format!("{} does not exist: `GET /` says what this server answers\n", uri.path().escape_debug()),
    )
}

async fn not_allowed(method: Method, uri: Uri) -> (StatusCode, String) {
    let reason =
        format!("{} does not allow {method}: `GET /` says what this server answers\n", uri.path().escape_debug());
    (StatusCode::METHOD_NOT_ALLOWED, reason)
}
