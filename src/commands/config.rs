//! `config`: what holds and where it comes from; and where no ComfyUI is configured, which of them answer now.

use super::error::Error;
use super::history::threads;
use super::terminal::Terminal;
use crate::comfy;
use crate::config::Effective;

pub(super) fn config(effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    write!(terminal.out, "{effective}")?;
    let ports = &effective.config.looks_at;
    if ports.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    writeln!(terminal.out, "\n# comfyui: not configured; looked for on this machine, at ports {}", list.join(", "))?;
    let found = threads()?.block_on(async { comfy::distinct(comfy::look(&comfy::on_this_machine(ports)).await, &[]) });
    match found.is_empty() {
        true => writeln!(terminal.out, "# comfyui: none answers now")?,
        false => found
            .iter()
            .filter_map(comfy::Found::url)
            .try_for_each(|url| writeln!(terminal.out, "# comfyui: found {url}"))?,
    }
    Ok(())
}
