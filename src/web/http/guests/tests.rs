//! Who gives up a place, and when.

use axum::response::IntoResponse as _;
use http::header::HeaderValue;

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

async fn answered(guest: &Guest, kind: &'static str) -> Response {
    answered_for(HERE, guest, kind).await
}

async fn answered_for(client: IpAddr, guest: &Guest, kind: &'static str) -> Response {
    let response = ([(CONTENT_TYPE, HeaderValue::from_static(kind))], "x").into_response();
    guest.answer(client, std::future::ready(Ok::<_, std::convert::Infallible>(response))).await.unwrap()
}

fn is_dismissed(guest: &Guest) -> bool {
    guest.dismissed.is_cancelled()
}

#[tokio::test(start_paused = true)]
async fn place_goes_from_the_one_that_has_rested_longest_and_then_from_the_one_that_has_listened_longest() {
    let guests = Guests::new(512);
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(guests.arrive(Some(HERE)));
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    let [listens, works, rests, was_busy] = &all[..] else { panic!() };
    let events = answered(listens, "text/event-stream").await;
    let answer = answered(works, "text/html").await;
    drop(answered(was_busy, "text/html").await);
    for (next, left) in [(rests, 3), (was_busy, 2), (listens, 1)] {
        assert!(guests.dismiss() && is_dismissed(next), "{left}");
        assert_eq!(guests.count(), left);
    }
    assert!(!guests.dismiss() && !is_dismissed(works), "its answer isn't read yet");
    assert!(works.is_at_work() && !listens.is_at_work());
    drop((answer, events));
    guests.rest().await;
    assert!(guests.dismiss() && is_dismissed(works));
}

#[tokio::test]
async fn whoever_has_gone_has_no_place() {
    let guests = Guests::new(512);
    let guest = guests.arrive(Some(HERE));
    let answer = answered(&guest, "text/html").await;
    drop(guest);
    drop(answer);
    assert_eq!(guests.count(), 0);
    assert!(!guests.dismiss());
}

#[tokio::test(start_paused = true)]
async fn whoever_keeps_us_waiting_gives_way_after_a_while_and_is_sent_away_after_longer() {
    let guests = Guests::new(512);
    let (silent, works) = (guests.arrive(Some(HERE)), guests.arrive(Some(HERE)));
    let answers = (answered(&silent, "text/html").await, answered(&works, "text/html").await);
    let body = silent.body(Body::from_stream(futures_util::stream::pending::<Result<Bytes, axum::Error>>()));
    assert!(!guests.dismiss(), "it may be about to send it");
    guests.rest().await;
    assert!(guests.dismiss() && silent.cut_off.is_cancelled() && !works.cut_off.is_cancelled());
    assert_eq!(guests.count(), 1);
    let other = works.body(Body::from_stream(futures_util::stream::pending::<Result<Bytes, axum::Error>>()));
    tokio::time::advance(Duration::from_secs(9)).await;
    guests.end_waits();
    assert!(!works.cut_off.is_cancelled());
    tokio::time::advance(Duration::from_secs(2)).await;
    guests.end_waits();
    assert!(works.cut_off.is_cancelled());
    drop((answers, body, other));
}

#[tokio::test(start_paused = true)]
async fn of_an_address_that_has_more_than_its_share_the_oldest_gives_way() {
    let guests = Guests::new(16);
    let [greedy, modest] = [[192, 0, 2, 7], [192, 0, 2, 8]].map(IpAddr::from);
    let mut all = Vec::new();
    for who in [modest, greedy, greedy, modest, greedy] {
        let guest = guests.arrive(Some(who));
        let answer = answered_for(who, &guest, "video/mp4").await;
        all.push((guest, answer));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    guests.rest().await;
    assert!(guests.dismiss() && all[1].0.cut_off.is_cancelled());
    assert!(!guests.dismiss(), "now nobody has more than two");
    assert_eq!(guests.count(), 4);
}

#[tokio::test]
async fn behind_a_proxy_places_are_those_of_who_asks_and_not_of_the_proxy() {
    let guests = Guests::new(16);
    let mut all = Vec::new();
    for host in 1..=6 {
        let guest = guests.arrive(None);
        let answer = answered_for(IpAddr::from([192, 0, 2, host]), &guest, "text/html").await;
        all.push((guest, answer));
    }
    assert!(!guests.dismiss(), "each has one");
    for _ in 0..3 {
        let guest = guests.arrive(None);
        let answer = answered_for(IpAddr::from([192, 0, 2, 6]), &guest, "text/html").await;
        all.push((guest, answer));
    }
    assert!(guests.dismiss() && all[5].0.cut_off.is_cancelled());
}
