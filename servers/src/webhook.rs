//! Webhooks: a consumer registers a URL with `POST /subscriptions`, and the server POSTs each event to it, signed after
//! the Standard Webhooks specification. One event a request, as is the custom. Each endpoint has a task and a place in
//! the log of its own, so that a slow one delays no other. `registration` examines what a consumer asks for, `delivery`
//! sends, retries and gives up.

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
use proto::{
    webhook::Registered,
    wire::{DEAD_LETTERS_PATH, MESSAGE_LIMIT_BYTES, SUBSCRIPTIONS_PATH},
};
use serde::Serialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{delivery::Endpoint, registration::Refusal};
use crate::{
    Context, Hub, ServeError, Subscription, Transport,
    http::{self, Site},
};

/// What `GET /` says.
const DESCRIPTION: &str = "\
webhook: the server calls each subscriber's own endpoint, one event a request

POST /subscriptions                     registers an endpoint on this machine, with content-type application/json
DELETE /subscriptions/ID                removes it
GET /dead-letters                       ids of the messages that nobody took

curl -i -H 'content-type: application/json' http://{address}/subscriptions -d \
'{\"url\":\"http://localhost:9000/in\",\"symbols\":[\"BTC\"],\
\"secrets\":[\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]}'

`nc -lk 9000` is a receiver that shows the requests, but answers none, so that each comes again; `python3 -m http.server`
refuses every POST.
";

/// Dead letters that are remembered.
const DEAD_LETTERS: usize = 1_024;
/// Most subscriptions, if the system does not limit descriptors: each endpoint may take one.
const SUBSCRIPTIONS: u64 = 131_072;

/// What all endpoints share.
struct Producer {
    hub: Arc<Hub>,
    transport: Transport,
    shutdown: CancellationToken,
    /// Close after each delivery.
    new_connection: bool,
    /// Most subscriptions at a time.
    capacity: usize,
    /// Ends the deliveries to an endpoint, by the subscription's id.
    endpoints: Mutex<HashMap<String, CancellationToken>>,
    /// Ids of the newest messages that were given up.
    dead_letters: Mutex<VecDeque<String>>,
    tasks: TaskTracker,
}

/// Serves until shutdown.
///
/// # Errors
/// A setting is missing; an endpoint that fails is retried, and then given up alone.
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
        crate::drain(producer.tasks.clone(), &producer.transport).await;
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
    let body = serde_json::to_vec(value).expect("there are only strings");
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

impl Producer {
    fn new(context: &Context) -> Result<Self, ServeError> {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let capacity = descriptors.unwrap_or(SUBSCRIPTIONS).min(SUBSCRIPTIONS);
        Ok(Self {
            hub: Arc::clone(&context.hub),
            transport: context.transport.clone(),
            shutdown: context.shutdown.clone(),
            new_connection: context.params.text("connection")? == "new-connection",
            capacity: usize::try_from(capacity).expect("a small number"),
            endpoints: Mutex::default(),
            dead_letters: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Reads a registration; its place in the log is taken when this returns.
    async fn admit(&self, headers: &HeaderMap, body: &[u8]) -> Result<(Endpoint, Subscription), Refusal> {
        let registration::Request { place, secrets, registration } = registration::read(headers, body).await?;
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
        Ok((Endpoint { id, messages, place, secrets, symbols, ended, connection: None }, subscription))
    }

    /// Remembers a message that was given up.
    fn bury(&self, id: String) {
        let mut dead_letters = self.dead_letters.lock().expect("no holder panics");
        if dead_letters.len() == DEAD_LETTERS {
            dead_letters.pop_front();
        }
        dead_letters.push_back(id);
    }
}

/// Bytes that nobody can guess, in hexadecimal: whoever knows a subscription's id may remove it.
fn random_text<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
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
        Producer::new(&Context { transport, hub, params, shutdown: CancellationToken::new() }).unwrap()
    }

    async fn admit(producer: &Producer) -> Result<(Endpoint, Subscription), Refusal> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())]);
        producer.admit(&headers, REGISTRATION).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_nobody_takes_is_a_dead_letter() {
        let producer = producer();
        let (endpoint, subscription) = admit(&producer).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let id = format!("{}_1", endpoint.messages);
        let deliveries = delivery::run(endpoint, subscription, &producer);
        tokio::time::timeout(Duration::from_secs(600), deliveries).await.unwrap_err();
        assert_eq!(*producer.dead_letters.lock().unwrap(), [id]);
    }

    #[tokio::test]
    async fn an_id_cannot_be_guessed_from_another_or_from_a_message() {
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
    async fn subscriptions_are_bounded_and_end_with_the_server() {
        let producer = Producer { capacity: 2, ..producer() };
        assert!(admit(&producer).await.is_ok() && admit(&producer).await.is_ok());
        assert_eq!(admit(&producer).await.err(), Some(Refusal::Full));
        producer.endpoints.lock().unwrap().clear();
        assert!(admit(&producer).await.is_ok());
        producer.hub.close();
        assert_eq!(admit(&producer).await.err(), Some(Refusal::Closed));
    }
}
