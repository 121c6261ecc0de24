//! Random numbers from a seed. The same seed gives the same numbers on every machine.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A stream of random numbers.
pub struct Random(ChaCha8Rng);

impl Random {
    /// Creates a stream from a seed. Streams with different numbers are independent.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose);
        Self(generator)
    }

    /// Returns a number from 0 to below 1.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns an integer below the bound, which must be above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// Returns true with probability ½.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Shuffles the values.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    /// Draws this many values with replacement. Panics without values.
    pub fn resample(&mut self, values: &[f64], size: usize) -> Vec<f64> {
        (0..size).map(|_| values[self.below(values.len())]).collect()
    }

    /// Returns a standard normal number, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}
