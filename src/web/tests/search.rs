//! Searches: in pages, in JSON, with the other filters, and with texts that mean harm.

use serde_json::json;

use crate::indexer;
use crate::model::{DocumentKind, GenerationId, MediaKind, Status};
use crate::store::{NewContent, Save};
use crate::web::testing::{TestSite, document, output, run};

/// A run that samples once.
fn made(positive: &str, model: &str, loras: &[&str], after: i64) -> Save {
    let node = |class: &str, inputs| json!({"class_type": class, "inputs": inputs});
    let mut graph = json!({
        "3": node("KSampler", json!({"seed": 42 + after, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "karras",
            "denoise": 1, "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]})),
        "4": node("CheckpointLoaderSimple", json!({"ckpt_name": model})),
        "5": node("EmptyLatentImage", json!({"width": 832, "height": 1216, "batch_size": 1})),
        "6": node("CLIPTextEncode", json!({"text": positive, "clip": ["4", 1]})),
        "7": node("CLIPTextEncode", json!({"text": "blurry", "clip": ["4", 1]})),
        "8": node("VAEDecode", json!({"samples": ["3", 0], "vae": ["4", 2]})),
        "9": node("SaveImage", json!({"images": ["8", 0]})),
    });
    let mut from = "4".to_owned();
    for (nth, lora) in loras.iter().enumerate() {
        let id = (20 + nth).to_string();
        graph[&id] = node(
            "LoraLoader",
            json!({"lora_name": lora, "strength_model": 0.8, "strength_clip": 1, "model": [from, 0], "clip": ["4", 1]}),
        );
        from = id;
    }
    graph["3"]["inputs"]["model"] = json!([from, 0]);
    Save { documents: vec![document(DocumentKind::Prompt, &graph.to_string())], ..run("p", Status::Completed, after) }
}

async fn index(site: &TestSite) {
    indexer::reindex(&site.site.store, |_| {}).await.unwrap();
}

/// Foxes and wolves, all indexed.
async fn forest() -> (TestSite, Vec<GenerationId>) {
    let site = TestSite::start().await;
    let mut ids = Vec::new();
    for run in [
        made("a red fox in the snow", "XL/base.safetensors", &["detail/fur.safetensors"], 0),
        Save { status: Status::Failed, ..made("a grey wolf in the snow", "XL/base.safetensors", &[], 1) },
        made("一只红色的狐狸", "flux1-dev.safetensors", &["detail/fur.safetensors", "ink.safetensors"], 2),
        Save { status: Status::Failed, ..made("a fox, asleep", "flux1-dev.safetensors", &[], 3) },
    ] {
        ids.push(site.save(run).await);
    }
    index(&site).await;
    (site, ids)
}

/// The ids of cards, in their order.
fn cards(page: &str) -> Vec<GenerationId> {
    let ids = page.split("<li class=\"").skip(1).filter_map(|card| card.split("data-id=\"").nth(1)?.split('"').next());
    ids.filter_map(|id| id.parse().ok()).map(GenerationId).collect()
}

#[tokio::test]
async fn a_search_and_the_other_filters_hold_together() {
    let (site, ids) = forest().await;
    for (query, found) in [
        ("q=fox", vec![ids[3], ids[0]]),
        ("q=fox&status=failed", vec![ids[3]]),
        ("q=snow+-fox", vec![ids[1]]),
        ("q=%E7%8B%90", vec![ids[2]]),
        ("q=lora:fur+model:flux", vec![ids[2]]),
        ("q=seed:43", vec![ids[1]]),
        ("q=fox&date=2001-01-01", vec![]),
        ("q=fox&date=2026-11-20", vec![ids[3], ids[0]]),
        ("q=status:failed&status=completed", vec![]),
    ] {
        let page = site.page(&format!("/?{query}")).await;
        assert_eq!(cards(&page), found, "{query}");
        let listed = site.json(&format!("/api/v1/generations?{query}")).await;
        let listed: Vec<_> =
            listed["items"].as_array().unwrap().iter().map(|run| run["id"].as_i64().unwrap()).collect();
        assert_eq!(listed, found.iter().map(|id| id.0).collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test]
async fn the_box_keeps_what_was_typed_and_the_filters_keep_the_box() {
    let (site, _) = forest().await;
    let page = site.page("/?q=fox+%22the+snow%22&status=completed&previews=shown&month=2026-11").await;
    assert!(page.contains("name=\"q\" value=\"fox &#34;the snow&#34;\""));
    assert!(page.contains("<option value=\"completed\" selected>"));
    assert_eq!(page.matches("data-chip=\"q\"").count(), 2);
    // Without the first term, and a day of the calendar.
    assert!(page.contains("href=\"/?status=completed&#38;previews=shown&#38;month=2026-11&#38;q=%22the+snow%22\""));
    assert!(page.contains("/?q=fox+%22the+snow%22&#38;status=completed&#38;previews=shown&#38;date=2026-11-20\""));
}

#[tokio::test]
async fn what_was_found_is_marked_on_the_card_and_on_the_page_of_the_run() {
    let (site, ids) = forest().await;
    let page = site.page("/?q=fox+snow").await;
    assert!(page.contains("a red <mark>fox</mark> in the <mark>snow</mark></span>"), "{page}");
    assert!(
        site.page("/?q=model:base").await.contains("<span class=\"snippet\" dir=\"auto\"><mark>base</mark></span>")
    );
    assert!(!site.page("/").await.contains("<mark>"));
    let run = site.page(&format!("/g/{}?q=%E7%8B%90", ids[2])).await;
    assert!(run.contains("一只红色的<mark>狐</mark>狸"));
    assert!(!site.page(&format!("/g/{}", ids[2])).await.contains("<mark>"));
}

#[tokio::test]
async fn a_mistake_is_told_beneath_the_box_and_can_be_mended_by_a_link() {
    let (site, _) = forest().await;
    let page = site.page("/?q=modle:flux+fox&status=failed").await;
    assert!(page.contains("There is no field “modle”.") && page.contains("value=\"modle:flux fox\""));
    assert!(page.contains("href=\"/?status=failed&#38;q=model%3Aflux+fox\" data-mend"));
    assert!(cards(&page).is_empty() && page.contains("data-count=\"0\""));
    assert!(site.page("/facets?q=modle:flux").await.contains("data-no-facets"));
    let response = site.get("/api/v1/generations?q=modle:flux").await;
    assert_eq!(response.status(), 400);
    let error: serde_json::Value = response.json().await.unwrap();
    assert_eq!(error["error"]["code"], "bad_parameter");
    assert!(error["error"]["message"].as_str().unwrap().contains("model:"));
}

#[tokio::test]
async fn facets_as_json() {
    let (site, _) = forest().await;
    insta::assert_json_snapshot!(site.json("/api/v1/facets?q=fur&fields=model,lora,sampler&limit=1").await);
    for (query, name) in [("fields=colour", "fields"), ("fields=model&fields=lora", "fields"), ("most=3", "most")] {
        let response = site.get(&format!("/api/v1/facets?{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        assert!(response.text().await.unwrap().contains(name), "{query}");
    }
    let all = site.json("/api/v1/facets?status=failed").await;
    assert_eq!((all["count"].as_i64(), all["facets"].as_object().map(serde_json::Map::len)), (Some(2), Some(6)));
}

#[tokio::test]
async fn suggestions_as_json() {
    let (site, _) = forest().await;
    let asked = ["q=mo", "q=fox+-lora:f", "q=fo", "q=status:f+fox&cursor=8", "q=date:"];
    let mut answers = serde_json::Map::new();
    for query in asked {
        answers.insert(query.to_owned(), site.json(&format!("/api/v1/suggest?{query}")).await);
    }
    insta::assert_json_snapshot!(answers);
}

#[tokio::test]
async fn a_value_beside_the_list_is_added_left_out_or_taken_back() {
    let (site, _) = forest().await;
    let term = "model%3A%3D%22XL%2Fbase.safetensors%22";
    let page = site.page("/facets?q=snow&status=failed").await;
    let plain = if page.contains(term) { term } else { "model%3A%3DXL%2Fbase.safetensors" };
    assert!(page.contains(&format!("href=\"/?status=failed&#38;q=snow+{plain}\"")), "{page}");
    assert!(page.contains(&format!("href=\"/?status=failed&#38;q=snow+-{plain}\" data-without")), "{page}");
    let chosen = site.page(&format!("/facets?q=snow+-{plain}&status=failed")).await;
    assert!(chosen.contains("<li class=\"without\"><a href=\"/?status=failed&#38;q=snow\""), "{chosen}");
    let without_script = site.page("/?q=snow&facets=open").await;
    assert!(without_script.contains("data-facet=\"model\"") && without_script.contains("facets=open&#38;q=snow+"));
}

#[tokio::test]
async fn an_open_list_takes_only_what_the_search_finds() {
    let (site, ids) = forest().await;
    let all: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let page = site.page(&format!("/cards?q=fox&status=failed&ids={}", all.join(","))).await;
    assert_eq!(cards(&page), [ids[3]]);
    assert!(page.contains(&format!("data-gone=\"{} {} {}\"", ids[0], ids[1], ids[2])));
}

#[tokio::test]
async fn hostile_searches_and_values_are_shown_as_text() {
    const HOSTILE: &str = "\"'><img src=x onerror=alert(1)></script><script>alert(2)</script>{{7*7}}";
    let site = TestSite::start().await;
    let run = Save {
        workflow_name: Some(HOSTILE.to_owned()),
        attachments: vec![output(MediaKind::Text, NewContent::Text(HOSTILE.to_owned()))],
        ..made(HOSTILE, HOSTILE, &[HOSTILE], 0)
    };
    let id = site.save(run).await;
    index(&site).await;
    let query: String = url::form_urlencoded::byte_serialize(HOSTILE.as_bytes()).collect();
    for search in [query.clone(), format!("model:{query}"), "img".to_owned(), format!("-zebra+{query}")] {
        for path in ["/?q=", "/facets?q=", "/?facets=open&q=", &format!("/g/{id}?q=")] {
            let page = site.page(&format!("{path}{search}")).await;
            for tag in ["<img src=x", "<script>alert", "onerror=alert(1)>", "49}}"] {
                assert!(!page.contains(tag), "{path}{search} has {tag}");
            }
        }
    }
    let found = site.page("/?q=img&facets=open").await;
    assert!(found.contains("&#60;<mark>img</mark> src=x") && found.contains("data-facet=\"lora\""), "{found}");
    let suggested = site.get("/api/v1/suggest?q=model:").await;
    assert!(suggested.headers()["content-type"].to_str().unwrap().starts_with("application/json"));
}

#[tokio::test]
async fn a_search_says_how_much_it_does_not_know_yet() {
    let site = TestSite::start().await;
    let instance = site.site.store.instance(&"default".parse().unwrap()).await.unwrap();
    let runs: Vec<Save> = (0..501).map(|nth| run("p", Status::Completed, nth)).collect();
    site.site.store.save(instance, &crate::model::Comfyui::default(), runs).await.unwrap();
    assert!(site.page("/?q=fox").await.contains("501 of 501 runs are left"));
    assert!(!site.page("/").await.contains("data-banner=\"indexing\""), "who doesn't search needn't know");
    assert!(site.page("/status").await.contains("501 of 501 runs are left"));
    assert_eq!(site.json("/readyz").await["index"], json!({"waiting": 501, "runs": 501}));
    index(&site).await;
    assert!(!site.page("/?q=fox").await.contains("data-banner=\"indexing\""));
}
