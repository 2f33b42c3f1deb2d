//! What ComfyUI's clients and those of the history plugin ask for.

use http::Method;
use serde_json::{Value, json};

use crate::model::{DocumentKind, MediaKind, Status, StatusReason, Timestamp};
use crate::store::{NewAttachment, NewContent, Save};
use crate::web::testing::{NOON, TestSite, document, file, output, run, stored};

const OUTPUTS: &str = r#"{"9": {"images": [{"filename": "a.png", "subfolder": "sub", "type": "output"}]}}"#;

/// A run with everything, as ComfyUI tells it.
fn full(prompt_id: &str, status: Status, after: i64) -> Save {
    let event = if status == Status::Failed { "execution_error" } else { "execution_success" };
    let word = if status == Status::Failed { "error" } else { "success" };
    let result = format!(
        r#"{{"outputs":{OUTPUTS},"status":{{"status_str": "{word}", "completed": {}, "messages": [["{event}", {{"node_id": "9", "timestamp": 5}}]]}},"meta":{{"9": {{"node_id": "9"}}}}}}"#,
        status == Status::Completed
    );
    Save {
        number: Some(3.0),
        started_at: Some(Timestamp::from_millis(NOON + after + 1)),
        finished_at: Some(Timestamp::from_millis(NOON + after + 2)),
        workflow_id: Some("w1".to_owned()),
        outputs_to_execute: Some(r#"["9"]"#.to_owned()),
        documents: vec![
            document(DocumentKind::Prompt, r#"{"9": {"inputs": {"seed": 18446744073709551615, "odd": NaN}}}"#),
            document(DocumentKind::Workflow, r#"{"id": "w1"}"#),
            document(DocumentKind::Extra, r#"{"extra_pnginfo": {"workflow": null}, "client_id": "c"}"#),
            document(DocumentKind::Result, &result),
        ],
        ..run(prompt_id, status, after)
    }
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The members of the outer object in the order in which they are written.
fn keys_in_order(text: &str) -> Vec<String> {
    crate::json::members(text).map(|(key, _)| key.into_owned()).collect()
}

#[tokio::test]
async fn an_entry_of_the_history_is_what_comfyui_told() {
    let site = TestSite::start().await;
    site.save(full("p1", Status::Completed, 0)).await;
    let text = site.page("/history/p1").await;
    assert_eq!(
        text,
        concat!(
            r#"{"p1": {"prompt": [3, "p1", {"9": {"inputs": {"seed": 18446744073709551615, "odd": null}}}, "#,
            r#"{"extra_pnginfo": {"workflow": {"id": "w1"}}, "client_id": "c"}, ["9"]], "#,
            r#""outputs": {"9": {"images": [{"filename": "a.png", "subfolder": "sub", "type": "output"}]}}, "#,
            r#""status": {"status_str": "success", "completed": true, "messages": [["execution_success", {"node_id": "9", "timestamp": 5}]]}, "#,
            r#""meta": {"9": {"node_id": "9"}}}}"#
        )
    );
    assert_eq!(site.page("/api/history/p1").await, text);
    let response = site.get("/history/p1").await;
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    for unknown in ["/history/p2", "/history/%FF", "/history/p1%2F..", "/history/P1"] {
        assert_eq!(site.page(unknown).await, "{}", "{unknown}");
    }
}

#[tokio::test]
async fn the_history_is_paged_as_comfyui_pages_it() {
    let site = TestSite::start().await;
    for n in 0..5 {
        site.save(full(&format!("p{n}"), Status::Completed, n * 3_600_000)).await;
    }
    site.save(run("waits", Status::Pending, 1)).await;
    site.save(run("runs", Status::InProgress, 1)).await;
    for (query, expected) in [
        ("", &["p0", "p1", "p2", "p3", "p4"][..]),
        ("?max_items=2", &["p3", "p4"]),
        ("?max_items=2&offset=-1", &["p3", "p4"]),
        ("?max_items=2&offset=1", &["p1", "p2"]),
        ("?offset=3", &["p3", "p4"]),
        ("?offset=5", &[]),
        ("?max_items=0", &[]),
        ("?max_items=-4", &[]),
        ("?max_items=100000", &["p0", "p1", "p2", "p3", "p4"]),
        ("?max_items=99999999999999999999&offset=4&rand=0.1", &["p4"]),
        ("?instance=default&max_items=1", &["p4"]),
        ("?instance=nobody", &[]),
    ] {
        assert_eq!(keys_in_order(&site.page(&format!("/history{query}")).await), expected, "{query}");
    }
}

#[tokio::test]
async fn of_runs_with_the_same_prompt_id_the_newest_is_told() {
    let site = TestSite::start().await;
    site.save(full("twice", Status::Failed, 0)).await;
    site.save(full("once", Status::Completed, 10)).await;
    site.save_on("other", full("twice", Status::Completed, 20)).await;
    let told = site.json("/history/twice").await;
    assert_eq!(told["twice"]["status"]["status_str"], "success");
    assert_eq!(keys_in_order(&site.page("/history").await), ["once", "twice"]);
    assert_eq!(site.json("/history/twice?instance=default").await["twice"]["status"]["status_str"], "error");
    assert_eq!(site.json("/api/jobs/twice").await["status"], "completed");
}

#[tokio::test]
async fn a_run_that_ended_without_a_word_of_comfyui_has_an_end_too() {
    let site = TestSite::start().await;
    let reason = Some(StatusReason::ComfyuiRestarted);
    site.save(Save { status_reason: reason, ..run("lost", Status::Lost, 0) }).await;
    let reason = Some(StatusReason::Dequeued);
    let at = Some(Timestamp::from_millis(NOON));
    site.save(Save { status_reason: reason, finished_at: at, ..run("dequeued", Status::Cancelled, 1) }).await;
    let history = site.json("/history").await;
    assert_eq!(history["lost"]["prompt"], json!([null, "lost", {}, {}, []]));
    assert_eq!((&history["lost"]["outputs"], &history["lost"]["meta"]), (&json!({}), &json!({})));
    let status = &history["lost"]["status"];
    assert_eq!((&status["status_str"], &status["completed"]), (&json!("error"), &json!(false)));
    assert_eq!(status["messages"][0][0], "execution_error");
    assert_eq!(status["messages"][0][1]["exception_type"], "comfy_recall.Lost");
    let interrupted = json!([["execution_interrupted", {"prompt_id": "dequeued", "timestamp": NOON}]]);
    assert_eq!(history["dequeued"]["status"]["messages"], interrupted);
    let words = |job: &Value| job["status"].as_str().unwrap().to_owned();
    let lost = site.json("/api/jobs/lost").await;
    assert_eq!(words(&lost), "failed");
    assert!(
        lost["execution_error"]["exception_message"].as_str().unwrap().starts_with("ComfyUI ended while"),
        "{lost}"
    );
    assert_eq!(words(&site.json("/api/jobs/dequeued").await), "cancelled");
}

#[tokio::test]
async fn thousands_of_runs_are_told_in_one_answer() {
    let site = TestSite::start().await;
    let instance = site.site.store.instance(&"default".parse().unwrap()).await.unwrap();
    let long = format!(r#"{{"9": {{"inputs": {{"text": "{}"}}}}}}"#, "x".repeat(20_000));
    let runs: Vec<_> = (0..1_000)
        .map(|n| Save {
            documents: vec![document(DocumentKind::Prompt, &long)],
            ..run(&format!("p{n}"), Status::Completed, n)
        })
        .collect();
    site.site.store.save(instance, &crate::model::Comfyui::default(), runs).await.unwrap();
    assert_eq!(keys_in_order(&site.page("/history").await).len(), 200);
    let response = site.get("/history?max_items=5000").await;
    assert!(!response.headers().contains_key("content-length"), "it is written while it is read");
    let text = response.text().await.unwrap();
    let keys = keys_in_order(&text);
    assert_eq!((keys.len(), keys[0].as_str(), keys[999].as_str()), (1_000, "p0", "p999"));
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[tokio::test]
async fn the_queue_has_comfyuis_items_in_comfyuis_order() {
    let site = TestSite::start().await;
    assert_eq!(site.page("/queue").await, r#"{"queue_running": [], "queue_pending": []}"#);
    let open = |prompt_id, status, number| Save { number: Some(number), ..full(prompt_id, status, 0) };
    site.save(open("second", Status::Pending, 7.0)).await;
    site.save(open("first", Status::Pending, -8.0)).await;
    site.save(open("now", Status::InProgress, 6.0)).await;
    site.save_on("gpu", open("other", Status::Pending, 0.5)).await;
    site.save(full("done", Status::Completed, 0)).await;
    let queue = site.json("/queue").await;
    let ids = |key: &str| queue[key].as_array().unwrap().iter().map(|item| item[1].clone()).collect::<Vec<_>>();
    assert_eq!(
        (ids("queue_running"), ids("queue_pending")),
        (vec![json!("now")], vec![json!("first"), json!("second"), json!("other")])
    );
    let item = &queue["queue_pending"][0];
    assert_eq!(item[0], -8);
    assert_eq!(item[3], json!({"extra_pnginfo": {"workflow": {"id": "w1"}}, "client_id": "c"}));
    assert_eq!((&item[4], item.as_array().unwrap().len()), (&json!(["9"]), 5));
    assert_eq!(site.json("/queue?instance=gpu").await["queue_pending"].as_array().unwrap().len(), 1);
    assert_eq!(site.page("/prompt").await, r#"{"exec_info": {"queue_remaining": 4}}"#);
    assert_eq!(site.page("/api/prompt?instance=gpu").await, r#"{"exec_info": {"queue_remaining": 1}}"#);
}

#[tokio::test]
async fn a_file_is_found_by_the_name_that_comfyui_gave_it() {
    let site = TestSite::start().await;
    let old = site.keep(b"\x89PNG\r\n\x1a\nold").await;
    let new = site.keep(b"\x89PNG\r\n\x1a\nnew").await;
    site.save(Save { attachments: vec![stored("a b.png", old)], ..run("old", Status::Completed, 0) }).await;
    site.save(Save { attachments: vec![stored("a b.png", new)], ..run("new", Status::Completed, 1) }).await;
    let view = async |query: &str| site.get(&format!("/view?{query}")).await;
    let response = view("filename=a%20b.png&subfolder=sub&type=output").await;
    assert_eq!(
        (response.status(), response.headers()["content-type"].to_str().unwrap()),
        (200.try_into().unwrap(), "image/png")
    );
    assert_eq!(response.headers()["cache-control"], "private, no-cache", "the next run may give it again");
    let etag = response.headers()["etag"].clone();
    assert_eq!(response.bytes().await.unwrap(), "\u{89}PNG\r\n\x1a\nnew".chars().map(|c| c as u8).collect::<Vec<_>>());
    let of_old = view("filename=a+b.png&subfolder=sub&prompt_id=old").await.bytes().await.unwrap();
    assert!(of_old.ends_with(b"old"));

    let again =
        site.request("/api/view?filename=a+b.png&subfolder=sub").header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let part = site.request("/view?filename=a+b.png&subfolder=sub").header("range", "bytes=8-").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "new"));
    // What can't be made small comes as it is.
    assert_eq!(view("filename=a+b.png&subfolder=sub&preview=webp;90").await.status(), 200);
    for (query, status) in [
        ("filename=a+b.png", 404),
        ("filename=a+b.png&subfolder=sub&type=temp", 404),
        ("filename=a+b.png&subfolder=sub&prompt_id=nobody", 404),
        ("filename=../../../etc/passwd", 404),
        ("filename=passwd&subfolder=../../../etc", 404),
        ("filename=%2Fetc%2Fpasswd&type=%2F", 404),
        ("filename=a%00b&subfolder=%00", 404),
        ("filename=", 400),
        ("", 404),
        ("filename=a+b.png&subfolder=sub&channel=a", 400),
        ("filename=a+b.png&subfolder=sub&channel=rgba", 200),
    ] {
        assert_eq!(view(query).await.status(), status, "{query}");
    }
}

#[tokio::test]
async fn a_file_that_could_run_is_never_shown_by_its_name() {
    let site = TestSite::start().await;
    for (name, mime) in [("x.html", "text/html"), ("x.svg", "image/svg+xml"), ("x.js", "text/javascript")] {
        let kept = site.keep(format!("<script>{name}</script>").as_bytes()).await;
        let blob = crate::model::Blob { mime: mime.to_owned(), kind: MediaKind::Other, ..kept };
        site.save(Save { attachments: vec![stored(name, blob)], ..run(name, Status::Completed, 0) }).await;
        let response = site.get(&format!("/view?filename={name}&subfolder=sub")).await;
        assert!(response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"), "{name}");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("sandbox;"), "{name}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn a_file_that_is_being_fetched_is_waited_for() {
    let site = TestSite::start().await;
    let wanted = output(MediaKind::Image, NewContent::Wanted(file("late.png")));
    let id = site.save(Save { attachments: vec![wanted], ..run("p", Status::Completed, 0) }).await;
    let asked = tokio::spawn(site.request("/view?filename=late.png&subfolder=sub").send());
    let blob = site.keep(b"\x89PNG\r\n\x1a\nlate").await;
    let key = crate::store::AttachmentKey { generation: id, role: crate::model::Role::Output, index: 0 };
    site.site.store.settle(vec![(key, crate::store::Fetched::Stored(blob))]).await.unwrap();
    // Told again until it is heard: the request may not have come this far.
    let mut asked = asked;
    let response = loop {
        site.site.live.publish(crate::model::Event::Generation { id, status: Status::Completed });
        tokio::select! {
            response = &mut asked => break response.unwrap().unwrap(),
            () = tokio::task::yield_now() => {}
        }
    };
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.unwrap().ends_with(b"late"));
}

#[tokio::test]
async fn jobs_are_filtered_sorted_and_paged() {
    let site = TestSite::start().await;
    site.save(full("done", Status::Completed, 0)).await;
    let slow = Save { finished_at: Some(Timestamp::from_millis(NOON + 9_000)), ..full("slow", Status::Failed, 1) };
    site.save(slow).await;
    site.save(Save { workflow_id: None, ..run("lost", Status::Lost, 2) }).await;
    site.save(Save { number: Some(4.0), ..run("waits", Status::Pending, 3) }).await;
    let page = async |query: &str| {
        let page = site.json(&format!("/api/jobs{query}")).await;
        let ids: Vec<_> =
            page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect();
        (ids.join(" "), page["pagination"].clone())
    };
    for (query, ids) in [
        ("", "waits lost slow done"),
        ("?sort_order=ASC", "done slow lost waits"),
        ("?status=completed,%20pending", "waits done"),
        ("?status=failed", "lost slow"),
        ("?status=", "waits lost slow done"),
        ("?limit=2&offset=1", "lost slow"),
        ("?limit=2&offset=1&sort_order=asc", "slow lost"),
        ("?offset=-3&limit=1", "waits"),
        ("?sort_by=execution_duration", "slow done waits lost"),
        ("?sort_by=execution_duration&sort_order=asc&limit=1&offset=3", "slow"),
        ("?instance=nobody", ""),
    ] {
        assert_eq!(page(query).await.0, ids, "{query}");
    }
    let pagination = page("?limit=2&offset=1").await.1;
    assert_eq!(pagination, json!({"offset": 1, "limit": 2, "total": 4, "has_more": true}));
    assert_eq!(page("?limit=2&offset=2").await.1["has_more"], false);
    for (query, message) in [
        (
            "status=done",
            "Invalid status value(s): done. Valid values: pending, in_progress, completed, failed, cancelled",
        ),
        ("sort_by=size", "sort_by must be 'created_at' or 'execution_duration'"),
        ("sort_order=up", "sort_order must be 'asc' or 'desc'"),
        ("limit=0", "limit must be a positive integer"),
        ("limit=x", "limit must be an integer, not \"x\""),
        ("offset=x", "offset must be an integer, not \"x\""),
    ] {
        let response = site.get(&format!("/api/jobs?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_eq!(response.json::<Value>().await.unwrap(), json!({"error": message}), "{query}");
    }
}

#[tokio::test]
async fn a_job_has_what_comfyui_says_of_it() {
    let site = TestSite::start().await;
    site.save(full("p", Status::Failed, 0)).await;
    let preview =
        json!({"filename": "a.png", "subfolder": "sub", "type": "output", "nodeId": "9", "mediaType": "images"});
    let mut job = json!({
        "id": "p", "status": "failed", "priority": 3, "create_time": NOON, "execution_start_time": NOON + 1,
        "execution_end_time": NOON + 2, "execution_error": {"node_id": "9", "timestamp": 5}, "outputs_count": 1,
        "previewable_outputs_count": 1, "preview_output": preview, "workflow_id": "w1",
    });
    assert_eq!(site.json("/api/jobs").await["jobs"][0], job);
    let whole = site.json("/api/jobs/p").await;
    job["outputs"] = serde_json::from_str(OUTPUTS).unwrap();
    job["execution_status"] = whole["execution_status"].clone();
    assert_eq!(job["execution_status"]["status_str"], "error");
    job["workflow"] = json!({
        "prompt": {"9": {"inputs": {"seed": u64::MAX, "odd": null}}},
        "extra_data": {"extra_pnginfo": {"workflow": {"id": "w1"}}, "client_id": "c"},
    });
    assert_eq!(whole, job);

    site.save(Save { number: Some(5.0), ..run("waits", Status::Pending, 9) }).await;
    let waits = json!({
        "id": "waits", "status": "pending", "priority": 5, "create_time": NOON + 9, "outputs_count": 0,
        "previewable_outputs_count": 0,
    });
    assert_eq!(site.json("/api/jobs/waits").await, waits);
    let response = site.get("/api/jobs/nobody").await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"error": "Job not found"}));
}

#[tokio::test]
async fn artifacts_are_listed_as_the_plugin_did() {
    let site = TestSite::start().await;
    let day = 86_400_000;
    let done = site.save(full("done", Status::Completed, 0)).await;
    site.save(full("failed", Status::Failed, -day)).await;
    site.save(Save { status_reason: Some(StatusReason::ComfyuiRestarted), ..run("lost", Status::Lost, -day) }).await;
    site.save(run("waits", Status::Pending, 1)).await;
    let list = async |body: Value| -> Vec<Value> {
        let url = format!("http://{}/bt/artifacts/list", site.address);
        let answer: Value = site.client.post(url).json(&body).send().await.unwrap().json().await.unwrap();
        assert_eq!((&answer["code"], &answer["msg"]), (&json!(0), &json!("success")), "{answer}");
        answer["data"].as_array().unwrap().clone()
    };
    let statuses =
        |runs: &[Value]| runs.iter().map(|run| run["result_status"].as_str().unwrap().to_owned()).collect::<String>();
    assert_eq!(statuses(&list(json!({})).await), "0122");
    assert_eq!(statuses(&list(json!({"date": "", "status": "", "limit": 20, "offset": 0})).await), "0122");
    assert_eq!(statuses(&list(json!({"date": "2026-11-19"})).await), "22");
    assert_eq!(statuses(&list(json!({"status": "1"})).await), "1");
    assert_eq!(statuses(&list(json!({"limit": 2, "offset": 1})).await), "12");
    assert_eq!(statuses(&list(json!({"offset": 4})).await), "");

    let run = &list(json!({"status": 1})).await[0];
    assert_eq!(keys(run), ["created_at", "id", "meta", "outputs", "prompt", "result_status"]);
    assert_eq!(run["id"], done.0);
    assert_eq!(run["created_at"], "2026-11-20 09:59:12");
    assert_eq!(run["outputs"], serde_json::from_str::<Value>(OUTPUTS).unwrap());
    assert_eq!(run["prompt"]["9"]["inputs"]["seed"], u64::MAX);
    assert_eq!(run["meta"], json!({"9": {"node_id": "9"}}));
    let one = site.json(&format!("/bt/artifacts/{done}")).await;
    assert_eq!(one, json!({"code": 0, "msg": "success", "data": run}));
    assert_eq!(list(json!({"status": 1, "tz": "+08:00"})).await[0]["created_at"], "2026-11-20 17:59:12");
    let elsewhere = site.json(&format!("/api/bt/artifacts/{done}?tz=%2B08:00")).await;
    assert_eq!(elsewhere["data"]["created_at"], "2026-11-20 17:59:12");
}

#[tokio::test]
async fn errors_of_the_plugins_addresses_are_in_its_envelope() {
    let site = TestSite::start().await;
    for (method, path, body, status) in [
        (Method::POST, "/bt/artifacts/list", "{", 400),
        (Method::POST, "/bt/artifacts/list", r#"{"limit":0}"#, 400),
        (Method::POST, "/bt/artifacts/list?tz=Mars", "", 400),
        (Method::GET, "/bt/artifacts/list", "", 405),
        (Method::GET, "/bt/artifacts/7", "", 404),
        (Method::GET, "/bt/artifacts/x", "", 404),
        (Method::DELETE, "/bt/artifacts/7", "", 405),
        (Method::GET, "/bt/nothing", "", 404),
    ] {
        let url = format!("http://{}{path}", site.address);
        let response = site.client.request(method.clone(), url).body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let error: Value = response.json().await.unwrap();
        assert_eq!((&error["code"], &error["data"]), (&json!(status), &Value::Null), "{method} {path}");
        assert!(!error["msg"].as_str().unwrap().is_empty());
    }
    let long = "x".repeat(70_000);
    let url = format!("http://{}/bt/artifacts/list", site.address);
    let response = site.client.post(url).body(long).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["code"], 400);
}

#[tokio::test]
async fn what_would_change_something_is_sent_to_comfyui() {
    let site = TestSite::start().await;
    for path in
        ["/history", "/queue", "/prompt", "/interrupt", "/free", "/upload/image", "/jobs/cancel", "/jobs/x/cancel"]
    {
        for prefix in ["", "/api"] {
            if prefix.is_empty() && path.starts_with("/jobs") {
                continue;
            }
            let url = format!("http://{}{prefix}{path}", site.address);
            let response = site.client.post(url).body(r#"{"clear": true}"#).send().await.unwrap();
            assert_eq!(response.status(), 405, "{prefix}{path}");
            assert!(response.headers().contains_key("allow"));
            let error: Value = response.json().await.unwrap();
            let text = error["error"]["message"].as_str().or(error["error"].as_str()).unwrap();
            assert!(text.contains("send this to ComfyUI itself"), "{error}");
        }
    }
    let error = site.get("/history?max_items=many").await;
    assert_eq!(error.status(), 400);
    assert_eq!(error.json::<Value>().await.unwrap()["error"]["message"], "max_items must be an integer, not \"many\"");
}

#[tokio::test]
async fn the_files_of_a_run_stand_under_one_name_even_when_it_read_them() {
    let site = TestSite::start().await;
    let blob = site.keep(b"\x89PNG\r\n\x1a\nin").await;
    let read = NewAttachment { role: crate::model::Role::Input, key: "image".to_owned(), ..stored("in.png", blob) };
    site.save(Save { attachments: vec![read], ..run("p", Status::Completed, 0) }).await;
    assert_eq!(site.get("/view?filename=in.png&subfolder=sub").await.status(), 200);
}
