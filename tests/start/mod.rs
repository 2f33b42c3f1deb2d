//! The first start and those after it: looking for ComfyUI, what people are told, the page, a place that is taken.

mod found;
mod place;
mod told;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use comfy_recall::app::{self, Front, Voice};
use comfy_recall::config::{self, Effective, Environment, Given, Setting};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::support::comfyui::ComfyUi;
use crate::support::{DEADLINE, client};

/// The daemon in this process, with ports to look at that are ours: the usual ones of this machine may be anybody's.
struct Here {
    data: Arc<TempDir>,
    url: String,
    said: Arc<Mutex<Vec<String>>>,
    stop: mpsc::Sender<()>,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// Where nobody named a ComfyUI: these ports are looked at, and the first one is what is assumed while there is none.
fn looking_at(data: &Path, ports: &[u16]) -> Effective {
    let flags = [(Setting::DataDir, data.to_str().unwrap()), (Setting::Listen, "127.0.0.1:0")];
    let flags = flags.map(|(setting, text)| Given::by_flag(setting, text.to_owned()));
    let here = Environment {
        variables: Vec::new(),
        working_dir: data.to_owned(),
        home: None,
        config_file: None,
        data_dir: None,
        read: &|path| fs::read_to_string(path),
    };
    let mut effective = config::load(flags.into(), &here).unwrap();
    let config = &mut effective.config;
    assert_eq!(config.looks_at[0], 8188, "nobody named one");
    config.looks_at = ports.to_vec();
    config.comfyui[0].url.set_port(Some(ports[0])).unwrap();
    effective
}

impl Here {
    /// Named no ComfyUI, it looks at these ports.
    async fn looking_at(data: &Arc<TempDir>, ports: &[u16]) -> Self {
        let config = looking_at(data.path(), ports).config;
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let (tell_ready, mut ready) = mpsc::unbounded_channel();
        let hearing = Arc::clone(&said);
        let voice = Voice {
            say: Some(Arc::new(move |line: &str| hearing.lock().unwrap().push(line.to_owned()))),
            is_watched: false,
        };
        let announce = move |line: &str| Ok(tell_ready.send(line.to_owned())?);
        let front = Front { announce: Box::new(announce), voice, opens: false, has_display: false };
        let (stop, stops) = mpsc::channel(2);
        let serving = tokio::spawn(app::serve(config, front, stops));
        let line = timeout(DEADLINE, ready.recv()).await.unwrap().expect("it didn't start");
        let url = line.trim().strip_prefix("comfy-recall listening on ").unwrap().to_owned();
        Self { data: Arc::clone(data), url, said, stop, serving }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    async fn json(&self, path: &str) -> Value {
        client().get(format!("{}{path}", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// Name, address and state of each server.
    async fn servers(&self) -> Vec<(String, String, String)> {
        let answer = self.json("/api/v1/instances").await;
        let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let all = answer["items"].as_array().unwrap().iter();
        all.map(|it| (text(it, "name"), text(it, "url"), text(it, "state"))).collect()
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let mut ticks = interval(Duration::from_millis(20));
        let looking = async {
            loop {
                ticks.tick().await;
                assert!(!self.serving.is_finished(), "waited for {what}, but it ended");
                if let Some(found) = look(self).await {
                    return found;
                }
            }
        };
        match timeout(DEADLINE, looking).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}; {:?}; it said:\n{}", self.servers().await, self.said()),
        }
    }

    /// Waits until all of these are recorded, and nobody else.
    async fn until_connected(&self, expected: &[(&str, &ComfyUi)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, comfy)| ((*name).to_owned(), format!("{}/", comfy.url()), "connected".to_owned()))
            .collect();
        self.until(&format!("{expected:?}"), async |here| (here.servers().await == expected).then_some(())).await;
    }

    async fn until_said(&self, words: &str) {
        self.until(words, async |here| here.said().contains(words).then_some(())).await;
    }

    async fn end(self) {
        self.stop.send(()).await.unwrap();
        timeout(DEADLINE, self.serving).await.unwrap().unwrap().unwrap();
    }
}

fn new_data() -> Arc<TempDir> {
    Arc::new(TempDir::with_prefix("recall-").unwrap())
}

/// A folder for the `PATH` with an `xdg-open` that writes down what it is to open.
fn browser() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let opened = folder.path().join("opened");
    script(&folder.path().join("xdg-open"), &format!("printf '%s\\n' \"$1\" >> '{}'\n", opened.display()));
    (folder, opened)
}

fn script(path: &Path, body: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, format!("#!/bin/sh\n{body}")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
