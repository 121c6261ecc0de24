//! Webhooks: a consumer registers a URL with `POST /subscriptions`, and the server POSTs each event to it, signed after
//! the Standard Webhooks specification. One event a request, as is the custom. Each endpoint has a task and a place in
//! the log of its own, so that a slow one delays no other. `delivery` sends, retries and gives up.

mod delivery;

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use bytes::Bytes;
use proto::{
    webhook::{Registered, Registration, Secret},
    wire::{DEAD_LETTERS_PATH, MESSAGE_LIMIT_BYTES, SUBSCRIPTIONS_PATH},
};
use serde::Serialize;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::delivery::Endpoint;
use crate::{Context, Hub, ServeError, Subscription, Transport, http};

/// Dead letters that are remembered.
const DEAD_LETTERS: usize = 1_024;
/// Secrets that one endpoint may have: an old one, a new one, and room.
const SECRETS: usize = 4;

/// What all endpoints share.
struct Producer {
    hub: Arc<Hub>,
    transport: Transport,
    shutdown: CancellationToken,
    /// Close after each delivery.
    new_connection: bool,
    registered: AtomicU64,
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
    let router = Router::new()
        .route(SUBSCRIPTIONS_PATH, post(register))
        .route(&format!("{SUBSCRIPTIONS_PATH}/{{id}}"), delete(remove))
        .route(DEAD_LETTERS_PATH, get(dead_letters))
        .layer(DefaultBodyLimit::max(MESSAGE_LIMIT_BYTES))
        .with_state(Arc::clone(&producer));
    let deliveries = async {
        producer.shutdown.cancelled().await;
        crate::drain(producer.tasks.clone(), &producer.transport).await;
    };
    let registrations = http::serve(context.transport, router, context.shutdown);
    let (served, ()) = tokio::join!(registrations, deliveries);
    served
}

async fn register(State(producer): State<Arc<Producer>>, body: Bytes) -> Response {
    match producer.admit(&body) {
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
        Err(reason) => (StatusCode::BAD_REQUEST, reason.to_string()).into_response(),
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
        Ok(Self {
            hub: Arc::clone(&context.hub),
            transport: context.transport.clone(),
            shutdown: context.shutdown.clone(),
            new_connection: context.params.text("connection")? == "new-connection",
            registered: AtomicU64::new(0),
            endpoints: Mutex::default(),
            dead_letters: Mutex::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// Reads a registration; its place in the log is taken when this returns.
    fn admit(&self, body: &[u8]) -> Result<(Endpoint, Subscription), Box<dyn Error>> {
        let registration: Registration = serde_json::from_slice(body)?;
        let symbols = self.hub.resolve(registration.symbols.iter().map(String::as_str))?;
        let secrets = registration.secrets.iter().map(|text| Secret::parse(text)).collect::<Result<Vec<_>, _>>()?;
        if !(1..=SECRETS).contains(&secrets.len()) {
            return Err(format!("one to {SECRETS} secrets are needed").into());
        }
        let (address, target) = locate(&registration.url)?;
        let id = format!("sub_{}", self.registered.fetch_add(1, Ordering::Relaxed) + 1);
        let ended = self.shutdown.child_token();
        self.endpoints.lock().expect("no holder panics").insert(id.clone(), ended.clone());
        let subscription = self.hub.subscribe(symbols.clone(), registration.after);
        Ok((Endpoint { id, address, target, secrets, symbols, ended, connection: None }, subscription))
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

/// Address and path of an endpoint. It must be on this machine: a server that sends wherever it is told is a weapon.
fn locate(url: &str) -> Result<(SocketAddr, String), Box<dyn Error>> {
    let uri: Uri = url.parse()?;
    let host = uri.host().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
    let Some(host) = host.filter(|host: &IpAddr| host.is_loopback() && uri.scheme_str() == Some("http")) else {
        return Err(format!("`{url}` is no http URL of a loopback address").into());
    };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    Ok((SocketAddr::new(host, uri.port_u16().unwrap_or(80)), target.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proto::{Params, Quote};

    use super::*;
    use crate::Limits;

    #[tokio::test(start_paused = true)]
    async fn a_message_that_nobody_takes_is_a_dead_letter() {
        let hub = Hub::new(&["BTC".into()], Limits::default());
        hub.publish(Quote { symbol: "BTC".into(), sequence: 1, ..Quote::default() });
        let params = Params([("connection".into(), "keep-alive".into())].into());
        let transport = Transport::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let producer = Producer::new(&Context { transport, hub, params, shutdown: CancellationToken::new() }).unwrap();
        let registration = br#"{"url":"http://127.0.0.1:1","symbols":["BTC"],"after":0,"secrets":["whsec_a2V5"]}"#;
        let (endpoint, subscription) = producer.admit(registration).unwrap();
        let deliveries = delivery::run(endpoint, subscription, &producer);
        tokio::time::timeout(Duration::from_secs(600), deliveries).await.unwrap_err();
        assert_eq!(*producer.dead_letters.lock().unwrap(), ["msg_sub_1_1"]);
    }

    #[test]
    fn only_this_machine_is_sent_to() {
        assert_eq!(locate("http://127.3.2.1:81/in?a=b").unwrap(), (([127, 3, 2, 1], 81).into(), "/in?a=b".into()));
        assert_eq!(locate("http://[::1]").unwrap().0.port(), 80);
        for url in ["http://192.0.2.1/in", "https://127.0.0.1/in", "http://localhost.example/in", "/in", ""] {
            assert!(locate(url).is_err(), "{url}");
        }
    }
}
