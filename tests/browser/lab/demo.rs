//! A history to look at where there is no ComfyUI: `./run` shows it. Every now and then a further run ends.

use std::time::Duration;

use comfy_recall::browser;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::{Lab, Setup};

/// What is in the store, and how large its pictures are, where nobody says it: painted in 5 s by an unoptimised build.
const RUNS: u32 = 160;
const SIDE: u32 = 320;

const PAUSE: Duration = Duration::from_secs(20);

impl Setup {
    pub fn for_people(self) -> Self {
        let seed = if self.seed == 0 { RUNS } else { self.seed };
        Self { seed, side: self.side.max(SIDE), ..self }
    }
}

/// Says where it is, opens it, and goes on until Ctrl+C.
pub async fn show(lab: &mut Lab) {
    let url = lab.daemon.url().to_owned();
    println!("A made-up history is at {url}\nIt is kept nowhere. Stop it with Ctrl+C.");
    let has_display = cfg!(any(windows, target_os = "macos"))
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()));
    if has_display && let Err(error) = browser::open(&url) {
        eprintln!("No browser could be opened: {error}");
    }
    let mut due = interval(PAUSE);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due.tick().await;
    for seed in 1_000_000_u64.. {
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => return stopped.unwrap(),
            _ = due.tick() => {}
        }
        let picture = json!({"filename": format!("demo_{seed}_.png"), "content": {"picture": {"seed": seed, "width": SIDE, "height": SIDE}}});
        let order = json!({"do": "run", "run": {"seed": seed, "outputs": [picture]}});
        lab.obey(serde_json::from_value(order).unwrap()).await;
    }
}
