//! Lists every approach in one line: name, facts, settings, two functions and two source files.
//!
//! Only this module knows approaches by name. Other code asks the facts if approaches must be treated differently.

use clients::{ClientError, Subscription};
use futures_util::future::BoxFuture;
use proto::Params;
use results::schema::Flow;
pub use results::schema::{Delivery, Encoding, Side};
use servers::ServeError;

/// Starts the server of an approach. It ends when the shutdown token of its context is cancelled.
pub type Serve = fn(servers::Context) -> BoxFuture<'static, Result<(), ServeError>>;
/// Subscribes one client of an approach.
pub type Subscribe = fn(clients::Context) -> BoxFuture<'static, Result<Box<dyn Subscription>, ClientError>>;

/// One approach.
#[derive(Debug, Clone, Copy)]
pub struct Approach {
    /// Its name.
    pub name: &'static str,
    /// Its facts.
    pub facts: Facts,
    /// Its settings. Each value that a scenario gives makes a variant.
    pub settings: &'static [Setting],
    /// The server.
    pub serve: Serve,
    /// The client.
    pub subscribe: Subscribe,
    /// The server's source, embedded so that complexity measures the code that ran.
    pub server_source: Source,
    /// The client's source.
    pub client_source: Source,
}

impl Approach {
    /// Returns the encoding of an event with these settings.
    pub fn encoding(&self, params: &Params) -> Encoding {
        match params.text("encoding") {
            Ok("json") => Encoding::Json,
            Ok("protobuf" | "binary") => Encoding::Protobuf,
            _ => self.facts.encoding,
        }
    }

    /// Returns the user space of one client at the server and at the client with these settings, in KiB.
    pub fn memory_kib(&self, params: &Params) -> [u32; 2] {
        let extra = self.settings.iter().flat_map(|it| it.extra_kib.iter().map(move |extra| (it.name, extra)));
        let chosen = extra.filter(|(name, (value, _))| params.text(name) == Ok(value));
        chosen.fold(self.facts.memory_kib, |[server, client], (_, (_, more))| [server + more[0], client + more[1]])
    }
}

/// Facts about an approach, to select it and to judge its numbers.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// One sentence that describes it.
    pub summary: &'static str,
    /// A shell command to try a server, in which `{address}` stands for the server's address.
    pub first_try: &'static str,
    /// How client and server exchange messages when there is an event.
    pub exchange: Exchange,
    /// Which events arrive.
    pub delivery: Delivery,
    /// Which end opens the connection that carries the events.
    pub connects: Side,
    /// Whether a browser can use it without a proxy or library.
    pub browser: bool,
    /// Whether the client can send orders on the same connection.
    pub bidirectional: bool,
    /// Whether a client can resume without loss after a lost connection.
    pub resumable: bool,
    /// Whether every other approach is compared with it.
    pub floor: bool,
    /// Encoding of an event, unless a setting changes it.
    pub encoding: Encoding,
    /// User space of one client of 100,000 at the server and at the client, in KiB, with the settings that need the
    /// least. Measured (`memory` in the records), to compute how many clients a machine can hold.
    pub memory_kib: [u32; 2],
    /// The article's words: label, latency, client complexity, server complexity.
    pub article: Option<[&'static str; 4]>,
}

/// How client and server exchange messages when there is an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// The server sends when there is an event. No response is empty.
    Push,
    /// The client asks at the ticks of the setting of this name: exp(−λT) of the responses are empty.
    Poll(&'static str),
    /// The client asks, and the server holds the request at most for the setting of this name: exp(−λH) time out.
    Hold(&'static str),
}

impl Exchange {
    /// Returns which end decides when an event is sent.
    pub fn flow(self) -> Flow {
        match self {
            Self::Push => Flow::Push,
            Self::Poll(_) | Self::Hold(_) => Flow::Pull,
        }
    }
}

/// A setting of an approach.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in a scenario.
    pub name: &'static str,
    /// Its possible values, the default first.
    pub values: Values,
    /// Values with which a client needs more memory than by default: additional KiB at the server and at the client.
    pub extra_kib: &'static [(&'static str, [u32; 2])],
    /// It changes only what a client does after a failure. No scenario without failures can tell its values apart, so
    /// that the gate counts the default alone.
    pub only_after_failure: bool,
}

impl Setting {
    /// Creates a setting whose values all need the same memory.
    pub const fn new(name: &'static str, values: Values) -> Self {
        Self { name, values, extra_kib: &[], only_after_failure: false }
    }
}

/// The possible values of a setting.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// A duration; this is the default.
    Duration(&'static str),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
}

/// One source file.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its path in the repository.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Further files of this half. Files that every approach uses are not parts.
    pub parts: &'static [Source],
}

/// The facts of a push approach, unless its line says otherwise.
pub const PUSH: Facts = Facts {
    summary: "",
    first_try: CURL,
    exchange: Exchange::Push,
    delivery: Delivery::Log,
    connects: Side::Client,
    browser: false,
    bidirectional: false,
    resumable: true,
    floor: false,
    encoding: Encoding::Json,
    // As much as the dearest, until it was measured.
    memory_kib: [25, 36],
    article: None,
};
/// Tries a server that answers `GET /`.
const CURL: &str = "curl http://{address}/";
/// Tries a gRPC server, which has reflection.
const GRPCURL_ONCE: &str = r#"grpcurl -plaintext -d '{"symbol":"BTC"}' {address} MarketData/GetQuote"#;
const GRPCURL: &str = r#"grpcurl -plaintext -d '{"symbols":["BTC"]}' {address} MarketData/SubscribeQuotes"#;
/// Tries the floor, for which there is no tool.
const RAW: &str = r"(printf '\0\0\0\5\n\3BTC'; sleep 5) | curl -sN telnet://{address} | xxd  # sends the frame of a subscription, and shows a frame for each event";
const POLL: Facts = Facts { exchange: Exchange::Poll("interval"), ..PUSH };

const HEARTBEAT: Setting = Setting::new("heartbeat", Values::Duration("15s"));
const HOLD: Setting = Setting::new("hold", Values::Duration("30s"));
const INTERVAL: Setting = Setting::new("interval", Values::Duration("1s"));
const CONNECTION: Setting = Setting::new("connection", Values::Choice(&["keep-alive", NEW_CONNECTION]));
/// The value of that setting with which each request opens a connection.
const NEW_CONNECTION: &str = "new-connection";
const CODEC: Setting = Setting::new("codec", Values::Choice(&["shared", "prost"]));
const ENCODING: Setting =
    Setting { extra_kib: &[("text", [5, 0])], ..Setting::new("encoding", Values::Choice(&["binary", "text"])) };
/// The HTTP client. The default is the library that applications use; the others are arms of comparison.
const CLIENT: Setting = Setting {
    extra_kib: &[("reqwest", [0, 32]), ("hyper", [0, 22])],
    ..Setting::new("client", Values::Choice(&["reqwest", "hyper", "bare"]))
};
/// The connection below the generated gRPC client.
const GRPC_CLIENT: Setting =
    Setting { extra_kib: &[("tonic", [0, 6])], ..Setting::new("client", Values::Choice(&["tonic", "hyper"])) };
const POLICY: Setting =
    Setting { only_after_failure: true, ..Setting::new("policy", Values::Choice(&["retry", "browser"])) };
/// The encoding of events in an event stream.
const EVENT_ENCODING: Setting = Setting::new("encoding", Values::Choice(&["json", "protobuf"]));
/// The encoding of quotes in gRPC messages.
const QUOTE_ENCODING: Setting = Setting::new("encoding", Values::Choice(&["protobuf", "json"]));
const MESSAGE_ENCODING: Setting = Setting::new("encoding", Values::Choice(&["text", "binary"]));
const PING: Setting = Setting::new("heartbeat", Values::Duration("25s"));
const READ_BUFFER: Setting = Setting {
    extra_kib: &[("128KiB", [134, 132])],
    ..Setting::new("read-buffer", Values::Choice(&["2KiB", "128KiB"]))
};

macro_rules! source {
    ($crate_name:literal, $file:expr, $parts:expr) => {
        Source {
            path: concat!($crate_name, "/src/", $file, ".rs"),
            text: include_str!(concat!("../../../", $crate_name, "/src/", $file, ".rs")),
            parts: $parts,
        }
    };
}

macro_rules! approach {
    ($name:literal, $module:ident, $settings:expr, $facts:expr $(, server: [$($server:literal),+])? $(, client: [$($client:literal),+])?) => {
        Approach {
            name: $name,
            facts: $facts,
            settings: $settings,
            serve: |context| Box::pin(servers::$module::serve(context)),
            subscribe: |context| Box::pin(clients::$module::subscribe(context)),
            server_source: source!("servers", stringify!($module), &[$($(source!("servers", $server, &[])),+)?]),
            client_source: source!("clients", stringify!($module), &[$($(source!("clients", $client, &[])),+)?]),
        }
    };
}

/// All approaches, in the order of lists and reports.
#[rustfmt::skip]
pub static APPROACHES: &[Approach] = &[
    approach!("short-poll", short_poll, &[INTERVAL, CONNECTION, CLIENT], Facts { summary: "the client asks at an interval", memory_kib: [12, 3], browser: true, article: Some(["Short polling", "High (interval)", "Low", "Low"]), ..POLL }, client: ["event_log"]),
    approach!("conditional-get", conditional_get, &[INTERVAL, CLIENT], Facts { summary: "the client asks at an interval for the newest state, by its version", memory_kib: [12, 4], delivery: Delivery::Snapshot, browser: true, ..POLL }, client: ["newest"]),
    approach!("long-poll", long_poll, &[HOLD, CLIENT], Facts { summary: "the client asks, and the server holds the request until there is an event", memory_kib: [12, 3], exchange: Exchange::Hold("hold"), browser: true, article: Some(["Long polling", "Medium", "Medium", "Medium"]), ..PUSH }, client: ["event_log"]),
    approach!("sse", sse, &[EVENT_ENCODING, HEARTBEAT, CLIENT, POLICY], Facts { summary: "the server writes events into a response that does not end", memory_kib: [13, 3], browser: true, article: Some(["SSE", "Low", "Low", "Low"]), ..PUSH }, server: ["heartbeat"], client: ["sse/blocks", "sse/event"]),
    approach!("websocket", websocket, &[MESSAGE_ENCODING, PING, READ_BUFFER], Facts { summary: "both ends send messages over one upgraded connection", memory_kib: [8, 10], browser: true, bidirectional: true, article: Some(["WebSocket", "Low", "Medium", "Medium"]), ..PUSH }, server: ["websocket/close", "websocket/handshake", "websocket/incoming", "websocket/bounded", "heartbeat", "trade"], client: ["websocket/failure"]),
    approach!("grpc-unary", grpc_unary, &[INTERVAL, GRPC_CLIENT], Facts { summary: "the client calls for the newest quote at an interval", first_try: GRPCURL_ONCE, encoding: Encoding::Protobuf, memory_kib: [22, 31], delivery: Delivery::Snapshot, ..POLL }, server: ["grpc", "grpc_service", "grpc_messages", "grpc_front", "grpc_upload"], client: ["grpc", "grpc_call", "newest"]),
    approach!("grpc-stream", grpc_stream, &[QUOTE_ENCODING, CODEC, GRPC_CLIENT], Facts { summary: "one call, answered by a stream of messages over HTTP/2", first_try: GRPCURL, encoding: Encoding::Protobuf, memory_kib: [24, 31], article: Some(["gRPC server streaming", "Low", "Low (generated code)", "Medium"]), ..PUSH }, server: ["grpc_unary", "grpc_trade", "grpc", "grpc_service", "grpc_messages", "grpc_front", "grpc_upload", "grpc_deadline"], client: ["grpc", "grpc_call"]),
    approach!("grpc-bidi", grpc_bidi, &[CODEC, GRPC_CLIENT], Facts { summary: "events one way, acknowledgements and orders the other, over HTTP/2", first_try: GRPCURL, encoding: Encoding::Protobuf, memory_kib: [25, 36], bidirectional: true, article: Some(["gRPC bidirectional", "Very low", "Medium", "High"]), ..PUSH }, server: ["grpc_unary", "grpc_stream", "grpc_trade", "grpc", "grpc_service", "grpc_messages", "grpc_front", "grpc_upload", "grpc_deadline", "trade"], client: ["grpc", "grpc_call"]),
    approach!("grpc-web", grpc_web, &[ENCODING, CLIENT], Facts { summary: "gRPC server streaming over HTTP/1.1: a browser needs a library for it, and here no proxy", encoding: Encoding::Protobuf, memory_kib: [14, 3], ..PUSH }, server: ["grpc_unary", "grpc_stream", "grpc_service", "grpc_messages", "grpc_deadline"], client: ["grpc_call", "grpc_web_frames"]),
    approach!("webhook", webhook, &[CONNECTION], Facts { summary: "the server calls each subscriber's own endpoint, one event per request", memory_kib: [20, 13], connects: Side::Server, ..PUSH }, server: ["webhook/delivery", "webhook/registration"], client: ["webhook/connection", "webhook/inbox", "webhook/inbox/memory"]),
    approach!("raw-tcp", raw_tcp, &[], Facts { summary: "length-prefixed frames over bare TCP: the floor, not a recommendation", first_try: RAW, encoding: Encoding::Protobuf, memory_kib: [2, 2], floor: true, ..PUSH }),
];

/// Returns the approach with this name.
pub fn find(name: &str) -> Option<&'static Approach> {
    APPROACHES.iter().find(|approach| approach.name == name)
}

/// Returns whether the client is a library that chooses its own buffers: those of its sockets, or its windows.
pub fn chooses_its_buffers(params: &Params) -> bool {
    matches!(params.text(CLIENT.name), Ok("reqwest" | "tonic"))
}

/// Returns whether the client is a library whose connection pool hides when it connects.
pub fn hides_its_connections(params: &Params) -> bool {
    params.text(CLIENT.name) == Ok("reqwest")
}

/// Returns whether each request opens a connection with these settings.
pub fn opens_connection_for_each_request(params: &Params) -> bool {
    params.text(CONNECTION.name) == Ok(NEW_CONNECTION)
}
