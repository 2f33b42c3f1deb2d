//! The JSON, key by key, and the list in parts.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{DocumentKind, ErrorSummary, MediaKind, Role, Status, StatusReason, Timestamp};
use crate::store::{NewAttachment, NewContent, Save};
use crate::web::testing::{NOON, TestSite, document, file, output, run, stored};

const PROMPT: &str = r#"{"9":{"inputs":{"seed":18446744073709551615,"cfg":8.0,"odd":NaN},"class_type":"SaveImage","_meta":{"title":"保存 <b>"}},
"2":{"inputs":{},"class_type":"LoadImage"}}"#;
const RESULT: &str = r#"{"outputs":{},"status":{"status_str":"error","completed":false,"messages":[["execution_start",{"timestamp":1}],
["execution_cached",{"nodes":["2"],"timestamp":2}],["execution_error",{"node_id":"9","traceback":["a\n","b\n"],"current_inputs":{"x":[-Infinity]}}]]},"meta":{}}"#;

/// A run that failed after it had given something of everything.
async fn full_run(site: &TestSite) -> i64 {
    let blob = site.keep(b"\x89PNG\r\n\x1a\n").await;
    let input = NewAttachment {
        role: Role::Input,
        node_id: Some("2".to_owned()),
        key: "image".to_owned(),
        ..output(MediaKind::Image, NewContent::Missing(file("../in.png"), "deleted before it was read".into()))
    };
    let attachments = vec![
        stored("a b.png", blob),
        output(MediaKind::Video, NewContent::Wanted(file("clip.mp4"))),
        NewAttachment { key: "text".to_owned(), ..output(MediaKind::Text, NewContent::Text("hello".to_owned())) },
        input,
    ];
    let error = ErrorSummary {
        node_id: Some("9".to_owned()),
        node_type: Some("SaveImage".to_owned()),
        kind: Some("OSError".to_owned()),
        message: Some("disk on fire\n".to_owned()),
    };
    let save = Save {
        started_at: Some(Timestamp::from_millis(NOON + 100)),
        finished_at: Some(Timestamp::from_millis(NOON + 2_017)),
        client_id: Some("c1".to_owned()),
        workflow_id: Some("w1".to_owned()),
        workflow_name: Some("portrait".to_owned()),
        error: Some(error),
        documents: vec![
            document(DocumentKind::Prompt, PROMPT),
            document(DocumentKind::Workflow, r#"{"id":"w1","nodes":[Infinity]}"#),
            document(DocumentKind::Extra, r#"{"client_id":"c1","extra_pnginfo":{"workflow":null}}"#),
            document(DocumentKind::Result, RESULT),
        ],
        attachments,
        ..run("p/1", Status::Failed, 0)
    };
    site.save(save).await.0
}

#[tokio::test]
async fn a_generation_in_full() {
    let site = TestSite::start().await;
    let id = full_run(&site).await;
    let response = site.get(&format!("/api/v1/generations/{id}")).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = response.text().await.unwrap();
    assert!(text.contains(r#""seed":18446744073709551615,"cfg":8.0,"odd":null}"#), "numbers stay as they came");
    insta::assert_json_snapshot!(serde_json::from_str::<Value>(&text).unwrap());
}

#[tokio::test]
async fn a_generation_in_the_list() {
    let site = TestSite::start().await;
    full_run(&site).await;
    let cancelled = Save { status_reason: Some(StatusReason::Dequeued), ..run("p2", Status::Cancelled, -1) };
    site.save(cancelled).await;
    insta::assert_json_snapshot!(site.json("/api/v1/generations").await);
}

#[tokio::test]
async fn a_run_without_documents_has_empty_places() {
    let site = TestSite::start().await;
    let id = site.save(run("p", Status::Pending, 0)).await;
    let full = site.json(&format!("/api/v1/generations/{id}")).await;
    for key in ["prompt", "workflow", "extra_data", "error", "cover"] {
        assert!(full[key].is_null(), "{key}");
    }
    for key in ["outputs", "inputs", "messages", "cached_nodes"] {
        assert_eq!(full[key], Value::Array(Vec::new()), "{key}");
    }
}

#[tokio::test]
async fn a_document_that_is_no_json_is_a_text() {
    let site = TestSite::start().await;
    let save = Save { documents: vec![document(DocumentKind::Prompt, "{\"3\":")], ..run("p", Status::Completed, 0) };
    let id = site.save(save).await;
    assert_eq!(site.json(&format!("/api/v1/generations/{id}")).await["prompt"], "{\"3\":");
    site.page(&format!("/g/{id}")).await;
}

#[tokio::test]
async fn paging_meets_every_run_exactly_once() {
    let site = TestSite::start().await;
    // Several in the same millisecond, on two instances.
    for number in 0..23 {
        site.save_on(["a", "b"][number % 2], run("p", Status::Completed, i64::try_from(number / 4).unwrap())).await;
    }
    let (mut seen, mut next, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = site.json(&format!("/api/v1/generations?limit=5{next}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()));
        pages += 1;
        match page["next"].as_str() {
            Some(cursor) => next = format!("&next={cursor}"),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (23, 5));
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23);

    let last = site.json(&format!("/api/v1/generations?limit=5{next}")).await;
    let (mut back, mut prev) = (Vec::new(), last["prev"].as_str().map(str::to_owned));
    while let Some(cursor) = prev {
        let page = site.json(&format!("/api/v1/generations?limit=5&prev={cursor}")).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        back.splice(0..0, ids);
        prev = page["prev"].as_str().map(str::to_owned);
    }
    assert_eq!(back, seen[..20]);
}

#[tokio::test]
async fn the_list_is_narrowed_by_every_parameter() {
    let site = TestSite::start().await;
    let day = 86_400_000;
    site.save_on("gpu-1", run("a/b", Status::Completed, 0)).await;
    let picture = output(MediaKind::Image, NewContent::Wanted(file("a.png")));
    site.save_on("gpu-2", Save { attachments: vec![picture], ..run("c", Status::Failed, -day) }).await;
    site.save_on("gpu-2", run("d", Status::Lost, -2 * day)).await;
    for (query, count) in [
        ("", 3),
        ("status=completed", 1),
        ("status=failed,lost", 2),
        ("kind=video", 0),
        ("kind=text,image&status=failed", 1),
        ("instance=gpu-2", 2),
        ("instance=elsewhere", 0),
        ("prompt_id=a%2Fb", 1),
        ("date=2026-11-20", 1),
        // 09:59 UTC is tomorrow in Kiritimati only from 10:00 on.
        ("date=2026-11-20&tz=Pacific/Kiritimati", 1),
        ("date=2026-11-19&tz=-10:00", 1),
        ("date=2026-11-20&tz=%2B14:00", 1),
        ("from=2026-11-19T09:59:12.094Z", 2),
        ("to=2026-11-19T09:59:12.094Z", 1),
        ("from=2026-11-19T00:00:00Z&to=2026-11-20T00:00:00Z&status=failed", 1),
    ] {
        let page = site.json(&format!("/api/v1/generations?{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn a_day_of_25_hours_has_all_its_runs() {
    let site = TestSite::start().await;
    let at = |time: &str| {
        let millis = chrono::DateTime::parse_from_rfc3339(time).unwrap().timestamp_millis();
        Save { created_at: Timestamp::from_millis(millis), ..run("p", Status::Completed, 0) }
    };
    for time in ["2026-10-24T21:59:59.999Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00Z"]
    {
        site.save(at(time)).await;
    }
    let page = site.json("/api/v1/generations?date=2026-10-25&tz=Europe/Berlin").await;
    let times: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|i| i["created_at"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-10-25T22:59:59.999Z", "2026-10-24T22:00:00.000Z"]);
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let site = TestSite::start().await;
    for (query, name) in
        [("limit=201", "limit"), ("date=tomorrow", "date"), ("page=2", "page"), ("next=%00", "next"), ("tz=Mars", "tz")]
    {
        let response = site.get(&format!("/api/v1/generations?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], "bad_parameter");
        assert!(error["error"]["message"].as_str().unwrap().contains(name), "{error}");
    }
    let page = site.get("/?date=%3Cimg%20src=x%3E").await;
    assert_eq!(page.status(), 400);
    let text = page.text().await.unwrap();
    assert!(text.contains("YYYY-MM-DD") && !text.contains("<img src=x"), "{text}");
}

#[tokio::test]
async fn documents_are_downloads_that_every_parser_reads() {
    let site = TestSite::start().await;
    let id = full_run(&site).await;
    let response = site.get(&format!("/g/{id}/prompt.json")).await;
    assert_eq!(
        response.headers()["content-disposition"],
        format!(
            "attachment; filename=\"comfy-recall-{id}-prompt.json\"; filename*=UTF-8''comfy-recall-{id}-prompt.json"
        )
    );
    let text = response.text().await.unwrap();
    assert_eq!(text, PROMPT.replace("NaN", "null"));
    assert_eq!(site.json(&format!("/g/{id}/workflow.json")).await["nodes"][0], Value::Null);
}
