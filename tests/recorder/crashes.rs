//! Our own end at any moment.

use std::collections::BTreeSet;

use super::{assert_kept, output, outputs, pair, run_saving};
use crate::support::comfyui::{Fault, File, Outcome, Route, Run, picture, picture_of};
use crate::support::daemon::{Launch, files_below};
use crate::support::sha256;

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn killed_again_and_again_while_runs_finish_every_run_is_there_once_and_every_file_whole() {
    const KILLS: usize = 24;
    let (comfy, mut daemon) = pair().await;
    let mut made = Vec::new();
    for round in 0..KILLS {
        comfy.forget_requests();
        let is_amid_a_file = round % 3 == 2;
        if is_amid_a_file {
            comfy.fail(Route::View, Fault::Stall(40_000 + 10_000 * round as u64));
        }
        for n in 0..3 {
            let seed = (round * 3 + n) as u64;
            let file = File::output(&format!("{seed}.png"), picture_of(300_000, seed));
            made.push((comfy.run(Run::from_browser("b").with_seed(seed).saving(file.clone())), file));
        }
        if is_amid_a_file {
            comfy.until_asked(Route::View, 1).await;
        } else {
            // One request further on in every round: between any two steps of the recorder.
            tokio::select! {
                () = comfy.until_any_asked(1 + round) => {}
                _ = daemon.until_all_whole(made.len()) => {}
            }
        }
        daemon.kill().await;
        comfy.heal(Route::View);
        daemon.start_again().await;
    }
    let all = daemon.until_all_whole(made.len()).await;
    assert!(all.iter().all(|generation| generation["status"] == "completed" && outputs(generation).len() == 1));
    let mut digests = BTreeSet::new();
    for (id, file) in &made {
        let found = daemon.of_prompt(id).await;
        assert_eq!(found.len(), 1, "{id}");
        let detail = daemon.detail(&found[0]["id"]).await;
        let stored = output(&detail, &file.filename);
        assert_eq!(stored["state"], "stored", "{stored:#}");
        let bytes = daemon.file(stored).await;
        assert_eq!(sha256(&bytes), file.content.sha256().await);
        digests.insert(sha256(&bytes));
    }
    // Whatever the kills left half done is swept, by the next start at the latest.
    assert!(daemon.terminate().await.success());
    daemon.start_again().await;
    let kept = files_below(&daemon.data_dir().join("blobs"));
    let kept: BTreeSet<_> = kept.iter().map(|path| sha256(&std::fs::read(path).unwrap())).collect();
    assert_eq!(kept, digests);
}

#[tokio::test]
async fn killed_with_runs_in_the_queue_they_are_recorded_once() {
    let (comfy, mut daemon) = pair().await;
    let ids: Vec<_> = (0..20).map(|seed| comfy.queue(Run::from_browser("b").with_seed(seed))).collect();
    daemon.until_status(ids.last().unwrap(), "pending").await;
    daemon.kill().await;
    for _ in &ids[..10] {
        comfy.start_next();
        comfy.finish(&Outcome::Success);
    }
    daemon.start_again().await;
    for id in &ids[..10] {
        daemon.until_whole(id, "completed").await;
    }
    for id in &ids[10..] {
        daemon.until_status(id, "pending").await;
    }
    assert_eq!(daemon.list("").await.len(), 20);
}

#[tokio::test]
async fn told_to_end_it_ends_well_and_goes_on_where_it_was() {
    let (comfy, mut daemon) = pair().await;
    comfy.fail(Route::View, Fault::Stall(50_000));
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture_of(200_000, 1))));
    comfy.until_asked(Route::View, 1).await;
    daemon.until_status(&id, "completed").await;
    assert!(daemon.terminate().await.success(), "{}", daemon.log());
    comfy.heal(Route::View);
    daemon.start_again().await;
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture_of(200_000, 1)).await;
}

#[tokio::test]
async fn the_file_in_hand_is_finished_before_it_ends() {
    let (comfy, mut daemon) = pair().await;
    comfy.fail(Route::View, Fault::Stall(50_000));
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture_of(200_000, 1))));
    comfy.until_asked(Route::View, 1).await;
    daemon.until_status(&id, "completed").await;
    daemon.ask_to_end().await;
    comfy.heal(Route::View);
    assert!(daemon.ended().await.success());
    comfy.kill().await;
    daemon.start_again().await;
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture_of(200_000, 1)).await;
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_and_nothing_is_lost() {
    let (comfy, mut daemon) = pair().await;
    comfy.fail(Route::View, Fault::Stall(50_000));
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture_of(200_000, 1))));
    comfy.until_asked(Route::View, 1).await;
    daemon.until_status(&id, "completed").await;
    daemon.ask_to_end().await;
    daemon.ask_to_end().await;
    daemon.ended().await;
    comfy.heal(Route::View);
    daemon.start_again().await;
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture_of(200_000, 1)).await;
}

#[tokio::test]
async fn a_second_daemon_on_the_same_data_is_refused_in_one_line() {
    let (comfy, daemon) = pair().await;
    let (status, said) = Launch::on_data_of(&daemon).beside(&comfy).refuse().await;
    assert_eq!(status.code(), Some(1), "{said}");
    let errors: Vec<_> = said.lines().filter(|line| !line.contains("INFO")).collect();
    assert_eq!(errors.len(), 1, "{said}");
    let id = comfy.run(run_saving("a.png"));
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
}
