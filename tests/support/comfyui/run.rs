//! What a test asks ComfyUI to make, and how it ends: written out as ComfyUI's JSON only when somebody asks for it.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::json;

use super::files::File;

/// Stands for the seed in a prompt and in a workflow; a number may stand beside it in the same text.
pub const SEED: &str = "$SEED";

const PROMPT: &str = r#"{"3":{"class_type":"KSampler","inputs":{"seed":$SEED,"steps":20,"cfg":8.0,"sampler_name":"euler","scheduler":"normal","denoise":1.0,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]},"_meta":{"title":"KSampler"}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"v1-5-random.safetensors"},"_meta":{"title":"Load Checkpoint"}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1},"_meta":{"title":"EmptyLatentImage"}},"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a lighthouse in a storm","clip":["4",1]},"_meta":{"title":"Positive"}},"7":{"class_type":"CLIPTextEncode","inputs":{"text":"text, watermark","clip":["4",1]},"_meta":{"title":"Negative"}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]},"_meta":{"title":"VAEDecode"}},"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"ComfyUI","images":["8",0]},"_meta":{"title":"SaveImage"}}}"#;

const WORKFLOW: &str = r#"{"id":"21b33f3f-8434-427c-9ba4-8a18ddd4a863","revision":0,"last_node_id":9,"last_link_id":9,"nodes":[{"id":3,"type":"KSampler","pos":[863,186],"size":[315,262],"flags":{},"order":4,"mode":0,"inputs":[],"outputs":[],"properties":{"Node name for S&R":"KSampler"},"widgets_values":[$SEED,"randomize",20,8,"euler","normal",1]}],"links":[],"groups":[],"config":{},"extra":{"ds":{"scale":1.0,"offset":[0,0]},"frontendVersion":"1.45.19"},"version":0.4}"#;

/// A prompt and a workflow that many runs share.
#[derive(Debug, Clone)]
pub struct Texts {
    pub prompt: Arc<str>,
    pub workflow: Arc<str>,
}

impl Texts {
    /// So many bytes of prompt and workflow together, as an editor would write them for a large graph.
    pub fn of(bytes: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut prompt, mut nodes) = (String::new(), String::new());
        let (prompt_tail, workflow_head) = (&PROMPT[1..], WORKFLOW.split_once("\"nodes\":[").unwrap());
        let mut id = 100;
        while prompt.len() + nodes.len() + PROMPT.len() + WORKFLOW.len() < bytes {
            id += 1;
            let text: String = (0..48).map(|_| random.alphanumeric()).collect();
            let (x, y) = (random.u16(..4000), random.u16(..4000));
            write!(prompt, r#""{id}":{{"class_type":"CLIPTextEncode","inputs":{{"text":"{text}","clip":["4",1]}},"_meta":{{"title":"Part {id}"}}}},"#).unwrap();
            write!(nodes, r#"{{"id":{id},"type":"CLIPTextEncode","pos":[{x},{y}],"size":[425,180],"flags":{{}},"order":{id},"mode":0,"inputs":[{{"name":"clip","type":"CLIP","link":{id}}}],"outputs":[],"properties":{{"Node name for S&R":"CLIPTextEncode"}},"widgets_values":["{text}"]}},"#).unwrap();
        }
        Self {
            prompt: format!("{{{prompt}{prompt_tail}").into(),
            workflow: format!("{}\"nodes\":[{nodes}{}", workflow_head.0, workflow_head.1).into(),
        }
    }
}

/// A prompt that somebody queues, and what its nodes will give.
#[derive(Debug, Clone)]
pub struct Run {
    pub prompt_id: Option<String>,
    pub client_id: Option<String>,
    /// The queue's number as JSON text; the server counts when there is none.
    pub number: Option<String>,
    pub is_front: bool,
    pub files: Vec<File>,
    prompt: Arc<str>,
    workflow: Option<Arc<str>>,
    seed: u64,
    /// More keys of `extra_data`, with JSON texts.
    extra: Vec<(String, String)>,
    /// (node, kind, the JSON text of one item).
    gives: Vec<(String, String, String)>,
    cached: Vec<String>,
}

impl Run {
    /// Queued by a script: no `client_id`, no workflow.
    pub fn from_api() -> Self {
        Self {
            prompt_id: None,
            client_id: None,
            number: None,
            is_front: false,
            files: Vec::new(),
            prompt: PROMPT.into(),
            workflow: None,
            seed: 1,
            extra: Vec::new(),
            gives: Vec::new(),
            cached: Vec::new(),
        }
    }

    /// Queued by ComfyUI's own page.
    pub fn from_browser(client_id: &str) -> Self {
        Self { client_id: Some(client_id.to_owned()), workflow: Some(WORKFLOW.into()), ..Self::from_api() }
    }

    /// Any texts, also such that no JSON parser takes.
    pub fn with_texts(mut self, texts: &Texts) -> Self {
        self.prompt = Arc::clone(&texts.prompt);
        self.workflow = Some(Arc::clone(&texts.workflow));
        self
    }

    pub fn with_prompt(mut self, json: &str) -> Self {
        self.prompt = json.into();
        self
    }

    pub fn with_workflow(mut self, json: &str) -> Self {
        self.workflow = Some(json.into());
        self
    }

    pub fn with_id(mut self, prompt_id: &str) -> Self {
        self.prompt_id = Some(prompt_id.to_owned());
        self
    }

    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub fn with_extra(mut self, key: &str, json: &str) -> Self {
        self.extra.push((key.to_owned(), json.to_owned()));
        self
    }

    pub fn numbered(mut self, json: &str) -> Self {
        self.number = Some(json.to_owned());
        self
    }

    pub fn at_the_front(mut self) -> Self {
        self.is_front = true;
        self
    }

    /// Nodes that ComfyUI doesn't run again.
    pub fn with_cached(mut self, nodes: &[&str]) -> Self {
        self.cached = nodes.iter().map(|node| (*node).to_owned()).collect();
        self
    }

    /// Writes a file when it finishes, and names it among the `images` of node 9.
    pub fn saving(self, file: File) -> Self {
        self.giving_file("9", "images", file)
    }

    pub fn giving_file(mut self, node: &str, kind: &str, file: File) -> Self {
        self.files.push(file.clone());
        self.giving(node, kind, &file.item())
    }

    /// One item of a node's output, as JSON text; the file that it names, if any, isn't written.
    pub fn giving(mut self, node: &str, kind: &str, item: &str) -> Self {
        self.gives.push((node.to_owned(), kind.to_owned(), item.to_owned()));
        self
    }

    fn seeded(&self, text: &str) -> String {
        text.replace(SEED, &self.seed.to_string())
    }

    fn extra_data(&self, create_time: Option<u64>, shows_secrets: bool) -> String {
        let mut keys = Vec::new();
        if let Some(workflow) = &self.workflow {
            keys.push(format!(r#""extra_pnginfo":{{"workflow":{}}}"#, self.seeded(workflow)));
        }
        let is_secret = |key: &str| matches!(key, "api_key_comfy_org" | "auth_token_comfy_org");
        let shown = self.extra.iter().filter(|(key, _)| shows_secrets || !is_secret(key));
        keys.extend(shown.map(|(key, json)| format!("{}:{json}", json!(key))));
        keys.extend(self.client_id.iter().map(|client| format!(r#""client_id":{}"#, json!(client))));
        keys.extend(create_time.map(|millis| format!(r#""create_time":{millis}"#)));
        format!("{{{}}}", keys.join(","))
    }

    fn outputs(&self) -> String {
        let mut nodes: Vec<(&str, Kinds)> = Vec::new();
        for (node, kind, item) in &self.gives {
            let kinds = slot(&mut nodes, node);
            slot(kinds, kind).push(item);
        }
        let kinds = |kinds: Kinds| -> Vec<String> {
            kinds.into_iter().map(|(kind, items)| format!("{}:[{}]", json!(kind), items.join(","))).collect()
        };
        let nodes = nodes.into_iter().map(|(node, given)| format!("{}:{{{}}}", json!(node), kinds(given).join(",")));
        format!("{{{}}}", nodes.collect::<Vec<_>>().join(","))
    }

    fn meta(&self) -> String {
        let nodes: std::collections::BTreeMap<_, _> = self
            .gives
            .iter()
            .map(|(node, ..)| {
                (node, json!({"node_id": node, "display_node": node, "parent_node": null, "real_node_id": node}))
            })
            .collect();
        json!(nodes).to_string()
    }

    /// What each node gave, for the `executed` events: (node, its kinds as JSON).
    pub fn executed(&self) -> Vec<(String, String)> {
        let mut nodes: Vec<String> = self.gives.iter().map(|(node, ..)| node.clone()).collect();
        nodes.dedup();
        nodes
            .into_iter()
            .map(|node| {
                let gives = self.gives.iter().filter(|(of, ..)| *of == node).cloned().collect();
                let alone = Self { gives, ..self.clone() }.outputs();
                let kinds = alone.split_once(':').unwrap().1;
                (node, kinds[..kinds.len() - 1].to_owned())
            })
            .collect()
    }
}

/// The items of a node by their kind.
type Kinds<'r> = Vec<(&'r str, Vec<&'r str>)>;

fn slot<'s, 'k, T: Default>(slots: &'s mut Vec<(&'k str, T)>, key: &'k str) -> &'s mut T {
    let at = slots.iter().position(|(of, _)| *of == key).unwrap_or_else(|| {
        slots.push((key, T::default()));
        slots.len() - 1
    });
    &mut slots[at].1
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// A node raised an exception; what other nodes gave before stays.
    Error {
        node: String,
        class: String,
        exception: String,
        message: String,
        traceback: Vec<String>,
        /// `current_inputs` as JSON text.
        inputs: String,
    },
    /// Somebody pressed stop.
    Interrupted,
}

impl Outcome {
    pub fn error(message: &str) -> Self {
        Self::Error {
            node: "3".to_owned(),
            class: "KSampler".to_owned(),
            exception: "RuntimeError".to_owned(),
            message: message.to_owned(),
            traceback: ["  File \"/opt/ComfyUI/execution.py\", line 542, in execute\n", "    raise\n"]
                .map(str::to_owned)
                .into(),
            inputs: "{}".to_owned(),
        }
    }

    pub fn error_with_inputs(message: &str, json: &str) -> Self {
        match Self::error(message) {
            Self::Error { node, class, exception, message, traceback, .. } => {
                Self::Error { node, class, exception, message, traceback, inputs: json.to_owned() }
            }
            other => other,
        }
    }

    /// The event that announces it, with the part of its data that tells of the end.
    pub fn event(&self) -> (&'static str, String) {
        match self {
            Self::Success => ("execution_success", String::new()),
            Self::Error { node, class, exception, message, traceback, inputs } => {
                let (node, class) = (json!(node), json!(class));
                let (exception, message, traceback) = (json!(exception), json!(message), json!(traceback));
                (
                    "execution_error",
                    format!(
                        r#""node_id":{node},"node_type":{class},"executed":["4"],"exception_message":{message},"exception_type":{exception},"traceback":{traceback},"current_inputs":{inputs},"current_outputs":["4","3"],"#
                    ),
                )
            }
            Self::Interrupted => {
                ("execution_interrupted", r#""node_id":"3","node_type":"KSampler","executed":["4"],"#.to_owned())
            }
        }
    }
}

/// A run with everything that the server adds to it.
#[derive(Debug, Clone)]
pub struct Made {
    pub run: Run,
    pub prompt_id: String,
    /// JSON text.
    pub number: String,
    pub create_time: Option<u64>,
    pub shows_secrets: bool,
}

impl Made {
    /// `[number, prompt_id, prompt, extra_data, outputs_to_execute]`, as in `/queue`.
    pub fn item(&self) -> String {
        let prompt = self.run.seeded(&self.run.prompt);
        let extra = self.run.extra_data(self.create_time, self.shows_secrets);
        format!(r#"[{},{},{prompt},{extra},["9"]]"#, self.number, json!(self.prompt_id))
    }

    /// The entry in `/history`.
    pub fn entry(&self, outcome: &Outcome, started: u64, ended: u64) -> String {
        let (item, outputs, meta, id) = (self.item(), self.run.outputs(), self.run.meta(), json!(self.prompt_id));
        let (event, data) = outcome.event();
        let cached = json!(self.run.cached);
        let (word, is_completed) = if *outcome == Outcome::Success { ("success", true) } else { ("error", false) };
        format!(
            r#"{{"prompt":{item},"outputs":{outputs},"status":{{"status_str":"{word}","completed":{is_completed},"messages":[["execution_start",{{"prompt_id":{id},"timestamp":{started}}}],["execution_cached",{{"nodes":{cached},"prompt_id":{id},"timestamp":{started}}}],["{event}",{{"prompt_id":{id},{data}"timestamp":{ended}}}]]}},"meta":{meta}}}"#
        )
    }

    pub fn cached(&self) -> &[String] {
        &self.run.cached
    }
}
