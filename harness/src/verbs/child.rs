//! The common part of `serve` and `work` as children of the coordinator: they end with it, read their plan from it,
//! and report to it.

use std::net::SocketAddr;

use anyhow::anyhow;
use approaches::registry::{self, Approach};
use serde::de::DeserializeOwned;

use super::output;
use crate::{
    agent::{
        message::AgentEvent,
        process::{Control, become_child},
    },
    failure::Failure,
};

/// Runs a child on its own runtime. Reports failures to the coordinator.
pub(super) fn run<Plan: DeserializeOwned, Life: Future<Output = anyhow::Result<()>>>(
    needs: fn(&Plan) -> (usize, &str, SocketAddr),
    live: impl FnOnce(&'static Approach, Plan, Control) -> Life,
) -> Result<(), Failure> {
    become_child().map_err(|error| Failure::Internal(error.into()))?;
    let (plan, control) = Control::open::<Plan>().map_err(Failure::usage)?;
    let reporter = control.reporter();
    let (threads, name, address) = needs(&plan);
    if !is_here(address) {
        let message = format!("{address} is not a loopback address, and load goes nowhere else");
        reporter.report(&AgentEvent::Failed { message: message.clone() });
        return Err(Failure::usage(anyhow!(message)));
    }
    let runtime = output::threads(threads).map_err(|error| Failure::Internal(error.into()))?;
    let name = name.to_owned();
    let lived = match registry::find(&name) {
        Some(approach) => runtime.block_on(live(approach, plan, control)),
        None => Err(anyhow!("this build has no approach `{name}`")),
    };
    if let Err(error) = lived {
        reporter.report(&AgentEvent::Failed { message: format!("{error:#}") });
    }
    // Tasks that still run need no orderly end, because the process ends.
    runtime.shutdown_background();
    Ok(())
}

/// Returns whether the address is on this machine.
fn is_here(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_accepts_only_loopback_addresses() {
        for address in ["127.0.0.1:80", "127.7.7.7:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(is_here(address.parse().unwrap()), "{address}");
        }
        for address in ["192.0.2.1:80", "0.0.0.0:80", "[::]:80", "[2001:db8::1]:80", "[::ffff:192.0.2.1]:80"] {
            assert!(!is_here(address.parse().unwrap()), "{address}");
        }
    }
}
