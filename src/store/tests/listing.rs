use super::*;
use crate::model::{Filter, Limit};

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
