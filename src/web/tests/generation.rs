//! One generation: what its page says, its documents, and who else may fetch its files.

use reqwest::{Method, Response};

use crate::model::{DocumentKind, ErrorSummary, Status};
use crate::store::Save;
use crate::web::SiteSettings;
use crate::web::testing::{TestSite, document, run};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0123456789";

const PROMPT: &str = r#"{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"steps":20,"cfg":7.5,
    "sampler_name":"dpmpp_2m","scheduler":"karras","denoise":1,"model":["4",0],"positive":["6",0],"negative":["7",0],
    "latent_image":["5",0]}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"XL/base.safetensors"}},
    "5":{"class_type":"EmptyLatentImage","inputs":{"width":832,"height":1216,"batch_size":1}},
    "6":{"class_type":"CLIPTextEncode","inputs":{"text":"<lora:a:0.7> </script>","clip":["4",1]}},
    "7":{"class_type":"CLIPTextEncode","inputs":{"text":"\u6a21\u7cca","clip":["4",1]}},
    "9":{"class_type":"SaveImage","inputs":{"images":["3",0]},"is_changed":[NaN]}}"#;

fn header(response: &Response, name: &str) -> String {
    let values = response.headers().get_all(name).into_iter().map(|value| value.to_str().unwrap());
    values.collect::<Vec<_>>().join(", ")
}

fn with_prompt(after: i64) -> Save {
    let documents = vec![document(DocumentKind::Prompt, PROMPT), document(DocumentKind::Workflow, "{\"nodes\":[]}")];
    Save { documents, ..run("p", Status::Completed, after) }
}

#[tokio::test]
async fn a_page_says_what_the_graph_says_plainly() {
    let site = TestSite::start().await;
    let id = site.save(with_prompt(0)).await;
    let page = site.page(&format!("/g/{id}")).await;
    for said in [
        "&#60;lora:a:0.7&#62; &#60;/script&#62;",
        "模糊",
        "data-text=\"18446744073709551615\"",
        "title=\"XL/base.safetensors\"><bdi>base</bdi>",
        "832 × 1216",
        "dpmpp_2m",
        "karras",
    ] {
        assert!(page.contains(said), "{said}");
    }
    for what in ["prompt", "negative", "seed", "workflow"] {
        assert!(page.contains(&format!("data-copy=\"{what}\"")), "{what}");
    }
    assert!(!page.contains("data-download=\"zip\""), "there is no file to take along");
}

#[tokio::test]
async fn neighbours_are_those_of_the_filter_and_links_keep_it() {
    let site = TestSite::start().await;
    let mut ids = Vec::new();
    for (after, status) in [Status::Failed, Status::Completed, Status::Failed, Status::Failed].into_iter().enumerate() {
        ids.push(site.save(run("p", status, i64::try_from(after).unwrap())).await);
    }
    let page = site.page(&format!("/g/{}?status=failed&tz=Asia%2FTokyo", ids[2])).await;
    let link = |to: usize, is: &str| format!("href=\"/g/{}?status=failed&#38;tz=Asia%2FTokyo\" rel=\"{is}\"", ids[to]);
    assert!(page.contains(&link(3, "prev")) && page.contains(&link(0, "next")), "{page}");
    assert!(page.contains("href=\"/?status=failed&#38;tz=Asia%2FTokyo\" data-back"));
    let newest = site.page(&format!("/g/{}?status=failed", ids[3])).await;
    assert!(!newest.contains("data-neighbour=\"newer\"") && newest.contains("data-neighbour=\"older\""));
}

#[tokio::test]
async fn a_failed_run_says_what_its_node_was_given() {
    let site = TestSite::start().await;
    let result = r#"{"status":{"messages":[["execution_error",{"node_id":"3","current_inputs":{"seed":[18446744073709551615],
        "x":["<img src=x onerror=alert(1)>"]},"traceback":["line 1\n"]}]]}}"#;
    let error = ErrorSummary {
        node_id: Some("3".into()),
        node_type: Some("KSampler".into()),
        kind: Some("torch.OutOfMemoryError".into()),
        message: Some("out of memory".into()),
    };
    let documents = vec![document(DocumentKind::Prompt, PROMPT), document(DocumentKind::Result, result)];
    let id = site.save(Save { documents, error: Some(error), ..run("p", Status::Failed, 0) }).await;
    let page = site.page(&format!("/g/{id}")).await;
    assert!(page.contains("torch.OutOfMemoryError") && page.contains("out of memory") && page.contains("line 1"));
    assert!(page.contains("<dd dir=\"auto\">18446744073709551615</dd>"));
    assert!(!page.contains("<img src=x"));
}

#[tokio::test]
async fn who_waits_sees_a_place_in_the_queue() {
    let site = TestSite::start().await;
    let queued = |after, status| Save { number: Some(after as f64), ..run("p", status, after) };
    site.save(queued(0, Status::InProgress)).await;
    site.save(queued(1, Status::Pending)).await;
    let last = site.save(queued(2, Status::Pending)).await;
    let page = site.page(&format!("/g/{last}")).await;
    assert!(page.contains("Number 3 in the queue") && page.contains("data-status=\"pending\""));
}

#[tokio::test]
async fn a_document_is_read_by_windows_and_searched() {
    let site = TestSite::start().await;
    let nodes: Vec<String> =
        (0..2_000).map(|n| format!(r#""{n}":{{"class_type":"Node number {n}","inputs":{{}}}}"#)).collect();
    let prompt = format!("{{{}}}", nodes.join(","));
    let id = site
        .save(Save { documents: vec![document(DocumentKind::Prompt, &prompt)], ..run("p", Status::Failed, 0) })
        .await;
    let found = site.page(&format!("/g/{id}/documents/prompt?find=number+1999")).await;
    assert!(found.contains("<mark>number 1999</mark>") && found.contains("1 of 1"), "{found}");
    assert!(found.contains("data-document=\"prompt\"") && !found.contains("Node number 1<"));
    let hostile = site.page(&format!("/g/{id}/documents/prompt?find=%3Cscript%3E&from=-1&match=x")).await;
    assert!(hostile.contains("No match") && !hostile.contains("<script>"));
    let window = site.page(&format!("/g/{id}/documents/prompt?from=201")).await;
    assert!(window.contains("<ol start=\"201\">") && window.contains("documents/prompt?from=401"));
    for (path, code) in [("documents/workflow", 404), ("documents/other", 404), ("documents/prompt", 200)] {
        assert_eq!(site.get(&format!("/g/{id}/{path}")).await.status(), code, "{path}");
    }
    assert_eq!(site.get("/g/999/documents/prompt").await.status(), 404);
}

#[tokio::test]
async fn only_pages_of_comfyui_may_fetch_files() {
    let settings =
        SiteSettings { comfyui_origins: vec!["http://127.0.0.1:8188/".to_owned()], ..SiteSettings::default() };
    let site = TestSite::with(settings).await;
    let file = site.serve_file("a.png", PNG).await;
    let id = site.save(with_prompt(0)).await;
    let ask = async |method: Method, path: &str, origin: &str, range: &str| {
        let request = site.client.request(method, format!("http://{}{path}", site.address));
        request
            .header("access-control-request-method", "GET")
            .header("origin", origin)
            .header("range", range)
            .send()
            .await
            .unwrap()
    };
    for path in [file.clone(), format!("/g/{id}/workflow.json"), format!("/g/{id}/prompt.json")] {
        for method in [Method::GET, Method::HEAD] {
            let response = ask(method.clone(), &path, "http://localhost:8188", "bytes=0-3").await;
            assert_eq!(header(&response, "access-control-allow-origin"), "http://localhost:8188", "{method} {path}");
            assert!(header(&response, "vary").contains("origin"));
        }
        let other = ask(Method::GET, &path, "http://evil.example", "bytes=0-3").await;
        assert_eq!(header(&other, "access-control-allow-origin"), "");
        assert!(header(&other, "vary").contains("origin"));
    }
    let part = ask(Method::GET, &file, "http://127.0.0.1:8188", "bytes=0-3").await;
    assert_eq!((part.status().as_u16(), header(&part, "access-control-allow-origin").is_empty()), (206, false));
    let before = ask(Method::OPTIONS, &file, "http://127.0.0.1:8188", "").await;
    assert_eq!((before.status().as_u16(), &*header(&before, "access-control-allow-methods")), (204, "GET, HEAD, POST"));
    assert_eq!(ask(Method::OPTIONS, &file, "http://evil.example", "").await.status(), 405);
    let page = ask(Method::GET, &format!("/g/{id}"), "http://127.0.0.1:8188", "").await;
    assert_eq!(header(&page, "access-control-allow-origin"), "", "pages are nobody else's business");
}
