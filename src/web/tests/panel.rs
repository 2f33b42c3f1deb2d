//! Our pages inside ComfyUI's: who may frame them, and that whoever goes on from one stays inside.

use http::header::{CONTENT_SECURITY_POLICY, LOCATION, X_FRAME_OPTIONS};
use regex_lite::Regex;

use crate::model::Status;
use crate::web::testing::{TestSite, argon2, run};
use crate::web::{AccessCheck, SessionKey, SiteSettings};

const COMFYUI: &str = "http://127.0.0.1:8188";

async fn beside_comfyui(base: &str) -> TestSite {
    let settings = SiteSettings {
        base: base.parse().unwrap(),
        zone: "UTC".parse().unwrap(),
        comfyui_origins: vec![COMFYUI.to_owned()],
        cors_origins: vec!["https://gallery.example".to_owned()],
        ..SiteSettings::default()
    };
    TestSite::with(settings).await
}

#[tokio::test]
async fn only_pages_for_a_frame_may_be_framed_and_only_by_comfyui() {
    let site = beside_comfyui("/").await;
    let id = site.save(run("p", Status::Completed, 0)).await;
    for path in ["/".to_owned(), format!("/g/{id}"), "/status".to_owned(), "/nowhere".to_owned(), "/g/none".to_owned()]
    {
        let alone = site.request(&path).header("accept", "text/html").send().await.unwrap();
        assert!(
            alone.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().ends_with("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(alone.headers()[X_FRAME_OPTIONS], "DENY", "{path}");
        let framed = site.request(&format!("/panel/dark-en{path}")).header("accept", "text/html").send().await.unwrap();
        let policy = framed.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.ends_with("frame-ancestors http://127.0.0.1:8188 http://localhost:8188"), "{path}: {policy}");
        assert!(!framed.headers().contains_key(X_FRAME_OPTIONS), "{path}");
        assert_eq!(framed.status(), alone.status(), "{path}");
    }
}

#[tokio::test]
async fn every_link_of_a_framed_page_stays_in_the_frame_but_the_one_that_leaves_it() {
    let site = beside_comfyui("/history").await;
    let id = site.save(run("p", Status::Failed, 0)).await;
    let inside = "/history/panel/light-zh-CN";
    let addresses = Regex::new(r#"(?:href|src|action|data-file)="(/[^"]*)""#).unwrap();
    for path in ["/".to_owned(), format!("/g/{id}?status=failed"), "/status".to_owned(), "/?q=zzz".to_owned()] {
        let page = site.page(&format!("{inside}{path}")).await;
        assert!(page.contains(r#"lang="zh-CN" data-theme="light" data-panel"#), "{path}");
        let out: Vec<&str> = addresses
            .captures_iter(&page)
            .map(|found| found.get(1).unwrap().as_str())
            .filter(|address| !address.starts_with(&format!("{inside}/")))
            .collect();
        assert_eq!(out, [format!("/history{path}")], "{path}: only the page of its own is outside");
        assert!(!page.contains("name=\"theme\""), "{path}: it looks as ComfyUI does");
    }
}

#[tokio::test]
async fn a_look_in_the_address_goes_before_the_cookies_of_the_site() {
    let site = beside_comfyui("/").await;
    let request = site.request("/panel/dark-zh-CN/").header("cookie", "recall-theme=light; recall-lang=en");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(page.contains(r#"<html lang="zh-CN" data-theme="dark""#), "{page}");
    for unknown in ["/panel/pink-en/", "/panel/dark-fr/", "/panel/"] {
        assert_eq!(site.get(unknown).await.status(), 404, "{unknown}");
    }
}

#[tokio::test]
async fn signing_in_leads_back_into_the_frame() {
    let auth = AccessCheck::new(Some(argon2("pass")), vec![], SessionKey::of_tests());
    let settings = SiteSettings { auth, comfyui_origins: vec![COMFYUI.to_owned()], ..SiteSettings::default() };
    let site = TestSite::with(settings).await;
    let asked = site.request("/panel/dark-en/g/7").header("accept", "text/html").header("sec-fetch-mode", "navigate");
    let asked = asked.send().await.unwrap();
    let door = asked.headers()[LOCATION].to_str().unwrap().to_owned();
    assert_eq!(door, "/panel/dark-en/sign-in?next=%2Fpanel%2Fdark-en%2Fg%2F7");
    let page = site.page(&door).await;
    assert!(page.contains(r#"action="/panel/dark-en/sign-in""#), "{page}");
    // The page that frames it is greeted before anybody is signed in.
    let scripts = Regex::new(r#"src="(/panel/dark-en/assets/panel[^"]*)""#).unwrap();
    let script = scripts.captures(&page).unwrap().get(1).unwrap().as_str();
    let script = site.page(script).await;
    let imported = Regex::new(r#"from "\./([^"]+)""#).unwrap().captures(&script).unwrap();
    assert!(!site.page(&format!("/panel/dark-en/assets/{}", &imported[1])).await.is_empty());
    let form = site.client.post(format!("http://{}/panel/dark-en/sign-in", site.address));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let entered = form.body("password=pass&next=%2Fpanel%2Fdark-en%2Fg%2F7").send().await.unwrap();
    assert_eq!(entered.headers()[LOCATION], "/panel/dark-en/g/7");
}
