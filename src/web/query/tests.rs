//! What a query may say, and what is said about one that says it wrong.

use super::*;
use crate::model::{MediaKind, PromptId, Status, Timestamp};

fn script(query: &str) -> Result<ListQuery, Error> {
    ListQuery::parse(query, Author::Script, "UTC".parse().unwrap())
}

fn problem(query: &str) -> String {
    script(query).unwrap_err().to_string()
}

#[test]
fn every_parameter_narrows_the_list() {
    let query = "status=failed,lost&kind=video,%20image,video&instance=gpu-1&prompt_id=a/b&limit=7&next=k9q-z\
                 &from=2026-11-20T08:00:00Z&to=2026-11-20T17:00:00%2B08:00";
    let read = script(query).unwrap();
    assert_eq!(read.filter.statuses, [Status::Failed, Status::Lost]);
    assert_eq!(read.filter.kinds, [MediaKind::Video, MediaKind::Image]);
    assert_eq!(read.filter.instance, Some("gpu-1".parse().unwrap()));
    assert_eq!(read.filter.prompt_id, Some(PromptId::from("a/b")));
    assert_eq!(read.filter.from.unwrap().to_string(), "2026-11-20T08:00:00.000Z");
    assert_eq!(read.filter.until.unwrap().to_string(), "2026-11-20T09:00:00.000Z");
    assert_eq!((read.limit, read.start), ("7".parse().unwrap(), Start::Older("k9q-z".parse().unwrap())));
    assert_eq!(script("prev=k9q-z").unwrap().start, Start::Newer("k9q-z".parse().unwrap()));
    assert_eq!(script("").unwrap().filter, Filter::default());
}

#[test]
fn a_day_and_a_span_narrow_each_other() {
    let read = script("date=2026-10-25&tz=Europe/Berlin&from=2026-10-25T10:00:00Z").unwrap();
    assert_eq!(read.filter.from.unwrap().to_string(), "2026-10-25T10:00:00.000Z");
    assert_eq!(read.filter.until.unwrap().to_string(), "2026-10-25T23:00:00.000Z");
    let other_order = script("from=2026-10-25T10:00:00Z&tz=Europe/Berlin&date=2026-10-25").unwrap();
    assert_eq!(other_order.filter, read.filter);
}

#[test]
fn a_part_of_a_millisecond_counts_up() {
    let read = script("from=2026-11-20T09:59:12.0940001Z&to=2026-11-20T09:59:12.094Z").unwrap();
    assert_eq!(read.filter.from.unwrap().as_millis(), 1_795_168_752_095);
    assert_eq!(read.filter.until.unwrap().as_millis(), 1_795_168_752_094);
    assert!(script("from=2026-11-20T17:59:12+08:00&tz=+08:00").is_ok(), "a plus that became a blank");
}

#[test]
fn a_bad_value_is_named_together_with_what_is_allowed() {
    for (query, message) in [
        ("limit=0", "limit=\"0\": not a limit: use a whole number from 1 to 200"),
        (
            "date=2026-02-30",
            "date=\"2026-02-30\": not a date: use today, yesterday, 7d (the last 7 days), YYYY-MM-DD or YYYY-MM, or two with .. \
             between for all days from the first to the last",
        ),
        (
            "date=2026-1-32",
            "date=\"2026-1-32\": not a date: use today, yesterday, 7d (the last 7 days), YYYY-MM-DD or YYYY-MM, or two with .. \
             between for all days from the first to the last",
        ),
        (
            "date=",
            "date=\"\": not a date: use today, yesterday, 7d (the last 7 days), YYYY-MM-DD or YYYY-MM, or two with .. \
             between for all days from the first to the last",
        ),
        (
            "status=done",
            "status=\"done\": not a status: use one or more of pending, in_progress, completed, failed, \
             cancelled, lost, separated by commas",
        ),
        (
            "kind=picture",
            "kind=\"picture\": not a kind: use one or more of image, video, audio, text, model3d, other, separated by commas",
        ),
        ("next=a-1&prev=a-1", "next and prev are both given; use one of them"),
        (
            "from=tomorrow",
            "from=\"tomorrow\": not a time: use RFC 3339, for example 2026-11-20T09:59:12Z or \
             2026-11-20T17:59:12+08:00, or a day, which stands for its beginning: 2026-11-20, today, yesterday, 7d",
        ),
        (
            "tz=Mars",
            "tz=\"Mars\": not a time zone: use an IANA name such as Europe/Berlin, or an offset such as +08:00",
        ),
        ("instance=a+b", "instance=\"a b\": not a name for an instance: use 1 to 64 letters, digits, '-', '_' or '.'"),
        (
            "next=2",
            "next=\"2\": not a cursor of this server: use `next` or `prev` of an earlier answer as it came, or leave it \
             out",
        ),
        ("limit=1&limit=2", "limit is given twice"),
        (
            "page=2",
            "\"page\" is not a parameter; there are q, status, kind, instance, date, tz, from, to, prompt_id, limit, next, \
             prev",
        ),
    ] {
        assert_eq!(problem(query), message);
    }
    assert!(problem(&format!("limit={}", "é".repeat(5_000))).len() < 300);
}

#[test]
fn empty_fields_of_a_form_narrow_nothing() {
    let zone = "UTC".parse().unwrap();
    let form = |query| ListQuery::parse(query, Author::Form, zone);
    assert!(!form("status=&date=&instance=&utm_source=x").unwrap().is_narrow());
    assert_eq!(form("status=failed&status=lost").unwrap().filter.statuses, [Status::Failed, Status::Lost]);
    assert!(form("date=tomorrow").is_err());
}

#[test]
fn days_are_one_or_from_the_first_to_the_last() {
    let days = |query: &str| {
        script(&format!("{query}&tz=UTC")).map(|read| {
            let time = |time: Option<Timestamp>| time.map(|time| time.to_string()[..16].to_owned()).unwrap_or_default();
            (time(read.filter.from), time(read.filter.until), read.days.to_string())
        })
    };
    let owned = |from: &str, until: &str, days: &str| Ok((from.to_owned(), until.to_owned(), days.to_owned()));
    let (first, after) = ("2026-11-01T00:00", "2026-11-04T00:00");
    assert_eq!(days("date=2026-11-01..2026-11-03"), owned(first, after, "2026-11-01..2026-11-03"));
    assert_eq!(days("date=2026-11-01.."), owned(first, "", "2026-11-01.."));
    assert_eq!(days("date=..2026-11-03"), owned("", after, "..2026-11-03"));
    assert_eq!(days("date=2026-11-03..2026-11-03"), owned("2026-11-03T00:00", after, "2026-11-03"));
    assert!(days("date=..").is_err() && days("date=2026-11-01..x").is_err() && days("first=2026-11-01").is_err());
    let form =
        ListQuery::parse("first=2026-11-01&last=2026-11-03&month=2026-11&previews=shown", Author::Form, Zone::Machine);
    let form = form.unwrap();
    assert_eq!(form.with(&[]), "/?month=2026-11&previews=shown&date=2026-11-01..2026-11-03");
    assert_eq!(form.month, Some("2026-11-01".parse().unwrap()));
}

#[test]
fn links_to_other_pages_keep_the_filter() {
    let read = script("status=failed&tz=%2B08:00&next=a-1").unwrap();
    let cursor = "b-2".parse().unwrap();
    assert_eq!(read.page(Start::Older(cursor)), "/?status=failed&tz=%2B08%3A00&next=b-2");
    assert_eq!(read.page(Start::Newer(cursor)), "/?status=failed&tz=%2B08%3A00&prev=b-2");
    assert_eq!(read.page(Start::Newest), "/?status=failed&tz=%2B08%3A00");
    assert_eq!(script("next=a-1").unwrap().page(Start::Newest), "/");
    assert_eq!(read.generation(GenerationId(7)), "/g/7?status=failed&tz=%2B08%3A00");
    assert_eq!(script("").unwrap().generation(GenerationId(7)), "/g/7");
    let narrow = script("status=failed&status=lost&date=2026-10-01..&kind=video").unwrap();
    assert_eq!(
        narrow.with(&[("kind", ""), ("month", "2026-10")]),
        "/?status=failed%2Clost&date=2026-10-01..&month=2026-10"
    );
    assert_eq!(narrow.generation(GenerationId(7)), "/g/7?status=failed%2Clost&kind=video&date=2026-10-01..");
}

fn form(query: &str) -> ListQuery {
    ListQuery::parse(query, Author::Form, "UTC".parse().unwrap()).unwrap()
}

#[test]
fn a_search_stays_in_every_address_of_its_list() {
    let read = form("q=fox+-blurry&status=failed&tz=Asia/Tokyo&limit=7&month=2026-11&facets=open");
    assert!(read.filter.want.is_some() && read.is_narrow());
    assert!(read.with(&[("status", "")]).starts_with("/?q=fox+-blurry&tz=Asia%2FTokyo"));
    assert_eq!(read.generation(GenerationId(3)), "/g/3?q=fox+-blurry&status=failed&tz=Asia%2FTokyo");
    assert_eq!(read.only("seed:1"), "/?tz=Asia%2FTokyo&q=seed%3A1");
    let narrower = read.with_term("model:flux").unwrap();
    assert!(narrower.contains("status=failed") && narrower.ends_with("&q=fox+-blurry+model%3Aflux"), "{narrower}");
    assert!(read.without_term(0).ends_with("&q=-blurry"), "{}", read.without_term(0));
    assert_eq!(form("q=fox").without_term(0), "/");
}

#[test]
fn an_empty_search_wants_everything() {
    for query in ["", "q=", "q=+"] {
        assert_eq!(form(query).filter, Filter::default(), "{query}");
    }
    assert_eq!(script("q=").unwrap().filter, Filter::default());
}

#[test]
fn days_of_a_search_are_those_of_the_viewer() {
    let want = |zone: &str| script(&format!("q=date:2026-10-25&tz={zone}")).unwrap().filter.want;
    assert_ne!(want("Europe/Berlin"), want("Asia/Tokyo"));
    assert_eq!(script("tz=Asia/Tokyo&q=date:2026-10-25").unwrap().filter.want, want("Asia/Tokyo"));
}

#[test]
fn a_search_that_is_none_is_an_error_for_scripts_and_finds_nothing_for_people() {
    let problem = problem("q=modle:flux");
    assert!(problem.starts_with("q=\"modle:flux\": ") && problem.contains("model:"), "{problem}");
    let read = form("q=modle:flux&status=failed");
    assert!(read.mistake.is_some());
    assert_eq!(read.filter.want, Some(Want::Any(Vec::new())));
    assert_eq!(read.given("q"), Some("modle:flux"));
}
