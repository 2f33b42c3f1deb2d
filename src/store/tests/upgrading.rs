//! Databases that earlier versions wrote.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::narrowing::assert_tallied;
use super::*;
use crate::model::{Filter, Start};

/// A store on a copy of a stored database.
async fn open_old(name: &str) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store").join(name);
    fs::copy(old, folder.path().join("recall.db")).unwrap();
    let store = Store::open(folder.path()).unwrap();
    let instance = store.instance(&InstanceName::default()).await.unwrap();
    Fixture { store, instance, folder }
}

#[tokio::test]
async fn a_database_of_schema_1_is_brought_up_to_date_with_everything_in_it() {
    use MediaKind::{Audio, Image, Model3d, Text, Video};
    let f = open_old("recall-0001.db").await.reopen().await;
    let runs = f.store.list(Filter::default(), Start::Newest, "200".parse().unwrap()).await.unwrap().items;
    // By the number at the beginning of the prompt_id: kinds, outputs, previews, seed of the cover.
    let expected: [(&[MediaKind], i64, i64, Option<u8>); 15] = [
        (&[Image], 1, 0, Some(1)),
        (&[Image, Video], 2, 1, Some(3)),
        (&[Image], 2, 2, Some(4)),
        (&[Text], 1, 0, None),
        (&[Image, Text], 3, 1, Some(7)),
        (&[Image, Audio], 2, 1, Some(9)),
        (&[Video], 1, 0, Some(10)),
        (&[Model3d], 1, 0, None),
        (&[], 0, 0, None),
        (&[], 0, 0, None),
        (&[], 0, 0, None),
        (&[], 0, 0, None),
        (&[Image], 1, 1, None),
        (&[Image], 1, 0, Some(1)),
        (&[], 0, 0, None),
    ];
    assert_eq!(runs.len(), expected.len());
    for (number, (kinds, outputs, previews, cover)) in (1..).zip(expected) {
        let run = runs.iter().find(|run| run.prompt_id.as_str().starts_with(&format!("{number} "))).unwrap();
        assert_eq!((&*run.kinds, run.outputs_count, run.previews_count), (kinds, outputs, previews), "{number}");
        assert_eq!(run.cover.as_ref().map(|cover| cover.sha256), cover.map(|seed| Digest([seed; 32])), "{number}");
        assert_eq!(run.excerpt.as_deref(), (number == 4).then_some("a castle on a hill"));
        assert_eq!(run.model, None);
    }

    assert_tallied(&f).await;
    for kind in MediaKind::ALL {
        let filter = Filter { kinds: vec![kind], ..Filter::default() };
        let of_kind = u64::try_from(runs.iter().filter(|run| run.kinds.contains(&kind)).count()).unwrap();
        assert_eq!(f.store.count(filter.clone()).await.unwrap(), of_kind);
        let listed = f.store.list(filter, Start::Newest, "200".parse().unwrap()).await.unwrap().items;
        assert_eq!(u64::try_from(listed.len()).unwrap(), of_kind);
    }
    let size = f.store.size().await.unwrap();
    assert_eq!((size.generations, size.files), (15, 10));
    assert_eq!(f.store.queue(&InstanceName::default()).await.unwrap().len(), 2);

    let oldest = f.store.detail(GenerationId(1)).await.unwrap().unwrap();
    assert_eq!(oldest.summary.workflow_name.as_deref(), Some("a cat"));
    assert!(oldest.document(DocumentKind::Prompt).unwrap().contains("KSampler"));
    assert_eq!((oldest.outputs.len(), oldest.inputs.len()), (1, 1));
    assert_eq!((&oldest.inputs[0].reason, &oldest.inputs[0].other), (&None, &None));
    let failed = f.store.detail(GenerationId(9)).await.unwrap().unwrap().summary;
    assert_eq!((failed.status, failed.error.unwrap().message.as_deref()), (Status::Failed, Some("too big")));
    f.save_one(Save { id: Some(GenerationId(12)), ..run("12 waits", Status::Completed, 0) }).await;
    assert_tallied(&f).await;
}

#[tokio::test]
async fn every_run_of_a_database_of_schema_2_waits_to_be_indexed() {
    let f = open_old("recall-0002.db").await;
    let progress = f.store.index_progress().await.unwrap();
    assert_eq!((progress.waiting, progress.runs), (15, 15));
    let waiting = f.store.indexing().unindexed(None, 100).await.unwrap();
    assert_eq!(waiting.len(), 15);
    let oldest = waiting.last().unwrap();
    assert_eq!((oldest.summary.id, oldest.attachments.len()), (GenerationId(1), 2));
    assert!(oldest.prompt.as_ref().unwrap().contains("KSampler"));
}

#[tokio::test]
async fn gaps_of_before_runs_could_be_told_unseen_stay_and_no_restart_is_assumed() {
    let f = open_old("recall-0002.db").await;
    let gaps = f.store.gaps(9).await.unwrap();
    assert!(gaps.iter().all(|gap| gap.runs.is_none()), "{gaps:?}");
    assert_eq!(f.store.breaks(f.instance).await.unwrap(), []);
    let (from, until) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
    f.store.note_unseen(f.instance, None, (from, until), 2).await.unwrap();
    assert_eq!(f.store.gaps(9).await.unwrap().len(), gaps.len() + 1);
}

#[tokio::test]
async fn an_upgraded_database_has_the_same_tables_as_a_new_one_and_is_sound() {
    let upgraded = open_old("recall-0001.db").await;
    let new = Fixture::new().await;
    let schema = |f: &Fixture| -> Vec<(String, Option<String>)> {
        let conn = Connection::open(f.folder.path().join("recall.db")).unwrap();
        let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        assert!(!conn.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
        let mut statement = conn.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(schema(&upgraded), schema(&new));
}

#[tokio::test]
async fn every_store_gets_an_id_of_its_own() {
    let id = async |f: &Fixture| -> String {
        let get = "SELECT value FROM meta WHERE key = 'store'";
        f.store.readers.read(move |conn| Ok(conn.query_row(get, [], |row| row.get(0))?)).await.unwrap()
    };
    let [one, other, new] = [open_old("recall-0001.db").await, open_old("recall-0001.db").await, Fixture::new().await];
    let ids = [id(&one).await, id(&other).await, id(&new).await];
    assert!(ids.iter().all(|id| id.len() == 32), "{ids:?}");
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(id(&one.reopen().await).await, ids[0], "it stays");
}

#[tokio::test]
async fn runs_of_three_instances_in_a_database_of_schema_5_are_listed_and_counted_by_everything() {
    let f = open_old("recall-0005.db").await;
    assert_tallied(&f).await;
    let list = async |filter: Filter| f.store.list(filter, Start::Newest, "200".parse().unwrap()).await.unwrap().items;
    let all = list(Filter::default()).await;
    assert_eq!(all.len(), 120);
    for instance in [None, Some("default"), Some("third"), Some("nobody")] {
        for kinds in [vec![], vec![MediaKind::Image], vec![MediaKind::Video, MediaKind::Text]] {
            for statuses in [vec![], vec![Status::Failed], vec![Status::Completed, Status::Lost]] {
                for prompt_id in [None, Some(PromptId::from("p"))] {
                    let instance = instance.map(|name| name.parse().unwrap());
                    let (kinds, statuses) = (kinds.clone(), statuses.clone());
                    let filter = Filter { instance, kinds, statuses, prompt_id, ..Filter::default() };
                    let taken: Vec<_> = all.iter().filter(|run| filter.takes(run)).cloned().collect();
                    assert_eq!(f.store.count(filter.clone()).await.unwrap(), taken.len() as u64, "{filter:?}");
                    assert_eq!(list(filter.clone()).await, taken, "{filter:?}");
                }
            }
        }
    }
}
