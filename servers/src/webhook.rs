//! Webhooks: a consumer registers a URL with `POST /subscriptions`, and the server POSTs each event to it, signed
//! according to the Standard Webhooks specification. Each request contains one event, as is common practice. Each
//! endpoint has its own task and its own position in the log, so a slow endpoint does not delay the others.
//!
//! `registration` validates registrations. `delivery` sends messages, retries them and gives up.

mod delivery;
mod registration;

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use bytes::Bytes;
use net::Transport;
use proto::{
    webhook::Registered,
    wire::{DEAD_LETTERS_PATH, MESSAGE_LIMIT_BYTES, SUBSCRIPTIONS_PATH},
};
use serde::Serialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{delivery::Endpoint, registration::Refusal};
use crate::{
    Context, Hub, ServeError, Subscription,
    http::{self, Site},
};

/// The response to `GET /`.
const DESCRIPTION: &str = "\
webhook: the server calls each subscriber's own endpoint, one event per request

POST /subscriptions                     registers an endpoint on this machine, with content-type application/json
DELETE /subscriptions/ID                removes it
GET /dead-letters                       ids of the messages that were never accepted

curl -i -H 'content-type: application/json' {http}/subscriptions -d \
'{\"url\":\"http://localhost:9000/in\",\"symbols\":[\"BTC\"],\
\"secrets\":[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]}'

`nc -lk 9000` receives and shows the requests but does not answer, so the server repeats each one.
`python3 -m http.server` refuses every POST.
";

/// Maximum number of dead letters that the server keeps.
const MAX_DEAD_LETTERS: usize = 1_024;
/// Maximum number of subscriptions. The limit on file descriptors may lower it, because each endpoint may need one.
const MAX_SUBSCRIPTIONS: u64 = 131_072;

/// The state that all endpoints share.
struct Producer {
    hub: Arc<Hub>,
    transport: Transport,
    shutdown: CancellationToken,
    /// Use a new connection for each delivery.
    new_connection: bool,
    /// Maximum number of concurrent subscriptions.
    capacity: usize,
    /// Tokens that end the deliveries to an endpoint, by subscription id.
    endpoints: Mutex<HashMap<String, CancellationToken>>,
    /// Ids of the latest messages that the server gave up on.
    dead_letters: Mutex<VecDeque<String>>,
    tasks: TaskTracker,
}

/// Serves until shutdown.
///
/// # Errors
/// A setting is missing. A failed endpoint does not affect the others.
pub async fn serve(context: Context) -> Result<(), ServeError> {
    let producer = Arc::new(Producer::new(&context)?);
    let routes = Router::new()
        .route(SUBSCRIPTIONS_PATH, post(register))
        .route(&format!("{SUBSCRIPTIONS_PATH}/{{id}}"), delete(remove))
        .route(DEAD_LETTERS_PATH, get(dead_letters))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT_BYTES))
        .with_state(Arc::clone(&producer));
    let site = Site::new(routes, DESCRIPTION, context.transport.address());
    let deliveries = async {
        producer.shutdown.cancelled().await;
        crate::drain::drain(producer.tasks.clone(), &producer.transport).await;
    };
    let registrations = http::serve(context.transport, site, context.shutdown);
    let (served, ()) = tokio::join!(registrations, deliveries);
    served
}

async fn register(State(producer): State<Arc<Producer>>, headers: HeaderMap, body: Bytes) -> Response {
    match producer.admit(&headers, &body).await {
        Ok((endpoint, subscription)) => {
            let registered = Registered { id: endpoint.id.clone(), cursor: subscription.cursor() };
            let sharing = Arc::clone(&producer);
            producer.tasks.spawn(async move {
                let id = endpoint.id.clone();
                delivery::run(endpoint, subscription, &sharing).await;
                sharing.endpoints.lock().expect("no holder panics").remove(&id);
            });
            (StatusCode::CREATED, json(&registered)).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

async fn remove(State(producer): State<Arc<Producer>>, Path(id): Path<String>) -> StatusCode {
    match producer.endpoints.lock().expect("no holder panics").remove(&id) {
        Some(ended) => {
            ended.cancel();
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

async fn dead_letters(State(producer): State<Arc<Producer>>) -> Response {
    json(&*producer.dead_letters.lock().expect("no holder panics"))
}

fn json(value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("the value contains only strings");
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

impl Producer {
    fn new(context: &Context) -> Result<Self, ServeError> {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let capacity = descriptors.unwrap_or(MAX_SUBSCRIPTIONS).min(MAX_SUBSCRIPTIONS);
        Ok(Self {
            hub: Arc::clone(&context.hub),
            transport: context.transport.clone(),
            shutdown: context.shutdown.clone(),
            new_connection: context.params.text("connection")? == "new-connection",
            capacity: usize::try_from(capacity).expect("the capacity fits in usize"),
            endpoints: Mutex::default(),
            dead_letters: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Validates a registration and subscribes its endpoint to the log.
    async fn admit(&self, headers: &HeaderMap, body: &[u8]) -> Result<(Endpoint, Subscription), Refusal> {
        let registration::Request { destination, secrets, registration } = registration::read(headers, body).await?;
        let symbols = self.hub.resolve(registration.symbols.iter().map(String::as_str))?;
        let id = format!("sub_{}", random_text::<16>());
        let messages = format!("msg_{}", random_text::<8>());
        let ended = self.shutdown.child_token();
        if self.hub.is_closed() {
            return Err(Refusal::Closed);
        }
        let mut endpoints = self.endpoints.lock().expect("no holder panics");
        if endpoints.len() >= self.capacity {
            return Err(Refusal::Full);
        }
        endpoints.insert(id.clone(), ended.clone());
        drop(endpoints);
        let subscription = self.hub.subscribe(symbols.clone(), registration.after);
        Ok((Endpoint { id, messages, destination, secrets, symbols, ended, connection: None }, subscription))
    }

    /// Records a message that the server gave up on.
    fn add_dead_letter(&self, id: String) {
        let mut dead_letters = self.dead_letters.lock().expect("no holder panics");
        if dead_letters.len() == MAX_DEAD_LETTERS {
            dead_letters.pop_front();
        }
        dead_letters.push_back(id);
    }
}

/// Returns unpredictable bytes in hexadecimal. Ids must be unpredictable, because knowing a subscription's id is enough
/// to remove it.
fn random_text<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    bytes.iter().fold(String::with_capacity(2 * BYTES), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proto::{Params, Quote};

    use super::*;
    use crate::Limits;

    const REGISTRATION: &[u8] = br#"{"url":"http://127.0.0.1:1","symbols":["BTC"],"after":0,
        "secrets":["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}"#;

    fn producer() -> Producer {
        let hub = Hub::new(&["BTC".into()], Limits::default());
        hub.publish(Quote { symbol: "BTC".into(), sequence: 1, ..Quote::default() });
        let params = Params([("connection".into(), "keep-alive".into())].into());
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        Producer::new(&Context { transport, hub, params, has_dates: true, shutdown: CancellationToken::new() }).unwrap()
    }

    async fn admit(producer: &Producer) -> Result<(Endpoint, Subscription), Refusal> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]);
        producer.admit(&headers, REGISTRATION).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_becomes_a_dead_letter_after_all_attempts_fail() {
        let producer = producer();
        let (endpoint, subscription) = admit(&producer).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let id = format!("{}_1", endpoint.messages);
        let deliveries = delivery::run(endpoint, subscription, &producer);
        tokio::time::timeout(Duration::from_secs(600), deliveries).await.unwrap_err();
        assert_eq!(*producer.dead_letters.lock().unwrap(), [id]);
    }

    #[tokio::test]
    async fn subscription_ids_are_unique_and_not_part_of_message_ids() {
        let producer = producer();
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let (endpoint, _) = admit(&producer).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
            assert_eq!((endpoint.id.len(), endpoint.messages.len()), ("sub_".len() + 32, "msg_".len() + 16));
            assert!(!endpoint.id.contains(&endpoint.messages["msg_".len()..]));
            ids.insert(endpoint.id);
        }
        assert_eq!(ids.len(), 100);
    }

    #[tokio::test]
    async fn refuses_subscriptions_over_the_limit_and_after_shutdown() {
        let producer = Producer { capacity: 2, ..producer() };
        assert!(admit(&producer).await.is_ok() && admit(&producer).await.is_ok());
        assert_eq!(admit(&producer).await.err(), Some(Refusal::Full));
        producer.endpoints.lock().unwrap().clear();
        assert!(admit(&producer).await.is_ok());
        producer.hub.close();
        assert_eq!(admit(&producer).await.err(), Some(Refusal::Closed));
    }
}
