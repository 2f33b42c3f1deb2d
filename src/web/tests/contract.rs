//! The API as a contract: what it says of itself, conditional requests, days, outputs, status, metrics.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{DocumentKind, MediaKind, Status, Timestamp};
use crate::store::{NewContent, Save};
use crate::web::SiteSettings;
use crate::web::testing::{NOON, TestSite, document, file, output, run, stored};

/// Every address of the document, with the names of its parameters.
fn described(document: &Value) -> Vec<(String, BTreeSet<String>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let names = |methods: &Value| {
        let parameters =
            methods.as_object().unwrap().values().filter_map(|told| told["parameters"].as_array()).flatten();
        parameters.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    paths.map(|(path, methods)| (path.clone(), names(methods))).collect()
}

#[tokio::test]
async fn the_description_names_every_address_and_parameter_that_there_is() {
    let site = TestSite::start().await;
    let document = site.json("/api/v1/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, names) in described(&document) {
        let path = path
            .replace("{id}", "1")
            .replace("{gap}", "1")
            .replace("{output}", "0")
            .replace("{sha256}", &"0".repeat(64));
        let path = path.replace("{name}", "a.png");
        if path == "/events" {
            continue;
        }
        let status = site.get(&path).await.status().as_u16();
        let error: Value = site.get(&path).await.json().await.unwrap_or_default();
        assert_ne!(error["error"]["code"], "not_found", "{path} isn't there");
        assert!(status < 500, "{path}: {status}");
        // What isn't described is refused by name, and the refusal says all that there are.
        let refused: Value = site.get(&format!("{path}?no-such=1")).await.json().await.unwrap_or_default();
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        if let Some((_, known)) = message.split_once("is not a parameter; there are ") {
            let known: BTreeSet<String> = known.split(", ").map(str::to_owned).collect();
            let missing: Vec<_> = known.difference(&names).collect();
            assert!(missing.is_empty(), "{path}: {missing:?} of {known:?}");
        }
    }
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let site = TestSite::start().await;
    let id = site.save(run("p", Status::Completed, 0)).await;
    for path in ["/api/v1/generations".to_owned(), format!("/api/v1/generations/{id}"), "/api/v1/days".to_owned()] {
        let first = site.get(&path).await;
        let etag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert!(etag.starts_with("W/\""), "{path}: {etag}");
        assert_eq!(first.headers()["cache-control"], "private, no-cache");
        let again = site.request(&path).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"].to_str().unwrap()), (304, &&*etag), "{path}");
        assert!(again.bytes().await.unwrap().is_empty());
        let head = site.client.head(format!("http://{}{path}", site.address)).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.headers().get("etag").is_some()), (200, true), "{path}");
        let compressed = site.request(&path).header("accept-encoding", "gzip").header("if-none-match", &etag);
        assert_eq!(compressed.send().await.unwrap().status(), 304, "{path}");
    }
    let etag = site.get("/api/v1/generations").await.headers()["etag"].clone();
    site.save(run("q", Status::Completed, 1)).await;
    let changed = site.request("/api/v1/generations").header("if-none-match", etag).send().await.unwrap();
    assert_eq!(changed.status(), 200);
}

#[tokio::test]
async fn lists_say_what_prompts_say_also_when_it_is_asked_again() {
    let site = TestSite::start().await;
    let prompt = |seed: u32| {
        format!(
            r#"{{"3":{{"class_type":"KSampler","inputs":{{"seed":{seed},"model":["4",0],"positive":["6",0],"latent_image":["5",0]}}}},
                "5":{{"class_type":"EmptyLatentImage","inputs":{{"width":64,"height":64}}}},
                "9":{{"class_type":"SaveImage","inputs":{{"images":["3",0]}}}}}}"#
        )
    };
    let save =
        |status, seed| Save { documents: vec![document(DocumentKind::Prompt, &prompt(seed))], ..run("p", status, 0) };
    let finished = site.save(save(Status::Completed, 7)).await;
    let open = site.save(save(Status::Pending, 8)).await;
    site.save(run("none", Status::Completed, -1)).await;
    for _ in 0..2 {
        let items = site.json("/api/v1/generations").await["items"].clone();
        let seeds: Vec<_> = items
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["id"].as_i64().unwrap(), it["facts"]["seeds"][0].clone()))
            .collect();
        assert_eq!(seeds[..2], [(open.0, "8".into()), (finished.0, "7".into())]);
        assert!(items[2]["facts"].is_null());
    }
}

#[tokio::test]
async fn days_are_counted_in_the_zone_of_the_one_who_asks() {
    let site = TestSite::start().await;
    for (status, hours) in [(Status::Completed, 0), (Status::Failed, -1), (Status::Completed, -30)] {
        site.save(Save { created_at: Timestamp::from_millis(NOON + hours * 3_600_000), ..run("p", status, 0) }).await;
    }
    for (query, expected) in [
        ("date=2026-11-18..2026-11-20", vec![("2026-11-18", 0), ("2026-11-19", 1), ("2026-11-20", 2)]),
        ("date=2026-11-20&status=failed", vec![("2026-11-20", 1)]),
        ("date=2026-11-20&tz=%2B14:00", vec![("2026-11-20", 2)]),
        ("date=2026-11-20&tz=-10:00", vec![("2026-11-20", 0)]),
    ] {
        let answer = site.json(&format!("/api/v1/days?{query}")).await;
        let days: Vec<_> = answer["days"]
            .as_array()
            .unwrap()
            .iter()
            .map(|day| (day["date"].as_str().unwrap(), day["count"].as_i64().unwrap()))
            .collect();
        assert_eq!(days, expected, "{query}");
    }
    assert_eq!(site.json("/api/v1/days").await["days"].as_array().unwrap().len(), 31);
    let refused = site.get("/api/v1/days?date=2020-01-01..2026-01-01").await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("too many days: use 367 at most"));
}

#[tokio::test]
async fn outputs_are_served_by_their_number() {
    let site = TestSite::start().await;
    let blob = site.keep(b"\x89PNG\r\n\x1a\n0123").await;
    let attachments = vec![
        stored("a b.png", blob),
        output(MediaKind::Text, NewContent::Text("once upon a time".to_owned())),
        output(MediaKind::Image, NewContent::Wanted(file("later.png"))),
        output(MediaKind::Image, NewContent::Missing(file("gone.png"), "deleted".into())),
    ];
    let id = site.save(Save { attachments, ..run("p", Status::Completed, 0) }).await;
    let listed = site.json(&format!("/api/v1/generations/{id}/outputs")).await;
    let outputs: Vec<_> = listed["outputs"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()).collect();
    let address = |place: usize| format!("/api/v1/generations/{id}/outputs/{}", outputs[place]);
    let picture = site.get(&address(0)).await;
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(picture.bytes().await.unwrap().len(), 12);
    let part = site.request(&address(0)).header("range", "bytes=8-9").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap()), (206, "01".to_owned()));
    let text = site.get(&address(1)).await;
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text.text().await.unwrap(), "once upon a time");
    for (path, code) in [
        (address(2), "output_pending"),
        (address(3), "output_missing"),
        (format!("/api/v1/generations/{id}/outputs/99"), "output_not_found"),
        (format!("/api/v1/generations/{id}/outputs/x"), "output_not_found"),
        ("/api/v1/generations/999/outputs/0".to_owned(), "generation_not_found"),
        ("/api/v1/generations/999/outputs".to_owned(), "generation_not_found"),
        ("/api/v1/generations/999/prompt".to_owned(), "generation_not_found"),
        (format!("/api/v1/generations/{id}/workflow"), "document_not_found"),
    ] {
        let response = site.get(&path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], code, "{path}");
    }
}

#[tokio::test]
async fn the_status_counts_what_is_kept() {
    let site = TestSite::start().await;
    site.save_on("gpu-1", run("a", Status::Completed, 0)).await;
    site.save_on("gpu-1", run("b", Status::Failed, 0)).await;
    let status = site.json("/api/v1/status").await;
    assert_eq!((&status["storage"]["generations"], &status["storage"]["is_writable"]), (&2.into(), &true.into()));
    let instance = &site.json("/api/v1/instances").await["items"][0];
    assert_eq!((&instance["name"], &instance["is_configured"]), (&"gpu-1".into(), &false.into()));
    assert_eq!((&instance["generations"]["completed"], &instance["generations"]["failed"]), (&1.into(), &1.into()));
    assert_eq!(instance, &status["instances"][0]);
}

#[tokio::test]
async fn metrics_count_runs_and_answers() {
    let site = TestSite::with(SiteSettings::default()).await;
    site.save(run("a", Status::Completed, 0)).await;
    site.get("/api/v1/generations/999").await;
    site.get("/no-such").await;
    let response = site.get("/metrics").await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = response.text().await.unwrap();
    for line in [
        "comfy_recall_generations{instance=\"default\",status=\"completed\"} 1",
        "comfy_recall_generations{instance=\"default\",status=\"lost\"} 0",
        "comfy_recall_files{state=\"stored\"} 0",
        "comfy_recall_storage_writable 1",
        "comfy_recall_http_requests_total{method=\"GET\",route=\"/api/v1/generations/{id}\",code=\"404\"} 1",
        "comfy_recall_http_requests_total{method=\"GET\",route=\"none\",code=\"404\"} 1",
        "# EOF",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
}
