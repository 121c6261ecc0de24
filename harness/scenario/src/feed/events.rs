//! The feed: which event happens when, as a pure function of its specification. Server and worker compute the same
//! one, so the worker knows what each client must receive and nothing is shipped.
//!
//! It reads no clock: times are nanoseconds after the start.

use proto::{Quote, symbol_name};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use results::schema::Arrival;
use serde::{Deserialize, Serialize};

/// Events that share one instant in a bursty feed.
const BURST_EVENTS: u64 = 10;
const NANOSECONDS: f64 = 1e9;
/// What the payload consists of.
const FILLER: &str = "x";

/// All that determines a feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedSpec {
    /// Seed of everything random.
    pub seed: u64,
    /// Symbols, at least one.
    pub symbols: u32,
    /// Mean rate over all symbols.
    pub events_per_second: f64,
    /// How events are spread over time.
    pub arrival: Arrival,
    /// Filler in each event.
    pub payload_bytes: u32,
    /// Events are scheduled before this time after the start.
    pub duration_ns: u64,
    /// Wall-clock time of the start, for the events' timestamps.
    pub epoch_ms: i64,
}

impl FeedSpec {
    /// Names of the symbols, by index.
    pub fn symbol_names(&self) -> Vec<String> {
        (0..self.symbols).map(symbol_name).collect()
    }

    /// Indices of the symbols that a client follows: neighbours, spread evenly over the clients.
    pub fn symbols_of(&self, client: u32, symbols_per_client: u32) -> impl Iterator<Item = u32> + use<> {
        let symbols = u64::from(self.symbols);
        let first = u64::from(client) * u64::from(symbols_per_client);
        (first..first + u64::from(symbols_per_client))
            .map(move |index| u32::try_from(index % symbols).expect("a remainder is smaller than its divisor"))
    }
}

/// One event of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedEvent {
    /// Position in the feed, from 1.
    pub sequence: u64,
    /// Index of its symbol.
    pub symbol: u32,
    /// Position among this symbol's events, from 1.
    pub symbol_sequence: u64,
    /// When it happens, after the start.
    pub scheduled_ns: u64,
    bid_cents: u32,
}

impl FeedEvent {
    /// The event as it is published.
    pub fn quote(&self, spec: &FeedSpec) -> Quote {
        Quote {
            symbol: symbol_name(self.symbol),
            bid: self.bid(),
            ask: self.ask(),
            timestamp_ms: self.timestamp_ms(spec),
            sequence: self.sequence,
            symbol_sequence: self.symbol_sequence,
            payload: FILLER.repeat(spec.payload_bytes as usize),
        }
    }

    /// Whether this quote is the event as it is published, of the symbol with this name. It is asked once a delivery,
    /// so it builds nothing.
    pub fn is_quote(&self, quote: &Quote, spec: &FeedSpec, name: &str) -> bool {
        let Quote { symbol, bid, ask, timestamp_ms, sequence, symbol_sequence, payload } = quote;
        (*sequence, *symbol_sequence) == (self.sequence, self.symbol_sequence)
            && (*bid, *ask) == (self.bid(), self.ask())
            && *timestamp_ms == self.timestamp_ms(spec)
            && payload.len() == spec.payload_bytes as usize
            && is_filler(payload)
            && symbol == name
    }

    fn bid(&self) -> f64 {
        f64::from(self.bid_cents) / 100.0
    }

    fn ask(&self) -> f64 {
        f64::from(self.bid_cents + 5) / 100.0
    }

    fn timestamp_ms(&self, spec: &FeedSpec) -> i64 {
        spec.epoch_ms + i64::try_from(self.scheduled_ns / 1_000_000).expect("a feed lasts hours")
    }
}

/// Whether a payload consists of filler. It looks at every byte without stopping, which is many times faster than
/// stopping at the first wrong one.
fn is_filler(payload: &str) -> bool {
    let filler = FILLER.as_bytes()[0];
    payload.bytes().fold(0, |difference, byte| difference | (byte ^ filler)) == 0
}

/// The events of a feed in their order.
#[derive(Debug, Clone)]
pub struct Feed {
    spec: FeedSpec,
    random: ChaCha8Rng,
    next_at: f64,
    sequence: u64,
    symbol_sequences: Vec<u64>,
}

impl Feed {
    /// The feed from its start.
    pub fn new(spec: &FeedSpec) -> Self {
        let mut feed = Self {
            random: ChaCha8Rng::seed_from_u64(spec.seed),
            next_at: 0.0,
            sequence: 0,
            symbol_sequences: vec![0; spec.symbols as usize],
            spec: spec.clone(),
        };
        // A constant feed starts at a random phase, so that nothing can be in step with it.
        feed.next_at = match spec.arrival {
            Arrival::Constant => uniform(&mut feed.random) * NANOSECONDS / spec.events_per_second,
            Arrival::Poisson | Arrival::Burst => feed.gap(),
        };
        feed
    }

    fn gap(&mut self) -> f64 {
        let mean = NANOSECONDS / self.spec.events_per_second;
        match self.spec.arrival {
            Arrival::Constant => mean,
            Arrival::Poisson => exponential(&mut self.random, mean),
            Arrival::Burst if self.sequence.is_multiple_of(BURST_EVENTS) => {
                exponential(&mut self.random, mean * BURST_EVENTS as f64)
            }
            Arrival::Burst => 0.0,
        }
    }
}

impl Iterator for Feed {
    type Item = FeedEvent;

    fn next(&mut self) -> Option<FeedEvent> {
        let scheduled_ns = self.next_at as u64;
        if scheduled_ns >= self.spec.duration_ns {
            return None;
        }
        let symbol = (uniform(&mut self.random) * f64::from(self.spec.symbols)) as u32;
        let symbol_sequence = &mut self.symbol_sequences[symbol as usize];
        *symbol_sequence += 1;
        let symbol_sequence = *symbol_sequence;
        self.sequence += 1;
        // Last digits are never zero, so that every price has the same width in JSON.
        let bid_cents = 10_001 + 10 * (uniform(&mut self.random) * 8_000.0) as u32;
        self.next_at += self.gap();
        Some(FeedEvent { sequence: self.sequence, symbol, symbol_sequence, scheduled_ns, bid_cents })
    }
}

/// A number in [0, 1), with the 53 bits that a float holds.
pub fn uniform(random: &mut impl Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// An exponentially distributed number with this mean, by inversion.
pub fn exponential(random: &mut impl Rng, mean: f64) -> f64 {
    -mean * (1.0 - uniform(random)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(arrival: Arrival) -> FeedSpec {
        FeedSpec {
            seed: 1,
            symbols: 7,
            events_per_second: 1_000.0,
            arrival,
            payload_bytes: 3,
            duration_ns: 20_000_000_000,
            epoch_ms: 1_700_000_000_000,
        }
    }

    #[test]
    fn the_same_specification_gives_the_same_feed() {
        let spec = spec(Arrival::Poisson);
        assert!(Feed::new(&spec).eq(Feed::new(&spec)));
        assert!(!Feed::new(&spec).eq(Feed::new(&FeedSpec { seed: 2, ..spec.clone() })));
    }

    #[test]
    fn sequence_numbers_have_no_gaps_and_times_never_decrease() {
        for arrival in [Arrival::Poisson, Arrival::Constant, Arrival::Burst] {
            let spec = spec(arrival);
            let mut symbol_sequences = [0; 7];
            let mut last_ns = 0;
            for (expected, event) in (1..).zip(Feed::new(&spec)) {
                assert_eq!(event.sequence, expected);
                symbol_sequences[event.symbol as usize] += 1;
                assert_eq!(event.symbol_sequence, symbol_sequences[event.symbol as usize]);
                assert!(event.scheduled_ns >= last_ns && event.scheduled_ns < spec.duration_ns);
                last_ns = event.scheduled_ns;
            }
        }
    }

    #[test]
    fn the_rate_is_as_requested() {
        for arrival in [Arrival::Poisson, Arrival::Constant, Arrival::Burst] {
            // 20,000 events are expected; bursts of ten have a standard deviation of about 450.
            let count = Feed::new(&spec(arrival)).count();
            assert!((18_000..22_000).contains(&count), "{arrival:?}: {count}");
        }
    }

    #[test]
    fn a_poisson_feed_has_exponential_gaps() {
        let times: Vec<f64> = Feed::new(&spec(Arrival::Poisson)).map(|event| event.scheduled_ns as f64).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let longer = gaps.iter().filter(|&&gap| gap > mean).count() as f64 / gaps.len() as f64;
        assert!((longer - (-1.0_f64).exp()).abs() < 0.02, "{longer}");
    }

    #[test]
    fn prices_have_one_width() {
        let spec = spec(Arrival::Poisson);
        for event in Feed::new(&spec).take(1_000) {
            let quote = event.quote(&spec);
            assert_eq!((quote.bid.to_string().len(), quote.ask.to_string().len()), (6, 6), "{quote:?}");
            assert_eq!(quote.payload, "xxx");
        }
    }

    #[test]
    fn a_quote_matches_only_if_every_field_is_as_published() {
        let spec = spec(Arrival::Poisson);
        let event = Feed::new(&spec).next().unwrap();
        let (quote, name) = (event.quote(&spec), symbol_name(event.symbol));
        assert!(event.is_quote(&quote, &spec, &name));
        let changed = [
            Quote { symbol: "NOPE".into(), ..quote.clone() },
            Quote { bid: quote.bid + 0.01, ..quote.clone() },
            Quote { ask: quote.ask + 0.01, ..quote.clone() },
            Quote { timestamp_ms: quote.timestamp_ms + 1, ..quote.clone() },
            Quote { sequence: quote.sequence + 1, ..quote.clone() },
            Quote { symbol_sequence: quote.symbol_sequence + 1, ..quote.clone() },
            Quote { payload: "xx".into(), ..quote.clone() },
            Quote { payload: "xxy".into(), ..quote },
        ];
        assert!(changed.iter().all(|quote| !event.is_quote(quote, &spec, &name)));
    }

    #[test]
    fn clients_subscribe_to_neighbouring_symbols_spread_evenly() {
        let spec = spec(Arrival::Poisson);
        assert_eq!(spec.symbols_of(2, 3).collect::<Vec<_>>(), [6, 0, 1]);
        let mut followers = [0; 7];
        for client in 0..70 {
            spec.symbols_of(client, 3).for_each(|symbol| followers[symbol as usize] += 1);
        }
        assert_eq!(followers, [30; 7]);
    }
}
