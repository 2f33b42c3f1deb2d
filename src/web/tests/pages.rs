//! Pages: hostile texts, empty states, links.

use crate::model::{
    Comfyui, ConnectionState, DocumentKind, ErrorSummary, FileRef, Health, InstanceName, MediaKind, Role, Status,
    Timestamp,
};
use crate::store::{NewAttachment, NewContent, Save};
use crate::web::testing::{NOON, TestSite, document, file, output, run, stored};

const HOSTILE: &str = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>\u{202e}{{7*7}}";

/// No tag of ours looks like these.
fn assert_harmless(page: &str, path: &str) {
    for tag in ["<img src=x", "<script>", "alert(2)<", "onerror=alert(1)>"] {
        assert!(!page.contains(tag), "{path} has {tag}");
    }
}

#[tokio::test]
async fn hostile_texts_are_shown_as_text_on_every_page() {
    let site = TestSite::start().await;
    let text = || Some(HOSTILE.to_owned());
    let kept = site.keep(HOSTILE.as_bytes()).await;
    let node =
        |content| NewAttachment { node_id: text(), key: HOSTILE.to_owned(), ..output(MediaKind::Image, content) };
    let hostile_file =
        || FileRef { folder: HOSTILE.to_owned(), subfolder: HOSTILE.to_owned(), filename: HOSTILE.to_owned() };
    let json =
        serde_json::json!({HOSTILE: {"class_type": HOSTILE, "_meta": {"title": HOSTILE}, "inputs": {"text": HOSTILE}}});
    let result = serde_json::json!({"status": {"messages": [["execution_error", {"traceback": [HOSTILE]}]]}});
    let save = Save {
        workflow_id: text(),
        workflow_name: text(),
        client_id: text(),
        error: Some(ErrorSummary { node_id: text(), node_type: text(), kind: text(), message: text() }),
        documents: vec![
            document(DocumentKind::Prompt, &json.to_string()),
            document(DocumentKind::Workflow, &json.to_string()),
            document(DocumentKind::Result, &result.to_string()),
        ],
        attachments: vec![
            node(NewContent::Text(HOSTILE.to_owned())),
            node(NewContent::Wanted(hostile_file())),
            node(NewContent::Missing(hostile_file(), HOSTILE.into())),
            node(NewContent::Stored(hostile_file(), kept.clone())),
            NewAttachment { role: Role::Input, ..node(NewContent::Stored(hostile_file(), kept)) },
        ],
        ..run(HOSTILE, Status::Failed, 0)
    };
    let id = site.save(save).await;
    // A card without a picture, which shows the error.
    let error = Some(ErrorSummary { node_id: None, node_type: None, kind: None, message: text() });
    site.save(Save { error, ..run(HOSTILE, Status::Failed, 1) }).await;
    let _waits = site.site.live.wait_for_disk(HOSTILE.into());
    site.site.live.set_health(Health {
        name: InstanceName::default(),
        address: HOSTILE.to_owned(),
        connection: ConnectionState::Away(HOSTILE.into()),
        since: Timestamp::from_millis(NOON),
        queue_remaining: Some(3),
        comfyui: Comfyui { version: text(), devices: vec![HOSTILE.to_owned()] },
        backfilled: Some(12),
        to_backfill: None,
    });
    let query = "prompt_id=%3Cimg%20src=x%20onerror=alert(1)%3E&limit=1";
    for path in ["/".to_owned(), format!("/g/{id}"), "/status".to_owned(), "/api".to_owned(), format!("/?{query}")] {
        let page = site.page(&path).await;
        assert_harmless(&page, &path);
        assert!(page.contains("&#60;img src=x"), "{path} shows it");
        assert!(!page.contains("49}}"), "{path}");
    }
}

#[tokio::test]
async fn a_long_text_and_a_big_document_do_not_make_a_long_page() {
    let site = TestSite::start().await;
    let prompt = format!(r#"{{"1":{{"class_type":"A","inputs":{{"text":"{}"}}}}}}"#, "x".repeat(30_000_000));
    let id = site
        .save(Save {
            documents: vec![document(DocumentKind::Prompt, &prompt)],
            attachments: vec![output(MediaKind::Text, NewContent::Text("y".repeat(1_000_000)))],
            ..run("p", Status::Completed, 0)
        })
        .await;
    let page = site.page(&format!("/g/{id}")).await;
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains(&format!("data-from=\"/g/{id}/documents/prompt\"")));
    assert!(page.contains(&format!("/g/{id}/prompt.json")));
    assert!(page.contains(&"y".repeat(100_000)) && !page.contains(&"y".repeat(100_001)));
    assert_eq!(site.get(&format!("/g/{id}/prompt.json")).await.bytes().await.unwrap().len(), prompt.len());
    let full = site.get(&format!("/api/v1/generations/{id}")).await.bytes().await.unwrap();
    assert!(full.len() > prompt.len());
}

#[tokio::test]
async fn the_pages_of_the_history_are_linked_and_keep_the_filter() {
    let site = TestSite::start().await;
    for number in 0..5 {
        site.save(run("p", Status::Completed, number)).await;
    }
    let first = site.page("/?status=completed&limit=3&date=&tz=Asia%2FTokyo").await;
    assert_eq!(first.matches("class=\"card\"").count(), 3);
    assert!(!first.contains("rel=\"prev\""));
    let older = first.split('"').find(|part| part.contains("next=")).unwrap().replace("&#38;", "&");
    assert!(older.starts_with("/?status=completed&limit=3&tz=Asia%2FTokyo&next="), "{older}");
    let second = site.page(&older).await;
    assert_eq!(second.matches("class=\"card\"").count(), 2);
    assert!(
        second.contains("href=\"/?status=completed&#38;limit=3&#38;tz=Asia%2FTokyo\"")
            && second.contains("rel=\"prev\"")
    );
    assert!(second.contains("18:59"), "times are those of Tokyo");
}

#[tokio::test]
async fn runs_stand_under_the_day_of_the_viewer() {
    let site = TestSite::start().await;
    for hours in [0, 6, 7] {
        site.save(run("p", Status::Completed, hours * 3_600_000)).await;
    }
    let days = async |zone: &str| {
        let page = site.page(&format!("/?tz={zone}")).await;
        let day = |section: &str| (section[..10].to_owned(), section.matches("data-id=").count());
        page.split("data-day=\"").skip(1).filter(|part| part.contains("<h2")).map(day).collect::<Vec<_>>()
    };
    assert_eq!(days("UTC").await.len(), 1);
    assert_eq!(
        days("Asia/Shanghai").await.iter().map(|day| day.0.as_str()).collect::<Vec<_>>(),
        ["2026-11-21", "2026-11-20"]
    );
}

#[tokio::test]
async fn the_calendar_counts_the_runs_of_each_day() {
    let site = TestSite::start().await;
    for (hours, status) in [(0, Status::Completed), (1, Status::Failed), (24, Status::Completed)] {
        site.save(run("p", status, hours * 3_600_000)).await;
    }
    let page = site.page("/?month=2026-11&status=completed").await;
    let cell = |date: &str| {
        page.split(&format!("data-date=\"{date}\"")).nth(1).unwrap().split("</td>").next().unwrap().to_owned()
    };
    assert!(cell("2026-11-20").contains("<small aria-hidden=\"true\">1</small>"), "{}", cell("2026-11-20"));
    assert!(
        cell("2026-11-21").contains("<small aria-hidden=\"true\">1</small>") && !cell("2026-11-19").contains("<small")
    );
    assert!(
        page.contains("/?status=completed&#38;date=2026-11-20")
            && page.contains("/?status=completed&#38;month=2026-10")
    );
    assert!(!site.page("/").await.contains("data-calendar"), "it costs nothing until it is opened");
}

#[tokio::test]
async fn a_day_leads_to_the_days_beside_it_that_have_runs() {
    let site = TestSite::start().await;
    for days in [0, 3, 10] {
        site.save(run("p", Status::Completed, days * 86_400_000)).await;
    }
    let page = site.page("/?date=2026-11-23").await;
    let link = |beside: &str| {
        let part = page.split(&format!("data-beside=\"{beside}\"")).next().unwrap();
        part.rsplit("href=\"").next().unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!((link("newer"), link("older")), ("/?date=2026-11-30".to_owned(), "/?date=2026-11-20".to_owned()));
    let from_here = page.split('"').find(|part| part.starts_with("/?next=")).unwrap();
    assert_eq!(site.page(from_here).await.matches("class=\"card\"").count(), 2);
}

#[tokio::test]
async fn nothing_to_see_is_explained() {
    let site = TestSite::start().await;
    let page = site.page("/").await;
    assert!(page.contains("No ComfyUI server is configured."));
    assert!(!page.contains("role=\"search\""), "there is nothing to filter");
    site.site.live.set_health(Health {
        name: InstanceName::default(),
        address: "http://127.0.0.1:8188".to_owned(),
        connection: ConnectionState::Away("connection refused".into()),
        since: Timestamp::from_millis(NOON),
        queue_remaining: None,
        comfyui: Comfyui::default(),
        backfilled: None,
        to_backfill: None,
    });
    let page = site.page("/").await;
    assert!(
        page.contains("Nothing recorded yet")
            && page.contains("has been unreachable")
            && page.contains("connection refused")
    );
    assert!(page.contains("2026-11-20T09:59:12.094Z"));
    site.save(run("p", Status::Completed, 0)).await;
    assert!(site.page("/?status=lost").await.contains("No results"));
    assert!(site.page("/?next=1-1").await.contains("End of history"));
}

#[tokio::test]
async fn a_missing_and_a_pending_file_say_why() {
    let site = TestSite::start().await;
    let blob = site.keep(b"\x89PNG\r\n\x1a\n").await;
    let url = format!("/files/{}/a.png", blob.digest);
    let id = site
        .save(Save {
            attachments: vec![
                stored("a.png", blob),
                output(MediaKind::Image, NewContent::Missing(file("b.png"), "deleted by ComfyUI's restart".into())),
                output(MediaKind::Image, NewContent::Wanted(file("c.png"))),
            ],
            ..run("p", Status::Completed, 0)
        })
        .await;
    let page = site.page(&format!("/g/{id}")).await;
    assert!(page.contains(&format!("<img src=\"{url}\" alt=\"a.png\"")));
    assert!(page.contains("This file is missing") && page.contains("deleted by ComfyUI&#39;s restart"));
    assert!(page.contains("Not copied yet"));
}

#[tokio::test]
async fn what_is_not_as_it_should_be_stands_on_top_of_every_page() {
    let site = TestSite::start().await;
    let id = site.save(run("p", Status::Completed, 0)).await;
    let health = |name: &str, connection, backfilled| Health {
        name: name.parse().unwrap(),
        address: format!("http://{name}:8188"),
        connection,
        since: Timestamp::from_millis(NOON),
        queue_remaining: None,
        comfyui: Comfyui::default(),
        backfilled,
        to_backfill: None,
    };
    site.site.live.set_health(health("gpu-1", ConnectionState::Away("connection refused".into()), None));
    site.site.live.set_health(health("gpu-2", ConnectionState::Connected, Some(3214)));
    let _waits = site.site.live.wait_for_disk("the disk is full".into());
    for path in ["/".to_owned(), format!("/g/{id}"), "/status".to_owned(), "/api".to_owned()] {
        let page = site.page(&path).await;
        let places =
            ["the disk is full", "<bdi>gpu-1</bdi> has been unreachable", "Catching up with <bdi>gpu-2</bdi>", "<main"]
                .map(|text| page.find(text).unwrap_or_else(|| panic!("{path} lacks {text}")));
        assert!(places.is_sorted(), "{path}: {places:?}");
    }
}

#[tokio::test]
async fn of_a_few_servers_one_is_picked_and_of_many_one_is_named() {
    let site = TestSite::start().await;
    site.save(run("p", Status::Completed, 0)).await;
    let named = |page: &str| page.contains("<input name=\"instance\" value=\"\"");
    assert!(!site.page("/").await.contains("name=\"instance\""), "there is but one");
    for nth in 1..100 {
        site.site.store.instance(&format!("gpu-{nth}").parse().unwrap()).await.unwrap();
    }
    let page = site.page("/").await;
    assert!(page.contains("<option value=\"gpu-99\">") && !named(&page));
    site.site.store.instance(&"gpu-100".parse().unwrap()).await.unwrap();
    let page = site.page("/").await;
    assert!(named(&page) && !page.contains("gpu-99"));
    let page = site.page("/?instance=gpu-99").await;
    assert!(page.contains("<input name=\"instance\" value=\"gpu-99\"") && page.contains("data-chip=\"instance\""));
}
