//! Judges a session of blocks. In each block, base, head and a copy of the base ran side by side.
//!
//! A regression is shown, excluded, or neither; in the last case the judgement says what would decide. The copy is the control:
//! if it differs from the base, the session is invalid. Random numbers come from the session's seed, so the same file always
//! has the same verdict.

mod blocks;
mod file;
mod rule;
mod session;
mod text;

use serde::{Deserialize, Serialize};
use stats::{random::Random, signed_rank};

use super::{Finding, Outcome, Tier, Verdict};

pub use blocks::{GATED, MOST_TOLERATED, Metric, Pairs};
pub use file::OpenError;
pub(crate) use rule::shown_of_normal;
pub use rule::{Decision, Detectable, Estimate, LEVEL, MOST_BLOCKS, POWER, TAIL};
use rule::{estimates, regressions, reversed};
pub use session::{
    ARMS, Arm, Cell, FILE_NAME, MOST_BLOCKS as MOST_BLOCKS_OF_A_SESSION, MOST_CELLS, Plan, SESSION_VERSION, Session,
    SessionError, SessionLine, Slot, Tolerated, Trial,
};
pub use text::change;

/// Offset of the random stream for resampling. The order of the session uses the same seed.
const RESAMPLING: u64 = 1 << 32;

/// The judgement of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The outcome, as it is printed.
    pub outcome: Outcome,
    /// The judged tests in the plan's order. Empty if nothing could be compared.
    pub tests: Vec<Test>,
}

/// One metric of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// The cell.
    pub cell: Cell,
    /// The metric.
    pub metric: Metric,
    /// Median of the base over its pairs.
    pub base: f64,
    /// The head against the base.
    pub head: Sides,
    /// The copy against the base.
    pub control: Sides,
    /// Changes that such a session detects. `None` if it detects none.
    pub detectable: Option<Detectable>,
    /// The result.
    pub result: TestResult,
}

/// Both directions of a comparison. p-values are adjusted over all tests of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sides {
    /// More than the base.
    pub more: Estimate,
    /// Less than the base: the same differences with opposite signs.
    pub less: Estimate,
}

/// The result of a test. `needed` counts the blocks of a new session. It is `None` if [`MOST_BLOCKS`] are not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum TestResult {
    /// A regression above the tolerance is shown.
    Regression,
    /// A regression is excluded and would have been detected.
    Pass,
    /// A regression is excluded, but the pairs are too noisy to detect one of that size.
    Blind {
        /// Blocks that would detect it.
        needed: Option<usize>,
    },
    /// With this many tests, this few pairs cannot be significant.
    Few {
        /// Blocks that can be.
        needed: usize,
    },
    /// Neither shown nor excluded.
    Open {
        /// Blocks that would decide.
        needed: Option<usize>,
    },
}

impl TestResult {
    /// Returns the verdict.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Regression => Verdict::Regression,
            Self::Pass => Verdict::Pass,
            Self::Blind { .. } | Self::Few { .. } | Self::Open { .. } => Verdict::Inconclusive,
        }
    }
}

/// Judges a session.
#[must_use]
pub fn judge(session: &Session) -> Judgement {
    let compared = compared(&session.plan);
    let pairs = match blocks::pairs(session) {
        Ok(pairs) => pairs,
        Err(reason) => {
            return Judgement { outcome: Outcome::invalid(Tier::Paired, compared, reason), tests: Vec::new() };
        }
    };
    let (gated, advisory): (Vec<Pairs>, Vec<Pairs>) = pairs.into_iter().partition(|one| GATED.contains(&one.metric));
    let tests = tests(&session.plan, &gated);
    let failing = tests.iter().filter(|test| text::failing_side(&session.plan, test).is_some());
    let controls: Vec<Finding> = failing.map(|test| text::control_finding(&session.plan, test)).collect();
    let is_valid = controls.is_empty();
    let own = tests.iter().map(|test| text::finding(&session.plan, test, tests.len(), is_valid));
    let findings = controls.into_iter().chain(own).collect();
    let mut notes = text::notes(&session.plan, &tests);
    notes.extend(not_looked_at(&session.plan));
    notes.extend(blocks::losses(session));
    notes.extend(advisory.iter().filter_map(text::advice));
    Judgement { outcome: Outcome::from_findings(Tier::Paired, compared, findings, notes), tests }
}

/// Returns the differences of head and copy from the base, by cell in the plan's order and by metric in the order of
/// [`GATED`].
///
/// # Errors
/// The reason why the session cannot be judged.
pub fn gated_pairs(session: &Session) -> Result<Vec<Pairs>, String> {
    let mut pairs = blocks::pairs(session)?;
    pairs.retain(|one| GATED.contains(&one.metric));
    Ok(pairs)
}

fn compared(plan: &Plan) -> String {
    let of = match plan.left_out.len() {
        0 => String::new(),
        left_out => format!(", {} of {} cells", plan.cells.len(), plan.cells.len() + left_out),
    };
    format!("base {} and head {}{of}", plan.base, plan.head)
}

fn not_looked_at(plan: &Plan) -> Option<String> {
    let names: Vec<&str> = plan.left_out.iter().map(|cell| cell.variant.as_str()).collect();
    let note = || format!("Not measured, for lack of time: {}.", names.join(", "));
    (!names.is_empty()).then(note)
}

fn tests(plan: &Plan, gated: &[Pairs]) -> Vec<Test> {
    let sides = |of: fn(&Pairs) -> Vec<f64>| {
        let more: Vec<Vec<f64>> = gated.iter().map(of).collect();
        let less: Vec<Vec<f64>> = more.iter().map(|differences| reversed(differences)).collect();
        let both = estimates(&more).into_iter().zip(estimates(&less));
        both.map(|(more, less)| Sides { more, less }).collect::<Vec<Sides>>()
    };
    let (heads, controls) = (sides(Pairs::differences), sides(Pairs::controls));
    let all = gated.iter().zip(heads.into_iter().zip(controls)).enumerate();
    all.map(|(index, (pairs, (head, control)))| {
        let mut random = Random::new(plan.seed, RESAMPLING + index as u64);
        let limit = plan.tolerated.limit(pairs.metric);
        let detectable = rule::detectable(&pairs.controls(), head.more.pairs, gated.len(), limit, &mut random);
        Test {
            cell: pairs.cell.clone(),
            metric: pairs.metric,
            base: signed_rank::middle(&mut pairs.base.clone()).unwrap_or(f64::NAN),
            head,
            control,
            detectable,
            result: result(plan, pairs, head.more, detectable, gated.len(), &mut random),
        }
    })
    .collect()
}

fn result(
    plan: &Plan,
    pairs: &Pairs,
    head: Estimate,
    detectable: Option<Detectable>,
    tests: usize,
    random: &mut Random,
) -> TestResult {
    let (limit, had) = (plan.tolerated.limit(pairs.metric), plan.blocks as usize);
    let fewest = signed_rank::fewest_pairs(tests, LEVEL);
    match verdict(&head, limit, || detectable.is_some_and(|it| it.shown <= limit)) {
        Verdict::Regression => TestResult::Regression,
        Verdict::Pass => TestResult::Pass,
        _ if head.pairs < fewest => TestResult::Few { needed: fewest },
        _ if head.decide(limit) == Decision::Within => {
            TestResult::Blind { needed: rule::blocks_to_see(&pairs.controls(), had, tests, limit, random) }
        }
        _ => {
            let decides = rule::blocks_to_decide(&pairs.differences(), had, tests, limit, random);
            let sees = decides.and_then(|_| rule::blocks_to_see(&pairs.controls(), had, tests, limit, random));
            TestResult::Open { needed: decides.zip(sees).map(|(decides, sees)| decides.max(sees)) }
        }
    }
}

/// Returns the verdict of a test. Whether a change would have been detected is only asked if a pass depends on it.
fn verdict(head: &Estimate, limit: f64, is_seen: impl FnOnce() -> bool) -> Verdict {
    match head.decide(limit) {
        Decision::Regression => Verdict::Regression,
        Decision::Within if is_seen() => Verdict::Pass,
        Decision::Within | Decision::Open => Verdict::Inconclusive,
    }
}

/// Returns the verdict of each test of a session, from the differences of head and control. It ignores a control that fails:
/// see [`control_fails`].
#[must_use]
pub fn verdicts(heads: &[Vec<f64>], controls: &[Vec<f64>], limits: &[f64], random: &mut Random) -> Vec<Verdict> {
    let all = estimates(heads).into_iter().zip(controls).zip(limits);
    all.map(|((head, control), limit)| {
        verdict(&head, *limit, || rule::is_seen(control, head.pairs, heads.len(), *limit, random))
    })
    .collect()
}

/// Returns whether the control differs from the base in any test. The session is then invalid.
#[must_use]
pub fn control_fails(controls: &[Vec<f64>], limits: &[f64]) -> bool {
    let is_beyond = |(differences, limit): (&Vec<f64>, &f64)| {
        signed_rank::shift(differences).is_some_and(|shift| shift.abs() > *limit)
    };
    // Exact tests are slow, and none of them matters unless a shift is above its limit.
    if !controls.iter().zip(limits).any(is_beyond) {
        return false;
    }
    let less: Vec<Vec<f64>> = controls.iter().map(|differences| reversed(differences)).collect();
    [controls, &less].into_iter().any(|side| regressions(side, limits).contains(&true))
}
