//! What a gRPC server does with a request before the service sees it: it tells people what it is
//! over HTTP/1.1, refuses what is not gRPC over HTTP/2, limits the wait for
//! the message of a call, and answers questions about its health and its description, as grpcurl asks them.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
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
    grpc::Market,
    grpc_upload::Upload,
    http::{Site, media_type},
    unfinished::Room,
};

/// What the messages of a call are written in. gRPC-Web is another protocol.
const MEDIA_TYPES: [&str; 2] = ["application/grpc", "application/grpc+proto"];
/// How long the first message of a call may take.
const MESSAGE_LIMIT: Duration = Duration::from_secs(10);

/// Says what is wrong with a request that is not gRPC.
const UNSUPPORTED: &str =
    "this server takes gRPC, with content-type application/grpc: try grpcurl, or `GET /` over HTTP/1.1\n";

/// What answers all calls of a server.
#[derive(Clone)]
pub(crate) struct Front {
    market: MarketDataServer<Market>,
    /// Health and reflection.
    others: Routes,
    /// What a client that speaks HTTP/1.1, and so no gRPC, is answered.
    site: Site,
    /// For messages that have arrived only in part.
    room: Room,
    /// Calls of this connection that are under way.
    calls: Arc<Calls>,
}

impl Front {
    /// The service, with its health and its description beside it.
    ///
    /// # Errors
    /// The description is unreadable.
    pub(crate) async fn new(
        market: MarketDataServer<Market>,
        site: Site,
    ) -> Result<(Self, HealthReporter), ServeError> {
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_serving::<MarketDataServer<Market>>().await;
        let describe = || {
            Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let unreadable = |error: tonic_reflection::server::Error| ServeError::Protocol(error.to_string());
        // Tools ask for either version.
        let description = describe().build_v1().map_err(unreadable)?;
        let old_description = describe().build_v1alpha().map_err(unreadable)?;
        let others = Routes::new(health).add_service(description).add_service(old_description).prepare();
        Ok((Self { market, others, site, room: Room::default(), calls: Arc::default() }, reporter))
    }

    /// The same for one connection, whose calls are counted.
    pub(crate) fn of_connection(&self) -> Self {
        Self { calls: Arc::default(), ..self.clone() }
    }

    /// Whether the connection has no call, and has had none since this was asked last.
    pub(crate) fn is_idle(&self) -> bool {
        let began = self.calls.began.load(Ordering::Relaxed);
        let is_new = self.calls.seen.swap(began, Ordering::Relaxed) != began;
        !is_new && self.calls.ended.load(Ordering::Relaxed) == began
    }
}

impl HyperService<Request<Incoming>> for Front {
    type Response = Response<Tracked>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        self.calls.began.fetch_add(1, Ordering::Relaxed);
        let call = if request.version() < Version::HTTP_2 {
            self.site.answer(request.map(|_| Page::empty())).map_ok(|answer| answer.map(Body::new)).boxed()
        } else {
            self.call_grpc(request.map(|body| Upload::new(body, self.room.place())))
        };
        Answer { call, limit: None, under_way: Some(UnderWay(Arc::clone(&self.calls))) }
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

/// The answer to a request that is not gRPC: its sender understands only HTTP statuses.
fn unsupported() -> Response<Body> {
    let mut answer = Response::new(Body::new(Page::from(UNSUPPORTED)));
    *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// Calls of one connection.
#[derive(Debug)]
struct Calls {
    began: AtomicUsize,
    ended: AtomicUsize,
    /// Those that had begun when idleness was last asked for; before that, a number that no count reaches.
    seen: AtomicUsize,
}

impl Default for Calls {
    fn default() -> Self {
        Self { began: AtomicUsize::new(0), ended: AtomicUsize::new(0), seen: AtomicUsize::new(usize::MAX) }
    }
}

/// A call that has not ended.
struct UnderWay(Arc<Calls>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The head of an answer, once there is one.
pub(crate) struct Answer {
    call: BoxFuture<'static, Result<Response<Body>, Infallible>>,
    /// As a rule the message is there with the head of the request, and no timer is started.
    limit: Option<Pin<Box<Sleep>>>,
    under_way: Option<UnderWay>,
}

impl Future for Answer {
    type Output = Result<Response<Tracked>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match self.call.as_mut().poll(cx) {
            Poll::Ready(Ok(answer)) => answer,
            Poll::Pending => {
                let limit = self.limit.get_or_insert_with(|| Box::pin(tokio::time::sleep(MESSAGE_LIMIT)));
                ready!(limit.as_mut().poll(cx));
                Status::deadline_exceeded("the message of the call did not come in time").into_http()
            }
        };
        let under_way = self.under_way.take();
        Poll::Ready(Ok(answer.map(|body| Tracked { body, _under_way: under_way })))
    }
}

/// The body of an answer. Its call is under way as long as it exists.
pub(crate) struct Tracked {
    body: Body,
    _under_way: Option<UnderWay>,
}

impl HttpBody for Tracked {
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
    async fn what_is_refused_is_told_why() {
        let answer = unsupported();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), UNSUPPORTED);
    }

    #[test]
    fn only_the_methods_of_the_service_are_its_own() {
        assert!(is_market("MarketData/GetQuote"));
        assert!(!is_market("MarketDataX/GetQuote") && !is_market("grpc.health.v1.Health/Check"));
    }
}
