//! `GET /banners`: the notices at the top of a page, for one that stays open.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::site::state::Vitals;
use crate::web::view::frame::{Banner, Frame};
use crate::web::view::respond::respond;
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

#[derive(Template)]
#[template(path = "banners.html")]
struct Banners {
    viewer: Viewer,
    t: &'static Catalogue,
    frame: Frame,
}

/// `GET /banners`: the notices of a page as they are by now, for one that stays open. In the zone of its query.
pub async fn banners(
    State(vitals): State<Vitals>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::of_page(query, viewer.zone, &viewer.base)?;
    let frame = Frame::of_list(&vitals, query.zone, !query.search.is_empty(), viewer.words).await?;
    respond(&Banners { t: viewer.words, viewer, frame })
}
