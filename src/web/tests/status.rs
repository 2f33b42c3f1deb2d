//! `/status` and the banners: what is not as it should be is told, in the viewer's language, with what to do.

use crate::model::{
    Cause, Comfyui, ConnectionState, GapKind, Health, InstanceId, MediaKind, Space, Status, Timestamp, Trouble,
};
use crate::store::{NewContent, Save};
use crate::web::testing::{NOON, TestSite, file, output, run, stored};

const MINUTE: i64 = 60_000;

fn ago(minutes: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().as_millis() - minutes * MINUTE)
}

fn health(name: &str, connection: ConnectionState) -> Health {
    Health {
        name: name.parse().unwrap(),
        address: format!("http://{name}:8188/"),
        connection,
        since: ago(125),
        queue_remaining: None,
        comfyui: Comfyui { version: Some("0.26.0".to_owned()), devices: vec!["cuda:0 <RTX>".to_owned()] },
        backfilled: None,
        to_backfill: None,
    }
}

async fn instance(site: &TestSite, name: &str) -> InstanceId {
    site.site.store.instance(&name.parse().unwrap()).await.unwrap()
}

async fn page_in(site: &TestSite, language: &str) -> String {
    site.request("/status").header("accept-language", language).send().await.unwrap().text().await.unwrap()
}

/// What people read of it.
fn words(page: &str) -> String {
    let texts = page.split('<').filter_map(|part| Some(part.split_once('>')?.1.trim()));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_instance_is_told_with_its_last_run_and_its_queue() {
    let site = TestSite::start().await;
    site.site.live.set_health(health("gpu-1", ConnectionState::Connected));
    site.site.live.set_health(health("gpu-2", ConnectionState::Away(Trouble::new(Cause::NobodyAnswers, "os <111>"))));
    let blob = site.keep(b"\x89PNG\r\n\x1a\n").await;
    let done = Save {
        workflow_name: Some("cats".to_owned()),
        finished_at: Some(ago(3)),
        attachments: vec![
            stored("a.png", blob),
            output(MediaKind::Image, NewContent::Missing(file("b.png"), Cause::Deleted.into())),
            output(MediaKind::Image, NewContent::Wanted(file("c.png"))),
        ],
        ..run("done", Status::Completed, 0)
    };
    let id = site.save_on("gpu-1", done).await;
    for number in 0..3 {
        site.save_on("gpu-1", run("waits", Status::Pending, 1 + number)).await;
    }
    site.save_on("gpu-1", run("runs", Status::InProgress, 9)).await;
    site.save_on("old", run("done", Status::Completed, 0)).await;
    let page = page_in(&site, "en").await;
    assert!(page.contains("href=\"http://gpu-1:8188/\"") && page.contains("href=\"/?instance=old\""));
    assert!(page.contains(&format!("<a href=\"/g/{id}\"><bdi>cats</bdi></a>")), "{page}");
    assert!(page.contains("href=\"/?status=pending&#38;instance=gpu-1\""));
    let words = words(&page);
    for told in [
        "gpu-1 Connected for 2 h 05 min",
        "Queue 1 running 3 waiting Last run cats Completed 3 min ago Recorded 5 runs Version 0.26.0",
        "Device cuda:0 &#60;RTX&#62;",
        "gpu-2 Unreachable for 2 h 05 min",
        "Nothing answers at this address. Start ComfyUI;",
        "os &#60;111&#62;",
        "Queue 0 running 0 waiting Last run None yet",
        "No longer configured old 1 run",
        "Runs 6 Records",
        "Files 8 B in 1 file To be copied 1 file Missing 1 file",
        "SQLite 3.",
        "No gaps: ComfyUI was reachable the whole time.",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
}

#[tokio::test]
async fn gaps_are_told_with_their_reason_and_what_they_may_have_cost() {
    let site = TestSite::start().await;
    site.site.live.set_health(health("gpu-1", ConnectionState::Connected));
    let id = instance(&site, "gpu-1").await;
    let store = &site.site.store;
    let (away, stopped) = (GapKind::ComfyuiAway, GapKind::RecallStopped);
    store.open_gap(id, stopped, ago(5_000), None).await.unwrap();
    store.close_gap(id, stopped, ago(4_940), false).await.unwrap();
    store.open_gap(id, away, ago(90), Some(Cause::TimedOut.into())).await.unwrap();
    store.close_gap(id, away, ago(30), true).await.unwrap();
    store.open_gap(id, stopped, ago(20), None).await.unwrap();
    store.open_gap(id, away, ago(2), Some("words of an older <version>".into())).await.unwrap();
    let page = page_in(&site, "en").await;
    let told: Vec<_> = page.split("<li ").skip(1).filter(|item| item.starts_with("data-gap")).map(words).collect();
    let parts = [
        ["ComfyUI isn&#39;t reachable Ongoing", "words of an older &#60;version&#62;"],
        ["comfy-recall wasn&#39;t running Not yet known whether anything was missed", " min"],
        ["ComfyUI wasn&#39;t reachable Runs may have been missed", "1 h 00 min It didn&#39;t answer in time."],
        ["comfy-recall wasn&#39;t running Nothing was missed", "1 h 00 min"],
    ];
    assert_eq!(told.len(), parts.len());
    for (told, parts) in told.iter().zip(parts) {
        assert!(parts.iter().all(|part| told.contains(part)), "{parts:?}: {told}");
    }
    let banner = page.split("data-banner=\"missed\"").nth(1).unwrap();
    assert!(banner.contains("href=\"/status#gaps\""), "{banner}");
    let chinese = words(&page_in(&site, "zh").await);
    assert!(chinese.contains("ComfyUI 曾无法连接 可能有遗漏") && chinese.contains("未能及时响应。"), "{chinese}");
}

#[tokio::test]
async fn a_gap_of_milliseconds_is_not_told_as_one_of_no_time() {
    let site = TestSite::start().await;
    let id = instance(&site, "default").await;
    let from = ago(30);
    let until = Timestamp::from_millis(from.as_millis() + 180);
    site.site.store.note_unseen(id, None, (from, until), 2).await.unwrap();
    let told = words(&page_in(&site, "en").await);
    assert!(told.contains("Runs ended before they could be seen 2 runs missed") && told.contains(" 180 ms"), "{told}");
}

#[tokio::test]
async fn sentences_have_the_gap_between_them_that_their_language_has() {
    let site = TestSite::start().await;
    site.site.live.set_health(health("gpu-1", ConnectionState::Away(Cause::NobodyAnswers.into())));
    let english = page_in(&site, "en").await;
    assert!(english.contains("Nothing answers at this address.</bdi> Start ComfyUI;"), "{english}");
    assert!(english.contains("<code class=\"option\">--comfyui</code>"), "{english}");
    let chinese = page_in(&site, "zh").await;
    assert!(chinese.contains("这个地址没有响应。</bdi>请启动 ComfyUI，"), "{chinese}");
}

#[tokio::test]
async fn only_the_newest_fifty_gaps_are_shown() {
    let site = TestSite::start().await;
    let id = instance(&site, "default").await;
    for number in 0..51 {
        site.site.store.open_gap(id, GapKind::ComfyuiAway, ago(9_000 - number), None).await.unwrap();
        site.site.store.close_gap(id, GapKind::ComfyuiAway, ago(8_999 - number), false).await.unwrap();
    }
    let page = site.page("/status").await;
    assert_eq!(page.matches("<li data-gap=").count(), 50);
    assert!(page.contains("The newest 50 gaps are shown."));
}

#[tokio::test]
async fn troubles_are_banners_in_the_language_of_the_viewer() {
    let site = TestSite::start().await;
    let _waits = site.site.live.wait_for_disk(Cause::DiskFull.into());
    site.site.live.set_health(health("default", ConnectionState::Away(Cause::Unauthorized.into())));
    let english = words(&page_in(&site, "en").await);
    assert!(english.contains("The disk is full. Free up space on the disk with the data folder;"), "{english}");
    assert!(english.contains("It requires authentication. Configured address: http://default:8188/ ."), "{english}");
    let page = page_in(&site, "zh-CN").await;
    assert!(words(&page).contains("磁盘已满。 请清理数据文件夹所在的磁盘"), "{page}");
    assert!(page.contains("data-banner=\"refused\"") && page.contains("data-banner=\"away\""));
    let ready: serde_json::Value = site.get("/readyz").await.json().await.unwrap();
    assert_eq!(
        (&ready["reason_code"], &ready["instances"][0]["reason_code"]),
        (&"disk_full".into(), &"unauthorized".into())
    );
    assert!(ready["reason"].as_str().unwrap().starts_with("the disk is full; make room"), "{ready}");
}

#[tokio::test]
async fn the_room_on_the_disk_is_that_of_the_files() {
    let site = TestSite::start().await;
    let Space { free, total } = site.site.blobs.space().await.unwrap();
    assert!(0 < free && free <= total, "{free} of {total}");
    let page = site.page("/status").await;
    assert!(page.contains("<rect width=\"") && page.contains(" GB free"), "{page}");
}

#[tokio::test]
async fn a_gap_before_noon_shows_its_day_once() {
    let site = TestSite::start().await;
    let id = instance(&site, "default").await;
    let at = |minutes: i64| Timestamp::from_millis(NOON + minutes * MINUTE);
    site.site.store.open_gap(id, GapKind::RecallStopped, at(0), None).await.unwrap();
    site.site.store.close_gap(id, GapKind::RecallStopped, at(1), true).await.unwrap();
    let words = words(&site.page("/status").await);
    assert!(words.contains("20 Nov 2026, 09:59:12 – 10:00:12 1 min"), "{words}");
}
