//! `/status`: how the daemon and what it listens to are doing.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Banner, Frame};
use crate::model::{ConnectionState, Health};
use crate::web::error::Error;
use crate::web::format::{self, Moment};
use crate::web::site::App;
use crate::web::viewer::Viewer;
use crate::web::words::Words;

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    viewer: Viewer,
    t: &'static Words,
    frame: Frame,
    instances: Vec<Instance>,
    is_writable: bool,
    version: &'static str,
}

struct Instance {
    health: Health,
    since: Moment,
}

/// Answers with the state of things.
pub async fn page(State(app): State<App>, viewer: Viewer) -> Result<Response, Error> {
    let frame = Frame::new(&app, viewer.zone, viewer.words);
    let instance = |health: Health| Instance { since: format::moment(health.since, viewer.zone, viewer.words), health };
    super::respond(&StatusPage {
        is_writable: !frame.banners.iter().any(|banner| matches!(banner, Banner::Refused { .. })),
        frame,
        instances: app.live.health().into_iter().map(instance).collect(),
        t: viewer.words,
        viewer: viewer.clone(),
        version: env!("CARGO_PKG_VERSION"),
    })
}
