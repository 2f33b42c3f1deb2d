//! `config`: what holds and where it comes from; and where no ComfyUI is configured, which of them answer now.

use super::{Error, Screen, threads};
use crate::comfy;
use crate::config::Effective;

pub(super) fn config(effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    write!(screen.out, "{effective}")?;
    let ports = &effective.config.looks_at;
    if ports.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    writeln!(screen.out, "\n# comfyui: not configured; looked for on this machine, at ports {}", list.join(", "))?;
    let found = threads()?.block_on(async { comfy::distinct(comfy::look(&comfy::on_this_machine(ports)).await, &[]) });
    match found.is_empty() {
        true => writeln!(screen.out, "# comfyui: none answers now")?,
        false => found
            .iter()
            .filter_map(comfy::Found::url)
            .try_for_each(|url| writeln!(screen.out, "# comfyui: found {url}"))?,
    }
    Ok(())
}
