//! Examples that can be sent as they stand: those of `docs/`, and one for each operation.

use super::operation::Operation;
use crate::model::{Content, Digest, DocumentKind, Filter, GenerationId, Limit, Page, Start, percent_encode};
use crate::store::History;
use crate::web::http::problem::Problem;

/// Where the examples of the documentation find us.
const DOCUMENTED: &str = "http://127.0.0.1:8588";

/// The run of ComfyUI that the documentation speaks of.
const DOCUMENTED_RUN: &str = "c47268ab-a94a-48b9-9112-258c059e585d";

/// How many of the newest runs are looked at for one that can be shown.
const LOOKED_AT: u64 = 20;

/// What an operation is asked for in its example, where a bare address would say little.
const ASKED: [(&str, &str); 6] = [
    ("/api/v1/generations", "?status=completed&limit=2"),
    ("/api/v1/generations.zip", "?ids={id}"),
    ("/api/v1/days", "?status=completed"),
    ("/api/v1/facets", "?fields=model,sampler&limit=5"),
    ("/api/v1/suggest", "?q=model:"),
    ("/thumbs/{sha256}", "?w=512"),
];

/// A text of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guide {
    Api,
    /// What scripts speak already.
    Compatible,
}

impl Guide {
    fn text(self) -> &'static str {
        match self {
            Self::Api => include_str!("../../../docs/api.md"),
            Self::Compatible => include_str!("../../../docs/compatible.md"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The name of its place on the page.
    pub id: String,
    /// `sh`, `python`, `js` or `toml`.
    pub language: &'static str,
    /// As it can be pasted.
    pub text: String,
    /// Where a browser gets the same.
    pub url: Option<String>,
}

/// Where examples are shown.
#[derive(Debug, Clone, Copy)]
pub struct ExampleContext<'a> {
    /// What every address begins with.
    pub origin: &'a str,
    /// What `curl` needs to come in.
    pub curl: &'static str,
    /// A run that is here.
    pub sample: &'a Sample,
}

/// A run that examples ask for.
#[derive(Debug, Default)]
pub struct Sample {
    /// Our id, and ComfyUI's.
    run: Option<(GenerationId, String)>,
    /// One of its files that is kept: its id, its digest, its name.
    file: Option<(String, Digest, String)>,
    has_workflow: bool,
}

impl Sample {
    /// The newest run with a file, or the newest run.
    pub async fn find(history: &History) -> Result<Self, Problem> {
        let Page { items, .. } = history.list(Filter::default(), Start::Newest, Limit::up_to(LOOKED_AT)).await?;
        let shown = items.iter().find(|run| run.cover.is_some()).or(items.first());
        let Some(run) = shown else { return Ok(Self::default()) };
        let Some(outline) = history.outline(run.id).await? else { return Ok(Self::default()) };
        let file = outline.outputs.iter().find_map(|output| match &output.content {
            Content::File { file, blob: Some(blob) } => {
                Some((output.index.to_string(), blob.digest, file.filename.clone()))
            }
            _ => None,
        });
        Ok(Self {
            run: Some((run.id, run.prompt_id.to_string())),
            file,
            has_workflow: outline.document_bytes(DocumentKind::Workflow).is_some(),
        })
    }

    /// Puts the run into an address; and whether the address is there then.
    fn fill(&self, address: &str) -> (String, bool) {
        let id = self.run.as_ref().map_or("1".to_owned(), |(id, _)| id.to_string());
        let (output, digest, name) = self.file.as_ref().map_or_else(
            || ["0", "SHA256", "NAME"].map(str::to_owned).into(),
            |(output, digest, name)| (output.clone(), digest.to_string(), percent_encode(name)),
        );
        let needs = |part: &str| address.contains(part);
        let is_there = (self.run.is_some() || !needs("{id}"))
            && (self.file.is_some() || !(needs("{sha256}") || needs("{output}")))
            && (self.has_workflow || !needs("/workflow"));
        let pairs =
            [("{id}", id), ("{gap}", "1".to_owned()), ("{output}", output), ("{sha256}", digest), ("{name}", name)];
        let filled = pairs.iter().fold(address.to_owned(), |text, (from, to)| text.replace(from, to));
        (filled, is_there)
    }
}

/// How an operation is called from a shell, and where a browser sees its answer.
pub fn call(operation: &Operation, place: &ExampleContext<'_>) -> Example {
    let Operation { id, path, method, .. } = operation;
    let query = ASKED.iter().find(|(asked, _)| asked == path).map_or("", |(_, query)| query);
    let (address, is_there) = place.sample.fill(&format!("{path}{query}"));
    let example = ask(id, &address, place);
    if method != "GET" {
        return Example {
            text: example.text.replacen("curl ", &format!("curl -X {method} "), 1),
            url: None,
            ..example
        };
    }
    // A stream has no end, and a browser would show nothing of it.
    Example { url: example.url.filter(|_| is_there && path != "/events"), ..example }
}

/// How an address is asked for.
pub fn ask(id: &str, address: &str, place: &ExampleContext<'_>) -> Example {
    let ExampleContext { origin, curl, .. } = place;
    let path = address.split('?').next().unwrap_or_default();
    // What a terminal can't show goes into a file.
    let how = match path {
        "/events" => "-sN",
        _ if path.ends_with(".zip") => "-s -o chosen.zip",
        _ if path.contains("/outputs/") || path.starts_with("/files/") => "-s -o file",
        _ if path.starts_with("/thumbs/") => "-s -o small.webp",
        _ => "-s",
    };
    let url = format!("{origin}{address}");
    Example { id: id.to_owned(), language: "sh", text: format!("curl {how} {curl}\"{url}\""), url: Some(url) }
}

/// The code of a section of the documentation.
pub fn of(guide: Guide, section: &str, place: &ExampleContext<'_>) -> Vec<Example> {
    let start = guide.text().find(&format!("\n## {section}\n"));
    let text = start.map_or("", |start| &guide.text()[start + 1..]);
    let text = text.find("\n## ").map_or(text, |end| &text[..end]);
    let blocks = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let name = section.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let examples = blocks.enumerate().map(|(nth, (language, text))| Example {
        id: format!("{name}-{nth}"),
        language,
        text: here(text, language, place),
        url: None,
    });
    examples.collect()
}

/// An example of the documentation as it runs here.
fn here(text: &str, language: &str, place: &ExampleContext<'_>) -> String {
    let mut text = text.to_owned();
    if let Some((id, prompt_id)) = &place.sample.run {
        let output = place.sample.file.as_ref().map_or("0", |(output, ..)| output);
        for (from, to) in [
            ("/generations/1/outputs/0", format!("/generations/{id}/outputs/{output}")),
            ("/generations/1/", format!("/generations/{id}/")),
            ("ids=1,2", format!("ids={id}")),
            ("/artifacts/1", format!("/artifacts/{id}")),
            (DOCUMENTED_RUN, percent_encode(prompt_id)),
        ] {
            text = text.replace(from, &to);
        }
    }
    if language == "sh" && !text.contains("Authorization") {
        text = text.replace("curl ", &format!("curl {}", place.curl));
    }
    text.replace(DOCUMENTED, place.origin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::reference::operation::Reference;

    const HERE: &str = "https://recall.example/history";

    fn examples(guide: Guide, section: &str, curl: &'static str) -> Vec<Example> {
        let run = Some((GenerationId(77), "their id".to_owned()));
        let file = Some(("2".to_owned(), Digest([7; 32]), "a b.png".to_owned()));
        let sample = Sample { run, file, has_workflow: true };
        of(guide, section, &ExampleContext { origin: HERE, curl, sample: &sample })
    }

    #[test]
    fn examples_of_the_documentation_become_those_of_this_server() {
        let scripts = examples(Guide::Api, "Three scripts", "");
        assert_eq!(scripts.iter().map(|it| it.language).collect::<Vec<_>>(), ["sh", "python", "js"]);
        assert!(scripts.iter().all(|it| it.text.contains(HERE) && !it.text.contains("127.0.0.1")), "{scripts:#?}");
        let files = &examples(Guide::Api, "Fetching files", "-u x ")[0].text;
        assert!(
            files.contains("curl -u x -s \"https://recall.example/history/api/v1/generations/77/outputs\""),
            "{files}"
        );
        assert!(files.contains("/generations/77/outputs/2\"") && files.contains("?ids=77\""), "{files}");
        let jobs = &examples(Guide::Compatible, "Jobs", "")[0].text;
        assert!(jobs.contains("/history/api/jobs/their%20id'"), "{jobs}");
    }

    #[test]
    fn an_example_of_what_is_not_here_is_not_opened() {
        let nothing = Sample::default();
        let place = ExampleContext { origin: HERE, curl: "", sample: &nothing };
        for (path, text, is_open) in [
            ("/api/v1/generations/{id}", "curl -s \"https://recall.example/history/api/v1/generations/1\"", false),
            ("/thumbs/{sha256}", "curl -s -o small.webp \"https://recall.example/history/thumbs/SHA256?w=512\"", false),
            ("/api/v1/days", "curl -s \"https://recall.example/history/api/v1/days?status=completed\"", true),
            ("/events", "curl -sN \"https://recall.example/history/events\"", false),
            (
                "/api/v1/gaps/{gap}/dismiss",
                "curl -X POST -s \"https://recall.example/history/api/v1/gaps/1/dismiss\"",
                false,
            ),
        ] {
            let mut operations = Reference::get().groups.iter().flat_map(|group| &group.operations);
            let example = call(operations.find(|it| it.path == path).unwrap(), &place);
            assert_eq!((example.text.as_str(), example.url.is_some()), (text, is_open), "{path}");
        }
    }
}
