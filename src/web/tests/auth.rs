//! Who comes in, and what they may do.

use std::collections::BTreeSet;

use http::Method;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::model::Scope;
use crate::web::routes::rows;
use crate::web::testing::{TestSite, argon2, token};
use crate::web::{AcceptedToken, AccessCheck, SessionKey, SiteSettings};

const READ: &str = "a-token-for-reading-in-tests";
const FULL: &str = "a-token-for-all-in-the-tests";
const FULL_HEADER: &str = "Bearer a-token-for-all-in-the-tests";

/// What a browser sends when somebody opens a page.
const PAGE: [(&str, &str); 2] =
    [("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("sec-fetch-mode", "navigate")];

fn tokens() -> Vec<AcceptedToken> {
    vec![token("bot", Scope::Read, READ), token("backup", Scope::Full, FULL)]
}

fn auth() -> Option<AccessCheck> {
    AccessCheck::new(Some(argon2("pass")), tokens(), SessionKey::of_tests())
}

async fn closed() -> TestSite {
    TestSite::with(SiteSettings { auth: auth(), ..SiteSettings::default() }).await
}

fn as_page(request: RequestBuilder) -> RequestBuilder {
    PAGE.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn open_page(site: &TestSite, path: &str, cookie: &str) -> Response {
    as_page(site.request(path)).header("cookie", cookie).send().await.unwrap()
}

async fn post(site: &TestSite, path: &str, form: &str, headers: &[(&str, &str)]) -> Response {
    let request = site.client.post(format!("http://{}{path}", site.address)).body(form.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(response: &Response) -> String {
    header(response, "set-cookie").split(';').next().unwrap().to_owned()
}

async fn code(response: Response) -> String {
    response.json::<Value>().await.unwrap()["error"]["code"].as_str().unwrap().to_owned()
}

/// Every route, with something in place of its parameters.
fn routes() -> BTreeSet<String> {
    rows().into_iter().map(|row| row.rules.path.replace(['{', '}'], "")).collect()
}

#[tokio::test]
async fn nothing_but_health_and_sign_in_answers_without_a_secret() {
    let site = closed().await;
    let routes = routes();
    for known in ["/", "/api/v1/generations/id", "/history/prompt_id", "/bt/artifacts/list", "/metrics", "/healthz"] {
        assert!(routes.contains(known), "{known} was not found: {routes:?}");
    }
    assert!(routes.len() >= 35, "{routes:?}");
    for path in routes.iter().map(String::as_str).chain(["/nowhere", "/assets/app.js"]) {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let response = site.client.request(method.clone(), format!("http://{}{path}", site.address)).send().await;
            let status = response.unwrap().status().as_u16();
            let is_open = ["/healthz", "/sign-in", "/favicon.ico"].contains(&path);
            assert_eq!(status == 401, !is_open, "{method} {path}: {status}");
        }
        for wrong in ["Bearer wrong", "Bearer ", "Basic YTp3cm9uZw=="] {
            let response = site.request(path).header("authorization", wrong).send().await.unwrap();
            assert!(
                response.status() != 200 || ["/healthz", "/sign-in", "/favicon.ico"].contains(&path),
                "{wrong} {path}"
            );
        }
    }
}

#[tokio::test]
async fn the_sign_in_page_has_all_it_needs_and_nothing_more() {
    let site = closed().await;
    let page = site.page("/sign-in").await;
    let needed: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert!(needed.len() >= 2 && !page.contains("<script"), "{page}");
    for asset in needed {
        assert_eq!(site.get(asset).await.status(), 200, "{asset}");
    }
    let known = site.request("/").bearer_auth(READ).send().await.unwrap().text().await.unwrap();
    let script = known.split('"').find(|part| part.starts_with("/assets/app.")).unwrap();
    assert_eq!(site.get(script).await.status(), 401);
}

#[tokio::test]
async fn programs_are_told_what_to_show_and_browsers_get_no_box() {
    let site = closed().await;
    for path in ["/", "/api/v1/generations", "/g/7", "/nowhere"] {
        let response = site.get(path).await;
        let asked: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
        assert_eq!(
            asked,
            ["Basic realm=\"comfy-recall\", charset=\"UTF-8\"", "Bearer realm=\"comfy-recall\""],
            "{path}"
        );
        assert_eq!((response.status().as_u16(), code(response).await.as_str()), (401, "unauthorized"), "{path}");
    }
    let fetched = [("sec-fetch-mode", "cors"), ("accept", "*/*")];
    let old = [("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"), ("accept", "image/avif,image/webp")];
    for headers in [fetched, old] {
        let request =
            headers.iter().fold(site.request("/thumbs/x"), |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "www-authenticate").as_str()),
            (401, "Bearer realm=\"comfy-recall\"")
        );
    }
    let response = open_page(&site, "/g/7?status=failed", "").await;
    assert_eq!((response.status().as_u16(), header(&response, "www-authenticate").as_str()), (303, ""));
    assert_eq!(header(&response, "location"), "/sign-in?next=%2Fg%2F7%3Fstatus%3Dfailed");
    assert_eq!(header(&open_page(&site, "/", "").await, "location"), "/sign-in");
}

#[tokio::test]
async fn where_only_tokens_open_there_is_no_sign_in_page() {
    let auth = AccessCheck::new(None, tokens(), SessionKey::of_tests());
    let site = TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await;
    assert_eq!(open_page(&site, "/", "").await.status(), 401);
    assert_eq!(site.get("/sign-in").await.status(), 404);
    let response = site.get("/").await;
    assert_eq!(header(&response, "www-authenticate"), "Bearer realm=\"comfy-recall\"");
}

#[tokio::test]
async fn where_everybody_may_come_in_the_sign_in_page_leads_on() {
    let site = TestSite::start().await;
    let response = site.get("/sign-in?next=%2Fstatus").await;
    assert_eq!((response.status().as_u16(), header(&response, "location").as_str()), (303, "/status"));
    assert!(!site.page("/").await.contains("/sign-out"));
}

#[tokio::test]
async fn the_password_opens_a_session_that_lasts_until_it_is_ended() {
    let site = closed().await;
    let wrong = post(&site, "/sign-in", "password=nope&next=%2Fg%2F7", &[]).await;
    assert_eq!((wrong.status().as_u16(), header(&wrong, "set-cookie").as_str()), (403, ""));
    let page = wrong.text().await.unwrap();
    assert!(
        page.contains("role=\"alert\"") && page.contains("name=\"next\" value=\"/g/7\"") && !page.contains("nope"),
        "{page}"
    );
    let right = post(&site, "/sign-in", "password=pass&next=%2Fstatus%3Fx%3D1", &[]).await;
    assert_eq!((right.status().as_u16(), header(&right, "location").as_str()), (303, "/status?x=1"));
    let set = header(&right, "set-cookie");
    assert!(set.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{set}");
    let session = cookie(&right);
    let page = open_page(&site, "/", &session).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("action=\"/sign-out\""));
    let again = open_page(&site, "/sign-in?next=%2Fg%2F7", &session).await;
    assert_eq!((again.status().as_u16(), header(&again, "location").as_str()), (303, "/g/7"));
    let out = post(&site, "/sign-out", "", &[("cookie", &session)]).await;
    assert_eq!((out.status().as_u16(), header(&out, "location").as_str()), (303, "/sign-in"));
    assert_eq!(header(&out, "set-cookie"), "recall-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    // A server of the same host name was sent it, and kept it.
    assert_eq!(header(&open_page(&site, "/", &session).await, "location"), "/sign-in");
    assert_eq!(site.request("/api/v1/generations").header("cookie", &session).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn signing_out_ends_this_session_in_every_copy_and_no_other() {
    let site = closed().await;
    let phone = cookie(&post(&site, "/sign-in", "password=pass", &[]).await);
    let desk = cookie(&post(&site, "/sign-in", "password=pass", &[]).await);
    assert_ne!(phone, desk);
    post(&site, "/sign-out", "", &[("cookie", &phone)]).await;
    assert_eq!(open_page(&site, "/", &phone).await.status(), 303);
    assert_eq!(open_page(&site, "/", &desk).await.status(), 200);
    let form = post(&site, "/sign-out", "", &[("cookie", &phone)]).await;
    assert_eq!(form.status(), 401, "one that is over signs nobody out");
    assert_eq!(open_page(&site, "/", &desk).await.status(), 200);
}

#[tokio::test]
async fn a_session_outlives_the_daemon_but_not_the_password() {
    let session = cookie(&post(&closed().await, "/sign-in", "password=pass", &[]).await);
    assert_eq!(open_page(&closed().await, "/", &session).await.status(), 200);
    let auth = AccessCheck::new(Some(argon2("other")), tokens(), SessionKey::of_tests());
    let changed = TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await;
    assert_eq!(open_page(&changed, "/", &session).await.status(), 303);
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    let site = closed().await;
    for evil in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "",
        "/.//evil.example/",
        "/..//evil.example/",
        "/%252e%252e//evil.example/",
        "/panel/dark-en//evil.example/",
        "%2Fpanel%2Fdark-en%2F%2Fevil.example%2F",
    ] {
        let page = post(&site, "/sign-in", &format!("password=pass&next={evil}"), &[]).await;
        assert_eq!(header(&page, "location"), "/", "{evil}");
        let page = site.page(&format!("/sign-in?next={evil}")).await;
        assert!(page.contains("name=\"next\" value=\"/\""), "{evil}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in_or_out() {
    let site = closed().await;
    for path in ["/sign-in", "/sign-out"] {
        let session = "recall-session=x";
        for foreign in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
            let headers = [foreign, ("authorization", FULL_HEADER), ("cookie", session)];
            let response = post(&site, path, "password=pass", &headers).await;
            assert_eq!(
                (response.status().as_u16(), header(&response, "set-cookie").as_str()),
                (403, ""),
                "{path} {foreign:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_for_reading_reads_everything_and_changes_nothing() {
    let site = closed().await;
    for path in ["/", "/status", "/api", "/api/v1/generations", "/readyz", "/events"] {
        assert_eq!(site.request(path).bearer_auth(READ).send().await.unwrap().status(), 200, "{path}");
    }
    for path in routes() {
        let is_open = ["/healthz", "/sign-in", "/favicon.ico", "/bt/artifacts/list", "/api/bt/artifacts/list"];
        let is_open = is_open.contains(&path.as_str());
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let url = format!("http://{}{path}", site.address);
            let response = site.client.request(method.clone(), url).bearer_auth(READ).send().await.unwrap();
            let status = response.status();
            assert_eq!(status == 403, !is_open, "{method} {path}: {status}");
            if status == 403 && path.starts_with("/api/v1/") {
                assert_eq!(code(response).await, "read_only_token", "{method} {path}");
            }
        }
    }
    let full = post(&site, "/preferences", "theme=dark", &[("authorization", FULL_HEADER)]).await;
    assert_eq!(full.status(), 303);
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_nobody_else_has() {
    let site = closed().await;
    let session = cookie(&post(&site, "/sign-in", "password=pass", &[]).await);
    let mut statuses = Vec::new();
    for guess in 0..12 {
        let response =
            site.request("/api/v1/generations").basic_auth("a", Some(format!("guess{guess}"))).send().await.unwrap();
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [[401; 10].as_slice(), &[429; 2]].concat());
    let response = site.request("/api/v1/generations").bearer_auth("a-guess-of-24-characters").send().await.unwrap();
    let wait: u64 = header(&response, "retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(code(response).await, "too_many_attempts");
    // Not even the right password is tried now; but sessions and tokens open.
    let form = post(&site, "/sign-in", "password=pass", &[]).await;
    assert_eq!((form.status().as_u16(), header(&form, "retry-after").is_empty()), (429, false));
    assert!(form.text().await.unwrap().contains("Too many attempts"));
    assert_eq!(open_page(&site, "/", &session).await.status(), 200);
    assert_eq!(site.request("/").bearer_auth(READ).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_program_that_knows_the_password_goes_on_while_others_guess() {
    let site = closed().await;
    let known = || site.request("/api/v1/generations").basic_auth("script", Some("pass")).send();
    assert_eq!(known().await.unwrap().status(), 200);
    for _ in 0..15 {
        site.request("/").basic_auth("a", Some("guess")).send().await.unwrap();
    }
    assert_eq!(known().await.unwrap().status(), 200);
}

#[tokio::test]
async fn whoever_goes_on_guessing_does_not_find_out_the_password_that_a_program_shows() {
    let site = closed().await;
    let show = async |password: &str| {
        site.request("/api/v1/generations").basic_auth("script", Some(password)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(show("pass").await, 200);
    for nth in 0..100 {
        assert_ne!(show(&format!("guess{nth}")).await, 200);
    }
    assert_eq!(show("pass").await, 429);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_is_counted_alone_and_cookies_are_secure() {
    let proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    let settings = SiteSettings {
        auth: auth(),
        proxies,
        allowed_hosts: vec!["recall.example".to_owned()],
        ..SiteSettings::default()
    };
    let site = TestSite::with(settings).await;
    for _ in 0..11 {
        post(&site, "/sign-in", "password=guess", &[("x-forwarded-for", "192.0.2.7")]).await;
    }
    let from = async |address: &str| {
        let headers =
            [("x-forwarded-for", address), ("x-forwarded-proto", "https"), ("x-forwarded-host", "recall.example")];
        post(&site, "/sign-in", "password=pass", &headers).await
    };
    assert_eq!(from("192.0.2.7").await.status(), 429);
    assert_eq!(from("192.0.2.8, 192.0.2.7").await.status(), 429, "the left is what the client claims");
    let other = from("192.0.2.7, 192.0.2.8").await;
    assert_eq!(other.status(), 303);
    assert!(header(&other, "set-cookie").ends_with("; Secure"));
    let foreign = site.request("/sign-in").header("x-forwarded-host", "evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), 421);
}

#[tokio::test]
async fn whoever_says_to_come_from_another_address_each_time_has_to_wait_too() {
    let proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    let site = TestSite::with(SiteSettings { auth: auth(), proxies, ..SiteSettings::default() }).await;
    let mut tried = 0;
    for nth in 0..60 {
        let from = format!("10.0.0.{nth}");
        let header =
            if nth % 2 == 0 { ("x-forwarded-for", from.clone()) } else { ("forwarded", format!("for={from}")) };
        let response = post(&site, "/sign-in", "password=guess", &[(header.0, &header.1)]).await;
        tried += usize::from(response.status() == 403);
        assert!([403, 429].contains(&response.status().as_u16()));
    }
    assert_eq!(tried, 30);
    let right = post(&site, "/sign-in", "password=pass", &[("x-forwarded-for", "10.0.1.1")]).await;
    assert_eq!(right.status(), 429);
    assert_eq!(site.request("/").bearer_auth(READ).send().await.unwrap().status(), 200, "who holds a token goes on");
}

#[tokio::test]
async fn a_page_that_points_its_name_at_us_says_in_vain_that_a_proxy_sends_it() {
    let proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    let allowed_hosts = vec!["recall.example".to_owned()];
    let site = TestSite::with(SiteSettings { proxies, allowed_hosts, ..SiteSettings::default() }).await;
    let ask = async |host: &str, header: (&str, &str)| {
        let request = site.request("/api/v1/generations").header("host", host).header(header.0, header.1);
        request.send().await.unwrap().status().as_u16()
    };
    for said in ["localhost", "recall.example", "127.0.0.1:8588"] {
        assert_eq!(ask("evil.example:8588", ("x-forwarded-host", said)).await, 421, "{said}");
        assert_eq!(ask("evil.example", ("forwarded", &format!("host={said}"))).await, 421, "{said}");
        assert_eq!(ask("evil.example", ("forwarded", &format!("for=10.0.0.1;host=\"{said}\""))).await, 421, "{said}");
        // What proxies send: the name that the visitor uses, or the address that they were told to ask.
        assert_eq!(ask("recall.example", ("x-forwarded-host", said)).await, 200, "{said}");
        assert_eq!(ask("127.0.0.1:8588", ("forwarded", &format!("host={said}"))).await, 200, "{said}");
    }
    assert_eq!(ask("localhost", ("x-forwarded-host", "evil.example")).await, 421);
}

#[tokio::test]
async fn below_a_base_path_the_way_in_and_its_cookie_lie_below() {
    let base = "/history".parse().unwrap();
    let site = TestSite::with(SiteSettings { auth: auth(), base, ..SiteSettings::default() }).await;
    let response = open_page(&site, "/history/g/7", "").await;
    assert_eq!(header(&response, "location"), "/history/sign-in?next=%2Fhistory%2Fg%2F7");
    assert_eq!(header(&open_page(&site, "/history/", "").await, "location"), "/history/sign-in");
    let page = site.page("/history/sign-in").await;
    assert!(page.contains("action=\"/history/sign-in\""), "{page}");
    let right = post(&site, "/history/sign-in", "password=pass&next=%2Felsewhere", &[]).await;
    assert_eq!(header(&right, "location"), "/history/");
    assert!(header(&right, "set-cookie").contains("; Path=/history/;"));
    assert_eq!(open_page(&site, "/history/", &cookie(&right)).await.status(), 200);
}
