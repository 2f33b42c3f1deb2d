//! The error that ended a run, as its page shows it.

use crate::export::{Course, Nodes, given, texts};
use crate::model::ErrorSummary;

/// Inputs of the failed node that are shown, and how much of each: it may have been given a picture.
const MOST_INPUTS: usize = 50;
const INPUT_BYTES: usize = 2_000;

/// The error that ended the run.
#[derive(Debug)]
pub struct FailurePanel {
    /// What was raised, and where.
    pub error: ErrorSummary,
    /// What the node's owner called it.
    pub node_title: Option<String>,
    /// Where in the code.
    pub traceback: String,
    /// What the node was given.
    pub inputs: Vec<(String, String)>,
}

impl FailurePanel {
    /// Gathers what the prompt and the result say of an error.
    pub fn new(error: ErrorSummary, nodes: &Nodes, course: &Course<'_>) -> Self {
        Self {
            node_title: nodes.get(error.node_id.as_deref()).title.clone(),
            traceback: texts(course.traceback).concat(),
            inputs: given(course.current_inputs, MOST_INPUTS, INPUT_BYTES),
            error,
        }
    }

    /// The node in words: its title, else its class.
    pub fn node_name(&self) -> Option<&str> {
        self.node_title.as_deref().or(self.error.node_type.as_deref())
    }

    /// The class of the node, where its title doesn't say it already.
    pub fn named_type(&self) -> Option<&str> {
        let title = self.node_title.as_deref()?;
        self.error.node_type.as_deref().filter(|kind| *kind != title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_node_is_said_once() {
        let failure = |title: Option<&str>| FailurePanel {
            error: ErrorSummary { node_id: None, node_type: Some("KSampler".into()), kind: None, message: None },
            node_title: title.map(str::to_owned),
            traceback: String::new(),
            inputs: Vec::new(),
        };
        assert_eq!(failure(None).named_type(), None);
        assert_eq!(failure(Some("KSampler")).named_type(), None);
        assert_eq!(failure(Some("采样")).named_type(), Some("KSampler"));
    }
}
