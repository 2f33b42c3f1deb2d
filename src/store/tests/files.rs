use super::*;
use crate::model::{AttachmentState, Cause, Content};
use crate::store::{AttachmentKey, Fetched, Phase, Read, Sighting};

fn key(generation: GenerationId, index: i64) -> AttachmentKey {
    AttachmentKey { generation, role: Role::Output, index }
}

#[tokio::test]
async fn a_wanted_file_is_told_until_it_is_settled() {
    let f = Fixture::new().await;
    let files = vec![wanted("a.png"), wanted("b.png"), wanted("c.png")];
    let id = f.save_one(Save { attachments: files, finished_at: Some(at(9)), ..run("p", Status::Completed, 0) }).await;
    let other = f.store.instance(&"other".parse().unwrap()).await.unwrap();
    assert!(f.store.wanted_files(other, at(0), 10).await.unwrap().is_empty());

    f.store.settle(vec![(key(id, 0), Fetched::Later("503".into(), at(1_000)))]).await.unwrap();
    let due = f.store.wanted_files(f.instance, at(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|w| w.key.index).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((due[0].attempts, due[0].finished_at), (0, Some(at(9))));
    f.store
        .settle(vec![
            (key(id, 1), Fetched::Stored(blob(1, MediaKind::Image))),
            (key(id, 2), Fetched::Missing("404".into())),
        ])
        .await
        .unwrap();
    assert!(f.store.wanted_files(f.instance, at(999), 10).await.unwrap().is_empty());
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), Some(at(1_000)));

    let f = f.reopen().await;
    let due = f.store.wanted_files(f.instance, at(1_000), 10).await.unwrap();
    assert_eq!((due.len(), due[0].attempts, &due[0].file), (1, 1, &file("output", "a.png")));
    let outputs = f.store.detail(id).await.unwrap().unwrap().outputs;
    assert_eq!(outputs[0].reason, Some("503".into()));
    assert_eq!((outputs[2].state, outputs[2].reason.clone()), (AttachmentState::Missing, Some("404".into())));
    assert_eq!(f.store.blob(Digest([1; 32])).await.unwrap(), Some(blob(1, MediaKind::Image)));
    assert_eq!(f.store.blob(Digest([9; 32])).await.unwrap(), None);
}

#[tokio::test]
async fn files_of_the_newest_run_come_first_and_retries_last_until_all_are_due() {
    let f = Fixture::new().await;
    let named = |id: &str| Save { attachments: vec![wanted("a.png")], ..run(id, Status::Completed, 0) };
    let ids = f.save(vec![named("old"), named("older try"), named("new")]).await;
    f.store.settle(vec![(key(ids[1], 0), Fetched::Later("503".into(), at(5_000)))]).await.unwrap();
    let due = async |when| {
        let files = f.store.wanted_files(f.instance, when, 10).await.unwrap();
        files.into_iter().map(|file| file.key.generation).collect::<Vec<_>>()
    };
    assert_eq!(due(at(4_999)).await, [ids[2], ids[0]]);
    assert_eq!(due(at(5_000)).await, [ids[2], ids[0], ids[1]]);
    f.store
        .settle(vec![(key(ids[0], 0), Fetched::Later("503".into(), Timestamp::from_millis(i64::MAX)))])
        .await
        .unwrap();
    f.store.retry_files(f.instance).await.unwrap();
    assert_eq!(due(Timestamp::now()).await.len(), 3);
}

#[tokio::test]
async fn what_is_stored_stays_stored() {
    let f = Fixture::new().await;
    let id = f.save_one(Save { attachments: vec![wanted("a.png")], ..run("p", Status::Completed, 0) }).await;
    f.store.settle(vec![(key(id, 0), Fetched::Stored(blob(1, MediaKind::Image)))]).await.unwrap();
    let once = f.store.detail(id).await.unwrap();
    for later in [
        Fetched::Stored(blob(2, MediaKind::Video)),
        Fetched::Missing("gone".into()),
        Fetched::Later("slow".into(), at(5)),
    ] {
        f.store.settle(vec![(key(id, 0), later), (key(id, 7), Fetched::Missing("no such".into()))]).await.unwrap();
        assert_eq!(f.store.detail(id).await.unwrap(), once);
    }
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
}

#[tokio::test]
async fn a_missing_file_that_turns_up_is_stored() {
    let f = Fixture::new().await;
    let id = f.save_one(Save { attachments: vec![wanted("a.png")], ..run("p", Status::Completed, 0) }).await;
    f.store.settle(vec![(key(id, 0), Fetched::Missing("404".into()))]).await.unwrap();
    f.store.settle(vec![(key(id, 0), Fetched::Stored(blob(1, MediaKind::Image)))]).await.unwrap();
    let output = f.store.detail(id).await.unwrap().unwrap().outputs.remove(0);
    assert_eq!((output.state, output.reason), (AttachmentState::Stored, None));
}

#[tokio::test]
async fn the_cover_is_the_first_kept_picture_before_any_other_thing() {
    let f = Fixture::new().await;
    let names =
        [("output", "v.mp4"), ("output", "s.flac"), ("temp", "t.png"), ("output", "i.png"), ("output", "j.png")];
    let kinds = [MediaKind::Video, MediaKind::Audio, MediaKind::Image, MediaKind::Image, MediaKind::Image];
    let files = names.iter().map(|(folder, name)| output(Some("9"), NewContent::Wanted(file(folder, name)))).collect();
    let id = f.save_one(Save { attachments: files, ..run("p", Status::Completed, 0) }).await;
    // Stored in an order in which each is a better cover than those before.
    for (index, expected) in [(2, 2), (1, 1), (0, 0), (4, 4), (3, 3)] {
        let stored = blob(u8::try_from(index).unwrap(), kinds[index]);
        f.store.settle(vec![(key(id, i64::try_from(index).unwrap()), Fetched::Stored(stored))]).await.unwrap();
        let summary = f.store.detail(id).await.unwrap().unwrap().summary;
        assert_eq!(summary.cover.unwrap().sha256, Digest([expected; 32]));
        assert_eq!(summary.outputs_count, 5);
    }
}

#[tokio::test]
async fn a_later_run_with_the_same_file_is_noticed() {
    let f = Fixture::new().await;
    let named =
        |id: &str, created, name| Save { attachments: vec![wanted(name)], ..run(id, Status::Completed, created) };
    let ids = f.save(vec![named("a", 10, "x.png"), named("same time", 10, "y.png"), named("b", 20, "x.png")]).await;
    let later =
        async |id, name, until| f.store.is_named_later(key(id, 0), &file("output", name), at(until)).await.unwrap();
    assert!(later(ids[0], "x.png", 20).await);
    assert!(!later(ids[0], "x.png", 19).await);
    assert!(later(ids[0], "y.png", 10).await);
    assert!(!later(ids[1], "y.png", 99).await);
    assert!(!later(ids[2], "x.png", 99).await);
    let temp = file("temp", "x.png");
    assert!(!f.store.is_named_later(key(ids[0], 0), &temp, at(99)).await.unwrap());
}

fn named(text: &str) -> NewAttachment {
    NewAttachment { key: "text".into(), ..output(Some("9"), NewContent::Named(file("output", text), text.into())) }
}

#[tokio::test]
async fn a_text_that_named_no_file_is_a_text_and_one_that_did_is_a_file() {
    let f = Fixture::new().await;
    let save = || Save { attachments: vec![named("a.png"), named("b.png")], ..run("p", Status::Completed, 0) };
    let id = f.save_one(save()).await;
    let wanted = f.store.wanted_files(f.instance, Timestamp::now(), 9).await.unwrap();
    assert_eq!((wanted[0].told.as_deref(), wanted[0].reported_as.as_str()), (Some("a.png"), "text"));
    let found = Fetched::Found(file("temp", "b.png"), blob(1, MediaKind::Image));
    f.store.settle(vec![(key(id, 0), Fetched::NoFile)]).await.unwrap();
    assert_eq!(f.store.detail(id).await.unwrap().unwrap().summary.excerpt.as_deref(), Some("a.png"));
    f.store.settle(vec![(key(id, 1), found)]).await.unwrap();
    // Told again, they are the same two.
    f.save_one(Save { id: Some(id), ..save() }).await;
    let detail = f.store.detail(id).await.unwrap().unwrap();
    assert_eq!(detail.outputs[0].content, Content::Text("a.png".into()));
    let kept = Content::File { file: file("temp", "b.png"), blob: Some(blob(1, MediaKind::Image)) };
    assert_eq!((&detail.outputs[1].content, detail.outputs.len()), (&kept, 2));
    assert_eq!(detail.summary.kinds, [MediaKind::Image, MediaKind::Text]);
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
}

fn reads(content: NewContent) -> NewAttachment {
    NewAttachment { role: Role::Input, key: "image".into(), ..output(Some("1"), content) }
}

fn seen(phase: Phase, seed: u8) -> Fetched {
    Fetched::Seen(Sighting { phase, blob: blob(seed, MediaKind::Image), written_at: Some(at(7)) })
}

#[tokio::test]
async fn a_file_that_a_run_reads_is_looked_at_again_when_it_starts_and_when_it_ends() {
    let f = Fixture::new().await;
    let read = reads(NewContent::Wanted(file("input", "a.png")));
    let id = f.save_one(Save { attachments: vec![read], ..run("p", Status::Pending, 0) }).await;
    let key = AttachmentKey { generation: id, role: Role::Input, index: 0 };
    let due = async || f.store.wanted_files(f.instance, Timestamp::now(), 9).await.unwrap();
    f.store.settle(vec![(key, seen(Phase::Waiting, 1))]).await.unwrap();
    assert!(due().await.is_empty());
    f.save_one(Save { id: Some(id), ..run("p", Status::InProgress, 0) }).await;
    assert_eq!((due().await.len(), f.store.size().await.unwrap().pending_files), (1, 0));
    f.store.settle(vec![(key, seen(Phase::Running, 2))]).await.unwrap();
    f.save_one(Save { id: Some(id), finished_at: Some(at(9)), ..run("p", Status::Completed, 0) }).await;

    let f = f.reopen().await;
    let due = f.store.wanted_files(f.instance, Timestamp::now(), 9).await.unwrap();
    let phases: Vec<_> = due[0].seen.iter().map(|seen| (seen.phase, seen.blob.digest, seen.written_at)).collect();
    assert_eq!(
        phases,
        [(Phase::Waiting, Digest([1; 32]), Some(at(7))), (Phase::Running, Digest([2; 32]), Some(at(7)))]
    );
    let doubt = Some(Cause::MaybeOverwritten.into());
    let (likely, other) = (blob(1, MediaKind::Image), Some(blob(2, MediaKind::Image)));
    let decided = Fetched::Read(Read { blob: likely.clone(), other: other.clone(), doubt: doubt.clone() });
    f.store.settle(vec![(key, decided)]).await.unwrap();
    let read = f.store.detail(id).await.unwrap().unwrap().inputs.remove(0);
    assert_eq!((read.state, read.reason, read.other), (AttachmentState::Stored, doubt, other));
    assert!(matches!(read.content, Content::File { blob: Some(kept), .. } if kept == likely));
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
    f.store.give_up(Some(Digest([2; 32])), Vec::new()).await.unwrap();
    assert_eq!(f.store.detail(id).await.unwrap().unwrap().inputs[0].other, None);
}

#[tokio::test]
async fn a_look_that_took_until_the_run_went_on_is_followed_by_another() {
    let f = Fixture::new().await;
    let read = reads(NewContent::Wanted(file("input", "a.png")));
    let id = f.save_one(Save { attachments: vec![read], ..run("p", Status::Pending, 0) }).await;
    f.save_one(Save { id: Some(id), ..run("p", Status::InProgress, 0) }).await;
    let key = AttachmentKey { generation: id, role: Role::Input, index: 0 };
    f.store.settle(vec![(key, seen(Phase::Waiting, 1))]).await.unwrap();
    assert_eq!(f.store.wanted_files(f.instance, Timestamp::now(), 9).await.unwrap().len(), 1);
    f.store.settle(vec![(key, seen(Phase::Running, 1))]).await.unwrap();
    f.store.settle(vec![(key, Fetched::Missing("404".into()))]).await.unwrap();
    let read = f.store.detail(id).await.unwrap().unwrap().inputs.remove(0);
    assert_eq!((read.state, read.reason), (AttachmentState::Stored, None));
}

#[tokio::test]
async fn what_was_perhaps_read_and_is_no_file_was_not_read() {
    let f = Fixture::new().await;
    let read = reads(NewContent::Named(file("input", "oil.png"), "oil.png".into()));
    let id = f.save_one(Save { attachments: vec![read], ..run("p", Status::Completed, 0) }).await;
    let key = AttachmentKey { generation: id, role: Role::Input, index: 0 };
    f.store.settle(vec![(key, Fetched::NoFile)]).await.unwrap();
    assert!(f.store.detail(id).await.unwrap().unwrap().inputs.is_empty());
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_found_in_the_folder_is_the_one_that_a_node_names_by_another_way() {
    let f = Fixture::new().await;
    let found = NewAttachment {
        node_id: None,
        ..output(None, NewContent::Stored(file("output", "a.png"), blob(1, MediaKind::Image)))
    };
    let id = f.save_one(Save { attachments: vec![found], ..run("p", Status::Completed, 0) }).await;
    let dotted = FileRef { subfolder: ".".into(), ..file("output", "a.png") };
    let told = output(Some("9"), NewContent::Wanted(dotted));
    f.save_one(Save { id: Some(id), attachments: vec![told], ..run("p", Status::Completed, 0) }).await;
    let outputs = f.store.detail(id).await.unwrap().unwrap().outputs;
    assert_eq!((outputs.len(), outputs[0].node_id.as_deref()), (1, Some("9")));
}
