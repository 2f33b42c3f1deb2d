//! `list`.

use std::io::{BufRead as _, BufReader};

use super::{Shell, recorded};
use crate::support::comfyui::{ComfyUi, Run};
use crate::support::daemon::Launch;

#[tokio::test]
async fn list_says_the_same_beside_a_daemon_and_without_one() {
    let (_comfy, mut daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    daemon.until("the index", async |daemon| (daemon.list("q=lighthouse").await.len() == 6).then_some(())).await;
    let given: [&[&str]; 8] = [
        &["list"],
        &["list", "lighthouse", "in", "storm"],
        &["list", "seed:3", "--format", "{id} {seed} {model}"],
        &["list", "--status", "failed", "--format", "{status}: {error}"],
        &["list", "--status", "failed,completed", "--kind", "image", "--limit", "2"],
        &["list", "--", "-seed:3"],
        &["list", "--status", "lost"],
        &["list", "--date", "2020-01-01.."],
    ];
    let beside = given.map(|arguments| shell.done(arguments));
    let counts = [6, 6, 1, 1, 2, 5, 0, 6];
    assert_eq!(beside.each_ref().map(|out| out.lines().count()), counts, "{beside:#?}");
    assert_eq!(beside[2], "4 3 v1-5-random\n");
    assert!(beside[3].starts_with("failed: KSampler: "), "{}", beside[3]);
    let fields: Vec<&str> = beside[0].lines().next_back().unwrap().split('\t').collect();
    assert_eq!((fields.len(), fields[0], fields[2], fields[6]), (7, "1", "completed", "a lighthouse in a storm"));
    daemon.terminate().await;
    assert_eq!(given.map(|arguments| shell.done(arguments)), beside);
}

#[tokio::test]
async fn reader_that_leaves_early_ends_a_long_list_without_a_word() {
    let comfy = ComfyUi::start().await;
    comfy.preload(300, &Run::from_api());
    let daemon = Launch::new().beside(&comfy).start().await;
    daemon.until_all_whole(300).await;
    let shell = Shell::on(daemon.data_dir());
    // Each line is longer than what a pipe and a buffer hold together, were they all read.
    let wide = format!("{{id}} {}", "x".repeat(4_000));
    let mut child = shell.command(&["list", "--all", "--format", &wide]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("xxx"));
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
    assert_eq!(shell.done(&["list", "--all", "--format", "{id}"]).lines().count(), 300);
    assert_eq!(shell.done(&["list", "--limit", "120", "--format", "{id}"]).lines().count(), 120);
    assert_eq!(shell.done(&["list", "--format", "{id}"]).lines().count(), 50);
}

#[test]
fn what_can_not_be_listed_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let shell = Shell::on(folder.path());
    let nothing = shell.refused(1, &["list"]);
    assert!(nothing.contains("nothing has been recorded in") && nothing.contains("start comfy-recall"), "{nothing}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    for (arguments, said) in [
        (
            &["list", "--status", "done"][..],
            "--status \"done\": not a status: use one or more of pending, in_progress,",
        ),
        (&["list", "modle:flux"], "did you mean \"model:\"?"),
        (&["list", "--format", "{sede}"], "did you mean {seed}? there are id, instance,"),
        (&["list", "--limit", "-1"], "see comfy-recall list --help"),
        (&["list", "--limit", "3", "--all"], "cannot be used with"),
        (&["exprt"], "a similar subcommand exists: 'export'"),
    ] {
        let refused = shell.refused(2, arguments);
        assert!(refused.starts_with("comfy-recall: ") && refused.contains(said), "{refused}");
    }
}

#[tokio::test]
async fn text_from_outside_stays_on_its_line_and_gives_no_orders() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    comfy.run(Run::from_browser("b").with_id("a\u{1b}[2J\tb\nc\u{202e}d\0"));
    daemon.until_all_whole(1).await;
    let shell = Shell::on(daemon.data_dir());
    let listed = shell.done(&["list", "--format", "{id}|{prompt_id}|"]);
    assert_eq!(listed, "1|a[2J b cd|\n");
}
