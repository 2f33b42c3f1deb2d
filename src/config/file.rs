//! The configuration file: finds it and takes it apart, with the line of every value.
//!
//! TOML is walked by hand and not through serde, whose messages quote the value (perhaps a password) and don't know
//! which key was probably meant.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::Environment;
use super::error::Error;
use super::given::Given;
use super::origin::Origin;
use super::problem::ValueProblem;
use super::setting::{Setting, Shape, Spelling, nearest};

/// Reads the named file, or the one in the usual place if it exists.
pub(super) fn find(givens: &[Given], environment: &Environment<'_>) -> Result<Option<(PathBuf, String)>, Error> {
    if let Some(given) = givens.iter().find(|given| given.setting == Setting::ConfigFile) {
        let path = environment.absolute(given.origin.base(&environment.working_dir), &given.text);
        return match (environment.read)(&path) {
            Ok(text) => Ok(Some((path, text))),
            Err(source) => Err(Error::Read { origin: given.origin.clone(), path, source }),
        };
    }
    let Some(path) = environment.config_file.clone() else { return Ok(None) };
    match (environment.read)(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { origin: Origin::Default, path, source }),
    }
}

/// Takes the text of a file apart.
pub(super) fn read(file: &Path, text: &str) -> Result<Vec<Given>, Error> {
    let source = TableSource { file, text };
    let table = DeTable::parse(text).map_err(|error| {
        let line = source.line(error.span().map_or(0, |span| span.start));
        let mut message = error.message().lines().collect::<Vec<_>>().join(", ");
        // Between double quotes, TOML takes a backslash for the beginning of an escape.
        if text.lines().nth(line - 1).is_some_and(|line| line.contains(r":\") || line.contains(r"\\")) {
            message.push_str(r"; put Windows paths in single quotes: 'C:\ComfyUI'");
        }
        Error::Syntax { file: file.to_owned(), line, message }
    })?;
    let mut givens = Vec::new();
    for (key, value) in table.get_ref() {
        match key.get_ref().as_ref() {
            "comfyui" => source.servers(value, &mut givens)?,
            "token" if TOKEN.fits(value.get_ref()) => source.tables(&TOKEN, value, &mut givens)?,
            "webhook" => source.tables(&WEBHOOK, value, &mut givens)?,
            key_text => {
                let origin = source.origin(key, "");
                let spelling = known(None, key_text).ok_or_else(|| unknown(&origin, None, key_text))?;
                givens.extend(source.texts(spelling, value, origin)?);
            }
        }
    }
    Ok(givens)
}

/// A kind of table that may be there any number of times, each by itself.
struct RepeatedTable {
    name: &'static str,
    /// What each needs one of, and what to do without it.
    needs: &'static [(&'static [&'static str], &'static str)],
    /// What to write where something else stands.
    expected: &'static str,
}

const TOKEN: RepeatedTable = RepeatedTable {
    name: "token",
    needs: &[
        (&["name"], "this token has no name; comfy-recall token NAME prints the whole table"),
        (&["hash"], "this token has no hash; comfy-recall token NAME prints the whole table"),
    ],
    expected: "write token = \"a-long-random-text\", or what comfy-recall token NAME prints",
};

const WEBHOOK: RepeatedTable = RepeatedTable {
    name: "webhook",
    needs: &[
        (&["url"], "this webhook has no address; add url = \"https://HOST/PATH\""),
        (
            &["secret", "secret_file"],
            "this webhook has no secret to sign with; add secret = \"…\" or secret_file = \"FILE\" with 24 random \
             characters or more",
        ),
    ],
    expected: "write [[webhook]] on one line and url = \"https://HOST/PATH\" on the next",
};

impl RepeatedTable {
    /// Whether tables stand there, and not a single value of the same name.
    fn fits(&self, value: &DeValue<'_>) -> bool {
        match value {
            DeValue::Array(values) => values.iter().all(|value| value.get_ref().is_table()),
            value => value.is_table(),
        }
    }
}

struct TableSource<'a> {
    file: &'a Path,
    text: &'a str,
}

impl TableSource<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    fn origin(&self, key: &Spanned<Cow<'_, str>>, table: &str) -> Origin {
        let line = self.line(key.span().start);
        // A quoted key may hold anything.
        let key = key.get_ref().escape_debug();
        Origin::Key { file: self.file.to_owned(), line, key: format!("{table}{key}") }
    }

    fn servers(&self, value: &Spanned<DeValue<'_>>, givens: &mut Vec<Given>) -> Result<(), Error> {
        let not_tables = |value: &Spanned<DeValue<'_>>| Error::Type {
            origin: self.table_origin(value, "comfyui"),
            found: found(value.get_ref()),
            expected: "write [[comfyui]] on one line and url = \"http://127.0.0.1:8188\" on the next",
        };
        let values = match value.get_ref() {
            DeValue::Array(values) => values.iter().collect(),
            _ => vec![value],
        };
        let mut without_url = Vec::new();
        for value in &values {
            let DeValue::Table(table) = value.get_ref() else { return Err(not_tables(value)) };
            let origin = self.table_origin(value, "comfyui");
            self.server(table, &origin, givens)?;
            if !table.contains_key("url") {
                without_url.push(origin);
            }
        }
        // The address may come from a higher layer, but beside others that have one it was forgotten.
        let is_all = without_url.len() == values.len();
        without_url.into_iter().next().filter(|_| !is_all).map_or(Ok(()), |origin| Err(Error::NoUrl { origin }))
    }

    fn table_origin(&self, value: &Spanned<DeValue<'_>>, table: &str) -> Origin {
        Origin::Key { file: self.file.to_owned(), line: self.line(value.span().start), key: table.to_owned() }
    }

    fn tables(&self, kind: &RepeatedTable, value: &Spanned<DeValue<'_>>, givens: &mut Vec<Given>) -> Result<(), Error> {
        let values = match value.get_ref() {
            DeValue::Array(values) => values.iter().collect(),
            _ => vec![value],
        };
        for (nth, value) in values.into_iter().enumerate() {
            let origin = self.table_origin(value, kind.name);
            let DeValue::Table(table) = value.get_ref() else {
                return Err(Error::Type { origin, found: found(value.get_ref()), expected: kind.expected });
            };
            for (key, value) in table {
                let origin = self.origin(key, &format!("{}.", kind.name));
                let known = known(Some(kind.name), key.get_ref());
                let spelling = known.ok_or_else(|| unknown(&origin, Some(kind.name), key.get_ref()))?;
                givens.extend(self.texts(spelling, value, origin)?.into_iter().map(|it| Given { table: nth, ..it }));
            }
            let has = |keys: &[&str]| keys.iter().any(|key| table.contains_key(*key));
            if let Some((_, advice)) = kind.needs.iter().find(|(keys, _)| !has(keys)) {
                return Err(Error::Incomplete { origin, advice });
            }
        }
        Ok(())
    }

    fn server(&self, table: &DeTable<'_>, origin: &Origin, givens: &mut Vec<Given>) -> Result<(), Error> {
        let mut name = None;
        let before = givens.len();
        for (key, value) in table {
            let origin = self.origin(key, "comfyui.");
            let known = known(Some("comfyui"), key.get_ref());
            let spelling = known.ok_or_else(|| unknown(&origin, Some("comfyui"), key.get_ref()))?;
            match spelling.setting {
                Setting::ComfyuiName => name = Some(text_of(value, &origin)?),
                Setting::ComfyuiHeader => givens.extend(self.headers(value, &origin)?),
                _ => givens.extend(self.texts(spelling, value, origin)?),
            }
        }
        if givens.len() == before {
            return Err(Error::NoUrl { origin: origin.clone() });
        }
        givens[before..].iter_mut().for_each(|given| given.server.clone_from(&name));
        Ok(())
    }

    fn headers(&self, value: &Spanned<DeValue<'_>>, origin: &Origin) -> Result<Vec<Given>, Error> {
        let DeValue::Table(headers) = value.get_ref() else {
            let expected = "write headers = { Authorization = \"Bearer TOKEN\" }";
            return Err(Error::Type { origin: origin.clone(), found: found(value.get_ref()), expected });
        };
        let header = |(name, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
            let origin = self.origin(name, "comfyui.headers.");
            let name = name.get_ref();
            if name.contains(':') {
                return Err(Error::Value { origin, text: name.to_string(), problem: ValueProblem::Header });
            }
            let text = format!("{name}: {}", text_of(value, &origin)?);
            Ok(Given { setting: Setting::ComfyuiHeader, server: None, table: 0, text, origin })
        };
        headers.iter().map(header).collect()
    }

    fn texts(&self, spelling: &Spelling, value: &Spanned<DeValue<'_>>, origin: Origin) -> Result<Vec<Given>, Error> {
        let given = |text| Given { setting: spelling.setting, server: None, table: 0, text, origin: origin.clone() };
        let wrong =
            |value: &DeValue<'_>, expected| Error::Type { origin: origin.clone(), found: found(value), expected };
        match (value.get_ref(), spelling.shape) {
            (DeValue::Boolean(is_on), _) if is_switch(spelling) => Ok(vec![given(is_on.to_string())]),
            (other, _) if is_switch(spelling) => Err(wrong(other, "use true or false, without quotes")),
            (DeValue::Array(values), Shape::Words | Shape::Lines) if !spelling.is_of_server() => {
                values.iter().map(|value| text_of(value, &origin).map(given)).collect()
            }
            (_, _) => Ok(vec![given(text_of(value, &origin)?)]),
        }
    }
}

fn is_switch(spelling: &Spelling) -> bool {
    spelling.shape == Shape::Switch || spelling.setting == Setting::AcceptInvalidCerts
}

fn text_of(value: &Spanned<DeValue<'_>>, origin: &Origin) -> Result<String, Error> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        other => {
            let expected = "write a text in quotes";
            Err(Error::Type { origin: origin.clone(), found: found(other), expected })
        }
    }
}

fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The keys of a table, without its name.
fn keys(table: Option<&str>) -> impl Iterator<Item = (&'static str, &'static Spelling)> {
    let all = Spelling::ALL.iter().filter(move |spelling| spelling.table() == table);
    all.filter_map(|spelling| Some((spelling.plain_key()?, spelling)))
}

fn known(table: Option<&str>, key: &str) -> Option<&'static Spelling> {
    keys(table).find(|(known, _)| *known == key).map(|(_, spelling)| spelling)
}

/// Says which key was probably meant: one of another table, a flag's name where a key's was needed, or a near one.
fn unknown(origin: &Origin, table: Option<&str>, key: &str) -> Error {
    let plain = |word: &str| word.trim_start_matches("--").replace('-', "_");
    let is_meant = |word: Option<&str>| word.is_some_and(|word| plain(word) == plain(key));
    let is_named = |spelling: &&Spelling| is_meant(spelling.plain_key()) || is_meant(spelling.flag);
    let of =
        |table: Option<&str>| Spelling::ALL.iter().filter(move |spelling| spelling.table() == table).find(is_named);
    let elsewhere = || of(None).or_else(|| of(Some("comfyui"))).or_else(|| Spelling::ALL.iter().find(is_named));
    let here = || keys(table).map(|(key, _)| key);
    let meant = of(table).or_else(elsewhere).and_then(|spelling| Some((spelling.table(), spelling.plain_key()?)));
    let advice = match (meant, table) {
        (Some((other, key)), _) if other == table => format!("did you mean {key}?"),
        (Some((Some(other), key)), _) => format!("write {key} below [[{other}]]"),
        (Some((None, key)), Some(table)) => format!("write {key} above the first [[{table}]]"),
        _ => match nearest(key, here()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known: {}", here().collect::<Vec<_>>().join(", ")),
        },
    };
    Error::UnknownKey { origin: origin.clone(), advice }
}
