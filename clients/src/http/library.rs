//! The two library engines: hyper's connection API, and reqwest, which most applications use.

use std::{error::Error, io};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    Request,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{CONNECTION, HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use net::Endpoint;

use super::{
    failure::{connection_error, invalid_response},
    head::{HEAD_LIMIT_BYTES, HEADER_FIELDS},
    request::Outgoing,
};
use crate::ClientError;

pub(crate) type LibraryBody = Either<Incoming, reqwest::Body>;
pub(crate) type LibraryError = Box<dyn Error + Send + Sync>;

/// Converts the error of a library. A server that broke HTTP will do so again, but a lost connection can be replaced.
pub(super) fn classify_error(error: impl Into<LibraryError>) -> ClientError {
    let error = error.into();
    let first: &(dyn Error + 'static) = &*error;
    let causes = || std::iter::successors(Some(first), |&cause| cause.source());
    let is_unreadable = |cause: &(dyn Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
            || io.is_some_and(|kind| matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
    };
    // The root cause has the most specific message.
    let what = causes().last().unwrap_or(first).to_string();
    if causes().any(is_unreadable) { invalid_response(what) } else { connection_error(what) }
}

fn request(outgoing: &Outgoing<'_>, host: &str) -> Result<Request<Full<Bytes>>, ClientError> {
    let mut request = Request::builder().method(outgoing.method.clone()).uri(outgoing.target);
    if outgoing.close {
        request = request.header(CONNECTION, HeaderValue::from_static("close"));
    }
    for &(name, value) in outgoing.headers {
        request = request.header(name, value.as_bytes());
    }
    let request = request.header(HOST, host).body(Full::new(outgoing.body.clone()));
    request.map_err(|error| ClientError::Protocol(error.to_string()))
}

pub(super) struct Hyper {
    endpoint: Endpoint,
    host: String,
    /// The connection of the last request.
    idle: Option<SendRequest<Full<Bytes>>>,
    opened: bool,
    pub(super) reused_connection: bool,
}

impl Hyper {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, host: endpoint.authority(), idle: None, opened: false, reused_connection: false }
    }

    /// Drops the connection. The next request opens another.
    pub(super) fn drop_connection(&mut self) {
        self.idle = None;
    }

    pub(super) async fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<LibraryBody>, ClientError> {
        let request = request(outgoing, &self.host)?;
        // An idle connection becomes ready when the last body has been read, and fails if the server has closed it.
        let mut idle = self.idle.take();
        if let Some(sender) = &mut idle
            && sender.ready().await.is_err()
        {
            idle = None;
        }
        self.reused_connection = idle.is_some();
        let mut sender = match idle {
            Some(sender) => sender,
            None => self.open(reopened).await?,
        };
        let response = sender.send_request(request).await.map_err(classify_error)?;
        self.idle = Some(sender);
        Ok(response.map(Either::Left))
    }

    async fn open(&mut self, reopened: &mut u64) -> Result<SendRequest<Full<Bytes>>, ClientError> {
        let stream = TokioIo::new(self.endpoint.connect().await?);
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_LIMIT_BYTES).max_headers(HEADER_FIELDS);
        builder.allow_obsolete_multiline_headers_in_responses(true);
        let (sender, connection) = builder.handshake(stream).await.map_err(connection_error)?;
        // A request that is waiting on the connection reports its failure.
        tokio::spawn(connection);
        *reopened += u64::from(self.opened);
        self.opened = true;
        Ok(sender)
    }
}

pub(super) struct Reqwest {
    endpoint: Endpoint,
    client: reqwest::Client,
    /// Whether the last request or its response was cut short. The pool opens connections without reporting it, so the
    /// client infers from this when one was lost.
    lost: bool,
    opened: bool,
    /// Whether the previous request left a connection that the last one could reuse.
    pub(super) reused_connection: bool,
}

impl Reqwest {
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .http1_only()
            .http1_max_headers(HEADER_FIELDS)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1);
        let client = builder.local_address(endpoint.source).build().map_err(connection_error)?;
        // `lost`, because there is no connection yet.
        Ok(Self { endpoint, client, lost: true, opened: false, reused_connection: false })
    }

    /// Notes that the connection was lost.
    pub(super) fn drop_connection(&mut self) {
        self.lost = true;
    }

    pub(super) async fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        reopened: &mut u64,
    ) -> Result<hyper::Response<LibraryBody>, ClientError> {
        let url = self.endpoint.http_url(outgoing.target);
        let (head, body) = request(outgoing, &self.endpoint.authority())?.into_parts();
        let request = self.client.request(head.method, url).headers(head.headers).body(reqwest::Body::wrap(body));
        let was_lost = std::mem::replace(&mut self.lost, true);
        self.reused_connection = self.opened && !was_lost;
        let response = request.send().await.map_err(classify_error)?;
        *reopened += u64::from(self.opened && was_lost);
        self.lost = false;
        self.opened = true;
        Ok(hyper::Response::from(response).map(Either::Right))
    }
}
