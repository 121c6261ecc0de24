//! A run as its readers get it: every figure made once. Table, page and `report.json` print this and nothing else.

use results::{schema::RunRecord, store::Run};
use serde::Serialize;

use crate::{
    advice::{self, AdviceError, Offer},
    bands,
    claims::{self, Claim},
    headline,
    ranks::{self, Ranking},
    rows::{LoadPoint, load_points},
    slo::{self, SweepCapacity},
    validity::{self, Validity},
};

/// Everything that is said of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    /// What the page is about.
    pub(crate) run: RunRecord,
    /// One sentence or a few.
    pub(crate) verdict: String,
    /// Says that faults were injected, and which; none in a run that measures.
    pub(crate) faults: Option<String>,
    /// What stands behind the numbers.
    pub(crate) validity: Validity,
    /// The rules that turn numbers into words.
    pub(crate) rules: Vec<String>,
    /// The halves of the approaches by every single metric of complexity: clients, then servers.
    pub(crate) complexity: [Ranking; 2],
    /// One for each load, from the lightest.
    pub(crate) loads: Vec<LoadPoint>,
    /// How far each variant meets the objective, one for each way in which the loads are a sweep.
    pub(crate) reaches: Vec<SweepCapacity>,
    /// The article's, with what became of them.
    pub(crate) claims: Vec<Claim>,
    /// What is advised by these figures, where it was asked for; none where they give no constants.
    pub(crate) advice: Option<Offer>,
    /// Why nothing is advised although it was asked for; none where it is, or where there is nothing to advise by.
    pub(crate) without_advice: Option<String>,
}

impl Report {
    /// Makes every figure of a run.
    pub(crate) fn from_run(run: &Run) -> Self {
        let loads = load_points(run);
        let reaches = slo::reaches(&loads);
        Self {
            verdict: headline::sentence(&run.run, &loads, &reaches),
            faults: validity::faults(&run.run.scenario),
            validity: validity::from_run(run),
            rules: bands::rules(),
            run: run.run.clone(),
            complexity: ranks::rank(&run.run.approaches),
            reaches,
            claims: claims::judge(run, &loads),
            advice: None,
            without_advice: None,
            loads,
        }
    }

    /// The same, with what is advised by it.
    pub(crate) fn with_advice(run: &Run) -> Self {
        let report = Self::from_run(run);
        match advice::offer(run, &report.loads) {
            Ok(offer) => Self { advice: Some(offer), ..report },
            Err(error @ AdviceError::Many(_)) => Self { without_advice: Some(error.to_string()), ..report },
            Err(_) => report,
        }
    }
}
