//! ZIP archives, of one generation and of chosen ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use serde_json::Value;

use crate::model::{DocumentKind, MediaKind, Role, Status};
use crate::store::{NewAttachment, NewContent, Save};
use crate::web::testing::{TestSite, document, file, output, run, stored};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip.file_names().map(str::to_owned).collect();
    let mut read = |name: &String| {
        let mut content = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    names.iter().map(|name| (name.clone(), read(name))).collect()
}

#[tokio::test]
async fn an_archive_holds_every_file_under_a_harmless_name() {
    let site = TestSite::start().await;
    let (first, second, long) = (site.keep(PNG).await, site.keep(b"other").await, site.keep(&vec![7; 3_000_000]).await);
    let mut temp = file("p.png");
    temp.folder = "temp".to_owned();
    let preview = output(MediaKind::Image, NewContent::Stored(temp, first.clone()));
    let input = NewAttachment { role: Role::Input, ..stored("in.png", first.clone()) };
    let attachments = vec![
        stored("../../a.png", first.clone()),
        stored("A.png", second),
        stored("../../a.png", first),
        stored("long.bin", long),
        output(MediaKind::Text, NewContent::Text("once upon a time".into())),
        output(MediaKind::Image, NewContent::Missing(file("gone.png"), "gone".into())),
        preview,
        input,
    ];
    let documents = vec![
        document(DocumentKind::Prompt, r#"{"9":{"class_type":"SaveImage","inputs":{},"is_changed":[NaN]}}"#),
        document(DocumentKind::Workflow, "{\"nodes\":[]}"),
    ];
    let id = site.save(Save { attachments, documents, ..run("p", Status::Completed, 0) }).await;
    let response = site.get(&format!("/g/{id}/files.zip")).await;
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.contains(&format!(" filename=\"comfy-recall-{id}.zip\"")), "{disposition}");
    let files = unzip(&response.bytes().await.unwrap());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "A (2).png",
            "a.png",
            "generation.json",
            "images-9.txt",
            "inputs/in.png",
            "long.bin",
            "previews/p.png",
            "prompt.json",
            "workflow.json"
        ]
    );
    assert_eq!(
        (&files["a.png"][..], &files["A (2).png"][..], files["long.bin"].len()),
        (PNG, &b"other"[..], 3_000_000)
    );
    // As ComfyUI's page can read it.
    assert!(serde_json::from_slice::<Value>(&files["prompt.json"]).is_ok());
    let record: Value = serde_json::from_slice(&files["generation.json"]).unwrap();
    assert_eq!(record, site.json(&format!("/api/v1/generations/{id}")).await);
    assert_eq!(site.get("/g/999/files.zip").await.status(), 404);
}

#[tokio::test]
async fn a_broken_copy_is_left_out() {
    let site = TestSite::start().await;
    let kept = [site.keep(PNG).await, site.keep(b"cut").await, site.keep(b"gone").await];
    let [_, cut, gone] = &kept;
    std::fs::write(site.site.blobs.path(&cut.digest), "c").unwrap();
    std::fs::remove_file(site.site.blobs.path(&gone.digest)).unwrap();
    let attachments = kept.into_iter().zip(["a.png", "b.png", "c.png"]).map(|(blob, name)| stored(name, blob));
    let id = site.save(Save { attachments: attachments.collect(), ..run("p", Status::Completed, 0) }).await;
    let files = unzip(&site.get(&format!("/g/{id}/files.zip")).await.bytes().await.unwrap());
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a.png", "generation.json"]);
    assert_eq!(files["a.png"], PNG);
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_archive() {
    let site = TestSite::start().await;
    let long = site.keep(&vec![7; 40_000_000]).await;
    let id = site.save(Save { attachments: vec![stored("long.bin", long)], ..run("p", Status::Completed, 0) }).await;
    // More than may be written at a time: each would wait for ever for one that doesn't end.
    for _ in 0..6 {
        let mut response = site.get(&format!("/g/{id}/files.zip")).await;
        assert!(response.chunk().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn chosen_generations_come_each_in_its_folder() {
    let site = TestSite::start().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let picture = site.keep(&[PNG, &[number]].concat()).await;
        let status = [Status::Completed, Status::Failed, Status::Completed][usize::from(number)];
        let save = Save { attachments: vec![stored("a.png", picture)], ..run("p", status, i64::from(number)) };
        ids.push(site.save(save).await.0);
    }
    for (query, expected) in [
        (format!("ids={},{}", ids[2], ids[0]), vec![ids[0], ids[2]]),
        (format!("ids={}", ids[1]), vec![ids[1]]),
        ("status=failed".to_owned(), vec![ids[1]]),
        ("kind=image".to_owned(), ids.clone()),
        ("status=lost".to_owned(), vec![]),
    ] {
        let response = site.get(&format!("/api/v1/generations.zip?{query}")).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/zip".parse().unwrap())
        );
        let files = unzip(&response.bytes().await.unwrap());
        let expected: BTreeSet<String> =
            expected.iter().flat_map(|id| [format!("{id}/a.png"), format!("{id}/generation.json")]).collect();
        assert_eq!(files.into_keys().collect::<BTreeSet<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn an_archive_of_a_long_list_has_all_of_it() {
    let site = TestSite::start().await;
    let runs: Vec<Save> = (0..450).map(|number| run("p", Status::Lost, number)).collect();
    let instance = site.site.store.instance(&"default".parse().unwrap()).await.unwrap();
    site.site.store.save(instance, &Default::default(), runs).await.unwrap();
    let files = unzip(&site.get("/api/v1/generations.zip?status=lost").await.bytes().await.unwrap());
    assert_eq!(files.len(), 450);
}

#[tokio::test]
async fn an_archive_of_nothing_in_particular_is_refused() {
    let site = TestSite::start().await;
    let id = site.save(run("p", Status::Completed, 0)).await;
    for (query, status, word) in [
        ("", 400, "say which generations"),
        ("?ids=", 400, "not ids"),
        ("?ids=x", 400, "not ids"),
        (&*format!("?ids={id}&status=failed"), 400, "not a parameter"),
        (&*format!("?ids={id},999"), 404, "no generation"),
        ("?status=done", 400, "not a status"),
    ] {
        let response = site.get(&format!("/api/v1/generations.zip{query}")).await;
        assert_eq!(response.status(), status, "{query}");
        let error: Value = response.json().await.unwrap();
        assert!(error["error"]["message"].as_str().unwrap().contains(word), "{error}");
    }
}
