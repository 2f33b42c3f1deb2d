//! `/api`: the API for people. What its operations are comes from the document that `/api/v1/openapi.json` serves, and its
//! examples from `docs/`, with the address of this server and the ids of a run that is here: they can be sent as they stand.

use askama::Template;
use axum::extract::{FromRef, RawQuery, Request, State};
use axum::response::Response;
use http::header::HOST;

use super::example::{self, Example, ExampleContext, Guide, Sample};
use super::operation::{Operation, OperationGroup, Parameter, Reference};
use super::schema::Object;
use crate::model::BasePath;
use crate::search::Zone;
use crate::store::History;
use crate::web::auth::check::AccessCheck;
use crate::web::history::list_api as generations;
use crate::web::http::arrival::Arrival;
use crate::web::http::code::Code;
use crate::web::http::problem::Problem;
use crate::web::http::route::ErrorStyle;
use crate::web::site::facts::FactsCache;
use crate::web::site::state::{SiteState, Vitals};
use crate::web::view::excerpt::{self, Line, Wanted};
use crate::web::view::frame::{Banner, Frame};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;
use crate::web::view::words::prose::{Prose, prose};

/// Lines of the first answer that are shown.
const LINES: usize = 40;

/// A first answer longer than this is no example, but somebody's whole history.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Kinds of events, and the keys of what they say.
const EVENTS: [(&str, &str); 6] = [
    ("hello", "event-hello"),
    ("reload", "event-reload"),
    ("generation", "event-generation"),
    ("instance", "event-instance"),
    ("storage", "event-storage"),
    ("beat", "event-beat"),
];

/// Addresses that ComfyUI and its history plugin have, and the keys of what they give.
const COMPATIBLE: [(&str, &str, &str); 9] = [
    ("GET", "/history", "compatible-history"),
    ("GET", "/history/{prompt_id}", "compatible-history-one"),
    ("GET", "/view", "compatible-view"),
    ("GET", "/queue", "compatible-queue"),
    ("GET", "/prompt", "compatible-prompt"),
    ("GET", "/api/jobs", "compatible-jobs"),
    ("GET", "/api/jobs/{id}", "compatible-job"),
    ("POST", "/bt/artifacts/list", "compatible-artifacts"),
    ("GET", "/bt/artifacts/{id}", "compatible-artifact"),
];

/// Who may ask here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccessNote {
    Open,
    Password,
    Token,
    Either,
}

impl AccessNote {
    fn of(auth: Option<&AccessCheck>) -> Self {
        match auth.map(|auth| (auth.has_password(), auth.has_tokens())) {
            Some((true, true)) => Self::Either,
            Some((true, false)) => Self::Password,
            Some((false, _)) => Self::Token,
            None => Self::Open,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Open => "api-door-open",
            Self::Password => "api-door-password",
            Self::Token => "api-door-token",
            Self::Either => "api-door-either",
        }
    }

    /// What `curl` needs to come in.
    fn curl(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Password => "-u \":$PASSWORD\" ",
            Self::Token | Self::Either => "-H \"Authorization: Bearer $TOKEN\" ",
        }
    }
}

/// What the first answer of the API is made from.
#[derive(Debug, Clone)]
pub struct Listed {
    history: History,
    facts: FactsCache,
    zone: Zone,
    base: BasePath,
}

impl FromRef<SiteState> for Listed {
    fn from_ref(site: &SiteState) -> Self {
        Self {
            history: History::from_ref(site),
            facts: FactsCache::from_ref(site),
            zone: Zone::from_ref(site),
            base: BasePath::from_ref(site),
        }
    }
}

#[derive(Template)]
#[template(path = "api.html")]
struct ApiPage {
    viewer: Viewer,
    t: &'static Catalogue,
    frame: Frame,
    origin: String,
    door: AccessNote,
    groups: &'static [OperationGroup],
    shared: &'static [Parameter],
    objects: &'static [Object],
    sample: Sample,
    /// The newest run, as the API tells it.
    newest: Vec<Line>,
    is_cut: bool,
}

impl ApiPage {
    /// A text of the catalogue, where what stands between backticks is code.
    fn prose(&self, key: &str) -> Prose {
        prose(&self.t.say(key))
    }

    /// The examples of a section of the documentation.
    fn examples(&self, guide: Guide, section: &str) -> Vec<Example> {
        example::of(guide, section, &self.place())
    }

    /// How an operation is called from a shell.
    fn call(&self, operation: &Operation) -> Example {
        example::call(operation, &self.place())
    }

    /// What the newest run is asked for by.
    fn first(&self) -> Example {
        example::ask("newest", "/api/v1/generations?limit=1", &self.place())
    }

    /// What a script of the documentation does: the key of its heading.
    fn script(&self, example: &Example) -> &'static str {
        match example.language {
            "python" => "script-python",
            "js" => "script-js",
            _ => "script-sh",
        }
    }

    fn place(&self) -> ExampleContext<'_> {
        ExampleContext { origin: &self.origin, curl: self.door.curl(), sample: &self.sample }
    }

    /// The error that everybody meets first.
    fn error(&self) -> String {
        ErrorStyle::Json.json(Code::NoGeneration, Code::NoGeneration.message()).to_string()
    }
}

/// `GET /api`: the API for people.
pub async fn page(
    State(vitals): State<Vitals>,
    State(listed): State<Listed>,
    State(auth): State<Option<AccessCheck>>,
    viewer: Viewer,
    arrival: Arrival,
    request: Request,
) -> Result<Response, Problem> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if arrival.is_https { "https" } else { "http" };
    let reference = Reference::get();
    let (newest, is_cut) = newest(&listed).await?;
    crate::web::view::respond::respond(&ApiPage {
        frame: Frame::new(&vitals, viewer.zone, viewer.words).await?,
        origin: format!("{scheme}://{host}{}", listed.base),
        door: AccessNote::of(auth.as_ref()),
        groups: &reference.groups,
        shared: &reference.shared,
        objects: &reference.objects,
        sample: Sample::find(&vitals.history).await?,
        newest,
        is_cut,
        t: viewer.words,
        viewer,
    })
}

/// The lines of `/api/v1/generations?limit=1`, and whether there are more.
async fn newest(listed: &Listed) -> Result<(Vec<Line>, bool), Problem> {
    let answer = generations::list(
        State(listed.history.clone()),
        State(listed.facts.clone()),
        State(listed.zone),
        State(listed.base.clone()),
        RawQuery(Some("limit=1".to_owned())),
    )
    .await?;
    // Made by us a moment ago: there is nothing that could fail but its length.
    let body = axum::body::to_bytes(answer.into_body(), ANSWER_BYTES).await.unwrap_or_default();
    let excerpt = excerpt::cut(&String::from_utf8_lossy(&body), &Wanted::default());
    let is_cut = excerpt.total > LINES;
    Ok((excerpt.lines.into_iter().take(LINES).collect(), is_cut))
}
