use super::*;
use crate::model::{AttachmentState, Content, ErrorSummary, StatusReason};
use crate::store::Error;

#[tokio::test]
async fn a_run_reads_back_whole_after_a_restart() {
    let f = Fixture::new().await;
    let comfyui = Comfyui { version: Some("0.26.0".to_owned()), devices: vec!["cpu \"1\"".to_owned()] };
    let documents = vec![
        document(DocumentKind::Prompt, r#"{"3":{"inputs":{"seed":18446744073709551615,"x":NaN}}}"#),
        document(DocumentKind::Workflow, &"{\"nodes\":[]}".repeat(20)),
        document(DocumentKind::Extra, "{}"),
        document(DocumentKind::Result, ""),
    ];
    let error = ErrorSummary {
        node_id: Some("3".to_owned()),
        node_type: Some("KSampler".to_owned()),
        kind: Some("ValueError".to_owned()),
        message: Some("é".repeat(3_000)),
    };
    let save = Save {
        number: Some(-1.5),
        status_reason: Some(StatusReason::Interrupted),
        started_at: Some(at(5)),
        finished_at: Some(at(25)),
        client_id: Some("0b6b4c3e8f5d4a0e9b1c2d3e4f5a6b00".to_owned()),
        workflow_id: Some("0b6b4c3e-8f5d-4a0e-9b1c-2d3e4f5a6b00".to_owned()),
        workflow_name: Some("a cat".to_owned()),
        error: Some(error.clone()),
        documents: documents.clone(),
        attachments: vec![
            wanted("a.png"),
            output(Some("9"), NewContent::Stored(file("output", "b c/é.png"), blob(1, MediaKind::Image))),
            output(Some("9"), NewContent::Missing(file("elsewhere", "../x"), "not a folder of ComfyUI's".into())),
            output(None, NewContent::Stored(file("output", "d.png"), blob(2, MediaKind::Video))),
            output(Some("7"), NewContent::Text("a prompt\0".to_owned())),
            NewAttachment { role: Role::Input, ..wanted("in.png") },
        ],
        ..run("../../etc/passwd\n", Status::Cancelled, 0)
    };
    let id = f.store.save(f.instance, &comfyui, vec![save]).await.unwrap()[0];
    let f = f.reopen().await;

    let detail = f.store.detail(id).await.unwrap().unwrap();
    assert_eq!(detail.comfyui, comfyui);
    assert_eq!(detail.documents, documents);
    let summary = &detail.summary;
    assert_eq!(summary.prompt_id, PromptId::from("../../etc/passwd\n"));
    assert_eq!((summary.status, summary.status_reason), (Status::Cancelled, Some(StatusReason::Interrupted)));
    assert_eq!((summary.created_at, summary.duration_ms), (at(0), Some(20)));
    assert_eq!(summary.client_id.as_deref(), Some("0b6b4c3e8f5d4a0e9b1c2d3e4f5a6b00"));
    assert_eq!(summary.workflow_id.as_deref(), Some("0b6b4c3e-8f5d-4a0e-9b1c-2d3e4f5a6b00"));
    assert_eq!(summary.workflow_name.as_deref(), Some("a cat"));
    assert_eq!(summary.error, Some(ErrorSummary { message: Some("é".repeat(2_000)), ..error }));
    assert_eq!(summary.outputs_count, 5);
    let cover = summary.cover.as_ref().unwrap();
    assert_eq!(cover.path(), format!("/files/{}/%C3%A9.png", "01".repeat(32)));
    assert_eq!(cover.kind, MediaKind::Image);

    let states: Vec<_> = detail.outputs.iter().map(|o| (o.index, o.state, o.kind, o.is_unreported)).collect();
    assert_eq!(
        states,
        [
            (0, AttachmentState::Pending, MediaKind::Image, false),
            (1, AttachmentState::Stored, MediaKind::Image, false),
            (2, AttachmentState::Missing, MediaKind::Image, false),
            (3, AttachmentState::Stored, MediaKind::Video, true),
            (4, AttachmentState::Stored, MediaKind::Image, false),
        ]
    );
    assert_eq!(detail.outputs[2].reason, Some("not a folder of ComfyUI's".into()));
    assert_eq!(detail.outputs[2].content, Content::File { file: file("elsewhere", "../x"), blob: None });
    assert_eq!(detail.outputs[4].content, Content::Text("a prompt\0".to_owned()));
    assert_eq!(detail.inputs.len(), 1);
    assert!(f.store.detail(GenerationId(99)).await.unwrap().is_none());
}

#[tokio::test]
async fn an_update_leaves_what_it_does_not_name() {
    let f = Fixture::new().await;
    let id = f
        .save_one(Save {
            number: Some(3.0),
            client_id: Some("me".to_owned()),
            model: Some("sdxl".to_owned()),
            documents: vec![document(DocumentKind::Prompt, "{}")],
            ..run("p", Status::Pending, 0)
        })
        .await;
    let again = Save { id: Some(id), created_at: at(99), started_at: Some(at(7)), ..run("p", Status::InProgress, 0) };
    assert_eq!(f.save_one(again).await, id);
    f.save_one(Save { id: Some(id), status_reason: Some(StatusReason::ComfyuiRestarted), ..run("p", Status::Lost, 0) })
        .await;
    f.save_one(Save { id: Some(id), ..run("p", Status::Completed, 0) }).await;

    let detail = f.store.detail(id).await.unwrap().unwrap();
    assert_eq!(detail.summary.status_reason, None);
    assert_eq!(detail.summary.client_id.as_deref(), Some("me"));
    assert_eq!(detail.summary.model.as_deref(), Some("sdxl"));
    assert_eq!((detail.summary.created_at, detail.summary.started_at), (at(0), Some(at(7))));
    assert_eq!(detail.document(DocumentKind::Prompt), Some("{}"));
    let known = f.store.known(f.instance, vec![PromptId::from("p")]).await.unwrap();
    assert_eq!((known.len(), known[0].number), (1, Some(3.0)));
}

#[tokio::test]
async fn saving_twice_changes_nothing() {
    let f = Fixture::new().await;
    let id = f.save_one(run("p", Status::Pending, 0)).await;
    let save = Save {
        id: Some(id),
        documents: DocumentKind::ALL.iter().map(|&kind| document(kind, &"a long text ".repeat(99))).collect(),
        attachments: vec![
            wanted("a.png"),
            // A node may name one file twice.
            wanted("a.png"),
            output(Some("7"), NewContent::Text("t".to_owned())),
            output(None, NewContent::Stored(file("temp", "u.png"), blob(1, MediaKind::Image))),
        ],
        ..run("p", Status::Completed, 0)
    };
    f.save_one(save.clone()).await;
    let once = f.store.detail(id).await.unwrap();
    f.save_one(save).await;
    assert_eq!(f.store.detail(id).await.unwrap(), once);
    assert_eq!(once.unwrap().outputs.len(), 4);
}

#[tokio::test]
async fn a_file_found_first_and_reported_later_appears_once() {
    let f = Fixture::new().await;
    let found = output(None, NewContent::Stored(file("output", "a.png"), blob(1, MediaKind::Image)));
    let id = f.save_one(Save { attachments: vec![found.clone()], ..run("p", Status::InProgress, 0) }).await;
    f.save_one(Save { id: Some(id), attachments: vec![wanted("a.png")], ..run("p", Status::Completed, 0) }).await;
    f.save_one(Save { id: Some(id), attachments: vec![found], ..run("p", Status::Completed, 0) }).await;

    let outputs = f.store.detail(id).await.unwrap().unwrap().outputs;
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].node_id.as_deref(), Some("9"));
    assert!(!outputs[0].is_unreported);
    let Content::File { blob: bytes, .. } = &outputs[0].content else { panic!("a file") };
    assert_eq!(bytes.as_ref(), Some(&blob(1, MediaKind::Image)));
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_reported_first_and_found_later_is_stored_at_once() {
    let f = Fixture::new().await;
    let id = f.save_one(Save { attachments: vec![wanted("a.png")], ..run("p", Status::Completed, 0) }).await;
    let found = output(None, NewContent::Stored(file("output", "a.png"), blob(1, MediaKind::Image)));
    f.save_one(Save { id: Some(id), attachments: vec![found], ..run("p", Status::Completed, 0) }).await;
    let outputs = f.store.detail(id).await.unwrap().unwrap().outputs;
    assert_eq!((outputs.len(), outputs[0].state), (1, AttachmentState::Stored));
    assert_eq!(f.store.next_wanted_at(f.instance).await.unwrap(), None);
}

#[tokio::test]
async fn an_unreported_file_that_is_written_again_keeps_its_last_bytes() {
    let f = Fixture::new().await;
    let found = |seed| output(None, NewContent::Stored(file("output", "a.mp4"), blob(seed, MediaKind::Video)));
    let id = f.save_one(Save { attachments: vec![found(1)], ..run("p", Status::InProgress, 0) }).await;
    f.save_one(Save { id: Some(id), attachments: vec![found(2)], ..run("p", Status::InProgress, 0) }).await;
    let summary = f.store.detail(id).await.unwrap().unwrap().summary;
    assert_eq!((summary.outputs_count, summary.cover.unwrap().sha256), (1, Digest([2; 32])));
}

#[tokio::test]
async fn a_batch_with_an_unknown_run_is_refused_whole_and_harms_no_other() {
    let f = Fixture::new().await;
    let bad = vec![run("new", Status::Pending, 0), Save { id: Some(GenerationId(99)), ..run("x", Status::Lost, 0) }];
    let comfyui = Comfyui::default();
    let (refused, kept) = tokio::join!(
        f.store.save(f.instance, &comfyui, bad),
        f.store.save(f.instance, &comfyui, vec![run("kept", Status::Pending, 0)])
    );
    assert!(matches!(refused, Err(Error::UnknownGeneration(GenerationId(99)))));
    kept.unwrap();
    let ids = ["new", "kept"].map(PromptId::from).to_vec();
    let known = f.store.known(f.instance, ids).await.unwrap();
    assert_eq!(known.iter().map(|k| k.prompt_id.as_str()).collect::<Vec<_>>(), ["kept"]);
}

#[tokio::test]
async fn a_run_of_another_instance_is_not_changed() {
    let f = Fixture::new().await;
    let other = f.store.instance(&"other".parse().unwrap()).await.unwrap();
    let id = f.save_one(run("p", Status::Pending, 0)).await;
    let save = Save { id: Some(id), ..run("p", Status::Lost, 0) };
    assert!(f.store.save(other, &Comfyui::default(), vec![save]).await.is_err());
    assert!(f.store.known(other, vec![PromptId::from("p")]).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_newest_finished_run_is_the_one_that_started_last() {
    let f = Fixture::new().await;
    assert_eq!(f.store.newest_finished(f.instance).await.unwrap(), None);
    let started = |id: &str, status, start| Save { started_at: Some(at(start)), ..run(id, status, 0) };
    let dequeued = Save { status_reason: Some(StatusReason::Dequeued), ..started("d", Status::Cancelled, 900) };
    f.save(vec![
        started("a", Status::Completed, 10),
        started("front", Status::Failed, 50),
        started("c", Status::Cancelled, 20),
        started("lost", Status::Lost, 800),
        started("runs", Status::InProgress, 700),
        dequeued,
    ])
    .await;
    let newest = f.store.newest_finished(f.instance).await.unwrap().unwrap();
    assert_eq!(newest.prompt_id.as_str(), "front");
    let open = f.store.open_runs(f.instance).await.unwrap();
    assert_eq!(open.iter().map(|k| k.prompt_id.as_str()).collect::<Vec<_>>(), ["runs"]);
}

#[tokio::test]
async fn of_a_prompt_id_that_every_run_has_only_the_newest_are_told() {
    let f = Fixture::new().await;
    f.save((0..150).map(|i| run("same", Status::Completed, i)).collect()).await;
    let open = f.save_one(run("same", Status::Pending, -5)).await;
    let known = f.store.known(f.instance, vec![PromptId::from("same"), PromptId::from("same")]).await.unwrap();
    assert_eq!(known.len(), 101);
    assert!(known.iter().any(|k| k.id == open) && known.iter().any(|k| k.created_at == at(149)));
}

#[tokio::test]
async fn the_version_of_comfyui_is_filled_in_once_it_is_known() {
    let f = Fixture::new().await;
    let id = f.save_one(run("p", Status::Pending, 0)).await;
    let comfyui = |version: &str| Comfyui { version: Some(version.to_owned()), devices: Vec::new() };
    for version in ["1", "2"] {
        let save = Save { id: Some(id), ..run("p", Status::Lost, 0) };
        f.store.save(f.instance, &comfyui(version), vec![save]).await.unwrap();
    }
    assert_eq!(f.store.detail(id).await.unwrap().unwrap().comfyui, comfyui("1"));
}
