//! For tests: the real server on a free port, over a real store and real files in a folder that goes with it.

use std::path::Path;

use bytes::Bytes;
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{AcceptedToken, Error, Site, SiteSettings};
use crate::blobs::Blobs;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{
    Blob, Comfyui, Digest, Document, DocumentKind, FileRef, GenerationId, InstanceName, MediaKind, PromptId, Role,
    Scope, Status, Timestamp, file_url,
};
use crate::store::{NewAttachment, NewContent, Save, Store};
use crate::thumbs::{Cache, Thumbs};
use crate::web::serve::serve_up_to;

/// 2026-11-20T09:59:12.094Z.
pub const NOON: i64 = 1_795_168_752_094;

/// A server that runs.
pub struct TestSite {
    pub site: Site,
    pub address: String,
    pub client: Client,
    pub shutdown: CancellationToken,
    pub server: JoinHandle<Result<(), Error>>,
    folder: TempDir,
}

impl TestSite {
    pub async fn start() -> Self {
        Self::with(SiteSettings { zone: "UTC".parse().unwrap(), ..SiteSettings::default() }).await
    }

    pub async fn with(settings: SiteSettings) -> Self {
        Self::serving(512, settings).await
    }

    /// For so many connections at the same time.
    pub async fn serving(connections: usize, settings: SiteSettings) -> Self {
        // Reqwest wants one even for plain HTTP; other tests may have been faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shutdown = CancellationToken::new();
        let cache = Cache::open(folder.path());
        let thumbs = Thumbs::new(store.clone(), blobs.clone(), cache, None, shutdown.clone());
        let site = Site { store, blobs, thumbs, live: Live::default(), metrics: Metrics::default(), settings };
        let server = tokio::spawn(serve_up_to(connections, listener, site.clone(), shutdown.clone()));
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { site, address, client, shutdown, server, folder }
    }

    /// Where all of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn request(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("http://{}{path}", self.address))
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(path).send().await.unwrap()
    }

    /// The text of a page that must be there.
    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    pub async fn save(&self, run: Save) -> GenerationId {
        self.save_on("default", run).await
    }

    pub async fn save_on(&self, instance: &str, run: Save) -> GenerationId {
        let name: InstanceName = instance.parse().unwrap();
        let instance = self.site.store.instance(&name).await.unwrap();
        let comfyui = Comfyui { version: Some("0.26.0".to_owned()), devices: vec!["cpu".to_owned()] };
        self.site.store.save(instance, &comfyui, vec![run]).await.unwrap()[0]
    }

    /// Keeps a file. Here everything is a PNG or unknown.
    pub async fn keep(&self, bytes: &[u8]) -> Blob {
        let mut draft = self.site.blobs.draft();
        draft.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        let stored = draft.finish().await.unwrap();
        let (kind, mime) = match bytes.starts_with(b"\x89PNG") {
            true => (MediaKind::Image, "image/png"),
            false => (MediaKind::Other, "application/octet-stream"),
        };
        Blob { digest: stored.digest, bytes: stored.bytes, kind, mime: mime.to_owned() }
    }

    /// Keeps a file as the output of a run, and gives its address.
    pub async fn serve_file(&self, filename: &str, bytes: &[u8]) -> String {
        let blob = self.keep(bytes).await;
        let digest = blob.digest;
        self.save(Save { attachments: vec![stored(filename, blob)], ..run("p", Status::Completed, 0) }).await;
        file_url(digest, filename)
    }

    /// Keeps bytes under a MIME type of the test's choice.
    pub async fn serve_as(&self, mime: &str, kind: MediaKind, bytes: &[u8]) -> String {
        let blob = Blob { mime: mime.to_owned(), kind, ..self.keep(bytes).await };
        let digest = blob.digest;
        self.save(Save { attachments: vec![stored("x", blob)], ..run("p", Status::Completed, 0) }).await;
        file_url(digest, "x")
    }
}

/// The hash of a password, made as cheaply as can be.
pub fn argon2(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    use argon2::password_hash::phc::PasswordHash;
    use argon2::{Algorithm, Argon2, Params, Version};
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).unwrap());
    let hash: PasswordHash = cheap.hash_password_with_salt(password.as_bytes(), &[7; 16]).unwrap();
    hash.to_string()
}

/// A token as the configuration knows it.
pub fn token(name: &str, scope: Scope, text: &str) -> AcceptedToken {
    AcceptedToken { name: name.to_owned(), scope, hash: Digest(Sha256::digest(text).into()) }
}

/// A run that was queued so many milliseconds after [`NOON`].
pub fn run(prompt_id: &str, status: Status, after: i64) -> Save {
    Save::new(PromptId::from(prompt_id), status, Timestamp::from_millis(NOON + after))
}

pub fn document(kind: DocumentKind, json: &str) -> Document {
    Document { kind, json: json.to_owned() }
}

pub fn stored(filename: &str, blob: Blob) -> NewAttachment {
    let kind = blob.kind;
    output(kind, NewContent::Stored(file(filename), blob))
}

pub fn output(kind: MediaKind, content: NewContent) -> NewAttachment {
    NewAttachment { role: Role::Output, node_id: Some("9".to_owned()), key: "images".to_owned(), kind, content }
}

pub fn file(filename: &str) -> FileRef {
    FileRef { folder: "output".to_owned(), subfolder: "sub".to_owned(), filename: filename.to_owned() }
}
