//! Secrets among the values of widgets in an editor's workflow, which stand in a list without their names.

use std::borrow::Cow;

use super::looks;
use super::names::Telling;
use super::spots::{OpenObject, SpotWalk, hides, place};
use crate::json::scan::{elements, members, unquote};

impl<'a> SpotWalk<'_, 'a> {
    /// The values of a node's widgets: by the names beside them, by what the prompt tells of that node, or, of a node that
    /// the prompt doesn't hold, by their looks.
    pub(super) fn widgets(&mut self, object: &OpenObject, widgets: &'a str) {
        let inputs = object.inputs.clone().map_or("", |inputs| &self.json[inputs]);
        let Some(budget) = self.budget.checked_sub(inputs.len() + widgets.len()) else { return };
        self.budget = budget;
        let tellings: Vec<Telling> =
            elements(inputs).filter_map(widget).map(|name| self.names.telling(&name)).collect();
        let values: Vec<&str> = elements(widgets).collect();
        let mut named = values.iter().filter(|value| !is_control(value));
        let is_exact = named.clone().count() == tellings.len();
        for (telling, value) in tellings.iter().zip(&mut named) {
            // Where names are missing it isn't sure which value is whose.
            let telling = if is_exact { *telling } else { (*telling).min(Telling::Doubt) };
            if hides(telling, value) {
                self.found.spots.push(place(self.json, value));
            }
        }
        let id = object.id.clone().map(|id| &self.json[id]).map(|id| unquote(id).unwrap_or(Cow::Borrowed(id)));
        let is_off = object.mode.clone().is_some_and(|mode| matches!(&self.json[mode], "2" | "4"));
        let is_known = id.as_ref().is_some_and(|id| self.nodes.all.contains(id));
        for value in values {
            let is_told = id.as_ref().is_some_and(|id| self.nodes.secrets.contains(&(id.clone(), value)));
            let is_nameless = (is_off || !is_known) && !is_exact && looks_like_a_key(value);
            if is_told || is_nameless {
                self.found.spots.push(place(self.json, value));
            }
        }
    }
}

/// The name of the widget that an input of an editor's node has.
fn widget(input: &str) -> Option<Cow<'_, str>> {
    let (_, widget) = members(input).find(|(key, _)| key == "widget")?;
    members(widget).find(|(key, _)| key == "name").and_then(|(_, name)| unquote(name))
}

/// A seed's widget is followed by the one that says how it changes, which has no input.
fn is_control(value: &str) -> bool {
    matches!(value, r#""fixed""# | r#""randomize""# | r#""increment""# | r#""decrement""#)
}

/// Whether a value without a name is a key: of one word, random, and no name of a file.
fn looks_like_a_key(json: &str) -> bool {
    unquote(json).is_some_and(|text| {
        (20..=512).contains(&text.len()) && !text.contains(['/', '\\', '.', '[']) && looks::is_random(&text)
    })
}
