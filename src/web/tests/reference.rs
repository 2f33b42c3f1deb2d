//! The API for people: what it shows is what this server has, at the address where it was asked for.

use std::collections::BTreeSet;

use http::header::{ACCEPT, ACCEPT_LANGUAGE};

use crate::model::{DocumentKind, Scope, Status};
use crate::store::Save;
use crate::web::http::code::Code;
use crate::web::http::language::Language;
use crate::web::testing::{TestSite, argon2, document, run, stored, token};
use crate::web::view::words::Catalogue;
use crate::web::{AccessCheck, SessionKey, SiteSettings};

const GUIDE: &str = include_str!("../../../docs/api.md");
const COMPATIBLE: &str = include_str!("../../../docs/compatible.md");

/// The examples of a page, as they are copied.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("<pre id=\"").skip(1).filter_map(|part| part.split_once('>')?.1.split("</pre>").next());
    let plain = |block: &str| {
        let pairs = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        pairs.iter().fold(block.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    blocks.map(plain).collect()
}

/// Values of an attribute.
fn values<'a>(page: &'a str, name: &str) -> BTreeSet<&'a str> {
    page.split(&format!(" {name}=\"")).skip(1).filter_map(|part| part.split('"').next()).collect()
}

#[tokio::test]
async fn every_operation_of_the_document_has_an_example_with_our_address() {
    let site = TestSite::start().await;
    let page = site.page("/api").await;
    let document = site.json("/api/v1/openapi.json").await;
    let paths = document["paths"].as_object().unwrap().iter();
    let described: Vec<String> = paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(values(&page, "data-operation"), described.iter().map(String::as_str).collect());
    let examples = examples(&page);
    assert!(examples.len() > described.len() + 9, "{examples:#?}");
    let ours = format!("http://{}", site.address);
    for example in examples.iter().filter(|it| !it.starts_with("[[webhook]]")) {
        assert!(example.contains(&ours) && !example.contains(":8588"), "{example}");
    }
}

#[tokio::test]
async fn examples_ask_for_a_run_that_is_here() {
    let site = TestSite::start().await;
    assert!(site.page("/api").await.contains("/api/v1/generations/1&#34;"), "nothing is recorded");
    let blob = site.keep(b"\x89PNG\r\n\x1a\n0123").await;
    let digest = blob.digest;
    site.save(run("older", Status::Completed, -1)).await;
    let id = site.save(Save { attachments: vec![stored("a b.png", blob)], ..run("p 1", Status::Completed, 0) }).await;
    let page = site.page("/api").await;
    for (link, is_there) in [
        (format!("/api/v1/generations/{id}\""), true),
        (format!("/api/v1/generations.zip?ids={id}\""), true),
        (format!("/files/{digest}/a%20b.png\""), true),
        // It came without one, so there would be nothing to see.
        (format!("/api/v1/generations/{id}/workflow\""), false),
    ] {
        assert_eq!(page.contains(&format!("href=\"http://{}{link}", site.address)), is_there, "{link}");
    }
    assert!(page.contains("/api/jobs/p%201"));
    assert!(page.contains(&format!("      &#34;id&#34;: {id},\n")), "the newest run isn't shown");
    let workflow = vec![document(DocumentKind::Workflow, "{}")];
    let id = site.save(Save { documents: workflow, ..run("p2", Status::Failed, 1) }).await;
    assert!(site.page("/api").await.contains(&format!("      &#34;id&#34;: {id},\n")));
}

#[tokio::test]
async fn the_page_says_what_this_server_asks_for() {
    let tokens = vec![token("bot", Scope::Read, "a-token-for-reading-in-tests")];
    for (password, tokens, said, sent) in [
        (Some(argon2("pass")), vec![], "requires its password", "-u \":$PASSWORD\" "),
        (None, tokens.clone(), "requires a token, as", "-H \"Authorization: Bearer $TOKEN\" "),
        (Some(argon2("pass")), tokens, "or its password", "-H \"Authorization: Bearer $TOKEN\" "),
    ] {
        let has_tokens = !tokens.is_empty();
        let auth = AccessCheck::new(password, tokens, SessionKey::of_tests());
        let site = TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await;
        let request = site.request("/api");
        let request = if has_tokens {
            request.bearer_auth("a-token-for-reading-in-tests")
        } else {
            request.basic_auth("x", Some("pass"))
        };
        let page = request.send().await.unwrap().text().await.unwrap();
        assert!(page.contains(said), "{said}");
        for line in examples(&page).iter().flat_map(|it| it.lines()).filter(|it| it.contains("curl ")) {
            assert!(line.contains(sent) || line.contains("Bearer $TOKEN"), "{line}");
        }
    }
    assert!(TestSite::start().await.page("/api").await.contains("requires no password or token"));
}

#[tokio::test]
async fn examples_have_the_address_that_the_visitor_sees() {
    let proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    let allowed_hosts = vec!["recall.example".to_owned()];
    let base = "/history".parse().unwrap();
    let site = TestSite::with(SiteSettings { base, proxies, allowed_hosts, ..SiteSettings::default() }).await;
    let request = site.request("/history/api").header("x-forwarded-proto", "https");
    let page = request.header("x-forwarded-host", "recall.example").send().await.unwrap().text().await.unwrap();
    for example in examples(&page).iter().filter(|it| !it.starts_with("[[webhook]]")) {
        assert!(example.contains("https://recall.example/history") && !example.contains("127.0.0.1"), "{example}");
    }
    assert!(page.contains("href=\"/history/api/v1/openapi.json\""));
}

#[tokio::test]
async fn the_page_is_for_people_also_in_chinese_and_programs_find_json_below() {
    let site = TestSite::start().await;
    let page = site.request("/api").header(ACCEPT_LANGUAGE, "zh-CN").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<html lang=\"zh-CN\"") && page.contains("可以依赖的约定"));
    let below = site.request("/api/nothing").header(ACCEPT, "text/html").send().await.unwrap();
    assert_eq!((below.status().as_u16(), below.headers()["content-type"].as_bytes()), (404, &b"application/json"[..]));
}

#[tokio::test]
async fn every_code_is_documented_and_the_page_says_the_same() {
    let page = TestSite::start().await.page("/api").await;
    assert_eq!(values(&page, "data-code"), Code::ALL.iter().map(|code| code.as_str()).collect());
    let errors = GUIDE.split("\n## Errors\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let table: Vec<&str> = errors.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(table.len(), Code::ALL.len());
    let words = Catalogue::of(Language::English);
    for (row, code) in table.iter().zip(Code::ALL) {
        let meaning = words.say(code.key());
        assert_eq!(*row, format!("| `{}` | {} | {meaning} |", code.as_str(), code.status().as_u16()));
    }
}

#[tokio::test]
async fn every_address_that_scripts_speak_already_is_there() {
    let page = TestSite::start().await.page("/api").await;
    let shown = page.split("class=\"parameters addresses\"").nth(1).unwrap().split("</dl>").next().unwrap();
    let shown: BTreeSet<String> = shown
        .split("<dt>")
        .skip(1)
        .map(|row| {
            let text = row.split("</dt>").next().unwrap();
            let part = |open: &str| text.split(open).nth(1).unwrap().split('<').next().unwrap().to_owned();
            format!("{} {}", part("class=\"method\">"), part("<code>"))
        })
        .collect();
    let table = COMPATIBLE.lines().filter(|line| line.starts_with("| [`")).flat_map(|line| {
        let cell = line.trim_start_matches("| [").split(']').next().unwrap();
        cell.split(", ").map(|address| address.trim_matches('`').to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(shown, table.collect());
}
