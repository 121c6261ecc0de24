//! One connection to a webhook consumer. It must not know what a message says.

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
use tokio::net::TcpStream;

use super::inbox::Inbox;

/// Largest buffer of one connection, and so the largest head: proxies add fields. A buffer begins with the 8 KiB that
/// hyper takes at least.
const BUFFER_BYTES: usize = 64 * 1024;
/// A connection must bring a genuine message within this time.
const START_LIMIT: Duration = Duration::from_secs(10);

/// Answers the requests of one connection. Only the producer can sign one: whoever else connects is sent away.
pub(super) async fn serve(stream: TcpStream, inbox: Arc<Inbox>, is_expected: bool) {
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
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut builder = http1::Builder::new();
    builder.max_buf_size(BUFFER_BYTES);
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // What was on its way when a connection fails is repeated by the producer.
    if tokio::time::timeout(START_LIMIT, served.as_mut()).await.is_err() && is_known.load(Ordering::Relaxed) {
        let _ = served.await;
    }
}
