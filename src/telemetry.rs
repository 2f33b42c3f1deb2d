//! The log: our own lines from the configured level on, those of our dependencies from `warn` on, all to stderr.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{Log, LogFormat, LogLevel};

/// Starts the log of this process. Fails when there is one already.
pub fn start(log: Log) -> Result<(), TryInitError> {
    let registry = tracing_subscriber::registry().with(filter(log.level));
    match log.format {
        LogFormat::Text => {
            let is_wanted = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
            // Asked for, an old console of Windows learns to obey them, or says that it can't.
            let is_colored = is_wanted && (!cfg!(windows) || console::Term::stderr().features().colors_supported());
            registry.with(fmt::layer().with_writer(io::stderr).with_ansi(is_colored)).try_init()
        }
        LogFormat::Json => {
            registry.with(fmt::layer().with_writer(io::stderr).json().flatten_event(true)).try_init()?;
            // What Rust would say by itself is no JSON.
            std::panic::set_hook(Box::new(|broken| tracing::error!(panic = %broken, "a part of comfy-recall broke")));
            Ok(())
        }
    }
}

fn filter(level: LogLevel) -> Targets {
    let ours = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(ours.min(LevelFilter::WARN)).with_target("comfy_recall", ours)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn dependencies_are_heard_from_warn_on_and_never_louder_than_we_are() {
        for (level, ours, theirs) in [
            (LogLevel::Error, Level::ERROR, Level::ERROR),
            (LogLevel::Info, Level::INFO, Level::WARN),
            (LogLevel::Trace, Level::TRACE, Level::WARN),
        ] {
            let filter = filter(level);
            for (target, least) in [("comfy_recall::recorder", ours), ("hyper::proto", theirs)] {
                for asked in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
                    assert_eq!(filter.would_enable(target, &asked), asked <= least, "{level:?} {target} {asked}");
                }
            }
        }
    }
}
