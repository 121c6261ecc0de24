//! Chance that repeats: the same seed gives the same choices on every machine.
//!
//! The one source of randomness in statistics. Knows nothing of what is chosen.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A stream of choices.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a seed, apart from those of the same seed for another purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(purpose);
        Self(generator)
    }

    /// A number from 0 to below 1.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below the bound, which is above 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.uniform() * bound as f64) as usize
    }

    /// True in half of all cases.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Puts values into a random order.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    /// So many of the values, each drawn from all of them. Panics without values to draw from.
    pub fn resample(&mut self, values: &[f64], size: usize) -> Vec<f64> {
        (0..size).map(|_| values[self.below(values.len())]).collect()
    }

    /// A standard normal number: Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}
