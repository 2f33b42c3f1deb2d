//! `list`: the history, newest first, page by page: what is found is written before the rest is looked for.

use std::collections::HashMap;

use anyhow::Context as _;
use serde_json::value::to_raw_value;

use super::error::Error;
use super::fields::{Run, Template};
use super::history::{base, read, threads};
use super::narrow;
use super::table::Table;
use super::terminal::Terminal;
use crate::cli::ListArguments;
use crate::config::Effective;
use crate::export::json::Item;
use crate::facts;
use crate::model::{Limit, Start};
use crate::search::Narrow;
use crate::store::History;

/// What each line of a pipe has, with tabs between.
const COLUMNS: [&str; 7] = ["id", "created_at", "status", "duration_ms", "model", "outputs_count", "text"];

/// Runs that are looked for at first; more at once would have somebody wait.
const FIRST: u64 = 50;

/// How a run is written.
enum ListForm {
    Table(Option<Table>, usize),
    Lines(Template),
    /// The text: what stands before addresses.
    Json(String),
}

impl ListForm {
    fn of(list: &ListArguments, effective: &Effective, terminal: &Terminal<'_>) -> Result<Self, Error> {
        if list.json {
            return Ok(Self::Json(base(effective).to_owned()));
        }
        match (&list.format, terminal.width) {
            (Some(format), _) => Template::parse(format).map(Self::Lines),
            (None, Some(width)) => Ok(Self::Table(None, width)),
            (None, None) => Template::tabs(&COLUMNS).map(Self::Lines),
        }
    }

    fn needs_facts(&self) -> bool {
        match self {
            Self::Table(..) | Self::Json(_) => true,
            Self::Lines(template) => template.needs_facts(),
        }
    }
}

pub(super) fn list(list: &ListArguments, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let narrow = narrow::narrow(("QUERY", Some(&list.query.join(" "))), ("--to", list.to.as_deref()), &list.narrowing)?;
    let form = ListForm::of(list, effective, terminal)?;
    let most = if list.all { u64::MAX } else { list.limit };
    let store = read(effective)?;
    threads()?.block_on(async {
        narrow::know_server(&store, &narrow).await?;
        write(&store, &narrow, form, most, terminal).await
    })
}

async fn write(
    store: &History,
    narrow: &Narrow,
    mut form: ListForm,
    most: u64,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    let filter = narrow.filter();
    let (mut start, mut written) = (Start::Newest, 0);
    let mut is_more = most == 0;
    while written < most {
        let at_once = if written == 0 { FIRST } else { u64::MAX };
        let page = store.list(filter.clone(), start, Limit::up_to(at_once.min(most - written))).await?;
        let mut facts = HashMap::new();
        if form.needs_facts() {
            let ids = page.items.iter().map(|run| run.id).collect();
            facts.extend(store.of_prompts(ids, |_, prompt| facts::read(prompt)).await?);
        }
        let runs: Vec<_> = page.items.into_iter().map(|row| Run { facts: facts.remove(&row.id), row }).collect();
        written += runs.len() as u64;
        write_page(store, &mut form, &runs, narrow, terminal).await?;
        terminal.out.flush()?;
        is_more = page.next.is_some();
        let Some(next) = page.next else { break };
        start = Start::Older(next);
    }
    tell_the_rest(store, narrow, written, is_more, terminal).await
}

async fn write_page(
    store: &History,
    form: &mut ListForm,
    runs: &[Run],
    narrow: &Narrow,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    match form {
        ListForm::Lines(template) => {
            for run in runs {
                writeln!(terminal.out, "{}", template.line(run))?;
            }
        }
        ListForm::Json(base) => {
            for run in runs {
                let facts = run.facts.as_ref().map(to_raw_value).transpose().context("write a run as JSON")?;
                let item = Item::new(&run.row, facts.as_deref(), base);
                let json = serde_json::to_string(&item).context("write a run as JSON")?;
                terminal.json(&format!("{json}\n"))?;
            }
        }
        ListForm::Table(table, width) if !runs.is_empty() => {
            if table.is_none() {
                let has_instances = store.has_several_instances().await?;
                let first = Table::new(runs, *width, has_instances, narrow.zone, terminal.is_colored);
                writeln!(terminal.out, "{}", first.header())?;
                *table = Some(first);
            }
            for (table, run) in table.iter().flat_map(|table| runs.iter().map(move |run| (table, run))) {
                writeln!(terminal.out, "{}", table.line(run))?;
            }
        }
        ListForm::Table(..) => {}
    }
    Ok(())
}

/// What a reader of the list should know of what isn't in it.
async fn tell_the_rest(
    store: &History,
    narrow: &Narrow,
    written: u64,
    is_more: bool,
    terminal: &mut Terminal<'_>,
) -> Result<(), Error> {
    if is_more {
        terminal.hint(format_args!("there are more; use --limit N or --all to see them"))?;
    } else if written == 0 {
        terminal.hint(format_args!("no matching runs"))?;
    }
    if !narrow.search.is_empty() {
        let waiting = store.index_progress().await?.waiting;
        if waiting > 0 {
            terminal.warn(format_args!(
                "{} indexed yet, so searches may miss some; a running comfy-recall indexes by itself",
                if waiting == 1 { "1 run isn't".to_owned() } else { format!("{waiting} runs aren't") }
            ))?;
        }
    }
    Ok(())
}
