//! Which bytes a run read, of a file that may have been written over while the run waited or ran. Pure: no clock, no network.
//!
//! A file is looked at while its run waits, when the run has started and when it has ended. A look says what the file held
//! then; when it was last written says since when. Both together mostly say what it held from the run's start to its end.

use crate::model::{Blob, Cause, Timestamp};
use crate::store::{Phase, Read, Sighting};

/// When a run was in progress, by ComfyUI's clock.
#[derive(Debug, Clone, Copy)]
pub struct RunTime {
    /// Its start; `None` for one that never started.
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// Bytes that the file held, and while what they were seen.
#[derive(Debug, Clone)]
struct Version {
    blob: Blob,
    written_at: Option<Timestamp>,
    seen: Vec<Phase>,
}

/// When a version came, as far as its own time of writing tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    BeforeTheStart,
    DuringTheRun,
    AfterTheEnd,
    Unknown,
}

/// What a run read that has ended, by all that was seen of the file, in order; `None` when nothing was.
pub fn read(seen: &[Sighting], span: RunTime) -> Option<Read> {
    let mut versions = versions(seen);
    let last = versions.pop()?;
    let Some(before) = versions.pop() else { return Some(alone(last, span)) };
    let came = came(&last, span);
    // It was written over when the run had read it already; what it held before is all that matters.
    if came == Came::AfterTheEnd && !last.seen.contains(&Phase::Running) {
        versions.push(before);
        let seen: Vec<_> = versions.into_iter().flat_map(Version::sightings).collect();
        return read(&seen, span);
    }
    let was_seen_running = before.seen.contains(&Phase::Running);
    if came == Came::BeforeTheStart && !was_seen_running {
        return Some(Read { blob: last.blob, other: None, doubt: None });
    }
    // What was there at the start is the likelier, since files are mostly read first.
    let is_last_likelier = match came {
        Came::DuringTheRun | Came::AfterTheEnd => false,
        Came::BeforeTheStart | Came::Unknown => !was_seen_running,
    };
    let (likelier, other) = if is_last_likelier { (last, before) } else { (before, last) };
    Some(Read { blob: likelier.blob, other: Some(other.blob), doubt: Some(Cause::MaybeOverwritten.into()) })
}

/// The only bytes that were ever seen.
fn alone(version: Version, span: RunTime) -> Read {
    let was_seen_before = version.seen.contains(&Phase::Waiting) || span.started_at.is_none();
    let doubt = match came(&version, span) {
        _ if was_seen_before => None,
        Came::BeforeTheStart | Came::Unknown => None,
        Came::AfterTheEnd if !version.seen.contains(&Phase::Running) => Some(Cause::WrittenLater.into()),
        Came::DuringTheRun | Came::AfterTheEnd => Some(Cause::MaybeOverwritten.into()),
    };
    Read { blob: version.blob, other: None, doubt }
}

fn came(version: &Version, span: RunTime) -> Came {
    let Some(at) = version.written_at.map(Timestamp::as_millis) else { return Came::Unknown };
    let is_by = |end: Option<Timestamp>| end.map(|end| at <= end.as_millis());
    match (is_by(span.started_at), is_by(span.finished_at)) {
        (Some(true), _) => Came::BeforeTheStart,
        (_, Some(false)) => Came::AfterTheEnd,
        (Some(false), Some(true)) => Came::DuringTheRun,
        _ => Came::Unknown,
    }
}

/// The versions in the order in which they came; the same bytes written again are no other version.
fn versions(seen: &[Sighting]) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    for sighting in seen {
        match versions.last_mut().filter(|last| last.blob.digest == sighting.blob.digest) {
            Some(last) => last.seen.push(sighting.phase),
            None => versions.push(Version {
                blob: sighting.blob.clone(),
                written_at: sighting.written_at,
                seen: vec![sighting.phase],
            }),
        }
    }
    versions
}

impl Version {
    fn sightings(self) -> impl Iterator<Item = Sighting> {
        let Self { blob, written_at, seen } = self;
        seen.into_iter().map(move |phase| Sighting { phase, blob: blob.clone(), written_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, MediaKind};

    fn span() -> RunTime {
        RunTime { started_at: Some(Timestamp::from_millis(10_000)), finished_at: Some(Timestamp::from_millis(20_000)) }
    }

    fn blob(letter: char) -> Blob {
        let digest = Digest([u8::try_from(letter).unwrap(); 32]);
        Blob { digest, bytes: 1, kind: MediaKind::Image, mime: "image/png".into() }
    }

    /// `W a 5`: while it waited the file held `a`, which was written at 5 s; `-` where nobody says when.
    fn decide(looks: &[&str]) -> String {
        let seen: Vec<_> = looks
            .iter()
            .map(|look| {
                let parts: Vec<_> = look.split(' ').collect();
                let phase = match parts[0] {
                    "W" => Phase::Waiting,
                    "R" => Phase::Running,
                    _ => Phase::Ended,
                };
                let written_at = parts[2].parse::<f64>().ok();
                #[allow(clippy::cast_possible_truncation)]
                let written_at = written_at.map(|seconds| Timestamp::from_millis((seconds * 1000.0) as i64));
                Sighting { phase, blob: blob(parts[1].chars().next().unwrap()), written_at }
            })
            .collect();
        let read = read(&seen, span()).unwrap();
        let letter = |blob: &Blob| char::from(blob.digest.0[0]);
        let doubt = read.doubt.map(|doubt| format!(" {}", doubt.cause.code())).unwrap_or_default();
        format!("{}{}{doubt}", letter(&read.blob), read.other.iter().map(letter).collect::<String>())
    }

    #[test]
    fn what_the_file_held_from_the_start_to_the_end_is_what_the_run_read() {
        for (looks, expected) in [
            (&["W a 5", "R a 5", "E a 5"][..], "a"),
            (&["W a -", "R a -", "E a -"], "a"),
            (&["E a 5"], "a"),
            (&["E a -"], "a"),
            // Overwritten while the run waited.
            (&["W a 5", "R b 9", "E b 9"], "b"),
            (&["W a 5", "E b 9.999"], "b"),
            (&["W a 5", "E b 10"], "b"),
            // Overwritten for the next run, when this one had ended.
            (&["W a 5", "E b 21"], "a"),
            (&["R a 5", "E b 21"], "a"),
            (&["W a 5", "R b 9", "E c 21"], "b"),
            // Touched, and nothing else.
            (&["W a 5", "R a 15", "E a 25"], "a"),
            (&["W a 5"], "a"),
            (&["W a 25", "R a 25"], "a"),
        ] {
            assert_eq!(decide(looks), expected, "{looks:?}");
        }
    }

    #[test]
    fn where_it_cannot_be_known_both_are_kept_and_the_likelier_is_first() {
        for (looks, expected) in [
            // Overwritten while it ran: what was there at the start is the likelier.
            (&["W a 5", "R a 5", "E b 15"][..], "ab maybe_overwritten"),
            (&["W a 5", "E b 15"], "ab maybe_overwritten"),
            (&["W a 5", "R b 10.2", "E b 10.2"], "ab maybe_overwritten"),
            (&["W a -", "R a -", "E b -"], "ab maybe_overwritten"),
            (&["W a 5", "R b 9", "E c 15"], "bc maybe_overwritten"),
            // Nobody says when: what was seen while it ran, else what came last.
            (&["W a -", "R b -", "E b -"], "ba maybe_overwritten"),
            (&["W a -", "E b -"], "ba maybe_overwritten"),
            // An old file was moved there while it ran.
            (&["W a 5", "R a 5", "E b 1"], "ab maybe_overwritten"),
            // Only seen when it was too late.
            (&["E a 15"], "a maybe_overwritten"),
            (&["E a 10.1"], "a maybe_overwritten"),
            (&["R a 15", "E a 15"], "a maybe_overwritten"),
            (&["E a 30"], "a written_later"),
        ] {
            assert_eq!(decide(looks), expected, "{looks:?}");
        }
    }

    #[test]
    fn a_run_that_never_started_leaves_no_doubt() {
        let span = RunTime { started_at: None, finished_at: Some(Timestamp::from_millis(20_000)) };
        let seen =
            [Sighting { phase: Phase::Ended, blob: blob('a'), written_at: Some(Timestamp::from_millis(30_000)) }];
        assert_eq!(read(&seen, span).unwrap().doubt, None);
        assert_eq!(read(&[], span), None);
    }
}
