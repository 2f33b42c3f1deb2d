//! Everything below a path of its own, behind a proxy that others share.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{DocumentKind, Status};
use crate::store::Save;
use crate::web::SiteSettings;
use crate::web::testing::{TestSite, document, run, stored};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

async fn below_history() -> TestSite {
    let base = "/history".parse().unwrap();
    TestSite::with(SiteSettings { base, zone: "UTC".parse().unwrap(), ..SiteSettings::default() }).await
}

/// Every value of a page that is a path from the top of the host.
fn paths(page: &str) -> BTreeSet<String> {
    let values = page.split("=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let parts = values.flat_map(|value| value.split(", ").map(|part| part.split(' ').next().unwrap_or_default()));
    parts.filter(|part| part.starts_with('/')).map(|part| part.replace("&#38;", "&")).collect()
}

#[tokio::test]
async fn every_address_of_every_page_lies_below_and_leads_somewhere() {
    let site = below_history().await;
    let blob = site.keep(PNG).await;
    for after in 0..3 {
        site.save(Save {
            attachments: vec![stored("a.png", blob.clone())],
            documents: vec![document(DocumentKind::Prompt, r#"{"9":{"class_type":"SaveImage","inputs":{}}}"#)],
            workflow_name: Some("w".to_owned()),
            ..run("p", Status::Completed, after)
        })
        .await;
    }
    site.save(run("q", Status::Pending, 9)).await;
    let mut known: BTreeSet<String> =
        ["/", "/?month=2026-11&facets=open&q=steps%3A%3E0", "/nowhere"].map(|path| format!("/history{path}")).into();
    let mut asked = BTreeSet::new();
    // Links of links lead to the same pages with other filters: some of each will do.
    let is_new = |path: &&String, asked: &BTreeSet<String>| {
        let stem = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
        asked.iter().filter(|other| stem(other) == stem(path)).count() < 10
    };
    while let Some(path) = known.difference(&asked).find(|path| is_new(path, &asked)).cloned() {
        let response = site.get(&path).await;
        let status = response.status();
        assert!(status == 200 || path.ends_with("/nowhere") || path.ends_with("/preferences"), "{path}: {status}");
        if response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
            for path in paths(&response.text().await.unwrap()) {
                assert!(path.starts_with("/history/"), "{path}");
                known.insert(path);
            }
        }
        asked.insert(path);
    }
    for part in ["/history/status", "/history/g/1", "/history/thumbs/", "/history/files/", "/history/assets/"] {
        assert!(asked.iter().any(|path| path.starts_with(part)), "{part}: {asked:#?}");
    }
}

#[tokio::test]
async fn every_url_of_the_json_lies_below_and_leads_to_its_file() {
    let site = below_history().await;
    let blob = site.keep(PNG).await;
    let id = site.save(Save { attachments: vec![stored("a.png", blob)], ..run("p", Status::Completed, 0) }).await;
    let list = site.json("/history/api/v1/generations").await;
    let detail = site.json(&format!("/history/api/v1/generations/{id}")).await;
    for url in [&list["items"][0]["cover"]["url"], &detail["cover"]["url"], &detail["outputs"][0]["url"]] {
        let url = url.as_str().unwrap();
        assert!(url.starts_with("/history/files/"), "{url}");
        assert_eq!(site.get(url).await.bytes().await.unwrap(), PNG);
    }
}

#[tokio::test]
async fn what_lies_outside_is_not_there_but_the_health_check_is_both() {
    let site = below_history().await;
    for path in ["/", "/status", "/api/v1/generations", "/historyx", "/assets/x", "/events"] {
        assert_eq!(site.get(path).await.status(), 404, "{path}");
    }
    let error: Value = site.json("/api/v1/generations").await;
    assert_eq!(error["error"]["code"], "not_found");
    for path in ["/healthz", "/history/healthz", "/history/readyz", "/history/"] {
        assert_eq!(site.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn without_the_stroke_behind_it_the_base_leads_inside() {
    let site = below_history().await;
    let response = site.get("/history?status=failed").await;
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].as_bytes()),
        (308, &b"/history/?status=failed"[..])
    );
}

#[tokio::test]
async fn preferences_are_kept_for_this_path_and_lead_back_into_it() {
    let site = below_history().await;
    let choose = async |back: &str| {
        let url = format!("http://{}/history/preferences", site.address);
        let form = format!("theme=dark&back={back}");
        let request = site.client.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        (header("location"), header("set-cookie"))
    };
    let (location, cookie) = choose("/history/g/7").await;
    assert_eq!(location, "/history/g/7");
    assert!(cookie.contains("; Path=/history/;"), "{cookie}");
    assert_eq!(choose("/elsewhere").await.0, "/history/");
}
