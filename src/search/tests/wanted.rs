//! The look-ups that a search becomes.

use super::*;
use crate::model::Want;

fn wanted(text: &str) -> Want {
    parse(text).unwrap().want(&Noon)
}

fn days(text: &str) -> (String, String) {
    let Want::Created(from, until) = wanted(text) else { panic!("{text} has no days") };
    let short = |moment: Timestamp| moment.to_string().replace("T00:00:00.000Z", "");
    (short(from), short(until))
}

#[test]
fn nothing_wants_everything() {
    assert_eq!(wanted(""), Want::All(Vec::new()));
    assert!(parse("  ").unwrap().is_empty());
    assert_eq!(Search::default(), parse("").unwrap());
}

#[test]
fn the_last_plain_word_may_go_on() {
    let is_open = |text: &str| format!("{:?}", wanted(text)).contains("Prefix");
    for (text, expected) in [
        ("fo", true),
        ("fo ", true),
        ("fox model:=x", true),
        ("(cat OR do", true),
        ("fo* \"x\"", true),
        ("\"fo\"", false),
        ("-fo", false),
        ("狐", false),
    ] {
        assert_eq!(is_open(text), expected, "{text}");
    }
    let Want::All(words) = wanted("red fox") else { panic!() };
    assert!(format!("{:?}", words[0]).contains("Term(PromptWords"), "only the last one");
}

#[test]
fn simple_terms_are_simple_look_ups() {
    let bytes = |text: &str| text.as_bytes().to_vec();
    for (text, want) in [
        ("prompt:fox", Want::Prefix(List::PromptWords, bytes("fox"))),
        ("prompt:\"fox\"", Want::Term(List::PromptWords, bytes("fox"))),
        ("model:=Flux.ckpt", Want::Term(List::Model, bytes("flux.ckpt\0Flux.ckpt"))),
        ("sampler:DPMPP_2M", Want::Prefix(List::Sampler, bytes("dpmpp 2m\0"))),
        ("sampler:dpm*", Want::Prefix(List::Sampler, bytes("dpm"))),
        ("status:in_progress", Want::Term(List::Status, bytes("in_progress"))),
        ("kind:3d", Want::Term(List::Kind, bytes("model3d"))),
        ("instance:GPU-1", Want::Term(List::Instance, bytes("gpu-1"))),
        ("prompt:#0123456789abcdef", Want::Term(List::PromptHash, bytes("0123456789abcdef"))),
        ("steps:20", Want::Term(List::Steps, sortable(20.0).to_vec())),
        (
            "steps:20..30",
            Want::Range(List::Steps, sortable(20.0).to_vec(), Some(sortable(30.0_f64.next_up()).to_vec())),
        ),
        ("duration:12", Want::Range(List::Duration, sortable(12.0).to_vec(), Some(sortable(13.0).to_vec()))),
        ("-has:error", Want::Not(Box::new(Want::Term(List::Trait, bytes("error"))))),
    ] {
        assert_eq!(wanted(text), want, "{text}");
    }
}

#[test]
fn days_are_those_of_the_clock() {
    for (text, from, until) in [
        ("date:today", "2026-11-20", "2026-11-21"),
        ("date:yesterday", "2026-11-19", "2026-11-20"),
        ("date:7d", "2026-11-14", "2026-11-21"),
        ("today", "2026-11-20", "2026-11-21"),
        ("Yesterday", "2026-11-19", "2026-11-20"),
        ("7d", "2026-11-14", "2026-11-21"),
        ("2w", "2026-11-07", "2026-11-21"),
        ("date:2026-11..yesterday", "2026-11-01", "2026-11-20"),
        ("date:7d..", "2026-11-14", "+10000-01-01"),
        ("date:..yesterday", "1970-01-01", "2026-11-20"),
        ("date:2026-02", "2026-02-01", "2026-03-01"),
        ("date:2026", "2026-01-01", "2027-01-01"),
        ("date:2026-11-01..2026-11", "2026-11-01", "2026-12-01"),
        ("before:2026-11", "1970-01-01", "2026-11-01"),
        ("before:7d", "1970-01-01", "2026-11-13"),
        ("after:2026-11", "2026-12-01", "+10000-01-01"),
        ("after:yesterday", "2026-11-20", "+10000-01-01"),
        ("before:2026-11-20T09:30:00Z", "1970-01-01", "2026-11-20T09:30:00.000Z"),
        ("after:2026-11-20T09:30:00Z", "2026-11-20T09:30:00.001Z", "+10000-01-01"),
    ] {
        assert_eq!(days(text), (from.to_owned(), until.to_owned()), "{text}");
    }
}

#[test]
fn numbers_sort_as_their_bytes() {
    let numbers = [f64::NEG_INFINITY, -2.5, -1.0, 0.0, 1e-6, 0.5, 1.0, 20.0, 1e15, f64::INFINITY];
    assert!(numbers.map(sortable).is_sorted_by(|a, b| a < b));
    assert_eq!(sortable(-0.0), sortable(0.0));
}
