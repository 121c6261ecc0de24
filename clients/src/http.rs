//! One client's own HTTP/1.1 connection: a bare one, or hyper's or reqwest's as the variants that show what a library
//! costs. What the HTTP approaches share, and nothing of what distinguishes them.

mod bare;
mod chunks;
mod library;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, future::Either, stream::MapErr};
use http_body_util::{BodyDataStream, BodyExt, LengthLimitError, Limited};
use hyper::{HeaderMap, Method, StatusCode, header::RETRY_AFTER};
use proto::wire::MESSAGE_LIMIT_BYTES;

use self::{
    bare::Bare,
    library::{Hyper, LibraryBody, LibraryError, Reqwest},
};
use crate::{ClientError, Context, Cost};

/// Largest body that is read as a whole.
const BODY_LIMIT_BYTES: usize = 64 * MESSAGE_LIMIT_BYTES;
/// How long a server may take to begin its response before it is taken for lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Longest time that a server can make a client stay away.
const LONGEST_ABSENCE: Duration = Duration::from_secs(30);

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

/// A request, before anybody has written it.
struct Outgoing<'a> {
    method: Method,
    target: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Bytes,
    /// The connection ends with it.
    close: bool,
}

impl Outgoing<'_> {
    /// As it goes over the wire.
    fn text(&self, host: &str) -> BytesMut {
        let mut text = BytesMut::with_capacity(256 + self.body.len());
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        put(&[self.method.as_str(), " ", self.target, " HTTP/1.1\r\nhost: ", host, "\r\n"]);
        self.headers.iter().for_each(|(name, value)| put(&[name, ": ", value, "\r\n"]));
        if self.method == Method::POST {
            put(&["content-length: ", &self.body.len().to_string(), "\r\n"]);
        }
        if self.close {
            put(&["connection: close\r\n"]);
        }
        put(&["\r\n"]);
        text.extend_from_slice(&self.body);
        text
    }
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
        cost.requests += 1;
        let mut reopened = 0;
        let exchange = async {
            match &mut self.engine {
                Engine::Bare(engine) => {
                    let (status, head, body) = engine.send(&request, &mut reopened).await?;
                    Ok(Response { status, head: Head::Bare(head), body: Body::Bare(body) })
                }
                // What is seldom used must not make every client's future larger.
                Engine::Hyper(engine) => Box::pin(engine.send(&request, &mut reopened)).await.map(Response::of_library),
                Engine::Reqwest(engine) => {
                    Box::pin(engine.send(&request, &mut reopened)).await.map(Response::of_library)
                }
            }
        };
        let response = tokio::time::timeout(self.patience, exchange).await;
        if !self.new_connection {
            cost.reconnects += reopened;
        }
        response.map_err(|_| broken("the server did not respond in time"))?
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

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Connection(error.to_string())
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
    Bare(bare::Head),
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
            Head::Map(headers) => headers.get(name)?.to_str().ok(),
        }
    }

    /// All headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        match &self.head {
            Head::Bare(head) => head.map(),
            Head::Map(headers) => headers.clone(),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// The connection failed, or the body is larger than any may be.
    pub(crate) async fn bytes(self) -> Result<Bytes, ClientError> {
        match self.body {
            Body::Bare(body) => whole(body).await,
            Body::Library(body) => match Limited::new(body, BODY_LIMIT_BYTES).collect().await {
                Ok(body) => Ok(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Err(ClientError::Protocol(error.to_string())),
                Err(error) => Err(broken(error)),
            },
        }
    }

    /// The body as it arrives.
    pub(crate) fn stream(self) -> BodyStream {
        match self.body {
            Body::Bare(body) => body.left_stream(),
            Body::Library(body) => BodyDataStream::new(body).map_err(broken as fn(_) -> _).right_stream(),
        }
    }

    /// What a status means that the approach has no use for: a server that is busy may answer later, any other refuses.
    /// The time that a busy server asks for passes in here.
    pub(crate) async fn failure(self) -> ClientError {
        if !self.status.is_server_error() && self.status != StatusCode::TOO_MANY_REQUESTS {
            return self.refusal().await;
        }
        if let Some(seconds) = self.header(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok()) {
            tokio::time::sleep(Duration::from_secs(seconds).min(LONGEST_ABSENCE)).await;
        }
        broken(self.status)
    }

    /// What the server gives as the reason of a refusal.
    pub(crate) async fn refusal(self) -> ClientError {
        let status = self.status;
        let reason = self.bytes().await.unwrap_or_default();
        ClientError::Refused(format!("{status}: {}", String::from_utf8_lossy(&reason)))
    }
}

async fn whole(mut body: bare::Body) -> Result<Bytes, ClientError> {
    let Some(first) = body.try_next().await? else { return Ok(Bytes::new()) };
    let Some(second) = body.try_next().await? else { return Ok(first) };
    let (mut all, mut next) = (BytesMut::from(first), Some(second));
    while let Some(part) = next {
        all.extend_from_slice(&part);
        if all.len() > BODY_LIMIT_BYTES {
            return Err(ClientError::Protocol("the body is larger than any may be".into()));
        }
        next = body.try_next().await?;
    }
    Ok(all.freeze())
}
