//! What `comfy-recall config` prints.

use super::*;

#[test]
fn no_secret_is_shown_by_a_configuration() {
    let world = world()
        .flag(Setting::ComfyuiUrl, "http://hunter1:hunter2@h/x")
        .flag(Setting::ComfyuiHeader, "X-Key: hunter3")
        .variable("RECALL_PASSWORD", "hunter4")
        .variable("RECALL_TOKEN_FILE", "/t")
        .file("/t", "hunter5-hunter5-hunter5-hunter5");
    let effective = world.load().unwrap();
    assert_eq!(header(&effective.config.comfyui[0], "authorization"), Some("Basic aHVudGVyMTpodW50ZXIy"));
    let shown = format!("{effective} {effective:?} {:#?}", effective.config);
    assert!(!shown.contains("hunter") && !shown.contains("aHVudGVy"), "{shown}");
}

#[test]
fn the_printed_configuration_says_where_each_value_comes_from() {
    let world = world()
        .toml("log_level = \"warn\"\n[[comfyui]]\nheaders = { X-Key = \"k\" }\ndir = \"/f\"")
        .variable("RECALL_COMFYUI", "http://u:p@h")
        .variable("RECALL_PASSWORD_FILE", "/p")
        .file("/p", "p")
        .flag(Setting::Listen, "0.0.0.0:8588");
    insta::assert_snapshot!(world.load().unwrap(), @r#"
    # configuration file: /etc/recall.toml
    data_dir = "/home/ada/data"  # default
    listen = "0.0.0.0:8588"  # --listen
    allow_host = []  # default
    base_path = "/"  # default
    trusted_proxy = []  # default
    cors_origin = []  # default
    password = "[redacted]"  # RECALL_PASSWORD_FILE
    no_auth = false  # default
    no_redact = false  # default
    redact = []  # default
    redact_except = []  # default
    log_format = "text"  # default
    log_level = "warn"  # /etc/recall.toml, line 1, log_level

    [[comfyui]]
    name = "default"
    url = "http://h/"  # RECALL_COMFYUI
    accept_invalid_certs = false  # default
    output_dir = "/f/output"  # /etc/recall.toml, line 4, comfyui.dir
    temp_dir = "/f/temp"  # /etc/recall.toml, line 4, comfyui.dir
    input_dir = "/f/input"  # /etc/recall.toml, line 4, comfyui.dir
    headers.x-key = "[redacted]"  # /etc/recall.toml, line 3, comfyui.headers.X-Key
    headers.authorization = "[redacted]"  # RECALL_COMFYUI
    "#);
}

#[test]
fn where_there_is_no_configuration_file_its_place_is_printed() {
    let printed = world().load().unwrap().to_string();
    assert_eq!(printed.lines().next(), Some("# configuration file: none at /etc/recall.toml"));
}

#[test]
fn the_printed_configuration_is_a_configuration_file() {
    let world = world().toml("[[comfyui]]\nname = \"工作站\"\nurl = \"https://h/x\"\noutput_dir = \"/a\\t\\\"b\\\\c\"");
    let printed = world.load().unwrap().to_string();
    let again = World::default().toml(&printed).config();
    assert_eq!(format!("{again:?}"), format!("{:?}", world.config()));
}
