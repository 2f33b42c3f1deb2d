//! Troubles in the viewer's language: what is wrong, and what to do about it.

use std::borrow::Cow;

use super::Catalogue;
use super::prose::{Prose, prose};
use crate::model::{Cause, Trouble};

impl Catalogue {
    /// What is wrong. Texts of no known cause as they are.
    pub fn trouble<'a>(&'a self, trouble: &'a Trouble) -> Cow<'a, str> {
        match key(trouble.cause) {
            Some(key) => self.say(key),
            None => Cow::Borrowed(&trouble.detail),
        }
    }

    /// What the system said of a known cause.
    pub fn detail<'a>(&self, trouble: &'a Trouble) -> Option<&'a str> {
        (key(trouble.cause).is_some() && !trouble.detail.is_empty()).then_some(trouble.detail.as_str())
    }

    /// What to do about it, where anything can be done.
    pub fn hint(&self, trouble: &Trouble) -> Option<Prose> {
        hint_key(trouble.cause).map(|key| prose(&self.say(key)))
    }
}

fn key(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::NobodyAnswers => "trouble-nobody-answers",
        Cause::TimedOut => "trouble-timed-out",
        Cause::ConnectionBroke => "trouble-connection-broke",
        Cause::ConnectionClosed => "trouble-connection-closed",
        Cause::NotComfyui => "trouble-not-comfyui",
        Cause::CertificateUntrusted => "trouble-certificate-untrusted",
        Cause::NoTls => "trouble-no-tls",
        Cause::TlsFailed => "trouble-tls-failed",
        Cause::TlsWanted => "trouble-tls-wanted",
        Cause::Unauthorized => "trouble-unauthorized",
        Cause::Redirected => "trouble-redirected",
        Cause::WrongPath => "trouble-wrong-path",
        Cause::ServerError => "trouble-server-error",
        Cause::Unusable => "trouble-unusable",
        Cause::Overwritten => "trouble-overwritten",
        Cause::TempDeleted => "trouble-temp-deleted",
        Cause::Deleted => "trouble-deleted",
        Cause::UnknownFolder => "trouble-unknown-folder",
        Cause::OutsideFolders => "trouble-outside-folders",
        Cause::ImpossibleName => "trouble-impossible-name",
        Cause::NotHandedOut => "trouble-not-handed-out",
        Cause::OtherDrive => "trouble-other-drive",
        Cause::KeepsFailing => "trouble-keeps-failing",
        Cause::MaybeOverwritten => "trouble-maybe-overwritten",
        Cause::WrittenLater => "trouble-written-later",
        Cause::Changing => "trouble-changing",
        Cause::Unreadable => "trouble-unreadable",
        Cause::TooSlow => "trouble-too-slow",
        Cause::TooLarge => "trouble-too-large",
        Cause::DiskFull => "trouble-disk-full",
        Cause::NoInodes => "trouble-no-inodes",
        Cause::FilesRefused => "trouble-files-refused",
        Cause::RecordsRefused => "trouble-records-refused",
        Cause::Other => return None,
    })
}

fn hint_key(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::NobodyAnswers => "hint-start",
        Cause::TimedOut
        | Cause::ConnectionBroke
        | Cause::ConnectionClosed
        | Cause::Changing
        | Cause::Unreadable
        | Cause::TooSlow => "hint-wait",
        Cause::NotComfyui | Cause::Unusable => "hint-address",
        Cause::CertificateUntrusted => "hint-certificate",
        Cause::NoTls | Cause::TlsFailed => "hint-http",
        Cause::TlsWanted => "hint-https",
        Cause::Unauthorized => "hint-password",
        Cause::Redirected => "hint-redirected",
        Cause::WrongPath => "hint-path",
        Cause::ServerError => "hint-server",
        Cause::DiskFull | Cause::TooLarge => "hint-disk",
        Cause::NoInodes => "hint-inodes",
        Cause::FilesRefused | Cause::RecordsRefused => "hint-folder",
        Cause::Overwritten
        | Cause::TempDeleted
        | Cause::Deleted
        | Cause::NotHandedOut
        | Cause::MaybeOverwritten
        | Cause::WrittenLater => "hint-watch",
        Cause::OutsideFolders | Cause::OtherDrive => "hint-below",
        Cause::KeepsFailing => "hint-comfyui-log",
        Cause::UnknownFolder | Cause::ImpossibleName | Cause::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::view::words::Language;

    #[test]
    fn every_cause_is_said_in_every_language() {
        for t in Language::ALL.map(Catalogue::of) {
            for cause in Cause::ALL {
                let trouble = Trouble::new(cause, "x");
                let said = t.trouble(&trouble);
                assert!(cause == Cause::Other || said.chars().count() > 3, "{cause:?}: {said}");
                let hint: String = t.hint(&trouble).into_iter().flatten().map(|part| part.text).collect();
                for said in [&*said, &hint] {
                    assert!(!said.starts_with("trouble-") && !said.starts_with("hint-"), "{said} is no key");
                }
            }
        }
    }

    #[test]
    fn an_option_that_a_hint_names_is_code() {
        for t in Language::ALL.map(Catalogue::of) {
            for part in Cause::ALL.into_iter().filter_map(|cause| t.hint(&cause.into())).flatten() {
                assert_eq!(part.text.contains("--"), part.is_code && part.text.starts_with("--"), "{}", part.text);
            }
        }
    }

    #[test]
    fn a_text_of_no_known_cause_is_shown_as_it_is() {
        let t = Catalogue::of(Language::Chinese);
        let old = Trouble::from("no answer in time");
        assert_eq!((t.trouble(&old), t.detail(&old), t.hint(&old)), ("no answer in time".into(), None, None));
        let refused = Trouble::new(Cause::NobodyAnswers, "os error 111");
        assert_eq!((t.trouble(&refused), t.detail(&refused)), ("这个地址没有响应。".into(), Some("os error 111")));
    }
}
