//! A person at a command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::daemon::program;

/// Where commands are given: a data folder, and nothing of the user's own configuration.
#[derive(Debug)]
pub struct Shell {
    data: PathBuf,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub error: String,
}

impl Shell {
    pub fn on(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The command, ready to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.env_clear().env("HOME", &self.data).env("TZ", "UTC").env("RECALL_DATA_DIR", &self.data);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) }
    }

    /// What a command says that must go well, and without a word beside it.
    pub fn done(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!((said.code, said.error.as_str()), (0, ""), "{arguments:?} said {}", said.out);
        said.out
    }

    /// The one line of a command that must fail with this code.
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{arguments:?} said {}", said.error);
        assert_eq!(said.error.lines().count(), 1, "{}", said.error);
        said.error
    }

    /// Lines of JSON.
    #[allow(dead_code, reason = "for the commands to come")]
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        self.done(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
