//! From what ComfyUI says to what is written down: the words of the wire become those of the store, secrets are replaced.

use std::borrow::Cow;
use std::sync::Arc;

use super::inputs::{InputFile, files_read};
use super::names;
use super::outputs::{NodeOutput, OutputItem, node_outputs};
use crate::comfy::{Ended, HistoryEntry, QueueItem, Submission, run_state};
use crate::json::{SecretFilter, Secrets, Submitted};
use crate::model::{
    Document, DocumentKind, ErrorSummary, FileRef, GenerationId, MediaKind, Role, Status, StatusReason, Timestamp,
};
use crate::store::{Known, NewAttachment, NewContent, Save};
use crate::{facts, media};

/// Turns runs into rows.
#[derive(Debug, Clone)]
pub struct Describer {
    /// What passes texts without secrets; `None` when secrets are kept.
    pub secret_filter: Option<Arc<SecretFilter>>,
    /// The time to put where ComfyUI gives none.
    pub now: Timestamp,
}

impl Describer {
    /// A run that waits or runs, with everything that was submitted.
    pub fn queued(&self, item: &QueueItem, id: Option<GenerationId>) -> Save {
        let extra = item.submission.extra_without_workflow();
        let secrets = self.secrets(&item.submission, &extra, [""; 2]);
        let mut save = self.submitted(&item.submission, &secrets, id, self.now);
        if item.is_running {
            save.status = Status::InProgress;
            save.started_at = Some(self.now);
        }
        save
    }

    /// A run that ended. What was submitted is written again only when it isn't there yet.
    pub fn ended(&self, entry: &HistoryEntry, id: Option<GenerationId>) -> Save {
        let extra = entry.submission.extra_without_workflow();
        let mut secrets = self.secrets(&entry.submission, &extra, [entry.outputs(), entry.status()]);
        let started = run_state(entry.status()).started_at.unwrap_or(self.now);
        let mut save = match id {
            None => self.submitted(&entry.submission, &secrets, None, started),
            Some(_) => bare(&entry.submission, &secrets, id, started),
        };
        secrets.learn(entry.outputs(), entry.status());
        let status = secrets.other(entry.status());
        let state = run_state(&status);
        (save.status, save.status_reason, save.error) = match state.ended {
            Ended::Completed => (Status::Completed, None, None),
            Ended::Interrupted => (Status::Cancelled, Some(StatusReason::Interrupted), None),
            Ended::Failed(failure) => {
                let error = ErrorSummary {
                    node_id: failure.node_id,
                    node_type: failure.node_type,
                    kind: failure.exception_type,
                    message: failure.message,
                };
                (Status::Failed, None, Some(error))
            }
        };
        save.started_at = state.started_at;
        save.finished_at = Some(state.finished_at.unwrap_or(self.now));
        let result = HistoryEntry::result(&secrets.outputs(entry.outputs()), &status, &secrets.other(entry.meta()));
        save.documents.push(Document { kind: DocumentKind::Result, json: result });
        let given = node_outputs(entry.outputs()).into_iter();
        save.attachments.extend(given.map(|item| output(item, &secrets)));
        save
    }

    /// A change of a row that is there, learned without its JSON.
    pub fn changed(&self, row: &Known, status: Status, reason: Option<StatusReason>) -> Save {
        Save {
            id: Some(row.id),
            status_reason: reason,
            started_at: (status == Status::InProgress).then_some(self.now),
            finished_at: (!status.is_open()).then_some(self.now),
            ..Save::new(row.prompt_id.clone(), status, row.created_at)
        }
    }

    /// What was submitted. Files are asked for by the names that the run knows them by, whatever else is replaced.
    fn submitted(&self, run: &Submission, secrets: &Secrets<'_>, id: Option<GenerationId>, seen_at: Timestamp) -> Save {
        let mut save = bare(run, secrets, id, seen_at);
        let prompt = secrets.prompt();
        let read = files_read(run.prompt()).into_iter();
        save.attachments = read.filter_map(|file| input(file, secrets)).collect();
        save.model = facts::model(&prompt);
        save.documents.push(document(DocumentKind::Prompt, prompt));
        save.documents.extend(run.workflow().map(|_| document(DocumentKind::Workflow, secrets.workflow())));
        save.documents.push(document(DocumentKind::Extra, secrets.extra()));
        save
    }

    /// Finds the secrets of a run; `result`: the texts that came when it ended.
    fn secrets<'a>(&self, run: &'a Submission, extra: &'a str, result: [&str; 2]) -> Secrets<'a> {
        let submitted = Submitted { prompt: run.prompt(), workflow: run.workflow().unwrap_or_default(), extra };
        match &self.secret_filter {
            Some(secret_filter) => secret_filter.secrets(submitted, result),
            None => Secrets::keep_all(submitted),
        }
    }
}

/// A row of a run without any of its texts and files.
fn bare(run: &Submission, secrets: &Secrets<'_>, id: Option<GenerationId>, seen_at: Timestamp) -> Save {
    Save {
        id,
        number: run.number,
        client_id: run.client_id.clone(),
        workflow_id: run.workflow_id.clone(),
        workflow_name: run.workflow_name.as_ref().map(|name| secrets.text("", name).into_owned()),
        outputs_to_execute: run.outputs_to_execute().map(str::to_owned),
        ..Save::new(run.prompt_id.clone(), Status::Pending, run.created_at.unwrap_or(seen_at))
    }
}

fn document(kind: DocumentKind, json: Cow<'_, str>) -> Document {
    Document { kind, json: json.into_owned() }
}

fn output(item: OutputItem, secrets: &Secrets<'_>) -> NewAttachment {
    let shown = |text: String| {
        let shown = Some(secrets.text(&item.key, &text)).filter(|shown| *shown != text).map(Cow::into_owned);
        shown.unwrap_or(text)
    };
    let (kind, content) = match item.content {
        NodeOutput::File(named) => content(named, None),
        NodeOutput::Named(named, text) => content(named, Some(shown(text))),
        NodeOutput::Text(text) => (MediaKind::Text, NewContent::Text(shown(text))),
    };
    NewAttachment { role: Role::Output, node_id: Some(item.node_id), key: item.key, kind, content }
}

fn input(read: InputFile, secrets: &Secrets<'_>) -> Option<NewAttachment> {
    // What stands under a secret's name is no file, whatever it ends with.
    if secrets.hides(&read.key) {
        return None;
    }
    let told = read.told.map(|told| secrets.text(&read.key, &told).into_owned());
    let (kind, content) = content(read.file, told);
    // A word that only looked like a name is no file that was read.
    let is_file = content.file().is_some();
    is_file.then_some(NewAttachment { role: Role::Input, node_id: Some(read.node_id), key: read.key, kind, content })
}

/// A file that is to be fetched, if any of its name can be; `told`: the text that may be its name.
fn content(file: FileRef, told: Option<String>) -> (MediaKind, NewContent) {
    let kind = media::guess(&file.filename);
    let content = match (names::refusal(&file), told) {
        (Some(reason), None) => NewContent::Missing(file, reason),
        (Some(_), Some(text)) => return (MediaKind::Text, NewContent::Text(text)),
        (None, Some(text)) => NewContent::Named(file, text),
        (None, None) => NewContent::Wanted(file),
    };
    (kind, content)
}
