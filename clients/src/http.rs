//! The HTTP/1.1 connection of one client, shared by all HTTP approaches. The engine is reqwest, which applications use,
//! hyper's connection API (`hyper`), or our own (`bare`), which needs the least memory and CPU time. It must not know
//! how the approaches differ.

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
    failure::connection_error,
    library::{Hyper, LibraryBody, LibraryError, Reqwest},
    request::Outgoing,
};
use crate::{ClientError, Context, Cost};

/// Largest body that is read as a whole, in bytes.
const BODY_LIMIT_BYTES: usize = 64 * MESSAGE_LIMIT_BYTES;
/// How much of the body of a refusal is read, in bytes.
const REASON_LIMIT_BYTES: usize = 1024;
/// Time within which a response must start. After it, the connection counts as lost.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends one request at a time, over a connection that no other client uses.
pub(crate) struct HttpClient {
    /// Time within which a response must start.
    pub(crate) response_timeout: Duration,
    engine: Engine,
    /// Whether to close the connection after each request.
    new_connection: bool,
}

enum Engine {
    Bare(Bare),
    Hyper(Hyper),
    Reqwest(Reqwest),
}

impl HttpClient {
    /// Creates a client with the settings `client` (`reqwest`, `hyper`, `bare`) and `connection` (`keep-alive`,
    /// `new-connection`), if the approach has them. Does not connect yet.
    pub(crate) fn new(context: &Context) -> Result<Self, ClientError> {
        let new_connection = context.params.text("connection") == Ok("new-connection");
        let engine = match context.params.text("client") {
            Ok("bare") => Engine::Bare(Bare::new(context.endpoint)),
            Ok("hyper") => Engine::Hyper(Hyper::new(context.endpoint)),
            _ => Engine::Reqwest(Reqwest::new(context.endpoint)?),
        };
        Ok(Self { response_timeout: RESPONSE_TIMEOUT, engine, new_connection })
    }

    /// Sends a GET request and waits for the head of its response.
    ///
    /// # Errors
    /// The connection failed or the response is invalid. The next call opens another connection if necessary.
    pub(crate) async fn get(
        &mut self,
        target: &str,
        headers: &[(&str, &str)],
        cost: &mut Cost,
    ) -> Result<Response, ClientError> {
        self.exchange(Method::GET, target, headers, Bytes::new(), cost).await
    }

    /// Sends a POST request and waits for the head of its response.
    ///
    /// # Errors
    /// As for `get`.
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
        request.validate()?;
        let mut reopened = 0;
        let engine = &mut self.engine;
        let exchange = async {
            cost.requests += 1;
            match engine.send(&request, &mut reopened).await {
                // The server closed the idle connection while the request was in flight. That is not an error, and a
                // GET is safe to repeat.
                Err(ClientError::Connection(_)) if request.method == Method::GET && engine.reused_connection() => {
                    cost.requests += 1;
                    Box::pin(engine.send(&request, &mut reopened)).await
                }
                sent => sent,
            }
        };
        let response = tokio::time::timeout(self.response_timeout, exchange).await;
        if !self.new_connection {
            cost.reconnects += reopened;
        }
        let response = response.map_err(|_| connection_error("the server did not respond in time"))??;
        response.reject_unrequested_coding()?;
        Ok(response)
    }

    /// Drops the connection, because the last response was cut short. The next request opens another.
    pub(crate) fn drop_connection(&mut self) {
        match &mut self.engine {
            Engine::Bare(engine) => engine.drop_connection(),
            Engine::Hyper(engine) => engine.drop_connection(),
            Engine::Reqwest(engine) => engine.drop_connection(),
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
            // Boxed, so that the rarely used engines do not make the future of every client larger.
            Self::Hyper(engine) => Box::pin(engine.send(request, reopened)).await.map(Response::from_library),
            Self::Reqwest(engine) => Box::pin(engine.send(request, reopened)).await.map(Response::from_library),
        }
    }

    /// Returns whether the last request reused the connection of an earlier one.
    fn reused_connection(&self) -> bool {
        match self {
            Self::Bare(engine) => engine.reused_connection,
            Self::Hyper(engine) => engine.reused_connection,
            Self::Reqwest(engine) => engine.reused_connection,
        }
    }
}

/// A stream of the parts of a body.
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
    fn from_library(response: hyper::Response<LibraryBody>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, head: Head::Map(head.headers), body: Body::Library(body) }
    }

    /// Returns the value of a header field, if it is UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        match &self.head {
            Head::Bare(head) => head.get(name),
            Head::Map(headers) => std::str::from_utf8(headers.get(name)?.as_bytes()).ok(),
        }
    }

    /// Returns a copy of all header fields.
    pub(crate) fn headers(&self) -> HeaderMap {
        match &self.head {
            Head::Bare(head) => head.map(),
            Head::Map(headers) => headers.clone(),
        }
    }

    /// Rejects a coding that the request did not ask for, because the body would be unreadable.
    ///
    /// # Errors
    /// Names the header field and its value.
    fn reject_unrequested_coding(&self) -> Result<(), ClientError> {
        if self.status != StatusCode::OK {
            return Ok(());
        }
        for (field, usual) in [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")] {
            if let Some(coding) = self.header(field.as_str()).filter(|coding| !coding.eq_ignore_ascii_case(usual)) {
                let what = format!("the response has the {field} `{coding}`, which the request did not ask for");
                return Err(ClientError::Protocol(what));
            }
        }
        Ok(())
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// The connection failed, or the body is larger than `BODY_LIMIT_BYTES`.
    pub(crate) async fn bytes(self) -> Result<Bytes, ClientError> {
        read_whole(self.stream(), BODY_LIMIT_BYTES).await
    }

    /// Returns the parts of the body as they arrive.
    pub(crate) fn stream(self) -> BodyStream {
        match self.body {
            Body::Bare(body) => body.left_stream(),
            Body::Library(body) => {
                BodyDataStream::new(body).map_err(library::classify_error as fn(_) -> _).right_stream()
            }
        }
    }

    /// Returns the error for a status that the approach does not expect. 408, 429 and 5xx mean that the server is busy,
    /// any other status that it refuses.
    pub(crate) async fn failure(self) -> ClientError {
        if !failure::is_transient(self.status) {
            return self.refusal().await;
        }
        failure(self.status, &self.headers(), b"")
    }

    /// Reads the start of the body as the reason, and returns the refusal.
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
        // After the timeout, the part that has arrived must do.
        let _ = tokio::time::timeout(RESPONSE_TIMEOUT, read).await;
        failure::refusal(status, &headers, &reason)
    }
}

async fn read_whole(mut body: BodyStream, limit_bytes: usize) -> Result<Bytes, ClientError> {
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
