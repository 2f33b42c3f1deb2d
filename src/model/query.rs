//! What a reader asks of the list, parsed from text once.

use std::fmt;
use std::str::FromStr;

use super::attachment::MediaKind;
use super::generation::{Status, Summary};
use super::ids::{GenerationId, InstanceName, PromptId};
use super::index::Want;
use super::time::Timestamp;

/// What was wrong with a text of a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseQueryError {
    /// Not one of our cursors.
    #[error("not a cursor of this server: use `next` or `prev` of an earlier answer as it came, or leave it out")]
    Cursor,
    /// Outside 1 to 200.
    #[error("not a limit: use a whole number from 1 to 200")]
    Limit,
}

/// Which generations. Empty fields don't restrict; the given ones must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; empty means all.
    pub statuses: Vec<Status>,
    /// With any of these among the outputs; empty means all, those without outputs too.
    pub kinds: Vec<MediaKind>,
    pub instance: Option<InstanceName>,
    /// With this id of ComfyUI's.
    pub prompt_id: Option<PromptId>,
    /// Created at or after.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// What the index finds. [`Filter::takes`] doesn't look at it.
    pub want: Option<Want>,
}

impl Filter {
    /// Whether the list of this filter has the run, as far as its row tells: for one that arrives while the list is open.
    pub fn takes(&self, run: &Summary) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&run.status))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| run.kinds.contains(kind)))
            && self.instance.as_ref().is_none_or(|instance| *instance == run.instance)
            && self.prompt_id.as_ref().is_none_or(|id| *id == run.prompt_id)
            && self.from.is_none_or(|from| run.created_at >= from)
            && self.until.is_none_or(|until| run.created_at < until)
    }
}

/// A place in the list, newest first: everything after it was created earlier, or at the same time with a smaller id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// `created_at` of the item beside it.
    pub created_at: Timestamp,
    /// `id` of the item beside it.
    pub id: GenerationId,
}

impl fmt::Display for Cursor {
    /// Opaque to clients: two numbers in base 36, so that nobody is tempted to build one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", base36(self.created_at.as_millis()), base36(self.id.0))
    }
}

impl FromStr for Cursor {
    type Err = ParseQueryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, id) = text.split_once('-').ok_or(ParseQueryError::Cursor)?;
        let number = |digits: &str| {
            let plain = digits.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase());
            i64::from_str_radix(digits, 36).ok().filter(|_| plain).ok_or(ParseQueryError::Cursor)
        };
        Ok(Self { created_at: Timestamp::from_millis(number(time)?), id: GenerationId(number(id)?) })
    }
}

fn base36(number: i64) -> String {
    let mut rest = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit(u32::try_from(rest % 36).unwrap_or(0), 36).unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// How many items a page has: 1 to 200, 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

impl Limit {
    /// Of a page for people: fills whole rows of two to six.
    pub const OF_PAGES: Self = Self(60);
    pub const MOST: Self = Self(200);
    /// For the nearest one.
    pub const ONE: Self = Self(1);

    /// The longest page there is that has no more than so many.
    pub fn up_to(most: u64) -> Self {
        Self(u32::try_from(most.clamp(1, 200)).unwrap_or(200))
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl FromStr for Limit {
    type Err = ParseQueryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().ok().filter(|n| (1..=Self::MOST.0).contains(n)).map(Self).ok_or(ParseQueryError::Limit)
    }
}

/// Where a page of the list begins, and which way it goes from there. Its items come newest first either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Start {
    #[default]
    Newest,
    /// The nearest that are older than this place.
    Older(Cursor),
    /// The nearest that are newer than this place.
    Newer(Cursor),
}

/// A part of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Behind the last item, when there are older ones: for [`Start::Older`].
    pub next: Option<Cursor>,
    /// Before the first item, when there are newer ones: for [`Start::Newer`].
    pub prev: Option<Cursor>,
}

/// The runs beside one of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The nearest that is newer.
    pub newer: Option<GenerationId>,
    /// The nearest that is older.
    pub older: Option<GenerationId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_writes() {
        for (time, id) in [(0, 1), (1_795_168_752_094, 35), (253_402_300_799_999, i64::MAX)] {
            let cursor = Cursor { created_at: Timestamp::from_millis(time), id: GenerationId(id) };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        for text in ["", "-", "a", "--1", "a-", "a-b-c", "1e+5-1", "zzzzzzzzzzzzzzzzzz-1", "A-1", "+1-1"] {
            assert_eq!(text.parse::<Cursor>(), Err(ParseQueryError::Cursor), "{text}");
        }
    }

    #[test]
    fn a_limit_is_between_1_and_200() {
        assert_eq!("200".parse(), Ok(Limit(200)));
        for text in ["0", "201", "-1", "ten", ""] {
            assert_eq!(text.parse::<Limit>(), Err(ParseQueryError::Limit), "{text}");
        }
    }
}
