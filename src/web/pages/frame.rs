//! What surrounds every page: what the viewer should know before anything else, and the clock they read.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use crate::model::{ConnectionState, InstanceName, StorageHealth, Timestamp};
use crate::web::error::Error;
use crate::web::format::{self, Moment};
use crate::web::query::{Author, ListQuery};
use crate::web::site::App;
use crate::web::viewer::Viewer;
use crate::web::words::Words;
use crate::web::zone::Zone;

/// The frame of a page.
#[derive(Debug)]
pub struct Frame {
    /// What is not as it should be, worst first.
    pub banners: Vec<Banner>,
    /// The zone of all times on the page.
    pub zone: String,
}

/// Something the viewer should know.
#[derive(Debug, PartialEq, Eq)]
pub enum Banner {
    /// What ComfyUI makes can't be written down.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
    /// A ComfyUI can't be reached.
    Away {
        /// Its name, where there are several.
        name: Option<InstanceName>,
        /// Where it should be.
        address: String,
        /// Since when.
        since: Moment,
        /// Why.
        reason: String,
    },
    /// What ComfyUI remembers from before is being read.
    Backfilling {
        /// Its name, where there are several.
        name: Option<InstanceName>,
        /// Runs read so far.
        runs: u64,
    },
}

impl Frame {
    /// What there is to know right now.
    pub fn new(app: &App, zone: Zone, t: &Words) -> Self {
        let health = app.live.health();
        let has_several = health.len() > 1;
        let mut banners = Vec::new();
        if let StorageHealth::Refused(reason) = app.live.storage() {
            banners.push(Banner::Refused { reason });
        }
        for instance in health {
            let name = has_several.then_some(instance.name);
            if let Some(runs) = instance.backfilled {
                banners.push(Banner::Backfilling { name: name.clone(), runs });
            }
            if let ConnectionState::Away(reason) = instance.connection {
                let since = format::moment(instance.since, zone, t);
                banners.push(Banner::Away { name, address: instance.address, since, reason });
            }
        }
        banners.sort_by_key(|banner| match banner {
            Banner::Refused { .. } => 0,
            Banner::Away { .. } => 1,
            Banner::Backfilling { .. } => 2,
        });
        Self { banners, zone: format::zone(zone, Timestamp::now()) }
    }
}

#[derive(Template)]
#[template(path = "banners.html")]
struct Banners {
    t: &'static Words,
    frame: Frame,
}

/// `GET /banners`: the notices of a page as they are by now, for one that stays open. In the zone of its query.
pub async fn banners(State(app): State<App>, viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Form, viewer.zone)?;
    super::respond(&Banners { t: viewer.words, frame: Frame::new(&app, query.zone, viewer.words) })
}
