//! The report of a run. Table, page and `report.json` render only this.

use results::{schema::RunRecord, store::Run};
use serde::Serialize;

use crate::{
    advice::{self, AdviceError, Offer},
    bands,
    claims::{self, Claim},
    cost,
    encoding::{self, Factorial},
    headline,
    ranks::{self, Ranking},
    rows::{self, LoadPoint, load_points},
    slo::{self, SweepCapacity},
    validity::{self, Validity},
};

/// The report of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    /// The run.
    pub(crate) run: RunRecord,
    /// The headline.
    pub(crate) verdict: String,
    /// The injected faults in words. `None` without faults.
    pub(crate) faults: Option<String>,
    /// How far the numbers can be trusted.
    pub(crate) validity: Validity,
    /// The rules that turn numbers into words.
    pub(crate) rules: Vec<String>,
    /// Clients and servers ranked by every metric of complexity.
    pub(crate) complexity: [Ranking; 2],
    /// The rows by load, from the lightest.
    pub(crate) loads: Vec<LoadPoint>,
    /// The rows of the further rates for the cost of a delivery, from the lightest.
    #[serde(skip)]
    pub(crate) further: Vec<LoadPoint>,
    /// The capacity of each variant, per sweep.
    pub(crate) reaches: Vec<SweepCapacity>,
    /// Encoding and protocol told apart, per load that has both.
    pub(crate) factorials: Vec<Factorial>,
    /// The article's claims with their verdicts.
    pub(crate) claims: Vec<Claim>,
    /// The advice, if it was requested and the run has constants.
    pub(crate) advice: Option<Offer>,
    /// Why there is no advice although it was requested.
    pub(crate) without_advice: Option<String>,
}

impl Report {
    /// Builds the report of a run.
    pub(crate) fn from_run(run: &Run) -> Self {
        let mut loads = load_points(run);
        let further = rows::further_points(run);
        cost::attach(run, &mut loads, &further);
        let reaches = slo::reaches(&loads);
        Self {
            verdict: headline::sentence(&loads, &reaches),
            faults: validity::faults(&run.run.scenario),
            validity: validity::from_run(run),
            rules: bands::rules(),
            run: run.run.clone(),
            complexity: ranks::rank(&run.run.approaches),
            reaches,
            factorials: encoding::factorials(&loads),
            claims: claims::judge(run, &loads),
            advice: None,
            without_advice: None,
            loads,
            further,
        }
    }

    /// Builds the report of a run with advice.
    pub(crate) fn with_advice(run: &Run) -> Self {
        let report = Self::from_run(run);
        match advice::offer(run, &rows::together(&report.loads, &report.further)) {
            Ok(offer) => Self { advice: Some(offer), ..report },
            Err(error @ AdviceError::Many(_)) => Self { without_advice: Some(error.to_string()), ..report },
            Err(_) => report,
        }
    }
}
