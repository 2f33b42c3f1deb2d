//! The API on a million generations, asked by sixteen at a time, beside the same server answering something constant.

mod load;
mod usual;

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::routing::get;
use comfy_recall::store::Store;
use tokio::net::TcpListener;
use tokio::runtime;

use crate::find::million;
use crate::site;
use crate::table::{Row, millis};
use load::{Answers, ask};

/// Answers a second that are asked for, where the machine can.
const A_SECOND: f64 = 2_500.0;

/// How many times as many the same server may give of something constant.
const OF_CONSTANT: f64 = 4.0;

pub async fn measure() -> Vec<Row> {
    let folder = million::filled().await;
    let usual = usual::runs(&folder).await;
    let server = Server::start(folder).await;
    let list = ask(server.address, |_| "GET /api/v1/generations?limit=50".to_owned()).await;
    let constant = constant(list.bytes).await;
    let mut rows = vec![many("GET /api/v1/generations?limit=50, 16 at a time", &list, &constant)];
    let places = usual.places.clone();
    let elsewhere =
        ask(server.address, move |n| format!("GET /api/v1/generations?limit=50&next={}", places[n % places.len()]));
    // Facts of fifty prompts that nobody asked for lately are read for each: what a person waits for, not what is polled.
    rows.push(quick("… anywhere in the list, p99", &elsewhere.await, 100.0));
    let ids = usual.ids.clone();
    let detail = ask(server.address, move |n| format!("GET /api/v1/generations/{}", ids[n % ids.len()])).await;
    rows.push(quick("GET /api/v1/generations/{id} of a usual run, p99", &detail, 5.0));
    let ids = usual.prompt_ids.clone();
    let history = ask(server.address, move |n| format!("GET /history/{}", ids[n % ids.len()])).await;
    rows.push(quick("GET /history/{prompt_id} of a usual run, p99", &history, 5.0));
    let deep = ask(server.address, |_| "POST /bt/artifacts/list\n{\"offset\":10000,\"limit\":20}".to_owned()).await;
    rows.push(quick("POST /bt/artifacts/list at offset 10,000, p99", &deep, 15.0));
    let deepest = ask(server.address, |_| "POST /bt/artifacts/list\n{\"offset\":500000,\"limit\":20}".to_owned()).await;
    rows.push(quick("… at offset 500,000", &deepest, 15.0));
    server.stop().await;
    rows
}

/// A number of answers that is asked for, or a quarter of what the same server gives of something constant.
fn many(what: &'static str, ours: &Answers, constant: &Answers) -> Row {
    let beside = format!(
        "{:.0} a second of {} bytes against {:.0} of a constant; p99 {}",
        ours.a_second,
        ours.bytes,
        constant.a_second,
        millis(ours.p99)
    );
    Row::new(what, constant.a_second / ours.a_second, OF_CONSTANT.max(constant.a_second / A_SECOND), "×", beside)
}

fn quick(what: &'static str, ours: &Answers, asked: f64) -> Row {
    let beside =
        format!("{:.0} a second of {} bytes, the middle one {}", ours.a_second, ours.bytes, millis(ours.median));
    Row::new(what, ours.p99.as_secs_f64() * 1e3, asked, "ms", beside)
}

/// The same server with an answer that costs nothing.
async fn constant(bytes: usize) -> Answers {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = bytes::Bytes::from(vec![b'x'; bytes]);
    let router = Router::new().route("/", get(async move || body.clone()));
    let serving = tokio::spawn(async { axum::serve(listener, router).await });
    let answers = ask(address, |_| "GET /".to_owned()).await;
    serving.abort();
    answers
}

/// The real server on threads of its own, as many as the daemon has.
struct Server {
    address: SocketAddr,
    runtime: runtime::Runtime,
    site: site::Server,
}

impl Server {
    async fn start(folder: PathBuf) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let store = Store::open(&folder).unwrap();
        let site = runtime.spawn(async move { site::Server::start(&store, &folder).await }).await.unwrap();
        Self { address: site.address, runtime, site }
    }

    async fn stop(self) {
        self.site.stop().await;
        self.runtime.shutdown_background();
    }
}
