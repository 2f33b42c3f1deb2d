//! Who reads when many want to.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

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

#[tokio::test]
async fn a_store_that_nobody_asks_holds_no_connections_and_no_texts() {
    let f = Fixture::new().await;
    let long = format!(r#"{{"text":"{}"}}"#, "a castle on a hill ".repeat(100));
    let documents = |n: usize| vec![document(DocumentKind::Prompt, &long.replacen("hill", &n.to_string(), 1))];
    let ids =
        f.save((0..3).map(|n| Save { documents: documents(n), ..run("p", Status::Completed, 0) }).collect()).await;
    f.store.document(ids[2], DocumentKind::Prompt).await.unwrap().unwrap();
    let bases = async || f.store.writer.write(|session| Ok(session.bases.held())).await.unwrap();
    f.store.rest(Duration::from_secs(3_600)).await;
    assert!(f.store.readers.held() > (0, 0) && bases().await > 0, "what was just in use stays");
    f.store.rest(Duration::ZERO).await;
    assert_eq!((f.store.readers.held(), bases().await), ((0, 0), 0));
    // And all goes on as before.
    assert_eq!(f.store.document(ids[2], DocumentKind::Prompt).await.unwrap().unwrap(), long.replacen("hill", "2", 1));
    let again = f.save_one(Save { documents: documents(7), ..run("q", Status::Completed, 1) }).await;
    assert_eq!(f.store.document(again, DocumentKind::Prompt).await.unwrap().unwrap(), long.replacen("hill", "7", 1));
}
