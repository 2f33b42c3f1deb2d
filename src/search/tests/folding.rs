//! Text to words, and whole values.

use super::super::term::words;
use super::*;

#[test]
fn words_end_at_everything_that_is_no_letter_and_no_digit() {
    for (text, expected) in [
        ("", ""),
        (" ,;-_ ", ""),
        ("A red Fox, masterpiece", "a red fox masterpiece"),
        ("(fox:1.2), [cat|dog], ((best_quality))", "fox 1 2 cat dog best quality"),
        ("<lora:add_detail-XL:0.7>", "lora add detail xl 0 7"),
        ("flux1-dev.safetensors", "flux1 dev safetensors"),
        (r"models\sub/Name.ckpt", "models sub name ckpt"),
        ("don't", "don t"),
    ] {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn case_accents_and_forms_of_letters_make_no_difference() {
    for (text, expected) in [
        ("Éclair naïve CAFÉ", "eclair naive cafe"),
        ("e\u{301}clair", "eclair"),
        ("Straße STRASSE ẞ", "strasse strasse ss"),
        ("İstanbul ısı", "istanbul isi"),
        ("Łódź Ærø œuvre þing", "lodz aero oeuvre thing"),
        ("ΟΔΥΣΣΕΥΣ Ὀδυσσεύς", "οδυσσευσ οδυσσευσ"),
        ("Ёлка ЙОД", "елка иод"),
        ("ＦＯＸ１２ ﬁne ①", "fox12 fine 1"),
        ("𝐁𝐨𝐥𝐝 K m²", "bold k m2"),
        ("½", "1 2"),
        ("so\u{ad}ft zero\u{200d}width", "soft zerowidth"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
    ] {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn every_character_is_a_word_where_words_are_not_written_apart() {
    for (text, expected) in [
        ("红色狐狸，杰作", "红 色 狐 狸 杰 作"),
        ("狐狸fox猫", "狐 狸 fox 猫"),
        ("きつね、カメラー", "き つ ね カ メ ラ ー"),
        ("여우 숲", "여 우 숲"),
        ("จิ้งจอก", "จ ิ ้ ง จ อ ก"),
        ("🦊❤️", "🦊 ❤"),
        ("𠮷野家", "𠮷 野 家"),
        ("㍿", "株 式 会 社"),
    ] {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn voicing_marks_and_syllables_are_whole_however_they_are_written() {
    for (apart, whole) in
        [("か\u{3099}", "が"), ("ｶﾞﾊﾟ", "ガパ"), ("\u{110b}\u{1167}\u{110b}\u{116e}", "여우"), ("각", "각")]
    {
        assert_eq!(words(apart), words(whole), "{apart}");
        assert_eq!(fold_value(apart), whole);
    }
    assert_ne!(words("が"), words("か"));
    assert_ne!(words("मिल"), words("मल"), "vowel signs are no accents");
    assert_eq!(words("मिल हिन्दी"), ["मिल", "हिन्दी"]);
    assert_eq!(words("\u{958}"), words("\u{915}\u{93c}"));
}

#[test]
fn a_word_knows_its_bytes() {
    let text = "Le CAFÉ，ｶﾞ e\u{301}t ½ 狐狸";
    let mut words = Words::of(text);
    let mut found = Vec::new();
    while let Some(word) = words.next_word() {
        found.push((word.text.to_owned(), &text[word.range]));
    }
    let expected = [
        ("le", "Le"),
        ("cafe", "CAFÉ"),
        ("ガ", "ｶﾞ"),
        ("et", "e\u{301}t"),
        ("1", "½"),
        ("2", "½"),
        ("狐", "狐"),
        ("狸", "狸"),
    ];
    assert_eq!(found, expected.map(|(word, bytes)| (word.to_owned(), bytes)));
}

#[test]
fn long_words_are_cut_between_characters() {
    assert_eq!(words(&"Ab".repeat(50)), ["ab".repeat(32)]);
    assert_eq!(words(&"б".repeat(50)), ["б".repeat(32)]);
    assert_eq!(words(&format!("a{}", "б".repeat(50))), [format!("a{}", "б".repeat(31))]);
}

#[test]
fn what_is_folded_folds_to_itself() {
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let text = format!("{c}");
        let first = words(&text);
        assert_eq!(words(&first.join(" ")), first, "{c:?} {:x}", u32::from(c));
        let value = fold_value(&text);
        assert_eq!(fold_value(&value), value, "{c:?} {:x}", u32::from(c));
    }
}

#[test]
fn values_are_compared_without_case_accents_and_runs_of_blanks() {
    for (text, expected) in [
        ("DPMPP_2M", "dpmpp 2m"),
        ("  Été \t à__la  mer ", "ete a la mer"),
        (r"SDXL\Juggernaut-XL_v9.safetensors", "sdxl/juggernaut-xl v9.safetensors"),
        ("ＦＬＵＸ．１", "flux.1"),
        ("a\0b", "a b"),
        ("__", ""),
    ] {
        assert_eq!(fold_value(text), expected, "{text}");
    }
}
