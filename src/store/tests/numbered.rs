//! Runs by their number, and files by their name.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::listing::pages;
use super::*;
use crate::model::{Filter, Nth};
use crate::store::Named;

const QUARTER: i64 = 900_000;

/// Times that lie nothing, quarters, days and months apart.
fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![0..3_i64, (0..40_i64).prop_map(|n| n * QUARTER), (0..30_i64).prop_map(|n| n * 97 * QUARTER)]
}

async fn agrees(runs: Vec<(&str, Status, i64)>, filters: Vec<Filter>) {
    let f = Fixture::new().await;
    for (instance, status, time) in runs {
        let instance = f.store.instance(&instance.parse().unwrap()).await.unwrap();
        f.store.save(instance, &Comfyui::default(), vec![run("p", status, time)]).await.unwrap();
    }
    for filter in filters {
        let newest_first = pages(&f, &filter, "7").await;
        let oldest_first: Vec<_> = newest_first.iter().rev().copied().collect();
        for skipped in [0, 1, 5, newest_first.len().saturating_sub(1), newest_first.len(), 1_000_000] {
            for (nth, list) in [(Nth::Newest as fn(u64) -> Nth, &newest_first), (Nth::Oldest, &oldest_first)] {
                let nth = nth(u64::try_from(skipped).unwrap());
                let found = f.store.stretch(filter.clone(), nth, 4).await.unwrap();
                let expected: Vec<_> = list.iter().skip(skipped).take(4).copied().collect();
                let ids: Vec<_> = found.runs.iter().map(|(id, _)| *id).collect();
                assert_eq!(ids, expected, "{nth:?} of {filter:?}");
                assert_eq!(found.total, u64::try_from(list.len()).unwrap(), "{filter:?}");
                assert!(found.runs.iter().all(|(_, prompt_id)| prompt_id.as_str() == "p"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_nth_run_is_the_nth_of_the_list(
        runs in prop::collection::vec((select(&["default", "other"][..]), select(&Status::ALL[..]), any_time()), 0..40),
        filters in prop::collection::vec(
            (
                subsequence(&Status::ALL[..], 0..=3),
                prop::option::weighted(0.3, select(&["default", "other", "nobody"][..])),
                prop::option::weighted(0.3, any_time()),
                prop::option::weighted(0.3, any_time()),
            ),
            6,
        ),
    ) {
        let filters = filters.into_iter().map(|(statuses, instance, from, until)| Filter {
            statuses,
            instance: instance.map(|name| name.parse().unwrap()),
            from: from.map(at),
            until: until.map(at),
            ..Filter::default()
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agrees(runs, filters.collect()));
    }
}

#[tokio::test]
async fn of_runs_that_gave_a_file_the_same_name_the_newest_counts() {
    let f = Fixture::new().await;
    let save = |prompt_id, created_at, attachment| Save {
        attachments: vec![attachment],
        ..run(prompt_id, Status::Completed, created_at)
    };
    let stored = |seed| made(MediaKind::Image, "output", "a.png", seed);
    f.save(vec![save("new", 20, stored(2)), save("old", 10, stored(1))]).await;
    let named = async |prompt_id: Option<&str>| {
        f.store.named(file("output", "a.png"), prompt_id.map(PromptId::from)).await.unwrap()
    };
    let kept = |seed| Named::Kept(blob(seed, MediaKind::Image));
    assert_eq!(named(None).await, kept(2), "though it was recorded first");
    assert_eq!(named(Some("old")).await, kept(1));
    assert_eq!(named(Some("nobody")).await, Named::Unknown);

    f.save_one(save("gone", 30, output(Some("9"), NewContent::Missing(file("output", "a.png"), "gone".into())))).await;
    assert_eq!(named(None).await, kept(2), "a run that couldn't give the bytes hides nothing");
    f.save_one(save("next", 40, wanted("a.png"))).await;
    assert_eq!(named(None).await, Named::Awaited, "what was there before would be the wrong picture");

    for (folder, name) in [("temp", "a.png"), ("output", "A.png"), ("output", "a.pn"), ("x", "a.png"), ("output", "")] {
        assert_eq!(f.store.named(file(folder, name), None).await.unwrap(), Named::Unknown, "{folder}/{name}");
    }
}
