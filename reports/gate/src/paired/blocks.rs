//! Turns the trials of a session into pairs, or explains why the session cannot be judged. Every difference between plan and
//! trials makes the session invalid.

use std::collections::{HashMap, HashSet};

use results::schema::Status;

use super::session::{ARMS, Arm, Cell, Plan, Session, Trial};

/// Largest share of blocks that a test may lose to invalid trials. A build whose slow trials are invalid must not be judged
/// by its fast ones.
const MOST_LOST: f64 = 0.25;
/// The order is not random if an arm has the same position in a larger share of blocks than this.
const MOST_IN_ONE_PLACE: f64 = 0.75;
/// Fewest blocks in which that share is checked.
const BLOCKS_OF_AN_ORDER: u32 = 8;

/// Largest share that may be tolerated.
pub const MOST_TOLERATED: f64 = 10.0;
/// Values that a trial can have, in microseconds or nanoseconds. Others come from a file that was changed.
const MEASURABLE: std::ops::RangeInclusive<f64> = 1e-6..=1e15;

/// A compared metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// CPU time of servers and workers per delivery.
    Cpu,
    /// Median latency.
    P50,
    /// 99th percentile of the latency. It is reported but not judged.
    P99,
}

/// The metrics that decide the verdict.
pub const GATED: [Metric; 2] = [Metric::Cpu, Metric::P50];

impl Metric {
    /// Returns its name in a finding.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU time per event",
            Self::P50 => "p50 latency",
            Self::P99 => "p99 latency",
        }
    }

    /// Returns its unit in a finding.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "us/event",
            Self::P50 | Self::P99 => "ns",
        }
    }

    fn value(self, trial: &Trial) -> Option<f64> {
        match self {
            Self::Cpu => trial.cpu_us_per_event,
            Self::P50 => trial.p50_ns.map(|value| value as f64),
            Self::P99 => trial.p99_ns.map(|value| value as f64),
        }
    }
}

/// The differences of one metric of one cell: the logarithm of a ratio per block that has both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// The cell.
    pub cell: Cell,
    /// The metric.
    pub metric: Metric,
    /// Block and ln(head ÷ base).
    pub head: Vec<(u32, f64)>,
    /// Block and ln(copy ÷ base).
    pub control: Vec<(u32, f64)>,
    /// Values of the base in its pairs with the head.
    pub base: Vec<f64>,
}

impl Pairs {
    /// Returns ln(head ÷ base) of every block.
    pub(crate) fn differences(&self) -> Vec<f64> {
        self.head.iter().map(|(_, difference)| *difference).collect()
    }

    /// Returns ln(copy ÷ base) of every block.
    pub(crate) fn controls(&self) -> Vec<f64> {
        self.control.iter().map(|(_, difference)| *difference).collect()
    }
}

/// The trial of each block, cell and arm.
type Places<'a> = HashMap<(u32, &'a Cell, Arm), &'a Trial>;

/// Returns the pairs of every cell and metric in the plan's order, the judged metrics first.
///
/// # Errors
/// The reason why the session cannot be judged.
pub(crate) fn pairs(session: &Session) -> Result<Vec<Pairs>, String> {
    let plan = &session.plan;
    check_plan(plan)?;
    let places = places(session)?;
    session.trials.iter().try_for_each(check_trial)?;
    plan.cells.iter().try_for_each(|cell| check_order(plan, cell, &places))?;
    plan.cells.iter().try_for_each(|cell| check_varies(plan, cell, &places))?;
    let of_metric = |metric: Metric| plan.cells.iter().map(move |cell| (metric, cell));
    let gated = plan.cells.iter().flat_map(|cell| GATED.map(|metric| (metric, cell)));
    let all: Vec<Pairs> =
        gated.chain(of_metric(Metric::P99)).map(|(metric, cell)| paired(plan, cell, metric, &places)).collect();
    all.iter().filter(|pairs| GATED.contains(&pairs.metric)).try_for_each(|pairs| check_lost(plan, pairs))?;
    Ok(all)
}

fn check_plan(plan: &Plan) -> Result<(), String> {
    if plan.blocks == 0 {
        return Err("the session has no blocks that count".to_owned());
    }
    if plan.cells.is_empty() {
        return Err("the session has no cells".to_owned());
    }
    let is_share = |share: &f64| *share > 0.0 && *share <= MOST_TOLERATED;
    if let Some(share) = GATED.map(|metric| plan.tolerated.share(metric)).into_iter().find(|share| !is_share(share)) {
        return Err(format!(
            "the tolerated regression is {share}, expected a share above 0 and at most {MOST_TOLERATED}"
        ));
    }
    let repeated = plan.cells.iter().enumerate().find(|(index, cell)| plan.cells[..*index].contains(cell));
    repeated.map_or(Ok(()), |(_, cell)| Err(format!("the plan has {} twice", said(cell))))
}

/// Checks that every planned trial is there once, and no other.
fn places(session: &Session) -> Result<Places<'_>, String> {
    let plan = &session.plan;
    let mut places = HashMap::new();
    let cells: HashSet<&Cell> = plan.cells.iter().collect();
    for trial in &session.trials {
        if !cells.contains(&trial.cell) {
            return Err(format!("{} ran, but is not in the plan", place(trial)));
        }
        if trial.block > plan.blocks {
            return Err(format!("{} ran, but the plan ends with block {}", place(trial), plan.blocks));
        }
        if places.insert((trial.block, &trial.cell, trial.arm), trial).is_some() {
            return Err(format!("{} ran twice", place(trial)));
        }
    }
    for block in 0..=plan.blocks {
        for cell in &plan.cells {
            let missing = ARMS.iter().find(|arm| !places.contains_key(&(block, cell, **arm)));
            if let Some(arm) = missing {
                let what = format!("{} of {} in block {block}", named(*arm), said(cell));
                return Err(format!(
                    "{what} is missing: a session that ended early is not judged, because the number of blocks is fixed \
                     beforehand"
                ));
            }
        }
    }
    Ok(places)
}

/// Checks that no trial failed, and that valid trials have positive values.
fn check_trial(trial: &Trial) -> Result<(), String> {
    match trial.status {
        Status::Failed => {
            let reason = trial.reason.as_deref().unwrap_or("no reason was recorded");
            return Err(format!("{} failed: {reason}", place(trial)));
        }
        Status::Invalid => return Ok(()),
        Status::Ok => {}
    }
    for metric in [Metric::Cpu, Metric::P50, Metric::P99] {
        match metric.value(trial) {
            None if metric == Metric::P99 => {}
            None => return Err(format!("{} has no {}", place(trial), metric.name())),
            Some(value) if MEASURABLE.contains(&value) => {}
            Some(value) => {
                return Err(format!("{} has a {} of {value}, which cannot be compared", place(trial), metric.name()));
            }
        }
    }
    Ok(())
}

/// Checks that values vary. A value that is the same in every trial was not measured.
fn check_varies(plan: &Plan, cell: &Cell, places: &Places<'_>) -> Result<(), String> {
    for metric in GATED {
        let own = (1..=plan.blocks).flat_map(|block| ARMS.map(|arm| places[&(block, cell, arm)]));
        let mut figures = own.filter_map(|trial| metric.value(trial));
        let first = figures.next();
        if plan.blocks > 1 && first.is_some() && figures.all(|figure| Some(figure) == first) {
            return Err(format!("{}: every trial has the same {}, so it was not measured", said(cell), metric.name()));
        }
    }
    Ok(())
}

/// Checks that every arm ran in every position. Otherwise the effect of the position looks like one of the build.
fn check_order(plan: &Plan, cell: &Cell, places: &Places<'_>) -> Result<(), String> {
    let position = |block: u32, arm: Arm| places[&(block, cell, arm)].position;
    for block in 1..=plan.blocks {
        let mut taken = ARMS.map(|arm| position(block, arm));
        taken.sort_unstable();
        if taken != [1, 2, 3] {
            return Err(format!(
                "the arms of {} in block {block} have the positions {taken:?}, expected 1, 2 and 3",
                said(cell)
            ));
        }
    }
    for (arm, place) in ARMS.into_iter().flat_map(|arm| (1..=3).map(move |place| (arm, place))) {
        let times = (1..=plan.blocks).filter(|block| position(*block, arm) == place).count();
        if plan.blocks >= BLOCKS_OF_AN_ORDER && times as f64 > MOST_IN_ONE_PLACE * f64::from(plan.blocks) {
            return Err(format!(
                "{} of {} ran in position {place} of 3 in {times} of {} blocks: the order is not random, so the effect of the \
                 position cannot be told from that of the build",
                named(arm),
                said(cell),
                plan.blocks
            ));
        }
    }
    Ok(())
}

/// Pairs the valid trials of a cell that have the metric.
fn paired(plan: &Plan, cell: &Cell, metric: Metric, places: &Places<'_>) -> Pairs {
    let figure = |block: u32, arm: Arm| {
        let trial = places[&(block, cell, arm)];
        metric.value(trial).filter(|_| trial.status == Status::Ok)
    };
    let against_base = |arm: Arm| {
        let pair = move |block| Some((block, figure(block, arm)?, figure(block, Arm::Base)?));
        (1..=plan.blocks).filter_map(pair).collect::<Vec<(u32, f64, f64)>>()
    };
    let (head, control) = (against_base(Arm::Head), against_base(Arm::Copy));
    let logarithms = |pairs: &[(u32, f64, f64)]| {
        pairs.iter().map(|(block, own, base)| (*block, (own / base).ln())).collect::<Vec<(u32, f64)>>()
    };
    Pairs {
        cell: cell.clone(),
        metric,
        base: head.iter().map(|(_, _, base)| *base).collect(),
        head: logarithms(&head),
        control: logarithms(&control),
    }
}

fn check_lost(plan: &Plan, pairs: &Pairs) -> Result<(), String> {
    for (against, left) in [("head", pairs.head.len()), ("copy", pairs.control.len())] {
        let lost = plan.blocks as usize - left;
        if lost as f64 > MOST_LOST * f64::from(plan.blocks) {
            return Err(format!(
                "{}: {lost} of {} pairs of base and {against} are lost to invalid trials, expected at most a quarter: the \
                 remaining ones may not be typical",
                said(&pairs.cell),
                plan.blocks
            ));
        }
    }
    Ok(())
}

/// Describes the invalid trials, in one sentence per cell. Block 0 does not count.
pub(crate) fn losses(session: &Session) -> Vec<String> {
    let mut invalid: HashMap<&Cell, Vec<&Trial>> = HashMap::new();
    for trial in session.trials.iter().filter(|trial| trial.block > 0 && trial.status == Status::Invalid) {
        invalid.entry(&trial.cell).or_default().push(trial);
    }
    let sentence = |cell: &Cell| {
        let all = invalid.get(cell)?;
        let first = all.first()?;
        let reason = first.reason.as_deref().unwrap_or("no reason was recorded");
        let which = format!("{} in block {}", named(first.arm), first.block);
        let trials = if all.len() == 1 { "1 trial is".to_owned() } else { format!("{} trials are", all.len()) };
        Some(format!("{}: {trials} invalid, and their pairs are lost; {which}: {reason}", said(cell)))
    };
    session.plan.cells.iter().filter_map(sentence).collect()
}

/// Describes a cell in words.
pub(crate) fn said(cell: &Cell) -> String {
    format!("{} under {}", cell.variant, cell.load)
}

fn named(arm: Arm) -> &'static str {
    match arm {
        Arm::Base => "the base",
        Arm::Copy => "the copy of the base",
        Arm::Head => "the head",
    }
}

fn place(trial: &Trial) -> String {
    format!("{} of {} in block {}", named(trial.arm), said(&trial.cell), trial.block)
}
