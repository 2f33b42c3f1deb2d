//! What asks us to stop.

use tokio::sync::mpsc;

/// Hears whatever asks this process to stop, one message each; the second one counts too.
pub(super) fn listen() -> anyhow::Result<mpsc::Receiver<()>> {
    let mut signals = Signals::listen()?;
    let (tell, stops) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            signals.next().await;
            if tell.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(stops)
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Ctrl-C and Ctrl-Break, the closed window, the end of the session and of the machine.
#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    terminate: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use tokio::signal::windows;
        let what = "listen for console events";
        Ok(Self {
            interrupt: windows::ctrl_c().context(what)?,
            terminate: windows::ctrl_break().context(what)?,
            close: windows::ctrl_close().context(what)?,
            logoff: windows::ctrl_logoff().context(what)?,
            shutdown: windows::ctrl_shutdown().context(what)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.close.recv() => {}
            _ = self.logoff.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

#[cfg(not(any(unix, windows)))]
struct Signals;

#[cfg(not(any(unix, windows)))]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
