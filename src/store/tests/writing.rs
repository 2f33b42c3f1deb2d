use std::sync::mpsc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::*;
use crate::model::{Filter, Limit, Start};
use crate::store::Error;

static NONE: Comfyui = Comfyui { version: None, devices: Vec::new() };

impl Fixture {
    async fn listed(&self) -> usize {
        self.store.list(Filter::default(), Start::Newest, "200".parse().unwrap()).await.unwrap().items.len()
    }

    async fn pragma(&self, pragma: &'static str) -> i64 {
        self.store.writer.write(move |s| Ok(s.conn.query_row(pragma, [], |row| row.get(0))?)).await.unwrap()
    }
}

#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room_and_harms_nothing() {
    let f = Fixture::new().await;
    f.save_one(run("before", Status::Pending, 0)).await;
    let pages = f.pragma("PRAGMA page_count").await;
    f.store.writer.write(move |s| Ok(s.conn.pragma_update(None, "max_page_count", pages)?)).await.unwrap();

    // Longer than the pages that are free inside the file since its tables were made.
    let long = |i: i64| Save {
        documents: vec![document(
            DocumentKind::Prompt,
            &format!("{:?}", (0..60_000).map(|n| n * i).collect::<Vec<_>>()),
        )],
        ..run("long", Status::Completed, i)
    };
    let refused = join_all((1..20).map(|i| f.store.save(f.instance, &NONE, vec![long(i), long(-i)]))).await;
    for refusal in refused {
        let error = refusal.unwrap_err();
        assert!(error.is_full() && error.is_transient(), "{error}");
    }
    assert_eq!(f.listed().await, 1);

    f.pragma("PRAGMA max_page_count = 1000000").await;
    join_all((1..20).map(|i| f.store.save(f.instance, &NONE, vec![long(i), long(-i)]))).await;
    assert_eq!(f.listed().await, 39);
    let detail = f.store.detail(GenerationId(2)).await.unwrap().unwrap();
    assert_eq!(detail.documents, long(detail.summary.created_at.as_millis() - at(0).as_millis()).documents);
    assert_eq!(f.pragma("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'").await, 1);
}

#[tokio::test]
async fn who_shared_a_transaction_that_a_full_disk_took_back_hears_of_it() {
    let f = Fixture::new().await;
    let pages = f.pragma("PRAGMA page_count").await;
    f.store.writer.write(move |s| Ok(s.conn.pragma_update(None, "max_page_count", pages + 5)?)).await.unwrap();
    let (inside, entered) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    // Holds the writer, alone in its transaction, until the others wait, so that they share the next.
    let store = f.store.clone();
    let hold = tokio::spawn(async move {
        let hold = store.writer.write(move |_| {
            inside.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        });
        hold.await.unwrap();
    });
    entered.await.unwrap();
    let before = f.store.save(f.instance, &NONE, vec![run("before", Status::Pending, 0)]);
    let full = f.store.writer.write(|session| {
        let fill = "INSERT INTO meta (key, value) VALUES (?1, hex(randomblob(1500)))";
        let filled = (0..99).try_for_each(|i| session.conn.execute(fill, [i.to_string()]).map(drop));
        assert!(session.conn.is_autocommit(), "the test needs a statement that loses its transaction");
        Ok(filled?)
    });
    let after = f.store.save(f.instance, &NONE, vec![run("after", Status::Pending, 0)]);
    let go = async { release.send(()).unwrap() };
    let (before, full, after, ()) = tokio::join!(before, full, after, go);
    hold.await.unwrap();
    assert!(full.unwrap_err().is_full());
    assert!(before.unwrap_err().is_full());
    after.unwrap();
    assert_eq!(f.listed().await, 1);
}

#[tokio::test]
async fn a_job_that_panics_is_taken_back_and_the_next_one_runs() {
    let f = Fixture::new().await;
    let panicked: Result<(), Error> = f
        .store
        .writer
        .write(|session| {
            session.conn.execute("INSERT INTO instances (name) VALUES ('half')", [])?;
            panic!("on purpose");
        })
        .await;
    assert!(matches!(panicked, Err(Error::Panicked)));
    f.save_one(run("p", Status::Pending, 0)).await;
    assert_eq!(f.store.instances().await.unwrap(), [InstanceName::default()]);

    let panicked = f.store.readers.read(|_| -> Result<(), Error> { panic!("on purpose") }).await;
    assert!(matches!(panicked, Err(Error::Panicked)));
    assert_eq!(f.listed().await, 1);
}

#[tokio::test]
async fn what_was_asked_for_is_done_though_nobody_waits() {
    let f = Fixture::new().await;
    for i in 0..5 {
        assert!(f.store.save(f.instance, &NONE, vec![run("p", Status::Pending, i)]).now_or_never().is_none());
    }
    let f = f.reopen().await;
    assert_eq!(f.listed().await, 5);
}

#[tokio::test]
async fn reading_does_not_wait_for_a_long_write() {
    let f = Fixture::new().await;
    f.save_one(run("p", Status::Pending, 0)).await;
    let (inside, entered) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel::<()>();
    let (store, instance) = (f.store.clone(), f.instance);
    let write = tokio::spawn(async move {
        let writing = store.writer.write(move |session| {
            let id = crate::store::save::save(session, instance, &NONE, &[run("q", Status::Pending, 0)])?;
            inside.send(()).unwrap();
            released.recv().unwrap();
            Ok(id)
        });
        writing.await.unwrap()
    });
    entered.await.unwrap();
    assert_eq!(f.listed().await, 1);
    release.send(()).unwrap();
    write.await.unwrap();
    assert_eq!(f.listed().await, 2);
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_with(folder.path(), Duration::from_millis(30), &mut |_| {}).unwrap();
    const ENDLESS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let endless = || store.readers.read(|conn| Ok(conn.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?));
    for ended in join_all((0..6).map(|_| endless())).await {
        assert!(matches!(ended, Err(Error::TimedOut)));
    }
    assert!(store.list(Filter::default(), Start::Newest, Limit::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let f = Fixture::new().await;
    let refused = f.store.readers.read(|conn| Ok(conn.execute("DELETE FROM instances", [])?)).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_daemon_killed_inside_a_transaction_leaves_what_was_answered_for_and_nothing_else() {
    let f = Fixture::new().await;
    let kept = f.save_one(Save { attachments: vec![wanted("a.png")], ..run("kept", Status::Pending, 0) }).await;
    let (from, copy) = (f.folder.path().to_owned(), tempfile::tempdir().unwrap());
    let (to, instance) = (copy.path().to_owned(), f.instance);
    f.store
        .writer
        .write(move |session| {
            // So little memory that uncommitted pages are in the WAL when the files are copied: what a kill leaves.
            session.conn.execute_batch("PRAGMA cache_size = 10")?;
            let half: Vec<_> = (0..500).map(|i| run(&format!("half {i}"), Status::Completed, i)).collect();
            crate::store::save::save(session, instance, &NONE, &half)?;
            for name in ["recall.db", "recall.db-wal"] {
                std::fs::copy(from.join(name), to.join(name)).unwrap();
            }
            Ok(())
        })
        .await
        .unwrap();
    let wal = copy.path().join("recall.db-wal").metadata().unwrap().len();
    assert!(wal > 100_000, "{wal}");

    let store = Store::open(copy.path()).unwrap();
    let page = store.list(Filter::default(), Start::Newest, Limit::default()).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.id).collect::<Vec<_>>(), [kept]);
    assert_eq!(store.wanted_files(f.instance, at(0), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    let f = Fixture::new().await;
    let saves = (0..300).map(|i| f.store.save(f.instance, &NONE, vec![run(&i.to_string(), Status::Completed, i)]));
    let mut ids: Vec<_> = join_all(saves).await.into_iter().map(|saved| saved.unwrap()[0].0).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_not_begun_hears_why_and_not_that_the_store_is_closed() {
    let f = Fixture::new().await;
    let deny = |context: AuthContext<'_>| match context.action {
        AuthAction::Savepoint { .. } => Authorization::Deny,
        _ => Authorization::Allow,
    };
    let denying = f.store.writer.write(move |session| Ok(session.conn.authorizer(Some(deny))?)).await;
    denying.unwrap_err();
    let error = f.store.instance(&InstanceName::default()).await.unwrap_err();
    assert!(!matches!(error, Error::Closed), "{error:?}");
}
