//! From a run that is saved to a search that finds it.

use chrono::NaiveDate;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::model::{
    Comfyui, Document, DocumentKind, FileRef, Filter, InstanceId, InstanceName, MediaKind, PromptId, Role, Start,
    Status, Timestamp,
};
use crate::store::{self, NewAttachment, NewContent, Save};

const PROMPT: &str = r#"{
    "3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20, "cfg": 8, "sampler_name": "euler",
        "scheduler": "normal", "denoise": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0],
        "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "XL/dreamy.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox, 狐狸", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "ComfyUI"}}
}"#;

struct Utc;

impl search::DayClock for Utc {
    fn today(&self) -> NaiveDate {
        NaiveDate::default()
    }

    fn day(&self, _: NaiveDate) -> (Timestamp, Timestamp) {
        (Timestamp::from_millis(0), Timestamp::from_millis(86_400_000))
    }
}

struct Fixture {
    store: Store,
    instance: InstanceId,
    live: Live,
    folder: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let instance = store.instance(&InstanceName::default()).await.unwrap();
        Self { live: store.live().clone(), store, instance, folder }
    }

    async fn save(&self, id: Option<GenerationId>, status: Status) -> GenerationId {
        let file = FileRef { folder: "output".into(), subfolder: String::new(), filename: "fox_00001_.png".into() };
        let output = NewAttachment {
            role: Role::Output,
            node_id: Some("9".into()),
            key: "images".into(),
            kind: MediaKind::Image,
            content: NewContent::Wanted(file),
        };
        let run = Save {
            id,
            documents: vec![Document { kind: DocumentKind::Prompt, json: PROMPT.to_owned() }],
            attachments: if status == Status::Completed { vec![output] } else { Vec::new() },
            ..Save::new(PromptId::from("a"), status, Timestamp::from_millis(1_000))
        };
        self.store.save(self.instance, &Comfyui::default(), vec![run]).await.unwrap()[0]
    }

    async fn found(&self, text: &str) -> Vec<GenerationId> {
        self.try_to_find(text).await.unwrap()
    }

    async fn try_to_find(&self, text: &str) -> Result<Vec<GenerationId>, store::Error> {
        let filter = Filter { want: Some(search::parse(text).unwrap().want(&Utc)), ..Filter::default() };
        let page = self.store.list(filter, Start::Newest, "200".parse().unwrap()).await?;
        Ok(page.items.into_iter().map(|run| run.id).collect())
    }

    /// Runs the indexer until nothing waits.
    async fn indexed(&self, work: impl AsyncFnOnce()) {
        let stop = CancellationToken::new();
        let indexing = tokio::spawn(run(self.store.clone(), self.live.clone(), stop.clone()));
        work().await;
        let ended = async {
            while self.store.index_progress().await.unwrap().waiting > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), ended).await.unwrap();
        stop.cancel();
        indexing.await.unwrap();
    }
}

#[tokio::test]
async fn a_run_is_found_by_everything_that_its_graph_says() {
    let f = Fixture::new().await;
    let id = f.save(None, Status::Completed).await;
    f.indexed(async || {}).await;
    for text in [
        "fox",
        "FOX red",
        "\"red fox\"",
        "狐",
        "狐狸",
        "model:dreamy",
        "model:=XL/dreamy.safetensors",
        "sampler:euler",
        "scheduler:normal",
        "seed:7",
        "steps:20",
        "steps:>=20 steps:<21",
        "cfg:8",
        "width:512",
        "height:>700",
        "node:ksampler",
        "node:decode",
        "negative:blurry",
        "prompt:fox",
        "status:completed",
        "kind:image",
        "file:fox_00001",
        "date:today",
        "instance:default",
        "-dog",
        "dog OR fox",
        "has:negative",
        "fox_00001_.png",
        "fo",
    ] {
        assert_eq!(f.found(text).await, [id], "{text}");
    }
    for text in [
        "dog",
        "\"fox red\"",
        "blurry",
        "model:fox",
        "sampler:eul",
        "seed:8",
        "steps:>20",
        "status:failed",
        "-fox",
        "has:error",
        "狸狐",
        "has:lora",
    ] {
        assert_eq!(f.found(text).await, [], "{text}");
    }
    let run = f.store.summaries(vec![id]).await.unwrap().remove(0);
    assert_eq!(run.model.as_deref(), Some("dreamy"), "the row learns it too");
}

#[tokio::test]
async fn a_run_that_changes_is_found_by_what_it_is_now_and_told_of() {
    let f = Fixture::new().await;
    let id = f.save(None, Status::Pending).await;
    f.indexed(async || {}).await;
    assert_eq!(f.found("status:pending fox").await, [id]);
    let mut events = f.live.events();
    let told = Event::Generation { id, status: Status::Completed };
    f.indexed(async || {
        f.save(Some(id), Status::Completed).await;
        for _ in ["it was saved", "it was indexed"] {
            assert_eq!(timeout(Duration::from_secs(60), events.recv()).await.unwrap().unwrap().1, told);
        }
    })
    .await;
    assert_eq!((f.found("status:pending").await, f.found("status:completed file:fox").await), (vec![], vec![id]));
}

#[tokio::test]
async fn reindexing_tells_how_far_it_is_and_ends_with_all_done() {
    let f = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, f.save(None, Status::Completed).await);
    }
    for round in 0..2 {
        let mut told = Vec::new();
        reindex(&f.store, |progress| told.push((progress.waiting, progress.runs))).await.unwrap();
        assert_eq!(told, [(3, 3), (0, 3)], "round {round}");
        assert_eq!(f.found("fox").await, ids);
    }
    assert!(!f.store.indexing().derive_again(&version(), false).await.unwrap(), "the daemon has nothing left to do");
}

#[tokio::test]
async fn when_graphs_are_read_better_every_run_is_indexed_again_by_itself() {
    let f = Fixture::new().await;
    let id = f.save(None, Status::Completed).await;
    reindex(&f.store, |_| {}).await.unwrap();
    // As a program left it that read graphs in another way.
    assert!(f.store.indexing().derive_again("0.0", false).await.unwrap());
    f.indexed(async || {}).await;
    assert_eq!(f.found("fox").await, [id]);
    assert!(!f.store.indexing().derive_again(&version(), false).await.unwrap(), "the index is of this version");
}

#[tokio::test]
async fn an_index_that_was_lost_comes_back_by_itself() {
    let f = Fixture::new().await;
    let id = f.save(None, Status::Completed).await;
    f.indexed(async || {}).await;
    let Fixture { store, instance, folder, .. } = f;
    store.close().await.unwrap();
    std::fs::write(folder.path().join("search.db"), [0x55; 9_000]).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let f = Fixture { live: store.live().clone(), store, instance, folder };
    let stop = CancellationToken::new();
    let indexing = tokio::spawn(run(f.store.clone(), f.live.clone(), stop.clone()));
    let found = async {
        while f.found("fox").await != [id] {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), found).await.unwrap();
    stop.cancel();
    indexing.await.unwrap();
}

#[tokio::test]
async fn an_index_that_breaks_while_it_is_read_comes_back_by_itself() {
    let f = Fixture::new().await;
    let id = f.save(None, Status::Completed).await;
    f.indexed(async || {
        while f.found("fox").await != [id] {
            tokio::task::yield_now().await;
        }
        let other = rusqlite::Connection::open(f.folder.path().join("search.db")).unwrap();
        other.busy_timeout(Duration::from_secs(60)).unwrap();
        other.execute("UPDATE segments SET marks = x'00'", []).unwrap();
        drop(other);
        let filter = Filter { want: Some(search::parse("fox").unwrap().want(&Utc)), ..Filter::default() };
        let told = f.store.count(filter).await.unwrap_err();
        assert!(told.is_transient() && told.to_string().contains("being rebuilt"), "{told}");
        let found = async {
            loop {
                match f.try_to_find("fox").await {
                    Ok(found) if found == [id] => break,
                    // Whoever asks again before it is made anew is told the same again.
                    outcome => {
                        assert!(outcome.as_ref().map_or_else(store::Error::is_transient, Vec::is_empty), "{outcome:?}")
                    }
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), found).await.unwrap();
    })
    .await;
}
