//! What surrounds every page: what the viewer should know before anything else, and the clock they read.

use super::format::{self, Moment};
use super::words::Catalogue;
use crate::model::{
    ConnectionState, Gap, GapKind, Health, IndexProgress, InstanceName, StorageHealth, Timestamp, Trouble, shown_bytes,
};
use crate::search::Zone;
use crate::web::http::problem::Problem;
use crate::web::site::state::Vitals;

/// How long after a gap it is news that something may have been missed in it, in milliseconds: six hours. Later it stands
/// on the status page.
const NEWS: i64 = 6 * 60 * 60 * 1000;

/// A gap shorter than this is a plain restart, in milliseconds: nobody needs to be told at the top of every page.
const RESTART: i64 = 60 * 1000;

/// So many runs that wait to be indexed are a few moments' work, and no news.
const FEW_WAITING: u64 = 500;

/// How many of the newest gaps are looked at for news.
const GAPS_LOOKED_AT: u32 = 20;

/// The frame of a page.
#[derive(Debug)]
pub struct Frame {
    /// What is not as it should be, worst first.
    pub banners: Vec<Banner>,
    /// The zone of all times on the page.
    pub zone: String,
}

/// Something the viewer should know. Names of instances are given where there are several.
#[derive(Debug, PartialEq, Eq)]
pub enum Banner {
    /// What ComfyUI makes can't be kept.
    Refused {
        why: Trouble,
        /// Whether runs are written down all the same, and only their files wait.
        only_files: bool,
    },
    /// The records of kept files are gone.
    Orphaned,
    /// A ComfyUI can't be reached.
    Away {
        name: Option<InstanceName>,
        /// Where it should be.
        address: String,
        since: Moment,
        /// How long that is.
        span: String,
        why: Trouble,
    },
    /// What ComfyUI makes soon no longer fits.
    LowDisk { free: String, total: String },
    /// Runs may have come and gone unseen.
    Missed {
        id: i64,
        name: Option<InstanceName>,
        /// Whether we didn't run; else ComfyUI was away.
        is_ours: bool,
        from: Moment,
        until: Moment,
    },
    /// What ComfyUI remembers from before is being read.
    Backfilling {
        name: Option<InstanceName>,
        /// Runs read so far.
        runs: u64,
    },
    /// A search doesn't know all runs yet.
    Indexing { waiting: String, runs: String },
}

impl Frame {
    /// What there is to know right now.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn new(vitals: &Vitals, zone: Zone, t: &Catalogue) -> Result<Self, Problem> {
        let (health, now) = (vitals.live.health(), Timestamp::now());
        let named = |name: &InstanceName| (health.len() > 1).then(|| name.clone());
        let mut banners = Vec::new();
        let StorageHealth { records, files } = vitals.live.storage();
        banners.extend(records.map(|why| Banner::Refused { why, only_files: false }));
        if let Some(why) = files.filter(|_| banners.is_empty()) {
            banners.push(Banner::Refused { why, only_files: true });
        }
        banners.extend(vitals.live.is_orphaned().then_some(Banner::Orphaned));
        banners.extend(health.iter().filter_map(|instance| away(instance, named(&instance.name), now, zone, t)));
        // A disk that can't be asked is no news; one that is full is told of already.
        if let Ok(space) = vitals.blobs.space().await
            && space.is_little()
            && banners.first().is_none_or(|banner| !matches!(banner, Banner::Refused { .. }))
        {
            banners.push(Banner::LowDisk { free: shown_bytes(space.free), total: shown_bytes(space.total) });
        }
        for gap in news(vitals.history.gaps(GAPS_LOOKED_AT).await?, now) {
            let moment = |at| format::moment(at, zone, t);
            banners.push(Banner::Missed {
                id: gap.id,
                name: named(&gap.instance),
                is_ours: gap.kind == GapKind::RecallStopped,
                from: moment(gap.started_at),
                until: moment(gap.ended_at.unwrap_or(now)),
            });
        }
        banners.extend(
            health.iter().filter_map(|it| Some(Banner::Backfilling { name: named(&it.name), runs: it.backfilled? })),
        );
        Ok(Self { banners, zone: format::zone(zone, now) })
    }

    /// What there is to know above this list.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn of_list(vitals: &Vitals, zone: Zone, is_search: bool, t: &Catalogue) -> Result<Self, Problem> {
        let mut frame = Self::new(vitals, zone, t).await?;
        if is_search {
            frame.banners.extend(indexing(vitals.history.index_progress().await?, t));
        }
        Ok(frame)
    }
}

/// Whether searches miss more than a few runs.
pub fn indexing(progress: IndexProgress, t: &Catalogue) -> Option<Banner> {
    let IndexProgress { waiting, runs } = progress;
    (waiting > FEW_WAITING).then(|| Banner::Indexing { waiting: t.number(waiting), runs: t.number(runs) })
}

fn away(instance: &Health, name: Option<InstanceName>, now: Timestamp, zone: Zone, t: &Catalogue) -> Option<Banner> {
    let ConnectionState::Away(why) = &instance.connection else { return None };
    Some(Banner::Away {
        name,
        address: instance.address.clone(),
        since: format::moment(instance.since, zone, t),
        span: format::span(now.as_millis() - instance.since.as_millis(), t),
        why: why.clone(),
    })
}

/// The gap of each instance that is worth telling on every page: the last that may have cost something, and of which nobody
/// said that they know it.
fn news(gaps: Vec<Gap>, now: Timestamp) -> Vec<Gap> {
    let mut news: Vec<Gap> = Vec::new();
    // Runs that were too quick to be seen stand on the status page: every page would say so all day beside some clients.
    let is_told = |gap: &Gap| gap.may_have_missed && gap.kind != GapKind::RunsUnseen && gap.dismissed_at.is_none();
    for gap in gaps.into_iter().filter(is_told) {
        let Some(end) = gap.ended_at else { continue };
        let is_restart = end.as_millis() - gap.started_at.as_millis() < RESTART;
        let is_old = now.as_millis() - end.as_millis() > NEWS;
        if !is_restart && !is_old && news.iter().all(|told| told.instance != gap.instance) {
            news.push(gap);
        }
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn only_the_last_long_gap_of_each_instance_is_news_for_six_hours() {
        let now = Timestamp::from_millis(100 * 60 * MINUTE);
        let gap = |instance: &str, ago: i64, minutes: i64, may_have_missed| {
            let end = now.as_millis() - ago * MINUTE;
            Gap {
                id: 1,
                instance: instance.parse().unwrap(),
                kind: GapKind::ComfyuiAway,
                started_at: Timestamp::from_millis(end - minutes * MINUTE),
                ended_at: Some(Timestamp::from_millis(end)),
                reason: None,
                may_have_missed,
                runs: None,
                dismissed_at: None,
            }
        };
        let lasting = Gap { ended_at: None, ..gap("a", 0, 5, true) };
        let [restart, last, earlier] = [gap("a", 1, 0, true), gap("a", 2, 5, true), gap("a", 60, 5, true)];
        let [whole, old, other] = [gap("b", 1, 5, false), gap("b", 361, 5, true), gap("c", 359, 5, true)];
        let known = Gap { dismissed_at: Some(now), ..gap("d", 1, 5, true) };
        let gaps = vec![known, lasting, restart, last.clone(), earlier, whole, old, other.clone()];
        assert_eq!(news(gaps, now), [last, other]);
    }
}
