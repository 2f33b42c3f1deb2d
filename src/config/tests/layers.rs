//! Which layer wins.

use super::*;

#[test]
fn nothing_given_records_the_comfyui_of_this_machine_for_this_machine() {
    let config = world().config();
    let Config { comfyui, data_dir, listen, allowed_hosts, auth, redact_secrets, log, .. } = config;
    let [instance] = comfyui.as_slice() else { panic!("one server") };
    assert_eq!((instance.name.as_str(), instance.url.as_str()), ("default", "http://127.0.0.1:8188/"));
    assert_eq!((instance.headers.len(), instance.accept_invalid_certs), (0, false));
    assert_eq!(instance.folders, Folders::default());
    assert_eq!((data_dir.to_str(), listen.to_string().as_str()), (Some("/home/ada/data"), "127.0.0.1:8588"));
    assert_eq!((allowed_hosts.len(), auth, redact_secrets), (0, Auth::default(), true));
    let Config { base_path, trusted_proxies, cors_origins, webhooks, .. } = world().config();
    assert_eq!((base_path.as_str(), trusted_proxies.len(), cors_origins.len(), webhooks.len()), ("", 0, 0, 0));
    assert_eq!(log, Log { format: LogFormat::Text, level: LogLevel::Info });
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = world().toml("listen = \"localhost:1\"\nlog_level = \"debug\"\nno_redact = true\n");
    assert_eq!(file.config().listen.to_string(), "localhost:1");
    let variable = file.variable("RECALL_LISTEN", "localhost:2").variable("RECALL_NO_REDACT", "no");
    assert_eq!(variable.config().listen.to_string(), "localhost:2");
    let config = variable.flag(Setting::Listen, "localhost:3").config();
    assert_eq!(config.listen.to_string(), "localhost:3");
    assert_eq!((config.log.level, config.redact_secrets), (LogLevel::Debug, true));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert_eq!(world().variable("RECALL_LISTEN", "").config().listen.to_string(), "127.0.0.1:8588");
}

#[test]
fn paths_start_from_where_they_are_written() {
    let toml = "data_dir = \"data\"\n[[comfyui]]\noutput_dir = \"~/out\"\ntemp_dir = \"/t/./u\"";
    let config = world().toml(toml).flag(Setting::ComfyuiInputDir, "./in").config();
    assert_eq!(config.data_dir, Path::new("/etc/data"));
    let Folders { output, temp, input } = &config.comfyui[0].folders;
    let paths = [output, temp, input].map(|path| path.as_deref().and_then(Path::to_str));
    assert_eq!(paths, [Some("/home/ada/out"), Some("/t/u"), Some("/cwd/in")]);
}

#[test]
fn a_named_configuration_file_must_exist_and_the_usual_one_need_not() {
    assert_eq!(world().load().unwrap().file, None);
    assert_eq!(world().toml("").load().unwrap().file.as_deref(), Some(Path::new(FILE)));
    let named = world().toml("listen = \"localhost:1\"").variable("RECALL_CONFIG", "my.toml");
    assert_eq!(named.error(), "RECALL_CONFIG \"/cwd/my.toml\": can't be read; check the path and its permissions");
    assert_eq!(named.file("/cwd/my.toml", "").config().listen.to_string(), "127.0.0.1:8588");
}

#[test]
fn lists_come_from_the_highest_layer_that_has_one() {
    let file =
        world().toml("trusted_proxy = [\"10.0.0.0/8\", \"::1\"]\ncors_origin = [\"https://Gallery.example:443/\"]");
    let config = file.config();
    assert_eq!(config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
    assert_eq!(config.cors_origins, ["https://gallery.example"]);
    let config = file.variable("RECALL_TRUSTED_PROXY", "127.0.0.1 192.168.0.0/16").config();
    assert_eq!(
        config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["127.0.0.1/32", "192.168.0.0/16"]
    );
}

#[test]
fn names_of_secrets_are_a_list_in_every_layer() {
    let file = world().toml("redact = [\"studio code\"]\nredact_except = [\"trigger\"]");
    assert_eq!(file.config().redact, ["studio code"]);
    let config = file.variable("RECALL_REDACT", "a b\nc").config();
    assert_eq!(
        (config.redact, config.redact_except),
        (vec!["a b".to_owned(), "c".to_owned()], vec!["trigger".to_owned()])
    );
    let error = world().flag(Setting::Redact, "--").error();
    assert!(error.starts_with("--redact \"--\": not a name; use the name of an input"), "{error}");
}

#[test]
fn a_base_path_stands_in_front_of_everything() {
    assert_eq!(world().flag(Setting::BasePath, "/history/").config().base_path.as_str(), "/history");
    assert_eq!(world().variable("RECALL_BASE_PATH", "/").config().base_path.as_str(), "");
}
