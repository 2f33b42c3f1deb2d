//! The model's words as SQLite keeps them: small integers, and ids of 16 bytes where a text is really a UUID.
//!
//! The numbers are in databases out there: none may ever change its meaning.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

use crate::model::{AttachmentState, Digest, DocumentKind, Folder, GapKind, MediaKind, Role, Status, StatusReason};

/// A word of the model that is a small integer in SQL.
pub trait Code: Copy + Sized + 'static {
    /// Every word.
    const WORDS: &'static [Self];

    fn code(self) -> i64;

    /// The word with that number.
    fn from_code(code: i64) -> Option<Self> {
        Self::WORDS.iter().copied().find(|word| word.code() == code)
    }
}

/// A [`Code`] as a column or a parameter.
pub struct Coded<T>(pub T);

impl<T: Code> ToSql for Coded<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.code().into())
    }
}

impl<T: Code> FromSql for Coded<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let code = value.as_i64()?;
        T::from_code(code).map(Self).ok_or(FromSqlError::OutOfRange(code))
    }
}

impl Code for Status {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::InProgress => 1,
            Self::Completed => 2,
            Self::Failed => 3,
            Self::Cancelled => 4,
            Self::Lost => 5,
        }
    }
}

impl Code for StatusReason {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Interrupted => 0,
            Self::Dequeued => 1,
            Self::ComfyuiRestarted => 2,
            Self::HistoryDeleted => 3,
        }
    }
}

impl Code for Role {
    const WORDS: &'static [Self] = &[Self::Output, Self::Input];

    fn code(self) -> i64 {
        match self {
            Self::Output => 0,
            Self::Input => 1,
        }
    }
}

impl Code for AttachmentState {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Stored => 1,
            Self::Missing => 2,
        }
    }
}

impl Code for MediaKind {
    const WORDS: &'static [Self] = &Self::ALL;

    /// In the order in which they are wanted as cover.
    fn code(self) -> i64 {
        match self {
            Self::Image => 0,
            Self::Video => 1,
            Self::Audio => 2,
            Self::Model3d => 3,
            Self::Text => 4,
            Self::Other => 5,
        }
    }
}

/// A bit for each of the kinds, as `generations.kinds` has them.
pub fn kinds_mask(kinds: &[MediaKind]) -> i64 {
    kinds.iter().fold(0, |mask, kind| mask | 1 << kind.code())
}

/// The kinds of such bits.
pub fn kinds_of_mask(mask: i64) -> Vec<MediaKind> {
    MediaKind::WORDS.iter().copied().filter(|kind| mask & kinds_mask(&[*kind]) != 0).collect()
}

impl Code for DocumentKind {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Prompt => 0,
            Self::Workflow => 1,
            Self::Extra => 2,
            Self::Result => 3,
        }
    }
}

impl Code for GapKind {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::ComfyuiAway => 0,
            Self::RecallStopped => 1,
            Self::RunsUnseen => 2,
        }
    }
}

impl Code for Folder {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Output => 0,
            Self::Temp => 1,
            Self::Input => 2,
        }
    }
}

/// The folder of a file: one of ComfyUI's three as a number, anything else as it came.
pub struct FolderName<T>(pub T);

impl ToSql for FolderName<&str> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.parse::<Folder>().map_or_else(|()| self.0.into(), |folder| folder.code().into()))
    }
}

impl FromSql for FolderName<String> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(_) => {
                Coded::<Folder>::column_result(value).map(|folder| Self(folder.0.as_str().to_owned()))
            }
            other => other.as_str().map(|text| Self(text.to_owned())),
        }
    }
}

/// An id that is mostly a UUID: 16 bytes when it is one in lower case with dashes, 17 (the last is 0) when it is 32
/// lower-case hexadecimal digits, else the text. Three such ids and an index cost 70 bytes less a run.
pub struct PackedId<T>(pub T);

/// Where a UUID has its dashes.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl ToSql for PackedId<&str> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(pack(self.0).map_or_else(|| self.0.into(), |bytes| ToSqlOutput::Owned(Value::Blob(bytes))))
    }
}

impl FromSql for PackedId<String> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => unpack(bytes).map(Self).ok_or(FromSqlError::InvalidType),
            other => other.as_str().map(|text| Self(text.to_owned())),
        }
    }
}

fn pack(text: &str) -> Option<Vec<u8>> {
    let is_dashed = text.len() == 36 && DASHES.iter().all(|&at| text.as_bytes()[at] == b'-');
    if !is_dashed && text.len() != 32 {
        return None;
    }
    let mut bytes = Vec::with_capacity(17);
    let mut high = None;
    for (at, digit) in text.bytes().enumerate() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            b'-' if is_dashed && DASHES.contains(&at) => continue,
            _ => return None,
        };
        match high.take() {
            None => high = Some(value << 4),
            Some(high) => bytes.push(high | value),
        }
    }
    if !is_dashed {
        bytes.push(0);
    }
    Some(bytes)
}

fn unpack(bytes: &[u8]) -> Option<String> {
    let (bytes, is_dashed) = match bytes {
        [id @ .., 0] if id.len() == 16 => (id, false),
        id if id.len() == 16 => (id, true),
        _ => return None,
    };
    let mut text = String::with_capacity(36);
    for byte in bytes {
        if is_dashed && DASHES.contains(&text.len()) {
            text.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16)?);
        }
    }
    Some(text)
}

/// A digest as 32 bytes.
pub struct DigestBytes(pub Digest);

impl ToSql for DigestBytes {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.0.as_slice().into())
    }
}

impl FromSql for DigestBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::try_from(value.as_blob()?).map(|bytes| Self(Digest(bytes))).map_err(|_| FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn every_code_reads_back<T: Code + PartialEq + std::fmt::Debug>() {
        for &word in T::WORDS {
            assert_eq!(T::from_code(word.code()), Some(word));
        }
        assert!(T::from_code(99).is_none());
    }

    #[test]
    fn every_word_reads_back_from_its_number() {
        every_code_reads_back::<Status>();
        every_code_reads_back::<StatusReason>();
        every_code_reads_back::<Role>();
        every_code_reads_back::<AttachmentState>();
        every_code_reads_back::<MediaKind>();
        every_code_reads_back::<DocumentKind>();
        every_code_reads_back::<Folder>();
        every_code_reads_back::<GapKind>();
    }

    fn read_back(text: &str) -> String {
        let packed = PackedId(text);
        let value = match packed.to_sql().unwrap() {
            ToSqlOutput::Owned(value) => value,
            ToSqlOutput::Borrowed(value) => value.try_into().unwrap(),
            _ => unreachable!(),
        };
        PackedId::<String>::column_result((&value).into()).unwrap().0
    }

    #[test]
    fn a_uuid_takes_16_bytes_and_reads_back() {
        let dashed = "0b6b4c3e-8f5d-4a0e-9b1c-2d3e4f5a6b00";
        assert_eq!(pack(dashed).unwrap().len(), 16);
        assert_eq!(pack(&dashed.replace('-', "")).unwrap().len(), 17);
        for text in [dashed, &dashed.replace('-', ""), &dashed.to_uppercase(), "../../etc/passwd", "", &"-".repeat(36)]
        {
            assert_eq!(read_back(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_id_reads_back(text in "[0-9a-fA-F-]{30,38}|\\PC{0,40}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}") {
            prop_assert_eq!(read_back(&text), text);
        }
    }
}
