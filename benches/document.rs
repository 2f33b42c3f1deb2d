//! A window of a document of 30 MB, against reading the document at all.

use std::time::{Duration, Instant};

use comfy_recall::model::{Comfyui, Document, DocumentKind, GenerationId, PromptId, Status, Timestamp};
use comfy_recall::store::{Save, Store};

use crate::site::Server;
use crate::support::client;
use crate::table::{Row, median};

const BYTES: usize = 30_000_000;
const REQUESTS: usize = 9;

pub async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = fill(&store).await;
    let plain = timed(async || {
        let json = store.document(id, DocumentKind::Prompt).await.unwrap().unwrap();
        assert!(json.len() >= BYTES);
    })
    .await;
    let server = Server::start(&store, folder.path()).await;
    let client = client();
    let mut rows = Vec::new();
    for (what, query) in [
        ("a window at the end of a document of 30 MB", "from=999999"),
        ("… its last match, all counted", "find=KSampler&match=999999"),
    ] {
        let took = timed(async || {
            let url = format!("http://{}/g/{id}/documents/prompt?{query}", server.address);
            assert_eq!(
                client.get(url).send().await.unwrap().error_for_status().unwrap().text().await.unwrap().len()
                    / 1_000_000,
                0
            );
        })
        .await;
        rows.push(Row::ratio(what, took, plain, 12.0));
    }
    server.stop().await;
    store.close().await.unwrap();
    rows
}

async fn timed(work: impl AsyncFn()) -> Duration {
    let mut took = Vec::new();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        work().await;
        took.push(start.elapsed());
    }
    median(&mut took)
}

async fn fill(store: &Store) -> GenerationId {
    let mut json = String::from("{");
    for n in 0.. {
        if json.len() > BYTES {
            break;
        }
        let seed = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        json += &format!(
            r#""{n}":{{"inputs":{{"seed":{seed},"steps":20,"cfg":7.5,"model":["{seed}",0],"text":"a castle on hill {seed}"}},"class_type":"KSampler"}},"#
        );
    }
    json += "\"end\":0}";
    let run = Save {
        documents: vec![Document { kind: DocumentKind::Prompt, json }],
        ..Save::new(PromptId::from("p"), Status::Completed, Timestamp::from_millis(1_700_000_000_000))
    };
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    store.save(instance, &Comfyui::default(), vec![run]).await.unwrap()[0]
}
