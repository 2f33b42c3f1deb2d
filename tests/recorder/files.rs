//! Outputs and inputs of every kind and under every name.

use serde_json::{Value, json};

use super::{assert_kept, output, outputs, pair, run_saving};
use crate::support::comfyui::{Fault, File, Route, Run, Version, picture};
use crate::support::daemon::{Daemon, files_below};

#[tokio::test]
async fn file_overwritten_by_the_next_run_under_the_same_name_is_kept_twice() {
    let (comfy, daemon) = pair().await;
    for bytes in [picture("first"), picture("second")] {
        let id = comfy.run(Run::from_browser("b").saving(File::output("fixed.png", bytes.clone())));
        let done = daemon.until_whole(&id, "completed").await;
        assert_kept(&daemon, output(&done, "fixed.png"), &bytes).await;
    }
    for (generation, bytes) in daemon.list("").await.iter().zip([picture("second"), picture("first")]) {
        let kept = daemon.detail(&generation["id"]).await;
        assert_kept(&daemon, output(&kept, "fixed.png"), &bytes).await;
    }
}

#[tokio::test]
async fn the_same_bytes_are_kept_once() {
    let (comfy, daemon) = pair().await;
    for name in ["a.png", "b.png"] {
        comfy.run(Run::from_browser("b").saving(File::output(name, picture("same"))));
    }
    daemon.until_all_whole(2).await;
    assert_eq!(files_below(&daemon.data_dir().join("blobs")).len(), 1);
}

#[tokio::test]
async fn file_of_a_temp_folder_that_was_wiped_before_we_came_is_missing() {
    let (comfy, daemon) = pair().await;
    comfy.fail(Route::View, Fault::Hold);
    let run = Run::from_browser("b").saving(File::temp("gone.png", picture("gone"))).giving_file(
        "8",
        "images",
        File::output("kept.png", picture("kept")),
    );
    let id = comfy.run(run);
    comfy.until_asked(Route::View, 1).await;
    comfy.wipe_temp();
    comfy.heal(Route::View);
    let done = daemon.until_whole(&id, "completed").await;
    let gone = output(&done, "gone.png");
    assert_eq!(gone["state"], "missing");
    assert!(gone["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{gone:#}");
    assert_eq!((&gone["sha256"], &gone["url"]), (&Value::Null, &Value::Null));
    assert_kept(&daemon, output(&done, "kept.png"), &picture("kept")).await;
}

#[tokio::test]
async fn hostile_names_reach_no_folder_but_ours() {
    let (comfy, daemon) = pair().await;
    let long = "x".repeat(4096);
    let names = [
        ("", "../../etc/passwd"),
        ("", "..\\..\\windows\\win.ini"),
        ("..\\..\\secrets", "nope.png"),
        ("../..", "nope.png"),
        ("", "/etc/passwd"),
        ("/etc", "passwd"),
        ("", "C:\\Windows\\win.ini"),
        ("", long.as_str()),
        ("", "a\u{0}b\u{1b}[31m\r\nSet-Cookie: x=1.png"),
        ("", ""),
        ("", ".."),
    ];
    let run = names.iter().fold(Run::from_browser("b"), |run, (subfolder, filename)| {
        let item = json!({"filename": filename, "subfolder": subfolder, "type": "output"});
        run.giving("9", "images", &item.to_string())
    });
    let id = comfy.run(run.saving(File::output("good.png", picture("good"))));
    let done = daemon.until_whole(&id, "completed").await;
    for (subfolder, filename) in names.iter().filter(|(_, filename)| !filename.is_empty()) {
        let kept = output(&done, filename);
        assert_eq!(kept["state"], "missing", "{kept:#}");
        assert!(outputs(&done).iter().any(|o| o["filename"] == *filename && o["subfolder"] == *subfolder));
    }
    assert_kept(&daemon, output(&done, "good.png"), &picture("good")).await;
    assert_eq!(files_below(&daemon.data_dir().join("blobs")).len(), 1);
    let page = daemon.get(&format!("/g/{}", done["id"])).await;
    assert!(page.status().is_success());
}

#[tokio::test]
async fn names_that_are_only_strange_are_kept() {
    let (comfy, daemon) = pair().await;
    let names = ["we ird & <b>name.png", "%date%#?.png", "四张.png", "new\nline\u{1}.png", "12:30.png", "quo\"te'.png"];
    let run = names
        .iter()
        .fold(Run::from_browser("b"), |run, name| run.saving(File::output(name, picture(name)).below("批次/<i>")));
    let id = comfy.run(run);
    let done = daemon.until_whole(&id, "completed").await;
    for name in names {
        assert_kept(&daemon, output(&done, name), &picture(name)).await;
    }
    let page = daemon.get(&format!("/g/{}", done["id"])).await.text().await.unwrap();
    assert!(!page.contains("<b>name"), "escaped");
}

#[tokio::test]
async fn odd_outputs_do_no_harm_and_texts_are_kept() {
    let (comfy, daemon) = pair().await;
    let odd =
        ["null", "5", "true", r#""bare""#, "[]", "{}", r#"{"filename":5}"#, r#"{"filename":null}"#, r#"{"no":"name"}"#];
    let mut run = odd.iter().fold(Run::from_browser("b"), |run, item| run.giving("9", "images", item));
    for (kind, item) in [
        ("text", r#""a caption""#),
        ("text", r#""第二行""#),
        ("animated", "true"),
        ("number", "3"),
        ("tags", r#"["1girl","solo"]"#),
        ("result", r#""mesh/a.glb""#),
        ("result", "null"),
    ] {
        run = run.giving("8", kind, item);
    }
    run = run.giving("7", "images", r#"{"filename":"x.png","subfolder":"","type":"nonsense"}"#);
    let id = comfy.run(run.saving(File::output("good.png", picture("good"))));
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "good.png"), &picture("good")).await;
    let texts: Vec<_> = outputs(&done).iter().filter_map(|output| output["text"].as_str()).collect();
    assert!(texts.contains(&"a caption") && texts.contains(&"第二行"), "{texts:?}");
    assert_eq!(output(&done, "x.png")["state"], "missing");
    assert_eq!(done["outputs_count"], outputs(&done).len());
}

#[tokio::test]
async fn input_files_that_a_run_read_are_kept_with_it() {
    let (comfy, daemon) = pair().await;
    comfy.put(File::input("photo.png", picture("first")));
    comfy.put(File::output("earlier.png", picture("earlier")));
    let prompt = r#"{"1":{"class_type":"LoadImage","inputs":{"image":"photo.png"}},"2":{"class_type":"LoadImageOutput","inputs":{"image":"earlier.png [output]"}},"9":{"class_type":"SaveImage","inputs":{"images":["1",0]}}}"#;
    for bytes in [picture("first"), picture("second")] {
        comfy.put(File::input("photo.png", bytes.clone()));
        let id = comfy.run(Run::from_browser("b").with_prompt(prompt));
        let done = daemon.until_whole(&id, "completed").await;
        let inputs = done["inputs"].as_array().unwrap();
        let input = |name: &str| inputs.iter().find(|input| input["filename"] == name).unwrap();
        assert_kept(&daemon, input("photo.png"), &bytes).await;
        assert_eq!(input("photo.png")["type"], "input");
        assert_kept(&daemon, input("earlier.png"), &picture("earlier")).await;
        assert_eq!(input("earlier.png")["type"], "output");
    }
}

#[tokio::test]
async fn run_whose_nodes_were_all_cached_names_the_earlier_file_again() {
    for version in Version::ALL {
        let comfy = crate::support::comfyui::ComfyUi::builder().version(version).start().await;
        let daemon = Daemon::beside(&comfy).await;
        comfy.until_sockets(1).await;
        let first = comfy.run(run_saving("a.png"));
        let second = comfy.run(run_saving("a.png").with_cached(&["3", "4", "5", "6", "7", "8", "9"]));
        let mut covers = Vec::new();
        for id in [&first, &second] {
            let done = daemon.until_whole(id, "completed").await;
            assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
            assert_eq!(done["cover"]["kind"], "image");
            covers.push(done["cover"]["sha256"].clone());
        }
        assert_eq!(covers[0], covers[1]);
    }
}
