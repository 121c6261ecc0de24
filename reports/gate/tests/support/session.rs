//! Synthetic sessions of the paired gate.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by test crates that each use a part")]

use gate::paired::{ARMS, Arm, Cell, Plan, SESSION_VERSION, Session, Tolerated, Trial};
use results::schema::Status;
use stats::random::Random;

/// Builds a session whose arms differ only by noise of 3 % per trial.
pub fn session(blocks: u32, cells: u32, seed: u64) -> Session {
    noisy(blocks, cells, seed, 0.03)
}

/// Builds a session with this relative noise per trial.
pub fn noisy(blocks: u32, cells: u32, seed: u64, spread: f64) -> Session {
    let cell = |index: u32| Cell { variant: format!("variant-{index}"), load: "10 clients".to_owned() };
    let cells: Vec<Cell> = (0..cells).map(cell).collect();
    let mut random = Random::new(seed, 99);
    let mut trials = Vec::new();
    for block in 0..=blocks {
        for cell in &cells {
            let mut order = ARMS;
            random.shuffle(&mut order);
            for (position, arm) in (1..).zip(order) {
                let mut figure = |middle: f64| middle * (spread * random.normal()).exp();
                trials.push(Trial {
                    block,
                    arm,
                    position,
                    cell: cell.clone(),
                    status: Status::Ok,
                    reason: None,
                    cpu_us_per_event: Some(figure(20.0)),
                    p50_ns: Some(figure(400_000.0) as u64),
                    p99_ns: Some(figure(2_000_000.0) as u64),
                });
            }
        }
    }
    let plan = Plan {
        version: SESSION_VERSION,
        base: "a".to_owned(),
        head: "b".to_owned(),
        blocks,
        cells,
        left_out: Vec::new(),
        tolerated: Tolerated { cpu: 0.1, p50: 0.1 },
        seed,
        injected: None,
    };
    Session { plan, trials }
}

/// Multiplies the CPU time of one arm in one cell.
pub fn slower(session: &mut Session, arm: Arm, variant: &str, factor: f64) {
    let of_arm = |trial: &&mut Trial| trial.arm == arm && trial.cell.variant == variant;
    for trial in session.trials.iter_mut().filter(of_arm) {
        trial.cpu_us_per_event = trial.cpu_us_per_event.map(|figure| figure * factor);
    }
}
