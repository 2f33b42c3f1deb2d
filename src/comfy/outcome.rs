//! What a history entry says of a run's end: how it ended, and when.

use super::wire::{millis, text};
use crate::json::{elements, members, unquote};
use crate::model::Timestamp;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    Completed,
    /// A node raised an error.
    Failed(RunFailure),
    Interrupted,
}

/// The error of a run: `execution_error`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFailure {
    /// `node_id`
    pub node_id: Option<String>,
    /// `node_type`
    pub node_type: Option<String>,
    /// `exception_type`
    pub exception_type: Option<String>,
    /// `exception_message`
    pub message: Option<String>,
}

/// What `status` of a history entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    pub ended: Ended,
    /// `execution_start`
    pub started_at: Option<Timestamp>,
    /// `execution_success`, `execution_error` or `execution_interrupted`
    pub finished_at: Option<Timestamp>,
}

/// Reads `status` of a history entry. Interrupted runs say `error` too; only their messages tell them apart.
pub fn run_state(status: &str) -> RunState {
    let mut state = RunState { ended: Ended::Completed, started_at: None, finished_at: None };
    let mut is_ended_by_message = false;
    for (key, value) in members(status) {
        match key.as_ref() {
            "status_str" if !is_ended_by_message && value == r#""error""# => {
                state.ended = Ended::Failed(RunFailure::default());
            }
            "messages" => {
                for event in elements(value) {
                    is_ended_by_message |= state.read(event);
                }
            }
            _ => {}
        }
    }
    state
}

impl RunState {
    /// Takes in one `[event, data]`; whether it says how the run ended.
    fn read(&mut self, event: &str) -> bool {
        let mut parts = elements(event);
        let (Some(name), Some(data)) = (parts.next().and_then(unquote), parts.next()) else { return false };
        let timestamp = members(data).filter(|(key, _)| key == "timestamp").find_map(|(_, value)| millis(value));
        match name.as_ref() {
            "execution_start" => {
                self.started_at = timestamp;
                return false;
            }
            "execution_success" => self.ended = Ended::Completed,
            "execution_error" => self.ended = Ended::Failed(RunFailure::read(data)),
            "execution_interrupted" => self.ended = Ended::Interrupted,
            _ => return false,
        }
        self.finished_at = timestamp;
        true
    }
}

impl RunFailure {
    fn read(data: &str) -> Self {
        let mut failure = Self::default();
        for (key, value) in members(data) {
            let field = match key.as_ref() {
                "node_id" => &mut failure.node_id,
                "node_type" => &mut failure.node_type,
                "exception_type" => &mut failure.exception_type,
                "exception_message" => &mut failure.message,
                _ => continue,
            };
            *field = text(value).or_else(|| (value != "null").then(|| value.to_owned()));
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupted_is_not_failed_and_a_missing_status_is_not_an_error() {
        let interrupted = r#"{"status_str":"error","completed":false,"messages":[["execution_start",{"timestamp":5}],["execution_interrupted",{"timestamp":9}]]}"#;
        let at = |millis| Some(Timestamp::from_millis(millis));
        assert_eq!(
            run_state(interrupted),
            RunState { ended: Ended::Interrupted, started_at: at(5), finished_at: at(9) }
        );
        assert_eq!(run_state(r#"{"status_str":"error","messages":[]}"#).ended, Ended::Failed(RunFailure::default()));
        for status in ["", "null", r#"{"status_str":"success"}"#] {
            assert_eq!(run_state(status), RunState { ended: Ended::Completed, started_at: None, finished_at: None });
        }
        let failed = r#"{"messages":[["execution_error",{"node_id":3,"node_type":"K","exception_message":"a\nb","exception_type":null,"timestamp":1.5}]],"status_str":"error"}"#;
        let failure = RunFailure {
            node_id: Some("3".into()),
            node_type: Some("K".into()),
            exception_type: None,
            message: Some("a\nb".into()),
        };
        assert_eq!(run_state(failed), RunState { ended: Ended::Failed(failure), started_at: None, finished_at: at(1) });
    }

    proptest::proptest! {
        #[test]
        fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\1 é]|"messages"|"execution_error"|"filename"){0,40}"#) {
            let _ = run_state(&text);
        }
    }
}
