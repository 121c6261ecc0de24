//! One client's own HTTP/1.1 connection: a bare one, or hyper's or reqwest's as the variants that show what a library
//! costs. What the HTTP approaches share, and nothing of what distinguishes them.

mod bare;
mod chunks;
mod failure;
mod framing;
mod head;
mod library;
mod request;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, future::Either, stream::MapErr};
use http_body_util::BodyDataStream;
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_ENCODING, TRANSFER_ENCODING},
};
use proto::wire::MESSAGE_LIMIT_BYTES;

pub(crate) use self::failure::failure;
use self::{
    bare::Bare,
    library::{Hyper, LibraryBody, LibraryError, Reqwest},
    request::Outgoing,
};
use crate::{ClientError, Context, Cost};

/// Largest body that is read as a whole.
const BODY_LIMIT_BYTES: usize = 64 * MESSAGE_LIMIT_BYTES;
/// How much of a refusal's text is read, in bytes.
const REASON_LIMIT_BYTES: usize = 1024;
/// Header fields of a response, at most: proxies add dozens.
const HEADER_FIELDS: usize = 128;
/// Largest head of a response, in bytes.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;
/// How long a server may take to begin its response before it is taken for lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Sends requests one after the other, over a connection that nobody else uses.
pub(crate) struct HttpClient {
    /// How long a response may take to begin.
    pub(crate) patience: Duration,
    engine: Engine,
    /// Close after each request.
    new_connection: bool,
}

enum Engine {
    Bare(Bare),
    Hyper(Hyper),
    Reqwest(Reqwest),
}

impl HttpClient {
    /// A client with the context's `client` (`bare`, `hyper`, `reqwest`) and `connection` (`keep-alive`,
    /// `new-connection`) settings, where the approach has them. Opens no connection yet.
    pub(crate) fn new(context: &Context) -> Result<Self, ClientError> {
        let new_connection = context.params.text("connection") == Ok("new-connection");
        let engine = match context.params.text("client") {
            Ok("hyper") => Engine::Hyper(Hyper::new(context.endpoint)),
            Ok("reqwest") => Engine::Reqwest(Reqwest::new(context.endpoint)?),
            _ => Engine::Bare(Bare::new(context.endpoint)),
        };
        Ok(Self { patience: PATIENCE, engine, new_connection })
    }

    /// Sends one request and waits for the head of its response.
    ///
    /// # Errors
    /// The connection failed; the next call opens another.
    pub(crate) async fn get(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        cost: &mut Cost,
    ) -> Result<Response, ClientError> {
        self.exchange(Method::GET, target, headers, Bytes::new(), cost).await
    }

    /// The same with a body.
    ///
    /// # Errors
    /// The connection failed; the next call opens another.
    pub(crate) async fn post(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        body: Bytes,
        cost: &mut Cost,
    ) -> Result<Response, ClientError> {
        self.exchange(Method::POST, target, headers, body, cost).await
    }

    async fn exchange(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: Bytes,
        cost: &mut Cost,
    ) -> Result<Response, ClientError> {
        let request = Outgoing { method, target, headers, body, close: self.new_connection };
        request.check()?;
        let mut reopened = 0;
        let engine = &mut self.engine;
        let exchange = async {
            cost.requests += 1;
            match engine.send(&request, &mut reopened).await {
                // The server closed the kept connection while the request was under way. That is not an error, and a
                // GET may be sent twice.
                Err(ClientError::Connection(_)) if request.method == Method::GET && engine.used_kept() => {
                    cost.requests += 1;
                    Box::pin(engine.send(&request, &mut reopened)).await
                }
                sent => sent,
            }
        };
        let response = tokio::time::timeout(self.patience, exchange).await;
        if !self.new_connection {
            cost.reconnects += reopened;
        }
        let response = response.map_err(|_| broken("the server did not respond in time"))??;
        response.expect_no_coding()?;
        Ok(response)
    }

    /// The last response was cut short: the next request goes over another connection.
    pub(crate) fn abandon(&mut self) {
        match &mut self.engine {
            Engine::Bare(engine) => engine.abandon(),
            Engine::Hyper(engine) => engine.abandon(),
            Engine::Reqwest(engine) => engine.abandon(),
        }
    }
}

impl Engine {
    async fn send(&mut self, request: &Outgoing<'_>, reopened: &mut u64) -> Result<Response, ClientError> {
        match self {
            Self::Bare(engine) => {
                let (status, head, body) = engine.send(request, reopened).await?;
                Ok(Response { status, head: Head::Bare(head), body: Body::Bare(body) })
            }
            // What is seldom used must not make every client's future larger.
            Self::Hyper(engine) => Box::pin(engine.send(request, reopened)).await.map(Response::of_library),
            Self::Reqwest(engine) => Box::pin(engine.send(request, reopened)).await.map(Response::of_library),
        }
    }

    /// Whether the last request went over a connection that an earlier one had used.
    fn used_kept(&self) -> bool {
        match self {
            Self::Bare(engine) => engine.used_kept,
            Self::Hyper(engine) => engine.used_kept,
            Self::Reqwest(engine) => engine.used_kept,
        }
    }
}

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Connection(error.to_string())
}

fn unreadable(error: impl std::fmt::Display) -> ClientError {
    ClientError::Protocol(format!("unreadable response: {error}"))
}

/// A body as it arrives.
pub(crate) type BodyStream = Either<bare::Body, MapErr<BodyDataStream<LibraryBody>, fn(LibraryError) -> ClientError>>;

/// A response whose body has not been read yet.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    head: Head,
    body: Body,
}

enum Head {
    Bare(head::Head),
    Map(HeaderMap),
}

enum Body {
    Bare(bare::Body),
    Library(LibraryBody),
}

impl Response {
    fn of_library(response: hyper::Response<LibraryBody>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, head: Head::Map(head.headers), body: Body::Library(body) }
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        match &self.head {
            Head::Bare(head) => head.get(name),
            Head::Map(headers) => std::str::from_utf8(headers.get(name)?.as_bytes()).ok(),
        }
    }

    /// All headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        match &self.head {
            Head::Bare(head) => head.map(),
            Head::Map(headers) => headers.clone(),
        }
    }

    /// Refuses a coding that the request did not ask for: its body would look like garbage.
    ///
    /// # Errors
    /// The field, and its value.
    fn expect_no_coding(&self) -> Result<(), ClientError> {
        if self.status != StatusCode::OK {
            return Ok(());
        }
        for (field, usual) in [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")] {
            if let Some(coding) = self.header(field.as_str()).filter(|coding| !coding.eq_ignore_ascii_case(usual)) {
                let what = format!("the answer has the {field} `{coding}`, which was not asked for");
                return Err(ClientError::Protocol(what));
            }
        }
        Ok(())
    }

    /// The whole body.
    ///
    /// # Errors
    /// The connection failed, or the body is larger than any may be.
    pub(crate) async fn bytes(self) -> Result<Bytes, ClientError> {
        whole(self.stream(), BODY_LIMIT_BYTES).await
    }

    /// The body as it arrives.
    pub(crate) fn stream(self) -> BodyStream {
        match self.body {
            Body::Bare(body) => body.left_stream(),
            Body::Library(body) => BodyDataStream::new(body).map_err(library::fault as fn(_) -> _).right_stream(),
        }
    }

    /// What a status means that the approach has no use for: a server that is busy may answer later, any other refuses.
    pub(crate) async fn failure(self) -> ClientError {
        if !failure::is_passing(self.status) {
            return self.refusal().await;
        }
        failure(self.status, &self.headers(), b"")
    }

    /// What the server gives as the reason of a refusal.
    pub(crate) async fn refusal(self) -> ClientError {
        let (status, headers) = (self.status, self.headers());
        let mut reason = BytesMut::new();
        let mut body = self.stream();
        let read = async {
            while let Some(Ok(part)) = body.next().await {
                reason.extend_from_slice(&part[..part.len().min(REASON_LIMIT_BYTES - reason.len())]);
                if reason.len() == REASON_LIMIT_BYTES {
                    break;
                }
            }
        };
        // What has been read by then is reason enough.
        let _ = tokio::time::timeout(PATIENCE, read).await;
        failure::refusal(status, &headers, &reason)
    }
}

async fn whole(mut body: BodyStream, limit_bytes: usize) -> Result<Bytes, ClientError> {
    let Some(first) = body.try_next().await? else { return Ok(Bytes::new()) };
    let Some(second) = body.try_next().await? else { return Ok(first) };
    let (mut all, mut next) = (BytesMut::from(first), Some(second));
    while let Some(part) = next {
        all.extend_from_slice(&part);
        if all.len() > limit_bytes {
            return Err(ClientError::Protocol(format!("the body is larger than {limit_bytes} bytes")));
        }
        next = body.try_next().await?;
    }
    Ok(all.freeze())
}

#[cfg(test)]
mod answers_tests;
#[cfg(test)]
mod canned_tests;
#[cfg(test)]
mod connection_tests;
