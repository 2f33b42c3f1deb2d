//! Against a server that listens, refuses, and is away.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout as limit;

use super::*;
use crate::model::{Comfyui, FileRef, GenerationId, InstanceId, MediaKind, PromptId, Role};
use crate::store::{Fetched, NewAttachment, NewContent, Save};

const KEY: &[u8] = b"a key of at least twenty-four bytes";
const SOON: Duration = Duration::from_secs(20);

/// What was heard: headers and body.
type Heard = (HeaderMap, Bytes);

/// Where what is heard goes, and the codes that are left, the next one last.
type Hearing = (mpsc::UnboundedSender<Heard>, Arc<Mutex<Vec<u16>>>);

/// Somebody who hears, and answers with the next of these codes; with 204 when they are used up.
struct Ear {
    url: Url,
    heard: mpsc::UnboundedReceiver<Heard>,
    server: JoinHandle<()>,
}

impl Ear {
    async fn listen(codes: &[u16]) -> Self {
        let (told, heard) = mpsc::unbounded_channel();
        let codes = Arc::new(Mutex::new(codes.iter().rev().copied().collect::<Vec<u16>>()));
        let hear = async move |State((told, codes)): State<Hearing>, headers: HeaderMap, body: Bytes| {
            told.send((headers, body)).unwrap();
            let code = codes.lock().unwrap().pop().unwrap_or(204);
            (StatusCode::from_u16(code).unwrap(), [("location", "http://127.0.0.1:1/")])
        };
        let router = Router::new().route("/hook", post(hear)).with_state((told, codes));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, heard, server }
    }

    fn webhook(&self) -> Webhook {
        Webhook {
            url: self.url.clone(),
            shown: "the ear".to_owned(),
            key: KEY.to_owned(),
            statuses: Vec::new(),
            instances: Vec::new(),
        }
    }

    async fn hears(&mut self) -> (HeaderMap, Value) {
        let (headers, body) = limit(SOON, self.heard.recv()).await.unwrap().unwrap();
        let header = |name: &str| headers[name].to_str().unwrap();
        let signature = send::sign(KEY, header("webhook-id"), header("webhook-timestamp"), &body);
        assert_eq!(header("webhook-signature"), signature);
        assert_eq!(header("content-type"), "application/json");
        let body = serde_json::from_slice(&body).unwrap();
        (headers, body)
    }
}

/// A store, and those who tell of what ends in it.
struct Daemon {
    store: Store,
    instance: InstanceId,
    shutdown: CancellationToken,
    telling: JoinHandle<Result<(), rustls::Error>>,
    folder: TempDir,
}

impl Daemon {
    async fn start(webhooks: Vec<Webhook>) -> Self {
        Self::on(tempfile::tempdir().unwrap(), webhooks).await
    }

    async fn on(folder: TempDir, webhooks: Vec<Webhook>) -> Self {
        let store = Store::open(folder.path()).unwrap();
        subscribe(&store, &webhooks).await.unwrap();
        let instance = store.instance(&InstanceName::default()).await.unwrap();
        let (live, shutdown) = (store.live().clone(), CancellationToken::new());
        let telling = tokio::spawn(run(webhooks, store.clone(), live, "/history".to_owned(), shutdown.clone()));
        Self { store, instance, shutdown, telling, folder }
    }

    async fn save(&self, run: Save) -> GenerationId {
        self.store.save(self.instance, &Comfyui::default(), vec![run]).await.unwrap()[0]
    }

    async fn stop(self) -> TempDir {
        self.shutdown.cancel();
        self.telling.await.unwrap().unwrap();
        self.store.close().await.unwrap();
        self.folder
    }
}

fn ended(status: Status) -> Save {
    let now = Timestamp::now();
    Save { finished_at: (!status.is_open()).then_some(now), ..Save::new(PromptId::from("p"), status, now) }
}

#[tokio::test]
async fn a_run_that_ends_is_told_once_and_signed() {
    let mut ear = Ear::listen(&[]).await;
    let daemon = Daemon::start(vec![ear.webhook()]).await;
    let id = daemon.save(ended(Status::Pending)).await;
    for status in [Status::InProgress, Status::Failed, Status::Failed] {
        daemon.save(Save { id: Some(id), ..ended(status) }).await;
    }
    let next = daemon.save(ended(Status::Completed)).await;
    for (id, event) in [(id, "generation.failed"), (next, "generation.completed")] {
        let (_, body) = ear.hears().await;
        assert_eq!((&body["type"], &body["data"]["id"]), (&event.into(), &id.0.into()));
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z') && body["data"]["outputs"].is_array(), "{body}");
    }
    daemon.stop().await;
    assert!(ear.heard.try_recv().is_err(), "more was told than happened");
}

#[tokio::test]
async fn what_was_not_taken_is_told_again_after_a_restart_under_the_same_id() {
    let mut ear = Ear::listen(&[500, 302]).await;
    let daemon = Daemon::start(vec![ear.webhook()]).await;
    daemon.save(ended(Status::Completed)).await;
    let first = ear.hears().await.0["webhook-id"].clone();
    let address = ear.webhook().subscriber().address;
    let waiting = limit(SOON, async {
        loop {
            let waiting = daemon.store.deliveries().due_deliveries(address, after(FILES_WAIT * 60), 9).await.unwrap();
            if waiting[0].attempts == 1 {
                return waiting;
            }
            tokio::task::yield_now().await;
        }
    });
    let waiting = waiting.await.unwrap();
    let folder = daemon.stop().await;
    // Due at once, so that the test needn't wait.
    let store = Store::open(folder.path()).unwrap();
    store.deliveries().delivery_later(waiting[0].id, Timestamp::now(), false).await.unwrap();
    store.close().await.unwrap();
    let daemon = Daemon::on(folder, vec![ear.webhook()]).await;
    // Where the answer points to isn't asked.
    assert_eq!(ear.hears().await.0["webhook-id"], first);
    assert_eq!(daemon.store.deliveries_waiting().await.unwrap(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn a_filter_keeps_what_nobody_asked_for() {
    let mut ear = Ear::listen(&[]).await;
    let failures = Webhook { statuses: vec![Status::Failed, Status::Lost], ..ear.webhook() };
    let daemon = Daemon::start(vec![Webhook { instances: vec![InstanceName::default()], ..failures }]).await;
    daemon.save(ended(Status::Completed)).await;
    let other = daemon.store.instance(&"gpu-2".parse().unwrap()).await.unwrap();
    daemon.store.save(other, &Comfyui::default(), vec![ended(Status::Failed)]).await.unwrap();
    // What ended before somebody wanted to know is no news.
    let old = Save { finished_at: Some(Timestamp::from_millis(1_000)), ..ended(Status::Failed) };
    daemon.save(old).await;
    let lost = daemon.save(ended(Status::Lost)).await;
    assert_eq!(ear.hears().await.1["data"]["id"], lost.0);
    daemon.stop().await;
    assert!(ear.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_message_waits_for_the_files_of_its_run() {
    let mut ear = Ear::listen(&[]).await;
    let daemon = Daemon::start(vec![ear.webhook()]).await;
    let file = FileRef { folder: "output".into(), subfolder: String::new(), filename: "a.png".into() };
    let output = NewAttachment {
        role: Role::Output,
        node_id: Some("9".into()),
        key: "images".into(),
        kind: MediaKind::Image,
        content: NewContent::Wanted(file),
    };
    daemon.save(Save { attachments: vec![output], ..ended(Status::Completed) }).await;
    let wanted = daemon.store.wanted_files(daemon.instance, Timestamp::now(), 9).await.unwrap();
    assert!(ear.heard.try_recv().is_err());
    daemon.store.settle(vec![(wanted[0].key, Fetched::Missing("deleted".into()))]).await.unwrap();
    let (_, body) = ear.hears().await;
    assert_eq!(body["data"]["outputs"][0]["state"], "missing");
    daemon.stop().await;
}

#[tokio::test]
async fn an_address_that_is_gone_from_the_configuration_is_forgotten() {
    let ear = Ear::listen(&[]).await;
    ear.server.abort();
    let daemon = Daemon::start(vec![ear.webhook()]).await;
    daemon.save(ended(Status::Completed)).await;
    assert_eq!(daemon.store.deliveries_waiting().await.unwrap(), 1);
    let folder = daemon.stop().await;
    let daemon = Daemon::on(folder, Vec::new()).await;
    daemon.save(ended(Status::Completed)).await;
    assert_eq!(daemon.store.deliveries_waiting().await.unwrap(), 0);
    daemon.stop().await;
}

#[test]
fn pauses_grow_but_never_beyond_an_hour_and_a_quarter() {
    assert!((3..=7).contains(&backoff(0).as_secs()));
    assert!((2_700..=4_500).contains(&backoff(60).as_secs()));
}
