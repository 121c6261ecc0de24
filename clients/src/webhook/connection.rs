//! Serves one connection to a webhook consumer. It must not know the content of messages.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hyper::{header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use net::Stream;

use super::inbox::Inbox;

/// Largest buffer of one connection, which limits the size of a request head. Proxies add header fields. A buffer
/// starts at 8 KiB, the minimum of hyper.
const BUFFER_BYTES: usize = 64 * 1024;
/// Time within which a connection must deliver an authentic message.
const FIRST_MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers the requests of one connection. Only the producer can sign a message: the connection is closed after a
/// request that is refused, and if no message is accepted in time. `is_expected` lifts the time limit.
pub(super) async fn serve(stream: Stream, inbox: Arc<Inbox>, is_expected: bool) {
    let is_known = AtomicBool::new(is_expected);
    let service = service_fn(|request| {
        let (inbox, is_known) = (Arc::clone(&inbox), &is_known);
        async move {
            let mut answer = inbox.answer(request).await;
            if answer.status().is_success() {
                is_known.store(true, Ordering::Relaxed);
            } else {
                answer.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder.max_buf_size(BUFFER_BYTES);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // If the connection fails, the producer retries the messages that were in flight.
    if tokio::time::timeout(FIRST_MESSAGE_TIMEOUT, served.as_mut()).await.is_err() && is_known.load(Ordering::Relaxed) {
        let _ = served.await;
    }
}
