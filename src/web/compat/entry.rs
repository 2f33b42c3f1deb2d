//! A run in the shape of ComfyUI's history and queue, put together again from the texts that are kept of it. Values of all
//! texts stay as ComfyUI wrote them, but for secrets, and for Python's bare words, which are null.

use std::borrow::Cow;

use super::write::{ObjectWriter, member, number, quoted, strict};
use crate::json::{Scanner, elements, members, unquote};
use crate::model::{DocumentKind, FileRef, MediaKind, Status, StatusReason, Timestamp, Told};

/// What an entry needs.
pub const ALL: &[DocumentKind] = &DocumentKind::ALL;

/// What an item of the queue needs.
pub const SUBMITTED: &[DocumentKind] = &[DocumentKind::Prompt, DocumentKind::Workflow, DocumentKind::Extra];

/// What the end of a run needs.
pub const ENDED: &[DocumentKind] = &[DocumentKind::Result];

/// The node of files that were found in a folder: nobody knows which wrote them.
const NOBODY: &str = "comfy-recall";

/// `"prompt_id": {"prompt": …, "outputs": …, "status": …, "meta": …}`: a member of `/history`.
pub fn history(run: &Told) -> String {
    let end = End::of(run);
    let mut text = with_room(run);
    text.push_str(&quoted(run.prompt_id.as_str()));
    text.push_str(": ");
    let mut entry = ObjectWriter::behind(text);
    write_item(entry.member("prompt"), run, &end);
    entry.json("outputs", &end.outputs).json("status", &end.status).json_if("meta", end.meta.as_deref());
    entry.finish()
}

/// `[number, prompt_id, prompt, extra_data, outputs_to_execute]`: an item of `/queue`.
pub fn item(run: &Told) -> String {
    let mut text = with_room(run);
    write_item(&mut text, run, &End::of(run));
    text
}

/// An empty text that takes all documents of a run without growing.
fn with_room(run: &Told) -> String {
    String::with_capacity(run.bytes() + 1024)
}

fn write_item(text: &mut String, run: &Told, end: &End<'_>) {
    let outputs = match &run.outputs_to_execute {
        Some(outputs) => Cow::Borrowed(outputs.as_str()),
        // Not kept: those that gave something were among them.
        None => Cow::Owned(nodes(&end.outputs)),
    };
    let (number, id) = (number(run.number), quoted(run.prompt_id.as_str()));
    for part in ["[", &number, ", ", &id, ", ", &prompt(run), ", ", &extra_data(run), ", ", &strict(&outputs), "]"] {
        text.push_str(part);
    }
}

pub fn prompt(run: &Told) -> Cow<'_, str> {
    run.document(DocumentKind::Prompt).map_or(Cow::Borrowed("{}"), strict)
}

/// `extra_data`, with the workflow in its place.
pub fn extra_data(run: &Told) -> Cow<'_, str> {
    let Some(extra) = run.document(DocumentKind::Extra) else { return Cow::Borrowed("{}") };
    let Some(whole) = run.document(DocumentKind::Workflow).and_then(|workflow| with_workflow(extra, workflow)) else {
        return strict(extra);
    };
    match strict(&whole) {
        Cow::Borrowed(_) => Cow::Owned(whole),
        Cow::Owned(strict) => Cow::Owned(strict),
    }
}

/// Puts the workflow where it was cut out: `extra_pnginfo.workflow` is null there.
fn with_workflow(extra: &str, workflow: &str) -> Option<String> {
    let mut scanner = Scanner::new(extra);
    let mut place = None;
    scanner.enter(b'{');
    while let Some(key) = scanner.key() {
        if key != "extra_pnginfo" || !scanner.enter(b'{') {
            scanner.value()?;
            continue;
        }
        while let Some(key) = scanner.key() {
            scanner.peek();
            let start = scanner.offset();
            if scanner.value()? == "null" && key == "workflow" {
                place = Some(start..scanner.offset());
            }
        }
    }
    let place = place?;
    Some([&extra[..place.start], workflow, &extra[place.end..]].concat())
}

fn nodes(outputs: &str) -> String {
    let ids: Vec<_> = members(outputs).map(|(id, _)| quoted(&id)).collect();
    format!("[{}]", ids.join(", "))
}

/// How a run ended, each as JSON.
#[derive(Debug)]
pub struct End<'a> {
    /// What its nodes gave.
    pub outputs: Cow<'a, str>,
    /// `status_str`, `completed` and `messages`; null where an old ComfyUI said so.
    pub status: Cow<'a, str>,
    /// `None` where ComfyUI told none.
    pub meta: Option<Cow<'a, str>>,
}

impl<'a> End<'a> {
    /// As ComfyUI's history told it. A run that ended without a word of it has given what was found in ComfyUI's folders, and
    /// nothing else that is known; what became of it is said in ComfyUI's words, by which its clients tell `cancelled` from `failed` and both from what still waits:
    /// the message of a run that was stopped for one that was taken out of the queue, and that of an error for one that
    /// is lost.
    pub fn of(run: &'a Told) -> Self {
        let Some(result) = run.document(DocumentKind::Result) else { return Self::untold(run) };
        let part = |key: &str| member(result, key).filter(|json| *json != "null").map(strict);
        Self {
            outputs: part("outputs").unwrap_or(Cow::Borrowed("{}")),
            status: part("status").unwrap_or(Cow::Borrowed("null")),
            meta: part("meta"),
        }
    }

    fn untold(run: &Told) -> Self {
        let mut told = ObjectWriter::new();
        told.text("prompt_id", run.prompt_id.as_str());
        let event = if run.status == Status::Cancelled {
            "execution_interrupted"
        } else {
            told.text("node_id", "").text("node_type", "").json("executed", "[]");
            told.text("exception_message", &reason(run)).text("exception_type", "comfy_recall.Lost");
            told.json("traceback", "[]").json("current_inputs", "{}").json("current_outputs", "[]");
            "execution_error"
        };
        told.json("timestamp", &millis(run.finished_at.unwrap_or(run.created_at)));
        let messages = format!("[[{}, {}]]", quoted(event), told.finish());
        let status = ObjectWriter::new()
            .text("status_str", "error")
            .json("completed", "false")
            .json("messages", &messages)
            .finish();
        Self { outputs: found(run).into(), status: status.into(), meta: Some("{}".into()) }
    }
}

/// Why a run is lost.
fn reason(run: &Told) -> Cow<'static, str> {
    let reason = match run.status_reason {
        Some(StatusReason::HistoryDeleted) => {
            "the run ended, but was deleted from ComfyUI's history before it could be recorded"
        }
        _ if run.found.is_empty() => "ComfyUI ended while this run waited or ran; nobody knows what it gave",
        _ => "ComfyUI ended while this run waited or ran",
    };
    match run.found.is_empty() {
        true => reason.into(),
        false => format!("{reason}; its outputs are what was found in ComfyUI's folders").into(),
    }
}

/// `outputs` of files that were found: of the node that the run was for, if there was one only.
fn found(run: &Told) -> String {
    if run.found.is_empty() {
        return "{}".to_owned();
    }
    let mut targets = run.outputs_to_execute.as_deref().into_iter().flat_map(elements).filter_map(unquote);
    let node = match (targets.next(), targets.next()) {
        (Some(node), None) => node,
        _ => NOBODY.into(),
    };
    let mut lists: Vec<(&str, Vec<String>)> = Vec::new();
    for (FileRef { folder, subfolder, filename }, kind) in &run.found {
        let item =
            ObjectWriter::new().text("filename", filename).text("subfolder", subfolder).text("type", folder).finish();
        let key = list_of(*kind);
        match lists.iter_mut().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push(item),
            None => lists.push((key, vec![item])),
        }
    }
    let mut given = ObjectWriter::new();
    for (key, items) in lists {
        given.json(key, &format!("[{}]", items.join(", ")));
    }
    ObjectWriter::new().json(&node, &given.finish()).finish()
}

/// Where ComfyUI's nodes tell of such files.
fn list_of(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "images",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Model3d => "3d",
        MediaKind::Text | MediaKind::Other => "files",
    }
}

/// A time as ComfyUI writes it.
pub fn millis(at: Timestamp) -> String {
    at.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Document, GenerationId, PromptId};

    pub fn told(status: Status, documents: &[(DocumentKind, &str)]) -> Told {
        Told {
            id: GenerationId(1),
            prompt_id: PromptId::from("p/\"1"),
            number: Some(7.0),
            status,
            status_reason: None,
            created_at: Timestamp::from_millis(1_000),
            started_at: None,
            finished_at: Some(Timestamp::from_millis(3_000)),
            workflow_id: None,
            outputs_to_execute: None,
            documents: documents.iter().map(|&(kind, json)| Document { kind, json: json.to_owned() }).collect(),
            found: Vec::new(),
        }
    }

    #[test]
    fn an_entry_is_put_together_as_it_came() {
        let run = told(
            Status::Completed,
            &[
                (DocumentKind::Prompt, r#"{"9": {"inputs": {"seed": 18446744073709551615}, "is_changed": NaN}}"#),
                (DocumentKind::Workflow, r#"{"nodes": [], "id": "w"}"#),
                (
                    DocumentKind::Extra,
                    r#"{"workflow": null, "extra_pnginfo": {"x": null, "workflow": null}, "client_id": "c"}"#,
                ),
                (
                    DocumentKind::Result,
                    r#"{"outputs":{"9": {"images": []}},"status":{"status_str": "success"},"meta":null}"#,
                ),
            ],
        );
        assert_eq!(
            history(&run),
            concat!(
                r#""p/\"1": {"prompt": [7, "p/\"1", {"9": {"inputs": {"seed": 18446744073709551615}, "is_changed": null}}, "#,
                r#"{"workflow": null, "extra_pnginfo": {"x": null, "workflow": {"nodes": [], "id": "w"}}, "client_id": "c"}, ["9"]], "#,
                r#""outputs": {"9": {"images": []}}, "status": {"status_str": "success"}}"#
            )
        );
    }

    #[test]
    fn a_workflow_goes_nowhere_but_where_it_was() {
        for extra in ["", "null", "{}", r#"{"extra_pnginfo": null}"#, r#"{"extra_pnginfo": {"workflow": {}}}"#] {
            assert_eq!(with_workflow(extra, r#"{"id": 1}"#), None, "{extra}");
        }
    }

    #[test]
    fn a_run_whose_end_nobody_told_has_ended_all_the_same() {
        let run = told(Status::Lost, &[]);
        let lost = End::of(&run);
        assert_eq!(lost.outputs, "{}");
        assert_eq!(
            lost.status,
            concat!(
                r#"{"status_str": "error", "completed": false, "messages": [["execution_error", {"prompt_id": "p/\"1", "#,
                r#""node_id": "", "node_type": "", "executed": [], "#,
                r#""exception_message": "ComfyUI ended while this run waited or ran; nobody knows what it gave", "#,
                r#""exception_type": "comfy_recall.Lost", "traceback": [], "current_inputs": {}, "current_outputs": [], "#,
                r#""timestamp": 3000}]]}"#
            )
        );
        let dequeued = Told { status_reason: Some(StatusReason::Dequeued), ..told(Status::Cancelled, &[]) };
        assert_eq!(
            End::of(&dequeued).status,
            concat!(
                r#"{"status_str": "error", "completed": false, "messages": "#,
                r#"[["execution_interrupted", {"prompt_id": "p/\"1", "timestamp": 3000}]]}"#
            )
        );
    }

    #[test]
    fn what_was_found_of_a_run_whose_end_nobody_told_are_its_outputs() {
        let file =
            |folder: &str, name: &str| FileRef { folder: folder.into(), subfolder: "é".into(), filename: name.into() };
        let found = vec![
            (file("output", "a.png"), MediaKind::Image),
            (file("output", "b.mp4"), MediaKind::Video),
            (file("temp", "c.png"), MediaKind::Image),
        ];
        let lists = concat!(
            r#"{"images": [{"filename": "a.png", "subfolder": "\u00e9", "type": "output"}, "#,
            r#"{"filename": "c.png", "subfolder": "\u00e9", "type": "temp"}], "#,
            r#""video": [{"filename": "b.mp4", "subfolder": "\u00e9", "type": "output"}]}"#
        );
        for (targets, node) in [
            (Some(r#"["9"]"#), "9"),
            (Some(r#"["9", "12"]"#), "comfy-recall"),
            (Some("[]"), "comfy-recall"),
            (None, "comfy-recall"),
        ] {
            let reason = Some(StatusReason::HistoryDeleted);
            let run = Told {
                found: found.clone(),
                outputs_to_execute: targets.map(str::to_owned),
                status_reason: reason,
                ..told(Status::Lost, &[])
            };
            let end = End::of(&run);
            assert_eq!(end.outputs, format!(r#"{{"{node}": {lists}}}"#));
            assert!(end.status.contains("could be recorded; its outputs are what was found in ComfyUI's folders"));
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_kept_an_entry_is_json(
            texts in proptest::collection::vec(r#"([\[\]{}",:\\1 é]|NaN|null|"workflow"|"extra_pnginfo"|"outputs"){0,30}"#, 4)
        ) {
            let documents: Vec<_> = DocumentKind::ALL.into_iter().zip(texts.iter().map(String::as_str)).collect();
            let entry = format!("{{{}}}", history(&told(Status::Completed, &documents)));
            proptest::prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&entry).is_ok(), "{entry}");
        }
    }
}
