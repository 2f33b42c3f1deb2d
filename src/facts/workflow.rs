//! The packs of custom nodes that a workflow says it needs.

use std::borrow::Cow;

use crate::json::{Scanner, unquote};

/// Packs looked for; real workflows name a dozen.
const MOST_PACKS: usize = 256;

/// The packs that the nodes of a workflow come from, by the registry's id or the repository (`properties.cnr_id`,
/// `properties.aux_id`), those of subgraphs too. ComfyUI's own aren't named.
pub fn custom_nodes(workflow: &str) -> Vec<String> {
    let mut packs = Packs { scanner: Scanner::new(workflow), found: Vec::new() };
    packs.in_object(|packs, key| match key {
        "nodes" => packs.in_array(Packs::node),
        "definitions" => packs
            .in_object(|packs, key| if key == "subgraphs" { packs.in_array(Packs::subgraph) } else { packs.skip() }),
        _ => packs.skip(),
    });
    packs.found
}

/// Walks through a workflow once: they are long, and most of what they say is of no matter here.
struct Packs<'a> {
    scanner: Scanner<'a>,
    found: Vec<String>,
}

impl<'a> Packs<'a> {
    fn subgraph(&mut self) {
        self.in_object(|packs, key| if key == "nodes" { packs.in_array(Packs::node) } else { packs.skip() });
    }

    fn node(&mut self) {
        self.in_object(|packs, key| if key == "properties" { packs.properties() } else { packs.skip() });
    }

    fn properties(&mut self) {
        let (mut registered, mut repository) = (None, None);
        self.in_object(|packs, key| match key {
            "cnr_id" => registered = packs.text(),
            "aux_id" => repository = packs.text(),
            _ => packs.skip(),
        });
        let pack = [registered, repository].into_iter().flatten().find(|pack| !pack.is_empty());
        let is_new = |pack: &str| pack != "comfy-core" && !self.found.iter().any(|known| known == pack);
        if let Some(pack) = pack.filter(|pack| is_new(pack) && self.found.len() < MOST_PACKS) {
            self.found.push(pack.into_owned());
        }
    }

    /// Goes through the members of the object that comes next; `each` steps over its value.
    fn in_object(&mut self, mut each: impl FnMut(&mut Self, &str)) {
        if !self.scanner.enter(b'{') {
            return self.skip();
        }
        while let Some(key) = self.scanner.key() {
            each(self, &key);
        }
    }

    /// Goes through the elements of the array that comes next; `each` steps over one.
    fn in_array(&mut self, mut each: impl FnMut(&mut Self)) {
        if !self.scanner.enter(b'[') {
            return self.skip();
        }
        while self.scanner.has_element() {
            let before = self.scanner.offset();
            each(self);
            // What no value begins with can't be stepped over.
            if self.scanner.offset() == before {
                return;
            }
        }
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        self.scanner.value().and_then(unquote)
    }

    fn skip(&mut self) {
        self.scanner.value();
    }
}
