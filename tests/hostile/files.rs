//! Files that a browser could run, whatever they are called, and what lies around the folders that are shared.

use serde_json::json;

use super::visitors::visitor;
use crate::support::comfyui::{ComfyUi, Fault, File, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch, files_below};

/// What runs in a browser that takes it for what it says it is.
const SCRIPT: &str = "<script>alert(document.domain)</script>";

/// Types that hold no script, and may be shown.
const INERT: [&str; 5] = ["image/", "video/", "audio/", "application/octet-stream", "text/plain"];

#[tokio::test]
async fn no_file_runs_in_the_browser_whatever_it_is_and_is_called() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let png = picture("a");
    let utf16: Vec<u8> = SCRIPT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with = |head: &[u8]| [head, SCRIPT.as_bytes()].concat();
    let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{SCRIPT}</svg>").into_bytes();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("a.svg", svg.clone()),
        ("picture.png", svg.clone()),
        ("declared.svg", [b"<?xml version=\"1.0\"?>\n<!DOCTYPE svg>".as_slice(), &svg].concat()),
        ("packed.svgz", with(b"\x1f\x8b\x08\0")),
        ("a.html", with(b"<!doctype html>")),
        ("a.HTM", with(b"")),
        ("a.xhtml", with(b"<html xmlns=\"http://www.w3.org/1999/xhtml\">")),
        ("a.xml", with(b"<?xml version=\"1.0\"?><?xml-stylesheet href=\"data:,\"?>")),
        ("a.xsl", with(b"<xsl:stylesheet>")),
        ("a.mhtml", with(b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n")),
        ("a.pdf", with(b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>")),
        ("picture.jpg", with(b"%PDF-1.7\n")),
        ("a.swf", with(b"FWS\x05")),
        ("packed.swf", with(b"CWS\x05")),
        ("a.js", b"alert(1)".to_vec()),
        ("a.mjs", b"alert(1)".to_vec()),
        ("a.css", b"*{background:url(//evil.example)}".to_vec()),
        ("a.htc", with(b"")),
        ("a.vbs", with(b"MsgBox 1\n")),
        ("a.url", b"[InternetShortcut]\nURL=javascript:alert(1)".to_vec()),
        ("utf7.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-".to_vec()),
        ("utf16.txt", [b"\xff\xfe".as_slice(), &utf16].concat()),
        ("bare-utf16.txt", utf16),
        ("bom.txt", with(b"\xef\xbb\xbf")),
        ("gif.gif", with(b"GIF89a/*\0\0\0\0\0*/=1;")),
        ("jpeg.jpg", with(b"\xff\xd8\xff\xfe\x01\x00")),
        ("bmp.bmp", with(b"BM/*")),
        ("both.png", [&png[..], SCRIPT.as_bytes()].concat()),
        ("a.ico", with(b"\0\0\x01\0\x01\0")),
        ("a.psd", with(b"8BPS\0\x01")),
        ("a.tiff", with(b"II*\0")),
        ("a.webp", with(b"RIFF\x10\0\0\0WEBPVP8 ")),
        ("a.mp4", with(b"\0\0\0\x18ftypmp42")),
        ("a.ogg", with(b"OggS\0")),
        ("a.json", json!({"a": SCRIPT}).to_string().into_bytes()),
        ("none", with(b"\n\n\n")),
        ("a.png.html", png.to_vec()),
        ("picture.png%00.html", with(b"\0")),
        ("a.zip", with(b"PK\x03\x04")),
        ("a.wasm", with(b"\0asm\x01\0\0\0")),
        ("a.m3u8", b"#EXTM3U\nhttp://evil.example/".to_vec()),
        ("a.glb", with(b"glTF\x02\0\0\0")),
        ("long.txt", [vec![b' '; 5_000], SCRIPT.as_bytes().to_vec()].concat()),
    ];
    assert!(files.len() >= 35);
    let run =
        files.iter().fold(Run::from_browser("b"), |run, (name, bytes)| run.saving(File::output(name, bytes.clone())));
    let id = comfy.run(run);
    let done = daemon.until_whole(&id, "completed").await;
    let outputs = done["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), files.len());
    for output in outputs {
        let name = output["filename"].as_str().unwrap();
        let named = url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
        let file = output["url"].as_str().unwrap().to_owned();
        let renamed = format!("{}/x.html", file.rsplit_once('/').unwrap().0);
        for path in [file, renamed, format!("/view?filename={named}")] {
            let answer = visitor().get(format!("{}{path}", daemon.url())).send().await.unwrap();
            let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
            let (kind, policy) = (header("content-type"), header("content-security-policy"));
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
            let is_download = header("content-disposition").starts_with("attachment;") && policy.starts_with("sandbox");
            let is_inert = INERT.iter().any(|inert| kind.starts_with(inert))
                && !kind.contains("svg")
                && policy.contains("default-src 'none'");
            assert!(is_download || is_inert && !kind.starts_with("text/"), "{path} {name}: {kind} {policy}");
            assert!(
                !["html", "xml", "svg", "javascript", "pdf", "flash"].iter().any(|word| kind.contains(word)),
                "{path} {name}: {kind}"
            );
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn names_that_a_prompt_or_a_node_makes_up_lead_out_of_no_folder() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let root = comfy.folder();
    let (secret, beside) = (root.join("secret.png"), root.with_extension("beside"));
    std::fs::create_dir(&beside).unwrap();
    for path in [&secret, &beside.join("secret.png"), &root.join("output.png")] {
        std::fs::write(path, picture("secret")).unwrap();
    }
    std::os::unix::fs::symlink("/etc", root.join("input/etc")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", root.join("output/environ.png")).unwrap();
    std::os::unix::fs::symlink(&secret, root.join("temp/linked.png")).unwrap();
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    comfy.fail(Route::View, Fault::Status(404));
    let absolute = secret.display().to_string();
    let sibling = format!("../../{}/secret.png", beside.file_name().unwrap().to_str().unwrap());
    let names = [
        "../secret.png",
        "./../secret.png",
        "a/../../secret.png",
        "sub/./../../secret.png",
        "..\\secret.png",
        "....//secret.png",
        "../secret.png\0.png",
        "%2e%2e/secret.png",
        "../secret.png [output]",
        "../secret.png [input]",
        "../secret.png [temp]",
        "secret.png [../]",
        "../output.png",
        &absolute,
        &format!("/{absolute}"),
        &format!("file://{absolute}"),
        &format!("{absolute} [output]"),
        &sibling,
        "etc/passwd",
        "etc/hostname [input]",
        "environ.png [output]",
        "linked.png [temp]",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        "~/.bashrc",
        "$HOME/.bashrc",
        "C:\\Windows\\win.ini",
        "\\\\server\\share\\a.png",
        "con.png",
        "a.png:stream",
        "..",
        ".",
        "/",
        "",
    ];
    let mut run = Run::from_browser("b");
    let mut nodes = serde_json::Map::new();
    for (nth, name) in names.iter().enumerate() {
        for (at, class) in
            ["LoadImage", "LoadImageOutput", "VHS_LoadVideoPath", "LoadImageMask", "NobodyKnows"].iter().enumerate()
        {
            let inputs = json!({"image": name, "video": name, "file": [name], "list": {"a": {"b": name}}});
            nodes.insert(format!("{nth}{at}"), json!({"class_type": class, "inputs": inputs}));
        }
        for folder in ["output", "temp", "input", "..", "../output", "/"] {
            let (subfolder, filename) = name.rsplit_once('/').unwrap_or(("", name));
            for (subfolder, filename) in [("", *name), (subfolder, filename), (name, "secret.png")] {
                run = run.giving(
                    "9",
                    "images",
                    &json!({"filename": filename, "subfolder": subfolder, "type": folder}).to_string(),
                );
            }
        }
    }
    let id = comfy.run(run.with_prompt(&serde_json::Value::Object(nodes).to_string()));
    daemon.until_whole(&id, "completed").await;
    comfy.heal(Route::View);
    let honest = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture("a"))));
    daemon.until_whole(&honest, "completed").await;
    let kept = files_below(&daemon.data_dir().join("blobs"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    std::fs::remove_dir_all(&beside).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_and_backed_up_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new()
        .environment("RECALL_PASSWORD", "correct horse")
        .with_token("a-token-of-24-characters")
        .beside(&comfy)
        .start()
        .await;
    comfy.until_sockets(1).await;
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture("a"))));
    let done = daemon.until_whole(&id, "completed").await;
    assert!(
        daemon.get(&format!("/thumbs/{}", done["outputs"][0]["sha256"].as_str().unwrap())).await.status().is_success()
    );
    let shell = crate::commands::Shell::on(daemon.data_dir());
    let to = tempfile::tempdir().unwrap();
    let copy = to.path().join("copy");
    shell.done(&["backup", copy.to_str().unwrap()]);
    for folder in [daemon.data_dir(), &copy] {
        // The folders themselves were there before, as their makers left them.
        let found = files_below(folder);
        let all = found.iter().flat_map(|path| [path.as_path(), path.parent().unwrap()]);
        for path in all.filter(|path| *path != folder) {
            let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
        }
    }
    assert!(!copy.join("session.key").exists());
}
