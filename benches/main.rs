//! Every number that is promised, measured in one run against something measured beside it, as a table.
//!
//! `cargo bench` measures all; `cargo bench -- backfill list` only those. Ends with 1 when a number falls short or a part
//! fails: the others' numbers are told all the same. `--reindex` has `find` index its runs anew.

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
mod hostile;
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

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use table::{Measured, Row};

type Measuring = Pin<Box<dyn Future<Output = Vec<Row>>>>;
type Part = (&'static str, fn() -> Measuring);

/// All there are. None takes up what another leaves: each can be measured alone.
const PARTS: [Part; 19] = [
    ("latency", || Box::pin(latency::measure())),
    ("backfill", || Box::pin(backfill::measure())),
    ("kept", || Box::pin(kept::measure())),
    ("transfer", || Box::pin(transfer::measure())),
    ("list", || Box::pin(list::measure())),
    ("document", || Box::pin(document::measure())),
    ("thumbs", || Box::pin(thumbs::measure())),
    ("recording", || Box::pin(recording::measure())),
    ("servers", || Box::pin(servers::measure())),
    ("remembered", || Box::pin(remembered::measure())),
    ("find", || Box::pin(find::measure())),
    ("api", || Box::pin(api::measure())),
    ("export", || Box::pin(export::measure())),
    ("start", || Box::pin(start::measure())),
    ("events", || Box::pin(events::measure())),
    ("memory", || Box::pin(memory::measure())),
    ("quiet", || Box::pin(quiet::measure())),
    ("facts", || Box::pin(facts::measure())),
    ("hostile", || Box::pin(hostile::measure())),
];

/// What tasks of a part have to end in, before the next is measured.
const END: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let parts = match chosen(std::env::args().skip(1)) {
        Ok(parts) => parts,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let measured: Vec<Measured> = parts.into_iter().map(measure).collect();
    table::print(&measured);
    if measured.iter().all(Measured::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The parts that are named, in the order of all; without a name, all.
fn chosen(arguments: impl Iterator<Item = String>) -> Result<Vec<Part>, String> {
    // Cargo passes `--bench`.
    let (options, names): (Vec<String>, Vec<String>) = arguments.partition(|argument| argument.starts_with('-'));
    if let Some(option) = options.iter().find(|option| !["--bench", "--reindex"].contains(&option.as_str())) {
        return Err(format!("there is no option {option}; there is --reindex"));
    }
    if let Some(name) = names.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        return Err(format!("no part is called {name}; there are: {}", PARTS.map(|(part, _)| part).join(", ")));
    }
    let is_chosen = |part: &Part| names.is_empty() || names.iter().any(|name| name == part.0);
    Ok(PARTS.into_iter().filter(is_chosen).collect())
}

/// Measures a part in a runtime of its own: what one that failed left running ends with it.
fn measure((part, measuring): Part) -> Measured {
    eprintln!("measuring: {part}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rows = catch_unwind(AssertUnwindSafe(|| runtime.block_on(measuring())));
    runtime.shutdown_timeout(END);
    Measured { part, rows: rows.map_err(|panic| said(&*panic)) }
}

/// What a panic said.
fn said(panic: &dyn Any) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it said nothing").to_owned()
}
