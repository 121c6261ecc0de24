//! The script of lock step: the steps for one server and its clients, and the counts of each phase.
//!
//! The clients run in this process and use real sockets. They poll on command. Nothing here measures time.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::{Result, bail};
use approaches::{
    conformance::{Fixture, Subject},
    registry::{Exchange, Side},
};
use clients::Cost;
use gate::counts::{ALLOCATIONS, Phase};
use net::{Traffic, Transport};
use servers::Limits;

use super::{client::Client, header_length::is_usual_address, tally::Tally};
use crate::host::{allocations, clock};

/// Symbols of each client. Some symbols have two followers, some have none.
const FOLLOWED: [&[u32]; 3] = [&[0], &[0], &[1, 3, 5]];
/// Symbols of the feed. Events cycle through them.
const SYMBOLS: u32 = 6;
/// Events in the delivery phase.
const EVENTS: u32 = 120;
/// Filler of each event, in bytes.
const PAYLOAD_BYTES: usize = 32;
/// Polls per client in the idle phase.
const IDLE_POLLS: u32 = 100;
/// Orders per client, if the approach is bidirectional.
const ORDERS: usize = 20;
/// Number of times that every connection is cut.
const CUTS: u32 = 5;
/// Phases with equal allocations in every run. They end in the second in which they began. When clients connect or
/// reconnect, one or two allocations depend on their order.
const ALLOCATES_ALIKE: [&str; 3] = ["deliver", "idle", "order"];
/// Traffic has ended when it has not grown for this many checks.
const QUIET_LOOKS: u32 = 8;
/// Pause between two checks of a state that is not announced.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Maximum number of checks: at least a minute.
const MOST_LOOKS: u32 = 12_000;

/// The counts of one run of the script.
pub(super) struct Counted {
    pub(super) phases: BTreeMap<String, Phase>,
    /// Whether each phase of [`ALLOCATES_ALIKE`] ended in the second in which it began.
    pub(super) is_timely: bool,
}

/// Runs the script once.
pub(super) async fn run(subject: &Subject) -> Result<Counted> {
    let mut script = Script::begin(subject)?;
    script.subscribe().await?;
    script.deliver().await?;
    if script.is_polled() {
        script.poll_in_vain().await?;
    }
    if subject.approach.facts.bidirectional {
        script.order().await?;
    }
    if subject.approach.facts.resumable {
        script.cut().await?;
    }
    script.end().await
}

/// A run of the script.
struct Script {
    fixture: Fixture,
    clients: Vec<Client>,
    counted: Counted,
    before: Tally,
    /// The second since the Unix epoch in which the current phase began.
    second: u64,
}

impl Script {
    fn begin(subject: &Subject) -> Result<Self> {
        let fixture = Fixture::start_without_dates(subject.clone(), Limits::default(), bind()?);
        let counted = Counted { phases: BTreeMap::new(), is_timely: true };
        Ok(Self { fixture, clients: Vec::new(), counted, before: Tally::default(), second: 0 })
    }

    /// Waits for a new second. Responses carry a date, whose text libraries cache for a second, so each phase begins
    /// with a new one.
    async fn begins(&mut self) {
        let now = clock::since_epoch();
        let next = Duration::from_secs(now.as_secs() + 1);
        tokio::time::sleep(next - now).await;
        self.second = next.as_secs();
    }

    /// Connects the clients, and delivers one event to each.
    async fn subscribe(&mut self) -> Result<()> {
        self.begins().await;
        for symbols in FOLLOWED {
            self.clients.push(Client::subscribe(&mut self.fixture, symbols).await?);
        }
        for symbol in 0..SYMBOLS {
            self.event(symbol).await?;
        }
        self.ends("subscribe", "client", FOLLOWED.len() as u64).await
    }

    /// Delivers events, one after the other.
    async fn deliver(&mut self) -> Result<()> {
        self.begins().await;
        let before = self.received();
        for turn in 0..EVENTS {
            self.event(turn % SYMBOLS).await?;
        }
        let deliveries = self.received() - before;
        self.ends("deliver", "event", deliveries).await
    }

    /// Polls without events.
    async fn poll_in_vain(&mut self) -> Result<()> {
        self.begins().await;
        for _ in 0..IDLE_POLLS {
            self.tick().await?;
        }
        self.ends("idle", "poll", u64::from(IDLE_POLLS) * FOLLOWED.len() as u64).await
    }

    /// Sends orders, each after the previous one was confirmed.
    async fn order(&mut self) -> Result<()> {
        self.begins().await;
        for number in 0..ORDERS {
            for client in &mut self.clients {
                client.order(number).await?;
            }
        }
        self.ends("order", "order", (ORDERS * FOLLOWED.len()) as u64).await
    }

    /// Cuts every connection, and delivers one event to each client afterwards.
    async fn cut(&mut self) -> Result<()> {
        for _ in 0..CUTS {
            self.begins().await;
            let open = self.fixture.meter.open_connections() as u64;
            let opened = self.fixture.meter.traffic().connections_opened;
            self.fixture.meter.cut();
            if !self.is_polled() && self.fixture.subject.approach.facts.connects == Side::Client {
                // Clients that wait for events reconnect by themselves. All must be back before the next event, or
                // the first response would depend on timing.
                let meter = self.fixture.meter.clone();
                until("every client to come back", || meter.traffic().connections_opened >= opened + open).await?;
                self.settled().await?;
            }
            for symbol in 0..SYMBOLS {
                self.event(symbol).await?;
            }
        }
        self.ends("reconnect", "reconnect", u64::from(CUTS) * FOLLOWED.len() as u64).await
    }

    /// Stops the server and returns the counts.
    async fn end(mut self) -> Result<Counted> {
        for client in &mut self.clients {
            self.fixture.expect_complete(&mut client.reader, 0).await?;
        }
        self.clients.clear();
        self.fixture.end().await?;
        Ok(self.counted)
    }

    /// Publishes one event and waits until each client that follows its symbol has it.
    async fn event(&mut self, symbol: u32) -> Result<()> {
        self.fixture.publish_one(symbol, PAYLOAD_BYTES);
        if self.is_polled() {
            self.tick().await?;
        }
        for client in &mut self.clients {
            let fixture = &self.fixture;
            client.reader.until("its event", |reader| fixture.is_complete(reader, 0)).await?;
        }
        Ok(())
    }

    /// Polls once with each client and waits for the responses.
    async fn tick(&mut self) -> Result<()> {
        for client in &mut self.clients {
            client.poll().await?;
        }
        Ok(())
    }

    /// Ends a phase: its counts are those since the end of the previous phase.
    async fn ends(&mut self, phase: &str, unit: &str, units: u64) -> Result<()> {
        let is_timely = clock::since_epoch().as_secs() == self.second;
        let traffic = self.settled().await?;
        let mut cost = Cost::default();
        self.clients.iter().for_each(|client| cost += client.reader.cost);
        let now = Tally { cost, traffic, allocations: allocations::of_this_thread() };
        let mut counts = now.since(&self.before);
        if ALLOCATES_ALIKE.contains(&phase) {
            self.counted.is_timely &= is_timely;
        } else {
            counts.remove(ALLOCATIONS);
        }
        self.before = now;
        self.counted.phases.insert(phase.to_owned(), Phase { units, unit_name: unit.to_owned(), counts });
        Ok(())
    }

    /// Waits until traffic ends, and returns its counts.
    async fn settled(&self) -> Result<Traffic> {
        let (mut last, mut quiet) = (self.fixture.meter.traffic(), 0);
        for _ in 0..MOST_LOOKS {
            tokio::time::sleep(LOOK_AGAIN).await;
            let now = self.fixture.meter.traffic();
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
            if quiet == QUIET_LOOKS {
                return Ok(last);
            }
        }
        bail!("the connections do not come to rest although nothing happens")
    }

    fn is_polled(&self) -> bool {
        matches!(self.fixture.subject.approach.facts.exchange, Exchange::Poll(_))
    }

    fn received(&self) -> u64 {
        self.clients.iter().map(|client| client.reader.events.len() as u64).sum()
    }
}

/// Binds the server's sockets to an address with the usual compressed length.
fn bind() -> Result<Transport> {
    loop {
        let transport = Transport::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        if is_usual_address(transport.address()) {
            return Ok(transport);
        }
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    for _ in 0..MOST_LOOKS {
        if is_so() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    bail!("waited in vain for {what}")
}
