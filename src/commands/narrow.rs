//! From the arguments that narrow a list to its filter.

use super::Error;
use crate::cli::Narrowing;
use crate::search::Narrow;

/// What is asked for; `query` goes by the name `flag` where it is wrong.
pub(super) fn narrow(flag: &'static str, query: &str, narrowing: &Narrowing) -> Result<Narrow, Error> {
    let mut narrow = Narrow::default();
    for (flag, name, value) in [(flag, "q", query)].into_iter().chain(narrowing.given()) {
        narrow.take(name, value).map_err(|error| Error::Usage(format!("{flag} {value:?}: {error}")))?;
    }
    Ok(narrow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Action, Command, List, parse};

    fn list(arguments: &[&str]) -> List {
        let arguments = ["comfy-recall", "list"].iter().chain(arguments).map(Into::into);
        match parse(arguments).unwrap().action {
            Action::Run(Command::List(list)) => list,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_name_of_an_address_has_its_flag() {
        let all = list(&[
            "red",
            "fox",
            "--status",
            "failed,lost",
            "--status",
            "completed",
            "--kind",
            "video",
            "--instance",
            "gpu",
            "--date",
            "2026-11-20",
            "--tz",
            "-03:00",
            "--from",
            "2026-11-20T00:00:00Z",
            "--to",
            "2026-11-21T00:00:00Z",
            "--prompt-id",
            "a/b",
        ]);
        let given: Vec<_> = all.narrowing.given().collect();
        for name in Narrow::NAMES.into_iter().filter(|name| *name != "q") {
            let (flag, ..) = given.iter().find(|(_, known, _)| *known == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(*flag, format!("--{}", name.replace('_', "-")));
        }
        let filter = narrow("QUERY", &all.query.join(" "), &all.narrowing).unwrap().filter();
        assert_eq!((filter.statuses.len(), filter.kinds.len()), (3, 1));
        assert!(filter.want.is_some() && filter.from.is_some() && filter.until.is_some());
    }

    #[test]
    fn what_is_wrong_is_said_by_the_name_of_its_flag() {
        let wrong = |arguments: &[&str]| {
            let list = list(arguments);
            match narrow("QUERY", &list.query.join(" "), &list.narrowing) {
                Err(Error::Usage(text)) => text,
                other => panic!("{other:?}"),
            }
        };
        assert!(
            wrong(&["--status", "done"]).starts_with("--status \"done\": not a status: use one or more of pending,")
        );
        assert!(wrong(&["modle:flux"]).starts_with("QUERY \"modle:flux\": unknown field"));
    }
}
