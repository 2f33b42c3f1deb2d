//! Pages that stay open: the stream of events, and the fragments that they fetch.

use std::time::Duration;

use reqwest::Response;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::live::Position;
use crate::model::{Event, GenerationId, InstanceName, Status};
use crate::web::testing::{TestSite, argon2, run};
use crate::web::{AccessCheck, SessionKey, SiteSettings};

/// What is soon or never.
const SOON: Duration = Duration::from_secs(10);

/// Events of a stream, one by one.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(site: &TestSite, path: &str) -> Self {
        let response = site.get(path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("content-encoding"));
        Self { response, text: String::new() }
    }

    /// The next event, whole; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(event);
            }
            let chunk = timeout(SOON, self.response.chunk()).await.unwrap().unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn named(&mut self, name: &str) -> String {
        let event = self.next().await.unwrap();
        assert!(event.starts_with(&format!("event: {name}\n")), "{event}");
        event
    }
}

fn id(event: &str) -> Position {
    event.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap()
}

fn changed(id: i64) -> Event {
    Event::Generation { id: GenerationId(id), status: Status::InProgress }
}

#[tokio::test]
async fn a_stream_tells_what_changes_and_from_where_on() {
    let site = TestSite::start().await;
    let live = &site.site.live;
    let mut stream = Stream::open(&site, "/events").await;
    let hello = stream.named("hello").await;
    assert_eq!(id(&hello), live.position());
    assert!(hello.contains("retry: 1000"), "{hello}");
    live.publish(changed(7));
    let event = stream.named("generation").await;
    assert!(event.contains("data: {\"runs\":[{\"id\":7,\"status\":\"in_progress\"}]}"), "{event}");
    live.publish(Event::Instance { name: InstanceName::default() });
    assert!(stream.named("instance").await.contains("data: {\"names\":[\"default\"]}"));
    let _waits = live.wait_for_disk("the disk is full".to_owned().into());
    assert_eq!(id(&stream.named("storage").await), live.position());
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed() {
    let site = TestSite::start().await;
    let before = site.site.live.position();
    let back = |id: &str| {
        let request = site.request("/events").header("last-event-id", id);
        async { request.send().await.unwrap().chunk().await.unwrap().unwrap() }
    };
    assert!(back(&before.to_string()).await.starts_with(b"event: hello\n"));
    for id in [7, 8, 7] {
        site.site.live.publish(changed(id));
    }
    let mut stream = Stream::open(&site, &format!("/events?after={before}")).await;
    let hello = stream.named("hello").await;
    assert!(!hello.contains("id: "), "who leaves now has still missed it: {hello}");
    let missed = stream.named("generation").await;
    assert!(missed.contains("[{\"id\":7,\"status\":\"in_progress\"},{\"id\":8,"), "{missed}");
    assert_eq!(id(&missed), site.site.live.position());
    // Another life of the daemon, and nonsense.
    assert!(back("1-0").await.starts_with(b"event: reload\n"));
    assert!(back("?").await.starts_with(b"event: reload\n"));
    assert!(back(&site.site.live.position().to_string()).await.starts_with(b"event: hello\n"));
    // More than is kept.
    for number in 0..2_000 {
        site.site.live.publish(changed(number));
    }
    assert!(back(&before.to_string()).await.starts_with(b"event: reload\n"));
}

#[tokio::test]
async fn who_falls_behind_is_told_to_reload_and_costs_nothing_more() {
    let site = TestSite::start().await;
    let live = &site.site.live;
    let mut stream = Stream::open(&site, "/events").await;
    stream.named("hello").await;
    // More than the broadcast keeps, told in one go: nobody reads in between.
    for number in 0..1_000 {
        live.publish(changed(number));
    }
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &String| !event.starts_with("event: reload\n")) {
        events.push(stream.next().await.unwrap());
    }
    assert!(events.len() <= 3 && events.concat().len() < 10_000, "{events:?}");
    assert_eq!(id(&events[events.len() - 1]), live.position());
}

#[tokio::test]
async fn a_client_that_never_reads_holds_up_nobody() {
    let site = TestSite::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let silent = socket.connect(site.address.parse().unwrap()).await.unwrap();
    silent.writable().await.unwrap();
    silent.try_write(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut stream = Stream::open(&site, "/events").await;
    stream.named("hello").await;
    for number in 0..20 {
        site.site.live.publish(changed(number));
        stream.named("generation").await;
    }
}

#[tokio::test]
async fn told_to_stop_the_server_ends_streams_at_once() {
    let site = TestSite::start().await;
    let mut stream = Stream::open(&site, "/events").await;
    stream.named("hello").await;
    site.shutdown.cancel();
    assert_eq!(stream.next().await, None);
    timeout(Duration::from_secs(2), site.server).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_stranger_hears_nothing() {
    let auth = AccessCheck::new(Some(argon2("pass")), Vec::new(), SessionKey::of_tests());
    let site = TestSite::with(SiteSettings { auth, ..SiteSettings::default() }).await;
    for path in ["/events", "/cards?ids=1", "/banners"] {
        assert_eq!(site.get(path).await.status(), 401, "{path}");
    }
    let known = site.request("/events").basic_auth("anyone", Some("pass")).send().await.unwrap();
    assert_eq!(known.status(), 200);
}

#[tokio::test]
async fn a_page_knows_what_it_was_made_from() {
    let site = TestSite::start().await;
    site.site.live.publish(changed(1));
    let page = site.page("/").await;
    assert!(page.contains(&format!("data-position=\"{}\"", site.site.live.position())), "{page}");
}

#[tokio::test]
async fn cards_are_those_of_the_list_and_tell_which_are_gone() {
    let site = TestSite::start().await;
    let failed = site.save(run("a", Status::Failed, 0)).await;
    let waiting = site.save(run("b", Status::Pending, 1)).await;
    let all = site.page(&format!("/cards?ids={failed},{waiting},999")).await;
    assert!(all.contains("data-gone=\"999\"") && all.contains(">2 runs<"), "{all}");
    let [first, second] = [waiting, failed].map(|id| {
        all.find(&format!(
            "<li class=\"{}\" data-id=\"{id}\"",
            match id {
                id if id == failed => "failed",
                _ => "pending",
            }
        ))
    });
    assert!(first.is_some() && first < second, "{all}");
    assert_eq!(all.matches("<section class=\"runs\"").count(), 1);
    let some = site.page(&format!("/cards?status=failed&ids={failed},{waiting}")).await;
    assert!(some.contains(&format!("data-gone=\"{waiting}\"")) && some.matches("<li ").count() == 1, "{some}");
    let other_day = site.page(&format!("/cards?date=2001-01-01&ids={failed}")).await;
    assert!(other_day.contains(&format!("data-gone=\"{failed}\"")) && !other_day.contains("<li "), "{other_day}");
}

#[tokio::test]
async fn ids_that_are_none_are_refused() {
    let site = TestSite::start().await;
    let many = (1..=201).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    for ids in ["", "x", "1,,2", "-1", "0", "1%2C2%3B3", &many] {
        assert_eq!(site.get(&format!("/cards?ids={ids}")).await.status(), 400, "{ids}");
    }
    assert_eq!(site.get("/cards").await.status(), 400);
}

#[tokio::test]
async fn notices_are_there_without_their_page() {
    let site = TestSite::start().await;
    assert!(!site.page("/banners").await.contains("data-banner="));
    let _waits = site.site.live.wait_for_disk("<b>full".to_owned().into());
    let banners = site.page("/banners?tz=Asia%2FTokyo").await;
    assert!(banners.contains("data-banner=\"refused\"") && banners.contains("&#60;b&#62;full"), "{banners}");
    assert!(!banners.contains("<html"));
}
