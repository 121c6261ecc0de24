//! What a need takes as its clients grow: cores and memory of the servers, and machines of a stated size.

use results::{
    format::{self, WIDTH, or_none, plain},
    sanitize,
};
use serde::Serialize;

use super::{
    filters::{self, Reason},
    front,
    model::{Beyond, Models},
    need::Need,
    numbers::{rate, two_digits},
};

/// Numbers of clients that are budgeted for.
pub(crate) const CLIENTS: [f64; 5] = [1e3, 1e4, 1e5, 1e6, 1e7];
/// Share of the cores and of the memory of a machine that a plan may use. The rest is for peaks and for the system.
const PLANNED: f64 = 0.7;
const GIB: f64 = (1_u64 << 30) as f64;

/// The size of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MachineSize {
    /// Cores.
    pub cores: f64,
    /// Memory, in GiB.
    pub gib: f64,
}

impl Default for MachineSize {
    fn default() -> Self {
        Self { cores: 8.0, gib: 32.0 }
    }
}

/// What a need takes at several numbers of clients.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// The need. Its number of clients is not used.
    pub need: Need,
    /// The machines that are counted.
    pub machine: MachineSize,
    /// One line per candidate that the need does not rule out for its facts.
    pub lines: Vec<BudgetLine>,
}

/// What one candidate takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetLine {
    /// Name of the candidate.
    pub name: String,
    /// Position in the registry.
    pub order: usize,
    /// Typical factor by which the model is off in CPU time. `None` if the run has too few loads to say.
    pub error: Option<f64>,
    /// Clients that were measured, fewest and most.
    pub measured_clients: [f64; 2],
    /// Events per second and client that were measured, fewest and most.
    pub measured_rates: [f64; 2],
    /// One for each of the numbers of clients. `None` if no poll interval meets the staleness.
    pub amounts: Vec<Option<Amount>>,
}

/// What a number of clients takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Amount {
    /// Clients.
    pub clients: f64,
    /// Cores of the servers.
    pub cores: f64,
    /// Memory of the servers in user space, in GiB.
    pub gib: f64,
    /// Machines, by whichever of the two runs out first.
    pub machines: f64,
    /// Whether clients, events per client or interval lie outside of what was measured.
    pub extrapolated: bool,
}

/// Computes what a need takes.
#[must_use]
pub fn budget(models: &Models, need: &Need, machine: MachineSize) -> Budget {
    let lines = models.models.iter().filter_map(|model| {
        let amount = |clients: f64| {
            let prediction = front::prediction(model, &Need { clients, ..*need }, f64::INFINITY);
            let (cores, gib) = (prediction.server_cores?, prediction.server_memory_bytes / GIB);
            let machines = ((cores / machine.cores).max(gib / machine.gib) / PLANNED).ceil().max(1.0);
            let extrapolated = prediction.extrapolated.iter().any(|beyond| *beyond != Beyond::Cores);
            Some(Amount { clients, cores, gib, machines, extrapolated })
        };
        let reasons = filters::reasons(model, need, &front::prediction(model, need, f64::INFINITY));
        let amounts = CLIENTS.map(amount).to_vec();
        let has_line = !reasons.into_iter().any(Reason::is_of_facts) && amounts.iter().any(Option::is_some);
        has_line.then(|| BudgetLine {
            name: model.name.clone(),
            order: model.order,
            error: model.error,
            measured_clients: model.measured.clients,
            measured_rates: model.measured.events_per_client,
            amounts,
        })
    });
    Budget { need: *need, machine, lines: lines.collect() }
}

impl Budget {
    /// Says what the table shows and how far it can be trusted.
    pub(crate) fn explanation(&self) -> String {
        let MachineSize { cores, gib } = self.machine;
        format!(
            "Servers only, with {} events a second for each client: cores, GiB of user space, and how many machines of {} cores \
             and {} GiB that takes if {} of each is used. ×: typical factor by which the model is off in CPU time, found by leaving out each \
             measured load in turn. *: extrapolated; it takes cost as proportional to clients and events from there on, and \
             counts no kernel memory (about 10 KB for each connection), no network and no imbalance between machines.",
            rate(self.need.events_per_client),
            format::plain(cores),
            format::plain(gib),
            format::percent(PLANNED)
        )
    }

    /// Says what was measured. `None` without a line.
    pub(crate) fn measured(&self) -> Option<String> {
        let range = |of: fn(&BudgetLine) -> [f64; 2]| {
            let all = self.lines.iter().map(of);
            all.reduce(|[least, most], [low, high]| [least.min(low), most.max(high)])
        };
        let [fewest, most] = range(|line| line.measured_clients)?;
        let [slowest, fastest] = range(|line| line.measured_rates)?;
        let clients = if fewest == most { plain(most) } else { format!("{} to {}", plain(fewest), plain(most)) };
        let rates = if slowest == fastest { rate(fastest) } else { format!("{} to {}", rate(slowest), rate(fastest)) };
        Some(format!("Measured: {clients} clients with {rates} events a second each."))
    }
}

impl Amount {
    /// Formats cores, GiB and machines, in the order of the headings.
    pub(crate) fn parts(&self) -> [String; 3] {
        [amount(self.cores), amount(self.gib), two_digits(self.machines)]
    }

    /// Returns the mark of an extrapolation.
    pub(crate) fn mark(&self) -> &'static str {
        if self.extrapolated { "*" } else { "" }
    }
}

/// Formats an amount with two digits. Nobody budgets for less than a tenth of a core or of a GiB.
fn amount(amount: f64) -> String {
    if amount < 0.1 { "<0.1".to_owned() } else { two_digits(amount) }
}

/// Formats a number of clients, as in a heading.
pub(crate) fn clients(clients: f64) -> String {
    if clients < 1e6 { plain(clients) } else { format!("{} million", plain(clients / 1e6)) }
}

/// Renders the table of a budget for the terminal. The text is empty without a line.
pub(super) fn render(budget: &Budget) -> String {
    let Some(measured) = budget.measured() else { return String::new() };
    let heading = |first: &str, second: &str, of: &dyn Fn(f64) -> String| -> Vec<String> {
        [first.to_owned(), second.to_owned()].into_iter().chain(CLIENTS.iter().map(|clients| of(*clients))).collect()
    };
    let mut lines = vec![
        heading("approach", "model", &|number| clients(number)),
        heading("", "×", &|_| "cores/GiB/machines".to_owned()),
    ];
    for line in &budget.lines {
        let error = or_none(line.error, format::significant);
        let amounts = line
            .amounts
            .iter()
            .map(|amount| or_none(*amount, |amount| format!("{}{}", amount.parts().join("/"), amount.mark())));
        let name = sanitize::short(&sanitize::text(&line.name));
        lines.push([name, error].into_iter().chain(amounts).collect());
    }
    let lines: Vec<[String; CLIENTS.len() + 2]> = lines.into_iter().filter_map(|line| line.try_into().ok()).collect();
    let explained = format::wrapped(&format!("{} {measured}", budget.explanation()), WIDTH, "  ", "  ");
    format!("\nwhat it takes as clients grow:\n{}{explained}", format::aligned(&lines, 2, WIDTH))
}
