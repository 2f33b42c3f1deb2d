use super::*;

fn read(outputs: &str) -> Vec<String> {
    let shown = |item: OutputItem| match item.content {
        NodeOutput::File(file) => format!("{}: {}|{}|{}", item.key, file.folder, file.subfolder, file.filename),
        NodeOutput::Named(file, _) => {
            format!("{}: perhaps {}|{}|{}", item.key, file.folder, file.subfolder, file.filename)
        }
        NodeOutput::Text(text) => format!("{}: {text:?}", item.key),
    };
    node_outputs(outputs).into_iter().map(shown).collect()
}

/// What one node gave.
fn of_node(given: &str) -> Vec<String> {
    read(&format!(r#"{{"1": {given}}}"#))
}

/// A text as ComfyUI takes it apart.
fn apart(text: &str) -> String {
    serde_json::Value::from_iter(text.chars().map(String::from)).to_string()
}

#[test]
fn what_nodes_of_many_packs_give_is_read() {
    for (given, expected) in [
        // Files as objects.
        (
            r#"{"images":[{"filename":"b.png","subfolder":"..\\x","type":"temp"}],"animated":[true]}"#,
            &["images: temp|..\\x|b.png"][..],
        ),
        (r#"{"images":[{"filename":"a.png"}]}"#, &["images: output||a.png"]),
        (r#"{"images":[{"filename":"a.png","subfolder":null,"type":null}]}"#, &["images: output||a.png"]),
        (
            r#"{"gifs":[{"filename":"v.mp4","subfolder":"","type":"output","format":"video/h264-mp4","frame_rate":8.0,"workflow":"v.png","fullpath":"/c/output/v.mp4"}]}"#,
            &["gifs: output||v.mp4"],
        ),
        (r#"{"audio":[{"filename":"s.flac","subfolder":"audio","type":"output"}]}"#, &["audio: output|audio|s.flac"]),
        (r#"{"3d":[{"filename":"m.glb","subfolder":"mesh","type":"output"}]}"#, &["3d: output|mesh|m.glb"]),
        (
            r#"{"latents":[{"filename":"l.latent","subfolder":"latents","type":"output"}]}"#,
            &["latents: output|latents|l.latent"],
        ),
        (
            r#"{"a_images":[{"filename":"a.png","type":"temp"}],"b_images":[{"filename":"b.png","type":"temp"}]}"#,
            &["a_images: temp||a.png", "b_images: temp||b.png"],
        ),
        (r#"{"files":[{"filename":"t.txt","subfolder":"","type":"output"}]}"#, &["files: output||t.txt"]),
        (r#"{"ui":[[{"filename":"n.png","type":"output"}]]}"#, &["ui: output||n.png"]),
        (r#"{"images":[{"image":{"filename":"deep.png","type":"temp"},"score":3}]}"#, &["images: temp||deep.png"]),
        // Names of files.
        (r#"{"result":["mesh/a.glb",null]}"#, &["result: perhaps output|mesh|a.glb"]),
        (r#"{"result":["3D\\mesh_00001_.glb",null,null]}"#, &["result: perhaps output|3D|mesh_00001_.glb"]),
        (
            r#"{"result":["preview3d_0a1b.glb",{"position":{"x":1},"cameraType":"perspective"},[]]}"#,
            &["result: perhaps output||preview3d_0a1b.glb"],
        ),
        (
            r#"{"result":["a.glb",null,"temp/bg_1.png"]}"#,
            &["result: perhaps output||a.glb", "result: perhaps output|temp|bg_1.png"],
        ),
        (r#"{"3d":["mesh/b.obj"]}"#, &["3d: perhaps output|mesh|b.obj"]),
        (
            r#"{"video":["/c/output/clip one.mp4","D:\\out\\two.mp4"]}"#,
            &["video: perhaps output|/c/output|clip one.mp4", "video: perhaps output|D:\\out|two.mp4"],
        ),
        (r#"{"file_path":["points.ply [temp]"]}"#, &["file_path: perhaps temp||points.ply"]),
        (r#"{"videos":[{"path":"/c/output/x.webm","fps":24}]}"#, &["videos: perhaps output|/c/output|x.webm"]),
        (r#"{"text":["/c/output/saved.png"]}"#, &["text: perhaps output|/c/output|saved.png"]),
        // Texts.
        (r#"{"text":["a","",{"filename":""}]}"#, &["text: \"a\""]),
        (r#"{"text":["a caption","第二行"]}"#, &["text: \"a caption\"", "text: \"第二行\""]),
        (r#"{"text":["Saved as a photo.png"]}"#, &["text: \"Saved as a photo.png\""]),
        (
            r#"{"result":["Score 0.87, version 1.5 of the rater."]}"#,
            &["result: \"Score 0.87, version 1.5 of the rater.\""],
        ),
        (r#"{"result":["v1.5"]}"#, &["result: \"v1.5\""]),
        (r#"{"tags":[["1girl, solo","hat"]]}"#, &["tags: \"1girl, solo\"", "tags: \"hat\""]),
        (r#"{"text":[{"text":"hello","type":"text"}]}"#, &["text: \"hello\""]),
        (
            r#"{"result":[{"positive":"a cat","negative":"blurry","id":7}]}"#,
            &["result: \"a cat\"", "result: \"blurry\""],
        ),
        (r#"{"text":[{"mood":"calm","place":"a lake","type":"scene"}]}"#, &["text: \"calm\"", "text: \"a lake\""]),
        (r#"{"video_url":["https://example.org/a.mp4"]}"#, &["video_url: \"https://example.org/a.mp4\""]),
        (r#"{"text":"never a list"}"#, &["text: \"never a list\""]),
        (r#"{"error":["No face found."],"timestamp":[1764440000.5]}"#, &["error: \"No face found.\""]),
        // Numbers and flags, where they are what was to be shown.
        (r#"{"value":[3]}"#, &["value: \"3\""]),
        (r#"{"value":[0.30000000000000004]}"#, &["value: \"0.30000000000000004\""]),
        (r#"{"value":[true]}"#, &["value: \"true\""]),
        (r#"{"text":[512,768]}"#, &["text: \"512\"", "text: \"768\""]),
        (r#"{"width":[1024],"height":[512]}"#, &["width: \"1024\"", "height: \"512\""]),
        (r#"{"number":[NaN]}"#, &["number: \"NaN\""]),
        (r#"{"images":[null,5,true,{},[]],"animated":[true,false],"frame_rate":[8],"has_audio":[true]}"#, &[]),
        (r#"{"value":[null]}"#, &[]),
        // Bytes.
        (r#"{"bg":["data:image/png;base64,AA"],"pic":["iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"]}"#, &[]),
        // The same file under several keys.
        (
            r#"{"images":[{"filename":"a.png","type":"output"}],"gifs":[{"filename":"a.png","subfolder":".","type":"output"}]}"#,
            &["images: output||a.png"],
        ),
        (
            r#"{"result":["a.glb"],"3d":[{"filename":"a.glb","subfolder":"","type":"output"}]}"#,
            &["result: output||a.glb"],
        ),
        (
            r#"{"images":[{"filename":"a.png","type":"output"}],"text":["a.png"]}"#,
            &["images: output||a.png", "text: \"a.png\""],
        ),
        (
            r#"{"images":[{"filename":"a.png","type":"output"},{"filename":"a.png","type":"output"}]}"#,
            &["images: output||a.png", "images: output||a.png"],
        ),
        ("null", &[]),
        ("[]", &[]),
    ] {
        assert_eq!(of_node(given), expected, "{given}");
    }
}

#[test]
fn a_text_that_was_taken_apart_into_letters_is_one_again() {
    for (key, text, expected) in [
        ("text", "Width: 96 , Height: 80", "text: \"Width: 96 , Height: 80\""),
        ("text", "第二行 👍", "text: \"第二行 👍\""),
        ("text", "No", "text: \"No\""),
        ("value", "3.5", "value: \"3.5\""),
        ("video", "clips/live photo.mp4", "video: perhaps output|clips|live photo.mp4"),
        ("result", "3D\\mesh.glb", "result: perhaps output|3D|mesh.glb"),
    ] {
        assert_eq!(of_node(&format!(r#"{{"{key}": {}}}"#, apart(text))), [expected], "{text}");
    }
    let picture = apart(&format!("iVBORw0KGgoAAAANSUhEUg{}", "A".repeat(400)));
    assert_eq!(of_node(&format!(r#"{{"base64Image": {picture}}}"#)), [""; 0]);
    assert_eq!(of_node(r#"{"text": ["a"]}"#), ["text: \"a\""]);
    assert_eq!(of_node(r#"{"text": ["a", "bc"]}"#), ["text: \"a\"", "text: \"bc\""]);
    assert_eq!(of_node(r#"{"text": [["N", "o"], "yes"]}"#), ["text: \"No\"", "text: \"yes\""]);
}

#[test]
fn what_is_huge_is_cut_and_its_files_are_not() {
    let long = "é".repeat(LONGEST_TEXT);
    let NodeOutput::Text(text) = &node_outputs(&format!(r#"{{"1":{{"text":["{long}"]}}}}"#))[0].content else {
        panic!()
    };
    assert!(text.len() <= LONGEST_TEXT + 3 && text.ends_with('…'), "{}", text.len());
    let texts = vec![r#""a word""#; MOST_TEXTS + 5].join(",");
    let files: Vec<_> = (0..MOST_TEXTS + 5).map(|n| format!(r#"{{"filename":"{n}.png"}}"#)).collect();
    let given = format!(r#"{{"1":{{"text":[{texts}],"images":[{}]}}}}"#, files.join(","));
    assert_eq!(node_outputs(&given).len(), MOST_TEXTS + files.len());
    let deep = format!(r#"{{"1":{{"text":{}"x"{}}}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(node_outputs(&deep), []);
}

#[test]
fn a_name_is_sure_where_files_are_told_of_and_nothing_else_can_end_like_that() {
    for (key, text, is_sure) in [
        ("result", "mesh.glb", true),
        ("result", "3D/my mesh.glb", true),
        ("video", "/c/a.mp4", true),
        ("result", "see the mesh.glb", false),
        ("result", "notes.txt", false),
        ("text", "a.png", false),
    ] {
        assert_eq!(is_surely_a_name(key, text), is_sure, "{key} {text}");
    }
}

proptest::proptest! {
    #[test]
    fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\1 é./]|"filename"|"text"|"result"|a\.png){0,40}"#) {
        let _ = node_outputs(&text);
    }
}
