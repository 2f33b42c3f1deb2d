//! How runs get into the index.

use super::*;
use crate::model::{Entry, Filter, List, Start, Term, Want};
use crate::store::Unindexed;

fn word(text: &str) -> Term {
    Term { list: List::PromptWords, bytes: text.as_bytes().to_vec(), position: 0 }
}

fn entry(run: &Unindexed, text: &str) -> Entry {
    Entry { created_at: run.summary.created_at, id: run.summary.id, terms: vec![word(text)] }
}

fn with(text: &str) -> Filter {
    Filter { want: Some(Want::Term(List::PromptWords, text.as_bytes().to_vec())), ..Filter::default() }
}

async fn listed(f: &Fixture, filter: Filter) -> Vec<GenerationId> {
    let page = f.store.list(filter, Start::Newest, "200".parse().unwrap()).await.unwrap();
    page.items.iter().map(|run| run.id).collect()
}

#[tokio::test]
async fn a_run_waits_from_its_first_save_and_again_whenever_it_changes() {
    let f = Fixture::new().await;
    f.store.indexing().derive_again("1", false).await.unwrap();
    let first = f.save_one(run("a", Status::Pending, 0)).await;
    let waiting = f.store.indexing().unindexed(None, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|run| run.summary.id).collect::<Vec<_>>(), [first]);
    // It ends while it is being indexed.
    f.save_one(Save { id: Some(first), ..run("a", Status::Completed, 0) }).await;
    f.store.indexing().index(vec![entry(&waiting[0], "fox")], vec![waiting[0].done(None)]).await.unwrap();
    assert_eq!(f.store.index_progress().await.unwrap().waiting, 1);
    assert_eq!(listed(&f, with("fox")).await, [first]);

    let again = f.store.indexing().unindexed(None, 10).await.unwrap();
    f.store
        .indexing()
        .index(vec![entry(&again[0], "fog")], vec![again[0].done(Some("flux".to_owned()))])
        .await
        .unwrap();
    let f = f.reopen().await;
    assert_eq!(f.store.index_progress().await.unwrap().waiting, 0);
    assert_eq!(listed(&f, with("fox")).await, []);
    let page = f.store.list(with("fog"), Start::Newest, "1".parse().unwrap()).await.unwrap();
    assert_eq!(page.items[0].model.as_deref(), Some("flux"));
}

#[tokio::test]
async fn a_file_whose_bytes_are_of_another_kind_has_its_run_indexed_again() {
    let f = Fixture::new().await;
    let first = f.save_one(Save { attachments: vec![wanted("a.png")], ..run("a", Status::Completed, 0) }).await;
    let waiting = f.store.indexing().unindexed(None, 10).await.unwrap();
    f.store.indexing().index(vec![entry(&waiting[0], "fox")], vec![waiting[0].done(None)]).await.unwrap();
    let key = crate::store::AttachmentKey { generation: first, role: Role::Output, index: 0 };
    f.store.settle(vec![(key, crate::store::Fetched::Stored(blob(1, MediaKind::Video)))]).await.unwrap();
    assert_eq!(f.store.indexing().unindexed(None, 10).await.unwrap()[0].summary.kinds, [MediaKind::Video]);
}

#[tokio::test]
async fn prompts_come_back_however_they_are_kept() {
    let f = Fixture::new().await;
    let prompt = |seed: usize| format!("{{\"3\":{{\"seed\":{seed},\"text\":\"{}\"}}}}", "a fox ".repeat(40));
    let mut expected = Vec::new();
    for seed in 0..100 {
        let texts = [prompt(seed), format!("{{\"{seed}\":\"{}\"}}", "unlike ".repeat(seed * 40)), "{}".to_owned()];
        let text = texts[seed % 3].clone();
        let documents = vec![document(DocumentKind::Prompt, &text), document(DocumentKind::Workflow, "{\"nodes\":[]}")];
        f.save_one(Save { documents, ..run(&seed.to_string(), Status::Completed, 0) }).await;
        expected.push(Some(text));
    }
    f.save_one(run("none", Status::Completed, 0)).await;
    let mut waiting = f.store.indexing().unindexed(None, 200).await.unwrap();
    waiting.reverse();
    let none = waiting.pop().unwrap();
    assert_eq!((none.prompt, none.has_workflow), (None, false));
    assert!(waiting.iter().all(|run| run.has_workflow));
    assert_eq!(waiting.into_iter().map(|run| run.prompt).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_another_version_derived_is_derived_again() {
    let f = Fixture::new().await;
    assert!(f.store.indexing().derive_again("1", false).await.unwrap(), "nobody has yet");
    f.save(vec![run("a", Status::Completed, 0), run("b", Status::Completed, 1)]).await;
    let waiting = f.store.indexing().unindexed(None, 10).await.unwrap();
    let entries = waiting.iter().map(|run| entry(run, "fox")).collect();
    f.store.indexing().index(entries, waiting.iter().map(|run| run.done(None)).collect()).await.unwrap();
    let f = f.reopen().await;
    assert!(!f.store.indexing().derive_again("1", false).await.unwrap());
    assert!(f.store.indexing().derive_again("1", true).await.unwrap());
    assert!(f.store.indexing().derive_again("2", false).await.unwrap());
    assert!(!f.store.indexing().derive_again("2", false).await.unwrap());
    assert_eq!(f.store.index_progress().await.unwrap().waiting, 2);
    // Usable all along.
    assert_eq!(listed(&f, with("fox")).await.len(), 2);
    std::fs::remove_file(f.folder.path().join("search.db")).unwrap();
    let f = f.reopen().await;
    assert!(f.store.indexing().derive_again("2", false).await.unwrap(), "the file is gone");
}

#[tokio::test]
async fn neighbours_days_and_single_runs_keep_to_what_is_found() {
    let f = Fixture::new().await;
    let ids = f.save((0..6).map(|n| run(&n.to_string(), Status::Completed, n * 1_000)).collect()).await;
    let waiting = f.store.indexing().unindexed(None, 10).await.unwrap();
    let text = |run: &Unindexed| if run.summary.id.0 % 2 == 0 { "even" } else { "odd" };
    let entries = waiting.iter().map(|run| entry(run, text(run))).collect();
    f.store.indexing().index(entries, waiting.iter().map(|run| run.done(None)).collect()).await.unwrap();
    let even: Vec<_> = ids.iter().copied().filter(|id| id.0 % 2 == 0).collect();
    let beside = f.store.neighbours(with("even"), even[1]).await.unwrap().unwrap();
    assert_eq!((beside.older, beside.newer), (Some(even[0]), Some(even[2])));
    assert_eq!(f.store.neighbours(with("even"), GenerationId(99)).await.unwrap(), None);
    assert_eq!(f.store.days(with("even"), &[at(0), at(2_000), at(9_000)]).await.unwrap(), [1, 2]);
    assert_eq!(f.store.count(with("odd")).await.unwrap(), 3);
    let mut found = f.store.found(with("even"), ids).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, even);
}
