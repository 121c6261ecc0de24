//! Lock step: every approach through one script in which the next thing happens only when every client has had the
//! last, so that what it takes can be counted and compared exactly.
//!
//! One server and a few clients in this process, over real sockets. Polls happen when the script says so and every
//! interval, hold and heartbeat is longer than the script, so that no timer decides a count. Nothing here measures
//! time, and what a count should be is no concern of this module: see `reports::gate`.

use std::{collections::BTreeMap, net::SocketAddr, thread, time::Duration};

use anyhow::{Result, bail};
use clients::Cost;
use proto::Params;
use reports::gate::counts::{ALLOCATIONS, Measured, Phase, Repeat};
use servers::{Limits, Traffic, Transport};

use super::{
    client::Client,
    header_length::{is_usual_address, is_usual_date},
    tally::Tally,
};
use crate::{
    allocations, clock,
    conformance::{Fixture, Subject, subjects},
    registry::{Flow, Side, Values},
};

/// What the script is, for a baseline: counts of another script are not comparable. Raised with every change to it.
pub const SCRIPT: &str = "lock-step/1";
/// Runs of the script for each subject: what is the same in all of them is compared exactly.
pub const REPEATS: u32 = 3;

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
/// Longer than the script: what is timed by it never happens. Of a heartbeat that all connections share, each part of
/// its period is.
const NEVER: &str = "48h";
/// The same of a hold, which no server lets be longer.
const HELD: &str = "5m";
/// Phases in which a script allocates as often in every run. Where clients come or come back, one or two allocations more
/// or fewer depend on who is first.
const ALLOCATES_ALIKE: [&str; 3] = ["deliver", "idle", "order"];
/// Scripts spend their time waiting, so that several run side by side.
const SIDE_BY_SIDE: usize = 13;
/// A script that takes longer has come to a halt; on some days it waits for seconds of the usual length for minutes.
const DEADLINE: Duration = Duration::from_secs(600);
/// Traffic that has not grown for so many looks has ended.
const QUIET_LOOKS: u32 = 8;
/// Pause between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Looks until something must have happened.
const MOST_LOOKS: u32 = 2_000;

/// Every variant that can be examined, with durations that are longer than the script.
pub fn all() -> Vec<Subject> {
    subjects().into_iter().map(patient).collect()
}

/// The same subject with durations that are longer than the script.
pub fn patient(mut subject: Subject) -> Subject {
    let held = match subject.approach.facts.flow {
        Flow::Hold(setting) => Some(setting),
        Flow::Push | Flow::Poll(_) => None,
    };
    let durations = subject.approach.settings.iter().filter(|setting| matches!(setting.values, Values::Duration(_)));
    let long = durations.map(|setting| if held == Some(setting.name) { (setting, HELD) } else { (setting, NEVER) });
    let long = long.map(|(setting, duration)| (setting.name.to_owned(), duration.to_owned()));
    subject.params = Params(subject.params.0.into_iter().chain(long).collect());
    subject
}

/// Counts what the script takes, so many times for each subject; a script that fails says why in its place. `ended` is
/// told of each. One repeat is over before the next begins, so that what disturbs the machine does not change all alike.
pub fn measure(subjects: &[Subject], repeats: u32, mut ended: impl FnMut(&str, u32)) -> Measured {
    let mut cells: BTreeMap<String, Vec<Repeat>> = BTreeMap::new();
    for repeat in 1..=repeats {
        for side_by_side in subjects.chunks(SIDE_BY_SIDE) {
            thread::scope(|scope| {
                let scripts: Vec<_> =
                    side_by_side.iter().map(|subject| (subject, scope.spawn(|| alone(subject)))).collect();
                for (subject, script) in scripts {
                    let counted = script.join().unwrap_or_else(|_| Err("the script panicked".to_owned()));
                    ended(&subject.name, repeat);
                    cells.entry(subject.name.clone()).or_default().push(counted);
                }
            });
        }
    }
    Measured { cells }
}

/// The script once, which has this thread for itself: so that what happens at the same moment does not change places, and
/// what the thread allocates is the script's.
fn alone(subject: &Subject) -> Repeat {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let counted = runtime.block_on(async { tokio::time::timeout(DEADLINE, run(subject)).await });
    let counted = counted.unwrap_or_else(|_| Err(anyhow::anyhow!("the script halted for {DEADLINE:?}")));
    counted.map_err(|error| format!("{error:#}"))
}

/// The script, once.
async fn run(subject: &Subject) -> Result<BTreeMap<String, Phase>> {
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
    phases: BTreeMap<String, Phase>,
    before: Tally,
}

impl Script {
    fn begin(subject: &Subject) -> Result<Self> {
        let fixture = Fixture::start_on(subject.clone(), Limits::default(), bind()?);
        Ok(Self { fixture, clients: Vec::new(), phases: BTreeMap::new(), before: Tally::default() })
    }

    /// A response carries the second in which it was made, and HTTP/2 says it in full only where it has changed on its
    /// connection: whatever is counted begins with a second of its own, whose date is as long as any other's.
    async fn begins(&self) {
        let now = clock::since_epoch();
        let mut next = Duration::from_secs(now.as_secs() + 1);
        while !is_usual_date(next) {
            next += Duration::from_secs(1);
        }
        tokio::time::sleep(next - now).await;
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
    async fn end(mut self) -> Result<BTreeMap<String, Phase>> {
        for client in &mut self.clients {
            self.fixture.expect_complete(&mut client.reader, 0).await?;
        }
        self.clients.clear();
        self.fixture.end().await?;
        Ok(self.phases)
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
        let traffic = self.settled().await?;
        let mut cost = Cost::default();
        self.clients.iter().for_each(|client| cost += client.reader.cost);
        let now = Tally { cost, traffic, allocations: allocations::of_this_thread() };
        let mut counts = now.since(&self.before);
        if !ALLOCATES_ALIKE.contains(&phase) {
            counts.remove(ALLOCATIONS);
        }
        self.before = now;
        self.phases.insert(phase.to_owned(), Phase { units, unit_name: unit.to_owned(), counts });
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
        matches!(self.fixture.subject.approach.facts.flow, Flow::Poll(_))
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
