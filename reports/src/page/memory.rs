//! Memory per client: user space of each end, and the kernel's memory for both.

use results::format::{self, or_none};

use super::{
    canvas::style,
    chart,
    markup::{self, Cell},
};
use crate::{merge::ClientMemory, rows::LoadPoint};

const HEADINGS: [&str; 9] = [
    "Approach",
    "Server, idle",
    "Server, at the window's start",
    "Server, active",
    "Client, idle",
    "Client, at the window's start",
    "Client, active",
    "Kernel, both ends, idle",
    "Kernel, both ends, active",
];

/// Renders the table with its heading. The text is empty if no row has values.
pub(super) fn figure(point: &LoadPoint) -> String {
    let measured = chart::measured(point);
    let memories = measured.iter().filter_map(|row| Some((*row, row.merged.as_ref()?.memory)));
    let rows: Vec<Vec<Cell>> = memories
        .map(|(row, memory)| [vec![markup::name(style(row), &row.variant, "")], cells(&memory)].concat())
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let title = "Memory of one client";
    let caption = format!("{title}, with {}", crate::headline::describe(&point.load));
    let explained = "Growth over the idle processes, mean of the rounds. Idle: all have subscribed and nothing is \
                     published yet; active: at the end of the window. What grows between the window’s start and its end \
                     grows with time. Server and client are user space. The kernel’s \
                     memory cannot be told apart by end, and below 30,000 clients not at all.";
    let table = markup::table("figures", &caption, &HEADINGS, &rows);
    markup::figure(title, explained, &table)
}

fn cells(memory: &ClientMemory) -> Vec<Cell> {
    [
        memory.server_idle_bytes,
        memory.server_opened_bytes,
        memory.server_bytes,
        Some(memory.client_idle_bytes),
        Some(memory.client_opened_bytes),
        Some(memory.client_bytes),
        memory.kernel_idle_bytes,
        memory.kernel_bytes,
    ]
    .map(|bytes| Cell::number(&or_none(bytes, format::bytes), bytes))
    .into()
}
