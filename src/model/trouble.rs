//! What is wrong: a cause, which pages say in the viewer's language, and what the system said of it.

use std::fmt;

/// Why something can't be heard, had or kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Nothing listens at ComfyUI's address.
    NobodyAnswers,
    /// ComfyUI took too long.
    TimedOut,
    ConnectionBroke,
    /// ComfyUI closed the connection.
    ConnectionClosed,
    /// Something else answers at the address.
    NotComfyui,
    /// Its certificate isn't trusted.
    CertificateUntrusted,
    /// The address says https, and it speaks none.
    NoTls,
    TlsFailed,
    /// The address says http, and it may want https.
    TlsWanted,
    /// It wants a password.
    Unauthorized,
    /// It sends us elsewhere.
    Redirected,
    /// It has nothing at this path.
    WrongPath,
    /// It, or a proxy before it, answered with an error.
    ServerError,
    /// The address or its TLS can't be used at all.
    Unusable,
    /// A later run wrote the file before it was copied.
    Overwritten,
    /// The temp folder was emptied before the file was copied.
    TempDeleted,
    /// The file was gone before it was copied.
    Deleted,
    /// ComfyUI has no such folder.
    UnknownFolder,
    /// The name of the file leads out of ComfyUI's folders.
    OutsideFolders,
    /// No system can have a file of this name.
    ImpossibleName,
    /// ComfyUI doesn't hand the file out by its name, though it may be there.
    NotHandedOut,
    /// The file lies on another drive than ComfyUI's folder.
    OtherDrive,
    /// ComfyUI failed each time it was asked for the file.
    KeepsFailing,
    /// The file was written over while the run waited or ran: these may not be the bytes that it read.
    MaybeOverwritten,
    /// The file was written after the run had ended, and wasn't seen before: these may not be the bytes that it read.
    WrittenLater,
    /// The file changed while it was copied.
    Changing,
    /// The file can't be read.
    Unreadable,
    /// It came too slowly to be waited for.
    TooSlow,
    /// It is larger than the room that the disk of the data folder has left.
    TooLarge,
    /// The disk of the data folder is full.
    DiskFull,
    /// The disk of the data folder takes no more files, though it has room.
    NoInodes,
    /// The folder of files can't be written.
    FilesRefused,
    /// The database can't be written.
    RecordsRefused,
    /// Anything else; what was said is all there is.
    Other,
}

impl Cause {
    pub const ALL: [Self; 34] = [
        Self::NobodyAnswers,
        Self::TimedOut,
        Self::ConnectionBroke,
        Self::ConnectionClosed,
        Self::NotComfyui,
        Self::CertificateUntrusted,
        Self::NoTls,
        Self::TlsFailed,
        Self::TlsWanted,
        Self::Unauthorized,
        Self::Redirected,
        Self::WrongPath,
        Self::ServerError,
        Self::Unusable,
        Self::Overwritten,
        Self::TempDeleted,
        Self::Deleted,
        Self::UnknownFolder,
        Self::OutsideFolders,
        Self::ImpossibleName,
        Self::NotHandedOut,
        Self::OtherDrive,
        Self::KeepsFailing,
        Self::MaybeOverwritten,
        Self::WrittenLater,
        Self::Changing,
        Self::Unreadable,
        Self::TooSlow,
        Self::TooLarge,
        Self::DiskFull,
        Self::NoInodes,
        Self::FilesRefused,
        Self::RecordsRefused,
        Self::Other,
    ];

    /// The word used in JSON and in the database: none may ever change.
    pub fn code(self) -> &'static str {
        match self {
            Self::NobodyAnswers => "nobody_answers",
            Self::TimedOut => "timed_out",
            Self::ConnectionBroke => "connection_broke",
            Self::ConnectionClosed => "connection_closed",
            Self::NotComfyui => "not_comfyui",
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::NoTls => "no_tls",
            Self::TlsFailed => "tls_failed",
            Self::TlsWanted => "tls_wanted",
            Self::Unauthorized => "unauthorized",
            Self::Redirected => "redirected",
            Self::WrongPath => "wrong_path",
            Self::ServerError => "server_error",
            Self::Unusable => "unusable",
            Self::Overwritten => "overwritten",
            Self::TempDeleted => "temp_deleted",
            Self::Deleted => "deleted",
            Self::UnknownFolder => "unknown_folder",
            Self::OutsideFolders => "outside_folders",
            Self::ImpossibleName => "impossible_name",
            Self::NotHandedOut => "not_handed_out",
            Self::OtherDrive => "other_drive",
            Self::KeepsFailing => "keeps_failing",
            Self::MaybeOverwritten => "maybe_overwritten",
            Self::WrittenLater => "written_later",
            Self::Changing => "changing",
            Self::Unreadable => "unreadable",
            Self::TooSlow => "too_slow",
            Self::TooLarge => "too_large",
            Self::DiskFull => "disk_full",
            Self::NoInodes => "no_inodes",
            Self::FilesRefused => "files_refused",
            Self::RecordsRefused => "records_refused",
            Self::Other => "other",
        }
    }

    /// What it is and what to do, for JSON and the log. Pages have words of their own.
    fn english(self) -> &'static str {
        match self {
            Self::NobodyAnswers => "nobody answers; is ComfyUI running at this address?",
            Self::TimedOut => "no answer in time",
            Self::ConnectionBroke => "the connection broke",
            Self::ConnectionClosed => "ComfyUI closed the connection",
            Self::NotComfyui => "not an answer of ComfyUI; check the address, it may belong to another program",
            Self::CertificateUntrusted => {
                "its certificate isn't trusted; if it is one that you made yourself, allow it with --accept-invalid-certs"
            }
            Self::NoTls => "no TLS is spoken there; try http:// in the URL",
            Self::TlsFailed => "TLS failed",
            Self::TlsWanted => "it refused the request; if it speaks TLS, use https:// in the URL",
            Self::Unauthorized => "it wants to know who asks; give user:password in the URL or the headers it needs",
            Self::Redirected => "it sends us elsewhere; redirects are not followed, configure the final address",
            Self::WrongPath => "it has nothing there; check the path in the URL, or whether this is ComfyUI",
            Self::ServerError => "it answered with an error",
            Self::Unusable => "the address can't be used",
            Self::Overwritten => "overwritten by a later run before it could be copied",
            Self::TempDeleted => {
                "gone from ComfyUI's temp folder, which is emptied when ComfyUI starts and stops, before it could be copied"
            }
            Self::Deleted => "ComfyUI has no such file: it was deleted, renamed, or never written under this name",
            Self::UnknownFolder => "ComfyUI has no such folder",
            Self::OutsideFolders => {
                "it lies outside of ComfyUI's folders, and ComfyUI hands out nothing from there; what lies below output, temp and input can be kept"
            }
            Self::ImpossibleName => "no file can have such a name",
            Self::NotHandedOut => {
                "ComfyUI doesn't hand out a file of this name; it may still be there, and is taken from ComfyUI's folder where --comfyui-dir names it"
            }
            Self::OtherDrive => {
                "it lies on another drive than ComfyUI's folder, and ComfyUI hands out nothing from there; what lies below output, temp and input can be kept"
            }
            Self::KeepsFailing => "ComfyUI failed each time it was asked for it; its log says why",
            Self::MaybeOverwritten => {
                "the file was written over while the run waited or ran; these may not be the bytes that it read"
            }
            Self::WrittenLater => {
                "the file was written again after the run had ended, and wasn't kept before; these may not be the bytes that it read"
            }
            Self::Changing => "it changed while it was copied",
            Self::Unreadable => "it can't be read",
            Self::TooSlow => "it came too slowly to be waited for, and is asked for again later",
            Self::TooLarge => {
                "it would leave the disk of the data folder no room for anything else; make room there, and it is fetched by itself"
            }
            Self::DiskFull => {
                "the disk is full; make room on the disk of the data folder, and what was missed is recorded by itself"
            }
            Self::NoInodes => {
                "the disk takes no more files (no inode is left); delete files on the disk of the data folder, and what \
                 was missed is recorded by itself"
            }
            Self::FilesRefused => "the folder of files can't be written",
            Self::RecordsRefused => "the database can't be written",
            Self::Other => "",
        }
    }
}

/// A cause, and what the system said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub cause: Cause,
    /// What was said, in the words of whoever said it; may be empty.
    pub detail: String,
}

impl Trouble {
    /// A cause with what was said of it.
    pub fn new(cause: Cause, detail: impl fmt::Display) -> Self {
        Self { cause, detail: detail.to_string() }
    }

    /// The cause's word, if it is known.
    pub fn code(&self) -> Option<&'static str> {
        (self.cause != Cause::Other).then(|| self.cause.code())
    }

    /// As the database keeps it: `code`, `code: detail`, or the text alone.
    pub fn kept(&self) -> String {
        match (self.code(), self.detail.as_str()) {
            (None, detail) => detail.to_owned(),
            (Some(code), "") => code.to_owned(),
            (Some(code), detail) => format!("{code}: {detail}"),
        }
    }
}

impl From<Cause> for Trouble {
    fn from(cause: Cause) -> Self {
        Self { cause, detail: String::new() }
    }
}

impl From<&str> for Trouble {
    /// From what the database keeps. A text of old, without a code, is kept as it is.
    fn from(kept: &str) -> Self {
        let (code, detail) = kept.split_once(": ").unwrap_or((kept, ""));
        match Cause::ALL.into_iter().find(|cause| *cause != Cause::Other && cause.code() == code) {
            Some(cause) => Self::new(cause, detail),
            None => Self::new(Cause::Other, kept),
        }
    }
}

impl From<String> for Trouble {
    fn from(kept: String) -> Self {
        Self::from(kept.as_str())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cause.english(), self.detail.as_str()) {
            ("", detail) => f.write_str(detail),
            (english, "") => f.write_str(english),
            (english, detail) => write!(f, "{english} ({detail})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_reads_back_with_and_without_a_detail() {
        let codes: BTreeSet<_> = Cause::ALL.into_iter().map(Cause::code).collect();
        assert_eq!(codes.len(), Cause::ALL.len(), "each has a code of its own");
        for cause in Cause::ALL {
            for detail in ["x: y (os error 111)", ""] {
                let trouble = Trouble::new(cause, detail);
                assert_eq!(Trouble::from(trouble.kept()), trouble);
            }
        }
    }

    #[test]
    fn a_text_of_old_is_shown_as_it_is() {
        for text in ["GET /view: no answer in time", "deleted or renamed before it could be copied", "other", ""] {
            let trouble = Trouble::from(text);
            assert_eq!((trouble.code(), trouble.to_string(), trouble.kept()), (None, text.into(), text.into()));
        }
    }

    #[test]
    fn in_english_it_says_what_to_do_and_what_the_system_said() {
        let refused = Trouble::new(Cause::NobodyAnswers, "Connection refused");
        assert_eq!(refused.to_string(), "nobody answers; is ComfyUI running at this address? (Connection refused)");
    }
}
