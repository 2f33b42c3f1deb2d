//! Which of the files that the watcher took belong to a run, and what adds them to it.

use super::unclaimed::{RunSpan, UnclaimedFiles, WrittenFiles};
use crate::intake::names;
use crate::model::{Blob, FileRef, MediaKind, Role, Status, StatusReason, Timestamp};
use crate::store::{NewAttachment, NewContent, Save};

/// Gives a run that ended the files that were taken before: those its nodes report, with the bytes they had then, and
/// those that no node reports.
pub(super) fn claim_reported(unclaimed: &UnclaimedFiles, save: &mut Save) {
    let run = span(save);
    for attachment in save.attachments.iter_mut().filter(|attachment| attachment.role == Role::Output) {
        let (file, told) = match &attachment.content {
            NewContent::Wanted(file) => (file, None),
            NewContent::Named(file, told) => (file, Some(told.as_str())),
            NewContent::Stored(..) | NewContent::Missing(..) | NewContent::Text(_) => continue,
        };
        let mut places = names::places(file, Role::Output, told).into_iter();
        let taken = places.find_map(|place| Some((unclaimed.take(&place.tidied(), run.finished_at)?, place)));
        if let Some((blob, place)) = taken {
            attachment.kind = blob.kind;
            let name = if told.is_some() { place } else { file.clone() };
            attachment.content = NewContent::Stored(name, blob);
        }
    }
    save.attachments.extend(unclaimed.take_written(&run, may_claim).into_iter().map(found));
}

/// Whether a run may have a file that no node reported. Of those in the temp folder, only what a run left that didn't come
/// to its end: nodes that did have reported what they wanted seen.
pub(super) fn may_claim(run: &Save, file: &FileRef) -> bool {
    run.status_reason != Some(StatusReason::Dequeued) && (run.status != Status::Completed || file.folder != "temp")
}

/// A file that was found in a folder. It joins what a node reports under its name, in whatever order they come.
fn found((file, blob): (FileRef, Blob)) -> NewAttachment {
    NewAttachment {
        role: Role::Output,
        node_id: None,
        key: "files".into(),
        kind: MediaKind::Other,
        content: NewContent::Stored(file, blob),
    }
}

/// What adds files to a run.
pub(super) fn with_files(WrittenFiles { row, files }: WrittenFiles) -> Save {
    Save { attachments: files.into_iter().map(found).collect(), ..row }
}

/// When a run was in progress: until now, if it is.
pub(super) fn span(run: &Save) -> RunSpan {
    let row = Save {
        id: run.id,
        status_reason: run.status_reason,
        ..Save::new(run.prompt_id.clone(), run.status, run.created_at)
    };
    let started_at = run.started_at.unwrap_or(run.created_at);
    RunSpan { row, started_at, finished_at: run.finished_at.unwrap_or_else(Timestamp::now) }
}
