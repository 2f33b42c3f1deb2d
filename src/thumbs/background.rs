//! Thumbnails of what was just recorded, before anybody asks: newest first, and only while nobody who asked is waiting.

use std::collections::{BTreeSet, VecDeque};

use tokio::sync::broadcast::Receiver;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Error, Thumbs, can_be_seen, work};
use crate::live::Position;
use crate::model::{Blob, Event, GenerationId, Status};
use crate::pace::{Events, Heard};

/// Runs that may wait. Of a history that is read at once, the newest; the others get theirs when they are looked at.
const MOST_RUNS: usize = 256;

/// Outputs of one run.
const MOST_OUTPUTS: usize = 64;

/// Makes thumbnails of the outputs of every run that is told of, until `shutdown`.
pub async fn run(thumbs: Thumbs, events: Receiver<(Position, Event)>, shutdown: CancellationToken) {
    let mut events = Events::from(events);
    let mut waiting = WaitingThumbs::default();
    let mut making = JoinSet::new();
    loop {
        let may_begin = !waiting.is_empty() && making.len() < work::background_workers();
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            heard = events.next() => match heard {
                Some(Heard::Event((_, event))) => waiting.hear(&event),
                // What was missed is made when it is asked for.
                Some(Heard::Missed) => {}
                None => break,
            },
            Some(made) = making.join_next() => note(made),
            () = thumbs.until_unasked(), if may_begin => {
                if let Some(blob) = next(&thumbs, &mut waiting).await {
                    let thumbs = thumbs.clone();
                    making.spawn(async move { thumbs.prepare(blob).await });
                }
            }
        }
    }
}

/// The next file.
async fn next(thumbs: &Thumbs, waiting: &mut WaitingThumbs) -> Option<Blob> {
    if waiting.files.is_empty() {
        let newest = waiting.runs.pop_last()?;
        match thumbs.0.store.stored_outputs(newest, MOST_OUTPUTS).await {
            Ok(outputs) => waiting.files.extend(outputs.into_iter().filter(|output| can_be_seen(output.kind))),
            Err(error) => note(Ok(Err(error.into()))),
        }
    }
    waiting.files.pop_front()
}

/// A thumbnail that can't be made now is made when it is asked for.
fn note(made: Result<Result<(), Error>, JoinError>) {
    match made {
        Ok(Ok(())) | Ok(Err(Error::GivenUp | Error::Gone)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "no thumbnail in the background"),
        Err(error) => tracing::warn!(%error, "the making of a thumbnail broke"),
    }
}

/// What is to be made.
#[derive(Debug, Default)]
struct WaitingThumbs {
    runs: BTreeSet<GenerationId>,
    /// Of the run that was begun last.
    files: VecDeque<Blob>,
}

impl WaitingThumbs {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.files.is_empty()
    }

    fn hear(&mut self, event: &Event) {
        // A run that waits has no files.
        let Event::Generation { id, status } = event else { return };
        if *status == Status::Pending {
            return;
        }
        self.runs.insert(*id);
        if self.runs.len() > MOST_RUNS {
            self.runs.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_runs_the_newest_wait() {
        let mut waiting = WaitingThumbs::default();
        for id in [5, 900, 3].into_iter().chain(10..700) {
            waiting.hear(&Event::Generation { id: GenerationId(id), status: Status::Completed });
        }
        waiting.hear(&Event::Generation { id: GenerationId(1000), status: Status::Pending });
        waiting.hear(&Event::Instance { name: "gpu".parse().unwrap() });
        assert_eq!(waiting.runs.len(), MOST_RUNS);
        assert_eq!((waiting.runs.first(), waiting.runs.last()), (Some(&GenerationId(445)), Some(&GenerationId(900))));
    }
}
