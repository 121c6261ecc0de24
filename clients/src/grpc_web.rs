//! gRPC-Web: `SubscribeQuotes` over HTTP/1.1. The status is the last frame of the body. With the text encoding, the
//! whole body is base64.

use std::time::Duration;

use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use hyper::StatusCode;
use prost::Message;
use proto::{Quote, SubscribeRequest, wire::CURSOR_HEADER};
use tonic::{Code, Status};

use crate::{
    Batch, ClientError, Context, Cost, Subscription,
    grpc_call::{Messages, PUSHBACK_HEADER, Recovery, first_call_error, recovery},
    grpc_web_frames::{self, Frame, Frames, protocol_error},
    http::{BodyStream, HttpClient},
    retry::Backoff,
};

const METHOD: &str = "/MarketData/SubscribeQuotes";

/// Connects and subscribes.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn subscribe(context: Context) -> Result<Box<dyn Subscription>, ClientError> {
    let text = context.params.text("encoding")? == "text";
    let mut http = HttpClient::new(&context)?;
    let mut request = SubscribeRequest { symbols: context.symbols, after: context.after, epoch: None };
    let quotes =
        call(&mut http, &mut request, text, &mut Cost::default()).await.map_err(|status| first_call_error(&status))?;
    Ok(Box::new(GrpcWeb { http, request, text, quotes, backoff: Backoff::new(context.seed) }))
}

struct GrpcWeb {
    http: HttpClient,
    /// The cursor in it advances with every event.
    request: SubscribeRequest,
    text: bool,
    quotes: Quotes,
    backoff: Backoff,
}

type Quotes = Messages<BoxStream<'static, Result<Quote, Status>>>;

impl Subscription for GrpcWeb {
    fn next(&mut self) -> BoxFuture<'_, Result<Batch, ClientError>> {
        Box::pin(async {
            let mut cost = Cost::default();
            loop {
                match self.quotes.receive().await {
                    Ok(events) => {
                        self.backoff.reset();
                        self.request.after = events.last().map(|event| event.sequence);
                        cost.with_events += events.len() as u64;
                        return Ok(Batch { events, cost, ..Batch::default() });
                    }
                    Err(status) => Box::pin(self.resume(status, &mut cost)).await?,
                }
            }
        })
    }
}

impl GrpcWeb {
    async fn resume(&mut self, mut status: Status, cost: &mut Cost) -> Result<(), ClientError> {
        loop {
            match recovery(&status)? {
                Recovery::Reset(cursor) => {
                    cost.resets += 1;
                    self.request.start_after(cursor);
                }
                Recovery::Retry(asked) => {
                    cost.errors += 1;
                    self.backoff.pause_at_least(asked).await;
                }
                Recovery::Reconnect(asked) => {
                    cost.errors += 1;
                    self.http.drop_connection();
                    self.backoff.pause_at_least(asked).await;
                }
            }
            match call(&mut self.http, &mut self.request, self.text, cost).await {
                Ok(quotes) => {
                    self.quotes = quotes;
                    return Ok(());
                }
                Err(refused) => status = refused,
            }
        }
    }
}

async fn call(
    http: &mut HttpClient,
    request: &mut SubscribeRequest,
    text: bool,
    cost: &mut Cost,
) -> Result<Quotes, Status> {
    let media_type = if text { "application/grpc-web-text" } else { "application/grpc-web+proto" };
    let body = grpc_web_frames::request(&request.encode_to_vec(), text);
    let headers = [("content-type", media_type), ("accept", media_type), ("x-grpc-web", "1")];
    let response = http.post(METHOD, &headers, body, cost).await.map_err(status_of)?;
    if response.status != StatusCode::OK {
        return Err(status_of(response.failure().await));
    }
    // A call that is refused at once has its status in the response head, and no body.
    if let Some(status) = Status::from_header_map(&response.headers()).filter(|status| status.code() != Code::Ok) {
        return Err(status);
    }
    if let Some(Ok(cursor)) = response.header(CURSOR_HEADER).map(str::parse) {
        request.start_after(cursor);
    }
    Ok(Messages::new(quotes(response.stream(), text)))
}

fn quotes(body: BodyStream, text: bool) -> BoxStream<'static, Result<Quote, Status>> {
    let frames = Frames::new(text);
    let quotes = stream::try_unfold((body, frames), |(mut body, mut frames)| async {
        loop {
            match frames.next()? {
                Some(Frame::Message(message)) => {
                    return Ok(Some((Quote::from_protobuf(&message).map_err(protocol_error)?, (body, frames))));
                }
                Some(Frame::Status(status)) => {
                    // Only the end of the body follows the status. Reading it frees the connection.
                    while let Some(Ok(_)) = body.next().await {}
                    return if status.code() == Code::Ok { Ok(None) } else { Err(status) };
                }
                None => {}
            }
            let part = body.next().await.ok_or_else(|| lost("the body ended without a status"))?;
            frames.add(&part.map_err(status_of)?)?;
        }
    });
    quotes.boxed()
}

/// Returns the status for a lost connection.
fn lost(what: impl std::fmt::Display) -> Status {
    Status::unavailable(what.to_string())
}

/// Returns the status for a call that failed in HTTP, before it had a gRPC status.
fn status_of(error: ClientError) -> Status {
    match error {
        ClientError::Connection(reason) => lost(reason),
        ClientError::Busy { reason, retry_after } => pushed_back(reason, retry_after),
        ClientError::Protocol(reason) => protocol_error(reason),
        refusal => Status::failed_precondition(refusal.to_string()),
    }
}

/// Returns the status for a busy server, with its `Retry-After` in the form that gRPC uses.
fn pushed_back(reason: String, retry_after: Option<Duration>) -> Status {
    let mut status = lost(reason);
    if let Some(asked) = retry_after {
        let milliseconds = u64::try_from(asked.as_millis()).unwrap_or(u64::MAX);
        status.metadata_mut().insert(PUSHBACK_HEADER, milliseconds.into());
    }
    status
}
