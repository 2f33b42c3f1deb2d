//! `show` and `open`.

use std::fs;

use serde_json::Value;

use super::{Shell, recorded};
use crate::support::comfyui::{ComfyUi, File, Run, picture};
use crate::support::daemon::Launch;

#[tokio::test]
async fn run_is_shown_in_full_beside_a_daemon_and_without_one() {
    let (_comfy, mut daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let first = shell.done(&["show", "1"]);
    for said in [
        "run 1  completed\n",
        "  model      v1-5-random\n",
        "  sampler    euler normal, 20 steps, cfg 8",
        "  seed       0\n",
        "  size       64 × 64\n",
        "  prompt     a lighthouse in a storm\n",
        "  negative   text, watermark\n",
        "\noutputs\n  stored     0.png (image, output, ",
    ] {
        assert!(first.contains(said), "{said} in {first}");
    }
    let path = first.lines().last().unwrap().trim();
    assert_eq!(fs::read(path).unwrap(), picture("0.png"), "the path that is shown has the bytes");
    let failed = shell.done(&["show", "6"]);
    for said in [
        "run 6  failed\n",
        "\nerror\n  node       KSampler, node 3\n",
        "RuntimeError",
        "out of memory",
        "execution.py\", line 542, in execute\n      raise\n",
    ] {
        assert!(failed.contains(said), "{said} in {failed}");
    }

    let detail = daemon.json("/api/v1/generations/1").await;
    assert_eq!(shell.json(&["show", "1", "--json"])[0], detail);
    let list = daemon.list("").await;
    assert_eq!(shell.json(&["list", "--json"]), list);
    let document = |flag| -> Value { serde_json::from_str(&shell.done(&["show", "1", flag])).unwrap() };
    assert_eq!((document("--prompt"), document("--workflow")), (detail["prompt"].clone(), detail["workflow"].clone()));

    daemon.terminate().await;
    assert_eq!([shell.done(&["show", "1"]), shell.done(&["show", "6"])], [first, failed]);
    assert!(shell.refused(1, &["show", "99"]).contains("there is no run 99; comfy-recall list shows"));
    assert!(shell.refused(2, &["show", "one"]).contains("one isn't a run ID"));
    assert!(shell.refused(2, &["show", "1", "--json", "--prompt"]).contains("cannot be used with"));
}

#[tokio::test]
async fn hostile_texts_are_shown_without_what_a_terminal_would_obey() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let prompt = r#"{"3":{"class_type":"KSampler","inputs":{"seed":1,"steps":20,"cfg":8.0,"sampler_name":"euler","scheduler":"normal","denoise":1.0,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"m\u001b[31m.safetensors"}},"6":{"class_type":"CLIPTextEncode","inputs":{"text":"one\u001b]0;owned\u0007\n\u202etwo\u009b2J","clip":["4",1]}},"7":{"class_type":"CLIPTextEncode","inputs":{"text":"no","clip":["4",1]}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1}},"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"a","images":["8",0]}}}"#;
    comfy.run(Run::from_api().with_prompt(prompt).saving(File::output("a\u{1b}[2J.png", picture("a"))));
    daemon.until_all_whole(1).await;
    let shell = Shell::on(daemon.data_dir());
    for arguments in [&["show", "1"][..], &["list"], &["list", "--format", "{prompt} {model} {models} {cover}"]] {
        let said = shell.done(arguments);
        let is_obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || c == '\u{202e}';
        assert!(said.contains("one]0;owned") && !said.contains(is_obeyed), "{said:?}");
    }
}

#[tokio::test]
async fn address_of_a_page_is_printed_and_a_missing_daemon_is_told() {
    let (_comfy, mut daemon) = recorded().await;
    let shell = Shell::on(daemon.data_dir());
    let listen = daemon.url().trim_start_matches("http://").to_owned();
    assert_eq!(shell.done(&["open", "1", "--listen", &listen]), format!("http://{listen}/g/1\n"));
    assert_eq!(shell.done(&["open", "--print", "--listen", &listen]), format!("http://{listen}/\n"));
    assert!(shell.refused(1, &["open", "7", "--listen", &listen]).contains("there is no run 7"));
    assert_eq!(shell.done(&["health", "--listen", &listen]), format!("comfy-recall answers at http://{listen}/\n"));
    daemon.terminate().await;
    let said = shell.refused(1, &["health", "--listen", &listen]);
    assert!(said.contains(&format!("http://{listen}/: nobody answers there; start comfy-recall")), "{said}");
    let said = shell.run(&["open", "1", "--listen", &listen]);
    assert_eq!((said.code, said.out), (0, format!("http://{listen}/g/1\n")));
    assert!(said.error.contains("nobody answers there; start comfy-recall"), "{}", said.error);
}
