//! Filters: what the list, its counts and `Filter::takes` make of them is the same.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::listing::pages;
use super::*;
use crate::model::{Filter, Limit, Start, Summary};
use crate::store::places::Narrowed;

const HOUR: i64 = 3_600_000;

/// A run: on which instance, and what. Times lie days, hours and nothing apart.
fn any_run() -> impl Strategy<Value = (&'static str, Save)> {
    let kinds = subsequence(&MediaKind::ALL[..], 0..=3);
    let time = prop_oneof![0..3_i64, (0..40_i64).prop_map(|n| n * HOUR), (0..20_i64).prop_map(|n| n * 100 * HOUR)];
    let parts = (select(&["default", "other"][..]), select(&Status::ALL[..]), kinds, select(&["p", "q"][..]), time);
    parts.prop_map(|(instance, status, kinds, prompt_id, time)| {
        let attachments = kinds.iter().map(|&kind| made(kind, "output", "x", 7 * kind as u8 + 1)).collect();
        (instance, Save { attachments, ..run(prompt_id, status, time) })
    })
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let time = || prop::option::weighted(0.3, prop_oneof![0..5_i64, (0..2_000_i64).prop_map(|n| n * HOUR)]);
    let parts = (
        subsequence(&Status::ALL[..], 0..=3),
        subsequence(&MediaKind::ALL[..], 0..=3),
        prop::option::weighted(0.3, select(&["default", "other", "nobody"][..])),
        prop::option::weighted(0.3, select(&["p", "nothing"][..])),
        time(),
        time(),
    );
    parts.prop_map(|(statuses, kinds, instance, prompt_id, from, until)| Filter {
        statuses,
        kinds,
        instance: instance.map(|name| name.parse().unwrap()),
        prompt_id: prompt_id.map(PromptId::from),
        from: from.map(at),
        until: until.map(at),
        want: None,
    })
}

async fn everything(f: &Fixture) -> Vec<Summary> {
    f.store.list(Filter::default(), Start::Newest, "200".parse::<Limit>().unwrap()).await.unwrap().items
}

async fn agrees(runs: Vec<(&str, Save)>, filters: Vec<Filter>) {
    let f = Fixture::new().await;
    for (instance, save) in runs {
        let instance = f.store.instance(&instance.parse().unwrap()).await.unwrap();
        f.store.save(instance, &Comfyui::default(), vec![save]).await.unwrap();
    }
    let all = everything(&f).await;
    assert_tallied(&f).await;
    assert!(all.is_sorted_by_key(|run| std::cmp::Reverse((run.created_at, run.id))));
    for filter in filters {
        let taken: Vec<_> = all.iter().filter(|run| filter.takes(run)).collect();
        let ids: Vec<_> = taken.iter().map(|run| run.id).collect();
        assert_eq!(pages(&f, &filter, "3").await, ids, "{filter:?}");
        assert_eq!(f.store.count(filter.clone()).await.unwrap(), u64::try_from(taken.len()).unwrap(), "{filter:?}");
        // Days that begin anywhere, and days that begin at a whole quarter of an hour.
        for (first, length) in [(at(-1), 24 * HOUR + 1_234), (Timestamp::from_millis(1_699_992_000_000), 24 * HOUR)] {
            let starts: Vec<_> = (0..=90).map(|n| Timestamp::from_millis(first.as_millis() + n * length)).collect();
            let days = f.store.days(filter.clone(), &starts).await.unwrap();
            let is_on = |day: &[Timestamp], run: &Summary| run.created_at >= day[0] && run.created_at < day[1];
            let on = |day: &[Timestamp]| taken.iter().filter(|run| is_on(day, run)).count() as u64;
            let expected: Vec<_> = starts.windows(2).map(on).collect();
            assert_eq!(days, expected, "{filter:?}");
        }
    }
}

/// Fails when the tallies say anything else than the runs.
pub(super) async fn assert_tallied(f: &Fixture) {
    let wrong = f.store.readers.read(|conn| {
        let mut statement = conn.prepare(
            "WITH grains (grain, length) AS (VALUES (0, 900000), (1, 14400000), (2, 1382400000)),
            whose (instance_id, id) AS (SELECT 0, id FROM generations UNION ALL SELECT instance_id, id FROM generations),
            counted AS (SELECT w.instance_id, grain, created_at / length AS slot, status, kinds, count(*) AS runs
                FROM grains JOIN whose w JOIN generations g ON g.id = w.id GROUP BY 1, 2, 3, 4, 5)
            SELECT 'uncounted' AS what, * FROM (SELECT * FROM counted EXCEPT SELECT * FROM tallies)
            UNION ALL SELECT 'extra' AS what, * FROM (SELECT * FROM tallies EXCEPT SELECT * FROM counted)",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, (1..7).map(|i| row.get(i)).collect::<Result<Vec<i64>, _>>()?))
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    assert_eq!(wrong.await.unwrap(), []);
}

#[tokio::test]
async fn the_tallies_follow_runs_as_they_change_fail_and_go() {
    let f = Fixture::new().await;
    let files = || vec![output(Some("9"), NewContent::Wanted(file("output", "a.png")))];
    let ids =
        f.save((0..9).map(|i| Save { attachments: files(), ..run("p", Status::Pending, i * HOUR) }).collect()).await;
    assert_tallied(&f).await;
    for (id, status) in ids.iter().zip([Status::InProgress, Status::Completed, Status::Pending]) {
        f.save_one(Save { id: Some(*id), ..run("p", status, 5_000 * HOUR) }).await;
    }
    assert_tallied(&f).await;
    let key = crate::store::AttachmentKey { generation: ids[1], role: Role::Output, index: 0 };
    let video = crate::store::Fetched::Stored(blob(1, MediaKind::Video));
    f.store.settle(vec![(key, video)]).await.unwrap();
    assert_tallied(&f).await;
    // What is taken back was never counted, nor is it with the next.
    let unknown = Save { id: Some(GenerationId(99)), ..run("p", Status::Lost, 0) };
    f.store.save(f.instance, &Comfyui::default(), vec![run("p", Status::Failed, 0), unknown]).await.unwrap_err();
    f.save_one(run("p", Status::Failed, 7)).await;
    assert_tallied(&f).await;
    assert_eq!(f.store.count(Filter::default()).await.unwrap(), 10);

    let conn = rusqlite::Connection::open(f.folder.path().join("recall.db")).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = ON; DELETE FROM generations WHERE id % 2 = 0").unwrap();
    assert_tallied(&f).await;
    conn.execute_batch("DELETE FROM generations").unwrap();
    assert_tallied(&f).await;
}

#[tokio::test]
async fn a_page_has_as_many_branches_with_many_instances_as_with_one() {
    let (one, many) = (Fixture::new().await, Fixture::new().await);
    for n in 0..60 {
        let run = || {
            let kind = [MediaKind::Image, MediaKind::Video, MediaKind::Text][n % 3];
            let attachments = vec![made(kind, "output", "x", 7 * kind as u8 + 1)];
            Save { attachments, ..run(&format!("p{n}"), Status::ALL[n % 6], n as i64) }
        };
        one.save_one(run()).await;
        let instance = many.store.instance(&format!("server-{n}").parse().unwrap()).await.unwrap();
        many.store.save(instance, &Comfyui::default(), vec![run()]).await.unwrap();
    }
    let branches = async |f: &Fixture, filter: &Filter| {
        let filter = filter.clone();
        f.store.readers.read(move |conn| Ok(Narrowed::by(conn, &filter)?.groups.len())).await.unwrap()
    };
    let (statuses, kinds) = (vec![Status::Failed, Status::Lost], vec![MediaKind::Image, MediaKind::Text]);
    for (filter, expected) in [
        (Filter::default(), 1),
        (Filter { statuses: statuses.clone(), ..Filter::default() }, 2),
        (Filter { kinds: kinds.clone(), ..Filter::default() }, 4),
        (Filter { statuses, kinds, ..Filter::default() }, 2),
        (Filter { prompt_id: Some("p7".into()), ..Filter::default() }, 1),
    ] {
        assert_eq!(branches(&one, &filter).await, expected, "{filter:?}");
        assert_eq!(branches(&many, &filter).await, expected, "{filter:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_list_has_the_runs_that_its_filter_takes(
        runs in prop::collection::vec(any_run(), 0..40),
        filters in prop::collection::vec(any_filter(), 12),
    ) {
        tokio::runtime::Runtime::new().unwrap().block_on(agrees(runs, filters));
    }
}

#[tokio::test]
async fn a_run_has_the_kinds_of_its_outputs_by_their_bytes_where_they_are_here() {
    use crate::store::{AttachmentKey, Fetched};
    let f = Fixture::new().await;
    let attachments = vec![
        wanted("a.png"),
        output(Some("9"), NewContent::Wanted(file("temp", "t.png"))),
        NewAttachment { kind: MediaKind::Text, ..output(Some("7"), NewContent::Text("words".to_owned())) },
        NewAttachment { role: Role::Input, ..made(MediaKind::Audio, "input", "in.flac", 1) },
    ];
    let id = f.save_one(Save { attachments, ..run("p", Status::Completed, 0) }).await;
    let now = async || f.store.detail(id).await.unwrap().unwrap().summary;
    assert_eq!(now().await.kinds, [MediaKind::Image, MediaKind::Text]);
    assert_eq!((now().await.outputs_count, now().await.previews_count), (3, 1));

    let video = |index| (AttachmentKey { generation: id, role: Role::Output, index }, blob(2, MediaKind::Video));
    for (index, kinds) in
        [(0, vec![MediaKind::Image, MediaKind::Video, MediaKind::Text]), (1, vec![MediaKind::Video, MediaKind::Text])]
    {
        let (key, blob) = video(index);
        f.store.settle(vec![(key, Fetched::Stored(blob))]).await.unwrap();
        assert_eq!(now().await.kinds, kinds);
        for kind in MediaKind::ALL {
            let filter = Filter { kinds: vec![kind], ..Filter::default() };
            assert_eq!(pages(&f, &filter, "1").await.len(), usize::from(kinds.contains(&kind)), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn the_cover_is_the_best_of_what_was_saved_and_a_preview_where_nothing_else_can_be_seen() {
    use MediaKind::{Audio, Image, Other, Text, Video};
    let f = Fixture::new().await;
    for (outputs, best) in [
        (vec![("temp", Image), ("output", Video)], 1),
        (vec![("temp", Image), ("output", Audio)], 1),
        (vec![("output", Video), ("output", Image), ("temp", Image)], 1),
        (vec![("temp", Video), ("temp", Image)], 1),
        (vec![("output", Other), ("output", Text), ("temp", Image)], 2),
        (vec![("temp", Text), ("output", Text)], 1),
        (vec![("input", Image), ("output", Image)], 1),
    ] {
        let seed = |i: usize| 10 * u8::try_from(i).unwrap() + outputs[i].1 as u8;
        let made = |(i, (folder, kind)): (usize, &(&str, MediaKind))| made(*kind, folder, &format!("{i}"), seed(i));
        let attachments = outputs.iter().enumerate().map(made).collect();
        let id = f.save_one(Save { attachments, ..run("p", Status::Completed, 0) }).await;
        let cover = f.store.detail(id).await.unwrap().unwrap().summary.cover.unwrap();
        assert_eq!(cover.sha256, Digest([seed(best); 32]), "{outputs:?}");
    }
}

#[tokio::test]
async fn a_run_that_gave_texts_shows_how_the_first_begins_unless_there_is_a_picture() {
    let f = Fixture::new().await;
    let text = |text: String| NewAttachment { kind: MediaKind::Text, ..output(Some("7"), NewContent::Text(text)) };
    let texts = vec![text("字".repeat(1_000)), text("second".to_owned())];
    let excerpt = async |attachments| {
        let id = f.save_one(Save { attachments, ..run("p", Status::Completed, 0) }).await;
        f.store.detail(id).await.unwrap().unwrap().summary.excerpt
    };
    assert_eq!(excerpt(texts.clone()).await, Some("字".repeat(300)));
    let latent = made(MediaKind::Other, "output", "x.latent", 1);
    assert_eq!(excerpt([vec![latent], texts.clone()].concat()).await, Some("字".repeat(300)));
    let picture = made(MediaKind::Image, "temp", "x.png", 2);
    assert_eq!(excerpt([vec![picture], texts].concat()).await, None);
    assert_eq!(excerpt(vec![wanted("a.png")]).await, None);
}
