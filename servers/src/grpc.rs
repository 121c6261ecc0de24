//! Serves the gRPC service over HTTP/2 connections.

use std::{pin::pin, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use net::Stream;
use proto::market_data_server::MarketDataServer;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Context, ServeError,
    grpc_front::Front,
    grpc_service::{Market, Methods, service},
    heartbeat::{Heartbeat, Heartbeats},
    http::Site,
};

/// Flow-control window of a stream and of a connection, in bytes. This is HTTP/2's default, so no setting must be sent.
const WINDOW_BYTES: u32 = 65_535;
/// Maximum number of concurrent calls per connection. HTTP/2 recommends at least this many.
const MAX_STREAMS: u32 = 100;
/// Maximum frame size, in bytes. It is the smallest limit that HTTP/2 allows.
const MAX_FRAME_BYTES: u32 = 16 * 1024;
/// Size of the send buffer of one stream.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Maximum size of all headers of one call.
const MAX_HEADER_LIST_BYTES: u32 = 8 * 1024;
/// Minimum length of a client's handshake: the preface and the header of the SETTINGS frame.
const HANDSHAKE_BYTES: usize = 24 + 9;
/// How long the head of an HTTP/1.1 request may take.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without calls for this long gets a GOAWAY, at the latest after twice this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// A connection that has received nothing for this long gets a ping.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
/// A connection that does not answer the ping within this time is closed.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// Serves until shutdown. Then each connection gets a GOAWAY, and must end its calls within the drain timeout. The
/// description is the response to `GET /` over HTTP/1.1.
pub(crate) async fn serve(context: Context, description: &str, methods: Methods) -> Result<(), ServeError> {
    let site = Site::new(Router::new(), description, context.transport.address());
    let (front, health) = Front::new(service(&context, methods), site).await?;
    let idle_checks = Heartbeats::new(IDLE_TIMEOUT);
    let settings = settings(context.has_dates);
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            connection = context.transport.accept() => {
                let connection = connection.with_handshake(HANDSHAKE_BYTES);
                let (front, idle_checks) = (front.for_connection(), idle_checks.join());
                let shutdown = context.shutdown.clone();
                connections.spawn(serve_connection(connection, settings.clone(), front, idle_checks, shutdown));
            }
            () = context.shutdown.cancelled() => break,
        }
    }
    health.set_not_serving::<MarketDataServer<Market>>().await;
    crate::drain::drain(connections, &context.transport).await;
    Ok(())
}

/// Returns the settings of connections, with or without a date in each response.
fn settings(has_dates: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // For users of curl: one response, then the connection is closed.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).keep_alive(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_concurrent_streams(MAX_STREAMS)
        .max_frame_size(MAX_FRAME_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_header_list_size(MAX_HEADER_LIST_BYTES)
        .keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .auto_date_header(has_dates);
    builder
}

async fn serve_connection(
    connection: Stream,
    settings: auto::Builder<TokioExecutor>,
    front: Front,
    mut idle_checks: Heartbeat,
    shutdown: CancellationToken,
) {
    let mut served = pin!(settings.serve_connection(TokioIo::new(connection), front.clone()));
    let idle = async {
        loop {
            idle_checks.next().await;
            if front.is_idle() {
                return;
            }
        }
    };
    tokio::select! {
        // The error of a failed connection is ignored: the client reconnects and resumes.
        _ = served.as_mut() => return,
        () = shutdown.cancelled() => {}
        () = idle => {}
    }
    served.as_mut().graceful_shutdown();
    let _ = served.await;
}
