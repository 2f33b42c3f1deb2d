//! The words that stand for values. All other words that people read are in the templates.

use crate::model::{AttachmentState, MediaKind, Status, StatusReason};

/// A status, on a badge.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "Waiting",
        Status::InProgress => "Running",
        Status::Completed => "Completed",
        Status::Failed => "Failed",
        Status::Cancelled => "Cancelled",
        Status::Lost => "Lost",
    }
}

/// Why a run has no result, where that needs to be said.
pub fn why(status: Status, reason: Option<StatusReason>) -> Option<&'static str> {
    match (status, reason) {
        (_, Some(StatusReason::Interrupted)) => Some("Somebody stopped it while it ran."),
        (_, Some(StatusReason::Dequeued)) => Some("It was taken out of the queue before it ran."),
        (_, Some(StatusReason::ComfyuiRestarted)) => {
            Some("ComfyUI ended while it waited or ran, or its history was cleared.")
        }
        (_, Some(StatusReason::HistoryDeleted)) => {
            Some("It ended, but was deleted from ComfyUI's history before its result could be read.")
        }
        (Status::Lost, None) => Some("ComfyUI went away with it."),
        (Status::Pending, None) => Some("It waits in ComfyUI's queue."),
        (Status::InProgress, None) => Some("ComfyUI works on it."),
        (Status::Completed | Status::Failed | Status::Cancelled, None) => None,
    }
}

/// Where files stand of which nothing is here.
pub fn files_state(state: AttachmentState) -> &'static str {
    match state {
        AttachmentState::Pending => "Being fetched",
        AttachmentState::Stored => "Kept",
        AttachmentState::Missing => "Files gone",
    }
}

/// A kind of file.
pub fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "Image",
        MediaKind::Video => "Video",
        MediaKind::Audio => "Audio",
        MediaKind::Text => "Text",
        MediaKind::Model3d => "3D model",
        MediaKind::Other => "File",
    }
}
