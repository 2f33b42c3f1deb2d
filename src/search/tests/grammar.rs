//! What is written, and what is understood by it.

use super::*;

/// The canonical text of a search, or what is wrong with it.
fn canonical(text: &str) -> String {
    match parse(text) {
        Ok(search) => {
            let canonical = search.to_string();
            assert_eq!(parse(&canonical).as_ref(), Ok(&search), "{text} as {canonical}");
            canonical
        }
        Err(error) => format!("! {error}"),
    }
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(canonical(text), *expected, "{text}");
    }
}

#[test]
fn terms_and_groups() {
    check(&[
        ("", ""),
        ("  fox   cat ", "fox cat"),
        ("\"a red fox\"", "\"a red fox\""),
        ("-fox", "-fox"),
        ("a-b", "a-b"),
        ("fox OR cat", "fox OR cat"),
        ("fox|cat", "fox OR cat"),
        ("a b OR c d", "a b OR c d"),
        ("(a b) OR c", "(a b) OR c"),
        ("(a OR b) OR c", "a OR b OR c"),
        ("(a b) c", "a b c"),
        ("a AND b", "a b"),
        ("-(a OR b)", "-(a OR b)"),
        ("-(a b) OR -c", "-(a b) OR -c"),
        ("-(-fox)", "fox"),
        ("fox or cat", "fox or cat"),
        ("fo* x", "fo* x"),
        ("\"red fo\"*", "\"red fo\"*"),
        ("ＦＯＸ　－狐", "ＦＯＸ -狐"),
        ("“red fox” 「赤い狐」", "\"red fox\" \"赤い狐\""),
    ]);
}

#[test]
fn what_is_open_is_closed_and_what_hangs_in_the_air_is_dropped() {
    check(&[
        ("-", ""),
        ("- fox", "fox"),
        ("OR", ""),
        ("OR fox", "fox"),
        ("fox OR", "fox"),
        ("fox OR OR cat", "fox OR cat"),
        ("\"red fox", "\"red fox\""),
        ("\"\" ()", ""),
        ("((fox", "fox"),
        ("fox)) cat", "fox cat"),
        ("*** ,, &", ""),
        ("model:", ""),
        ("model: flux", "flux"),
        ("steps:>", ""),
        ("note: a fox", "note a fox"),
        ("--fox", "-fox"),
    ]);
}

#[test]
fn fields_and_their_values() {
    check(&[
        ("model:flux", "model:flux"),
        ("MODEL:Flux", "model:Flux"),
        ("model：flux", "model:flux"),
        ("model:\"flux dev\"", "model:\"flux dev\""),
        ("model:=flux1-dev.safetensors", "model:=flux1-dev.safetensors"),
        (r#"model:="a b\c(1).ckpt""#, r#"model:="a b\c(1).ckpt""#),
        ("model:(flux OR \"sd xl\")", "model:flux OR model:\"sd xl\""),
        ("-lora:(a b)", "-(lora:a lora:b)"),
        ("model:(flux -dev)", "model:flux -model:dev"),
        ("sampler:=euler", "sampler:euler"),
        ("sampler:\"DPMPP 2M\"", "sampler:\"DPMPP 2M\""),
        ("sampler:dpm*", "sampler:dpm*"),
        ("seed:18446744073709551615", "seed:18446744073709551615"),
        ("status:In-Progress", "status:in_progress"),
        ("status:(failed OR lost)", "status:failed OR status:lost"),
        ("is:failed is:video is:temp", "status:failed kind:video is:temp"),
        ("has:error has:image has:preview", "has:error kind:image is:temp"),
        ("kind:model3d", "kind:3d"),
        ("prompt:#0123456789ABCDEF", "prompt:#0123456789abcdef"),
        ("workflow:#0123456789abcdef", "workflow:#0123456789abcdef"),
        ("prompt:#12", "prompt:12"),
        ("prompt:=\"a red fox\"", &format!("prompt:#{}", text_hash(&["A red, fox"]).unwrap())),
    ]);
}

#[test]
fn numbers_and_durations() {
    check(&[
        ("steps:20", "steps:20"),
        ("steps:=020", "steps:20"),
        ("steps:>20", "steps:>20"),
        ("steps:> 20 fox", "steps:>20 fox"),
        ("steps:>=20", "steps:>=20"),
        ("steps:≤20", "steps:<=20"),
        ("steps:30..20", "steps:20..30"),
        ("steps:20..", "steps:>=20"),
        ("cfg:7,50", "cfg:7.5"),
        ("cfg:４", "cfg:4"),
        ("denoise:0.6000000000000001", "denoise:0.6"),
        ("duration:>2m", "duration:>120"),
        ("duration:1h30m..2h", "duration:5400..7200"),
        ("duration:500ms", "duration:0.5"),
    ]);
}

#[test]
fn days_and_moments() {
    check(&[
        ("date:Today", "date:today"),
        ("date:yesterday", "date:yesterday"),
        ("date:7d", "date:7d"),
        ("date:2w", "date:14d"),
        ("today", "date:today"),
        ("fox Yesterday", "fox date:yesterday"),
        ("-7d OR 30d,", "-date:7d OR date:30d"),
        ("(today fox)", "date:today fox"),
        ("\"today\"", "\"today\""),
        ("today*", "today*"),
        ("(today:1.2)", "\"today\""),
        ("3d render", "3d render"),
        ("canon 5d", "canon 5d"),
        ("2026-11-20", "2026-11-20"),
        ("prompt:today", "prompt:today"),
        ("date:yesterday..", "date:yesterday.."),
        ("date:today..yesterday", "date:today..yesterday"),
        ("date:2026", "date:2026"),
        ("date:2026-1", "date:2026-01"),
        ("date:2026-11-20..2026-11-01", "date:2026-11-01..2026-11-20"),
        ("before:2026-11-20", "before:2026-11-20"),
        ("after:2026-11-20T10:00:00+01:00", "after:2026-11-20T09:00:00.000Z"),
    ]);
}

#[test]
fn what_belongs_to_prompts_is_words() {
    check(&[
        ("http://x.org/a", "http://x.org/a"),
        ("12:3", "12:3"),
        (r"c:\models", r"c:\models"),
        ("embedding:easynegative", r"embedding\:easynegative"),
        ("fox::2", r"fox\:\:2"),
        ("(fox:1.2)", "fox"),
        ("(a red fox:1.2)", "a red fox"),
        ("((a (red) fox):1.2)", "a red fox"),
        ("(model:1.2)", "model"),
        ("(steps:20)", "steps:20"),
        ("<lora:x:0.7>", r"lora\:x"),
        ("<lora:my style:0.7:1> fox", r"lora\:my\ style fox"),
        (r"\(fox\)", "fox"),
        (r"sword \(weapon\)", "sword weapon"),
        (r"asuna_\(sao\)_x", r"asuna_\(sao\)_x"),
        ("name(1).png", r"name\(1\).png"),
        (r"\OR", r"\OR"),
    ]);
}

#[test]
fn errors_say_what_was_meant_and_what_to_do() {
    check(&[
        (
            "modle:flux",
            "! unknown field \"modle\": did you mean \"model:\"? to search for the words, put them in quotes",
        ),
        (
            "checkpoint:flux",
            "! unknown field \"checkpoint\": did you mean \"model:\"? to search for the words, put them in quotes",
        ),
        ("foobar:x", "! unknown field \"foobar\": to search for the words, put them in quotes"),
        (
            "status:faild",
            "! status can't be \"faild\": did you mean \"failed\"? use one of pending, in_progress, completed, failed, \
             cancelled, lost",
        ),
        ("kind:picture", "! kind can't be \"picture\": use one of image, video, audio, text, 3d, other"),
        (
            "is:foo",
            "! is can't be \"foo\": use one of temp, pending, in_progress, completed, failed, cancelled, lost, image, \
             video, audio, text, 3d, other",
        ),
        (
            "has:errors",
            "! has can't be \"errors\": did you mean \"error\"? use one of error, workflow, image, video, audio, text, \
             3d, lora, negative, input, file, preview",
        ),
        ("steps:abc", "! steps can't be \"abc\": use a number: 20, >20, >=20, <20, <=20 or 20..30"),
        ("steps:1e5", "! steps can't be \"1e5\": use a number: 20, >20, >=20, <20, <=20 or 20..30"),
        ("cfg:nan", "! cfg can't be \"nan\": use a number: 20, >20, >=20, <20, <=20 or 20..30"),
        ("duration:2y", "! duration can't be \"2y\": use seconds or 2m, 1h30m: 90, >90, >=2m, <2m, <=2m or 1m..2m"),
        ("seed:0x12", "! seed can't be \"0x12\": use a whole number"),
        (
            "date:2026-13-40",
            "! date can't be \"2026-13-40\": use today, yesterday, 7d (the last 7 days), 2026-11-20, 2026-11, 2026, \
             or two with .. between: 2026-11-01..yesterday",
        ),
        (
            "date:yesterdy",
            "! date can't be \"yesterdy\": did you mean \"yesterday\"? use today, yesterday, 7d (the last 7 days), \
             2026-11-20, 2026-11, 2026, or two with .. between: 2026-11-01..yesterday",
        ),
        (
            "before:soon",
            "! before can't be \"soon\": use a day or a time: before:2026-11-20 ends before that day begins, \
             after:2026-11-20 begins after it ends, 7d is the day 7 days ago, a time is like 2026-11-20T09:30:00Z",
        ),
        ("negative:=blurry", "! negative can't be \"blurry\": use words or a phrase in quotes, without ="),
        (&"x".repeat(2_001), "! the search is too long: use at most 2000 characters"),
        (&"x ".repeat(65), "! the search has too many terms: use at most 64"),
        (&"(".repeat(17), "! parentheses are nested too deeply: use at most 16 levels"),
    ]);
}

#[test]
fn limits_include_the_largest() {
    assert!(parse(&"x".repeat(2_000)).is_ok());
    assert!(parse(&"x ".repeat(64)).is_ok());
    assert!(parse(&format!("{}x", "(".repeat(16))).is_ok());
    let group = format!("instance:({})", "x".repeat(30) + &format!(" {}", "y".repeat(28)).repeat(60));
    assert_eq!(parse(&group), Err(Error::TooLong { most: 2_000 }), "its canonical text is longer");
}

#[test]
fn pieces_are_the_terms_with_their_values() {
    let search = parse("fox -model:=\"a b\" seed:5 (x OR y) status:failed steps:20 prompt:#0123456789abcdef").unwrap();
    let pieces = search.pieces();
    let shown: Vec<_> = pieces.iter().map(|p| (&p.text[..], p.is_excluded, p.list, p.value.as_deref())).collect();
    let expected = [
        ("fox", false, None, None),
        ("-model:=\"a b\"", true, Some(List::Model), Some("a b")),
        ("seed:5", false, Some(List::Seed), Some("5")),
        ("x OR y", false, None, None),
        ("status:failed", false, Some(List::Status), Some("failed")),
        ("steps:20", false, Some(List::Steps), Some("20")),
        ("prompt:#0123456789abcdef", false, Some(List::PromptHash), Some("0123456789abcdef")),
    ];
    assert_eq!(shown, expected);
    assert_eq!(search.without(3).without(0).pieces().len(), 5);
    assert_eq!(search.without(99), search);
}

#[test]
fn a_term_is_added_once_and_in_place_of_its_opposite() {
    let with = |text: &str, term: &str| parse(text).unwrap().with(term).unwrap().to_string();
    assert_eq!(with("fox", "model:=x"), "fox model:=x");
    assert_eq!(with("-model:=x fox", "model:=x"), "model:=x fox");
    assert_eq!(with("model:=x fox", "-model:=x"), "-model:=x fox");
    assert_eq!(with("model:=x fox", "model:=x"), "model:=x fox");
    assert_eq!(with("fox OR cat", "model:=x"), "fox OR cat model:=x");
    assert!(parse("fox").unwrap().with("modle:x").is_err());
    assert_eq!(parse(&"x ".repeat(64)).unwrap().with("y"), Err(Error::TooManyTerms { most: 64 }));
}

#[test]
fn exact_terms_read_back_as_the_value_they_were_made_of() {
    for value in ["a b", "a\"b\\", "x*", "-x", "OR", "狐：(1)", "“q”", "a\\\"b", " "] {
        for list in [List::Model, List::Lora, List::Node, List::Workflow, List::File, List::ErrorNode, List::Sampler] {
            let text = exact(list, value);
            let pieces = parse(&text).unwrap().pieces();
            let piece = pieces.first().map(|piece| (piece.list, piece.value.as_deref(), &piece.text[..]));
            let expected = (!value.trim().is_empty()).then_some((Some(list), Some(value), &text[..]));
            assert_eq!(piece, expected, "{text}");
        }
    }
    for (list, value, text) in [
        (List::Status, "failed", "status:failed"),
        (List::Kind, "model3d", "kind:3d"),
        (List::Trait, "temp", "is:temp"),
        (List::Trait, "error", "has:error"),
        (List::Seed, "42", "seed:42"),
        (List::Steps, "20", "steps:20"),
        (List::PromptHash, "0123456789abcdef", "prompt:#0123456789abcdef"),
        (List::GraphHash, "0123456789abcdef", "workflow:#0123456789abcdef"),
        (List::Instance, "gpu-1", "instance:gpu-1"),
    ] {
        assert_eq!(exact(list, value), text);
        let pieces = parse(text).unwrap().pieces();
        assert_eq!((pieces[0].list, pieces[0].value.as_deref()), (Some(list), Some(value)));
    }
}
