use super::*;
use crate::model::{Cursor, Filter, Limit, Neighbours, Start};

/// Every id of the list, read in pages to its end; then read back to its beginning.
pub(super) async fn pages(f: &Fixture, filter: &Filter, limit: &str) -> Vec<GenerationId> {
    let limit: Limit = limit.parse().unwrap();
    let page = async |start| {
        let page = f.store.list(filter.clone(), start, limit).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit.get()).unwrap());
        let ids: Vec<_> = page.items.iter().map(|item| item.id).collect();
        (ids, page.prev, page.next)
    };
    let (mut ids, prev, mut next) = page(Start::Newest).await;
    assert_eq!(prev, None, "nothing is newer than the newest");
    while let Some(cursor) = next {
        let (more, prev, after) = page(Start::Older(cursor)).await;
        assert!(prev.is_some() && !more.is_empty());
        ids.extend(more);
        next = after;
    }

    let beyond = Cursor { created_at: Timestamp::from_millis(0), id: GenerationId(0) };
    let (mut back, mut prev, next) = page(Start::Newer(beyond)).await;
    assert_eq!(next, None, "nothing is older than the oldest");
    while let Some(cursor) = prev {
        let (more, before, next) = page(Start::Newer(cursor)).await;
        assert!(next.is_some() && !more.is_empty());
        back.splice(0..0, more);
        prev = before;
    }
    assert_eq!(back, ids, "{filter:?}");
    ids
}

#[tokio::test]
async fn pages_of_any_size_and_filter_hold_every_run_once_newest_first() {
    let f = Fixture::new().await;
    let other = f.store.instance(&"other".parse().unwrap()).await.unwrap();
    let mut all = Vec::new();
    for i in 0..120_i64 {
        let status = Status::ALL[usize::try_from(i * 7 % 6).unwrap()];
        // Many share a time, and ids are not in the order of time.
        let save = run(["p", "q"][usize::try_from(i % 2).unwrap()], status, i * 31 % 17);
        let instance = if i % 3 == 0 { other } else { f.instance };
        let id = f.store.save(instance, &Comfyui::default(), vec![save.clone()]).await.unwrap()[0];
        all.push((save.created_at, id, instance, save));
    }
    all.sort_by_key(|(created_at, id, ..)| std::cmp::Reverse((*created_at, *id)));

    let statuses = [vec![], vec![Status::Failed], vec![Status::Lost, Status::Completed, Status::Lost]];
    let instances = [None, Some("other"), Some("nobody")];
    let prompts = [None, Some("q"), Some("nobody")];
    let times = [(None, None), (Some(at(3)), Some(at(11))), (Some(at(5)), Some(at(5)))];
    for (statuses, instance) in statuses.iter().flat_map(|s| instances.iter().map(move |i| (s, i))) {
        for (prompt_id, (from, until)) in prompts.iter().flat_map(|p| times.iter().map(move |t| (p, *t))) {
            let filter = Filter {
                statuses: statuses.clone(),
                kinds: Vec::new(),
                instance: instance.map(|name| name.parse().unwrap()),
                prompt_id: prompt_id.map(PromptId::from),
                from,
                until,
                want: None,
            };
            let expected: Vec<_> = all
                .iter()
                .filter(|(_, _, _, save)| statuses.is_empty() || statuses.contains(&save.status))
                .filter(|(_, _, of, _)| instance.is_none_or(|name| name == "other" && *of == other))
                .filter(|(_, _, _, save)| prompt_id.is_none_or(|id| save.prompt_id.as_str() == id))
                .filter(|(time, ..)| from.is_none_or(|from| *time >= from) && until.is_none_or(|until| *time < until))
                .map(|(_, id, ..)| *id)
                .collect();
            for limit in ["1", "7", "200"] {
                assert_eq!(pages(&f, &filter, limit).await, expected, "{filter:?} by {limit}");
            }
        }
    }
    let names = f.store.instances().await.unwrap();
    assert_eq!(names.iter().map(InstanceName::as_str).collect::<Vec<_>>(), ["default", "other"]);
}

#[tokio::test]
async fn an_empty_page_says_where_the_list_goes_on() {
    let f = Fixture::new().await;
    let ids = f.save((0..3).map(|i| run("p", Status::Completed, i)).collect()).await;
    let at_end = |i: usize, millis| Cursor { created_at: at(millis), id: ids[i] };
    let page = async |start| f.store.list(Filter::default(), start, "2".parse().unwrap()).await.unwrap();

    let behind = page(Start::Older(at_end(0, 0))).await;
    assert!(behind.items.is_empty() && behind.next.is_none());
    let back = page(Start::Newer(behind.prev.unwrap())).await;
    assert_eq!(back.items.iter().map(|item| item.id).collect::<Vec<_>>(), [ids[1], ids[0]]);

    let before = page(Start::Newer(at_end(2, 2))).await;
    assert!(before.items.is_empty() && before.prev.is_none());
    let on = page(Start::Older(before.next.unwrap())).await;
    assert_eq!(on.items.iter().map(|item| item.id).collect::<Vec<_>>(), [ids[2], ids[1]]);

    let nobody = Filter { prompt_id: Some(PromptId::from("nobody")), ..Filter::default() };
    for start in [Start::Newest, Start::Older(at_end(1, 1)), Start::Newer(at_end(1, 1))] {
        let page = f.store.list(nobody.clone(), start, Limit::default()).await.unwrap();
        assert!(page.items.is_empty() && page.next.is_none() && page.prev.is_none());
    }
}

#[tokio::test]
async fn the_neighbours_of_a_run_are_those_that_fit_even_if_it_does_not() {
    let f = Fixture::new().await;
    let status = |i: i64| if i % 2 == 0 { Status::Completed } else { Status::Failed };
    // All share a time: their ids decide.
    let ids = f.save((0..6).map(|i| run("p", status(i), 7)).collect()).await;
    let failed = Filter { statuses: vec![Status::Failed], ..Filter::default() };
    let beside = async |filter: &Filter, id| f.store.neighbours(filter.clone(), id).await.unwrap();
    let found = |newer, older| Some(Neighbours { newer, older });
    assert_eq!(beside(&Filter::default(), ids[3]).await, found(Some(ids[4]), Some(ids[2])));
    assert_eq!(beside(&Filter::default(), ids[0]).await, found(Some(ids[1]), None));
    assert_eq!(beside(&failed, ids[3]).await, found(Some(ids[5]), Some(ids[1])));
    assert_eq!(beside(&failed, ids[4]).await, found(Some(ids[5]), Some(ids[3])));
    assert_eq!(beside(&failed, ids[5]).await, found(None, Some(ids[3])));
    assert_eq!(beside(&failed, GenerationId(99)).await, None);
}

/// Every combination of filters is answered by looking at a few entries, even if all runs share a time and an id of
/// ComfyUI's.
#[tokio::test]
async fn no_combination_of_filters_reads_more_as_the_history_grows() {
    let f = Fixture::new().await;
    let mut cost = Vec::new();
    let add = async |from: i64| {
        let status = |i: i64| Status::ALL[usize::try_from(i % 6).unwrap()];
        let sound = || made(MediaKind::Audio, "output", "a.flac", 1);
        let with = |i: i64| if i % 7 == 0 { vec![sound()] } else { vec![wanted("a.png")] };
        f.save((from..from + 3_000).map(|i| Save { attachments: with(i), ..run("same", status(i), 7) }).collect()).await
    };
    for from in [0, 3_000, 6_000] {
        let middle = add(from).await[1_500];
        let cursor = Cursor { created_at: at(7), id: middle };
        cost.push([steps(&f, Start::Older(cursor)).await, steps(&f, Start::Newer(cursor)).await].concat());
    }
    for (combination, (few, many)) in cost[0].iter().zip(&cost[2]).enumerate() {
        assert!(*many <= few + few / 10 + 100, "combination {combination}: {few} steps, later {many}");
    }
}

/// Steps of SQLite's machine for a page from there, one number a combination of filters.
async fn steps(f: &Fixture, start: Start) -> Vec<u64> {
    let filters = (0..64_u8).map(|bits| Filter {
        statuses: if bits & 1 == 0 { Vec::new() } else { vec![Status::Failed, Status::Lost] },
        instance: (bits & 2 != 0).then(InstanceName::default),
        prompt_id: (bits & 4 != 0).then(|| PromptId::from("same")),
        from: (bits & 8 != 0).then(|| at(7)),
        until: (bits & 16 != 0).then(|| at(8)),
        kinds: if bits & 32 == 0 { Vec::new() } else { vec![MediaKind::Audio, MediaKind::Video] },
        want: None,
    });
    let filters: Vec<_> = filters.collect();
    f.store
        .readers
        .read(move |conn| {
            let mut costs = Vec::new();
            for filter in filters {
                let steps = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
                let counter = std::sync::Arc::clone(&steps);
                let count = move || {
                    counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    false
                };
                conn.progress_handler(1, Some(count))?;
                let page = crate::store::list::list(conn, &filter, start, Limit::default())?;
                assert_eq!(page.items.len(), 50);
                costs.push(steps.load(std::sync::atomic::Ordering::Relaxed));
            }
            Ok(costs)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn many_sets_of_kinds_cost_a_page_a_few_steps_each() {
    let every = |mask: usize| -> Vec<NewAttachment> {
        let kinds = MediaKind::ALL.iter().zip(0_u8..).filter(|(_, bit)| mask >> bit & 1 == 1);
        kinds.map(|(kind, bit)| made(*kind, "output", "x", bit)).collect()
    };
    let mut costs = Vec::new();
    for sets in [4, 64] {
        let f = Fixture::new().await;
        let status = |i: usize| Status::ALL[i / 64 % 6];
        let with = |i: usize| Save { attachments: every((i % sets) | 4), ..run("same", status(i), 7) };
        f.save((0..3_000).map(with).collect()).await;
        costs.push(steps(&f, Start::Newest).await);
    }
    for (combination, (few, many)) in costs[0].iter().zip(&costs[1]).enumerate() {
        // Each set is looked at by itself, at a few steps each; of one id of ComfyUI's for the first time.
        let most = if combination & 4 == 0 { few * 8 } else { few * 32 };
        assert!(*many <= most, "combination {combination}: {few} steps, {many} with many sets");
    }
}
