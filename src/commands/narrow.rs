//! From the arguments that narrow a list to its filter.

use anyhow::anyhow;

use super::error::Error;
use crate::cli::Narrowing;
use crate::model::InstanceName;
use crate::search::{self, Narrow};
use crate::store::History;

/// A value, and the argument that gave it.
pub(super) type NamedArgument<'a> = (&'static str, Option<&'a str>);

/// What is asked for.
pub(super) fn narrow(
    query: NamedArgument<'_>,
    until: NamedArgument<'_>,
    narrowing: &Narrowing,
) -> Result<Narrow, Error> {
    let mut narrow = Narrow::default();
    let apart = [(query, "q"), (until, "to")];
    let apart = apart.into_iter().filter_map(|((flag, value), name)| Some((flag, name, value?)));
    for (flag, name, value) in apart.chain(narrowing.given()) {
        if name == "q" && search::leaves_quote_open(value) {
            let line = format!("{flag} {value:?}: the quote isn't closed; close it, or use \\\" for a quotation mark");
            return Err(Error::Usage(line));
        }
        narrow.take(name, value).map_err(|error| Error::Usage(format!("{flag} {value:?}: {error}")))?;
    }
    Ok(narrow)
}

/// Refuses the name of a server that never was.
pub(super) async fn know_server(store: &History, narrow: &Narrow) -> Result<(), Error> {
    let Some(name) = &narrow.rows.instance else { return Ok(()) };
    let known = store.instances().await?;
    if known.contains(name) {
        return Ok(());
    }
    let known: Vec<&str> = known.iter().map(InstanceName::as_str).collect();
    let there = match known.len() {
        0 => "none was recorded yet".to_owned(),
        1 => format!("there is: {}", known.concat()),
        _ => format!("there are: {}", known.join(", ")),
    };
    Err(anyhow!("no server is called {name}; {there}").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Action, Command, ListArguments, parse};

    fn list(arguments: &[&str]) -> ListArguments {
        let arguments = ["comfy-recall", "list"].iter().chain(arguments).map(Into::into);
        match parse(arguments).unwrap().action {
            Action::Run(Command::List(list)) => list,
            other => panic!("{other:?}"),
        }
    }

    fn of(list: &ListArguments) -> Result<Narrow, Error> {
        narrow(("QUERY", Some(&list.query.join(" "))), ("--to", list.to.as_deref()), &list.narrowing)
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
        for name in Narrow::NAMES.into_iter().filter(|name| !matches!(*name, "q" | "to")) {
            let (flag, ..) = given.iter().find(|(_, known, _)| *known == name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(*flag, format!("--{}", name.replace('_', "-")));
        }
        let filter = of(&all).unwrap().filter();
        assert_eq!((filter.statuses.len(), filter.kinds.len()), (3, 1));
        assert!(filter.want.is_some() && filter.from.is_some() && filter.until.is_some());
    }

    #[test]
    fn what_is_wrong_is_said_by_the_name_of_its_flag() {
        let wrong = |arguments: &[&str]| {
            let list = list(arguments);
            match of(&list) {
                Err(Error::Usage(text)) => text,
                other => panic!("{other:?}"),
            }
        };
        assert!(
            wrong(&["--status", "done"]).starts_with("--status \"done\": not a status: use one or more of pending,")
        );
        for open in ["\"open", "fox \"in the", "model:=\"flux", "“开"] {
            assert!(wrong(&[open]).contains("the quote isn't closed"), "{open}");
        }
        assert!(of(&list(&["\"red fox\"", "5\\\" disk"])).is_ok());
        assert!(wrong(&["modle:flux"]).starts_with("QUERY \"modle:flux\": unknown field"));
    }
}
