//! The packs of custom nodes that a workflow says it needs.

use crate::json::{elements, members, unquote};

/// Packs looked for; real workflows name a dozen.
const MOST_PACKS: usize = 256;

/// The packs that the nodes of a workflow come from, by the registry's id or the repository (`properties.cnr_id`,
/// `properties.aux_id`), those of subgraphs too. ComfyUI's own aren't named.
pub fn custom_nodes(workflow: &str) -> Vec<String> {
    let mut packs = Vec::new();
    for (name, value) in members(workflow.trim_start()) {
        match &*name {
            "nodes" => packs_of(value, &mut packs),
            "definitions" => {
                let subgraphs = members(value).filter(|(name, _)| name == "subgraphs");
                for subgraph in subgraphs.flat_map(|(_, list)| elements(list)) {
                    let nodes = members(subgraph).filter(|(name, _)| name == "nodes");
                    nodes.for_each(|(_, list)| packs_of(list, &mut packs));
                }
            }
            _ => {}
        }
    }
    packs
}

fn packs_of(nodes: &str, packs: &mut Vec<String>) {
    for node in elements(nodes) {
        let Some((_, properties)) = members(node).find(|(name, _)| name == "properties") else { continue };
        let mut found = [None, None];
        for (name, value) in members(properties) {
            match &*name {
                "cnr_id" => found[0] = unquote(value),
                "aux_id" => found[1] = unquote(value),
                _ => {}
            }
        }
        let pack = found.into_iter().flatten().find(|pack| !pack.is_empty());
        let is_new = |pack: &str| pack != "comfy-core" && !packs.iter().any(|known| known == pack);
        if let Some(pack) = pack.filter(|pack| is_new(pack) && packs.len() < MOST_PACKS) {
            packs.push(pack.into_owned());
        }
    }
}
