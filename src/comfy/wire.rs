//! The shapes of ComfyUI's JSON, read from the text itself: the bytes stay as they came, and one pass finds what is asked
//! of them. What is missing, null or of another type is `None` or empty.

use std::ops::Range;

use serde_json::Value;

use crate::json::{self, Item, Scanner, elements, members, unquote};
use crate::model::{FileRef, PromptId, Timestamp};

/// What a client submitted: `[number, prompt_id, prompt, extra_data, outputs_to_execute]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The place in the queue: restarts at 0 with ComfyUI, negative at the front, may be a fraction.
    pub number: Option<f64>,
    /// Free text in versions before 0.2x.
    pub prompt_id: PromptId,
    /// `extra_data.client_id`.
    pub client_id: Option<String>,
    /// `extra_data.create_time`; newer versions only.
    pub created_at: Option<Timestamp>,
    /// `id` of the workflow.
    pub workflow_id: Option<String>,
    /// `name` of the workflow, where the client sent one.
    pub workflow_name: Option<String>,
    json: String,
    prompt: Range<usize>,
    extra: Range<usize>,
    workflow: Option<Range<usize>>,
}

impl Submission {
    /// The API prompt, as it came.
    pub fn prompt(&self) -> &str {
        &self.json[self.prompt.clone()]
    }

    /// The editor's workflow, as it came.
    pub fn workflow(&self) -> Option<&str> {
        self.workflow.clone().map(|range| &self.json[range])
    }

    /// `extra_data` as it came, with `null` in the place of the workflow.
    pub fn extra_without_workflow(&self) -> String {
        let extra = &self.json[self.extra.clone()];
        let Some(workflow) = &self.workflow else { return extra.to_owned() };
        let cut = workflow.start - self.extra.start..workflow.end - self.extra.start;
        format!("{}null{}", &extra[..cut.start], &extra[cut.end..])
    }

    /// Reads the list that starts where `scanner` stands in `json`; `json` itself is moved in by the caller.
    fn scan(scanner: &mut Scanner<'_>) -> Option<Self> {
        if !scanner.enter(b'[') {
            return None;
        }
        let number = scanner.value()?.parse().ok().filter(|number: &f64| number.is_finite());
        let prompt_id = PromptId(unquote(scanner.value()?)?.into_owned());
        let prompt = span(scanner)?;
        let mut submission = Self {
            number,
            prompt_id,
            client_id: None,
            created_at: None,
            workflow_id: None,
            workflow_name: None,
            json: String::new(),
            prompt,
            extra: 0..0,
            workflow: None,
        };
        scanner.peek()?;
        let start = scanner.offset();
        submission.scan_extra(scanner)?;
        submission.extra = start..scanner.offset();
        scanner.leave();
        Some(submission)
    }

    fn scan_extra(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        if !scanner.enter(b'{') {
            return scanner.value().map(drop);
        }
        while let Some(key) = scanner.key() {
            match key.as_ref() {
                "client_id" => self.client_id = text(scanner.value()?),
                "create_time" => self.created_at = millis(scanner.value()?),
                "extra_pnginfo" if scanner.enter(b'{') => {
                    while let Some(key) = scanner.key() {
                        if key == "workflow" && scanner.peek() == Some(b'{') {
                            self.scan_workflow(scanner)?;
                        } else {
                            scanner.value()?;
                        }
                    }
                }
                _ => drop(scanner.value()?),
            }
        }
        Some(())
    }

    fn scan_workflow(&mut self, scanner: &mut Scanner<'_>) -> Option<()> {
        let start = scanner.offset();
        scanner.enter(b'{');
        while let Some(key) = scanner.key() {
            let value = scanner.value()?;
            match key.as_ref() {
                "id" => self.workflow_id = text(value),
                "name" => self.workflow_name = text(value),
                _ => {}
            }
        }
        self.workflow = Some(start..scanner.offset());
        Some(())
    }
}

/// A run that waits or runs.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueItem {
    /// Whether ComfyUI works on it.
    pub is_running: bool,
    /// What was submitted.
    pub submission: Submission,
}

impl TryFrom<Item> for QueueItem {
    type Error = Item;

    fn try_from(item: Item) -> Result<Self, Item> {
        match Submission::scan(&mut Scanner::of(&item)) {
            Some(submission) => {
                let is_running = item.key == "queue_running";
                Ok(Self { is_running, submission: Submission { json: item.json, ..submission } })
            }
            None => Err(item),
        }
    }
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// The key it stands under.
    pub prompt_id: PromptId,
    /// What was submitted.
    pub submission: Submission,
    outputs: Range<usize>,
    status: Range<usize>,
    meta: Range<usize>,
}

impl HistoryEntry {
    /// `outputs`, as it came; empty when missing.
    pub fn outputs(&self) -> &str {
        &self.submission.json[self.outputs.clone()]
    }

    /// `status`, as it came; empty when missing.
    pub fn status(&self) -> &str {
        &self.submission.json[self.status.clone()]
    }

    /// `{"outputs":…,"status":…,"meta":…}`, each as it came.
    pub fn result(&self) -> String {
        let or_null = |text: &str| if text.is_empty() { "null".to_owned() } else { text.to_owned() };
        let meta = &self.submission.json[self.meta.clone()];
        let (outputs, status, meta) = (or_null(self.outputs()), or_null(self.status()), or_null(meta));
        format!(r#"{{"outputs":{outputs},"status":{status},"meta":{meta}}}"#)
    }

    fn scan(item: &Item) -> Option<(Submission, [Range<usize>; 3])> {
        let mut scanner = Scanner::of(item);
        if !scanner.enter(b'{') {
            return None;
        }
        let (mut submission, mut outputs, mut status, mut meta) = (None, 0..0, 0..0, 0..0);
        while let Some(key) = scanner.key() {
            match key.as_ref() {
                "prompt" => submission = Submission::scan(&mut scanner),
                "outputs" => outputs = span(&mut scanner)?,
                "status" => status = span(&mut scanner)?,
                "meta" => meta = span(&mut scanner)?,
                _ => drop(scanner.value()?),
            }
        }
        Some((submission?, [outputs, status, meta]))
    }
}

impl TryFrom<Item> for HistoryEntry {
    type Error = Item;

    fn try_from(item: Item) -> Result<Self, Item> {
        match Self::scan(&item) {
            Some((submission, [outputs, status, meta])) => {
                let submission = Submission { json: item.json, ..submission };
                Ok(Self { prompt_id: PromptId(item.key), submission, outputs, status, meta })
            }
            None => Err(item),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// All nodes ran.
    Completed,
    /// A node raised an error.
    Failed(RunFailure),
    /// Someone pressed stop.
    Interrupted,
}

/// The error of a run: `execution_error`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFailure {
    /// `node_id`
    pub node_id: Option<String>,
    /// `node_type`
    pub node_type: Option<String>,
    /// `exception_type`
    pub exception_type: Option<String>,
    /// `exception_message`
    pub message: Option<String>,
}

/// What `status` of a history entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunState {
    /// How it ended.
    pub ended: Ended,
    /// `execution_start`
    pub started_at: Option<Timestamp>,
    /// `execution_success`, `execution_error` or `execution_interrupted`
    pub finished_at: Option<Timestamp>,
}

/// Reads `status` of a history entry. Interrupted runs say `error` too; only their messages tell them apart.
pub fn run_state(status: &str) -> RunState {
    let mut state = RunState { ended: Ended::Completed, started_at: None, finished_at: None };
    let mut is_ended_by_message = false;
    for (key, value) in members(status) {
        match key.as_ref() {
            "status_str" if !is_ended_by_message && value == r#""error""# => {
                state.ended = Ended::Failed(RunFailure::default());
            }
            "messages" => {
                for event in elements(value) {
                    is_ended_by_message |= state.read(event);
                }
            }
            _ => {}
        }
    }
    state
}

impl RunState {
    /// Takes in one `[event, data]`; whether it says how the run ended.
    fn read(&mut self, event: &str) -> bool {
        let mut parts = elements(event);
        let (Some(name), Some(data)) = (parts.next().and_then(unquote), parts.next()) else { return false };
        let timestamp = members(data).filter(|(key, _)| key == "timestamp").find_map(|(_, value)| millis(value));
        match name.as_ref() {
            "execution_start" => {
                self.started_at = timestamp;
                return false;
            }
            "execution_success" => self.ended = Ended::Completed,
            "execution_error" => self.ended = Ended::Failed(RunFailure::read(data)),
            "execution_interrupted" => self.ended = Ended::Interrupted,
            _ => return false,
        }
        self.finished_at = timestamp;
        true
    }
}

impl RunFailure {
    fn read(data: &str) -> Self {
        let mut failure = Self::default();
        for (key, value) in members(data) {
            let field = match key.as_ref() {
                "node_id" => &mut failure.node_id,
                "node_type" => &mut failure.node_type,
                "exception_type" => &mut failure.exception_type,
                "exception_message" => &mut failure.message,
                _ => continue,
            };
            *field = text(value).or_else(|| (value != "null").then(|| value.to_owned()));
        }
        failure
    }
}

/// One thing that a node gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputItem {
    /// The node.
    pub node_id: String,
    /// `images`, `gifs`, `audio`, `text` …
    pub key: String,
    /// The file; else it is the text.
    pub content: Result<FileRef, String>,
}

/// Reads `outputs` of a history entry, in its order. Numbers, flags, nulls and what has no filename are passed over: they
/// are kept in the document.
pub fn node_outputs(outputs: &str) -> Vec<OutputItem> {
    let mut found = Vec::new();
    for (node_id, kinds) in members(outputs) {
        for (key, items) in members(kinds) {
            let mut push = |item: &str| {
                if let Some(content) = output_content(&key, item) {
                    found.push(OutputItem {
                        node_id: node_id.clone().into_owned(),
                        key: key.clone().into_owned(),
                        content,
                    });
                }
            };
            if items.starts_with('[') { elements(items).for_each(&mut push) } else { push(items) }
        }
    }
    found
}

fn output_content(key: &str, item: &str) -> Option<Result<FileRef, String>> {
    if item.starts_with('{') {
        let field = |name: &str| members(item).find(|(key, _)| key == name).and_then(|(_, value)| text(value));
        let (folder, subfolder) = (field("type").unwrap_or("output".into()), field("subfolder").unwrap_or_default());
        return Some(Ok(FileRef { folder, subfolder, filename: field("filename").filter(|name| !name.is_empty())? }));
    }
    let text = text(item)?;
    // 3D viewers name their file as a bare path in the output folder.
    let is_path =
        key == "result" && !text.contains('\n') && text.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if is_path {
        let (subfolder, filename) = text.rsplit_once('/').unwrap_or(("", &text));
        return Some(Ok(FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() }));
    }
    // Some nodes show a picture by its bytes; that is no text to read.
    (!text.is_empty() && !text.starts_with("data:")).then_some(Err(text))
}

/// `/system_stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// `system.comfyui_version`; `None` for 0.3.x started outside of git, which says `unknown`.
    pub version: Option<String>,
    /// `devices[].name`
    pub devices: Vec<String>,
    /// Whether this is the answer of a ComfyUI at all.
    pub is_comfyui: bool,
}

impl System {
    pub(super) fn parse(text: &str) -> Self {
        let answer: Value = serde_json::from_str(&json::to_strict(text)).unwrap_or_default();
        let version = answer.pointer("/system/comfyui_version").and_then(Value::as_str);
        let devices = answer.get("devices").and_then(Value::as_array).into_iter().flatten();
        Self {
            version: version.filter(|version| *version != "unknown").map(str::to_owned),
            devices: devices.filter_map(|device| device.get("name")?.as_str().map(str::to_owned)).collect(),
            is_comfyui: answer.get("system").is_some_and(Value::is_object),
        }
    }
}

/// Where the next value lies.
fn span(scanner: &mut Scanner<'_>) -> Option<Range<usize>> {
    scanner.peek()?;
    let start = scanner.offset();
    scanner.value()?;
    Some(start..scanner.offset())
}

fn text(json: &str) -> Option<String> {
    unquote(json).map(|text| text.into_owned())
}

fn millis(json: &str) -> Option<Timestamp> {
    let float = || json.parse::<f64>().ok().filter(|number| number.abs() < 1e15);
    // Some clients send floats; whole milliseconds are all we keep.
    #[allow(clippy::cast_possible_truncation)]
    json.parse().ok().or_else(|| float().map(|number| number as i64)).map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Spans;

    fn entry(json: &str) -> HistoryEntry {
        HistoryEntry::try_from(Item { key: "p".into(), json: json.into(), spans: Spans::default() }).unwrap()
    }

    #[test]
    fn a_submission_gives_its_parts_as_they_came() {
        let json = r#"[-24.5, "a/../b", {"1":{"seed":18446744073709551615,"c":NaN}}, {"create_time":1795168752094,"extra_pnginfo":{"x":1,"workflow": {"nodes":[{"id":7}],"id":"w","name":"fox"} },"client_id":"c"}, ["2"], {"new":1}]"#;
        let item =
            QueueItem::try_from(Item { key: "queue_running".into(), json: json.into(), spans: Spans::default() })
                .unwrap();
        let submission = item.submission;
        assert!(item.is_running);
        assert_eq!((submission.number, submission.prompt_id.as_str()), (Some(-24.5), "a/../b"));
        assert_eq!(submission.prompt(), r#"{"1":{"seed":18446744073709551615,"c":NaN}}"#);
        assert_eq!(submission.workflow(), Some(r#"{"nodes":[{"id":7}],"id":"w","name":"fox"}"#));
        assert_eq!(
            submission.extra_without_workflow(),
            r#"{"create_time":1795168752094,"extra_pnginfo":{"x":1,"workflow": null },"client_id":"c"}"#
        );
        let told = (submission.client_id, submission.workflow_id, submission.workflow_name);
        assert_eq!(told, (Some("c".into()), Some("w".into()), Some("fox".into())));
        assert_eq!(submission.created_at, Some(Timestamp::from_millis(1_795_168_752_094)));
    }

    #[test]
    fn odd_submissions_are_read_as_far_as_they_go_or_refused() {
        for extra in
            ["null", "[]", r#"{"extra_pnginfo":null}"#, r#"{"extra_pnginfo":{"workflow":null},"create_time":"x"}"#]
        {
            let json = format!(r#"{{"prompt":[NaN,"p",{{}},{extra}],"status":null}}"#);
            let submission = entry(&json).submission;
            assert_eq!(
                (submission.number, submission.workflow(), submission.created_at),
                (None, None, None),
                "{extra}"
            );
            assert_eq!(submission.extra_without_workflow(), extra);
        }
        for json in
            ["", "null", "[]", "{}", r#"{"prompt":null}"#, r#"{"prompt":[1]}"#, r#"{"prompt":[1,2,{},{}]}"#, "[1,"]
        {
            assert!(
                HistoryEntry::try_from(Item { key: String::new(), json: json.into(), spans: Spans::default() })
                    .is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn interrupted_is_not_failed_and_a_missing_status_is_not_an_error() {
        let interrupted = r#"{"status_str":"error","completed":false,"messages":[["execution_start",{"timestamp":5}],["execution_interrupted",{"timestamp":9}]]}"#;
        let at = |millis| Some(Timestamp::from_millis(millis));
        assert_eq!(
            run_state(interrupted),
            RunState { ended: Ended::Interrupted, started_at: at(5), finished_at: at(9) }
        );
        assert_eq!(run_state(r#"{"status_str":"error","messages":[]}"#).ended, Ended::Failed(RunFailure::default()));
        for status in ["", "null", r#"{"status_str":"success"}"#] {
            assert_eq!(run_state(status), RunState { ended: Ended::Completed, started_at: None, finished_at: None });
        }
        let failed = r#"{"messages":[["execution_error",{"node_id":3,"node_type":"K","exception_message":"a\nb","exception_type":null,"timestamp":1.5}]],"status_str":"error"}"#;
        let failure = RunFailure {
            node_id: Some("3".into()),
            node_type: Some("K".into()),
            exception_type: None,
            message: Some("a\nb".into()),
        };
        assert_eq!(run_state(failed), RunState { ended: Ended::Failed(failure), started_at: None, finished_at: at(1) });
    }

    #[test]
    fn outputs_of_every_odd_shape_are_read_in_order() {
        let outputs = r#"{"9":{"images":[{"filename":"b.png","subfolder":"..\\x","type":"temp"},{"no":1},null,5],"animated":[true]},
            "4":{"text":["a","",{"filename":""}],"result":["mesh/a.glb",null],"tags":[["x"]],"bg":["data:image/png;base64,AA"],"one":"b","gifs":[{"filename":"c.gif"}]},"5":null}"#;
        let read: Vec<_> = node_outputs(outputs)
            .into_iter()
            .map(|item| match item.content {
                Ok(file) => {
                    format!("{} {} {}|{}|{}", item.node_id, item.key, file.folder, file.subfolder, file.filename)
                }
                Err(text) => format!("{} {} text {text}", item.node_id, item.key),
            })
            .collect();
        assert_eq!(
            read,
            [
                "9 images temp|..\\x|b.png",
                "4 text text a",
                "4 result output|mesh|a.glb",
                "4 one text b",
                "4 gifs output||c.gif"
            ]
        );
    }

    #[test]
    fn a_system_that_is_no_comfyui_is_told_apart() {
        let stats = r#"{"system":{"comfyui_version":"0.26.0"},"devices":[{"name":"cpu"},{}]}"#;
        let system = System { version: Some("0.26.0".into()), devices: vec!["cpu".into()], is_comfyui: true };
        assert_eq!(System::parse(stats), system);
        assert_eq!(System::parse(&stats.replace("0.26.0", "unknown")).version, None);
        assert!(!System::parse("<html>").is_comfyui);
    }

    proptest::proptest! {
        #[test]
        fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\1 é]|"prompt"|"p"|"workflow"|"extra_pnginfo"|"messages"){0,40}"#) {
            let _ = HistoryEntry::try_from(Item { key: String::new(), json: text.clone(), spans: Spans::default() });
            let _ = QueueItem::try_from(Item { key: String::new(), json: text.clone(), spans: Spans::default() });
            let _ = (run_state(&text), node_outputs(&text), System::parse(&text));
        }
    }
}
