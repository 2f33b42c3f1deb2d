//! What is wrong, and what is said of it.

use proptest::prelude::*;

use super::*;

#[test]
fn a_mistyped_variable_is_an_error_and_a_foreign_one_a_warning() {
    let error = world().variable("RECALL_PASWORD", "p").error();
    assert_eq!(error, "RECALL_PASWORD: not a known variable; did you mean RECALL_PASSWORD?");
    let foreign = world().variable("RECALL_PORT_8588_TCP", "tcp://10.0.0.1:8588").variable("PATH", "/bin");
    assert_eq!(foreign.load().unwrap().warnings, ["RECALL_PORT_8588_TCP is set, but isn't an option of comfy-recall"]);
}

#[test]
fn every_mistake_names_its_place_and_says_what_to_do() {
    use Setting as S;
    for (world, expected) in [
        (
            world().flag(S::Listen, "127.0.0.1:80800"),
            "--listen \"127.0.0.1:80800\": not a port; use HOST:PORT, for example 127.0.0.1:8588",
        ),
        (
            world().variable("RECALL_LISTEN", "localhost"),
            "RECALL_LISTEN \"localhost\": no port; use HOST:PORT, for example 127.0.0.1:8588",
        ),
        (
            world().toml("# ours\nlisten = \"::1:8588\""),
            "/etc/recall.toml, line 2, listen \"::1:8588\": an IPv6 address needs brackets; use [ADDRESS]:PORT, for example [::1]:8588",
        ),
        (
            world().toml("listen = 8588"),
            "/etc/recall.toml, line 1, listen: a number isn't valid here; write a text in quotes",
        ),
        (
            world().toml("no_auth = \"yes\""),
            "/etc/recall.toml, line 1, no_auth: a text isn't valid here; use true or false, without quotes",
        ),
        (world().toml("lisen = \"x\""), "/etc/recall.toml, line 1, lisen: not a known key; did you mean listen?"),
        (
            world().toml("log-level = \"x\""),
            "/etc/recall.toml, line 1, log-level: not a known key; did you mean log_level?",
        ),
        (
            world().toml("comfyui_dir = \"x\""),
            "/etc/recall.toml, line 1, comfyui_dir: not a known key; write dir below [[comfyui]]",
        ),
        (
            world().toml("[[comfyui]]\nlisten = \"x\""),
            "/etc/recall.toml, line 2, comfyui.listen: not a known key; write listen above the first [[comfyui]]",
        ),
        (
            world().toml("[[comfyui]]\nuri = \"x\""),
            "/etc/recall.toml, line 2, comfyui.uri: not a known key; did you mean url?",
        ),
        (
            world().toml("xyzzy = 1"),
            "/etc/recall.toml, line 1, xyzzy: not a known key; known: data_dir, listen, allow_host, base_path, \
             trusted_proxy, cors_origin, password, password_file, password_hash, token, token_file, no_auth, no_redact, \
             redact, redact_except, log_format, log_level",
        ),
        (
            world().toml("comfyui = \"http://h\""),
            "/etc/recall.toml, line 1, comfyui: a text isn't valid here; write [[comfyui]] on one line and \
             url = \"http://127.0.0.1:8188\" on the next",
        ),
        (
            world().toml("\n[[comfyui]]\nname = \"gpu\""),
            "/etc/recall.toml, line 2, comfyui: this ComfyUI has no address; add url = \"http://127.0.0.1:8188\"",
        ),
        (
            world().toml("[[comfyui]]\nname = \"a\"\nurl = \"http://a\"\n[[comfyui]]\ndir = \"/f\""),
            "/etc/recall.toml, line 4, comfyui: this ComfyUI has no address; add url = \"http://127.0.0.1:8188\"",
        ),
        (
            world().flag(S::ComfyuiUrl, "http://[::1]:8188/?token=hunter2"),
            "--comfyui \"http://[::1]:8188/?[redacted]\": an address can't contain a query; end it before the '?', and \
             send a token from there as a header: --comfyui-header 'Authorization: Bearer TOKEN', or headers in config.toml",
        ),
        (
            world().variable("RECALL_COMFYUI", "gpu=localhost:8188/#3f9c"),
            "RECALL_COMFYUI \"localhost:8188/#[redacted]\": an address can't contain a fragment; end it before the '#', which \
             only marks a place in ComfyUI's page",
        ),
        (
            world().flag(S::ComfyuiUrl, "gpu.lan"),
            "--comfyui \"gpu.lan\": not an http or https address; use http://HOST:PORT, for example http://127.0.0.1:8188",
        ),
        (
            world().flag(S::ComfyuiUrl, "my gpu=http://h"),
            "--comfyui \"my gpu=http://h\": not a name for an instance: use 1 to 64 letters, digits, '-', '_' or '.'",
        ),
        (
            world().flag(S::ComfyuiUrl, "http://a").flag(S::ComfyuiUrl, "http://b"),
            "--comfyui: there is another ComfyUI named \"default\"; give each its own name, as NAME=URL or name = \"NAME\"",
        ),
        (
            world().flag(S::ComfyuiUrl, "a=http://h").flag(S::ComfyuiUrl, "b=http://u:p@H:80/"),
            "--comfyui \"http://h/\": this is also the address of \"a\"; list every ComfyUI once",
        ),
        (
            world().flag(S::ComfyuiDir, "gpu=/f"),
            "--comfyui-dir: no ComfyUI is named \"gpu\"; known: default; check the name, or give its address too",
        ),
        (
            world().variable("RECALL_COMFYUI", "a=http://a b=http://b").flag(S::ComfyuiDir, "/f"),
            "--comfyui-dir: it doesn't say for which ComfyUI; use NAME= with one of a, b",
        ),
        (
            world().flag(S::ComfyuiDir, "/f").flag(S::ComfyuiDir, "default=/g"),
            "--comfyui-dir: given twice for ComfyUI \"default\"; remove one",
        ),
        (
            world().flag(S::ComfyuiUrl, "http://u:p@h").flag(S::ComfyuiHeader, "authorization: Bearer x"),
            "--comfyui and --comfyui-header: only one of them can be set; remove one",
        ),
        (
            world().flag(S::AcceptInvalidCerts, "my gpu=true"),
            "--accept-invalid-certs \"my gpu=true\": neither yes nor no; use true or false",
        ),
        (
            world().flag(S::AllowHost, "https://recall.example.org"),
            "--allow-host \"https://recall.example.org\": not a host name; use a name without scheme and port, for \
             example recall.example.org",
        ),
        (
            world().flag(S::LogLevel, "loud\n"),
            "--log-level \"loud\\n\": not a log level; use error, warn, info, debug or trace",
        ),
        (world().flag(S::LogFormat, "xml"), "--log-format \"xml\": not a log format; use text or json"),
        (
            world().flag(S::BasePath, "history"),
            "--base-path \"history\": not a path to stand below; use one such as /history, of letters, digits, '-', '_', '.' \
             and '~' between the '/'",
        ),
        (
            world().flag(S::TrustedProxy, "proxy.lan"),
            "--trusted-proxy \"proxy.lan\": not an address or network; use one such as 127.0.0.1 or 10.0.0.0/8",
        ),
        (
            world().variable("RECALL_CORS_ORIGIN", "*"),
            "RECALL_CORS_ORIGIN \"*\": not an origin; use https://HOST or http://HOST:PORT, without a path; list \
             each one separately",
        ),
        (
            world().toml("password_hash = \"hunter2\""),
            "/etc/recall.toml, line 1, password_hash \"[redacted]\": not an Argon2 hash; use what comfy-recall password prints",
        ),
        (
            world().toml("[[token]]\nname = \"bot\""),
            "/etc/recall.toml, line 1, token: this token has no hash; comfy-recall token NAME prints the whole table",
        ),
        (
            world().toml("[[token]]\nname = \"a b\"\nhash = \"x\""),
            "/etc/recall.toml, line 2, token.name \"a b\": not a name for a token: use 1 to 64 letters, digits, '-', '_' or '.'",
        ),
        (
            world().toml("[[token]]\nname = \"bot\"\nhash = \"recall_x\""),
            "/etc/recall.toml, line 3, token.hash \"[redacted]\": not the hash of a token; use what comfy-recall token NAME \
             prints",
        ),
        (
            world().toml("[[token]]\nname = \"bot\"\nhash = \"x\"\nscope = \"write\""),
            "/etc/recall.toml, line 4, token.scope \"write\": not a scope; use read or full",
        ),
        (
            world().toml("token = [\"a\"]"),
            "/etc/recall.toml, line 1, token: a list isn't valid here; write a text in quotes",
        ),
        (
            world().toml("password_hash_ = \"x\"\n"),
            "/etc/recall.toml, line 1, password_hash_: not a known key; did you mean password_hash?",
        ),
        (world().flag(S::DataDir, ""), "--data-dir \"\": it is empty; set a value or remove it"),
        (
            world().variable("RECALL_PASSWORD", "p").variable("RECALL_PASSWORD_FILE", "f"),
            "RECALL_PASSWORD and RECALL_PASSWORD_FILE: only one of them can be set; remove one",
        ),
    ] {
        assert_eq!(world.error(), expected);
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let error = world().toml("listen = \"localhost:1\"\npassword = \"hunter2\nno_auth = true").error();
    assert!(error.starts_with("/etc/recall.toml, line 2: not valid TOML: "), "{error}");
    assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
}

#[test]
fn no_secret_is_shown_by_an_error() {
    for world in [
        world().flag(Setting::ComfyuiUrl, "ftp://u:hunter2@h"),
        world().flag(Setting::ComfyuiUrl, "u:hunter2@h:8188"),
        world().flag(Setting::ComfyuiUrl, "http://u:hunter2@h?x"),
        world().flag(Setting::ComfyuiHeader, "Bearer hunter2"),
        world().flag(Setting::ComfyuiHeader, "X-Key: hunter2\u{1}"),
        world().flag(Setting::ComfyuiHeader, "Host Name: hunter2"),
        world().toml("[[comfyui]]\nheaders = { \"a b\" = \"hunter2\" }"),
        world().toml("[[comfyui]]\nheaders = { \"a\" = [\"hunter2\"] }"),
        world().toml("[[comfyui]]\nheaders = \"X-Key: hunter2\""),
        world().toml("password = [\"hunter2\"]"),
        world().toml("password = hunter2"),
        world().toml("password = \"hunter2"),
        world().toml("password = 'hunter2' 'x'"),
        world().toml("password = \"hunter2\"\nno_auth = true"),
        world().toml("paswort = \"hunter2\""),
        world().variable("RECALL_PASSWORD_HASH", "hunter2"),
        world().toml("[[token]]\nname = \"a\"\nhash = \"hunter2\""),
        world().toml("[[token]]\nname = \"a\"\nhash = [\"hunter2\"]"),
        world().toml("[[webhook]]\nurl = \"http://h\"\nsecret = \"hunter2\""),
        world().toml("[[webhook]]\nurl = \"ftp://u:hunter2@h\"\nsecret = \"0123456789abcdef01234567\""),
        world().flag(Setting::CorsOrigin, "https://u:hunter2@h"),
        world().variable("RECALL_TOKEN", "hunter2-hunter2-hunter2-hunter2").variable("RECALL_NO_AUTH", "true"),
    ] {
        let error = world.load().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), toml in "[a-z_]{0,9} ?= ?\\PC{0,20}\n?(\\[\\[comfyui\\]\\]\n)?\\PC{0,30}") {
        for spelling in Spelling::ALL {
            let given = |text: &str| Given::by_flag(spelling.setting, text.to_owned());
            let environment = |read| Environment {
                variables: Vec::new(), working_dir: "/".into(), home: None, config_file: None, data_dir: Some("/d".into()), read,
            };
            let read = |_: &Path| Ok(toml.clone());
            let _ = super::load(vec![given(&text)], &environment(&read)).map(|effective| effective.to_string());
        }
        let _ = world().toml(&toml).load().map(|effective| effective.to_string());
    }
}

#[test]
fn a_path_of_windows_is_read_as_it_stands_and_what_is_none_is_told() {
    let literal = "data_dir = './data'\n[[comfyui]]\nname = 'studio'\nurl = 'http://h:1'\ndir = 'D:\\ComfyUI'";
    let given = file::read(Path::new("c.toml"), literal).unwrap();
    let dir = given.iter().find(|given| given.setting == Setting::ComfyuiDir).unwrap();
    assert_eq!((dir.text.as_str(), dir.server.as_deref()), (r"D:\ComfyUI", Some("studio")));
    let escaped = world().toml("data_dir = \"C:\\Users\\ada\"").error();
    assert!(escaped.contains(r"put Windows paths in single quotes: 'C:\ComfyUI'"), "{escaped}");
    let address = world().flag(Setting::ComfyuiDir, "file:///home/ada/ComfyUI").error();
    assert!(address.starts_with("--comfyui-dir \"file:///home/ada/ComfyUI\": an address, not a path"), "{address}");
    if cfg!(not(windows)) {
        let error = world()
            .flag(Setting::ComfyuiDir, r"studio=C:\ComfyUI")
            .flag(Setting::ComfyuiUrl, "studio=http://h")
            .error();
        assert!(error.contains(r#"--comfyui-dir "C:\ComfyUI": a Windows path, but this isn't Windows"#), "{error}");
    }
}

#[test]
fn comfyui_is_looked_for_only_where_nobody_says_which_it_is() {
    assert_eq!(world().config().looks_at, crate::config::servers::USUAL_PORTS);
    assert_eq!(
        world().flag(Setting::ComfyuiDir, "/srv/ComfyUI").config().looks_at,
        crate::config::servers::USUAL_PORTS
    );
    assert_eq!(world().flag(Setting::ComfyuiUrl, "http://127.0.0.1:8188").config().looks_at, [0u16; 0]);
    assert_eq!(world().variable("RECALL_COMFYUI", "http://127.0.0.1:8188").config().looks_at, [0u16; 0]);
    assert_eq!(world().toml("[[comfyui]]\nurl = 'http://127.0.0.1:8188'").config().looks_at, [0u16; 0]);
    assert_eq!(
        world().flag(Setting::ComfyuiHeader, "X-Key: k").config().looks_at,
        [0u16; 0],
        "a secret goes to nobody else"
    );
}
