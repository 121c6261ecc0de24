//! The paired tier: judges a session of blocks, in each of which base, head and a copy of the base ran side by side.
//!
//! A regression is shown or excluded, or neither, and then the verdict says what it would take. The copy is the control:
//! where the rule calls it slower or faster than what it is a copy of, the session is invalid. Pure, with chance from
//! the session's own seed: the same file has the same verdict.

mod blocks;
mod rule;
mod session;
mod text;

use serde::{Deserialize, Serialize};
use stats::{random::Random, signed_rank};

use super::{Finding, Outcome, Tier, Verdict};

pub use blocks::{GATED, Metric, Pairs};
pub(crate) use rule::shown_of_normal;
pub use rule::{Decision, Detectable, Estimate, LEVEL, MOST_BLOCKS, POWER, TAIL};
use rule::{estimates, regressions, reversed};
pub use session::{
    ARMS, Arm, Cell, FILE_NAME, MOST_BLOCKS as MOST_BLOCKS_OF_A_SESSION, MOST_CELLS, Plan, SESSION_VERSION, Session,
    SessionError, SessionLine, Slot, Tolerated, Trial,
};
pub use text::change;

/// Keeps what is resampled apart from the order of the session, which has the same seed.
const RESAMPLING: u64 = 1 << 32;

/// What a session says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// For every surface.
    pub outcome: Outcome,
    /// The numbers behind it, of each gated test in the plan's order; none where nothing could be compared.
    pub tests: Vec<Test>,
}

/// One metric of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// What ran.
    pub cell: Cell,
    /// What is compared.
    pub metric: Metric,
    /// Median of the base's figures in its pairs.
    pub base: f64,
    /// The head against the base.
    pub head: Sides,
    /// The copy against the base.
    pub control: Sides,
    /// What the control lets such a session find; none where nothing could be.
    pub detectable: Option<Detectable>,
    /// What follows.
    pub result: TestResult,
}

/// Both directions of a comparison; each is adjusted for all tests of its direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sides {
    /// Whether it is more than the base.
    pub more: Estimate,
    /// Whether it is less: the same with opposite signs.
    pub less: Estimate,
}

/// What follows of a test. Blocks are those of a new session; none where [`MOST_BLOCKS`] are not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum TestResult {
    /// A regression beyond what is tolerated is shown.
    Regression,
    /// It is excluded, and would have been seen.
    Pass,
    /// It is excluded, but pairs are so noisy that a shift of that size would not have been shown: the gate is blind.
    Blind {
        /// Blocks that see it.
        needed: Option<usize>,
    },
    /// So few pairs cannot show anything among so many tests.
    Few {
        /// Blocks that can.
        needed: usize,
    },
    /// Neither shown nor excluded.
    Open {
        /// Blocks that decide.
        needed: Option<usize>,
    },
}

impl TestResult {
    /// Its verdict.
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

/// The gated differences of a session, head and copy against base, in the plan's order of cells and [`GATED`]'s of
/// metrics, each with its block.
///
/// # Errors
/// Why the session cannot be judged.
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
    let note = || format!("Not looked at, for want of time, whatever became of them: {}.", names.join(", "));
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

/// The verdict of a test; what would have been seen is asked only where a pass depends on it.
fn verdict(head: &Estimate, limit: f64, is_seen: impl FnOnce() -> bool) -> Verdict {
    match head.decide(limit) {
        Decision::Regression => Verdict::Regression,
        Decision::Within if is_seen() => Verdict::Pass,
        Decision::Within | Decision::Open => Verdict::Inconclusive,
    }
}

/// The verdict of each test of a session, from the differences of its head and of its control, without what an
/// inconclusive one would take. A control that fails is not regarded: see [`control_fails`].
#[must_use]
pub fn verdicts(heads: &[Vec<f64>], controls: &[Vec<f64>], limits: &[f64], random: &mut Random) -> Vec<Verdict> {
    let all = estimates(heads).into_iter().zip(controls).zip(limits);
    all.map(|((head, control), limit)| {
        verdict(&head, *limit, || rule::is_seen(control, head.pairs, heads.len(), *limit, random))
    })
    .collect()
}

/// Whether the rule calls the control more or less than the base in any of these tests: the session is then invalid.
#[must_use]
pub fn control_fails(controls: &[Vec<f64>], limits: &[f64]) -> bool {
    let is_beyond = |(differences, limit): (&Vec<f64>, &f64)| {
        signed_rank::shift(differences).is_some_and(|shift| shift.abs() > *limit)
    };
    // Exact tests take longer than a shift, and without one beyond what is tolerated none of them matters.
    if !controls.iter().zip(limits).any(is_beyond) {
        return false;
    }
    let less: Vec<Vec<f64>> = controls.iter().map(|differences| reversed(differences)).collect();
    [controls, &less].into_iter().any(|side| regressions(side, limits).contains(&true))
}

#[cfg(test)]
pub(crate) mod fixture {
    use results::schema::Status;

    use super::*;

    /// A session of so many blocks and cells whose arms differ by chance alone: 3 % from pair to pair.
    pub(crate) fn session(blocks: u32, cells: u32, seed: u64) -> Session {
        noisy(blocks, cells, seed, 0.03)
    }

    /// The same with another spread of each trial.
    pub(crate) fn noisy(blocks: u32, cells: u32, seed: u64, spread: f64) -> Session {
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
            tolerated: Tolerated::default(),
            seed,
            injected: None,
        };
        Session { plan, trials }
    }

    /// Makes the processor time of an arm so many times as large, in one cell.
    pub(crate) fn slower(session: &mut Session, arm: Arm, variant: &str, factor: f64) {
        let of_arm = |trial: &&mut Trial| trial.arm == arm && trial.cell.variant == variant;
        for trial in session.trials.iter_mut().filter(of_arm) {
            trial.cpu_us_per_event = trial.cpu_us_per_event.map(|figure| figure * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use results::schema::Status;

    use super::*;

    fn verdict(session: &Session) -> Verdict {
        judge(session).outcome.verdict
    }

    /// The reason why a session cannot be judged.
    fn invalid(change: impl FnOnce(&mut Session)) -> String {
        static SOUND: LazyLock<Session> = LazyLock::new(|| {
            let session = fixture::session(16, 2, 1);
            assert_eq!(verdict(&session), Verdict::Pass);
            session
        });
        let mut session = SOUND.clone();
        change(&mut session);
        let Outcome { verdict, reason, .. } = judge(&session).outcome;
        assert_eq!(verdict, Verdict::Invalid, "{reason}");
        reason
    }

    /// The trial of the first cell.
    fn trial(session: &mut Session, block: u32, arm: Arm) -> &mut Trial {
        let found = session
            .trials
            .iter_mut()
            .find(|trial| (trial.block, trial.arm, trial.cell.variant.as_str()) == (block, arm, "variant-0"));
        found.expect("the fixture has it")
    }

    #[test]
    fn equals_pass_and_say_what_would_have_been_seen() {
        let judgement = judge(&fixture::session(16, 2, 1));
        assert_eq!(judgement.outcome.verdict, Verdict::Pass);
        assert_eq!((judgement.outcome.findings.len(), judgement.tests.len()), (4, 4));
        let explanation = &judgement.outcome.findings[0].explanation;
        assert!(
            explanation.starts_with("variant-0 under 10 clients: processor time per event changed by "),
            "{explanation}"
        );
        assert!(explanation.contains("tolerated 10 %"), "{explanation}");
        for said in ["80 of 100", "p99 latency"] {
            assert!(judgement.outcome.notes.iter().any(|note| note.contains(said)), "{said}");
        }
        assert_eq!(judge(&fixture::session(16, 2, 1)), judgement, "chance repeats");
    }

    #[test]
    fn thirty_per_cent_fails_and_is_named() {
        let mut session = fixture::session(16, 6, 2);
        fixture::slower(&mut session, Arm::Head, "variant-4", 1.3);
        let outcome = judge(&session).outcome;
        assert_eq!(outcome.verdict, Verdict::Regression);
        let first = &outcome.findings[0];
        assert_eq!((first.cell.as_str(), first.metric.as_str()), ("variant-4", "processor time per event"));
        assert!((first.change().unwrap() - 0.3).abs() < 0.05);
        assert!(outcome.reason.contains("+3") || outcome.reason.contains("+2"), "{}", outcome.reason);
        assert_eq!(outcome.findings.iter().filter(|one| one.verdict == Verdict::Regression).count(), 1);
    }

    #[test]
    fn what_is_faster_is_said_and_no_failure() {
        let mut session = fixture::session(16, 2, 3);
        fixture::slower(&mut session, Arm::Head, "variant-1", 0.7);
        let outcome = judge(&session).outcome;
        assert_eq!(outcome.verdict, Verdict::Pass);
        assert!(
            outcome.notes.iter().any(|note| note.contains("variant-1") && note.contains("less")),
            "{:?}",
            outcome.notes
        );
    }

    #[test]
    fn what_is_slower_than_before_and_tolerated_is_said() {
        let slowdowns = |factor: f64| {
            let mut session = fixture::noisy(16, 2, 3, 0.01);
            fixture::slower(&mut session, Arm::Head, "variant-1", factor);
            let outcome = judge(&session).outcome;
            let notes: Vec<String> = outcome.notes.into_iter().filter(|note| note.starts_with("Slowdown")).collect();
            (outcome.verdict, notes)
        };
        let (verdict, notes) = slowdowns(1.08);
        assert_eq!((verdict, notes.len()), (Verdict::Pass, 1));
        let said = "Slowdown: variant-1 under 10 clients, processor time per event takes more";
        assert!(notes[0].starts_with(said) && notes[0].contains(": +"), "{}", notes[0]);
        assert!(notes[0].ends_with("less than is tolerated; such changes add up."), "{}", notes[0]);
        assert_eq!(slowdowns(1.0), (Verdict::Pass, Vec::new()));
        assert_eq!(slowdowns(1.3), (Verdict::Regression, Vec::new()), "the finding says it");
    }

    #[test]
    fn a_copy_that_differs_makes_the_session_invalid() {
        for factor in [1.3, 1.0 / 1.3] {
            let mut session = fixture::session(16, 2, 4);
            fixture::slower(&mut session, Arm::Copy, "variant-0", factor);
            fixture::slower(&mut session, Arm::Head, "variant-1", 1.5);
            let outcome = judge(&session).outcome;
            assert_eq!(outcome.verdict, Verdict::Invalid);
            assert!(outcome.reason.contains("copy"), "{}", outcome.reason);
            assert!(outcome.findings.iter().all(|one| one.verdict == Verdict::Invalid), "nothing of it counts");
        }
    }

    #[test]
    fn noise_is_inconclusive_and_says_what_it_needs() {
        let judgement = judge(&fixture::noisy(16, 2, 5, 0.15));
        assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
        let open = judgement.tests.iter().find(|test| matches!(test.result, TestResult::Open { .. }));
        assert!(open.is_some(), "{:?}", judgement.tests);
        assert!(judgement.outcome.reason.contains("blocks"), "{}", judgement.outcome.reason);
    }

    #[test]
    fn a_blind_gate_does_not_pass() {
        // The head is steady and the copy is not: the bound is low, and yet such pairs show little.
        let mut session = fixture::noisy(16, 1, 6, 0.001);
        let mut random = Random::new(6, 0);
        for trial in session.trials.iter_mut().filter(|trial| trial.arm == Arm::Copy) {
            trial.cpu_us_per_event = trial.cpu_us_per_event.map(|figure| figure * (0.15 * random.normal()).exp());
        }
        let judgement = judge(&session);
        assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
        assert!(
            matches!(judgement.tests[0].result, TestResult::Blind { needed: Some(17..) }),
            "{:?}",
            judgement.tests[0]
        );
        assert!(judgement.outcome.reason.contains("gate blind"), "{}", judgement.outcome.reason);
    }

    #[test]
    fn too_few_blocks_say_how_many() {
        let judgement = judge(&fixture::session(8, 6, 7));
        assert_eq!(judgement.outcome.verdict, Verdict::Inconclusive);
        assert!(judgement.tests.iter().all(|test| test.result == TestResult::Few { needed: 11 }));
        assert!(judgement.outcome.reason.contains("11 blocks"), "{}", judgement.outcome.reason);
    }

    #[test]
    fn what_is_missing_is_never_green() {
        assert!(invalid(|it| it.trials.clear()).contains("missing"));
        assert!(invalid(|it| it.plan.cells.clear()).contains("no cells"));
        assert!(invalid(|it| it.plan.blocks = 0).contains("no blocks"));
        assert!(invalid(|it| it.plan.blocks = 15).contains("the plan ends"));
        assert!(invalid(|it| it.plan.blocks = 17).contains("ends early"));
        assert!(invalid(|it| it.plan.tolerated.p50 = f64::NAN).contains("tolerated"));
        assert!(invalid(|it| it.trials.retain(|trial| trial.arm != Arm::Copy)).contains("the copy of the base"));
        assert!(invalid(|it| it.trials.retain(|trial| trial.arm != Arm::Head)).contains("the head"));
        assert!(invalid(|it| it.plan.cells.truncate(1)).contains("not in the plan"));
        let renamed = invalid(|it| trial(it, 3, Arm::Head).cell.variant = "other".to_owned());
        assert!(renamed.contains("not in the plan"));
        let twice = invalid(|it| {
            let again = trial(it, 3, Arm::Head).clone();
            it.trials.push(again);
        });
        assert!(twice.contains("ran twice"));
        let cell = invalid(|it| it.plan.cells[1] = it.plan.cells[0].clone());
        assert!(cell.contains("twice"));
    }

    #[test]
    fn figures_that_cannot_be_compared_are_never_green() {
        assert!(invalid(|it| trial(it, 2, Arm::Head).cpu_us_per_event = None).contains("has no processor time"));
        assert!(invalid(|it| trial(it, 2, Arm::Base).p50_ns = None).contains("has no p50"));
        assert!(invalid(|it| trial(it, 2, Arm::Base).p50_ns = Some(0)).contains("of 0"));
        let constant = invalid(|it| it.trials.iter_mut().for_each(|trial| trial.cpu_us_per_event = Some(20.0)));
        assert!(constant.contains("every trial has the same processor time"), "{constant}");
        for figure in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            let reason = invalid(|it| trial(it, 2, Arm::Base).cpu_us_per_event = Some(figure));
            assert!(reason.contains("cannot be compared"), "{reason}");
        }
    }

    #[test]
    fn a_crash_is_never_green() {
        for (block, arm) in [(5, Arm::Head), (0, Arm::Head), (5, Arm::Base)] {
            let reason = invalid(|it| {
                let failed = trial(it, block, arm);
                (failed.status, failed.reason) = (Status::Failed, Some("the server exited".to_owned()));
                (failed.cpu_us_per_event, failed.p50_ns) = (None, None);
            });
            assert!(reason.contains("the server exited") && reason.contains(&format!("block {block}")), "{reason}");
        }
    }

    #[test]
    fn an_invalid_trial_costs_its_pair_and_too_many_the_session() {
        let lose = |session: &mut Session, blocks: u32| {
            for block in 1..=blocks {
                trial(session, block, Arm::Head).status = Status::Invalid;
            }
        };
        let mut session = fixture::session(16, 2, 1);
        lose(&mut session, 4);
        let judgement = judge(&session);
        assert_eq!(judgement.outcome.verdict, Verdict::Pass);
        assert_eq!([0, 1, 2, 3].map(|test| judgement.tests[test].head.more.pairs), [12, 12, 16, 16]);
        assert!(judgement.outcome.notes.iter().any(|note| note.contains("4 trials are invalid")));
        assert!(invalid(|it| lose(it, 5)).contains("a quarter"));
    }

    #[test]
    fn a_fixed_order_is_invalid() {
        let fixed = invalid(|it| {
            for trial in &mut it.trials {
                trial.position = [(Arm::Base, 1), (Arm::Head, 2), (Arm::Copy, 3)]
                    .iter()
                    .find(|(arm, _)| *arm == trial.arm)
                    .map_or(0, |(_, position)| *position);
            }
        });
        assert!(fixed.contains("not random"), "{fixed}");
        assert!(invalid(|it| trial(it, 3, Arm::Head).position = 7).contains("places"));
    }
}
