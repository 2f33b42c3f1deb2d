//! What is marked in the texts that are shown.

use super::*;

/// The text with what is marked in brackets.
fn marked(search: &str, shown: Field, text: &str) -> String {
    let mut marked = text.to_owned();
    for mark in parse(search).unwrap().marks(shown, text).into_iter().rev() {
        marked.insert(mark.end, ']');
        marked.insert(mark.start, '[');
    }
    marked
}

#[test]
fn found_words_are_marked_whole() {
    for (search, text, expected) in [
        ("fox", "a red fox, Foxes", "a red [fox], [Foxes]"),
        ("\"fox\"", "a red fox, Foxes", "a red [fox], Foxes"),
        ("red fox", "red fox", "[red] [fox]"),
        ("\"red fox\"", "red  fox red", "[red  fox] red"),
        ("elegant", "Éle\u{301}gant", "[Éle\u{301}gant]"),
        ("狐", "赤い狐と狐狸", "赤い[狐]と[狐]狸"),
        ("狐狸", "狐と狐狸", "狐と[狐狸]"),
        ("ガ", "ｶﾞﾗｽ", "[ｶﾞ]ﾗｽ"),
        ("fox12", "ＦＯＸ１２", "[ＦＯＸ１２]"),
        ("-fox cat", "fox cat", "fox [cat]"),
        ("fox -(cat OR -dog)", "fox cat dog", "[fox] cat [dog]"),
        ("cat OR fox", "fox", "[fox]"),
        ("model:fox negative:fox", "fox", "fox"),
        ("prompt:fo", "fox", "[fox]"),
        ("snow", "snow_fall", "[snow]_fall"),
    ] {
        assert_eq!(marked(search, Field::Prompt, text), expected, "{search}");
    }
}

#[test]
fn names_are_marked_as_they_are_found() {
    for (search, shown, text, expected) in [
        ("vision", Field::Model, "realisticVisionV51", "realistic[Vision]V51"),
        ("model:=a.ckpt", Field::Model, "a.ckpt", "[a.ckpt]"),
        ("model:=a.ckpt", Field::Lora, "a.ckpt", "a.ckpt"),
        ("node:upscale", Field::Node, "ImageUpscaleWithModel", "Image[Upscale]WithModel"),
        ("node:ksampler", Field::Node, "KSamplerAdvanced", "[KSamplerAdvanced]"),
        ("upscale", Field::Node, "upscale", "upscale"),
        ("sampler:dpm*", Field::Sampler, "dpmpp_2m", "[dpmpp_2m]"),
        ("seed:42", Field::Seed, "42", "[42]"),
        ("flux1-dev.safetensors", Field::Model, "flux1-dev", "[flux1-dev]"),
        ("blurry", Field::Negative, "blurry", "blurry"),
    ] {
        assert_eq!(marked(search, shown, text), expected, "{search}");
    }
}

#[test]
fn a_snippet_shows_the_first_mark_between_whole_words() {
    let text = "one two three four five six seven eight nine ten";
    let part = |search: &str, chars| {
        let marks = parse(search).unwrap().marks(Field::Prompt, text);
        let cut = snippet(text, &marks, chars);
        let marks: Vec<&str> = cut.marks.iter().map(|mark| &cut.text[mark.clone()]).collect();
        (cut.is_cut_before, cut.text, cut.is_cut_behind, marks.join("|"))
    };
    assert_eq!(part("two", 100), (false, text, false, "two".to_owned()));
    assert_eq!(part("cat", 15), (false, "one two three", true, String::new()));
    assert_eq!(part("six", 20), (true, "five six seven eight", true, "six".to_owned()));
    assert_eq!(part("ten", 12), (true, "nine ten", false, "ten".to_owned()));
    assert_eq!(part("one two", 8), (false, "one two", true, "one|two".to_owned()));
    let han = "一二三四五六七八九十";
    let cut = snippet(han, &parse("六").unwrap().marks(Field::Prompt, han), 4);
    assert_eq!((cut.text, &cut.text[cut.marks[0].clone()]), ("五六七八", "六"));
    assert_eq!(snippet("狐", &[1..2, 50..60], 1).text, "狐", "foreign marks are left out");
}
