//! The engines that libraries give: hyper's connection API, and reqwest, which most people use.

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Request,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{CONNECTION, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;

use super::{Outgoing, broken};
use crate::{ClientError, Endpoint};

/// Buffer of one connection: room for a response's head, and for one read of its body.
const READ_BYTES: usize = 4 * 1024;

pub(crate) type LibraryBody = Either<Incoming, reqwest::Body>;
pub(crate) type LibraryError = Box<dyn std::error::Error + Send + Sync>;

fn request(outgoing: &Outgoing<'_>, host: &str) -> Result<Request<Full<Bytes>>, ClientError> {
    let mut request = Request::builder().method(outgoing.method.clone()).uri(outgoing.target);
    if outgoing.close {
        request = request.header(CONNECTION, HeaderValue::from_static("close"));
    }
    for &(name, value) in outgoing.headers {
        request = request.header(name, value);
    }
    let request = request.header(HOST, host).body(Full::new(outgoing.body.clone()));
    request.map_err(|error| ClientError::Protocol(error.to_string()))
}

pub(super) struct Hyper {
    endpoint: Endpoint,
    host: String,
    /// The connection that the last request went over.
    kept: Option<SendRequest<Full<Bytes>>>,
    opened: bool,
}

impl Hyper {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, host: endpoint.server.to_string(), kept: None, opened: false }
    }

    /// The next request goes over another connection.
    pub(super) fn abandon(&mut self) {
        self.kept = None;
    }

    pub(super) async fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<LibraryBody>, ClientError> {
        let request = request(outgoing, &self.host)?;
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

pub(super) struct Reqwest {
    endpoint: Endpoint,
    client: reqwest::Client,
    /// The last request or its response was cut short. The pool opens connections as it likes and without a word, so
    /// this is all that can be known of them.
    lost: bool,
}

impl Reqwest {
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder().no_proxy().http1_only().pool_max_idle_per_host(1);
        let client = builder.local_address(endpoint.source).build().map_err(broken)?;
        Ok(Self { endpoint, client, lost: false })
    }

    /// A connection was lost.
    pub(super) fn abandon(&mut self) {
        self.lost = true;
    }

    pub(super) async fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<LibraryBody>, ClientError> {
        let url = format!("http://{}{}", self.endpoint.server, outgoing.target);
        let (head, body) = request(outgoing, &self.endpoint.server.to_string())?.into_parts();
        let request = self.client.request(head.method, url).headers(head.headers).body(reqwest::Body::wrap(body));
        let was_lost = std::mem::replace(&mut self.lost, true);
        let response = request.send().await.map_err(broken)?;
        self.lost = false;
        *reopened += u64::from(was_lost);
        Ok(hyper::Response::from(response).map(Either::Right))
    }
}
