//! The index against the plainest way to answer: looking at every run.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::handle::Index;
use super::{Error, Tie, merge, segment};
use crate::model::testing::fits;
use crate::model::{
    Counted, Cursor, Entry, Filter, GenerationId, Limit, List, Page, Start, Status, Term, Timestamp, Want,
};
use crate::paging::Place;

const WORDS: [&str; 9] = ["fox", "fog", "foxglove", "red", "a", "é", "狐", "的", "foxes"];
const LISTS: [List; 4] = [List::PromptWords, List::FileWords, List::Model, List::Steps];

fn entry(id: i64, at: i64, terms: &[(usize, usize, u32)]) -> Entry {
    let terms = terms.iter().map(|&(list, word, position)| {
        let list = LISTS[list];
        let position = if list.has_positions() { position } else { 0 };
        Term { list, bytes: WORDS[word].as_bytes().to_vec(), position }
    });
    Entry { created_at: Timestamp::from_millis(at), id: GenerationId(id), terms: terms.collect() }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let terms = proptest::collection::vec((0..LISTS.len(), 0..WORDS.len(), 0..6_u32), 0..12);
    proptest::collection::vec((0..60_i64, terms), 1..120).prop_map(|runs| {
        // The place of a run never changes; some share a time, and ids don't follow it.
        runs.iter().map(|(id, terms)| entry(*id, (id * 7) % 20, terms)).collect()
    })
}

fn wants() -> impl Strategy<Value = Want> {
    let (list, word) = (0..LISTS.len(), 0..WORDS.len());
    let bytes = |word: usize| WORDS[word].as_bytes().to_vec();
    let leaf = prop_oneof![
        (list.clone(), word.clone()).prop_map(move |(list, word)| Want::Term(LISTS[list], bytes(word))),
        (list.clone(), word.clone(), 1..4_usize).prop_map(move |(list, word, end)| {
            Want::Prefix(LISTS[list], bytes(word)[..end.min(WORDS[word].len())].to_vec())
        }),
        (list, word.clone(), proptest::option::of(word.clone())).prop_map(move |(list, from, until)| Want::Range(
            LISTS[list],
            bytes(from),
            until.map(bytes)
        )),
        (0..2_usize, proptest::collection::vec(word, 2..4), any::<bool>()).prop_map(move |(list, words, is_open)| {
            Want::Phrase { list: LISTS[list], words: words.into_iter().map(bytes).collect(), is_open }
        }),
        (0..21_i64, 0..21_i64)
            .prop_map(|(from, until)| { Want::Created(Timestamp::from_millis(from), Timestamp::from_millis(until)) }),
    ];
    leaf.prop_recursive(3, 12, 3, |want| {
        prop_oneof![
            proptest::collection::vec(want.clone(), 0..3).prop_map(Want::All),
            proptest::collection::vec(want.clone(), 0..3).prop_map(Want::Any),
            want.prop_map(|want| Want::Not(Box::new(want))),
        ]
    })
}

struct Fixture {
    index: Index,
    _folder: TempDir,
}

fn new() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    Fixture { index: Index::open(folder.path(), Tie::default()), _folder: folder }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn ids(page: &Page<Place>) -> Vec<i64> {
    page.items.iter().map(|(_, id)| *id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However the runs came in, one by one or many at once, for the first time or again.
    #[test]
    fn it_finds_what_looking_at_every_run_finds(
        entries in entries(),
        batch in 1..24_usize,
        wants in proptest::collection::vec(wants(), 6),
        from in proptest::option::of(0..20_i64),
        until in proptest::option::of(0..22_i64),
    ) {
        run(async {
            let f = new();
            for batch in entries.chunks(batch) {
                f.index.add(batch.to_vec()).await.unwrap();
            }
            let latest: BTreeMap<Place, &Entry> =
                entries.iter().map(|entry| ((entry.created_at.as_millis(), entry.id.0), entry)).collect();
            for want in wants {
                let time = |time: Option<i64>| time.map(Timestamp::from_millis);
                let filter = Filter { from: time(from), until: time(until), want: Some(want.clone()), ..Filter::default() };
                let expected: Vec<Place> = latest.iter().rev().filter(|(place, entry)| {
                    fits(entry, &want) && from.is_none_or(|from| place.0 >= from) && until.is_none_or(|until| place.0 < until)
                }).map(|(place, _)| *place).collect();
                let page = |start, limit: &str| f.index.page(filter.clone(), start, limit.parse().unwrap());
                prop_assert_eq!(&page(Start::Newest, "200").await.unwrap().items, &expected, "{:?}", want);
                prop_assert_eq!(f.index.count(filter.clone()).await.unwrap(), expected.len() as u64);

                // Page by page to the end, and back again.
                let mut there = Vec::new();
                let mut start = Start::Newest;
                let last = loop {
                    let page = page(start, "7").await.unwrap();
                    there.extend(page.items.iter().copied());
                    match page.next {
                        Some(next) => start = Start::Older(next),
                        None => break page,
                    }
                };
                prop_assert_eq!(&there, &expected);
                let mut back: Vec<Place> = last.items.clone();
                let mut prev = last.prev;
                while let Some(at) = prev {
                    let page = page(Start::Newer(at), "7").await.unwrap();
                    back.splice(0..0, page.items.iter().copied());
                    prev = page.prev;
                }
                prop_assert_eq!(&back, &expected);

                let edges: Vec<Timestamp> = (0..22).map(Timestamp::from_millis).collect();
                let days = f.index.days(filter.clone(), edges).await.unwrap();
                let counted: Vec<u64> = (0..21)
                    .map(|day| expected.iter().filter(|(time, _)| *time == day).count() as u64)
                    .collect();
                prop_assert_eq!(days, counted);

                let facet = f.index.facets(filter.clone(), vec![List::Model], 100).await.unwrap().remove(0);
                let mut values: BTreeMap<String, u64> = BTreeMap::new();
                for place in &expected {
                    let own: std::collections::BTreeSet<_> =
                        latest[place].terms.iter().filter(|term| term.list == List::Model).map(|term| &term.bytes).collect();
                    for bytes in own {
                        *values.entry(String::from_utf8(bytes.clone()).unwrap()).or_default() += 1;
                    }
                }
                let counted: BTreeMap<_, _> = facet.values.into_iter().map(|value| (value.text, value.runs)).collect();
                prop_assert_eq!(counted, values);
                prop_assert!(facet.is_exact && facet.more == 0);

                let all: Vec<_> = latest.keys()
                    .map(|&(time, id)| Cursor { created_at: Timestamp::from_millis(time), id: GenerationId(id) })
                    .collect();
                let mut among: Vec<i64> = f.index.among(filter, all).await.unwrap().iter().map(|id| id.0).collect();
                among.sort_unstable();
                let mut found: Vec<i64> = expected.iter().map(|(_, id)| *id).collect();
                found.sort_unstable();
                prop_assert_eq!(among, found);
            }
            Ok(())
        })?;
    }
}

#[test]
fn small_segments_become_large_ones_and_the_dead_go() {
    run(async {
        let f = new();
        for round in 0..3 {
            for id in 0..300 {
                f.index.add(vec![entry(id, id, &[(0, round, 0)])]).await.unwrap();
            }
        }
        let (segments, runs) = f
            .index
            .0
            .read(|conn| {
                let segments = segment::all(conn)?;
                Ok((segments.len(), segments.iter().map(segment::Segment::alive).sum::<u64>()))
            })
            .await
            .unwrap();
        assert!(segments < 40, "{segments}");
        assert_eq!(runs, 300);
        for (round, expected) in [(0, 0), (1, 0), (2, 300)] {
            let want = Some(Want::Term(List::PromptWords, WORDS[round].as_bytes().to_vec()));
            assert_eq!(f.index.count(Filter { want, ..Filter::default() }).await.unwrap(), expected);
        }
    });
}

#[test]
fn a_beginning_that_many_words_share_is_read_at_once() {
    run(async {
        let f = new();
        let word =
            |number: i64| Term { list: List::FileWords, bytes: format!("img{number:05}").into_bytes(), position: 0 };
        let entry = |id: i64| Entry {
            created_at: Timestamp::from_millis(id),
            id: GenerationId(id),
            terms: vec![word(id), Term { position: 1, ..word(id + 7) }],
        };
        f.index.add((0..500).map(entry).collect()).await.unwrap();
        for (start, expected) in
            [("i", 500), ("img", 500), ("img0", 500), ("img00", 500), ("img001", 107), ("img00100", 2)]
        {
            let want = Some(Want::Prefix(List::FileWords, start.as_bytes().to_vec()));
            assert_eq!(f.index.count(Filter { want, ..Filter::default() }).await.unwrap(), expected, "{start}");
        }
        let summed = f
            .index
            .0
            .read(|conn| {
                let count = "SELECT count(*) FROM summaries";
                Ok(conn.query_row(count, [], |row| row.get::<_, i64>(0))?)
            })
            .await
            .unwrap();
        // i, im, img, img0, img00 and img000 to img004.
        assert_eq!(summed, 10, "each beginning once, no word twice");
        let suggested = f.index.suggest(List::FileWords, "img0000", 3).await.unwrap();
        assert_eq!(suggested[0], Counted { text: "img00007".to_owned(), runs: 2 });
    });
}

#[test]
fn the_filter_of_the_list_narrows_what_is_found() {
    run(async {
        let f = new();
        let mut terms = entry(1, 1, &[(0, 0, 0)]);
        terms.terms.push(Term { list: List::Status, bytes: b"failed".to_vec(), position: 0 });
        f.index.add(vec![terms, entry(2, 2, &[(0, 0, 0)])]).await.unwrap();
        let fox = Some(Want::Term(List::PromptWords, b"fox".to_vec()));
        let filter = Filter { want: fox.clone(), ..Filter::default() };
        assert_eq!(ids(&f.index.page(filter, Start::Newest, Limit::default()).await.unwrap()), [2, 1]);
        let filter = Filter { want: fox, statuses: vec![Status::Failed, Status::Lost], ..Filter::default() };
        assert_eq!(ids(&f.index.page(filter, Start::Newest, Limit::default()).await.unwrap()), [1]);
    });
}

#[test]
fn a_broken_file_is_made_anew() {
    run(async {
        let f = new();
        f.index.add(vec![entry(1, 1, &[(0, 0, 0)])]).await.unwrap();
        f.index.set_derived_by("1").await.unwrap();
        let everything = Filter { want: Some(Want::All(Vec::new())), ..Filter::default() };
        assert_eq!(f.index.count(everything.clone()).await.unwrap(), 1);
        f.index.0.write(|conn| Ok(conn.execute_batch("DROP TABLE postings")?)).await.unwrap();
        let told = f.index.add(vec![entry(2, 2, &[(0, 0, 0)])]).await.unwrap_err();
        assert!(matches!(told, Error::Broken { .. }), "{told}");
        assert_eq!(f.index.derived_by().await.unwrap(), None);
        f.index.add(vec![entry(2, 2, &[(0, 0, 0)])]).await.unwrap();
        assert_eq!(f.index.count(everything).await.unwrap(), 1);
    });
}

#[test]
fn values_of_full_segments_are_held_together_and_follow_what_becomes_of_them() {
    run(async {
        let f = new();
        let model =
            |id: i64| Term { list: List::Model, bytes: format!("m{0}\0M{0}", id % 3).into_bytes(), position: 0 };
        let entry =
            |id: i64| Entry { created_at: Timestamp::from_millis(id), id: GenerationId(id), terms: vec![model(id)] };
        let full = i64::try_from(merge::FULL).unwrap() + 3;
        // What isn't read in time is read for the next one who asks.
        let until_suggested = async |runs: i64| {
            let expected = ["M0", "M1", "M2"].map(|model| (model.to_owned(), runs.unsigned_abs() / 3));
            for _ in 0..10_000 {
                let values = f.index.suggest(List::Model, "m", 9).await.unwrap();
                if values.into_iter().map(|value| (value.text, value.runs)).eq(expected.iter().cloned()) {
                    return;
                }
            }
            panic!("{expected:?} is never suggested");
        };
        for n in 0..2 {
            f.index.add((n * full..(n + 1) * full).map(entry).collect()).await.unwrap();
            until_suggested((n + 1) * full).await;
        }
        assert_eq!(f.index.0.values.held(), (2, 0), "full ones together, none by itself");
        f.index.add((2 * full..2 * full + 9).map(entry).collect()).await.unwrap();
        until_suggested(2 * full + 9).await;
        assert_eq!(f.index.0.values.held(), (2, 1));
        // All are indexed again: their segments go, and what was held of them.
        for n in 0..2 {
            f.index.add((n * full..(n + 1) * full).map(entry).collect()).await.unwrap();
        }
        until_suggested(2 * full + 9).await;
        f.index.rest(Duration::ZERO).await;
        assert_eq!(f.index.0.values.held(), (0, 0));
        until_suggested(2 * full + 9).await;
    });
}
