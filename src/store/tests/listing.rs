use super::*;
use crate::model::{Cursor, Filter, Limit};

/// Every id of the list, read in pages.
async fn pages(f: &Fixture, filter: &Filter, limit: &str) -> Vec<GenerationId> {
    let limit: Limit = limit.parse().unwrap();
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = f.store.list(filter.clone(), after, limit).await.unwrap();
        assert!(page.items.len() <= usize::try_from(limit.get()).unwrap());
        ids.extend(page.items.iter().map(|item| item.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
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
                instance: instance.map(|name| name.parse().unwrap()),
                prompt_id: prompt_id.map(PromptId::from),
                from,
                until,
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

/// Every combination of filters is answered by looking at a few entries, even if all runs share a time and an id of ComfyUI's.
#[tokio::test]
async fn no_combination_of_filters_reads_more_as_the_history_grows() {
    let f = Fixture::new().await;
    let mut cost = Vec::new();
    let add = async |from: i64| {
        let status = |i: i64| Status::ALL[usize::try_from(i % 6).unwrap()];
        f.save((from..from + 3_000).map(|i| run("same", status(i), 7)).collect()).await
    };
    for from in [0, 3_000, 6_000] {
        let middle = add(from).await[1_500];
        cost.push(steps_of_every_filter(&f, Cursor { created_at: at(7), id: middle }).await);
    }
    for (combination, (few, many)) in cost[0].iter().zip(&cost[2]).enumerate() {
        assert!(*many <= few + few / 10 + 100, "combination {combination}: {few} steps, later {many}");
    }
}

/// Steps of SQLite's machine for a page after the cursor, one number a combination.
async fn steps_of_every_filter(f: &Fixture, after: Cursor) -> Vec<u64> {
    let filters = (0..32_u8).map(|bits| Filter {
        statuses: if bits & 1 == 0 { Vec::new() } else { vec![Status::Failed, Status::Lost] },
        instance: (bits & 2 != 0).then(InstanceName::default),
        prompt_id: (bits & 4 != 0).then(|| PromptId::from("same")),
        from: (bits & 8 != 0).then(|| at(7)),
        until: (bits & 16 != 0).then(|| at(8)),
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
                let page = crate::store::list::list(conn, &filter, Some(after), Limit::default())?;
                assert_eq!(page.items.len(), 50);
                costs.push(steps.load(std::sync::atomic::Ordering::Relaxed));
            }
            Ok(costs)
        })
        .await
        .unwrap()
}
