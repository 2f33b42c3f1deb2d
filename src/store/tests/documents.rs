use proptest::prelude::*;

use super::*;

fn count(f: &Fixture, query: &str) -> i64 {
    let conn = crate::sqlite::connection::reader(&f.folder.path().join("recall.db")).unwrap();
    conn.query_row(query, [], |row| row.get(0)).unwrap()
}

/// A workflow of about 40 KB in which little but the seed differs from run to run.
fn workflow(name: &str, seed: u64) -> String {
    let node = |i: u64| {
        let x = i.wrapping_mul(2_654_435_761) % 100_003;
        format!(r#"{{"id": {i}, "{name}-{x}": [{x}, {i}], "type": "Node{x}", "widgets": ["{x}"]}}"#)
    };
    let nodes: Vec<_> = (0..600).map(node).collect();
    format!(r#"{{"nodes": [{}], "seed": {seed}}}"#, nodes.join(", "))
}

fn with_workflow(json: &str) -> Save {
    Save { documents: vec![document(DocumentKind::Workflow, json)], ..run("p", Status::Completed, 0) }
}

async fn workflow_of(f: &Fixture, id: GenerationId) -> String {
    f.store.detail(id).await.unwrap().unwrap().document(DocumentKind::Workflow).unwrap().to_owned()
}

#[tokio::test]
async fn a_repeated_workflow_costs_a_hundred_bytes() {
    let f = Fixture::new().await;
    let ids = f.save((0..200).map(|i| with_workflow(&workflow("a", i * 7_777_777))).collect()).await;
    assert_eq!(count(&f, "SELECT count(*) FROM bases"), 1);
    assert!(count(&f, "SELECT max(length(data)) FROM documents") < 100);
    for (i, id) in ids.into_iter().enumerate() {
        assert_eq!(workflow_of(&f, id).await, workflow("a", u64::try_from(i).unwrap() * 7_777_777));
    }
}

#[tokio::test]
async fn a_workflow_is_found_again_however_long_ago_it_was_used() {
    let f = Fixture::new().await;
    let names: Vec<_> = (0..100).map(|i| format!("w{i}")).collect();
    f.save(names.iter().map(|name| with_workflow(&workflow(name, 1))).collect()).await;
    let bases = count(&f, "SELECT count(*) FROM bases");
    let f = f.reopen().await;
    let ids = f.save(names.iter().map(|name| with_workflow(&workflow(name, 2))).collect()).await;
    assert_eq!(count(&f, "SELECT count(*) FROM bases"), bases);
    assert_eq!(workflow_of(&f, ids[3]).await, workflow("w3", 2));
}

#[tokio::test]
async fn after_a_restart_the_last_bases_serve_again() {
    let f = Fixture::new().await;
    // No names of members, so no shape to find it by.
    let text = |seed: &str| (0..999).map(|i| format!("{} ", i * 7_919 % 1_009)).collect::<String>() + seed;
    f.save_one(with_workflow(&text("1"))).await;
    let f = f.reopen().await;
    f.save_one(with_workflow(&text("2"))).await;
    assert_eq!(count(&f, "SELECT count(*) FROM bases"), 1);
}

#[tokio::test]
async fn a_replaced_document_leaves_nothing_behind() {
    let f = Fixture::new().await;
    let id = f.save_one(with_workflow(&workflow("a", 1))).await;
    for name in ["b", "c", "d"] {
        let text = workflow(name, 1);
        f.save_one(Save { id: Some(id), ..with_workflow(&text) }).await;
        assert_eq!(workflow_of(&f, id).await, text);
        assert_eq!(count(&f, "SELECT count(*) FROM bases"), 1);
    }
    assert_eq!(count(&f, "SELECT count(*) FROM documents"), 1);
}

#[tokio::test]
async fn a_base_that_others_need_outlives_its_document() {
    let f = Fixture::new().await;
    let ids = f.save(vec![with_workflow(&workflow("a", 1)), with_workflow(&workflow("a", 2))]).await;
    let same = f.save_one(with_workflow(&workflow("a", 2))).await;
    f.save_one(Save { id: Some(ids[0]), ..with_workflow(&workflow("b", 1)) }).await;
    assert_eq!(workflow_of(&f, ids[1]).await, workflow("a", 2));
    assert_eq!(workflow_of(&f, same).await, workflow("a", 2));

    let twins = f.save(vec![with_workflow(&workflow("t", 1)), with_workflow(&workflow("t", 1))]).await;
    f.save_one(Save { id: Some(twins[0]), ..with_workflow("{}") }).await;
    assert_eq!(workflow_of(&f, twins[1]).await, workflow("t", 1));
}

#[tokio::test]
async fn a_prompt_of_30_megabytes_is_kept_whole() {
    let f = Fixture::new().await;
    let long = workflow("a", 1).repeat(750);
    assert!(long.len() > 30_000_000);
    let id = f.save_one(with_workflow(&long)).await;
    assert!(workflow_of(&f, id).await == long);
}

/// A workflow of `size` bytes that no compressor makes smaller, for instance with pictures in it.
fn picture(size: usize, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let noise: String = (0..size).map(|_| random.alphanumeric()).collect();
    format!(r#"{{"seed": {seed}, "picture": "{noise}", "end": {seed}}}"#)
}

#[tokio::test]
async fn a_repeated_workflow_of_megabytes_costs_a_few_hundred_bytes() {
    let f = Fixture::new().await;
    for size in [400_000, 600_000, 3_000_000] {
        let ids = f.save((0..4).map(|i| with_workflow(&picture(size, i * 7_777_777))).collect()).await;
        assert_eq!(workflow_of(&f, ids[3]).await, picture(size, 3 * 7_777_777));
    }
    assert!(count(&f, "SELECT max(length(data)) FROM documents") < 500);
    // Of one shape and kind with long bases, yet short: it must not look for help there in vain.
    let id = f.save_one(with_workflow(&picture(10, 1))).await;
    let f = f.reopen().await;
    f.save_one(with_workflow(&picture(100, 1))).await;
    assert_eq!(workflow_of(&f, id).await, picture(10, 1));
}

#[tokio::test]
async fn a_damaged_document_is_an_error_not_another_text() {
    let f = Fixture::new().await;
    let id = f.save_one(with_workflow(&workflow("a", 1))).await;
    f.store
        .writer
        .write(|session| Ok(session.conn.execute("UPDATE bases SET data = substr(data, 1, 2000)", [])?))
        .await
        .unwrap();
    assert!(matches!(f.store.detail(id).await, Err(crate::store::Error::Document { .. })));
}

/// Texts as they come: some alike, some not, some hardly texts at all.
fn texts() -> impl Strategy<Value = Vec<(usize, String)>> {
    let like = (0..4_u8, any::<u64>()).prop_map(|(name, seed)| workflow(&name.to_string(), seed));
    let any_text = prop_oneof!["\\PC{0,80}", ".{0,300}", Just(String::new())];
    let long = (any::<char>(), 0..900_000_usize).prop_map(|(c, n)| String::from(c).repeat(n / c.len_utf8()));
    prop::collection::vec((0..4_usize, prop_oneof![3 => like, 3 => any_text, 1 => long]), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_reads_back_whatever_came_before(texts in texts(), replaced in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut f = Fixture::new().await;
            let mut ids = Vec::new();
            for (i, (kind, text)) in texts.iter().enumerate() {
                let documents = vec![document(DocumentKind::ALL[*kind], text)];
                let id = f.save_one(Save { documents: documents.clone(), ..run("p", Status::Pending, 0) }).await;
                if replaced {
                    let other = vec![document(DocumentKind::ALL[*kind], &texts[0].1)];
                    f.save_one(Save { id: Some(id), documents: other, ..run("p", Status::Pending, 0) }).await;
                    f.save_one(Save { id: Some(id), documents, ..run("p", Status::Pending, 0) }).await;
                }
                ids.push(id);
                if i == 5 {
                    f = f.reopen().await;
                }
            }
            for (id, (_, text)) in ids.into_iter().zip(&texts) {
                let documents = f.store.detail(id).await.unwrap().unwrap().documents;
                assert!(documents.len() == 1 && documents[0].json == *text);
            }
        });
    }
}

#[tokio::test]
async fn the_prompts_of_many_runs_are_read_in_their_order() {
    let f = Fixture::new().await;
    let prompt =
        |json: &str| Save { documents: vec![document(DocumentKind::Prompt, json)], ..run("p", Status::Completed, 0) };
    let ids = f.save(vec![prompt("one"), run("p", Status::Pending, 1), prompt("three")]).await;
    let asked = vec![ids[2], ids[1], GenerationId(99), ids[0]];
    let read = f.store.of_prompts(asked, |_, prompt| prompt.to_owned()).await.unwrap();
    assert_eq!(read, [(ids[2], "three".to_owned()), (ids[0], "one".to_owned())]);
}
