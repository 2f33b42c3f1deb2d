//! What the store tells beside the runs: the queue, gaps, sizes.

use super::*;
use crate::model::{Cause, Gap, GapKind, Trouble};

#[tokio::test]
async fn the_queue_is_told_in_the_order_in_which_comfyui_takes_it() {
    let f = Fixture::new().await;
    let numbered = |id: &str, number, status| Save { number: Some(number), ..run(id, status, 0) };
    let ids = f
        .save(vec![
            numbered("third", 7.0, Status::Pending),
            numbered("runs", 9.0, Status::InProgress),
            numbered("at the front", -3.5, Status::Pending),
            numbered("second", 6.0, Status::Pending),
            numbered("done", 1.0, Status::Completed),
        ])
        .await;
    assert_eq!(f.store.queue(&InstanceName::default()).await.unwrap(), [ids[1], ids[2], ids[3], ids[0]]);
    f.save_one(Save { id: Some(ids[1]), ..run("runs", Status::Completed, 0) }).await;
    f.save_one(Save { id: Some(ids[2]), ..run("at the front", Status::InProgress, 0) }).await;
    assert_eq!(f.store.queue(&InstanceName::default()).await.unwrap(), [ids[2], ids[3], ids[0]]);
    assert_eq!(f.store.queue(&"other".parse().unwrap()).await.unwrap(), []);

    f.save((0..1_200).map(|n| numbered("many", 100.0 + f64::from(n), Status::Pending)).collect()).await;
    assert_eq!(f.store.queue(&InstanceName::default()).await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn runs_that_came_and_went_unseen_are_told_together_and_apart_from_the_gaps_that_last() {
    let f = Fixture::new().await;
    let store = &f.store;
    store.open_gap(f.instance, GapKind::ComfyuiAway, at(0), None).await.unwrap();
    let gap = store.note_unseen(f.instance, None, (at(10), at(20)), 2).await.unwrap();
    assert_eq!(store.note_unseen(f.instance, Some(gap), (at(25), at(30)), 3).await.unwrap(), gap);
    let next = store.note_unseen(f.instance, Some(gap + 100), (at(40), at(35)), 1).await.unwrap();
    assert_ne!(next, gap, "a gap that isn't there is a new one");
    let told: Vec<_> =
        store.gaps(9).await.unwrap().into_iter().map(|gap| (gap.started_at, gap.ended_at, gap.runs)).collect();
    let expected = [(at(40), Some(at(40)), Some(1)), (at(10), Some(at(30)), Some(5)), (at(0), None, None)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn where_comfyui_may_have_been_restarted_is_kept_until_it_is_known() {
    let f = Fixture::new().await;
    let other = f.store.instance(&"other".parse().unwrap()).await.unwrap();
    let id = GenerationId;
    f.store.note_breaks(f.instance, vec![id(8), id(3)]).await.unwrap();
    f.store.note_breaks(f.instance, vec![id(8), id(9)]).await.unwrap();
    f.store.note_breaks(other, vec![id(8)]).await.unwrap();
    let f = f.reopen().await;
    assert_eq!(f.store.breaks(f.instance).await.unwrap(), [id(3), id(8), id(9)]);
    f.store.forget_breaks(f.instance).await.unwrap();
    assert_eq!(f.store.breaks(f.instance).await.unwrap(), []);
    assert_eq!(f.store.breaks(other).await.unwrap(), [id(8)]);
}

#[tokio::test]
async fn a_gap_opens_once_and_closes_with_what_it_may_have_cost() {
    let f = Fixture::new().await;
    let store = &f.store;
    let away = GapKind::ComfyuiAway;
    store.open_gap(f.instance, away, at(0), Some("connection refused".into())).await.unwrap();
    store.open_gap(f.instance, away, at(50), Some(Trouble::new(Cause::NobodyAnswers, "no route"))).await.unwrap();
    store.open_gap(f.instance, away, at(60), None).await.unwrap();
    store.open_gap(f.instance, GapKind::RecallStopped, at(70), None).await.unwrap();
    let gap = |id, kind, start, end: Option<i64>, reason: Option<&str>, may_have_missed| Gap {
        id,
        instance: InstanceName::default(),
        kind,
        started_at: at(start),
        ended_at: end.map(at),
        reason: reason.map(Trouble::from),
        may_have_missed,
        runs: None,
        dismissed_at: None,
    };
    let stopped = gap(2, GapKind::RecallStopped, 70, None, None, false);
    assert_eq!(store.gaps(9).await.unwrap(), [stopped, gap(1, away, 0, None, Some("nobody_answers: no route"), false)]);

    store.close_gap(f.instance, away, at(99), true).await.unwrap();
    store.close_gap(f.instance, away, at(500), false).await.unwrap();
    store.drop_gap(f.instance, GapKind::RecallStopped).await.unwrap();
    store.open_gap(f.instance, away, at(200), None).await.unwrap();
    store.close_gap(f.instance, away, at(150), false).await.unwrap();
    let first = gap(1, away, 0, Some(99), Some("nobody_answers: no route"), true);
    let set_back = gap(2, away, 200, Some(200), None, false);
    let f = f.reopen().await;
    assert_eq!(f.store.gaps(9).await.unwrap(), [set_back.clone(), first.clone()]);
    // Who knows of one knows of it for good, since the first time that it was said.
    assert_eq!(f.store.dismiss_gap(1, at(600)).await.unwrap(), Some(at(600)));
    assert_eq!(f.store.dismiss_gap(1, at(700)).await.unwrap(), Some(at(600)));
    assert_eq!(f.store.dismiss_gap(9, at(700)).await.unwrap(), None);
    let f = f.reopen().await;
    let known = Gap { dismissed_at: Some(at(600)), ..first };
    assert_eq!(f.store.gaps(9).await.unwrap(), [set_back.clone(), known]);
    f.store.open_gap(f.instance, away, at(900), None).await.unwrap();
    assert_eq!(f.store.dismiss_gap(3, at(950)).await.unwrap(), None, "it lasts");
    f.store.drop_gap(f.instance, away).await.unwrap();
    assert_eq!(f.store.gaps(1).await.unwrap(), [set_back]);
}

#[tokio::test]
async fn when_we_were_last_at_work_is_known_after_a_restart() {
    let f = Fixture::new().await;
    assert_eq!(f.store.last_alive().await.unwrap(), None);
    f.store.note_alive(at(1)).await.unwrap();
    f.store.note_alive(at(2)).await.unwrap();
    let f = f.reopen().await;
    assert_eq!(f.store.last_alive().await.unwrap(), Some(at(2)));
}

#[tokio::test]
async fn the_size_counts_equal_files_once() {
    let f = Fixture::new().await;
    let with = |seeds: &[u8]| Save {
        attachments: seeds.iter().map(|seed| made(MediaKind::Image, "output", &seed.to_string(), *seed)).collect(),
        ..run("p", Status::Completed, 0)
    };
    f.save(vec![with(&[1, 2]), with(&[2]), with(&[])]).await;
    let size = f.store.size().await.unwrap();
    assert_eq!((size.generations, size.files, size.files_bytes), (3, 2, 1001 + 1002));
    let on_disk = |name: &str| f.folder.path().join(name).metadata().unwrap().len();
    assert_eq!((size.pending_files, size.missing_files), (0, 0));
    let databases = ["recall.db", "recall.db-wal", "search.db", "search.db-wal"];
    assert_eq!(size.records_bytes, databases.into_iter().map(on_disk).sum::<u64>());
}
