//! What stands in the inputs of a node in the end, as the facts have it.

use super::eval::{Eval, Known};
use super::graph::{Graph, Place, Value};

impl<'a> Graph<'a> {
    /// A number as it was written, without the noise of floats: `0.30000000000000004` is 0.3.
    pub fn number(&self, place: Place, name: &str) -> Option<String> {
        match Eval::new(self).input(place, name)? {
            Known::Number(number) => Some(without_noise(&number)),
            _ => None,
        }
    }

    /// The first of those inputs that is a number.
    pub fn first_number(&self, place: Place, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.number(place, name))
    }

    /// A text; blank ones count as none.
    pub fn text(&self, place: Place, name: &str) -> Option<String> {
        self.text_of(self.value(place, name)?)
    }

    /// The first of those inputs that is a text.
    pub fn first_text(&self, place: Place, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(place, name))
    }

    /// The text that a value is; blank ones count as none.
    pub fn text_of(&self, value: Value<'a>) -> Option<String> {
        let text = Eval::new(self).known(value)?.text()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    /// A flag, through the nodes that hold it.
    pub fn flag(&self, place: Place, name: &str) -> Option<bool> {
        Eval::new(self).input(place, name)?.is_true()
    }
}

/// A float that JavaScript summed up carries noise in its last digits; whole numbers stay digit for digit.
pub(super) fn without_noise(number: &str) -> String {
    let is_noisy = number.contains('.') && number.len() > 12;
    match number.parse::<f64>().ok().filter(|_| is_noisy) {
        Some(float) => {
            let rounded = format!("{float:.6}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => number.strip_suffix(".0").unwrap_or(number).to_owned(),
    }
}
