//! The script of lock step: what happens to one server and its clients, in which order, and what is counted of it.
//!
//! The clients are in this process, over real sockets. Polls happen when the script says so. Nothing here measures time.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use anyhow::{Result, bail};
use approaches::conformance::{Fixture, Subject};
use approaches::registry::{Exchange, Side};
use clients::Cost;
use gate::counts::{ALLOCATIONS, Phase};
use net::{Traffic, Transport};
use servers::Limits;

use super::{client::Client, header_length::is_usual_address, tally::Tally};
use crate::host::{allocations, clock};

/// The symbols of each client. Some symbols have two followers, some none.
const FOLLOWED: [&[u32]; 3] = [&[0], &[0], &[1, 3, 5]];
/// Symbols of the feed, which events go through in turn.
const SYMBOLS: u32 = 6;
/// Events of the phase that delivers.
const EVENTS: u32 = 120;
/// Filler of each event, in bytes.
const PAYLOAD_BYTES: usize = 32;
/// Polls of each client in the phase in which nothing happens.
const IDLE_POLLS: u32 = 100;
/// Orders of each client that can send some.
const ORDERS: usize = 20;
/// Times that every connection is cut.
const CUTS: u32 = 5;
/// Phases that end in the second that they began with, and in which a script allocates as often in every run. Where
/// clients come or come back, one or two allocations more or fewer depend on who is first.
const ALLOCATES_ALIKE: [&str; 3] = ["deliver", "idle", "order"];
/// Traffic that has not grown for so many looks has ended.
const QUIET_LOOKS: u32 = 8;
/// Pause between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Looks until something must have happened, for at least a minute.
const MOST_LOOKS: u32 = 12_000;

/// What one run of the script counted.
pub(super) struct Counted {
    pub(super) phases: BTreeMap<String, Phase>,
    /// Each phase that should ended in the second that it began with.
    pub(super) is_timely: bool,
}

/// The script, once.
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

/// One run of the script.
struct Script {
    fixture: Fixture,
    clients: Vec<Client>,
    counted: Counted,
    before: Tally,
    /// Since the Unix epoch, with which the last phase began.
    second: u64,
}

impl Script {
    fn begin(subject: &Subject) -> Result<Self> {
        let fixture = Fixture::start_without_dates(subject.clone(), Limits::default(), bind()?);
        let counted = Counted { phases: BTreeMap::new(), is_timely: true };
        Ok(Self { fixture, clients: Vec::new(), counted, before: Tally::default(), second: 0 })
    }

    /// A response carries the second in which it was made, and libraries write that second's text once: each phase
    /// begins with a second of its own.
    async fn begins(&mut self) {
        let now = clock::since_epoch();
        let next = Duration::from_secs(now.as_secs() + 1);
        tokio::time::sleep(next - now).await;
        self.second = next.as_secs();
    }

    /// The clients come, and each hears of one event.
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

    /// Events, one after the other.
    async fn deliver(&mut self) -> Result<()> {
        self.begins().await;
        let before = self.received();
        for turn in 0..EVENTS {
            self.event(turn % SYMBOLS).await?;
        }
        let deliveries = self.received() - before;
        self.ends("deliver", "event", deliveries).await
    }

    /// Polls, and nothing happens.
    async fn poll_in_vain(&mut self) -> Result<()> {
        self.begins().await;
        for _ in 0..IDLE_POLLS {
            self.tick().await?;
        }
        self.ends("idle", "poll", u64::from(IDLE_POLLS) * FOLLOWED.len() as u64).await
    }

    /// Orders, each after the last was confirmed.
    async fn order(&mut self) -> Result<()> {
        self.begins().await;
        for number in 0..ORDERS {
            for client in &mut self.clients {
                client.order(number).await?;
            }
        }
        self.ends("order", "order", (ORDERS * FOLLOWED.len()) as u64).await
    }

    /// Every connection is cut, and each client hears of one event after it.
    async fn cut(&mut self) -> Result<()> {
        for _ in 0..CUTS {
            self.begins().await;
            let open = self.fixture.meter.open_connections() as u64;
            let opened = self.fixture.meter.traffic().connections_opened;
            self.fixture.meter.cut();
            if !self.is_polled() && self.fixture.subject.approach.facts.connects == Side::Client {
                // Whoever waits for events comes back by itself. All have to be back and have said so before the next,
                // or it depends on the moment what they are sent first.
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

    /// Ends the server, and says what was counted.
    async fn end(mut self) -> Result<Counted> {
        for client in &mut self.clients {
            self.fixture.expect_complete(&mut client.reader, 0).await?;
        }
        self.clients.clear();
        self.fixture.end().await?;
        Ok(self.counted)
    }

    /// One event, until each client that follows its symbol has it.
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

    /// One poll of each client, until each has its answer.
    async fn tick(&mut self) -> Result<()> {
        for client in &mut self.clients {
            client.poll().await?;
        }
        Ok(())
    }

    /// A phase ends: what it took is what was counted since the last ended.
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

    /// What crossed the sockets, when nothing more does.
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

/// A server's sockets whose address is as long as any other's where HTTP/2 compresses it.
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
