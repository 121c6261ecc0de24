//! Handles requests of a gRPC server before the service sees them. Serves the description over HTTP/1.1, refuses HTTP/2
//! requests that are not gRPC, limits the wait for the first message of a call, and serves health checks and
//! reflection, which grpcurl uses.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    body::Body as Page,
    http::{HeaderValue, Request, Response, StatusCode, Version, header::CONTENT_TYPE},
};
use bytes::Bytes;
use futures_util::{
    FutureExt, TryFutureExt,
    future::{self, BoxFuture},
};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    service::Service as HyperService,
};
use hyper_util::service::TowerToHyperService;
use proto::{FILE_DESCRIPTORS, market_data_server::MarketDataServer};
use tokio::time::Sleep;
use tonic::{Status, body::Body, codegen::Service, server::NamedService, service::Routes};
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Builder;

use crate::{
    ServeError,
    grpc_service::Market,
    grpc_upload::Upload,
    http::{Site, media_type},
    unfinished::{Budget, MESSAGE_TIMEOUT},
};

/// The media types that the server accepts. gRPC-Web is another protocol.
const MEDIA_TYPES: [&str; 2] = ["application/grpc", "application/grpc+proto"];

/// The response to a request that is not gRPC.
const UNSUPPORTED: &str =
    "this server accepts gRPC, with content-type application/grpc: use grpcurl, or `GET /` over HTTP/1.1\n";

/// The HTTP service that handles all requests of a server.
#[derive(Clone)]
pub(crate) struct Front {
    market: MarketDataServer<Market>,
    /// Health and reflection.
    others: Routes,
    /// Answers requests over HTTP/1.1, which cannot be gRPC.
    site: Site,
    /// The budget for messages that have arrived only in part.
    budget: Budget,
    /// Counts the calls of this connection.
    calls: Arc<Calls>,
}

impl Front {
    /// Combines the service with health checks and reflection.
    ///
    /// # Errors
    /// The file descriptors are invalid.
    pub(crate) async fn new(
        market: MarketDataServer<Market>,
        site: Site,
    ) -> Result<(Self, HealthReporter), ServeError> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_serving::<MarketDataServer<Market>>().await;
        let configure = || {
            Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let invalid = |error: tonic_reflection::server::Error| ServeError::Protocol(error.to_string());
        // Some tools use the old version.
        let reflection = configure().build_v1().map_err(invalid)?;
        let old_reflection = configure().build_v1alpha().map_err(invalid)?;
        let others = Routes::new(health).add_service(reflection).add_service(old_reflection).prepare();
        Ok((Self { market, others, site, budget: Budget::default(), calls: Arc::default() }, reporter))
    }

    /// Returns a copy for one connection, with its own count of calls.
    pub(crate) fn for_connection(&self) -> Self {
        Self { calls: Arc::default(), ..self.clone() }
    }

    /// Returns whether the connection has no calls now, and no call has begun since the last check.
    pub(crate) fn is_idle(&self) -> bool {
        let began = self.calls.began.load(Ordering::Relaxed);
        let is_new = self.calls.seen.swap(began, Ordering::Relaxed) != began;
        !is_new && self.calls.ended.load(Ordering::Relaxed) == began
    }
}

impl HyperService<Request<Incoming>> for Front {
    type Response = Response<TrackedBody>;
    type Error = Infallible;
    type Future = PendingResponse;

    fn call(&self, request: Request<Incoming>) -> PendingResponse {
        self.calls.began.fetch_add(1, Ordering::Relaxed);
        let call = if request.version() < Version::HTTP_2 {
            self.site.respond(request.map(|_| Page::empty())).map_ok(|response| response.map(Body::new)).boxed()
        } else {
            self.call_grpc(request.map(|body| Upload::new(body, self.budget.reservation())))
        };
        PendingResponse { call, timeout: None, guard: Some(CallGuard(Arc::clone(&self.calls))) }
    }
}

impl Front {
    fn call_grpc(&self, request: Request<Upload<Incoming>>) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        if media_type(request.headers(), &MEDIA_TYPES).is_none() {
            future::ready(Ok(unsupported())).boxed()
        } else if request.uri().path().strip_prefix('/').is_some_and(is_market) {
            self.market.clone().call(request)
        } else {
            TowerToHyperService::new(self.others.clone()).call(request).boxed()
        }
    }
}

fn is_market(path: &str) -> bool {
    path.strip_prefix(MarketDataServer::<Market>::NAME).is_some_and(|method| method.starts_with('/'))
}

/// Refuses a request that is not gRPC, with an HTTP status, because its client does not understand gRPC statuses.
fn unsupported() -> Response<Body> {
    let mut response = Response::new(Body::new(Page::from(UNSUPPORTED)));
    *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Counts of the calls of one connection.
#[derive(Debug)]
struct Calls {
    began: AtomicUsize,
    ended: AtomicUsize,
    /// The value of `began` at the last check for idleness. Before the first check, a value that `began` never reaches.
    seen: AtomicUsize,
}

impl Default for Calls {
    fn default() -> Self {
        Self { began: AtomicUsize::new(0), ended: AtomicUsize::new(0), seen: AtomicUsize::new(usize::MAX) }
    }
}

/// Counts a call as ended when it is dropped.
struct CallGuard(Arc<Calls>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits for the response to a call, at most until the timeout for the first message.
pub(crate) struct PendingResponse {
    call: BoxFuture<'static, Result<Response<Body>, Infallible>>,
    /// Started only if the call does not complete at once, which is rare: usually the message arrives with the headers.
    timeout: Option<Pin<Box<Sleep>>>,
    guard: Option<CallGuard>,
}

impl Future for PendingResponse {
    type Output = Result<Response<TrackedBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.call.as_mut().poll(cx) {
            Poll::Ready(Ok(response)) => response,
            Poll::Pending => {
                let timeout = self.timeout.get_or_insert_with(|| Box::pin(tokio::time::sleep(MESSAGE_TIMEOUT)));
                ready!(timeout.as_mut().poll(cx));
                Status::deadline_exceeded("the message of the call did not arrive in time").into_http()
            }
        };
        let guard = self.guard.take();
        Poll::Ready(Ok(response.map(|body| TrackedBody { body, _guard: guard })))
    }
}

/// A response body. Its call counts as ended when it is dropped.
pub(crate) struct TrackedBody {
    body: Body,
    _guard: Option<CallGuard>,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_refusal_contains_the_reason() {
        let response = unsupported();
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), UNSUPPORTED);
    }

    #[test]
    fn recognizes_only_methods_of_the_service() {
        assert!(is_market("MarketData/GetQuote"));
        assert!(!is_market("MarketDataX/GetQuote") && !is_market("grpc.health.v1.Health/Check"));
    }
}
