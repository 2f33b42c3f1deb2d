//! The configuration as its users meet it: three layers in, one configuration or one line of advice out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::*;

mod access;
mod documents;
mod layers;
mod mistakes;
mod printed;
mod servers;
mod webhooks;

const FILE: &str = "/etc/recall.toml";

/// What the tests give: flags, variables, and files by path.
#[derive(Default, Clone)]
struct World {
    flags: Vec<(Setting, &'static str)>,
    variables: Vec<(&'static str, &'static str)>,
    files: BTreeMap<&'static str, String>,
}

impl World {
    fn flag(mut self, setting: Setting, text: &'static str) -> Self {
        self.flags.push((setting, text));
        self
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn toml(self, text: &str) -> Self {
        self.file(FILE, text)
    }

    fn file(mut self, path: &'static str, text: &str) -> Self {
        self.files.insert(path, text.to_owned());
        self
    }

    fn load(&self) -> Result<Effective, Error> {
        let read = |path: &Path| {
            let text = path.to_str().and_then(|path| self.files.get(path));
            text.cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        let variables = self.variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let environment = Environment {
            variables: variables.collect(),
            working_dir: "/cwd".into(),
            home: Some("/home/ada".into()),
            config_file: Some(FILE.into()),
            data_dir: Some("/home/ada/data".into()),
            read: &read,
        };
        let flags = self.flags.iter().map(|(setting, text)| Given::by_flag(*setting, (*text).to_owned()));
        super::load(flags.collect(), &environment)
    }

    fn config(&self) -> Config {
        self.load().unwrap_or_else(|error| panic!("{error}")).config
    }

    fn error(&self) -> String {
        self.load().map(|effective| effective.to_string()).unwrap_err().to_string()
    }
}

fn world() -> World {
    World::default()
}

fn header<'a>(instance: &'a ServerConfig, name: &str) -> Option<&'a str> {
    instance.headers.get(name).map(|value| value.to_str().unwrap())
}

fn output(instance: &ServerConfig) -> Option<&str> {
    instance.folders.output.as_deref().and_then(Path::to_str)
}
