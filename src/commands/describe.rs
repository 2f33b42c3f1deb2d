//! `completions` and `man`: the command line as shells and readers know it. They need no configuration.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap_complete::Shell;

use super::error::Error;
use super::numbers::count;
use super::terminal::Terminal;
use crate::cli::{self, Describe};

/// Writes what is asked for.
///
/// # Errors
/// The folder of pages can't be written, or the output.
pub fn describe(what: &Describe, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    match what {
        Describe::Completions { shell } => completions(*shell, terminal)?,
        Describe::Man { dir: None } => {
            let mut page = Vec::new();
            clap_mangen::Man::new(cli::command()).render(&mut page).context("write the page")?;
            terminal.out.write_all(&page)?;
        }
        Describe::Man { dir: Some(dir) } => pages(dir, terminal)?,
    }
    Ok(terminal.out.flush()?)
}

fn completions(shell: Shell, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "comfy-recall", &mut script);
    Ok(terminal.out.write_all(&script)?)
}

fn pages(dir: &Path, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    let write = || {
        fs::create_dir_all(dir)?;
        clap_mangen::generate_to(cli::command(), dir)?;
        let pages = fs::read_dir(dir)?.filter_map(Result::ok);
        Ok::<_, std::io::Error>(
            pages.filter(|page| page.file_name().to_string_lossy().starts_with("comfy-recall")).count(),
        )
    };
    let written = write().with_context(|| format!("write the pages to {}", dir.display()))?;
    writeln!(terminal.out, "wrote {} to {}", count(written as u64, "page"), dir.display())?;
    Ok(())
}
