//! Where a command writes, and how text from outside is written there.

use std::fmt;
use std::io::{self, Write};

use unicode_width::UnicodeWidthChar as _;

/// Where a command writes.
pub struct Terminal<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// What should be said beside it; errors are not written here but returned.
    pub notes: &'a mut dyn Write,
    /// Columns of the terminal that `out` is; `None` when it is none.
    pub width: Option<usize>,
    /// Whether `out` shows colours.
    pub is_colored: bool,
    /// Whether a browser could be shown.
    pub has_display: bool,
    /// Whether somebody sees `notes` while they are written: then there are bars, and hints.
    pub is_watched: bool,
}

impl fmt::Debug for Terminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("width", &self.width).finish_non_exhaustive()
    }
}

impl Terminal<'_> {
    /// Says something beside the output, where somebody sees it.
    pub(super) fn hint(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        if self.is_watched {
            self.out.flush()?;
            writeln!(self.notes, "{text}")?;
        }
        Ok(())
    }

    /// Says something beside the output that a script's owner should know too.
    pub(super) fn warn(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        self.out.flush()?;
        writeln!(self.notes, "comfy-recall: {text}")
    }

    /// JSON as the output takes it: a terminal would obey some characters that JSON leaves as they are.
    pub(super) fn json(&mut self, json: &str) -> io::Result<()> {
        if self.width.is_none() {
            return self.out.write_all(json.as_bytes());
        }
        for c in json.chars() {
            match c {
                // Such characters stand in strings only, where an escape says the same. All have four digits.
                c if is_obeyed(c) && c != '\n' => write!(self.out, "\\u{:04x}", u32::from(c))?,
                c => write!(self.out, "{c}")?,
            }
        }
        Ok(())
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Warning,
    Odd,
    Busy,
}

impl Style {
    /// The text as a terminal with colours shows it so; as it is on one without.
    pub(super) fn paint(self, text: &str, is_colored: bool) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            _ if !is_colored || text.is_empty() => return text.to_owned(),
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Warning => "33",
            Self::Odd => "35",
            Self::Busy => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Text from outside on one line: what a terminal would obey is left out, and every gap is one blank.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(4_096));
    let mut has_gap = false;
    for c in text.chars() {
        if c.is_whitespace() {
            has_gap = !line.is_empty();
        } else if !is_obeyed(c) {
            if std::mem::take(&mut has_gap) {
                line.push(' ');
            }
            line.push(c);
        }
    }
    line
}

/// Text from outside with its lines: what a terminal would obey is left out.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !is_obeyed(*c)).collect()
}

/// Whether a terminal does something at this character other than to show it: escapes, and marks that turn text around.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in lines of so many columns, broken between words where it can be; its own lines stay.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut all = Vec::new();
    for text in lines(text.trim()).lines() {
        let mut line = String::new();
        let mut used = 0;
        for word in text.split_inclusive([' ', '\t']) {
            if used > 0 && used + width(word.trim_end()) > columns {
                all.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            // A word that is longer than a line, as all of Chinese is.
            for c in word.chars() {
                let needed = c.width().unwrap_or(0);
                if used > 0 && used + needed > columns {
                    if c.is_whitespace() {
                        continue;
                    }
                    all.push(std::mem::take(&mut line).trim_end().to_owned());
                    used = 0;
                }
                line.push(c);
                used += needed;
            }
        }
        all.push(line.trim_end().to_owned());
    }
    all
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As much of a line as fits, with an ellipsis where something is left out.
pub(super) fn fitted(text: &str, most: usize) -> String {
    let (mut used, mut end, mut end_with_dots) = (0, 0, 0);
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        end = at + c.len_utf8();
        if used < most {
            end_with_dots = end;
        }
        if used > most {
            return if most == 0 { String::new() } else { format!("{}…", text[..end_with_dots].trim_end()) };
        }
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_never_reaches_it() {
        let hostile = "a\x1b[31mred\x07\u{9b}2J\r\n\tb \u{202e}gnp.exe  ";
        assert_eq!(line(hostile), "a[31mred2J b gnp.exe");
        assert_eq!(lines("a\x1b[0m\r\n\tb\rc"), "a[0m\n\tbc");
    }

    #[test]
    fn a_line_is_cut_by_columns_not_by_characters() {
        assert_eq!(fitted("a red fox", 9), "a red fox");
        assert_eq!(fitted("a red fox", 8), "a red f…");
        assert_eq!(fitted("a red fox", 3), "a…");
        assert_eq!(fitted("一只红狐", 8), "一只红狐");
        assert_eq!(fitted("一只红狐", 7), "一只红…");
        assert_eq!(fitted("一只红狐", 6), "一只…");
        assert_eq!(
            (fitted("一只", 1), fitted("一只", 0), fitted("", 0)),
            ("…".to_owned(), String::new(), String::new())
        );
        assert_eq!(width("一只red"), 7);
    }

    #[test]
    fn a_text_is_broken_between_words_where_it_can_be() {
        assert_eq!(wrapped("a red fox in snow", 9), ["a red fox", "in snow"]);
        assert_eq!(wrapped("一只红狐在雪地里", 7), ["一只红", "狐在雪", "地里"]);
        assert_eq!(wrapped(" one\n\ntwo\u{1b}[2J \n", 80), ["one", "", "two[2J"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("", 3), Vec::<String>::new());
    }

    #[test]
    fn json_on_a_terminal_says_the_same_without_what_it_would_obey() {
        let json = serde_json::to_string_pretty(&serde_json::json!({ "text": "a\u{9b}2J\u{202e}b\n一" })).unwrap();
        let mut out = Vec::new();
        let mut notes = Vec::new();
        let mut terminal = Terminal {
            out: &mut out,
            notes: &mut notes,
            width: Some(80),
            is_colored: false,
            has_display: false,
            is_watched: false,
        };
        terminal.json(&json).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("\\u009b") && !shown.contains('\u{9b}') && shown.contains('一'), "{shown}");
        let [one, other] = [&json, &shown].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(one, other);
    }
}
