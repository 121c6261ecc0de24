//! One client's own HTTP/1.1 connection: hyper's connection API, or reqwest as the variant that shows what the usual
//! client costs. What the HTTP approaches share, and nothing of what distinguishes them.

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use http_body_util::{BodyExt, Empty};
use hyper::{
    HeaderMap, Request, StatusCode,
    client::conn::http1::{self, SendRequest},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use proto::wire::MESSAGE_LIMIT_BYTES;

use crate::{ClientError, Context, Endpoint};

/// Buffer of one connection; hyper takes no less.
const BUFFER_BYTES: usize = 8 * 1024;

/// Sends requests one after the other, over a connection that nobody else uses.
pub(crate) struct HttpClient {
    endpoint: Endpoint,
    engine: Engine,
    /// Close after each request.
    new_connection: bool,
    link: Link,
    reconnects: u64,
}

enum Engine {
    Hyper(Option<SendRequest<Empty<Bytes>>>),
    Reqwest(reqwest::Client),
}

/// How the last request went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Untried,
    Answered,
    Lost,
}

impl HttpClient {
    /// A client with the context's `client` (`hyper`, `reqwest`) and, where the approach has it, `connection`
    /// (`keep-alive`, `new-connection`) settings.
    pub(crate) fn new(context: &Context) -> Result<Self, ClientError> {
        let new_connection = context.params.text("connection") == Ok("new-connection");
        let engine = if context.params.text("client")? == "reqwest" {
            let builder = reqwest::Client::builder().local_address(context.endpoint.source).http1_only();
            let idle = if new_connection { 0 } else { 1 };
            Engine::Reqwest(builder.pool_max_idle_per_host(idle).build().map_err(broken)?)
        } else {
            Engine::Hyper(None)
        };
        Ok(Self { endpoint: context.endpoint, engine, new_connection, link: Link::Untried, reconnects: 0 })
    }

    /// Sends one request and waits for the head of its response.
    ///
    /// # Errors
    /// The connection failed; the next call opens another.
    pub(crate) async fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> Result<Response, ClientError> {
        let sent = match &mut self.engine {
            Engine::Hyper(connection) => {
                let sent = get_with_hyper(self.endpoint, connection, target, headers).await;
                if self.new_connection {
                    *connection = None;
                }
                sent
            }
            Engine::Reqwest(client) => {
                // Its pool opens connections without a word; what can be known is that the last one failed.
                let is_new = self.link == Link::Lost;
                get_with_reqwest(self.endpoint, client, target, headers).await.map(|response| (response, is_new))
            }
        };
        let (response, is_new) = sent.inspect_err(|_| {
            if self.link == Link::Answered {
                self.link = Link::Lost;
            }
        })?;
        // A connection that ended between two requests shows only in that another one had to be opened.
        let is_lost = self.link == Link::Lost || (self.link == Link::Answered && !self.new_connection);
        self.reconnects += u64::from(is_new && is_lost);
        self.link = Link::Answered;
        Ok(response)
    }

    /// Connections opened in place of lost ones since the last call.
    pub(crate) fn take_reconnects(&mut self) -> u64 {
        std::mem::take(&mut self.reconnects)
    }
}

/// The response, and whether its connection was opened for it.
async fn get_with_hyper(
    endpoint: Endpoint,
    connection: &mut Option<SendRequest<Empty<Bytes>>>,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<(Response, bool), ClientError> {
    let live = connection.take().filter(|sender| !sender.is_closed());
    let is_new = live.is_none();
    let mut sender = match live {
        Some(sender) => sender,
        None => open(endpoint).await?,
    };
    let mut request = Request::get(target).header(HOST, endpoint.server.to_string());
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Empty::new()).map_err(|error| ClientError::Protocol(error.to_string()))?;
    let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
    *connection = Some(sender);
    let body = body.into_data_stream().map_err(broken).boxed();
    Ok((Response { status: head.status, headers: head.headers, body }, is_new))
}

async fn get_with_reqwest(
    endpoint: Endpoint,
    client: &reqwest::Client,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<Response, ClientError> {
    let mut request = client.get(format!("http://{}{target}", endpoint.server));
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let response = request.send().await.map_err(broken)?;
    let (status, headers) = (response.status(), response.headers().clone());
    Ok(Response { status, headers, body: response.bytes_stream().map_err(broken).boxed() })
}

async fn open(endpoint: Endpoint) -> Result<SendRequest<Empty<Bytes>>, ClientError> {
    let stream = TokioIo::new(endpoint.connect().await?);
    let (sender, connection) =
        http1::Builder::new().max_buf_size(BUFFER_BYTES).handshake(stream).await.map_err(broken)?;
    // The connection's own failure is seen by the request that waits on it.
    tokio::spawn(connection);
    Ok(sender)
}

fn broken(error: impl std::fmt::Display) -> ClientError {
    ClientError::Connection(error.to_string())
}

/// A response whose body has not been read yet.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: BoxStream<'static, Result<Bytes, ClientError>>,
}

impl Response {
    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The whole body.
    pub(crate) async fn bytes(mut self) -> Result<Bytes, ClientError> {
        let Some(first) = self.body.try_next().await? else { return Ok(Bytes::new()) };
        let mut rest = Vec::new();
        while let Some(chunk) = self.body.try_next().await? {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&chunk);
            if rest.len() > MESSAGE_LIMIT_BYTES * 64 {
                return Err(ClientError::Protocol("a response is larger than any page may be".into()));
            }
        }
        Ok(if rest.is_empty() { first } else { Bytes::from(rest) })
    }

    /// The body as it arrives.
    #[expect(dead_code, reason = "for SSE, which is next")]
    pub(crate) fn stream(self) -> impl Stream<Item = Result<Bytes, ClientError>> + Send + Unpin {
        self.body
    }

    /// What the server gives as the reason of a refusal.
    pub(crate) async fn refusal(self) -> ClientError {
        let status = self.status;
        let reason = self.bytes().await.unwrap_or_default();
        ClientError::Refused(format!("{status}: {}", String::from_utf8_lossy(&reason)))
    }
}
