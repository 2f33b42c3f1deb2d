//! Where a kept file is served, and what it is called there.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ids::Digest;

/// File systems end at 255 bytes, and a character has up to four.
const NAME_CHARS: usize = 60;

/// What stands as it is: RFC 3986's unreserved characters. All of them may stand in a `filename*` too (RFC 8187).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of a file. The digest says which; the name is only what a download is called.
pub fn file_url(digest: Digest, filename: &str) -> String {
    format!("/files/{digest}/{}", percent_encode(&download_name(filename)))
}

/// What a download is called: the end of the last part of a name, which says what it is, without what would hide that.
/// Never empty, never `.` or `..`.
pub fn download_name(filename: &str) -> String {
    let last = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let harmless: Vec<char> = last.chars().filter(|c| !c.is_control() && !turns_text(*c)).collect();
    let kept: String = harmless.iter().skip(harmless.len().saturating_sub(NAME_CHARS)).collect();
    match kept.trim_matches([' ', '.']) {
        "" => "file".to_owned(),
        kept => kept.to_owned(),
    }
}

/// A text as a part of a path or of a header.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// Marks that make a text run the other way: with them `gnp.exe` can read as `exe.png`.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_a_plain_one() {
        for (name, plain) in [
            ("ComfyUI_00001_.png", "ComfyUI_00001_.png"),
            ("四张 & <b>.png", "四张 & <b>.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\a.png", "a.png"),
            ("..", "file"),
            ("", "file"),
            ("a\r\nSet-Cookie: b.png", "aSet-Cookie: b.png"),
            ("\u{202e}gnp.exe", "gnp.exe"),
        ] {
            assert_eq!(download_name(name), plain);
        }
        let long = download_name(&format!("{}.png", "é".repeat(4096)));
        assert!(long.ends_with("é.png") && long.chars().count() == NAME_CHARS);
    }

    #[test]
    fn an_address_has_one_name_whatever_the_file_is_called() {
        let url = |name| file_url(Digest([1; 32]), name).replace(&"01".repeat(32), "D");
        assert_eq!(url("é ?#%\"<b>.png"), "/files/D/%C3%A9%20%3F%23%25%22%3Cb%3E.png");
        assert_eq!(url("a/.."), "/files/D/file");
    }
}
