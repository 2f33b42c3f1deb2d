//! Notes that the daemon is running, so that the next one knows since when none was.
//!
//! A crash is dated by the last note: at most five minutes early while runs are recorded, at most an hour while nothing
//! happens. So an idle daemon writes once an hour and lets a disk sleep in between. An orderly stop is noted to the second.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::live::{Live, Position};
use crate::model::{Event, Timestamp};
use crate::pace::{Events, Heard};
use crate::store::Store;

const WHILE_BUSY: Duration = Duration::from_secs(5 * 60);
const WHILE_IDLE: Duration = Duration::from_secs(60 * 60);

/// Notes it now, now and then, and at `shutdown`. When the last daemon was at work must have been asked before.
pub async fn run_heartbeat(store: Store, live: Live, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        note(&store).await;
        let mut events = Events::from(live.events());
        tokio::select! {
            () = due(&mut events) => {}
            () = shutdown.cancelled() => {}
        }
    }
    note(&store).await;
}

/// A disk that refuses it is told of by those who have more to lose.
async fn note(store: &Store) {
    if let Err(error) = store.note_alive(Timestamp::now()).await {
        tracing::debug!(%error, "not noted that we are at work");
    }
}

/// Returns when it is time for another note.
async fn due(events: &mut Events<(Position, Event)>) {
    sleep(WHILE_BUSY).await;
    // What was recorded meanwhile waits here, or was too much to wait.
    let is_recorded = |heard| matches!(heard, Heard::Missed | Heard::Event((_, Event::Generation { .. })));
    events.wait_for(WHILE_IDLE - WHILE_BUSY, is_recorded).await;
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::model::{GenerationId, InstanceName, Status};

    #[tokio::test(start_paused = true)]
    async fn a_busy_daemon_is_noted_every_five_minutes_and_an_idle_one_every_hour() {
        let live = Live::default();
        let mut events = Events::from(live.events());
        let start = Instant::now();
        live.publish(Event::Instance { name: InstanceName::default() });
        due(&mut events).await;
        assert_eq!(start.elapsed(), WHILE_IDLE, "a heartbeat is no work");

        live.publish(Event::Generation { id: GenerationId(1), status: Status::Completed });
        due(&mut events).await;
        assert_eq!(start.elapsed(), WHILE_IDLE + WHILE_BUSY);
    }
}
