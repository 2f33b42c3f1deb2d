//! Who reads when many want to.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rusqlite::StatementStatus;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::store::Error;

/// Keeps every reader busy until the sender is dropped.
async fn occupied(f: &Fixture) -> (mpsc::Sender<()>, Vec<JoinHandle<Result<(), Error>>>) {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let mut jobs = Vec::new();
    for _ in 0..4 {
        let (inside, entered) = oneshot::channel();
        let (store, released) = (f.store.clone(), Arc::clone(&released));
        jobs.push(tokio::spawn(async move {
            let wait = move |_: &_| {
                inside.send(()).unwrap();
                let _ = released.lock().unwrap().recv();
                Ok(())
            };
            store.readers.read(wait).await
        }));
        entered.await.unwrap();
    }
    (release, jobs)
}

#[tokio::test]
async fn what_finds_no_reader_free_is_read_in_its_turn() {
    let f = Fixture::new().await;
    let (release, busy) = occupied(&f).await;
    let mut waiting: Vec<_> = (0..9).map(|n| Box::pin(f.store.readers.read(move |_| Ok(n)))).collect();
    for read in &mut waiting {
        assert!(read.now_or_never().is_none());
    }
    // Whoever leaves is passed over.
    drop(waiting.remove(0));
    drop(release);
    let found = join_all(waiting).await.into_iter().collect::<Result<Vec<_>, _>>();
    assert_eq!(found.unwrap(), (1..9).collect::<Vec<_>>());
    for ended in join_all(busy).await {
        ended.unwrap().unwrap();
    }
}

#[tokio::test]
async fn closing_answers_what_waits() {
    let f = Fixture::new().await;
    let (release, busy) = occupied(&f).await;
    let mut waiting = Box::pin(f.store.readers.read(|_| Ok(())));
    assert!((&mut waiting).now_or_never().is_none());
    f.store.readers.close();
    assert!(matches!(waiting.await, Err(Error::Closed)));
    assert!(matches!(f.store.readers.read(|_| Ok(())).await, Err(Error::Closed)));
    drop(release);
    for ended in join_all(busy).await {
        ended.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_query_is_planned_once_whatever_it_is_asked_for() {
    let f = Fixture::new().await;
    f.save_one(run("p", Status::Pending, 0)).await;
    let replanned = f.store.readers.read(|conn| {
        let mut statement = conn.prepare("SELECT id FROM generations WHERE instance_id = ?1 AND status = ?2")?;
        for status in 0..6 {
            statement.query_map([1, status], |row| row.get::<_, i64>(0))?.for_each(drop);
        }
        Ok(statement.get_status(StatementStatus::RePrepare))
    });
    assert_eq!(replanned.await.unwrap(), 0);
}
