use super::*;
use crate::model::{Digest, MediaKind, Status};

fn file(name: &str) -> FileRef {
    FileRef { folder: "output".into(), subfolder: String::new(), filename: name.into() }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_764_000_000_000)
}

/// Milliseconds after half a minute ago.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(now().as_millis() - 30_000 + millis)
}

fn span(started_at: i64, finished_at: i64) -> RunSpan {
    let row = Save::new("p".into(), Status::Completed, at(started_at));
    RunSpan { row, started_at: at(started_at), finished_at: at(finished_at) }
}

/// Holds files that were written then and closed at once.
fn put(unclaimed: &UnclaimedFiles, written: &[(&str, i64)]) {
    written.iter().for_each(|(name, millis)| put_closed(unclaimed, name, *millis, *millis));
}

fn put_closed(unclaimed: &UnclaimedFiles, name: &str, written_at: i64, closed_at: i64) {
    let blob = Blob { digest: Digest([0; 32]), bytes: 1, kind: MediaKind::Image, mime: "image/png".into() };
    unclaimed.put(file(name), FetchedFile { blob, modified_at: Some(at(written_at)) }, at(closed_at));
}

fn names(files: &[(FileRef, Blob)]) -> Vec<&str> {
    files.iter().map(|(file, _)| file.filename.as_str()).collect()
}

fn of_runs(written: &[WrittenFiles]) -> Vec<(i64, Vec<&str>)> {
    let named = written.iter().map(|written| {
        let mut names = names(&written.files);
        names.sort_unstable();
        (written.row.id.unwrap().0, names)
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    named
}

fn still_held(unclaimed: &UnclaimedFiles) -> Vec<String> {
    let mut names: Vec<_> = unclaimed.lock().files.keys().map(|file| file.filename.clone()).collect();
    names.sort_unstable();
    names
}

async fn until_due(unclaimed: &UnclaimedFiles) {
    tokio::time::advance(CLAIM_AFTER).await;
    unclaimed.due().await;
}

#[test]
fn a_file_is_that_run_s_in_which_it_was_written() {
    let unclaimed = UnclaimedFiles::default();
    put(&unclaimed, &[("before", 39_999), ("first", 40_000), ("last", 60_000), ("next", 60_001), ("temp", 50_000)]);
    let may_have = |_: &Save, file: &FileRef| file.filename != "temp";
    assert_eq!(names(&unclaimed.take_written(&span(40_000, 60_000), may_have)), ["first", "last"]);
    assert_eq!(names(&unclaimed.take_written(&span(60_001, 70_000), may_have)), ["next"]);
    assert_eq!(still_held(&unclaimed), ["before", "temp"]);
}

#[test]
fn a_reported_file_is_its_run_s_unless_it_was_written_again_later() {
    let unclaimed = UnclaimedFiles::default();
    put(&unclaimed, &[("off by a clock", 61_999), ("overwritten", 90_000)]);
    assert_eq!(unclaimed.take(&file("overwritten"), at(60_000)), None);
    assert!(unclaimed.take(&file("off by a clock"), at(60_000)).is_some());
    assert_eq!(still_held(&unclaimed), ["overwritten"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_run_reported_before_the_watcher_came_is_its_and_not_another_s() {
    let unclaimed = UnclaimedFiles::default();
    ["temp", "overwritten"].iter().for_each(|name| unclaimed.reported(&file(name), at(2_000), now()));
    unclaimed.ended(span(1_000, 2_000), GenerationId(1), now());
    let written = [("temp", 1_900), ("overwritten", 2_001)];
    let nothing_else = |_: &Save, _: &FileRef| false;
    put(&unclaimed, &written);
    assert_eq!(names(&unclaimed.take_written(&span(1_000, 3_000), |_, _| true)), ["overwritten"]);
    assert_eq!(of_runs(&unclaimed.take_late(nothing_else)), [(1, vec!["temp"])]);
    put(&unclaimed, &written);
    until_due(&unclaimed).await;
    assert_eq!(of_runs(&unclaimed.take_due(None, nothing_else)), [(1, vec!["temp"])]);
}

#[test]
fn of_runs_that_ended_long_ago_those_are_remembered_that_ended_while_files_were_held() {
    let unclaimed = UnclaimedFiles::default();
    unclaimed.ended(span(-900_000, -800_000), GenerationId(1), now());
    put(&unclaimed, &[("half", -650_000), ("earlier", -850_000)]);
    unclaimed.ended(span(-700_000, -600_000), GenerationId(2), now());
    assert_eq!(of_runs(&unclaimed.take_late(|_, _| true)), [(2, vec!["half"])]);
}

#[tokio::test(start_paused = true)]
async fn what_came_after_the_end_of_its_run_is_that_run_s_for_a_minute() {
    let unclaimed = UnclaimedFiles::default();
    unclaimed.ended(span(100, 200), GenerationId(1), now());
    tokio::time::advance(REMEMBERED).await;
    unclaimed.ended(span(500, 600), GenerationId(2), now());
    unclaimed.ended(span(601, 800), GenerationId(3), now());
    unclaimed.ended(
        RunSpan { row: Save { id: Some(GenerationId(2)), ..span(500, 600).row }, ..span(500, 600) },
        GenerationId(2),
        now(),
    );
    put(
        &unclaimed,
        &[("forgotten", 150), ("between", 450), ("last", 600), ("next", 601), ("first", 500), ("now", 900)],
    );
    assert_eq!(of_runs(&unclaimed.take_late(|_, _| true)), [(2, vec!["first", "last"]), (3, vec!["next"])]);
    assert!(unclaimed.take_late(|_, _| true).is_empty());
    assert_eq!(still_held(&unclaimed), ["between", "forgotten", "now"]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_moves_or_copies_later_is_not_the_run_s_that_wrote_it() {
    let unclaimed = UnclaimedFiles::default();
    unclaimed.ended(span(1_000, 4_000), GenerationId(1), now());
    [("in time", 6_000), ("moved", 6_001)]
        .iter()
        .for_each(|(name, closed)| put_closed(&unclaimed, name, 3_000, *closed));
    assert_eq!(of_runs(&unclaimed.take_late(|_, _| true)), [(1, vec!["in time"])]);
    until_due(&unclaimed).await;
    assert!(unclaimed.take_due(Some(&span(4_001, 9_000)), |_, _| true).is_empty());
    assert_eq!(still_held(&unclaimed), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_no_run_wrote_to_the_millisecond_is_the_one_s_in_progress_or_the_nearest_s() {
    let unclaimed = UnclaimedFiles::default();
    let mut running = span(10_000, 20_000);
    running.row.id = Some(GenerationId(9));
    unclaimed.ended(span(1_000, 4_000), GenerationId(1), now());
    unclaimed.ended(span(6_000, 9_000), GenerationId(2), now());
    let written = [("late", 4_000), ("nearer 1", 4_900), ("nearer 2", 5_100), ("skewed", 9_001), ("own", 15_000)];
    put(&unclaimed, &written);
    put(&unclaimed, &[("nobody's", 22_001), ("unwanted", 8_000)]);
    let may_have = |run: &Save, file: &FileRef| run.id != Some(GenerationId(2)) || file.filename != "unwanted";
    assert!(unclaimed.take_due(Some(&running), may_have).is_empty(), "nothing is ripe");
    until_due(&unclaimed).await;
    put(&unclaimed, &[("unripe", 15_000)]);
    let expected = [(1, vec!["late", "nearer 1"]), (2, vec!["nearer 2"]), (9, vec!["own", "skewed"])];
    assert_eq!(of_runs(&unclaimed.take_due(Some(&running), may_have)), expected);
    assert_eq!(still_held(&unclaimed), ["unripe"]);
    until_due(&unclaimed).await;
    assert!(unclaimed.take_due(None, may_have).is_empty());
    assert_eq!(still_held(&unclaimed), [""; 0]);
}
