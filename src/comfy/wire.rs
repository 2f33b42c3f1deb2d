//! The shapes of ComfyUI's JSON, read from the text itself: the bytes stay as they came, and one pass finds what is asked
//! of them. What is missing, null or of another type is `None` or empty.

use std::ops::Range;

use crate::json::{Item, Scanner, unquote};
use crate::model::{PromptId, Timestamp};

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
    targets: Option<Range<usize>>,
}

impl Submission {
    /// The length of the text that it was read from: what it takes in memory.
    pub fn bytes(&self) -> usize {
        self.json.len()
    }

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

    /// `outputs_to_execute`, as it came; `None` where it is no array, or longer than any real one.
    pub fn outputs_to_execute(&self) -> Option<&str> {
        const LONGEST: usize = 64 << 10;
        let json = &self.json[self.targets.clone()?];
        (json.starts_with('[') && json.len() <= LONGEST).then_some(json)
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
            targets: None,
        };
        scanner.peek()?;
        let start = scanner.offset();
        submission.scan_extra(scanner)?;
        submission.extra = start..scanner.offset();
        submission.targets = if scanner.has_element() { span(scanner) } else { return Some(submission) };
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

    /// `meta`, as it came; empty when missing.
    pub fn meta(&self) -> &str {
        &self.submission.json[self.meta.clone()]
    }

    /// `{"outputs":…,"status":…,"meta":…}` of these.
    pub fn result(outputs: &str, status: &str, meta: &str) -> String {
        let [outputs, status, meta] = [outputs, status, meta].map(|text| if text.is_empty() { "null" } else { text });
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

/// Where the next value lies.
fn span(scanner: &mut Scanner<'_>) -> Option<Range<usize>> {
    scanner.peek()?;
    let start = scanner.offset();
    scanner.value()?;
    Some(start..scanner.offset())
}

pub(super) fn text(json: &str) -> Option<String> {
    unquote(json).map(|text| text.into_owned())
}

pub(super) fn millis(json: &str) -> Option<Timestamp> {
    let float = || json.parse::<f64>().ok().filter(|number| number.abs() < 1e15);
    // Some clients send floats; whole milliseconds are all we keep.
    #[allow(clippy::cast_possible_truncation)]
    json.parse().ok().or_else(|| float().map(|number| number as i64)).map(Timestamp::happened)
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
        assert_eq!(submission.outputs_to_execute(), Some(r#"["2"]"#));
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
                (submission.number, submission.workflow(), submission.created_at, submission.outputs_to_execute()),
                (None, None, None, None),
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

    proptest::proptest! {
        #[test]
        fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\1 é]|"prompt"|"p"|"workflow"|"extra_pnginfo"){0,40}"#) {
            let _ = HistoryEntry::try_from(Item { key: String::new(), json: text.clone(), spans: Spans::default() });
            let _ = QueueItem::try_from(Item { key: String::new(), json: text.clone(), spans: Spans::default() });
        }
    }
}
