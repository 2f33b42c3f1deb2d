//! What a character is to a search. Ranges are those of the blocks in Unicode 17.

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};

/// What a folded character does to the word it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordPart {
    /// Belongs to a word.
    Letter,
    /// Belongs to the letter before it and changes what that means.
    Mark,
    /// A word of its own.
    Lone,
    Nothing,
    Gap,
}

pub(super) fn part(c: char) -> WordPart {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { WordPart::Letter } else { WordPart::Gap };
    }
    if makes_no_difference(c) {
        return WordPart::Nothing;
    }
    let is_mark = is_combining_mark(c);
    if is_picture(c) || (is_lone(c) && (is_mark || c.is_alphanumeric())) {
        WordPart::Lone
    } else if is_mark {
        WordPart::Mark
    } else if c.is_alphanumeric() {
        WordPart::Letter
    } else {
        WordPart::Gap
    }
}

/// The characters that stand for one when texts are compared: compatible forms (full width, ligatures, circled) as the
/// plain ones, small letters, accents apart. Hangul stays whole: its parts would only be put together again.
pub(super) fn folded(c: char, mut each: impl FnMut(char)) {
    match c {
        _ if c.is_ascii() => each(c.to_ascii_lowercase()),
        '\u{ac00}'..='\u{d7a3}' => each(c),
        _ => decompose_compatible(c, |c| {
            c.to_lowercase().for_each(|c| decompose_compatible(c, |c| plain(c, &mut each)));
        }),
    }
}

/// The one character that two folded ones are: か and a voicing mark, the parts of a Hangul syllable. Never a letter with
/// an accent.
pub(super) fn joined(first: char, second: char) -> Option<char> {
    let is_voicing = matches!(second, '\u{3099}' | '\u{309a}');
    if second.is_ascii() || (makes_no_difference(second) && !is_voicing) {
        return None;
    }
    compose(first, second)
}

/// Letters that don't decompose, but are typed as others where a keyboard doesn't have them.
fn plain(c: char, each: &mut impl FnMut(char)) {
    let letters = match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ς' => "σ",
        _ => return each(c),
    };
    letters.chars().for_each(each);
}

/// Scripts that are written without blanks between words, and Hangul, whose words carry their grammar at their ends.
fn is_lone(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff // Thai, Lao
        | 0x1000..=0x109f | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f // Burmese
        | 0x1780..=0x17ff // Khmer
        | 0x1100..=0x11ff | 0x3131..=0x318e | 0xa960..=0xa97c | 0xac00..=0xd7ff // Hangul
        | 0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303b // Han
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff
        | 0x3041..=0x30ff | 0x31f0..=0x31ff | 0x1_aff0..=0x1_b16f // kana
        | 0x3100..=0x312f | 0x31a0..=0x31bf // Bopomofo
        | 0xa000..=0xa48f // Yi
    )
}

/// Han without the rare blocks: these have no other form, so that most of a Chinese text needs no look at its characters.
pub(super) fn is_plain_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Emoji and other small pictures: some prompts are made of them.
fn is_picture(c: char) -> bool {
    matches!(u32::from(c), 0x2600..=0x27bf | 0x1_f000..=0x1_faff)
}

/// Accents, points and vowel signs that are often left out, and what is not seen at all.
fn makes_no_difference(c: char) -> bool {
    matches!(u32::from(c),
        0x0300..=0x036f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f // accents
        | 0x0483..=0x0489 // Cyrillic
        | 0x0591..=0x05bd | 0x05bf | 0x05c1..=0x05c2 | 0x05c4..=0x05c5 | 0x05c7 // Hebrew
        | 0x0610..=0x061a | 0x0640 | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06dc | 0x06df..=0x06e4 // Arabic
        | 0x06e7..=0x06e8 | 0x06ea..=0x06ed
        | 0x3099..=0x309a // voicing of kana, where it stands alone
        | 0x00ad | 0x200c..=0x200f | 0x202a..=0x202e | 0x2060..=0x2069 | 0xfeff // joiners, directions
        | 0xfe00..=0xfe0f | 0xe_0000..=0xe_0fff // variants
    )
}
