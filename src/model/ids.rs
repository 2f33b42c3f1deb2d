//! Names of things. Each is parsed once at the edge and trusted inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What was wrong with a text that should have been an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// Not the 64 hexadecimal digits of a SHA-256.
    #[error("not a SHA-256 digest: 64 hexadecimal digits are needed")]
    Digest,
    /// Not usable as the name of an instance.
    #[error("not a name for an instance: use 1 to 64 letters, digits, '-', '_' or '.'")]
    InstanceName,
}

/// Our own number of a generation: counts up from 1, never reused, short enough to say aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationId(pub i64);

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The store's number of a ComfyUI server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(pub i64);

/// The configured name of a ComfyUI server, `default` when the user gave none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct InstanceName(String);

impl InstanceName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for InstanceName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for InstanceName {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=64).contains(&text.chars().count()) && text.chars().all(usable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdError::InstanceName)
        }
    }
}

/// ComfyUI's id of a run. Free text chosen by the client in versions before 0.2x: it may repeat, and may hold anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptId(pub String);

impl PromptId {
    /// The text as ComfyUI gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for PromptId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for PromptId {
    /// Escapes control characters, so that a hostile id can't forge lines in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

/// The SHA-256 of a file's bytes; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(ParseIdError::Digest);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn hex_digit(digit: u8) -> Result<u8, ParseIdError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(ParseIdError::Digest),
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_what_it_writes_and_nothing_else() {
        let digest = Digest(std::array::from_fn(|i| u8::try_from(i * 8).unwrap()));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "ab", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32), "../../etc/passwd"] {
            assert_eq!(text.parse::<Digest>(), Err(ParseIdError::Digest), "{text}");
        }
    }

    #[test]
    fn an_instance_name_is_short_and_plain() {
        for good in ["default", "gpu-1", "工作站", "a.b_c"] {
            assert_eq!(good.parse::<InstanceName>().map(|n| n.0), Ok(good.to_owned()));
        }
        for bad in ["", "a b", "a/b", "a=b", &"x".repeat(65)] {
            assert_eq!(bad.parse::<InstanceName>(), Err(ParseIdError::InstanceName), "{bad}");
        }
    }

    #[test]
    fn a_prompt_id_cannot_forge_a_log_line() {
        assert_eq!(PromptId::from("a\nERROR b").to_string(), "a\\nERROR b");
    }
}
