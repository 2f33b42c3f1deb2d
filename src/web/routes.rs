//! Every address there is. A row says who may call it, what that does, how its errors look, and who else may read the answer; the
//! layers that a request passes read that from its extensions, and know no path themselves.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get, post};
use http::Method;
use tower_http::compression::CompressionLayer;

use super::auth::gate;
use super::edge::{self, Edge};
use super::files::{file, thumbnail};
use super::history::{cards, days_api, facets, facets_api, list, list_api, suggest};
use super::http::code::Code;
use super::http::problem::Problem;
use super::http::route::{Access, Effect, ErrorStyle, Rules, Sharing};
use super::http::{etag, host, origin};
use super::live::events;
use super::reference::openapi;
use super::run::{archive, document};
use super::session::{preferences, sign_in};
use super::site::state::SiteState;
use super::status::{banners, dismiss, health, metrics};
use super::view::assets;
use super::{compat, reference, run, status};

/// One row: a method of an address.
pub struct Row {
    /// By which it is called.
    pub verb: Verb,
    /// Where, with parameters in braces.
    pub path: &'static str,
    /// What holds for it.
    pub rules: Rules,
    body: Body,
    handler: MethodRouter<SiteState>,
}

/// Methods of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`.
    Post,
    /// Every method.
    Any,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// As it is: compressed already, or asked for in parts.
    Plain,
    /// Compressed: texts shrink to a fifth.
    Packed,
    /// Compressed, and not at all where the client has it already.
    Tagged,
}

macro_rules! table {
    ($($verb:ident $path:literal $access:ident $effect:ident $errors:ident $sharing:ident $body:ident $handler:expr;)*) => {
        fn table() -> Vec<Row> {
            vec![$(Row {
                verb: Verb::$verb,
                path: $path,
                rules: Rules {
                    path: $path,
                    access: Access::$access,
                    effect: Effect::$effect,
                    errors: ErrorStyle::$errors,
                    sharing: Sharing::$sharing,
                },
                body: Body::$body,
                handler: table!(@$verb $handler),
            },)*]
        }
    };
    (@Get $handler:expr) => { get($handler) };
    (@Post $handler:expr) => { post($handler) };
    (@Any $handler:expr) => { any($handler) };
}

table! {
    // Method, path                          who    does     errors sharing body   handler
    // Pages, and parts of pages.
    Get  "/"                                 Read   Reads    Page   Own     Tagged list::page;
    Get  "/cards"                            Read   Reads    Page   Own     Tagged cards::fragment;
    Get  "/facets"                           Read   Reads    Page   Own     Tagged facets::fragment;
    Get  "/banners"                          Read   Reads    Page   Own     Tagged banners::banners;
    Get  "/g/{id}"                           Read   Reads    Page   Own     Tagged run::page::page;
    Get  "/g/{id}/documents/{kind}"          Read   Reads    Page   Own     Tagged document::page;
    Get  "/g/{id}/files.zip"                 Read   Reads    Page   Own     Plain  archive::one;
    // Dropped on ComfyUI's canvas, these two and `/files`.
    Get  "/g/{id}/prompt.json"               Read   Reads    Page   Shared  Packed document::prompt;
    Get  "/g/{id}/workflow.json"             Read   Reads    Page   Shared  Packed document::workflow;
    Get  "/status"                           Read   Reads    Page   Own     Tagged status::page::page;
    Get  "/api"                              Read   Reads    Page   Own     Tagged reference::page::page;
    Post "/gaps/{id}/dismiss"                Full   Changes  Page   Own     Tagged dismiss::from_page;
    Post "/preferences"                      Full   Changes  Page   Own     Tagged preferences::choose;
    Get  "/sign-in"                          Anyone Reads    Page   Own     Plain  sign_in::page;
    Post "/sign-in"                          Anyone Changes  Page   Own     Plain  sign_in::enter;
    Post "/sign-out"                         Full   Changes  Page   Own     Plain  sign_in::leave;
    Get  "/assets/{name}"                    Read   Reads    Page   Own     Tagged assets::asset;
    Get  "/favicon.ico"                      Anyone Reads    Page   Own     Tagged assets::favicon;
    // Files.
    Get  "/files/{sha256}/{name}"            Read   Reads    File   Shared  Plain  file::file;
    Get  "/thumbs/{sha256}"                  Read   Reads    File   Shared  Plain  thumbnail::thumbnail;
    // The API.
    Get  "/api/v1/generations"               Read   Reads    Json   Shared  Tagged list_api::list;
    Get  "/api/v1/generations/{id}"          Read   Reads    Json   Shared  Tagged run::api::detail;
    Get  "/api/v1/generations/{id}/outputs"  Read   Reads    Json   Shared  Tagged run::api::outputs;
    Get  "/api/v1/generations/{id}/outputs/{output}" Read Reads Json Shared Plain  run::api::output;
    Get  "/api/v1/generations/{id}/prompt"   Read   Reads    Json   Shared  Tagged run::api::prompt;
    Get  "/api/v1/generations/{id}/workflow" Read   Reads    Json   Shared  Tagged run::api::workflow;
    Get  "/api/v1/generations.zip"           Read   Reads    Json   Shared  Plain  archive::many;
    Get  "/api/v1/facets"                    Read   Reads    Json   Shared  Tagged facets_api::facets;
    Get  "/api/v1/suggest"                   Read   Reads    Json   Shared  Tagged suggest::suggest;
    Get  "/api/v1/days"                      Read   Reads    Json   Shared  Tagged days_api::days;
    Get  "/api/v1/instances"                 Read   Reads    Json   Shared  Tagged status::api::instances;
    Get  "/api/v1/status"                    Read   Reads    Json   Shared  Tagged status::api::status;
    Post "/api/v1/gaps/{gap}/dismiss"        Full   Changes  Json   Shared  Tagged dismiss::from_script;
    Get  "/api/v1/openapi.json"              Read   Reads    Json   Shared  Tagged openapi::answer;
    Get  "/events"                           Read   Reads    File   Shared  Plain  events::stream;
    // For supervisors.
    Get  "/healthz"                          Probe  Reads    Json   Own     Plain  health::alive;
    Get  "/readyz"                           Read   Reads    Json   Own     Plain  health::ready;
    Get  "/metrics"                          Read   Reads    File   Own     Plain  metrics::metrics;
    // ComfyUI's own addresses, bare and below `/api`, as ComfyUI has them.
    Get  "/history"                          Read   Reads    Prompt Shared  Packed compat::history::list;
    Get  "/api/history"                      Read   Reads    Prompt Shared  Packed compat::history::list;
    Post "/history"                          Full   Changes  Prompt Shared  Packed compat::read_only;
    Post "/api/history"                      Full   Changes  Prompt Shared  Packed compat::read_only;
    Get  "/history/{prompt_id}"              Read   Reads    Prompt Shared  Packed compat::history::one;
    Get  "/api/history/{prompt_id}"          Read   Reads    Prompt Shared  Packed compat::history::one;
    Get  "/queue"                            Read   Reads    Prompt Shared  Packed compat::queue::queue;
    Get  "/api/queue"                        Read   Reads    Prompt Shared  Packed compat::queue::queue;
    Post "/queue"                            Full   Changes  Prompt Shared  Packed compat::read_only;
    Post "/api/queue"                        Full   Changes  Prompt Shared  Packed compat::read_only;
    Get  "/prompt"                           Read   Reads    Prompt Shared  Packed compat::queue::remaining;
    Get  "/api/prompt"                       Read   Reads    Prompt Shared  Packed compat::queue::remaining;
    Post "/prompt"                           Full   Changes  Prompt Shared  Packed compat::read_only;
    Post "/api/prompt"                       Full   Changes  Prompt Shared  Packed compat::read_only;
    Get  "/view"                             Read   Reads    Prompt Shared  Plain  compat::view::view;
    Get  "/api/view"                         Read   Reads    Prompt Shared  Plain  compat::view::view;
    Get  "/api/jobs"                         Read   Reads    Jobs   Shared  Packed compat::jobs::list;
    Get  "/api/jobs/{id}"                    Read   Reads    Jobs   Shared  Packed compat::jobs::one;
    // What would change something there.
    Any  "/interrupt"                        Full   Changes  Prompt Own     Plain  compat::read_only;
    Any  "/api/interrupt"                    Full   Changes  Prompt Shared  Plain  compat::read_only;
    Any  "/free"                             Full   Changes  Prompt Own     Plain  compat::read_only;
    Any  "/api/free"                         Full   Changes  Prompt Shared  Plain  compat::read_only;
    Any  "/upload/image"                     Full   Changes  Prompt Own     Plain  compat::read_only;
    Any  "/api/upload/image"                 Full   Changes  Prompt Shared  Plain  compat::read_only;
    Any  "/upload/mask"                      Full   Changes  Prompt Own     Plain  compat::read_only;
    Any  "/api/upload/mask"                  Full   Changes  Prompt Shared  Plain  compat::read_only;
    Any  "/api/jobs/cancel"                  Full   Changes  Jobs   Shared  Plain  compat::read_only;
    Any  "/api/jobs/{id}/cancel"             Full   Changes  Jobs   Shared  Plain  compat::read_only;
    Any  "/api/jobs/{id}/interrupt"          Full   Changes  Jobs   Shared  Plain  compat::read_only;
    // The history plugin's. A list is asked for by a body.
    Post "/bt/artifacts/list"                Read   Reads    Envelope Shared Packed compat::artifacts::list;
    Post "/api/bt/artifacts/list"            Read   Reads    Envelope Shared Packed compat::artifacts::list;
    Get  "/bt/artifacts/{id}"                Read   Reads    Envelope Shared Packed compat::artifacts::one;
    Get  "/api/bt/artifacts/{id}"            Read   Reads    Envelope Shared Packed compat::artifacts::one;
}

/// The table, and what the sign-in page needs to look like itself, for everybody.
pub fn rows() -> Vec<Row> {
    let mut rows = table();
    rows.extend(assets::OF_SIGN_IN.map(|name| Row {
        verb: Verb::Get,
        path: assets::url(name),
        rules: Rules {
            path: "/assets/{name}",
            access: Access::Anyone,
            effect: Effect::Reads,
            errors: ErrorStyle::Page,
            sharing: Sharing::Own,
        },
        body: Body::Tagged,
        handler: get(assets::of_sign_in),
    }));
    rows
}

/// Answers at every address.
pub fn router(site: SiteState) -> Router {
    let rows = rows();
    let unknown = Unknown::beside(&rows);
    let mut paths: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for row in rows {
        paths.entry(row.path).or_default().push(row);
    }
    let edge = Arc::new(Edge {
        viewers: FromRef::from_ref(&site),
        framing: FromRef::from_ref(&site),
        readers: FromRef::from_ref(&site),
        metrics: FromRef::from_ref(&site),
        base: FromRef::from_ref(&site),
        auth: FromRef::from_ref(&site),
    });
    let nothing = guarded(any(async || Problem::from(Code::NotFound)), &site, &edge, move |request| {
        unknown.rules(request.uri().path())
    });
    let mut router = Router::new().fallback(nothing);
    for (path, rows) in paths {
        let rules: Vec<(Verb, Rules)> = rows.iter().map(|row| (row.verb, row.rules)).collect();
        let handlers = handlers(rows);
        router = router.route(path, guarded(handlers, &site, &edge, move |request| rules_of(&rules, request.method())));
    }
    router.with_state(site)
}

/// The handlers of one path.
fn handlers(rows: Vec<Row>) -> MethodRouter<SiteState> {
    let takes_all = rows.iter().any(|row| row.verb == Verb::Any);
    let handlers =
        rows.into_iter().map(|row| row.body.send(row.handler)).fold(MethodRouter::new(), MethodRouter::merge);
    if takes_all { handlers } else { handlers.fallback(async || Problem::from(Code::Method)) }
}

impl Body {
    fn send(self, handler: MethodRouter<SiteState>) -> MethodRouter<SiteState> {
        match self {
            Self::Plain => handler,
            Self::Packed => handler.layer::<_, Infallible>(CompressionLayer::new()),
            Self::Tagged => {
                handler.layer::<_, Infallible>(from_fn(etag::mark)).layer::<_, Infallible>(CompressionLayer::new())
            }
        }
    }
}

/// What every request passes on its way, from the last to the first: a layer lies around those before it.
fn guarded(
    handlers: MethodRouter<SiteState>,
    site: &SiteState,
    edge: &Arc<Edge>,
    rules: impl Fn(&Request) -> Rules + Clone + Send + Sync + 'static,
) -> MethodRouter<SiteState> {
    handlers
        .layer::<_, Infallible>(from_fn_with_state(site.clone(), origin::check))
        .layer::<_, Infallible>(from_fn_with_state(site.clone(), gate::check))
        .layer::<_, Infallible>(from_fn_with_state(site.clone(), host::check))
        .layer::<_, Infallible>(from_fn_with_state(Arc::clone(edge), edge::finish))
        .layer::<_, Infallible>(from_fn(move |mut request: Request, next: Next| {
            let rules = rules(&request);
            request.extensions_mut().insert(rules);
            next.run(request)
        }))
}

/// The rules of the row that takes this method. Where none does, those of the first, for a method that may change something.
fn rules_of(rows: &[(Verb, Rules)], method: &Method) -> Rules {
    let takes = |verb: Verb| match verb {
        Verb::Get => [Method::GET, Method::HEAD].contains(method),
        Verb::Post => *method == Method::POST,
        Verb::Any => true,
    };
    if let Some((_, rules)) = rows.iter().find(|(verb, _)| takes(*verb)) {
        return *rules;
    }
    let (verb, rules) = rows[0];
    let access = if rules.access == Access::Read { Access::Full } else { rules.access };
    if verb == Verb::Get { Rules { access, effect: Effect::Changes, ..rules } } else { rules }
}

/// What holds at addresses that no row names: what holds beside them.
#[derive(Debug, Clone)]
struct Unknown {
    /// First parts of paths whose errors have a shape of ComfyUI's.
    compatible: BTreeMap<&'static str, ErrorStyle>,
    /// Beginnings of the paths of files.
    files: Vec<&'static str>,
    /// Beginnings and endings of shared paths.
    shared: Vec<(String, &'static str)>,
}

impl Unknown {
    fn beside(rows: &[Row]) -> Self {
        let (mut compatible, mut files, mut shared) = (BTreeMap::new(), Vec::new(), Vec::new());
        for Row { path, rules, .. } in rows {
            let head = path.split('{').next().unwrap_or_default();
            match rules.errors {
                ErrorStyle::Page | ErrorStyle::Json => {}
                ErrorStyle::File => files.push(head),
                style => drop(compatible.entry(first_part(without_api(path))).or_insert(style)),
            }
            let folder = format!("/{}/", first_part(path));
            if rules.sharing == Sharing::Shared && path.starts_with(&folder) {
                let ending = path.rsplit_once('}').and_then(|(_, tail)| tail.rfind('.').map(|dot| &tail[dot..]));
                shared.push((folder, ending.unwrap_or_default()));
            }
        }
        Self { compatible, files, shared }
    }

    fn rules(&self, path: &str) -> Rules {
        let errors = if let Some(style) = self.compatible.get(first_part(without_api(path))) {
            *style
        } else if path.starts_with("/api/") {
            ErrorStyle::Json
        } else if self.files.iter().any(|head| path.starts_with(head)) {
            ErrorStyle::File
        } else {
            ErrorStyle::Page
        };
        let is_shared = self.shared.iter().any(|(folder, ending)| path.starts_with(folder) && path.ends_with(ending));
        let sharing = if is_shared { Sharing::Shared } else { Sharing::Own };
        // A metric for each would be a metric for every guess.
        Rules { path: "none", access: Access::Full, effect: Effect::Changes, errors, sharing }
    }
}

fn without_api(path: &str) -> &str {
    path.strip_prefix("/api").unwrap_or(path)
}

/// `history` of `/history/7`; nothing where the path doesn't begin with a slash.
fn first_part(path: &str) -> &str {
    path.strip_prefix('/').and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_address_has_the_errors_of_those_beside_it() {
        use ErrorStyle::{Envelope, File, Jobs, Json, Page, Prompt};
        use Sharing::{Own, Shared};
        let unknown = Unknown::beside(&rows());
        for (path, errors, sharing) in [
            ("/nowhere", Page, Own),
            ("/apis", Page, Own),
            ("/api/", Json, Shared),
            ("/api/v1/x", Json, Shared),
            ("/api/bt/x", Envelope, Shared),
            ("/bt/x", Envelope, Shared),
            ("/bt", Envelope, Own),
            ("/jobs/1", Jobs, Own),
            ("/api/jobs/1/x", Jobs, Shared),
            ("/history/", Prompt, Shared),
            ("/historyx", Page, Own),
            ("/api/upload/x", Prompt, Shared),
            ("/upload/x", Prompt, Own),
            ("/view/x", Prompt, Own),
            ("/viewer", Page, Own),
            ("/queue/x", Prompt, Own),
            ("/files/x", File, Shared),
            ("/thumbs/x/y", File, Shared),
            ("/metrics/x", File, Own),
            ("/eventsx", File, Own),
            ("/g/7/x.json", Page, Shared),
            ("/g/7/x", Page, Own),
            ("/healthz/x", Page, Own),
            ("//evil.example", Page, Own),
        ] {
            let rules = unknown.rules(path);
            assert_eq!((rules.errors, rules.sharing), (errors, sharing), "{path}");
        }
    }

    #[test]
    fn what_a_route_does_not_say_it_reads_it_changes() {
        let of_path = |path: &str, method: &Method| {
            let of_path: Vec<_> =
                rows().iter().filter(|row| row.path == path).map(|row| (row.verb, row.rules)).collect();
            rules_of(&of_path, method).changes(method)
        };
        let unknown = Unknown::beside(&rows()).rules("/anything");
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(!unknown.changes(&method) && !of_path("/api/v1/generations", &method), "{method}");
        }
        assert!(!of_path("/bt/artifacts/list", &Method::POST));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::from_bytes(b"BREW").unwrap()] {
            assert!(unknown.changes(&method) && of_path("/api/v1/generations", &method), "{method}");
        }
    }

    #[test]
    fn what_only_reads_is_asked_for_by_who_may_read() {
        for row in rows() {
            let Rules { path, access, effect, .. } = row.rules;
            assert!(effect == Effect::Reads || row.verb != Verb::Get, "GET {path} changes nothing");
            assert!(access != Access::Full || effect == Effect::Changes, "{path}");
            assert!(
                access != Access::Read || effect == Effect::Reads,
                "{path} changes something for who may only read"
            );
        }
    }
}
