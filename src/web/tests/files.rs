//! Files: ranges, caches, names, and what may be shown.

use reqwest::{Method, Response};

use crate::model::MediaKind;
use crate::web::testing::TestSite;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0123456789";

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_file_is_served_whole_and_for_ever() {
    let site = TestSite::start().await;
    let url = site.serve_file("é \"x\".png", PNG).await;
    let response = site.get(&url).await;
    assert_eq!(response.status(), 200);
    let digest = url.split('/').nth(2).unwrap().to_owned();
    assert_eq!(header(&response, "etag"), format!("\"{digest}\""));
    assert_eq!(header(&response, "content-type"), "image/png");
    assert_eq!(header(&response, "content-length"), PNG.len().to_string());
    assert_eq!(header(&response, "accept-ranges"), "bytes");
    assert_eq!(header(&response, "cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(
        header(&response, "content-disposition"),
        "inline; filename=\"_ _x_.png\"; filename*=UTF-8''%C3%A9%20%22x%22.png"
    );
    assert_eq!(response.bytes().await.unwrap(), PNG);

    let head = site.client.request(Method::HEAD, format!("http://{}{url}", site.address)).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), PNG.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let site = TestSite::start().await;
    let url = site.serve_file("a.png", PNG).await;
    let etag = header(&site.get(&url).await, "etag");
    for condition in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let response = site.request(&url).header("if-none-match", &condition).send().await.unwrap();
        assert_eq!(response.status(), 304, "{condition}");
        assert_eq!(header(&response, "etag"), etag);
        assert!(response.bytes().await.unwrap().is_empty());
    }
    let response = site.request(&url).header("if-none-match", "\"other\"").send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_part_of_a_file_is_served() {
    let site = TestSite::start().await;
    let url = site.serve_file("a.png", PNG).await;
    for (range, content_range, bytes) in [
        ("bytes=8-9", "bytes 8-9/18", &b"01"[..]),
        ("bytes=16-", "bytes 16-17/18", &b"89"[..]),
        ("bytes=-1", "bytes 17-17/18", &b"9"[..]),
        ("bytes=8-1000", "bytes 8-17/18", &b"0123456789"[..]),
    ] {
        let response = site.request(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(header(&response, "content-range"), content_range);
        assert_eq!(header(&response, "content-length"), bytes.len().to_string());
        assert_eq!(response.bytes().await.unwrap(), bytes);
    }
    for range in ["bytes=18-", "bytes=-0"] {
        let response = site.request(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), 416, "{range}");
        assert_eq!(header(&response, "content-range"), "bytes */18");
    }
    for range in ["bytes=1-2,4-5", "bytes=x-", "lines=1-2"] {
        let response = site.request(&url).header("range", range).send().await.unwrap();
        assert_eq!(response.status(), 200, "{range}");
    }
    let stale = site.request(&url).header("range", "bytes=0-1").header("if-range", "\"other\"").send().await.unwrap();
    assert_eq!(stale.status(), 200);
}

#[tokio::test]
async fn only_what_cannot_hold_a_script_is_shown() {
    let site = TestSite::start().await;
    for mime in
        ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "video/mp4", "audio/flac"]
    {
        let url = site.serve_as(mime, MediaKind::Image, mime.as_bytes()).await;
        let response = site.get(&url).await;
        assert!(header(&response, "content-disposition").starts_with("inline;"), "{mime}");
        assert!(!header(&response, "content-security-policy").contains("sandbox"), "{mime}");
    }
    for mime in ["image/svg+xml", "text/html", "application/json", "text/plain", "application/octet-stream", "", "a\nb"]
    {
        let url = site.serve_as(mime, MediaKind::Other, format!("<script>{mime}").as_bytes()).await;
        let response = site.get(&url).await;
        assert_eq!(response.status(), 200, "{mime}");
        assert!(header(&response, "content-disposition").starts_with("attachment;"), "{mime}");
        assert!(header(&response, "content-security-policy").starts_with("sandbox;"), "{mime}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{mime}");
    }
}

#[tokio::test]
async fn a_name_is_only_what_a_download_is_called() {
    let site = TestSite::start().await;
    let url = site.serve_file("a.png", PNG).await;
    let folder = url.rsplit_once('/').unwrap().0;
    for (name, called) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("x%0D%0ASet-Cookie:a=b", "xSet-Cookie%3Aa%3Db"),
        ("%E2%80%AEgnp.exe", "gnp.exe"),
        ("%22;a=%22", "%22%3Ba%3D%22"),
    ] {
        let response = site.get(&format!("{folder}/{name}")).await;
        assert_eq!(response.status(), 200, "{name}");
        let disposition = header(&response, "content-disposition");
        assert!(disposition.ends_with(&format!("''{called}")), "{disposition}");
        assert!(response.headers().get("set-cookie").is_none());
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let site = TestSite::start().await;
    let url = site.serve_file("a.png", PNG).await;
    let unknown = format!("/files/{}/a.png", "0".repeat(64));
    for path in [&*unknown, "/files/..%2F..%2Fetc/passwd", "/files/ABC/a.png", "/files/%FF/%FF", &url.to_uppercase()] {
        assert_eq!(site.get(path).await.status(), 404, "{path}");
    }
}
