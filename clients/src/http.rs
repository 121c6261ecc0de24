//! One client's own HTTP/1.1 connection: hyper's connection API, or reqwest as the variant that shows what the usual
//! client costs. What the HTTP approaches share, and nothing of what distinguishes them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use http_body_util::{BodyDataStream, BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Request, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{CONNECTION, HOST, HeaderValue, RETRY_AFTER},
    http::request::Builder,
};
use hyper_util::rt::TokioIo;
use proto::wire::MESSAGE_LIMIT_BYTES;

use crate::{ClientError, Context, Cost, Endpoint};

/// Buffer of one connection: room for a response's head, and for one read of its body.
const READ_BYTES: usize = 4 * 1024;
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
    Hyper(HyperEngine),
    Reqwest(ReqwestEngine),
}

impl HttpClient {
    /// A client with the context's `client` (`hyper`, `reqwest`) and `connection` (`keep-alive`, `new-connection`)
    /// settings, where the approach has them. Opens no connection yet.
    pub(crate) fn new(context: &Context) -> Result<Self, ClientError> {
        let new_connection = context.params.text("connection") == Ok("new-connection");
        let engine = if context.params.text("client") == Ok("reqwest") {
            Engine::Reqwest(ReqwestEngine::new(context.endpoint)?)
        } else {
            Engine::Hyper(HyperEngine::new(context.endpoint)?)
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
        self.exchange(Request::get(target), headers, Bytes::new(), cost).await
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
        self.exchange(Request::post(target), headers, body, cost).await
    }

    async fn exchange(
        &mut self,
        mut request: Builder,
        headers: &[(&str, &str)],
        body: Bytes,
        cost: &mut Cost,
    ) -> Result<Response, ClientError> {
        if self.new_connection {
            request = request.header(CONNECTION, "close");
        }
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).map_err(|error| ClientError::Protocol(error.to_string()))?;
        cost.requests += 1;
        let mut reopened = 0;
        let exchange = async {
            match &mut self.engine {
                Engine::Hyper(engine) => engine.send(request, &mut reopened).await,
                Engine::Reqwest(engine) => engine.send(request, &mut reopened).await,
            }
        };
        let response = tokio::time::timeout(self.patience, exchange).await;
        if !self.new_connection {
            cost.reconnects += reopened;
        }
        let (head, body) = response.map_err(|_| broken("the server did not respond in time"))??.into_parts();
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// The last response was cut short: the next request goes over another connection.
    pub(crate) fn abandon(&mut self) {
        match &mut self.engine {
            Engine::Hyper(engine) => engine.kept = None,
            Engine::Reqwest(engine) => engine.lost = true,
        }
    }
}

struct HyperEngine {
    endpoint: Endpoint,
    host: HeaderValue,
    /// The connection that the last request went over.
    kept: Option<SendRequest<Full<Bytes>>>,
    opened: bool,
}

impl HyperEngine {
    fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        let host = HeaderValue::try_from(endpoint.server.to_string()).map_err(broken)?;
        Ok(Self { endpoint, host, kept: None, opened: false })
    }

    async fn send(
        &mut self,
        mut request: Request<Full<Bytes>>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<Body>, ClientError> {
        request.headers_mut().insert(HOST, self.host.clone());
        // A kept connection is ready when the last body has been read, and fails when the server has closed it.
        let mut kept = self.kept.take();
        if let Some(sender) = &mut kept
            && sender.ready().await.is_err()
        {
            kept = None;
        }
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.open(reopened).await?,
        };
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            // A connection that the server was just closing gives the request back unsent: it needs another one.
            Err(mut failed) => match failed.take_message() {
                Some(request) => {
                    sender = self.open(reopened).await?;
                    sender.send_request(request).await.map_err(broken)?
                }
                None => return Err(broken(failed.into_error())),
            },
        };
        self.kept = Some(sender);
        Ok(response.map(Either::Left))
    }

    async fn open(&mut self, reopened: &mut u64) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        let stream = TokioIo::new(self.endpoint.connect().await?);
        let mut builder = http1::Builder::new();
        let (sender, connection) =
            builder.read_buf_exact_size(Some(READ_BYTES)).handshake(stream).await.map_err(broken)?;
        // The connection's own failure is seen by the request that waits on it.
        tokio::spawn(connection);
        *reopened += u64::from(self.opened);
        self.opened = true;
        Ok(sender)
    }
}

struct ReqwestEngine {
    endpoint: Endpoint,
    client: reqwest::Client,
    /// The last request or its response was cut short. The pool opens connections as it likes and without a word, so
    /// this is all that can be known of them.
    lost: bool,
}

impl ReqwestEngine {
    fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder().no_proxy().http1_only().pool_max_idle_per_host(1);
        let client = builder.local_address(endpoint.source).build().map_err(broken)?;
        Ok(Self { endpoint, client, lost: false })
    }

    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<Body>, ClientError> {
        let url = format!("http://{}{}", self.endpoint.server, request.uri());
        let (head, body) = request.into_parts();
        let request = self.client.request(head.method, url).headers(head.headers).body(reqwest::Body::wrap(body));
        let was_lost = std::mem::replace(&mut self.lost, true);
        let response = request.send().await.map_err(broken)?;
        self.lost = false;
        *reopened += u64::from(was_lost);
        Ok(hyper::Response::from(response).map(Either::Right))
    }
}

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Connection(error.to_string())
}

type Body = Either<Incoming, reqwest::Body>;

/// A response whose body has not been read yet.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Body,
}

impl Response {
    /// The text of a header.
    pub(crate) fn header(&self, name: impl hyper::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The whole body.
    ///
    /// # Errors
    /// The connection failed, or the body is larger than any may be.
    pub(crate) async fn bytes(self) -> Result<Bytes, ClientError> {
        match Limited::new(self.body, BODY_LIMIT_BYTES).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(ClientError::Protocol(error.to_string())),
            Err(error) => Err(broken(error)),
        }
    }

    /// The body as it arrives.
    pub(crate) fn stream(self) -> BoxStream<'static, Result<Bytes, ClientError>> {
        BodyDataStream::new(self.body).map_err(broken).boxed()
    }

    /// What a status means that the approach has no use for: a server that is busy may answer later, any other refuses.
    /// The time that a busy server asks for passes in here.
    pub(crate) async fn failure(self) -> ClientError {
        if !self.status.is_server_error() && self.status != StatusCode::TOO_MANY_REQUESTS {
            return self.refusal().await;
        }
        if let Some(seconds) = self.header(RETRY_AFTER).and_then(|seconds| seconds.parse().ok()) {
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
