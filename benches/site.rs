//! The real server in this process, on a free port: what the benches of its answers ask.

use std::net::SocketAddr;
use std::path::Path;

use comfy_recall::blobs::Blobs;
use comfy_recall::live::Live;
use comfy_recall::metrics::Metrics;
use comfy_recall::store::Store;
use comfy_recall::thumbs::{Cache, Thumbs};
use comfy_recall::web::{self, Site, SiteSettings};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that runs until it is stopped.
pub struct Server {
    pub address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), web::Error>>,
}

impl Server {
    /// Serves an open store, with the files beside it.
    pub async fn start(store: &Store, folder: &Path) -> Self {
        let (blobs, stop) = (Blobs::open(&folder.join("blobs")).unwrap(), CancellationToken::new());
        let thumbs = Thumbs::new(store.clone(), blobs.clone(), Cache::open(folder), None, stop.clone());
        let site = Site {
            store: store.clone(),
            blobs,
            thumbs,
            live: Live::default(),
            metrics: Metrics::default(),
            settings: SiteSettings::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(web::serve(listener, site, stop.clone()));
        Self { address, stop, serving }
    }

    /// Ends it; the store stays open.
    pub async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}
