//! What stands in paths: ids of runs, and addresses that lead back to a page of ours.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use url::{Position, Url};

use super::code::Code;
use super::problem::Problem;
use crate::model::{BasePath, GenerationId};

/// The id in a path. What isn't a number names no run.
pub fn generation_id(path: Result<Path<String>, PathRejection>) -> Result<GenerationId, Problem> {
    let Path(text) = path.map_err(|_| Code::NoGeneration)?;
    let is_plain = text.bytes().all(|c| c.is_ascii_digit());
    Ok(text.parse().ok().filter(|_| is_plain).map(GenerationId).ok_or(Code::NoGeneration)?)
}

/// Where on this server a browser goes that is sent to this path, if that is ours. Browsers take `//` and `/\\` for another
/// host, drop tabs and line ends, and take the steps of `..` and `%2e%2e`: so the path is read as they read it, and an empty
/// part nowhere in it becomes the front of another address.
pub fn path_of_ours(path: &str, base: &BasePath) -> Option<String> {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let here = Url::parse("http://here.invalid/").ok()?;
    let there =
        here.join(path).ok().filter(|there| is_plain && path.starts_with('/') && there.origin() == here.origin())?;
    let is_ours = base.strip(there.path()).is_some() && !there.path().contains("//");
    is_ours.then(|| there[Position::BeforePath..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for ours in ["/", "/g/7?status=failed%2Clost", "/?next=a-1", "/?q=//x#//y", "/a%2Fb"] {
            assert_eq!(path_of_ours(ours, &BasePath::default()).as_deref(), Some(ours));
        }
        for other in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/\t/evil.example",
            "/g\r\nx: y",
            "evil.example",
            "///evil.example",
            "/.//evil.example",
            "/%2e//evil.example",
            "/..//evil.example",
            "/g/..//evil.example",
            "/panel/dark-en//evil.example/",
            "/panel/dark-en/..//..//evil.example/",
            "javascript:alert(1)",
            "?x",
            "#x",
        ] {
            assert_eq!(path_of_ours(other, &BasePath::default()), None, "{other:?}");
        }
    }

    #[test]
    fn nobody_is_sent_out_of_our_path() {
        let base = "/history".parse().unwrap();
        for (path, ours) in [
            ("/history/g/7", Some("/history/g/7")),
            ("/history", Some("/history")),
            ("/history/g/../status", Some("/history/status")),
            ("/history/../other/", None),
            ("/history/%2e%2e/other/", None),
            ("/history/..%2fother/", Some("/history/..%2fother/")),
            ("/other/../history/", Some("/history/")),
            ("/historyx", None),
        ] {
            assert_eq!(path_of_ours(path, &base).as_deref(), ours, "{path}");
        }
    }
}
