//! Thumbnails: what is served, how long it may be kept, and what stands for files that have none.

use reqwest::Response;

use crate::model::MediaKind;
use crate::web::testing::TestSite;

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The address of the thumbnail of the file at `url`.
fn thumb(url: &str) -> String {
    format!("/thumbs/{}", url.split('/').nth(2).unwrap())
}

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(900, 600, image::Rgb([9, 99, 199]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn a_thumbnail_is_served_in_both_sizes_and_for_ever() {
    let site = TestSite::start().await;
    let url = thumb(&site.serve_file("a.png", &picture()).await);
    for (query, size) in [("", (384, 256)), ("?w=256", (384, 256)), ("?w=512", (768, 512))] {
        let response = site.get(&format!("{url}{query}")).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), "image/webp");
        assert_eq!(header(&response, "cache-control"), "private, max-age=31536000, immutable");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        let etag = header(&response, "etag");
        let image = image::load_from_memory(&response.bytes().await.unwrap()).unwrap();
        assert_eq!((image.width(), image.height()), size, "{query}");
        let again = site.request(&format!("{url}{query}")).header("if-none-match", &etag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, etag.clone()));
        let other = site.request(&format!("{url}?w=512")).header("if-none-match", "\"x\"").send().await.unwrap();
        assert_eq!(other.status(), 200);
    }
}

#[tokio::test]
async fn what_has_no_thumbnail_shows_its_kind_and_is_asked_for_again() {
    let site = TestSite::start().await;
    let mut shown = std::collections::HashSet::new();
    for (mime, kind) in [
        ("image/png", MediaKind::Image),
        ("video/mp4", MediaKind::Video),
        ("audio/flac", MediaKind::Audio),
        ("text/plain", MediaKind::Text),
        ("model/gltf-binary", MediaKind::Model3d),
        ("application/octet-stream", MediaKind::Other),
    ] {
        let url = thumb(&site.serve_as(mime, kind, mime.as_bytes()).await);
        let response = site.get(&url).await;
        assert_eq!(response.status(), 200, "{mime}");
        assert_eq!(header(&response, "content-type"), "image/svg+xml", "{mime}");
        assert_eq!(header(&response, "cache-control"), "private, max-age=60", "{mime}");
        assert_eq!(header(&response, "etag"), "", "{mime}");
        assert!(header(&response, "content-security-policy").contains("sandbox"), "{mime}");
        shown.insert(response.text().await.unwrap());
    }
    assert_eq!(shown.len(), 6);
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_found() {
    let site = TestSite::start().await;
    let url = thumb(&site.serve_file("a.png", &picture()).await);
    let digest = url.rsplit('/').next().unwrap().parse().unwrap();
    std::fs::remove_file(site.site.blobs.path(&digest)).unwrap();
    assert_eq!(site.get(&url).await.status(), 404);
}

#[tokio::test]
async fn an_unknown_file_is_not_found_and_another_size_is_refused() {
    let site = TestSite::start().await;
    let url = thumb(&site.serve_file("a.png", &picture()).await);
    let unknown = format!("/thumbs/{}", "0".repeat(64));
    for path in [&*unknown, "/thumbs/..%2F..%2Fetc", "/thumbs/ABC", "/thumbs/%FF", &url.to_uppercase()] {
        assert_eq!(site.get(path).await.status(), 404, "{path}");
    }
    for query in ["w=300", "w=", "w=256&w=512"] {
        let response =
            site.request(&format!("{url}?{query}")).header("accept", "application/json").send().await.unwrap();
        assert_eq!(response.status(), 400, "{query}");
        let error: serde_json::Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], "bad_parameter", "{query}");
    }
}
