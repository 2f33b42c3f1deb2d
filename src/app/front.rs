//! What stands between the daemon and whoever started it: the line that says it is ready, words for people beside the log,
//! the browser.

use std::fmt;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::browser;
use crate::store::Upgrade;

pub type Announce = Box<dyn Fn(&str) -> anyhow::Result<()> + Send + Sync>;

/// Says one line to people.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// The process that the daemon runs in.
pub struct Front {
    /// Prints on stdout, for programs.
    pub announce: Announce,
    /// Says something to people.
    pub voice: Voice,
    /// Whether the page is to be opened.
    pub opens: bool,
    /// Whether a browser could be shown.
    pub has_display: bool,
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front").field("opens", &self.opens).finish_non_exhaustive()
    }
}

impl Front {
    /// Opens the page where that was asked for. Where it can't be, the log says what to do instead.
    pub(super) fn open(&self, address: &str) {
        if !self.opens {
            return;
        }
        if !self.has_display {
            tracing::warn!("there is no display to open a browser on; open {address} on a machine that has one");
        } else if let Err(error) = browser::open(address) {
            tracing::warn!("the browser couldn't be opened ({error}); open {address} yourself");
        }
    }
}

/// Who speaks to people, beside the log. Clones speak to the same ones.
#[derive(Clone, Default)]
pub struct Voice {
    /// Says one line; `None` where programs read the log, or nobody wants to hear.
    pub say: Option<Say>,
    /// Whether somebody sees it as it is said: then there are bars.
    pub is_watched: bool,
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").field("is_watched", &self.is_watched).finish_non_exhaustive()
    }
}

impl Voice {
    /// Whether anybody hears.
    pub(super) fn is_heard(&self) -> bool {
        self.say.is_some()
    }

    /// Says a line.
    pub(super) fn say(&self, line: &str) {
        if let Some(say) = &self.say {
            say(line);
        }
    }

    /// A bar where somebody watches, else nothing. It is gone when it is finished.
    pub(super) fn bar(&self, length: u64, template: &str) -> ProgressBar {
        let is_seen = self.is_heard() && self.is_watched;
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(length), target).with_style(style)
    }
}

/// Tells of an update of the records.
pub(super) fn tell_of_upgrade(voice: &Voice) -> impl FnMut(Upgrade) + use<> {
    let voice = voice.clone();
    let mut bar = ProgressBar::hidden();
    move |upgrade| match upgrade {
        Upgrade::Copying { done: 0, bytes } => {
            bar = voice.bar(bytes, "{bar:40} copying recall.db: {decimal_bytes} of {decimal_total_bytes}");
        }
        Upgrade::Copying { done, .. } => bar.set_position(done),
        Upgrade::Migrating { kept, runs } => {
            bar.finish_and_clear();
            let (kept, runs) = (kept.display(), if runs == 1 { "1 run is".into() } else { format!("{runs} runs are") });
            tracing::info!(
                "{runs} being upgraded, which takes half a minute for a million; a copy of the old recall.db is kept as {kept}"
            );
            bar = voice.bar(0, "{spinner} {elapsed}");
            if voice.is_watched {
                bar.enable_steady_tick(std::time::Duration::from_millis(200));
            }
        }
        Upgrade::Done => {
            bar.finish_and_clear();
            tracing::info!("all runs are upgraded");
        }
    }
}
