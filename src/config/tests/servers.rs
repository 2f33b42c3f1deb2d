//! The ComfyUI servers.

use std::path::PathBuf;

use super::*;

#[test]
fn several_servers_come_from_flags_from_one_variable_or_from_tables() {
    let expected = ["a http://h:1/", "b https://h/x/"];
    let toml = "[[comfyui]]\nname = \"a\"\nurl = \"http://h:1\"\n[[comfyui]]\nname = \"b\"\nurl = \"https://h/x\"";
    for world in [
        world().flag(Setting::ComfyuiUrl, "a=http://h:1").flag(Setting::ComfyuiUrl, "b=https://h/x"),
        world().variable("RECALL_COMFYUI", "a=http://h:1  b=https://h/x\n"),
        world().toml(toml),
    ] {
        let servers = world.config().comfyui;
        assert_eq!(servers.iter().map(|it| format!("{} {}", it.name, it.url)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn what_belongs_to_a_server_comes_from_every_layer_by_name() {
    let world = world()
        .toml("[[comfyui]]\nname = \"gpu\"\nurl = \"http://h\"\nheaders = { X-A = \"1\", X-B = \"1\" }\ndir = \"/f\"")
        .variable("RECALL_COMFYUI_HEADER", "gpu=X-A: 2\nX-C: 2")
        .variable("RECALL_ACCEPT_INVALID_CERTS", "true")
        .flag(Setting::ComfyuiTempDir, "gpu=/t");
    let [instance] = world.config().comfyui.try_into().unwrap();
    let headers = ["x-a", "x-b", "x-c"].map(|name| header(&instance, name));
    assert_eq!(headers, [Some("2"), Some("1"), Some("2")]);
    assert!(instance.accept_invalid_certs);
    let folder = |path: &str| Some(PathBuf::from(path));
    let folders = Folders { output: folder("/f/output"), temp: folder("/t"), input: folder("/f/input") };
    assert_eq!(instance.folders, folders);
}

#[test]
fn a_password_for_one_address_never_goes_to_another() {
    for (toml, flag) in [
        ("[[comfyui]]\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "http://b"),
        ("[[comfyui]]\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "studio=http://b"),
        ("[[comfyui]]\nname = \"x\"\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "http://b"),
        ("[[comfyui]]\nname = \"x\"\nurl = \"https://a\"\nheaders = { X-Key = \"k\" }\ndir = \"/a\"", "x=http://b"),
    ] {
        let [instance] = world().toml(toml).flag(Setting::ComfyuiUrl, flag).config().comfyui.try_into().unwrap();
        assert_eq!((header(&instance, "x-key"), output(&instance)), (None, None), "{flag}");
    }
}

#[test]
fn headers_without_an_address_go_to_the_address_of_a_higher_layer() {
    let toml = "[[comfyui]]\nheaders = { X-Key = \"k\" }";
    for url in ["http://b", "studio=http://b"] {
        let [instance] = world().toml(toml).flag(Setting::ComfyuiUrl, url).config().comfyui.try_into().unwrap();
        assert_eq!(header(&instance, "x-key"), Some("k"));
    }
}

#[test]
fn a_folder_of_a_higher_layer_wins_over_a_more_exact_one_below() {
    let world = world().variable("RECALL_COMFYUI_OUTPUT_DIR", "/old/out").flag(Setting::ComfyuiDir, "/new");
    assert_eq!(output(&world.config().comfyui[0]), Some("/new/output"));
    let world = world.flag(Setting::ComfyuiOutputDir, "/new/out");
    assert_eq!(output(&world.config().comfyui[0]), Some("/new/out"));
}
