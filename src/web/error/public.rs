//! What an error says to those who met it: a word for programs, and a text for people.

use std::borrow::Cow;

use super::Error;
use super::code::Code;
use crate::model::AttachmentState;
use crate::store;
use crate::web::view::words::Words;

impl Error {
    /// For programs.
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::NoGeneration => Code::NoGeneration,
            Self::NoDocument => Code::NoDocument,
            Self::NoFile | Self::NoNamedFile => Code::NoFile,
            Self::NoOutput => Code::NoOutput,
            Self::NotKept(AttachmentState::Pending) => Code::OutputPending,
            Self::NotKept(_) => Code::OutputMissing,
            Self::NoJob => Code::NoJob,
            Self::ReadOnly => Code::ReadOnly,
            Self::Compat(_) => Code::BadRequest,
            Self::Method => Code::Method,
            Self::Query(_) => Code::BadParameter,
            Self::Host(name) if name.is_empty() => Code::HostMissing,
            Self::Host(_) => Code::UnknownHost,
            Self::Unauthorized(_) => Code::Unauthorized,
            Self::ReadToken => Code::ReadOnlyToken,
            Self::TooMany { .. } => Code::TooMany,
            Self::Origin => Code::ForeignOrigin,
            Self::Form => Code::BadForm,
            Self::Range { .. } => Code::Range,
            Self::Store(store::Error::Index { .. }) => Code::Index,
            Self::Store(_)
            | Self::Blobs(_)
            | Self::Thumbs(_)
            | Self::File(_)
            | Self::Template(_)
            | Self::Json(_)
            | Self::Header(_)
            | Self::Work(_) => Code::Internal,
        }
    }

    /// What JSON says to people: what is wrong, and what to do.
    pub fn text(&self) -> String {
        let text = match self {
            Self::Compat(mistake) => return mistake.to_string(),
            Self::Query(error) => return error.to_string(),
            Self::Host(name) if !name.is_empty() => {
                return format!(
                    "this server doesn't answer to the name {name:?}; to add one, start it with --allow-host NAME"
                );
            }
            Self::TooMany { seconds } => {
                return format!(
                    "too many wrong passwords or tokens came from your address; try again in {seconds} seconds"
                );
            }
            Self::Range { size } => {
                return format!("the file has {size} bytes, and the range lies outside of them");
            }
            Self::Store(error @ store::Error::Index { .. }) => return error.to_string(),
            Self::Store(error) if error.is_damage() => {
                "the records are damaged: stop comfy-recall and restore a backup; its log says which file, and how"
            }
            Self::Store(error) if error.is_transient() => {
                "the records can't be read right now; the log of comfy-recall says why. Try again in a moment"
            }
            Self::NoNamedFile => "no run that was recorded here named such a file, or its bytes could not be kept",
            _ => plain(self.code()),
        };
        text.to_owned()
    }

    /// What people read on a page, in their language. `None` for what is said in English, in the terms of the API: what is
    /// wrong with a parameter, and what no page is asked for.
    pub fn words<'a>(&self, t: &'a Words) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::NoNamedFile | Self::NoJob | Self::ReadOnly | Self::Compat(_) | Self::Query(_) => return None,
            Self::NoFile => t.say("error-no-file"),
            Self::Store(error) if error.is_damage() => t.say("error-damaged"),
            Self::Store(store::Error::Index { .. }) => t.say(self.code().key()),
            Self::Store(error) if error.is_transient() => t.say("error-unreadable"),
            Self::Host(name) if !name.is_empty() => t.with("error-host", "name", name).into(),
            Self::TooMany { seconds } => t.with("error-too-many", "seconds", seconds).into(),
            Self::Range { size } => t.with("error-range", "size", size).into(),
            _ => t.say(self.code().key()),
        })
    }
}

/// The text of errors that need no value in it.
fn plain(code: Code) -> &'static str {
    match code {
        Code::NotFound => "there is nothing at this address",
        Code::NoGeneration => "no generation with this id was ever recorded here",
        Code::NoDocument => "this generation came without this document; runs queued by a script have no workflow",
        Code::NoFile => "there is no file with this digest here",
        Code::NoOutput => "this generation has no output with this id; /api/v1/generations/{id}/outputs lists them",
        Code::OutputPending => "this file isn't copied yet; ask again in a moment",
        Code::OutputMissing => "this file is missing: it couldn't be copied; its reason is in the list of outputs",
        // ComfyUI's own words.
        Code::NoJob => "Job not found",
        Code::ReadOnly => {
            "comfy-recall is the permanent record of what ComfyUI did, and is only read; send this to ComfyUI itself"
        }
        Code::Method => "this address can only be read: use GET or HEAD",
        Code::HostMissing => "the request has no Host header, or several",
        Code::Unauthorized => "a password (HTTP Basic, with any user name) or a token (Bearer) is needed",
        Code::ReadOnlyToken => "this token is for reading and changes nothing; use one of scope full",
        Code::ForeignOrigin => "only pages of this server may change something here",
        Code::BadForm => "this form can't be read; load its page again",
        Code::Internal => "something went wrong here; the log of comfy-recall has the details",
        // Said with their values.
        Code::BadParameter | Code::BadRequest | Code::Range | Code::UnknownHost | Code::TooMany | Code::Index => {
            code.as_str()
        }
    }
}
