//! Every number that is promised, measured in one run against something measured beside it, as a table.
//!
//! `cargo bench` measures all; `cargo bench -- backfill list` only those. Ends with 1 when a number falls short.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a bench that can't go on stops")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "for people")]

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "api/main.rs"]
mod api;
mod backfill;
mod document;
mod events;
mod export;
mod facts;
#[path = "find/main.rs"]
mod find;
mod kept;
mod latency;
mod list;
mod memory;
mod quiet;
mod recording;
mod remembered;
mod servers;
mod site;
mod start;
mod table;
mod thumbs;
mod transfer;

use std::process::ExitCode;

use table::Row;

fn main() -> ExitCode {
    // Cargo passes `--bench`; what is left are names of parts.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(async {
        let mut rows = Vec::new();
        measure(&wanted, "latency", &mut rows, latency::measure()).await;
        measure(&wanted, "backfill", &mut rows, backfill::measure()).await;
        measure(&wanted, "kept", &mut rows, kept::measure()).await;
        measure(&wanted, "transfer", &mut rows, transfer::measure()).await;
        measure(&wanted, "list", &mut rows, list::measure()).await;
        measure(&wanted, "document", &mut rows, document::measure()).await;
        measure(&wanted, "thumbs", &mut rows, thumbs::measure()).await;
        measure(&wanted, "recording", &mut rows, recording::measure()).await;
        measure(&wanted, "servers", &mut rows, servers::measure()).await;
        measure(&wanted, "remembered", &mut rows, remembered::measure()).await;
        measure(&wanted, "find", &mut rows, find::measure()).await;
        measure(&wanted, "api", &mut rows, api::measure()).await;
        measure(&wanted, "export", &mut rows, export::measure()).await;
        measure(&wanted, "start", &mut rows, start::measure()).await;
        measure(&wanted, "events", &mut rows, events::measure()).await;
        measure(&wanted, "memory", &mut rows, memory::measure()).await;
        measure(&wanted, "quiet", &mut rows, quiet::measure()).await;
        measure(&wanted, "facts", &mut rows, facts::measure()).await;
        rows
    });
    table::print(&rows);
    if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(wanted: &[String], part: &str, rows: &mut Vec<Row>, measuring: impl Future<Output = Vec<Row>>) {
    if wanted.is_empty() || wanted.iter().any(|name| name == part) {
        eprintln!("measuring: {part}");
        rows.extend(measuring.await);
    }
}
